"""Which shops check their safety themselves, which are late, and what is not yet mended, by place or by kind."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone

from governance import parameters
from grids.models import Grid, Hazard, Premises
from grids.reports.coverage import below, place

BREAKDOWNS = {"place": "地区", "small": "类别"}
#: What a line holds: key -> heading.
FIGURES = {
    "premises": "九小场所", "checked": "按期自查", "late": "逾期未自查", "never": "没自查过", "open": "未整改",
    "passed": "其中已上报", "mended": "近 30 天整改",
}  # fmt: skip


def late_before(today: date | None = None) -> date:
    """Return the first day whose self-check still counts; premises that last checked before it are late."""
    return (today or timezone.localdate()) - timedelta(days=parameters.value("selfcheck.days"))


@dataclass
class Line:
    """One place or kind. ``key`` is empty for the total."""

    key: str
    name: str
    values: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FIGURES, 0))

    @property
    def share(self) -> int | None:
        """Those that checked in time, in percent, rounded down; None where there are none."""
        return self.values["checked"] * 100 // self.values["premises"] if self.values["premises"] else None


def lately_mended(today: date | None = None) -> Q:
    """Return the condition on a hazard that was mended in the last 30 days."""
    return Q(mended_on__gt=(today or timezone.localdate()) - timedelta(days=30))


def table(user: Any, node: str, by: str) -> list[Line]:
    """Return the total of a node, then a line for each place right below it or for each of the nine kinds, as far as the person sees
    them. Three statements."""
    today, before = timezone.localdate(), late_before()
    if by == "small":
        column, hazard_column = "small", "premises__small"
        lines = {value: Line(value, label) for value, label in Premises.Small.choices if value}
    else:
        column = hazard_column = below(node)
        grids = Grid.objects.current().filter(Q(code=node) if len(node) == 15 else Q(parent_id=node))
        lines = {
            code: Line(code, name) for code, name in grids.order_by("code").values_list("code", "name")[:500]
        }
    rows = Premises.objects.restrict(user).checking().filter(place(node)).order_by()
    counted = rows.values(key=F(column)).annotate(
        premises=Count("pk"),
        checked=Count("pk", filter=Q(checked_on__gte=before)),
        late=Count("pk", filter=Q(checked_on__lt=before)),
        never=Count("pk", filter=Q(checked_on=None)),
    )
    still = Q(mended_on=None, premises__closed_on=None)
    hazards = Hazard.objects.restrict(user).filter(place(node)).filter(still | lately_mended(today))
    if by == "small":
        hazards = hazards.exclude(premises__small="")
    found = hazards.order_by().values(key=F(hazard_column)).annotate(
        open=Count("pk", filter=Q(mended_on=None)),
        passed=Count("pk", filter=Q(mended_on=None, content_type__isnull=False)),
        mended=Count("pk", filter=Q(mended_on__isnull=False)),
    )  # fmt: skip
    for row in [*counted, *found]:
        line = lines.setdefault(row["key"], Line(row["key"], row["key"]))
        line.values |= {key: number for key, number in row.items() if key in FIGURES}
    total = Line("", "合计")
    for line in lines.values():
        for key in FIGURES:
            total.values[key] += line.values[key]
    return [total, *lines.values()]
