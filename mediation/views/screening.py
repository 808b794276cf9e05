"""Writing a report of a screening on the phone."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views import View

from governance import drafts
from governance.forms import tell
from governance.models import User
from governance.permissions import OutOfReach, permission, rule_of
from governance.territory import GridLevel, lineage
from governance.views import SignedIn
from grids.models import Grid
from mediation.forms.screening import PhoneReportForm
from mediation.models import Screening, ScreeningReport
from mediation.services.screening import keep_report, running_at


class NewReport(SignedIn, View):
    """The form of a report. 404 for whoever writes none."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user: User = request.user
        if user.is_authenticated and not user.may("add", ScreeningReport):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        draft = drafts.take(request, request.path)
        return self.page(self.form(draft if draft is not None else None))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.page(form, status=422)
        report = form.save(commit=False)
        report.token = form.cleaned_data["mark"]
        try:
            kept, new = keep_report(report, by=request.user)
        except OutOfReach:
            form.add_error("grid", "请选择您管辖范围内的社区或网格。")
        except ValidationError as refusal:
            tell(form, refusal)
        else:
            said = f"已记下：{kept.grid}，走访 {kept.households} 户。" if new else "这一条刚才已经记过了。"
            messages.success(request, said)
            return redirect("my_mediation")
        return self.page(form, status=422)

    def form(self, given: Any) -> PhoneReportForm:
        """Return the form, filled in with the place where she stands and the campaign that runs there."""
        held = held_codes(self.request.user)
        here = held[0] if len(held) == 1 and len(held[0]) >= GridLevel.COMMUNITY else None
        self.running = running_at(self.request.user, here) if here else None
        today = Q(since__lte=timezone.localdate())
        return PhoneReportForm(
            given,
            places=places_of(held),
            screenings=Screening.objects.restrict(self.request.user).filter(today),
            initial={"grid": here, "screening": self.running, "mark": uuid.uuid4().hex},
        )

    def page(self, form: PhoneReportForm, status: int = 200) -> HttpResponse:
        context = {"form": form, "running": self.running}
        return render(self.request, "mediation/screening_new.html", context, status=status)


def held_codes(user: User) -> list[str]:
    """Return the nodes at which somebody writes reports, without those below another of them."""
    needed = permission(ScreeningReport, "add")
    codes = {post.code for post in user.posts_with(needed)}
    return sorted(code for code in codes if not any(above in codes for above in lineage(code)[:-1]))


def places_of(codes: list[str]) -> Any:
    """Return the communities and base grids to choose from; of a street or a district the communities alone, which are enough
    for one list."""
    current = Grid.objects.current().defer("boundary").order_by("code")
    if not codes:
        return current.none()
    rows = current.filter(rule_of(Grid).nodes_q((code, None) for code in codes))
    levels = [GridLevel.COMMUNITY]
    if all(len(code) >= GridLevel.COMMUNITY for code in codes):
        levels.append(GridLevel.BASE)
    return rows.filter(level__in=[int(level) for level in levels])
