"""Tasks in figures, by place or by unit: each figure is a condition, so that the rows behind a number are those that meet it. No
figure is of a person."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone

from governance.models import Unit
from governance.territory import COLUMN, GridLevel, level_of
from grids.models import Grid
from parties.models import Task, TaskStatus

S = TaskStatus
BREAKDOWNS = {"place": "地区", "unit": "责任单位", "area": "工作领域"}
#: What a figure counts: key -> words.
FIGURES = {
    "total": "任务", "assigned": "待接收", "handling": "推进中", "reported": "待核实", "done": "已完成",
    "on_time": "按期完成", "late": "超期完成", "overdue": "超期未完成", "extended": "延过期",
}  # fmt: skip


def condition(key: str, now: datetime) -> Q:
    """Return the condition of a figure. On time is what was reported by its last day and then verified."""
    return {
        "total": ~Q(status=S.WITHDRAWN),
        "assigned": Q(status=S.ASSIGNED),
        "handling": Q(status=S.HANDLING),
        "reported": Q(status=S.REPORTED),
        "done": Q(status=S.DONE),
        "on_time": Q(status=S.DONE, reported_on__lte=F("due_on")),
        "late": Q(status=S.DONE, reported_on__gt=F("due_on")),
        "overdue": Q(status__in=[S.ASSIGNED, S.HANDLING], due_at__lte=now),
        "extended": ~Q(status=S.WITHDRAWN) & Q(extensions__gt=0),
    }[key]


@dataclass(frozen=True)
class Asked:
    """What a table is of: the tasks of a year, of one kind or of both, at and below a node, broken down by what."""

    year: int
    kind: str
    node: str
    by: str


@dataclass
class Line:
    """One line. ``key``: the place's code, the unit's key or the area; empty for the total. ``exact``: the very node alone."""

    key: str
    name: str
    exact: bool = False
    values: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FIGURES, 0))

    def add(self, values: dict[str, int]) -> None:
        for key in FIGURES:
            self.values[key] += values[key]

    @property
    def share(self) -> float | None:
        """The share of the done, in percent; None where there are no tasks."""
        return round(100 * self.values["done"] / self.values["total"], 1) if self.values["total"] else None


def table(user: Any, asked: Asked) -> list[Line]:
    """Return the total and then a line for each place right below the node, unit or area that has tasks, as far as the person sees
    them. Two statements."""
    rows = Task.objects.restrict(user).counted().filter(year=asked.year, **{_column(asked.node): asked.node})
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    now = timezone.now()
    counts = {key: Count("pk", filter=condition(key, now)) for key in FIGURES}
    by = _below(asked.node) if asked.by == "place" else asked.by
    found = list(rows.order_by().values(by).annotate(**counts).order_by(by))
    keys = [row[by] for row in found]
    if asked.by == "area":
        names = {key: key or "没有填" for key in keys}
    elif asked.by == "unit":
        names = dict(Unit.objects.filter(pk__in=keys).values_list("pk", "name"))
    else:
        names = dict(Grid.objects.filter(pk__in=keys).values_list("code", "name"))
    total, lines = Line("", "合计"), []
    for row in found:
        key = row[by]
        here = asked.by == "place" and key == asked.node and len(asked.node) < GridLevel.COMMUNITY
        line = Line(str(key), "本级" if here else names.get(key, str(key)), exact=here)
        line.add(row)
        total.add(row)
        lines.append(line)
    return [total, *lines]


def _column(node: str) -> str:
    return COLUMN.get(level_of(node), "grid")


def _below(node: str) -> str:
    """Return the column of the places right below a node; what lies at the node itself has the node's own code there."""
    level = level_of(node)
    return {GridLevel.DISTRICT: "street_code", GridLevel.STREET: "community_code"}.get(
        level, "community_code"
    )
