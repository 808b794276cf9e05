"""The customary statistical table: a line for each category, or for each kind of centre or place, a column for each figure.

Each column is a condition on disputes, so that the rows behind a number are the rows that meet it. Counted is what a person's
posts let her count, which is less than what she may open (governance/confidential.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Length

from governance.periods import Period
from governance.territory import COLUMN, GridLevel, level_of
from grids.models import Grid
from mediation.models import Category, Dispute, Grade, JudicialConfirmation, Term
from mediation.models.disputes import AGREEMENTS, GUIDES, TERMINATIONS, TRANSFERRED, Origin, Outcome

#: What the table can be broken down by: key -> name.
BREAKDOWNS = {"category": "类别", "level": "矛调中心层级", "place": "地区", "origin": "来源", "grade": "等级"}
LEVELS = {6: "区级中心", 9: "街道中心", 12: "社区中心"}


@dataclass(frozen=True)
class Asked:
    """What is asked for: a period, a place (its code), a breakdown."""

    period: Period
    node: str
    by: str


@dataclass(frozen=True)
class Column:
    """One figure. ``when`` says of a period which disputes it counts; with ``total`` their money is added up instead."""

    key: str
    label: str
    when: Callable[[Period], Q]
    total: bool = False
    how: str = ""


def _accepted(period: Period) -> Q:
    return Q(accepted_at__gte=period.start, accepted_at__lt=period.end)


def _ended(period: Period) -> Q:
    return Q(ended_at__gte=period.start, ended_at__lt=period.end, accepted_at__isnull=False)


def _settled(period: Period) -> Q:
    return _ended(period) & Q(outcome__in=AGREEMENTS)


def _performed(period: Period) -> Q:
    left = Term.objects.filter(
        agreement__dispute=OuterRef("pk"), agreement__effective_at__isnull=False
    ).exclude(state=Term.State.DONE)
    return _settled(period) & ~Exists(left)


def _confirmed(period: Period) -> Q:
    ruled = JudicialConfirmation.objects.filter(
        agreement__dispute=OuterRef("pk"), result=JudicialConfirmation.Result.EFFECTIVE
    )
    return _settled(period) & Q(Exists(ruled))


COLUMNS: dict[str, Column] = {
    column.key: column
    for column in (
        Column("accepted", "受理", _accepted, how="这段时间受理的"),
        Column("applied", "申请", lambda p: _accepted(p) & Q(origin=Origin.APPLIED)),
        Column("initiative", "主动", lambda p: _accepted(p) & Q(origin=Origin.INITIATIVE)),
        Column("transferred", "委托移送", lambda p: _accepted(p) & Q(origin__in=TRANSFERRED)),
        Column("settled", "调解成功", _settled, how="这段时间达成书面或口头协议的"),
        Column("written", "书面协议", lambda p: _ended(p) & Q(outcome=Outcome.WRITTEN)),
        Column("oral", "口头协议", lambda p: _ended(p) & Q(outcome=Outcome.ORAL)),
        Column("failed", "未成功", lambda p: _ended(p) & Q(outcome__in=TERMINATIONS), how="受理以后终止的"),
        Column("guided", "引导", lambda p: _ended(p) & Q(outcome__in=GUIDES)),
        Column("amount", "协议金额（元）", _settled, total=True, how="达成协议的纠纷涉及的金额"),
        Column("performed", "已履行", _performed, how="达成协议的里面，各条都已履行的"),
        Column("confirmed", "司法确认", _confirmed, how="达成协议的里面，法院裁定有效的"),
        Column("minors", "涉未成年人", lambda p: _accepted(p) & Q(has_minor=True)),
    )
}


@dataclass(frozen=True)
class Line:
    """A line of the table: its key (None: the total), its name and its numbers."""

    key: Any
    name: str
    values: dict[str, int | Decimal]

    @property
    def rate(self) -> float | None:
        """The share of those that came to an agreement among those that ended, in percent; None where none ended."""
        ended = self.values["settled"] + self.values["failed"] + self.values["guided"]
        return round(100 * self.values["settled"] / ended, 1) if ended else None


def counted(user: Any, node: str) -> QuerySet[Dispute]:
    """Return the disputes at or below a place that somebody may count."""
    return _within(Dispute.objects.restrict(user, "count"), node)


def _within(rows: QuerySet[Dispute], node: str) -> QuerySet[Dispute]:
    return rows.filter(**{COLUMN.get(level_of(node), "grid"): node}) if node else rows


def _key(asked: Asked) -> Any:
    if asked.by == "level":
        return Case(
            *(When(length=length, then=Value(str(length))) for length in LEVELS),
            output_field=CharField(),
        )
    if asked.by == "place":
        deeper = {6: 9, 9: 12, 12: 15}.get(len(asked.node), 15) if asked.node else GridLevel.DISTRICT
        # A column and not the beginning of the code: of that PostgreSQL expects a group for each row, and plans for them.
        return F(COLUMN.get(GridLevel(deeper), "grid_id"))
    return F(asked.by)


def table(user: Any, asked: Asked) -> list[Line]:
    """Return the table, the total first, in one statement. Categories stand in their customary order, also those without a case."""
    rows = counted(user, asked.node).filter(_accepted(asked.period) | _ended(asked.period)).order_by()
    figures = {
        key: Sum("amount", filter=column.when(asked.period))
        if column.total
        else Count("pk", filter=column.when(asked.period))
        for key, column in COLUMNS.items()
    }
    if asked.by == "level":
        rows = rows.annotate(length=Length("seat"))
    found = {
        row.pop("key"): {name: value or 0 for name, value in row.items()}
        for row in rows.annotate(key=_key(asked)).values("key").annotate(**figures).values("key", *figures)
    }
    nothing = dict.fromkeys(COLUMNS, 0)
    names = names_of(asked, found)
    lines = [Line(key, name, found.get(key, nothing)) for key, name in names.items()]
    total = {key: sum((line.values[key] for line in lines), 0) for key in COLUMNS}
    return [Line(None, "合计", total), *lines]


def names_of(asked: Asked, found: dict[Any, Any]) -> dict[Any, str]:
    """Return what the lines are called, in the order in which they stand."""
    if asked.by == "category":
        return dict(Category.choices)
    if asked.by == "level":
        return {str(length): name for length, name in LEVELS.items()}
    if asked.by == "origin":
        return dict(Origin.choices)
    if asked.by == "grade":
        return dict(Grade.choices)
    known = Grid.objects.filter(code__in=found).order_by("code").values_list("code", "name")
    return {code: f"{name}本级" if code == asked.node else name for code, name in known}


def rows_of(rows: QuerySet[Dispute], asked: Asked, column: str, key: str) -> QuerySet[Dispute]:
    """Return, of some disputes, those that a number counts. ``key``: the line's, empty for the total.

    Raises KeyError for a column there is none of.
    """
    rows = _within(rows.filter(COLUMNS[column].when(asked.period)), asked.node)
    if not key:
        return rows
    if asked.by == "level":
        rows = rows.annotate(length=Length("seat"))
    return rows.annotate(line_key=_key(asked)).filter(line_key=key)
