"""Where a visitor is: the door or grid that was scanned or chosen in this visit, else the person's own address, else the
place of a grid worker's post."""

import time
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.http import urlencode

from governance import drafts
from governance.territory import GridLevel
from grids.models import Entrance, Grid
from grids.models.team import ROLE

#: A scan proves that one stands at the door for so many seconds.
FRESH = 20 * 60


@dataclass(frozen=True)
class Place:
    """A grid, and the door in it where that is known. ``scanned`` says that its code was read a moment ago."""

    grid: Grid
    entrance: Entrance | None = None
    scanned: bool = False
    chosen: bool = True

    def __str__(self) -> str:
        return f"{self.grid} {self.entrance}" if self.entrance else str(self.grid)

    @property
    def can_order(self) -> bool:
        """Whether the place is near enough for a request: a community, a base grid or a door."""
        return len(self.grid.code) >= GridLevel.COMMUNITY and not self.grid.is_retired


def place_of(request: HttpRequest) -> Place | None:
    """Return where the visitor is, or None. Asked once for each request."""
    if not hasattr(request, "_place"):
        request._place = _find(request)
    return request._place


def _find(request: HttpRequest) -> Place | None:
    session, user = request.session, request.user
    scanned = session.get("entrance")
    if scanned:
        key = {"pk" if isinstance(scanned, int) else "token": scanned}
        found = _doors(request).filter(**key).first()
        if found is not None:
            fresh = time.time() - session.get("scanned_at", 0) < FRESH
            return Place(found.grid, found, scanned=fresh)
    if session.get("grid"):
        grid = _grids(request).filter(code=session["grid"]).first()
        if grid is not None:
            return Place(grid)
    if not user.is_authenticated:
        return None
    if user.entrance_id:
        found = _doors(request).filter(pk=user.entrance_id).first()
        return Place(found.grid, found, chosen=False) if found is not None else None
    post = next((post for post in user.posts_in_force if post.role == ROLE), None)
    grid = _grids(request).filter(code=post.code).first() if post is not None else None
    return Place(grid, chosen=False) if grid is not None else None


def _doors(request: HttpRequest):
    doors = Entrance.objects.restrict(request.user).select_related("building", "grid")
    return doors.defer("grid__boundary")


def _grids(request: HttpRequest):
    return Grid.objects.restrict(request.user).defer("boundary")


def choose(request: HttpRequest, *, entrance: Entrance | None = None, grid: Grid | None = None) -> None:
    """Remember the place for this visit. Chosen from a list, it proves nothing about where the person stands."""
    for name in ("entrance", "grid", "scanned_at"):
        request.session.pop(name, None)
    if entrance is not None:
        request.session["entrance"] = entrance.pk
    elif grid is not None:
        request.session["grid"] = grid.code
    request.__dict__.pop("_place", None)


def detour(request: HttpRequest) -> HttpResponseRedirect | None:
    """Return the way to the choice of a place, where that is what a form was sent for: what was typed waits for the way back."""
    if "change_place" not in request.POST:
        return None
    drafts.keep(request, request.path)
    return HttpResponseRedirect(f"{reverse('choose_place')}?{urlencode({'next': request.get_full_path()})}")


def noted(place: Place | None) -> str:
    """Return a place as a form carries it, so that what is sent much later still says where it was written."""
    if place is None:
        return ""
    if place.entrance is None:
        return f"grid:{place.grid.code}"
    return f"{'scan' if place.scanned else 'door'}:{place.entrance.pk}"


def recalled(request: HttpRequest, note: str) -> Place | None:
    """Return the place that ``noted`` wrote down; None where there is none, or none any more."""
    kind, _, key = note.partition(":")
    if not (key.isascii() and key.isdigit() and len(key) <= GridLevel.BASE):
        return None
    if kind in ("door", "scan"):
        door = _doors(request).filter(pk=key).first()
        return Place(door.grid, door, scanned=kind == "scan") if door is not None else None
    grid = _grids(request).filter(code=key).first() if kind == "grid" else None
    return Place(grid) if grid is not None else None


def scanned(request: HttpRequest, entrance: Entrance) -> None:
    """Remember the door whose code was just read."""
    choose(request, entrance=entrance)
    request.session["scanned_at"] = int(time.time())


def frame(request: HttpRequest) -> dict[str, object]:
    """Give templates ``place``, asked for only where a page shows it."""
    return {"place": SimpleLazyObject(lambda: place_of(request))}
