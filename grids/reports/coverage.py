"""Which points of the rounds were looked at over the last days, by place.

A point that is looked at every N days has its turn once in N days: the days until yesterday, counted back, fall into stretches of N,
and a stretch in which somebody looked is one of those looked at. A stretch that began before the point was set up, or does not fit into
the days asked for, is not due.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.aggregates import BitOr
from django.db.models import BigIntegerField, Count, F, Func, IntegerField, Q, Sum, Value
from django.db.models.functions import Least
from django.utils import timezone

from governance.territory import COLUMN, GridLevel, level_of
from grids.models import Grid, PatrolPoint, PatrolTick
from grids.models.patrols import Sooner

#: How many days one can ask for, and their words.
SPANS = {7: "近 7 天", 30: "近 30 天"}
#: What a line holds: key -> heading.
FIGURES = {
    "points": "点位", "due": "应看（次）", "looked": "看了（次）", "today": "今天已看", "waiting": "到期未看",
    "neglected": "久未查看", "found": "发现问题",
}  # fmt: skip


class Days(Func):
    """How many days lie between two days, the later one first."""

    template = "(%(expressions)s)"
    arg_joiner = " - "
    output_field = IntegerField()


class Bit(Func):
    """A number with one bit set, the one of this place; the longest span has fewer stretches than a bigint has bits."""

    template = "(1::bigint << (%(expressions)s)::int)"
    output_field = BigIntegerField()


@dataclass
class Line:
    """One place. ``code`` is empty for the total."""

    code: str
    name: str
    values: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FIGURES, 0))

    @property
    def share(self) -> int | None:
        """What was looked at of what was due, in percent, rounded down; None where nothing was due."""
        return self.values["looked"] * 100 // self.values["due"] if self.values["due"] else None


def within(days: int, today: date | None = None) -> Q:
    """Return the condition on a tick's day: the last ``days`` whole days."""
    today = today or timezone.localdate()
    return Q(day__gte=today - timedelta(days=days), day__lt=today)


def below(node: str) -> str:
    """Return the column of the places right below a node."""
    return {GridLevel.DISTRICT: "street_code", GridLevel.STREET: "community_code"}.get(level_of(node), "grid")


def place(node: str) -> Q:
    """Return the rows at or below a node."""
    return Q(**{COLUMN.get(level_of(node), "grid"): node})


def turns(days: int, today: date, prefix: str = "") -> Any:
    """Return how many whole stretches of a point fall into the days asked for."""
    return Least(Value(days), Days(Value(today), F(f"{prefix}since"))) / F(f"{prefix}every")


def points_of(user: Any, node: str, days: int, today: date) -> Any:
    """Return the statement that counts points by the places right below a node."""
    rows = PatrolPoint.objects.restrict(user).current(today).filter(place(node)).order_by()
    return rows.values(code=F(below(node))).annotate(
        points=Count("pk"),
        due=Sum(turns(days, today)),
        today=Count("pk", filter=Q(looked_on=today)),
        waiting=Count("pk", filter=Q(due_on__lte=today)),
        neglected=Count("pk", filter=Q(due_on__lte=Sooner(Value(today), F("every")))),
    )


def looked_of(user: Any, node: str, days: int, today: date) -> Any:
    """Return the statement that says of each point, with its place, in which stretches somebody looked: a bit for each. One pass, with no
    more in memory than there are points."""
    yesterday = today - timedelta(days=1)
    stretch = Days(Value(yesterday), F("day")) / F("point__every")
    rows = PatrolTick.objects.restrict(user).filter(place(node), within(days, today)).order_by()
    rows = rows.filter(Q(point__until=None) | Q(point__until__gte=today), point__since__lte=today)
    rows = rows.annotate(stretch=stretch).filter(stretch__lt=turns(days, today, "point__"))
    return rows.values_list(below(node), "point").annotate(seen=BitOr(Bit(F("stretch"))))


def found_of(user: Any, node: str, days: int, today: date) -> Any:
    """Return the statement that counts the findings of the same days."""
    rows = PatrolTick.objects.restrict(user).filter(place(node), within(days, today)).exclude(outcome="fine")
    return rows.order_by().values(code=F(below(node))).annotate(n=Count("pk"))


def table(user: Any, node: str, days: int) -> list[Line]:
    """Return the total of a node and a line for each place right below it (a base grid: itself), as far as the person sees them. Four
    statements, whatever there is."""
    today = timezone.localdate()
    below_it = Grid.objects.current().filter(
        Q(code=node) if level_of(node) is GridLevel.BASE else Q(parent_id=node)
    )
    lines = {
        code: Line(code, name) for code, name in below_it.order_by("code").values_list("code", "name")[:500]
    }
    for row in points_of(user, node, days, today):
        line = lines.setdefault(row["code"], Line(row["code"], row["code"]))
        line.values |= {key: row[key] or 0 for key in ("points", "due", "today", "waiting", "neglected")}
    for code, _, seen in looked_of(user, node, days, today):
        lines.setdefault(code, Line(code, code)).values["looked"] += seen.bit_count()
    for row in found_of(user, node, days, today):
        lines.setdefault(row["code"], Line(row["code"], row["code"])).values["found"] = row["n"]
    total = Line("", "合计")
    for line in lines.values():
        for key in FIGURES:
            total.values[key] += line.values[key]
    return [total, *lines.values()]
