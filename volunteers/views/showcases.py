"""The wall of stories, one story, and a volunteer's own ones."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views import View

from governance.flow import NotYours
from governance.forms import ActionForm, check_photos, tell
from governance.models import Matter
from governance.slices import page_of
from governance.territory import GridLevel
from governance.views import FlowActionView, RestrictedDetail, RestrictedList, SignedIn, buttons
from grids.models import Grid
from grids.places import place_of
from volunteers.flow.showcases import SHOWCASES
from volunteers.forms.showcases import SHOWCASE_FORMS, ShowcaseForm
from volunteers.models import Claim, Order, Showcase, ShowcasePhoto
from volunteers.models.showcases import ShowcaseStatus
from volunteers.services.showcases import revise_showcase, submit_showcase

COLUMN = {GridLevel.STREET: "street_code", GridLevel.COMMUNITY: "community_code"}
TONES = {"submitted": "info", "returned": "caution", "published": "good"}


class Wall(RestrictedList):
    """The public wall of the district, a street or a community; the same for everyone."""

    model = Showcase
    template_name = "volunteers/wall.html"
    size = 10

    def get_queryset(self) -> Any:
        # What the wall shows is what everyone may see, whoever looks at it.
        rows = Showcase.objects.restrict(AnonymousUser()).filter(status=ShowcaseStatus.PUBLISHED)
        self.here = self.place()
        if self.here is not None:
            rows = rows.filter(**{COLUMN[self.here.grid_level]: self.here.code})
        photos = Prefetch("photos", ShowcasePhoto.objects.order_by("pk"))
        return rows.select_related("order__item").prefetch_related(photos).order_by("-closed_at", "-pk")

    def place(self) -> Grid | None:
        """The street or community that the address names."""
        code = self.request.GET.get("in", "")
        if not (code.isascii() and code.isdecimal() and len(code) in (GridLevel.STREET, GridLevel.COMMUNITY)):
            return None
        return Grid.objects.restrict(self.request.user).defer("boundary").filter(code=code).first()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(here=self.here, **kwargs)
        grids = Grid.objects.restrict(self.request.user).defer("boundary")
        codes = {row.community_code for row in context["rows"]}
        names = dict(grids.filter(code__in=codes).values_list("code", "name"))
        for row in context["rows"]:
            row.community = names.get(row.community_code, "")
        context["chips"] = self.chips(grids)
        return context

    def chips(self, grids: Any) -> list[Grid]:
        """The places to choose from: my own street and community, the chosen one's, and all streets."""
        place, codes = place_of(self.request), []
        for code in (place.grid.code if place else "", self.here.code if self.here else ""):
            codes += [code[:length] for length in (12, 9) if len(code) >= length]
        near = list(grids.filter(code__in=codes).order_by("-level", "code"))
        streets = grids.current().of_level(GridLevel.STREET).exclude(code__in=codes).order_by("code")
        return near + list(streets[:40])


class ShowcasePage(RestrictedDetail):
    """One story: public once published; before that for its author and its reviewers."""

    model = Showcase
    template_name = "volunteers/showcase.html"

    def get_queryset(self) -> Any:
        rows = super().get_queryset().select_related("order__item", "grid", "volunteer")
        return rows.defer("grid__boundary")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row, user = self.object, self.request.user
        insider = user.is_authenticated and user.may("contact", row)
        community = Grid.objects.filter(code=row.grid_id[: GridLevel.COMMUNITY]).values_list(
            "name", flat=True
        )
        return super().get_context_data(
            **kwargs,
            showcase=row,
            photos=list(row.photos.all()),
            community=community.first() or "",
            insider=insider,
            own=user.is_authenticated and row.applicant_id == user.pk,
            tone=TONES.get(row.status, "quiet"),
            steps=row.flow.timeline(row, user) if insider else [],
            buttons=buttons(ShowcaseActionView, row, user),
        )


class ShowcaseNew(SignedIn, View):
    """Writing the story of a service that one gave."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if request.user.is_authenticated:
            rows = Order.objects.restrict(request.user, "show").select_related("item")
            self.order = get_object_or_404(rows, number=kwargs["number"])
            self.before = (
                self.order.showcases.filter(applicant=request.user).exclude(status="withdrawn").first()
            )

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        if self.before is not None:
            return redirect(self.before)
        return self.page(ShowcaseForm(initial=self.initial()))

    def post(self, request: HttpRequest, number: str) -> HttpResponse:
        if self.before is not None:
            return redirect(self.before)
        form = ShowcaseForm(request.POST, request.FILES)
        if form.is_valid():
            cleaned = dict(form.cleaned_data)
            cleaned["consent_at"] = cleaned.pop("consent_day")
            try:
                showcase = submit_showcase(self.order, by=request.user, **cleaned)
            except NotYours:
                raise Http404 from None
            except ValidationError as error:
                tell(form, error)
            else:
                messages.success(request, "晒单已提交，社区审核后会在晒单墙上展示。")
                return redirect(showcase)
        return self.page(form)

    def initial(self) -> dict[str, Any]:
        claim = Claim.objects.restrict(self.request.user).filter(
            order=self.order, volunteer__applicant=self.request.user, status="served"
        )
        served = claim.values_list("checked_out_at", flat=True).first()
        day = timezone.localtime(served or timezone.now()).date()
        return {"consent_day": min(day, timezone.localdate())}

    def page(self, form: ShowcaseForm) -> HttpResponse:
        check_photos(form)
        return render(self.request, "volunteers/showcase_new.html", {"form": form, "order": self.order})


class ShowcaseActionView(FlowActionView):
    """One action on one story."""

    flow = SHOWCASES
    forms = SHOWCASE_FORMS
    address = "showcase_action"
    fallback = "my_showcases"
    templates = {"revise": "volunteers/showcase_revise.html"}
    done = {"revise": "已提交，社区会重新审核。", "retract": "已撤回，晒单墙上不再显示。"}

    def again(self, matter: Matter, form: ActionForm) -> HttpResponse:
        check_photos(form)
        return super().again(matter, form)

    def perform(self, matter: Matter, form: ActionForm) -> None:
        if self.name != "revise":
            return super().perform(matter, form)
        cleaned = dict(form.cleaned_data)
        cleaned["consent_at"] = cleaned.pop("consent_day")
        revise_showcase(matter, by=self.request.user, **cleaned)
        return None


class MyShowcases(SignedIn, View):
    """The volunteer's stories, and the services that have none yet."""

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = (
            Showcase.objects.restrict(request.user)
            .filter(applicant=request.user)
            .select_related("order__item")
        )
        shown = Showcase.objects.filter(applicant=request.user).exclude(status="withdrawn").values("order")
        waiting = (
            Claim.objects.restrict(request.user)
            .filter(volunteer__applicant=request.user, status="served")
            .filter(checked_out_at__gte=timezone.now() - timedelta(days=90))
            .exclude(order__in=shown)
            .select_related("order__item")
            .order_by("-checked_out_at")
        )
        page = page_of(rows.order_by("-opened_at", "-pk"), request.GET.get("page"))
        context = {"page": page, "waiting": list(waiting[:5]), "tones": TONES}
        for row in page:
            row.tone = TONES.get(row.status, "quiet")
        return render(request, "volunteers/my_showcases.html", context)
