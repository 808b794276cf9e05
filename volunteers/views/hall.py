"""The hall of open orders, and a volunteer's own claims."""

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from governance.forms import day_field
from governance.territory import GridLevel
from governance.views import RestrictedList, SignedIn
from volunteers.matching import distance_text
from volunteers.models import Claim, Order, ServiceItem, Volunteer
from volunteers.models.orders import LIVE, ClaimStatus, OrderStatus
from volunteers.models.people import VolunteerStatus, week_parts_of
from volunteers.services.orders import open_orders_for


def volunteer_of(user: Any) -> Volunteer | None:
    """Return the person's registration that counts: the one in force, else the latest one."""
    rows = Volunteer.objects.restrict(user).filter(applicant=user).select_related("entrance", "grid")
    found = list(rows.defer("grid__boundary").order_by("-opened_at")[:5])
    current = [each for each in found if each.status not in (VolunteerStatus.REFUSED, VolunteerStatus.LEFT)]
    return (current or found or [None])[0]


def find_clashes(orders: list[Order], volunteer: Volunteer) -> None:
    """Set ``clash`` on each order: when the other order begins that the volunteer holds at that time, or None. One query."""
    held: list[Any] = []
    if orders:
        begins = min(order.wanted_from for order in orders)
        ends = max(order.wanted_until for order in orders)
        rows = Claim.objects.filter(volunteer=volunteer, status=ClaimStatus.HELD)
        rows = rows.filter(window__overlap=(begins, ends)).order_by("window")
        held = list(rows.values_list("order", "window"))
    for order in orders:
        order.clash = next(
            (
                window.lower
                for other, window in held
                if other != order.pk
                and window.lower < order.wanted_until
                and order.wanted_from < window.upper
            ),
            None,
        )


class HallForm(forms.Form):
    """What the volunteer narrows the hall by."""

    near = forms.ChoiceField(
        label="范围",
        choices=[("", "全部"), ("community", "本社区"), ("street", "本街道")],
        required=False,
    )
    day = day_field("哪一天", required=False)
    fit = forms.BooleanField(label="只看我会的", required=False)
    full = forms.BooleanField(label="也看可候补的", required=False)


class Hall(SignedIn, RestrictedList):
    """The orders that the volunteer may claim, soonest first."""

    model = Order
    template_name = "volunteers/hall.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.volunteer = volunteer_of(request.user)
        if self.volunteer is None:
            return redirect("volunteer_register")
        if self.volunteer.status != VolunteerStatus.ACTIVE:
            return redirect("volunteer_me")
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> Any:
        user, form = self.request.user, HallForm(self.request.GET)
        asked = form.cleaned_data if form.is_valid() else {}
        self.form = form
        rows = open_orders_for(user)
        if asked.get("full"):
            seen = Order.objects.restrict(user, "claim").filter(
                status__in=[OrderStatus.OPEN, OrderStatus.CLAIMED]
            )
            rows = seen.filter(wanted_until__gt=timezone.now()).for_page().order_by("wanted_from", "pk")
        mine = Claim.objects.filter(order=OuterRef("pk"), volunteer=self.volunteer, status__in=LIVE)
        rows = rows.filter(~Exists(mine)).exclude(applicant=user)
        home = self.volunteer.grid_id
        if asked.get("near") == "community":
            rows = rows.filter(community_code=home[: GridLevel.COMMUNITY])
        elif asked.get("near") == "street":
            rows = rows.filter(street_code=home[: GridLevel.STREET])
        if asked.get("day"):
            rows = rows.filter(wanted_from__date=asked["day"])
        if asked.get("fit"):
            rows = rows.filter(~Exists(self.lacking()))
        return rows.annotate(lacks=Exists(self.lacking()))

    def lacking(self) -> Any:
        """The skills that an order needs and the volunteer has not."""
        needed = ServiceItem.skills.through.objects.filter(serviceitem=OuterRef("item"))
        return needed.exclude(skill__in=self.volunteer.skills.order_by().values("pk"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(volunteer=self.volunteer, form=self.form, **kwargs)
        free = set(self.volunteer.free_times)
        for order in context["rows"]:
            order.distance = distance_text(order, self.volunteer)
            order.left = order.places - order.taken
        find_clashes(context["rows"], self.volunteer)
        for order in context["rows"]:
            fits = bool(free) and week_parts_of(order.wanted_from, order.wanted_until) <= free
            order.suits = fits and order.clash is None
        # What she cannot take stands last on its page.
        context["rows"].sort(key=lambda order: order.clash is not None)
        context["today"] = timezone.localdate()
        context["days"] = [timezone.localdate() + timedelta(days=ahead) for ahead in range(7)]
        return context


class MyClaims(SignedIn, RestrictedList):
    """What the volunteer has taken on, is asked for, waits for, and has done."""

    model = Claim
    template_name = "volunteers/my_claims.html"

    def get_queryset(self) -> Any:
        rows = super().get_queryset().filter(volunteer__applicant=self.request.user)
        rows = rows.select_related("order__item", "order__grid", "order__entrance__building")
        rows = rows.defer("order__grid__boundary")
        self.past = self.request.GET.get("past") == "1"
        if self.past:
            return rows.filter(status=ClaimStatus.SERVED).order_by("-checked_out_at", "-pk")
        live = [ClaimStatus.INVITED, ClaimStatus.OFFERED, ClaimStatus.HELD, ClaimStatus.WAITING]
        return rows.filter(status__in=live).order_by("window", "pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(past=self.past, **kwargs)
        now = timezone.now()
        for claim in context["rows"]:
            if claim.offer_until is not None:
                claim.minutes_left = max(0, int((claim.offer_until - now).total_seconds() // 60))
        rank = [ClaimStatus.OFFERED, ClaimStatus.INVITED, ClaimStatus.HELD, ClaimStatus.WAITING]
        if not self.past:
            context["rows"].sort(key=lambda claim: rank.index(claim.status))
        context["volunteer"] = volunteer_of(self.request.user)
        return context
