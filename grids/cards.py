"""What the home page shows of the territory: the grid worker's card and the entry to her public notice."""

from typing import Any

from django.http import HttpRequest

from governance.home import Tile
from grids.notice import notice_of
from grids.places import place_of


def worker(request: HttpRequest) -> tuple[str, dict[str, Any]] | None:
    """The grid worker of the place where the visitor is, with one tap to call."""
    place = place_of(request)
    if place is None:
        return None
    return "grids/card_worker.html", {"notice": notice_of(place.grid), "place": place}


def walks(request: HttpRequest) -> bool:
    """The ``shows`` of the round: for who looks at points."""
    return request.user.is_authenticated and request.user.has_perm("grids.look_patrolpoint")


def looks_after_shops(request: HttpRequest) -> bool:
    """The ``shows`` of the shops' self-checks: for who looks what was mended."""
    return request.user.is_authenticated and request.user.has_perm("grids.change_hazard")


TILES = (
    Tile(6, "my_patrol", "巡查", "今天的点位，一点就记", "clipboard-check", "good", "", walks),
    Tile(7, "my_selfchecks", "场所安全", "自查和整改", "shield-check", "caution", "", looks_after_shops),
    Tile(20, "my_worker", "找网格员", "看公示，打电话", "phone", "good"),
)
