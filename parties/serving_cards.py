"""What the home page and "my matters" show of a member's service: the wishes that wait, and the ways in."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from governance.home import Tile
from governance.mine import Kind
from parties.models import DualRegistration, MicroWish
from parties.services.wishes import open_wishes_for

FEW = 3


def may(permission: str) -> Any:
    """The ``shows`` of a tile for people who hold a permission somewhere."""
    return lambda request: request.user.is_authenticated and request.user.has_perm(permission)


def is_no_staff(request: HttpRequest) -> bool:
    """The ``shows`` of what somebody who signs in by phone does for herself."""
    return request.user.is_authenticated and not request.user.is_staff


def is_for_oneself(request: HttpRequest) -> bool:
    """The ``shows`` of what residents ask for."""
    return not request.user.is_authenticated or not request.user.is_staff


def open_wishes(request: HttpRequest) -> tuple[str, dict[str, Any]] | None:
    """The first wishes that a member may claim."""
    if not may("parties.seek_microwish")(request) or request.user.is_staff:
        return None
    found = list(open_wishes_for(request.user)[:FEW])
    return ("parties/card_wishes.html", {"wishes": found}) if found else None


TILES = (
    Tile(17, "wish_new", "微心愿", "说一个小愿望", "sparkles", "good", shows=is_for_oneself),
    Tile(
        18,
        "wish_new",
        "代填心愿",
        "走访时替居民填写",
        "sparkles",
        "good",
        "?for=1",
        may("parties.place_microwish"),
    ),
    Tile(
        45,
        "wish_wall",
        "心愿墙",
        "认领邻里的微心愿",
        "star",
        "caution",
        "",
        may("parties.seek_microwish"),
    ),
    Tile(75, "checkin", "双报到", "党员、单位到社区报到", "map-pin", "info", shows=is_no_staff),
)

MINE = (
    Kind(
        "wish",
        "微心愿",
        lambda user: MicroWish.objects.restrict(user).filter(Q(applicant=user) | Q(placed_by=user)),
    ),
    Kind(
        "checkin",
        "双报到",
        lambda user: DualRegistration.objects.restrict(user).filter(applicant=user).with_place(),
        lambda row, user: f"{row.grid}　{row.employer}",
    ),
)
