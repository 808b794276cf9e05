"""The tree as pages draw it: what is right below one organisation, with the numbers of all that is below each, and a whole part of
it as a picture to print."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet

from governance.territory import COLUMN, level_of
from parties.models import Member, Officer, Organisation

#: Organisations in one picture; a larger part of the tree is printed in its parts.
MOST_DRAWN = 400
#: Of the picture, in its own units: the height of a line, the width of a column and of the box in it.
LINE, COLUMN_WIDTH, BOX = 44, 292, 258


@dataclass
class Node:
    """An organisation in the tree: who leads it, how many members it and all below it have, how many organisations are below."""

    row: Organisation
    head: str = ""
    members: int = 0
    below: int = 0
    children: list["Node"] = field(default_factory=list)
    #: In a picture: its column and the middle of its line.
    column: int = 0
    line: float = 0.0

    @property
    def opens(self) -> bool:
        return self.below > 0

    @property
    def x(self) -> int:
        return self.column * COLUMN_WIDTH + 8

    @property
    def y(self) -> float:
        return self.line * LINE + 30


def seen_by(user: Any) -> QuerySet:
    """Return the organisations in force that a person sees."""
    return Organisation.objects.restrict(user).in_force()


def roots(user: Any) -> list[Node]:
    """Return the highest organisations that a person sees: those whose superior she does not see."""
    seen = seen_by(user)
    return _counted(user, seen.exclude(parent__in=seen.order_by().values("pk")), None)


def children_of(user: Any, parent: Organisation) -> list[Node]:
    """Return the nodes right below an organisation, as far as the person sees them. A fixed number of statements."""
    return _counted(user, seen_by(user).filter(parent=parent), parent)


def within(rows: QuerySet, parent: Organisation | None) -> QuerySet:
    """Return those of the rows that belong to an organisation or to one below it; by its place first, on which there is an index."""
    if parent is None:
        return rows
    column = COLUMN.get(level_of(parent.grid_id), "grid")
    return rows.filter(**{column: parent.grid_id}, units__contains=[parent.unit_id])


def _counted(user: Any, rows: QuerySet, parent: Organisation | None) -> list[Node]:
    found = list(rows.with_place().order_by("grid", "kind", "pk"))
    heads = heads_of(found)
    nodes = {row.unit_id: Node(row, heads.get(row.pk, "")) for row in found}
    if not nodes:
        return []
    on_roll, in_group = _members(user, parent)
    for key, unit, path in within(seen_by(user), parent).order_by().values_list("pk", "unit", "units"):
        for above in path:
            if above in nodes:
                nodes[above].members += on_roll[key]
                nodes[above].below += above != unit
        if unit in nodes:
            # A group has no roll of its own: its members are on its branch's.
            nodes[unit].members += in_group[key]
    return list(nodes.values())


def _members(user: Any, parent: Organisation | None) -> tuple[Counter, Counter]:
    """Return how many members are on each organisation's roll, and how many of them in each group."""
    rows = within(Member.objects.restrict(user).on_roll(), parent).order_by()
    on_roll, in_group = Counter(), Counter()
    for organisation, group, number in rows.values_list("organisation", "group").annotate(n=Count("pk")):
        on_roll[organisation] += number
        in_group[group] += number
    return on_roll, in_group


def heads_of(rows: list[Organisation]) -> dict[int, str]:
    """Return who leads each of these organisations, by its key. One statement."""
    held = Officer.objects.in_office().filter(organisation__in=rows, duty__in=["secretary", "leader"])
    return dict(held.order_by().values_list("organisation", "member__name")) if rows else {}


@dataclass(frozen=True)
class Picture:
    """A part of the tree, laid out from left to right: ``nodes`` from above, ``links`` as (x, y, x, y), and its size."""

    nodes: list[Node]
    links: list[tuple[float, float, float, float]]
    width: int
    height: int


def picture(user: Any, top: Organisation) -> Picture | None:
    """Lay out an organisation and everything below it; None where that is more than one picture holds. A fixed number of statements."""
    rows = list(within(seen_by(user), top).with_place().order_by("grid", "kind", "pk")[: MOST_DRAWN + 1])
    if len(rows) > MOST_DRAWN:
        return None
    heads, (on_roll, in_group) = heads_of(rows), _members(user, top)
    nodes = {row.pk: Node(row, heads.get(row.pk, "")) for row in rows}
    by_unit = {node.row.unit_id: node for node in nodes.values()}
    for row in rows:
        nodes[row.pk].members += in_group[row.pk]
        for unit in row.units:
            if unit in by_unit:
                by_unit[unit].members += on_roll[row.pk]
        if row.pk != top.pk and row.parent_id in nodes:
            nodes[row.parent_id].children.append(nodes[row.pk])
    lines = _lay_out(nodes[top.pk], 0, 0)
    links = [(node.x + BOX, node.y, child.x, child.y) for node in nodes.values() for child in node.children]
    deepest = max(node.column for node in nodes.values())
    return Picture(list(nodes.values()), links, deepest * COLUMN_WIDTH + BOX + 16, lines * LINE + 16)


def _lay_out(node: Node, column: int, line: int) -> int:
    """Give a node and what is below it their places, the first line being ``line``. Returns the first line below them."""
    node.column = column
    if not node.children:
        node.line = line
        return line + 1
    first = line
    for child in node.children:
        line = _lay_out(child, column + 1, line)
    node.line = (node.children[0].line + node.children[-1].line) / 2 if line > first else first
    return line
