"""Care plans by place, in numbers alone: how many of each colour, and how many due days of the last weeks were kept."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from governance.territory import COLUMN, GridLevel, level_of
from grids.models import CareColour, CarePlan, CareVisit, Grid

#: How many days back the look-ins are counted, today left out.
DAYS = 30
#: What a line holds, in the order of the table. ``kept`` of ``fell`` due days were kept.
FIGURES = {
    **{colour.value: colour.label for colour in CareColour},
    "plans": "计划合计",
    "overdue": "现在逾期",
    "fell": f"近 {DAYS} 天到期",
    "kept": "按时看到",
}


@dataclass
class Line:
    """One place."""

    code: str
    name: str
    values: dict[str, int]

    @property
    def rate(self) -> float | None:
        """The share of due days that were kept, in per cent; None where none fell."""
        return round(100 * self.values["kept"] / self.values["fell"], 1) if self.values["fell"] else None


def table(user: Any, node: str) -> list[Line]:
    """Return the total of a place and a line for each place right below it, as far as the person may count. Five statements."""
    level = level_of(node)
    below = {GridLevel.DISTRICT: GridLevel.STREET, GridLevel.STREET: GridLevel.COMMUNITY}.get(
        level, GridLevel.BASE
    )
    column, place = COLUMN.get(below, "grid"), Q(**{COLUMN.get(level, "grid"): node})
    grids = Grid.objects.current().filter(
        place if level in COLUMN else Q(), code__startswith=node, level=int(below)
    )
    lines = {
        code: Line(code, name, dict.fromkeys(FIGURES, 0))
        for code, name in grids.order_by("code").values_list("code", "name")
    }
    here = Line(node, "本级", dict.fromkeys(FIGURES, 0))

    def add(code: str, key: str, number: int) -> None:
        lines.get(code, here).values[key] += number

    today = timezone.localdate()
    since = today - timedelta(days=DAYS)
    plans = CarePlan.objects.restrict(user, "count").filter(place).order_by()
    for code, colour, number, late in (
        plans.open()
        .values_list(column, "colour")
        .annotate(n=Count("pk"), late=Count("pk", Q(due_on__lt=today)))
    ):
        add(code, colour, number)
        add(code, "plans", number)
        add(code, "overdue", late)
    visits = CareVisit.objects.restrict(user, "count").filter(due_on__gte=since, due_on__lt=today).order_by()
    visits = visits.filter(**{f"plan__{key}": value for key, value in place.children})
    on_time = Q(day__lte=F("due_on"))
    for code, fell, kept in (
        visits.annotate(day=TruncDate("visited_at"))
        .values_list(f"plan__{column}")
        .annotate(fell=Count("pk"), kept=Count("pk", on_time))
    ):
        add(code, "fell", fell)
        add(code, "kept", kept)
    # Due days that nobody answered: of plans that run, and of those that ended after them.
    missed = plans.filter(Q(ended_on=None) | Q(ended_on__gt=F("due_on")), due_on__gte=since, due_on__lt=today)
    for code, number in missed.values_list(column).annotate(n=Count("pk")):
        add(code, "fell", number)
    shown = ([here] if any(here.values.values()) else []) + list(lines.values())
    total = Line(node, "合计", {key: sum(line.values[key] for line in shown) for key in FIGURES})
    return [total, *shown]
