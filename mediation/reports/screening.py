"""What a campaign came to, by place: who has reported, what was found, settled and prevented. Counted within the reach of
whoever asks; each figure is a condition, so that the rows behind a number are those that meet it."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, Sum

from governance.permissions import permission, rule_of
from governance.territory import COLUMN, GridLevel, common_node, covers, level_of
from grids.models import Grid
from mediation.models import Dispute, Screening, ScreeningReport
from mediation.models.disputes import AGREEMENTS


@dataclass(frozen=True)
class Figure:
    """One figure: which rows it counts; with ``column``, what of them is added up."""

    label: str
    when: Q
    column: str = ""


#: Of the disputes.
FOUND = {
    "found": Figure("发现纠纷", Q()),
    "settled": Figure("调解成功", Q(outcome__in=AGREEMENTS)),
}
#: Of the reports.
COUNTED = {
    "times": Figure("排查次数", Q(times__gt=0), "times"),
    "households": Figure("走访户数", Q(households__gt=0), "households"),
    "prevented": Figure("预防纠纷", Q(prevented__gt=0), "prevented"),
    "crimes": Figure("防止民转刑（件）", Q(crime_cases__gt=0), "crime_cases"),
    "crime_people": Figure("防止民转刑（人）", Q(crime_people__gt=0), "crime_people"),
    "petitions": Figure("防止群体性上访（件）", Q(petition_cases__gt=0), "petition_cases"),
    "petition_people": Figure("防止群体性上访（人）", Q(petition_people__gt=0), "petition_people"),
}
FIGURES = FOUND | COUNTED


@dataclass
class Line:
    """A place: of how many communities so many have reported, and its figures."""

    code: str
    name: str
    communities: int = 0
    reported: int = 0
    values: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FIGURES, 0))

    @property
    def share(self) -> float:
        """The share of the communities that have reported, in percent."""
        return 100 * self.reported / self.communities if self.communities else 0.0

    def add(self, other: "Line") -> None:
        """Count another place in."""
        self.communities += other.communities
        self.reported += other.reported
        for key, value in other.values.items():
            self.values[key] += value


@dataclass(frozen=True)
class Progress:
    """The communities one by one, in the order of their codes, and their sum."""

    total: Line
    communities: list[Line]
    streets: dict[str, str]

    @property
    def missing(self) -> list[Line]:
        """The communities that have not reported at all."""
        return [line for line in self.communities if not line.reported]

    def by_street(self) -> list[Line]:
        """Return the streets, each the sum of its communities."""
        found: dict[str, Line] = {}
        for line in self.communities:
            code = line.code[: GridLevel.STREET]
            found.setdefault(code, Line(code, self.streets.get(code, code))).add(line)
        return list(found.values())

    def missing_by_street(self) -> list[tuple[str, list[Line]]]:
        """Return the streets in which some community has not reported, with these communities."""
        found: dict[str, list[Line]] = {}
        for line in self.missing:
            found.setdefault(self.streets.get(line.code[: GridLevel.STREET], ""), []).append(line)
        return list(found.items())


def nodes_of(user: Any, screening: Screening) -> list[str]:
    """Return the nodes of a campaign's place whose reports somebody sees by her posts."""
    if user.is_superuser:
        return [screening.grid_id]
    needed = permission(ScreeningReport, "view")
    held = {post.code for post in user.posts_with(needed) if post.unit_id is None}
    if any(covers(code, screening.grid_id) for code in held):
        return [screening.grid_id]
    return sorted(code for code in held if covers(screening.grid_id, code))


def top_of(user: Any, screening: Screening) -> str:
    """Return the lowest node that holds all that somebody sees of a campaign."""
    return common_node(nodes_of(user, screening)) or screening.grid_id


def progress(user: Any, screening: Screening, node: str) -> Progress:
    """Return how far a campaign has come at and below a node of its place, in four statements."""
    nodes = nodes_of(user, screening)
    within = Q(**{COLUMN[level_of(node)]: node}) if len(node) < GridLevel.BASE else Q(code=node)
    grids = Grid.objects.filter(within, level=GridLevel.COMMUNITY).order_by("code")
    reached = grids.current().filter(rule_of(Grid).nodes_q((code, None) for code in nodes))
    lines = {code: Line(code, name, 1) for code, name in reached.values_list("code", "name")}
    at_node = Q(**{COLUMN.get(level_of(node), "grid"): node})
    reports = ScreeningReport.objects.restrict(user).filter(at_node, screening=screening)
    disputes = Dispute.objects.restrict(user, "count").filter(at_node, found_in__screening=screening)
    sums = {key: Sum(figure.column) for key, figure in COUNTED.items()}
    counts = {
        key: Count("pk", filter=figure.when) if figure.when else Count("pk") for key, figure in FOUND.items()
    }
    for rows, figures in ((reports, sums), (disputes, counts)):
        for row in (
            rows.order_by().values("community_code").annotate(**figures).values("community_code", *figures)
        ):
            code = row.pop("community_code")
            # A community that was closed since keeps what it reported.
            line = lines.setdefault(code, Line(code, "", 1))
            line.values |= row
            if rows is reports:
                line.reported = 1
    closed = [code for code, line in lines.items() if not line.name]
    codes = {code[: GridLevel.STREET] for code in lines} | set(closed)
    names = dict(Grid.objects.filter(code__in=codes).values_list("code", "name"))
    for code in closed:
        lines[code].name = names.get(code, code)
    total = Line(node, "合计")
    communities = [lines[code] for code in sorted(lines)]
    for line in communities:
        total.add(line)
    return Progress(total, communities, names)
