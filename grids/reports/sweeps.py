"""What is counted of a sweep: coverage while it runs, by grid, and what it had found when it was closed."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db.models import Count, DecimalField, Max, Min, Q, QuerySet, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from governance import intake
from governance.territory import GridLevel
from grids.models import Grid, Sweep, SweepTarget
from grids.questionnaire import options_of


@dataclass(frozen=True)
class Counts:
    """How far one place is. ``absent``: nobody was there yet; it counts as left, apart."""

    total: int = 0
    done: int = 0
    absent: int = 0
    exempt: int = 0
    findings: int = 0

    @property
    def left(self) -> int:
        """What nobody has been at."""
        return self.total - self.done - self.absent - self.exempt

    @property
    def covered(self) -> int:
        """What needs nobody to go there any more."""
        return self.done + self.exempt

    @property
    def percent(self) -> int:
        """The covered part, a whole number that is 100 only where nothing is left."""
        return self.covered * 100 // self.total if self.total else 0

    @property
    def has_begun(self) -> bool:
        return self.left < self.total

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.total + other.total,
            self.done + other.done,
            self.absent + other.absent,
            self.exempt + other.exempt,
            self.findings + other.findings,
        )


def coverage(targets: QuerySet[SweepTarget]) -> dict[str, Counts]:
    """Return how far each base grid is, of the targets of one sweep that a person may view. One statement."""
    return counted(targets, "grid")


def counted(targets: QuerySet[SweepTarget], by: str) -> dict[Any, Counts]:
    """Return the counts of targets by one of their columns. One statement."""
    rows = (
        targets.order_by()
        .values(by)
        .annotate(
            total=Count("*"),
            done=Count("outcome", filter=Q(outcome="done")),
            absent=Count("outcome", filter=Q(outcome="absent")),
            exempt=Count("outcome", filter=Q(outcome="exempt")),
            findings=Count("outcome", filter=Q(is_finding=True)),
        )
    )
    return {row.pop(by): Counts(**row) for row in rows}


def of_report(sweep: Sweep) -> Counts:
    """Return the counts that an ended sweep's report was frozen with."""
    total = sweep.report["total"]
    return Counts(**{each.name: total[each.name] for each in fields(Counts)})


def rolled_up(by_grid: dict[str, Counts], level: int) -> dict[str, Counts]:
    """Return the counts of the places of a level, in the order of their codes."""
    found: dict[str, Counts] = {}
    for code, counts in sorted(by_grid.items()):
        found[code[:level]] = found.get(code[:level], Counts()) + counts
    return found


def whole(by_grid: dict[str, Counts]) -> Counts:
    """Return all of it together."""
    return sum(by_grid.values(), Counts())


def lagging(sweep: Sweep, percent: int) -> dict[str, Counts]:
    """Return the base grids of a sweep of which less than so many percent are covered."""
    rows = coverage(SweepTarget.objects.filter(sweep=sweep))
    return {code: counts for code, counts in rows.items() if counts.percent < percent}


def frozen(sweep: Sweep, now: datetime) -> dict[str, Any]:
    """Return the report of a sweep as it is now: the counts of each place and what was answered to each question."""
    targets = SweepTarget.objects.filter(sweep=sweep)
    by_grid = coverage(targets)
    codes = {code[:level] for code in by_grid for level in GridLevel.values if level >= len(sweep.grid_id)}
    names = dict(Grid.objects.filter(code__in=codes).values_list("code", "name"))
    places = []
    for level in (GridLevel.STREET, GridLevel.COMMUNITY, GridLevel.BASE):
        if level > len(sweep.grid_id) or level == GridLevel.BASE:
            places += [
                {"code": code, "name": names.get(code, code), **as_dict(counts)}
                for code, counts in rolled_up(by_grid, level).items()
            ]
    return {
        "edition": 1,
        "at": now.isoformat(),
        "total": as_dict(whole(by_grid)),
        "places": sorted(places, key=lambda place: place["code"]),
        "questions": [tally(targets, question) for question in sweep.questions],
        "late": targets.filter(done_at__gt=sweep.deadline).count(),
        "handed_on": intake.handed_on("sweep", targets.filter(is_finding=True)),
    }


def as_dict(counts: Counts) -> dict[str, int]:
    """Return counts as they are kept."""
    return {
        "total": counts.total,
        "done": counts.done,
        "absent": counts.absent,
        "exempt": counts.exempt,
        "findings": counts.findings,
        "left": counts.left,
        "percent": counts.percent,
    }


def tally(targets: QuerySet[SweepTarget], question: dict[str, Any]) -> dict[str, Any]:
    """Return what was answered to one question: how many answered, and by its kind the answers or their sum, least and most.

    What somebody wrote in her own words is counted and not repeated: it may speak of a person.
    """
    path = f"answers__{question['key']}"
    rows = targets.filter(outcome="done", answers__has_key=question["key"]).order_by()
    told = {
        "key": question["key"],
        "label": question["label"],
        "kind": question["kind"],
        "unit": question["unit"],
    }
    if question["kind"] in ("yes_no", "choice"):
        counted = dict(rows.annotate(said=KT(path)).values_list("said").annotate(n=Count("*")))
        answers = [
            {"answer": each, "count": counted.get(each, 0), "finding": each in question["finding"]}
            for each in options_of(question)
        ]
        return {**told, "answered": sum(each["count"] for each in answers), "answers": answers}
    if question["kind"] == "number":
        number = Cast(KT(path), DecimalField(max_digits=14, decimal_places=2))
        sums = rows.annotate(number=number).aggregate(
            answered=Count("*"), sum=Sum("number"), least=Min("number"), most=Max("number")
        )
        return {**told, **{key: value if key == "answered" else plain(value) for key, value in sums.items()}}
    return {**told, "answered": rows.count()}


def plain(number: Any) -> int | float | None:
    """Return a number as JSON holds it."""
    if number is None:
        return None
    return int(number) if number == int(number) else float(number)
