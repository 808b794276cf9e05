"""Who mediates near the visitor: centres with who sits in today, their rooms and mediators, and how mediation works.

The same for everyone: what a visitor who has not signed in may see, and of people what the register makes public.
"""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from governance import parameters
from governance.territory import GridLevel, lineage
from grids.models import Grid
from grids.places import place_of
from mediation import roster
from mediation.flow.scope import CONFIRM_WITHIN_DAYS, IDENTITY, OTHER_WAYS, OWNERSHIP, RIGHT_WAY
from mediation.models import Category, Centre, Committee, DutyShift, Mediator, Member, Room

NOBODY = AnonymousUser()
#: So many mediators are listed of one centre.
MOST_MEDIATORS = 100


def open_centres() -> Any:
    """Return the centres in use, with their rosters."""
    shifts = Prefetch("shifts", DutyShift.objects.restrict(NOBODY).select_related("room"))
    rows = Centre.objects.restrict(NOBODY).filter(is_active=True)
    return rows.select_related("grid").defer("grid__boundary").prefetch_related(shifts)


def dressed(centre: Centre) -> Centre:
    """Return the centre with who sits in today."""
    centre.today = roster.day_of(centre.shifts.all(), timezone.localdate())
    return centre


@require_safe
def centres(request: HttpRequest) -> HttpResponse:
    """Show the centres of the place where the visitor is, or of the street that the address names: its own first, then those
    of its communities and of the district. Where neither is known, the streets to choose from."""
    grids = Grid.objects.restrict(NOBODY).current().defer("boundary")
    streets = list(grids.of_level(GridLevel.STREET).order_by("code"))
    place, asked = place_of(request), request.GET.get("in", "")
    here = next((street for street in streets if street.code == asked), None)
    code = here.code if here else place.grid.code if place else ""
    found = [dressed(centre) for centre in open_centres().filter(grid__in=lineage(code))] if code else []
    within = (
        open_centres().filter(street_code=here.code).exclude(grid=here.code).prefetch_related(None)
        if here
        else ()
    )
    context = {
        "centres": sorted(found, key=lambda centre: -len(centre.grid_id)),
        "within": within,
        "streets": streets,
        "here": here,
        "known": place is not None,
    }
    return render(request, "mediation/centres.html", context)


@require_safe
def centre(request: HttpRequest, code: str) -> HttpResponse:
    """Show the centre in use at a place: who sits in on each of the next seven days, rooms, committees and mediators.

    404 where there is none.
    """
    found = open_centres().filter(grid=code).first()
    if found is None:
        raise Http404
    committees = Committee.objects.restrict(NOBODY).filter(centre=found, is_active=True)
    members = Prefetch("members", Member.objects.restrict(NOBODY).order_by("pk"))
    mediators = Mediator.objects.restrict(NOBODY).in_office().filter(committee__centre=found)
    days = roster.week_of(found.shifts.all(), timezone.localdate())
    words = dict(Category.choices)
    context = {
        "centre": found,
        "days": days,
        "today": days[0],
        "tomorrow": days[1],
        "rooms": named(Room.objects.restrict(NOBODY).filter(centre=found, is_active=True), words),
        "committees": committees.prefetch_related(members),
        "mediators": named(
            mediators.select_related("user").order_by("-is_full_time", "pk")[:MOST_MEDIATORS], words
        ),
    }
    return render(request, "mediation/centre.html", context)


def named(rows: Any, words: dict[str, str]) -> list[Any]:
    """Return rooms or mediators with what they are good at, in words."""
    rows = list(rows)
    for row in rows:
        known = row.categories if isinstance(row, Room) else row.specialities
        row.good_at = [words[each] for each in known if each in words]
    return rows


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Tell how mediation works, what it costs, how long it takes, and what it is not for."""
    context = {
        "days": parameters.value("mediation.days"),
        "categories": Category.labels,
        "not_for": [(reason.label, way) for reason, way in RIGHT_WAY.items()],
        "confirm_within": CONFIRM_WITHIN_DAYS,
        "not_confirmed": (IDENTITY, OWNERSHIP),
        "other_ways": OTHER_WAYS,
    }
    return render(request, "mediation/about.html", context)
