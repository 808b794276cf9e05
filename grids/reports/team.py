"""The teams of grids in figures: who is there by kind and place, and which grids lack somebody."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from governance.models import Post
from governance.permissions import EVERYTHING, NOTHING, rule_of
from governance.territory import COLUMN, GridLevel, level_of
from grids.models import Grid, TeamMember
from grids.models.team import ROLE, WORKERS

#: What a base grid may lack.
LACKING = {"worker": "缺网格员", "leader": "缺网格长", "micro": "缺微网格员"}


def lacking(grids: QuerySet, what: str) -> QuerySet:
    """Return those of ``grids`` that are base grids in use and lack somebody. Raises KeyError for what is not in ``LACKING``.

    A grid whose worker holds the post and is in no team yet lacks none: the notice names her too.
    """
    LACKING[what]
    kinds = {"worker": WORKERS, "leader": (TeamMember.Kind.LEADER,), "micro": (TeamMember.Kind.MICRO,)}[what]
    team = TeamMember.objects.serving().filter(kind__in=kinds, grid=OuterRef("pk")).order_by()
    rows = grids.current().of_level(GridLevel.BASE).exclude(Exists(team))
    if what == "worker":
        posts = (
            Post.objects.in_force().filter(role=ROLE, grid=OuterRef("pk"), user__is_active=True).order_by()
        )
        rows = rows.exclude(Exists(posts.exclude(user__name="")))
    return rows


def grids_of(user: Any) -> QuerySet:
    """Return the grids within a person's posts; the directory itself is everybody's."""
    rows = Grid.objects.restrict(user).defer("boundary")
    reached = EVERYTHING if user.is_superuser else rule_of(Grid).jurisdiction(Grid, user, "view")
    if reached is EVERYTHING:
        return rows
    return rows.none() if reached is NOTHING else rows.filter(reached)


@dataclass
class Line:
    """One place: its base grids, its people by kind, and how many of its grids lack whom."""

    code: str
    name: str
    grids: int = 0
    people: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TeamMember.Kind.values, 0))
    lacking: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LACKING, 0))

    def add(self, other: "Line") -> None:
        self.grids += other.grids
        for key, number in other.people.items():
            self.people[key] += number
        for key, number in other.lacking.items():
            self.lacking[key] += number


def table(user: Any, node: str) -> tuple[Line, list[Line]]:
    """Return the total of a place and a line for each place right below it, as far as the person sees. A fixed number of statements.

    What stands at the place itself is a line of its own where there is something.
    """
    level = level_of(node)
    below = GridLevel.values[GridLevel.values.index(level) + 1]
    place, column = Q(**{COLUMN[level]: node}), COLUMN.get(GridLevel(below), "code")
    # A row that stands higher up has its own code there, which is no place of the table.
    own = "grid" if below == GridLevel.BASE else column
    names = Grid.objects.current().children_of(node).order_by("code").values_list("code", "name")
    lines = {code: Line(code, name) for code, name in names}
    here = Line(node, "本级")
    found = defaultdict(lambda: here, lines)
    grids = grids_of(user).filter(place).order_by()
    counted = grids.current().of_level(GridLevel.BASE).values_list(column)
    for code, number in counted.annotate(n=Count("pk")):
        found[code].grids += number
    for what in LACKING:
        for code, number in lacking(grids, what).values_list(column).annotate(n=Count("pk")):
            found[code].lacking[what] += number
    people = TeamMember.objects.restrict(user).in_office().filter(place).order_by()
    for code, kind, number in people.values_list(own, "kind").annotate(n=Count("pk")):
        found[code].people[kind] += number
    total = Line(node, "合计")
    for line in (here, *lines.values()):
        total.add(line)
    return total, ([here] if any(here.people.values()) else []) + list(lines.values())
