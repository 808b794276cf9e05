"""The customary statistical table: a line for each category, or for each kind of centre or place, a column for each figure.

Each column is a condition on disputes, or on the reports of screenings, so that the rows behind a number are the rows that meet
it. Counted is what a person's posts let her count, which is less than what she may open (governance/confidential.py). A
screening looks for disputes of every kind: what is one dispute's (a category, an origin, a grade) breaks its numbers down not at
all, and the cells stay empty.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Length

from governance.periods import Period
from governance.territory import COLUMN, GridLevel, level_of
from grids.models import Grid
from mediation.models import (
    Category,
    Committee,
    Dispute,
    Grade,
    JudicialConfirmation,
    Mediation,
    ScreeningReport,
    Term,
)
from mediation.models.disputes import AGREEMENTS, GUIDES, TERMINATIONS, TRANSFERRED, Origin, Outcome
from mediation.reports.screening import COUNTED

#: What the table can be broken down by: key -> name.
BREAKDOWNS = {
    "category": "类别",
    "kind": "调委会类型",
    "level": "矛调中心层级",
    "place": "地区",
    "origin": "来源",
    "grade": "等级",
}
#: By these a report of a screening stands in one line; by the others in none.
OF_REPORTS = ("kind", "level", "place")
LEVELS = {6: "区级中心", 9: "街道中心", 12: "社区中心"}
#: The line of what no committee has in hand.
NOBODY = "none"
KINDS = {**dict(Committee.Kind.choices), NOBODY: "未指定"}


@dataclass(frozen=True)
class Asked:
    """What is asked for: a period, a place (its code), a breakdown."""

    period: Period
    node: str
    by: str


@dataclass(frozen=True)
class Column:
    """One figure. ``when`` says of a period which rows it counts; ``total`` names the column that is added up instead of
    counting them. ``of``: the rows of which model."""

    key: str
    label: str
    when: Callable[[Period], Q]
    total: str = ""
    how: str = ""
    of: type[Model] = Dispute


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


def _found(period: Period) -> Q:
    return Q(found_in__isnull=False, opened_at__gte=period.start, opened_at__lt=period.end)


def _screened(period: Period) -> Q:
    return Q(day__gte=period.since, day__lte=period.until)


def _counted(key: str, name: str = "") -> Column:
    """Return the figure that adds up what the reports of screenings counted, as on a campaign's page (``name`` there)."""
    figure = COUNTED[name or key]
    return Column(
        key,
        figure.label,
        lambda period: _screened(period) & figure.when,
        total=figure.column,
        of=ScreeningReport,
    )


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
        Column("amount", "协议金额（元）", _settled, total="amount", how="达成协议的纠纷涉及的金额"),
        Column("performed", "已履行", _performed, how="达成协议的里面，各条都已履行的"),
        Column("confirmed", "司法确认", _confirmed, how="达成协议的里面，法院裁定有效的"),
        Column("minors", "涉未成年人", lambda p: _accepted(p) & Q(has_minor=True)),
        _counted("screened", "times"),
        Column("found", "排查发现", _found, how="这段时间登记的里面，排查发现的"),
        _counted("prevented"),
        _counted("crimes"),
        _counted("crime_people"),
        _counted("petitions"),
        _counted("petition_people"),
    )
}


@dataclass(frozen=True)
class Line:
    """A line of the table: its key (None: the total), its name and its numbers; None where there is no such number."""

    key: Any
    name: str
    values: dict[str, int | Decimal | None]

    @property
    def rate(self) -> float | None:
        """The share of those that came to an agreement among those that ended, in percent; None where none ended."""
        ended = self.values["settled"] + self.values["failed"] + self.values["guided"]
        return round(100 * self.values["settled"] / ended, 1) if ended else None


def counted(user: Any, node: str, of: type[Model] = Dispute) -> QuerySet:
    """Return the disputes, or the reports of screenings, at or below a place that somebody may count."""
    return _within(of.objects.restrict(user, "count" if of is Dispute else "view"), node)


def _within(rows: QuerySet, node: str) -> QuerySet:
    return rows.filter(**{COLUMN.get(level_of(node), "grid"): node}) if node else rows


def _keyed(rows: QuerySet, asked: Asked) -> QuerySet:
    """Give rows the key of the line in which they stand, as ``line_key``."""
    by = asked.by
    if by == "level":
        rows = rows.annotate(seat_length=Length("seat"))
        key = Case(
            *(When(seat_length=length, then=Value(str(length))) for length in LEVELS),
            output_field=CharField(),
        )
    elif by == "place":
        deeper = {6: 9, 9: 12, 12: 15}.get(len(asked.node), 15) if asked.node else GridLevel.DISTRICT
        # A column and not the beginning of the code: of that PostgreSQL expects a group for each row, and plans for them.
        key = F(COLUMN.get(GridLevel(deeper), "grid_id"))
    elif by == "kind":
        # Who mediates now, and of a file that nobody has any more, who was the last.
        leads = Mediation.objects.filter(dispute=OuterRef("pk"), is_lead=True)
        leads = leads.order_by(F("until").desc(nulls_first=True), "-pk").values("mediator__committee__kind")
        kind = Subquery(leads[:1]) if rows.model is Dispute else F("committee__kind")
        key = Coalesce(kind, Value(NOBODY), output_field=CharField())
    else:
        key = F(by)
    return rows.annotate(line_key=key)


def _of(model: type[Model]) -> dict[str, Column]:
    return {key: column for key, column in COLUMNS.items() if column.of is model}


def _figures(rows: QuerySet, asked: Asked) -> dict[Any, dict[str, Any]]:
    """Return, in one statement, line key -> the figures of these rows."""
    figures = {
        key: Sum(column.total, filter=column.when(asked.period))
        if column.total
        else Count("pk", filter=column.when(asked.period))
        for key, column in _of(rows.model).items()
    }
    found = rows.order_by().values("line_key").annotate(**figures).values("line_key", *figures)
    return {row.pop("line_key"): {name: value or 0 for name, value in row.items()} for row in found}


def table(user: Any, asked: Asked) -> list[Line]:
    """Return the table, the total first, in a statement for the disputes and one for the reports. Categories stand in their
    customary order, also those without a case."""
    period, whole = asked.period, asked.by not in OF_REPORTS
    rows = counted(user, asked.node).filter(_accepted(period) | _ended(period) | _found(period))
    found = _figures(_keyed(rows, asked), asked)
    reports = counted(user, asked.node, ScreeningReport).filter(_screened(period))
    reports = reports.annotate(line_key=Value("")) if whole else _keyed(reports, asked)
    screened = _figures(reports, asked)
    nothing, none = dict.fromkeys(_of(Dispute), 0), dict.fromkeys(_of(ScreeningReport), None if whole else 0)
    lines = [
        Line(key, name, found.get(key, nothing) | (none if whole else screened.get(key, none)))
        for key, name in names_of(asked, found.keys() | screened.keys()).items()
    ]
    total = {key: sum((line.values[key] for line in lines), 0) for key in _of(Dispute)}
    total |= {key: sum(values[key] for values in screened.values()) for key in _of(ScreeningReport)}
    # In the order of the columns, whichever rows they count.
    return [Line(None, "合计", {key: total[key] for key in COLUMNS}), *lines]


def names_of(asked: Asked, found: Iterable[Any]) -> dict[Any, str]:
    """Return what the lines are called, in the order in which they stand."""
    if asked.by == "category":
        return dict(Category.choices)
    if asked.by == "kind":
        return KINDS
    if asked.by == "level":
        return {str(length): name for length, name in LEVELS.items()}
    if asked.by == "origin":
        return dict(Origin.choices)
    if asked.by == "grade":
        return dict(Grade.choices)
    known = Grid.objects.filter(code__in=found).order_by("code").values_list("code", "name")
    return {code: f"{name}本级" if code == asked.node else name for code, name in known}


def rows_of(rows: QuerySet, asked: Asked, column: str, key: str) -> QuerySet:
    """Return, of some disputes or reports, those that a number counts. ``key``: the line's, empty for the total.

    Raises KeyError for a column there is none of among these rows.
    """
    rows = _within(rows.filter(_of(rows.model)[column].when(asked.period)), asked.node)
    if not key:
        return rows
    if rows.model is ScreeningReport and asked.by not in OF_REPORTS:
        return rows.none()
    return _keyed(rows, asked).filter(line_key=key)
