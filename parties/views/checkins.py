"""Registering with a community on the phone (双报到)."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views import View

from governance import drafts
from governance.forms import tell
from governance.models import User
from governance.views import FlowActionView, RestrictedDetail, SignedIn, buttons, told
from grids.models import Grid
from grids.places import detour, place_of
from parties.flow.serving import CHECKINS
from parties.forms.serving import CHECKIN_FORMS, CheckinForm
from parties.models import DualRegistration, RegistrationStatus
from parties.services.serving import register

TONES = {
    RegistrationStatus.APPLIED: "info",
    RegistrationStatus.RETURNED: "caution",
    RegistrationStatus.ACCEPTED: "good",
}
#: So many of one's own registrations are listed above the form.
MOST_MINE = 10


class Checkin(SignedIn, View):
    """One's own registrations, and the form of a new one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        draft = drafts.take(request, request.path)
        typed = draft.dict() if draft is not None else None
        return self.page(CheckinForm(user=request.user, initial=typed))

    def post(self, request: HttpRequest) -> HttpResponse:
        if away := detour(request):
            return away
        form, place, user = CheckinForm(request.POST, user=request.user), place_of(request), request.user
        valid = form.is_valid()
        if user.is_staff or not user.phone:
            form.add_error(None, "请用本人的手机号登录后报到；社区可以在工作台代为登记。")
        elif place is None or not place.can_order:
            form.add_error(None, "请先选择要报到的社区，再提交。")
        elif valid:
            try:
                row = register(
                    by=user,
                    grid=place.grid,
                    entrance=place.entrance,
                    phone=user.phone,
                    **form.register_data(),
                )
            except ValidationError as error:
                tell(form, error)
            else:
                User.objects.restrict(user).filter(pk=user.pk, name="").update(name=row.applicant_name)
                messages.success(request, "已提交，社区接收后会通知您。")
                return redirect(row)
        return self.page(form)

    def page(self, form: CheckinForm) -> HttpResponse:
        user = self.request.user
        rows = DualRegistration.objects.restrict(user).filter(applicant=user).with_place()
        context = {
            "form": form,
            "where": place_of(self.request),
            "mine": list(rows.order_by("-opened_at")[:MOST_MINE]),
        }
        return render(self.request, "parties/checkin.html", context)


class CheckinPage(SignedIn, RestrictedDetail):
    """One registration, for whom it concerns."""

    model = DualRegistration
    template_name = "parties/checkin_page.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().with_place()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row, user = self.object, self.request.user
        return super().get_context_data(
            **kwargs,
            row=row,
            tone=TONES.get(row.status, "quiet"),
            steps=told(CHECKINS.timeline(row, user), user, lambda step: None),
            buttons=buttons(CheckinActionView, row, user),
            community=Grid.objects.filter(code=row.grid_id[:12]).only("name", "phone").first(),
        )


class CheckinActionView(FlowActionView):
    """One action on one registration."""

    flow = CHECKINS
    forms = CHECKIN_FORMS
    address = "checkin_action"
    fallback = "checkin"
    done = {
        "amend": "已提交，社区会重新核对。",
        "withdraw": "已撤回。",
        "leave": "已结束报到，谢谢您的付出。",
    }
