"""Registering as a volunteer, and the volunteer's own page."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views import View

from governance import drafts, parameters
from governance.forms import tell
from governance.models import User
from governance.slices import page_of
from governance.views import FlowActionView, SignedIn, buttons
from grids.places import detour, place_of
from volunteers.flow.registration import REGISTRATION
from volunteers.forms.registration import GuardianForm, PreferencesForm, RegistrationForm
from volunteers.models import HoursEntry, Showcase, Skill, Team, Volunteer
from volunteers.models.people import VolunteerStatus
from volunteers.services.registration import change_preferences, record_guardian, register_volunteer
from volunteers.views.hall import volunteer_of

#: While registered so, nobody registers again.
CURRENT = (VolunteerStatus.APPLIED, VolunteerStatus.ACTIVE, VolunteerStatus.SUSPENDED)


class Register(SignedIn, View):
    """The application of a new volunteer."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            current = volunteer_of(request.user)
            if current is not None and current.status in CURRENT:
                return redirect("volunteer_me")
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        draft = drafts.take(request, request.path)
        initial: dict[str, Any] = {"name": request.user.name}
        if draft is not None:
            several = ("skills", "free_times")
            initial |= {name: draft.getlist(name) if name in several else draft.get(name) for name in draft}
        return self.page(RegistrationForm(initial=initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        if away := detour(request):
            return away
        form, place = RegistrationForm(request.POST), place_of(request)
        valid = form.is_valid()
        if place is None or not place.can_order:
            form.add_error(None, "请先选择您住的社区，再提交。")
        elif valid:
            cleaned = {key: value for key, value in form.cleaned_data.items() if key != "consent"}
            agreed = cleaned.pop("guardian_consent")
            try:
                register_volunteer(
                    request.user,
                    grid=place.grid,
                    entrance=place.entrance,
                    guardian_consent_at=timezone.now() if agreed else None,
                    **cleaned | {"skills": list(cleaned["skills"])},
                )
            except ValidationError as error:
                tell(form, error)
            else:
                User.objects.restrict(request.user).filter(pk=request.user.pk, name="").update(
                    name=cleaned["name"]
                )
                messages.success(request, "申请已提交，社区审核后会通知您。")
                return redirect("volunteer_me")
        return self.page(form)

    def page(self, form: RegistrationForm) -> HttpResponse:
        context = {
            "form": form,
            "where": place_of(self.request),
            "minimum_age": parameters.value("volunteers.minimum_age"),
            "has_phone": bool(self.request.user.phone),
        }
        return render(self.request, "volunteers/register.html", context)


class Me(SignedIn, View):
    """The volunteer's own page: number, state, hours, teams, stories."""

    def get(self, request: HttpRequest) -> HttpResponse:
        volunteer = volunteer_of(request.user)
        if volunteer is None:
            return redirect("volunteer_register")
        ledger = HoursEntry.objects.restrict(request.user).filter(volunteer=volunteer)
        total = ledger.aggregate(total=Sum("half_hours"))["total"] or 0
        lines = ledger.select_related("claim__order__item").order_by("-at", "-pk")
        teams = Team.objects.restrict(request.user).filter(
            memberships__volunteer=volunteer, memberships__left_on=None
        )
        stories = Showcase.objects.restrict(request.user).filter(applicant=request.user)
        last = (
            volunteer.steps.exclude(note="").order_by("-seq").first()
            if volunteer.status != "active"
            else None
        )
        context = {
            "volunteer": volunteer,
            "hours": total / 2,
            "page": page_of(lines, request.GET.get("page")),
            "teams": list(teams.select_related("grid").defer("grid__boundary")),
            "stories": list(stories.order_by("-opened_at")[:3]),
            "buttons": buttons(VolunteerActionView, volunteer, request.user),
            "reason": last.note if last is not None else "",
            "skills": list(volunteer.skills.all()),
            "may_register": volunteer.status not in CURRENT,
            "needs_guardian": volunteer.status in CURRENT and volunteer.age_on() < 18,
        }
        return render(request, "volunteers/me.html", context)


class OwnRegistration(SignedIn, View):
    """A page on which a volunteer keeps her own registration; 404 for who has none in force."""

    volunteer: Volunteer

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if request.user.is_authenticated:
            rows = Volunteer.objects.restrict(request.user, "change").filter(
                applicant=request.user, status__in=CURRENT
            )
            self.volunteer = rows.first()
            if self.volunteer is None:
                raise Http404


class Preferences(OwnRegistration):
    """What the volunteer can do, when, and how far she goes."""

    def get(self, request: HttpRequest) -> HttpResponse:
        volunteer = self.volunteer
        skills = Skill.objects.filter(volunteers=volunteer)
        initial = {
            "skills": list(skills.values_list("pk", flat=True)),
            "free_times": volunteer.free_times,
            "reach": volunteer.reach,
            "description": volunteer.description,
        }
        return render(request, "volunteers/preferences.html", {"form": PreferencesForm(initial=initial)})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PreferencesForm(request.POST)
        if not form.is_valid():
            return render(request, "volunteers/preferences.html", {"form": form})
        change_preferences(self.volunteer, by=request.user, **form.cleaned_data)
        messages.success(request, "已保存。")
        return redirect("volunteer_me")


class Guardian(OwnRegistration):
    """Who answers for a volunteer under 18. For a grown one there is no such page."""

    template_name = "volunteers/guardian.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if request.user.is_authenticated and self.volunteer.age_on() >= 18:
            raise Http404

    def get(self, request: HttpRequest) -> HttpResponse:
        names = ("guardian_name", "guardian_phone")
        initial = {name: getattr(self.volunteer, name) for name in names}
        draft = drafts.take(request, request.path)
        return self.page(GuardianForm(draft, initial=initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = GuardianForm(request.POST)
        if form.is_valid():
            try:
                record_guardian(
                    self.volunteer,
                    by=request.user,
                    name=form.cleaned_data["guardian_name"],
                    phone=form.cleaned_data["guardian_phone"],
                    consent_at=timezone.now(),
                    how="本人填写，监护人在场",
                )
            except ValidationError as error:
                tell(form, error)
            else:
                messages.success(request, "已保存监护人的同意。")
                return redirect("volunteer_me")
        return self.page(form)

    def page(self, form: GuardianForm) -> HttpResponse:
        return render(self.request, self.template_name, {"form": form, "volunteer": self.volunteer})


class VolunteerActionView(FlowActionView):
    """One action on one registration."""

    flow = REGISTRATION
    address = "volunteer_action"
    fallback = "home"
    done = {"leave": "您已退出志愿者队伍，谢谢您的付出。欢迎随时回来。"}
