"""Which organisations are behind with which meetings: figures by place down to a community, by organisation below that. A figure counts
by the same condition (``frequency.behind``) by which the list behind it shows."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from governance.territory import COLUMN, GridLevel, level_of
from grids.models import Grid
from parties import frequency
from parties.models import MeetingKind, Organisation, PartyOrgType

T = PartyOrgType
#: What is counted of each kind: how many owe it now and before, and who of these is behind.
PARTS = ("owing", "now", "owed", "last")


@dataclass
class Line:
    """One place, or one organisation by its ``key``. ``numbers``: kind -> part -> number. ``list_of``: what the list behind its numbers
    is filtered by."""

    name: str
    code: str = ""
    key: int | None = None
    opens: bool = False
    list_of: dict[str, Any] = field(default_factory=dict)
    numbers: dict[str, dict[str, int]] = field(default_factory=dict)

    def number(self, kind: str, part: str) -> int:
        return self.numbers.get(kind, {}).get(part, 0)

    def take(self, row: dict[str, Any], kinds: list[MeetingKind]) -> None:
        """Add a counted row."""
        for kind in kinds:
            mine = self.numbers.setdefault(kind, dict.fromkeys(PARTS, 0))
            for part in PARTS:
                mine[part] += row[f"{kind}_{part}"] or 0


def counted(rows: Any, kinds: list[MeetingKind]) -> Any:
    """Return the counts of every kind as columns ``<kind>_<part>``, for rows grouped already. One statement."""
    today, columns = timezone.localdate(), {}
    for kind in kinds:
        now = frequency.now_of(kind, today)
        before = now.before()
        for part, condition in (
            ("owing", frequency.owing(kind, now)),
            ("now", frequency.behind(kind, now)),
            ("owed", frequency.owing(kind, before)),
            ("last", frequency.behind(kind, before)),
        ):
            columns[f"{kind}_{part}"] = Count("pk", filter=condition)
    return rows.annotate(**columns)


def by_place(user: Any, node: str, kinds: list[MeetingKind]) -> tuple[Line, list[Line]]:
    """Return the total of a district or street and a line for each place right below it, as far as the person sees. A fixed number
    of statements."""
    level = level_of(node)
    below = GridLevel.STREET if level is GridLevel.DISTRICT else GridLevel.COMMUNITY
    place = Q(**{COLUMN[level]: node})
    grids = Grid.objects.current().filter(place, level=int(below)).order_by("code")
    lines = {
        code: Line(name, code, opens=True, list_of={"place": code})
        for code, name in grids.values_list("code", "name")
    }
    total, here = Line("合计", node, list_of={"place": node}), Line("本级", node)
    seen = Organisation.objects.restrict(user).in_force().filter(place).order_by()
    for row in counted(seen.values(COLUMN[below]), kinds):
        lines.get(row[COLUMN[below]], here).take(row, kinds)
        total.take(row, kinds)
    return total, [*([here] if any_of(here) else []), *lines.values()]


def by_organisation(
    user: Any, kinds: list[MeetingKind], *, node: str = "", top: Organisation | None = None
) -> tuple[Line, list[Line]]:
    """Return the total of a community, or of an organisation and all below it, and a line for each organisation right below: of a
    community its branches, each with its groups; of an organisation itself and what is right below it. A fixed number of
    statements, however many there are."""
    seen = Organisation.objects.restrict(user).in_force().order_by()
    if top is None:
        seen, total = seen.filter(community_code=node), Line("合计", node, list_of={"place": node})
    else:
        column = COLUMN.get(level_of(top.grid_id), "grid")
        seen = seen.filter(**{column: top.grid_id}, units__contains=[top.unit_id])
        total = Line("合计", list_of={"org": top.pk})
    rows = list(
        counted(seen.values("pk", "name", "kind", "unit", "units"), kinds).order_by("grid", "kind", "pk")
    )
    lines: dict[int, Line] = {}
    for row in rows:
        if row["kind"] == T.BRANCH or top is not None and len(row["units"]) <= len(top.units) + 1:
            lines[row["unit"]] = Line(row["name"], key=row["pk"], list_of={"org": row["pk"]})
    for row in rows:
        total.take(row, kinds)
        own = next((unit for unit in reversed(row["units"]) if unit in lines), None)
        if own is None:
            if row["kind"] == T.GROUP:
                own = row["unit"]
                lines[own] = Line(row["name"], key=row["pk"], list_of={"org": row["pk"]})
            else:
                continue
        lines[own].take(row, kinds)
        lines[own].opens = lines[own].opens or (row["unit"] != own and own != getattr(top, "unit_id", None))
    if top is not None and top.unit_id in lines:
        # Of the organisation itself, without what is below it, there is no list.
        lines[top.unit_id].list_of = {}
    return total, list(lines.values())


def any_of(line: Line) -> bool:
    """Say whether anything is counted in a line."""
    return any(number for parts in line.numbers.values() for number in parts.values())
