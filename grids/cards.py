"""What the home page shows of the territory: the grid worker's card and the entry to her public notice."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from governance.home import Tile
from grids.models import CarePlan, PatrolPoint
from grids.models.team import ROLE
from grids.notice import notice_of
from grids.places import place_of


def worker(request: HttpRequest) -> tuple[str, dict[str, Any]] | None:
    """The grid worker of the place where the visitor is, with one tap to call."""
    place = place_of(request)
    if place is None:
        return None
    return "grids/card_worker.html", {"notice": notice_of(place.grid), "place": place}


def works_in_a_grid(request: HttpRequest) -> bool:
    """The ``shows`` of a grid worker's own page."""
    return request.user.is_authenticated and request.user.holds(ROLE)


def visits_homes(request: HttpRequest) -> bool:
    """The ``shows`` of the visits' tile, and whose pages they are."""
    return request.user.is_authenticated and request.user.has_perm("grids.add_visit")


def works(request: HttpRequest) -> bool:
    """Whether this person looks in by a post."""
    return request.user.is_authenticated and request.user.has_perm("grids.look_careplan")


def looks_in(request: HttpRequest) -> bool:
    """The ``shows`` of the look-ins, and whose pages they are: whoever looks in by a post, and the neighbours of a plan. Asked once
    for each page."""
    user = request.user
    if not hasattr(request, "_looks_in"):
        request._looks_in = works(request) or (
            user.is_authenticated and CarePlan.objects.cared_for_by(user).exists()
        )
    return request._looks_in


def walks(request: HttpRequest) -> bool:
    """The ``shows`` of the round: for who looks at points."""
    return request.user.is_authenticated and request.user.has_perm("grids.look_patrolpoint")


def looks_after_shops(request: HttpRequest) -> bool:
    """The ``shows`` of the shops' self-checks: for who looks what was mended."""
    return request.user.is_authenticated and request.user.has_perm("grids.change_hazard")


def due_care(request: HttpRequest) -> int:
    """How many of the plans in which she looks in are due."""
    rows = CarePlan.objects.restrict(request.user, "look").cared_for_by(request.user)
    return rows.filter(due_on__lte=timezone.localdate()).order_by()[:100].count()


def due_points(request: HttpRequest) -> int:
    """How many points of the round nobody has looked at whose turn it is."""
    today = timezone.localdate()
    rows = PatrolPoint.objects.restrict(request.user, "look").current().filter(due_on__lte=today)
    return rows.exclude(looked_on=today).order_by()[:100].count()


TILES = (
    Tile(5, "my_care", "上门探视", "今天要看的人家", "heart-handshake", "good", "", looks_in, due_care),
    Tile(6, "visits", "走访", "该走访的住户和商户", "users", "good", "", visits_homes),
    Tile(8, "my_grid", "我的网格", "队伍、公示、移交", "map", "good", shows=works_in_a_grid),
    Tile(5, "my_patrol", "巡查", "今天的点位，一点就记", "clipboard-check", "good", "", walks, due_points),
    Tile(7, "my_selfchecks", "场所安全", "自查和整改", "shield-check", "caution", "", looks_after_shops),
    Tile(20, "my_worker", "找网格员", "看公示，打电话", "phone", "good"),
)
