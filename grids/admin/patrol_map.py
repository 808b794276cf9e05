"""The map of a node's points on the page of the rounds' coverage: where each is and how long ago somebody looked there, never who."""

from datetime import date
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from governance.territory import GridLevel
from grids.drawing import areas, base_layer
from grids.models import Grid, PatrolPoint
from grids.models.patrols import Standing
from grids.reports import coverage

#: Points and outlines that are drawn at once.
MOST_POINTS, MOST_DRAWN = 500, 100
#: What the marks of the map mean, in the order of the legend: how a point stands -> a mark for example, words.
LEGEND = [
    (Standing.NEGLECTED, "9", "久未查看"),
    (Standing.DUE, "3", "到期未看"),
    (Standing.LATER, "2", "没到时间"),
    (Standing.TODAY, "✓", "今天已看"),
]


def map_of_points(user: Any, node: str) -> dict[str, Any] | None:
    """Return what the page of a community or a base grid shows of its points on a map, those that were longest not looked at first where
    there are too many; None for what is larger, and where no point is set up. Three statements, whatever there is."""
    if len(node) < GridLevel.COMMUNITY:
        return None
    today = timezone.localdate()
    rows = PatrolPoint.objects.restrict(user).current(today).filter(coverage.place(node))
    shown = rows.on_the_map().order_by("due_on", "pk")
    points = [drawn(row, today) for row in shown[: MOST_POINTS + 1]]
    lacking = rows.off_the_map().order_by().count()
    if not points and not lacking:
        return None
    grids = Grid.objects.restrict(user).current().of_level(GridLevel.BASE).exclude(boundary=None)
    outlines = areas(grids.filter(Q(pk=node) | Q(community_code=node)).order_by("code")[:MOST_DRAWN])
    without = {"place": node, "spot": "none"}
    return {
        "data": base_layer() | {"areas": outlines, "points": points[:MOST_POINTS]},
        "legend": LEGEND,
        "made_up": any(each["made_up"] for each in outlines),
        "capped": MOST_POINTS if len(points) > MOST_POINTS else 0,
        "lacking": lacking,
        "lacking_url": f"{reverse('admin:grids_patrolpoint_changelist')}?{urlencode(without)}",
    }


def drawn(point: Any, today: date) -> dict[str, Any]:
    """Return a point, with its ``x`` and ``y``, as the map's script draws it: the mark is the number of days since somebody looked."""
    standing = point.standing(today)
    if point.looked_on is None:
        mark, words = "未", f"{standing.label}，还没看过"
    else:
        days = (today - point.looked_on).days
        mark = "✓" if days == 0 else str(min(days, 999))
        last = f"{point.looked_on.month}月{point.looked_on.day}日"
        words = standing.label if days == 0 else f"{standing.label}，上次 {last}，{days} 天前"
    return {
        "x": point.x, "y": point.y, "kind": standing.value, "mark": mark, "name": point.name, "words": words,
        "url": reverse("admin:grids_patrolpoint_change", args=[point.pk]),
    }  # fmt: skip
