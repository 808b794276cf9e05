"""The phone pages of those who look in on people: what is due, one tap to call, and the look-in itself, with or without network."""

import uuid
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views import View

from governance import masks, outbox
from governance.flow import NotYours
from governance.forms import tell
from governance.models import User
from governance.permissions import permitted_actions
from governance.views import Kept, RestrictedList, SignedIn
from grids import needs, notice
from grids.cards import looks_in, works
from grids.forms.care import LookForm
from grids.models import CareAlarm, CareContact, CarePlan, CareVisit
from grids.services.care import look_in

#: Look-ins and presses on a plan's page.
MOST_LINES = 8
TABS = (("due", "今天要看"), ("later", "以后"))
#: Where a need that was found is handed on, by those who may: (address, word).
WAYS_ON = (("snapshot", "上报事件"), ("order_new", "代点单"))


class MyCare(SignedIn, RestrictedList):
    """The plans in which this person looks in: due today or late, the longest overdue first; and those that are not due yet."""

    model = CarePlan
    action = "look"
    template_name = "grids/care_list.html"
    size = 30

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not looks_in(request):
            raise Http404
        self.today = timezone.localdate()
        self.tab = "later" if request.GET.get("tab") == "later" else "due"
        return super().get(request, *args, **kwargs)

    def rows(self, tab: str) -> Any:
        """Return the plans of a tab, unsorted."""
        rows = super().get_queryset().cared_for_by(self.request.user)
        return rows.filter(due_on__lte=self.today) if tab == "due" else rows.filter(due_on__gt=self.today)

    def get_queryset(self) -> Any:
        return self.rows(self.tab).with_door().order_by("due_on", "pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        number = self.rows("due").order_by()[:100].count()
        tabs = [
            {"key": key, "word": word, "count": number if key == "due" else 0, "here": key == self.tab}
            for key, word in TABS
        ]
        return super().get_context_data(tabs=tabs, tab=self.tab, works=looks_in(self.request), **kwargs)


class CarePlanPage(Kept, SignedIn, View):
    """One plan: whom, where, whom to call, and the form of a look-in. It is out of a neighbour's sight once the plan has ended."""

    def plan(self, action: str) -> CarePlan:
        """Return the plan. Raises Http404 where ``action`` is not allowed on it."""
        rows = CarePlan.objects.restrict(self.request.user, action).with_door()
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        plan = self.plan("view")
        return self.page(plan, LookForm(plan=plan, initial={"token": uuid.uuid4().hex, "items": plan.items}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        plan = self.plan("look")
        form = LookForm(request.POST, plan=plan)
        if form.is_valid():
            try:
                visit, new = look_in(plan, by=request.user, **form.cleaned_data)
            except NotYours:
                raise Http404 from None
            except ValidationError as refusal:
                tell(form, refusal)
            else:
                return self.after(plan, visit, new)
        return outbox.refused(form) if outbox.asked(request) else self.page(plan, form, status=422)

    def after(self, plan: CarePlan, visit: CareVisit, new: bool) -> HttpResponse:
        """Lead back to the list; where something is needed, to the plan's page with the ways to hand it on."""
        if visit.outcome == CareVisit.Outcome.NEEDS:
            url = f"{reverse('care_plan', args=[plan.pk])}?found=1"
            more = "需要办的事，可以接着转为事件或点单。" if works(self.request) else "已经通知责任人去办。"
            return self.carried_out(url, f"已记录。{more}")
        said = "已记录。" if visit.met else "已记录没见到人，请再联系。"
        return self.carried_out(reverse("my_care"), said if new else "这一条刚才已经记过了。")

    def page(self, plan: CarePlan, form: LookForm, status: int = 200) -> HttpResponse:
        request, user = self.request, self.request.user
        allowed = permitted_actions(user, plan, {"look", "meet", "contact", "change"})
        resident, meets = plan.resident, "meet" in allowed
        visits = list(CareVisit.objects.restrict(user).filter(plan=plan).select_related("by")[:MOST_LINES])
        if not allowed & {"contact", "change"}:
            for visit in visits:
                visit.note = visit.note if visit.by_id == user.pk else ""
        contacts = []
        if "contact" in allowed:
            contacts = list(CareContact.objects.restrict(user, "contact").filter(plan=plan))
        context = {
            "plan": plan,
            "form": form if "look" in allowed and plan.runs else None,
            "name": masks.shown(resident, "name", clear=meets),
            "phone": resident.phone if meets else "",
            "contacts": contacts,
            "carers": plan.carers.filter(until=None).select_related("user"),
            "grid_phone": notice.public_phone(plan.grid_id),
            "visits": visits,
            "alarms": CareAlarm.objects.restrict(user).filter(plan=plan, first=None)[:3],
            "due": plan.due_on <= timezone.localdate(),
            "ends_soon": plan.runs and plan.until <= timezone.localdate() + timedelta(days=14),
            "ways_on": ways_on(visits, user) if request.GET.get("found") == "1" and works(request) else [],
            "works": looks_in(request),
        }  # fmt: skip
        return render(request, "grids/care_plan.html", context, status=status)


def ways_on(visits: list[CareVisit], user: User) -> list[tuple[str, str]]:
    """Return where a need can be handed on: (address, word), as far as the deployment serves it. The forms begin with what the person's
    own last look-in with a need found (grids/needs.py)."""
    last = next(
        (each for each in visits if each.by_id == user.pk and each.outcome == CareVisit.Outcome.NEEDS), None
    )
    found = []
    for name, word in WAYS_ON:
        try:
            url = f"{reverse(name)}?for=1"
            found.append((needs.carried(url, last) if last is not None else url, word))
        except NoReverseMatch:
            continue
    return found
