"""The need that was found at a look-in, as it is carried into the forms by which it is handed on."""

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone
from django.utils.http import urlencode

from grids.models import CareVisit
from grids.places import Place

#: So long after the look-in a form still begins with it.
FRESH = timedelta(days=7)
#: What an address calls the look-in: by its key alone, for nothing of a person stands in an address.
LOOK_IN = "look"


@dataclass(frozen=True)
class Found:
    """What was found: in which words, at which place, in which room."""

    words: str
    place: Place
    room: str


def carried(url: str, visit: CareVisit) -> str:
    """Return the address of a form that begins with what this look-in found."""
    return f"{url}&{urlencode({LOOK_IN: visit.pk})}"


def found_in(request: HttpRequest) -> Found | None:
    """Return what the look-in that the address names found. None where it names none, and for one that is not the visitor's own, is older
    than ``FRESH``, found no need, or belongs to a plan in which she may not look in any more."""
    key, user = request.GET.get(LOOK_IN, ""), request.user
    if not user.is_authenticated or not (key.isascii() and key.isdigit() and len(key) <= 18):
        return None
    rows = CareVisit.objects.restrict(user).filter(pk=key, by=user, outcome=CareVisit.Outcome.NEEDS)
    rows = rows.filter(visited_at__gt=timezone.now() - FRESH).select_related(
        "plan__resident__household__entrance__building", "plan__resident__household__entrance__grid"
    )
    visit = rows.defer("plan__resident__household__entrance__grid__boundary").first()
    if visit is None or not user.may("look", visit.plan):
        return None
    home = visit.plan.resident.household
    return Found(visit.note, Place(home.entrance.grid, home.entrance), home.room)
