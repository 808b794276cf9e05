"""The organisations of a place in figures: how many of each kind, members, terms, one-shoulder and cross-appointment rates, and what is
looked after. Numerators and denominators; what is shown is computed from them."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery
from django.utils import timezone

from governance.territory import COLUMN, GridLevel, level_of
from grids.models import Grid
from parties.models import CoveredUnit, Member, Officer, Organisation, PartyOrgType

T = PartyOrgType
#: What a line holds, in the order of the table.
FIGURES = {
    "committees": "党委", "general": "党总支", "branches": "党支部", "groups": "党小组", "members": "党员",
    "probationary": "预备党员", "covered": "兜底单位", "uncovered": "未落实兜底", "over": "届满未换届",
    "bare_grids": "无支部网格",
}  # fmt: skip


@dataclass
class Line:
    """One place. ``one_shoulder`` and ``cross`` are (numerator, denominator)."""

    code: str
    name: str
    values: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FIGURES, 0))
    one_shoulder: tuple[int, int] = (0, 0)
    cross: tuple[int, int] = (0, 0)

    def add(self, other: "Line") -> None:
        for key, number in other.values.items():
            self.values[key] += number
        self.one_shoulder = tuple(map(sum, zip(self.one_shoulder, other.one_shoulder, strict=True)))
        self.cross = tuple(map(sum, zip(self.cross, other.cross, strict=True)))


def percent(part: tuple[int, int]) -> float | None:
    """Return a rate to one decimal, None where nothing is counted."""
    return round(100 * part[0] / part[1], 1) if part[1] else None


def table(user: Any, node: str) -> tuple[Line, list[Line]]:
    """Return the total of a place and a line for each place right below it (itself where it is a community), as far as the person
    sees. A fixed number of statements."""
    level = level_of(node)
    below = {GridLevel.DISTRICT: GridLevel.STREET}.get(level, GridLevel.COMMUNITY)
    place = Q(**{COLUMN[level]: node})
    column = COLUMN[below]
    grids = Grid.objects.current().filter(level=int(below)).filter(
        place if level is not GridLevel.COMMUNITY else Q(code=node)
    )  # fmt: skip
    lines = {code: Line(code, name) for code, name in grids.order_by("code").values_list("code", "name")}
    #: What stands at the node itself, above the places of the table.
    here = Line(node, "本级")
    found = defaultdict(lambda: here, lines)

    today = timezone.localdate()
    organisations = Organisation.objects.restrict(user).in_force().filter(place).order_by()
    kinds = {T.COMMITTEE: "committees", T.GENERAL_BRANCH: "general", T.BRANCH: "branches", T.GROUP: "groups"}
    for code, kind, number, over in organisations.values_list(column, "kind").annotate(
        n=Count("pk"), over=Count("pk", filter=Q(term_until__lt=today))
    ):
        if kind in kinds:
            found[code].values[kinds[kind]] += number
        found[code].values["over"] += over
    members = Member.objects.restrict(user).on_roll().filter(place).order_by()
    for code, number, probationary in members.values_list(column).annotate(
        n=Count("pk"), p=Count("pk", filter=Q(stage=Member.Stage.PROBATIONARY))
    ):
        found[code].values["members"] += number
        found[code].values["probationary"] += probationary
    covered = CoveredUnit.objects.restrict(user).current().filter(place).order_by()
    for code, number, uncovered in covered.values_list(column).annotate(
        n=Count("pk"), u=Count("pk", filter=Q(organisation=None))
    ):
        found[code].values["covered"] += number
        found[code].values["uncovered"] += uncovered
    _rates(user, place, column, found)
    for code, number in _bare_grids(user, place, column):
        found[code].values["bare_grids"] += number
    total = Line(node, "合计")
    for line in (here, *lines.values()):
        total.add(line)
    shown = list(lines.values())
    return total, ([here] if any(here.values.values()) and level < GridLevel.COMMUNITY else []) + shown


def _rates(user: Any, place: Q, column: str, found: dict[str, Line]) -> None:
    """One-shoulder: of the communities' committees (and general branches that stand in their place), those whose secretary directs the
    residents' committee. Cross-appointment: of these committees' members, those who are in the residents' committee too."""
    tops = Organisation.objects.restrict(user).in_force().filter(
        place, kind__in=(T.COMMITTEE, T.GENERAL_BRANCH), parent_kind=T.STREET_COMMITTEE
    )  # fmt: skip
    director = (
        Officer.objects.in_office()
        .filter(organisation=OuterRef("pk"), duty="secretary", committee_duty="director")
        .values("pk")[:1]
    )
    counted = tops.order_by().annotate(director=Subquery(director)).values_list(column)
    for code, number, both in counted.annotate(n=Count("pk"), d=Count("director")):
        line = found[code]
        line.one_shoulder = (line.one_shoulder[0] + both, line.one_shoulder[1] + number)
    seats = Officer.objects.restrict(user).in_office().filter(organisation__in=tops.order_by().values("pk"))
    for code, number, both in (
        seats.order_by()
        .values_list(column)
        .annotate(n=Count("pk"), c=Count("pk", filter=~Q(committee_duty="")))
    ):
        line = found[code]
        line.cross = (line.cross[0] + both, line.cross[1] + number)


def bare_in(user: Any, community: str) -> int:
    """Return how many residents' grids of a community have no branch, as the table counts them."""
    place = Q(community_code=community)
    return sum(number for _, number in _bare_grids(user, place, "community_code"))


def _bare_grids(user: Any, place: Q, column: str) -> Any:
    """Return, by place, how many residents' grids have no branch at their own place or above it in the community."""
    branches = Organisation.objects.restrict(user).in_force().filter(kind=T.BRANCH)
    covered = branches.filter(Q(grid=OuterRef("pk")) | Q(grid=OuterRef("community_code"))).order_by()
    rows = Grid.objects.current().filter(level=int(GridLevel.BASE), kind=Grid.Kind.RESIDENT).filter(place)
    bare = rows.annotate(branch=Subquery(covered.values("pk")[:1])).filter(branch=None)
    return bare.order_by().values_list(column).annotate(n=Count("pk"))
