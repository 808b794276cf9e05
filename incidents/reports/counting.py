"""Counting figures: over whose rows, within which scope, broken down by what; a number and the rows it counts; a course."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, F
from django.db.models.functions import TruncDay, TruncMonth

from governance.models.matters import Channel
from governance.periods import EARLIEST, Period
from governance.permissions import EVERYTHING, NOTHING, rule_of
from governance.territory import COLUMN, level_of
from grids.succession import merged_into, present_place
from incidents.reports.figures import ALL, FIGURES, THOSE, Figure, Lines, Value


# --- whose -----------------------------------------------------------------------------------------------------------
def on_post(rows: models.QuerySet, user: Any) -> models.QuerySet:
    """Narrow rows within reach to those that the person's posts reach: her own affairs elsewhere are no figures of hers."""
    if user.is_superuser:
        return rows
    reached = rule_of(rows.model).jurisdiction(rows.model, user, "view")
    if reached is EVERYTHING:
        return rows
    return rows.none() if reached is NOTHING else rows.filter(reached)


def at_work(user: Any) -> Callable[[type[models.Model]], models.QuerySet]:
    """Return what gives the rows of a model that a person's figures count: what she may view by her posts. The rule is asked
    once for each model."""
    reached: dict[type[models.Model], models.QuerySet] = {}

    def rows_of(model: type[models.Model]) -> models.QuerySet:
        if model not in reached:
            reached[model] = on_post(model.objects.restrict(user, "view"), user)
        return reached[model]

    return rows_of


@dataclass(frozen=True)
class Scope:
    """The part of the rows that a table is about: at or below a node, of one major class."""

    node: str = ""
    major: int | None = None

    def narrow(self, rows: models.QuerySet) -> models.QuerySet:
        if self.node:
            rows = rows.filter(**{COLUMN.get(level_of(self.node), "grid"): self.node})
        return rows if self.major is None else rows.filter(minor_class__major=self.major)


class By(models.TextChoices):
    """Into which rows a table is broken down."""

    PLACE = "place", "下级区域"
    #: What lay in grids that are no more is counted under the one that took over.
    PRESENT = "present", "下级区域（按现在的网格）"
    UNIT = "unit", "承办单位"
    CHANNEL = "channel", "来源"
    KIND = "class", "类别"

    @property
    def is_place(self) -> bool:
        return self in (By.PLACE, By.PRESENT)

    def column(self, scope: Scope) -> str:
        """Return the column whose value a row is told by."""
        if self.is_place:
            return {0: "district_code", 6: "street_code", 9: "community_code"}.get(len(scope.node), "grid")
        if self is By.KIND:
            return "minor_class__major" if scope.major is None else "minor_class"
        return str(self.value)

    def key(self, text: str) -> Any:
        """Return a key as the column holds it. Raises ValueError for what can be none."""
        if text == NONE:
            return None
        if self in (By.UNIT, By.KIND):
            return int(text)
        if text not in Channel.values if self is By.CHANNEL else not is_digits(text):
            raise ValueError(text)
        return text


#: Stands for "of no unit" in an address.
NONE = "none"


def is_digits(text: str) -> bool:
    """Say whether a text is digits as a code has them, and nothing else."""
    return text.isascii() and text.isdigit()


# --- counting ----------------------------------------------------------------------------------------------------------
Table = dict[Any, dict[str, Value]]


def tally(
    keys: Iterable[str],
    rows_of: Callable[[type[models.Model]], models.QuerySet],
    period: Period,
    scope: Scope,
    by: By | None = None,
) -> Table:
    """Return the figures ``keys`` of a period, broken down: what tells a row -> figure -> value. One statement for each kind of
    lines, whatever is asked. Without ``by`` everything stands under None."""
    table: Table = {}
    asked: dict[Lines, list[Figure]] = {}
    for key in keys:
        asked.setdefault(FIGURES[key].lines, []).append(FIGURES[key])
    for lines, figures in asked.items():
        counts = {
            f"{figure.key}_{part}": Count("pk", filter=figure.condition(period, part))
            for figure in figures
            for part in figure.parts
        }
        rows = scope.narrow(rows_of(lines.model)).filter(lines.of(period)).order_by()
        if by is None:
            counted = [rows.aggregate(**counts)]
        else:
            counted = rows.values(told_by=F(by.column(scope))).annotate(**counts)
        for found in counted:
            line = table.setdefault(found.get("told_by"), {})
            for figure in figures:
                line[figure.key] = Value(
                    figure, found[f"{figure.key}_{ALL}"], found.get(f"{figure.key}_{THOSE}", 0)
                )
    for line in table.values():
        for key in keys:
            line.setdefault(key, Value(FIGURES[key]))
    return _as_now(table) if by is By.PRESENT else table


def _as_now(table: Table) -> Table:
    """Return a table with the rows of grids that are no more added to the one grid that took over from each; what was split stays."""
    now: Table = {}
    places = present_place([code for code in table if code])
    for code, line in table.items():
        there = now.setdefault(places.get(code, code), {})
        for key, value in line.items():
            there[key] = there[key] + value if key in there else value
    return now


def total(table: Table, keys: Iterable[str]) -> dict[str, Value]:
    """Return the sum of a table's rows."""
    return {key: sum((line[key] for line in table.values()), Value(FIGURES[key])) for key in keys}


# --- one number and its rows ---------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Cell:
    """One number of a table, as an address names it: a part of a figure in a period, within a scope, in one row."""

    figure: Figure
    part: str
    period: Period
    scope: Scope
    by: By | None = None
    key: Any = None

    def rows(self, rows: models.QuerySet) -> models.QuerySet:
        """Return those of ``rows`` that the number counts."""
        rows = self.figure.rows(self.scope.narrow(rows), self.period, self.part)
        return rows if self.by is None else rows.filter(**self._told())

    def _told(self) -> dict[str, Any]:
        column = self.by.column(self.scope)
        if self.by is By.PRESENT and self.key is not None:
            return {f"{column}__in": merged_into(self.key)}
        return {f"{column}__isnull": True} if self.key is None else {column: self.key}

    def __str__(self) -> str:
        """Return the cell as it stands in an address."""
        told = (self.by.value, NONE if self.key is None else self.key) if self.by else ("", "")
        major = "" if self.scope.major is None else self.scope.major
        parts = (
            self.figure.key,
            self.part,
            self.period.since,
            self.period.until,
            self.scope.node,
            major,
            *told,
        )
        return "~".join(str(part) for part in parts)

    @classmethod
    def read(cls, text: str, model: type[models.Model]) -> "Cell":
        """Return the cell that an address names.

        Raises ValueError for one that names none, or one of another model's figures.
        """
        parts = text.split("~")
        if len(parts) != 8 or parts[0] not in FIGURES or bool(parts[6]) != bool(parts[7]):
            raise ValueError(text)
        figure, part, node = FIGURES[parts[0]], parts[1], parts[4]
        if part not in figure.parts or figure.lines.model is not model:
            raise ValueError(text)
        if not all(is_digits(each) for each in (node, parts[5]) if each):
            raise ValueError(text)
        if node:
            level_of(node)  # raises for a length that is no level
        by = By(parts[6]) if parts[6] else None
        key = by.key(parts[7][:20]) if by else None
        period = Period(date.fromisoformat(parts[2]), date.fromisoformat(parts[3]))
        if not EARLIEST <= period.since <= period.until or period.until.year > period.now.year + 1:
            raise ValueError(text)
        major = int(parts[5][:9]) if parts[5] else None
        if isinstance(key, int) and not 0 <= key < 2**31:
            raise ValueError(text)
        return cls(figure, part, period, Scope(node, major), by, key)


# --- over time -----------------------------------------------------------------------------------------------------------
#: The moment by which each kind of lines belongs to a day.
MOMENT = {Lines.CAME_IN: "opened_at", Lines.CLOSED: "at", Lines.ANSWERED: "at"}
#: Up to so many days a course goes day by day, beyond it month by month.
MOST_DAYS = 62


def course(
    key: str,
    rows_of: Callable[[type[models.Model]], models.QuerySet],
    period: Period,
    scope: Scope,
) -> list[tuple[date, int]]:
    """Return how many rows a figure counts on each day, or in each month, of a period; days without any are in it."""
    figure = FIGURES[key]
    monthly = period.days > MOST_DAYS
    slot = (TruncMonth if monthly else TruncDay)(MOMENT[figure.lines], output_field=models.DateField())
    rows = figure.rows(scope.narrow(rows_of(figure.lines.model)), period).order_by()
    found = dict(rows.values_list(slot).annotate(Count("pk")))
    return [(day, found.get(day, 0)) for day in slots(period, monthly)]


def slots(period: Period, monthly: bool) -> list[date]:
    """Return the days of a period, or the first days of its months."""
    if not monthly:
        return [period.since + timedelta(days=number) for number in range(period.days)]
    months, day = [], period.since.replace(day=1)
    while day <= period.until:
        months.append(day)
        day = (day + timedelta(days=31)).replace(day=1)
    return months
