"""What is told of incidents to everyone: this month's figures of a place, how much each community reports, what is reported
most, the course of a year, and the incidents that were made public.

It is asked for nobody in particular: what a visitor who has not signed in may count and read is public, and nothing else is
here. A community's numbers below ``LEAST`` are not told, nor one more of its street's that would give the only such number away
by subtraction; classes and months are told of streets and the district alone. The answer is kept for a minute and shared by
all processes, so that strangers cost the database next to nothing.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db import models
from django.db.models import Count
from django.utils import timezone

from governance.territory import GridLevel, lineage
from grids.drawing import Drawing, draw
from grids.models import Grid
from incidents import reports
from incidents.charts import NARROW, Chart, chart, told
from incidents.models import Incident, MajorClass
from incidents.models.incidents import DROPPED, IncidentStatus
from incidents.reports import FIGURES, By, Period, Scope, Value

#: A community's number below it could point at somebody.
LEAST = 3
#: Seconds for which an answer is kept, the course of the year longer, and for which an older one may still stand in.
KEPT, KEPT_YEAR, STALE = 60, 3600, 3600
#: What the month is told by.
HEADLINES = ("received", "closed", "closing", "punctual", "solved", "satisfied")
#: How many days the map looks back, and how many months the course of the year.
DAYS, MONTHS = 30, 12
#: So many public incidents are listed.
LATEST = 10
#: The steps of the map, each a little darker.
STEPS = ("少", "较少", "较多", "多")
#: Which of them are used where the numbers make fewer: so many steps -> the steps.
RUNGS = {1: (1,), 2: (1, 4), 3: (1, 3, 4), 4: (1, 2, 3, 4)}
FEW = "数量少，不公布"

#: Counted up when the answer's form changes, so that no process reads an answer of another form.
FORM = 2

NOBODY = AnonymousUser()


def rows_of(model: type[models.Model]) -> models.QuerySet:
    """Return the rows that everyone may count."""
    return model.objects.restrict(NOBODY, "count")


@dataclass(frozen=True)
class Spot:
    """One community on the map and in the list below it. ``step``: 0 for too few to tell, then 1 to 4."""

    code: str
    name: str
    count: str
    step: int
    words: str
    path: str = ""


# --- the answer, kept -----------------------------------------------------------------------------------------------------
def of_place(grid: Grid) -> dict[str, Any]:
    """Return what everyone may know of a district, a street or a community."""
    today = timezone.localdate()
    return kept(f"incidents.figures.{FORM}:{grid.code}:{today}", lambda: tell(grid.code, today))


def kept(key: str, make: Callable[[], Any], seconds: int = KEPT) -> Any:
    """Return what ``make`` gave within so many seconds. When it is older, one request makes it anew, and the others are
    answered with the older one meanwhile."""
    held = cache.get(key)
    if held is not None:
        made_at, answer = held
        if time.time() - made_at < seconds or not cache.add(f"{key}:making", True, 30):
            return answer
    answer = make()
    cache.set(key, (time.time(), answer), seconds + STALE)
    cache.delete(f"{key}:making")
    return answer


# --- the answer -----------------------------------------------------------------------------------------------------------
def tell(code: str, today: date) -> dict[str, Any]:
    """Return the figures of a place as of a day."""
    scope, now = Scope(code), timezone.now()
    month = Period(today.replace(day=1), today, now)
    recent = Period(today - timedelta(days=DAYS - 1), today, now)
    places = Grid.objects.restrict(NOBODY)
    communities = places.current().of_level(GridLevel.COMMUNITY).filter(code__startswith=code)
    names = dict(
        places.filter(level__lte=int(GridLevel.COMMUNITY), district_code=code[:6]).values_list("code", "name")
    )
    codes = list(communities.values_list("code", flat=True))
    # What holds a single community tells that community's numbers.
    least = LEAST if len(codes) < 2 else 0
    answer: dict[str, Any] = {
        "month": month,
        "headlines": headlines(scope, month, least),
        "latest": latest(scope, names),
        "days": DAYS,
    }
    if len(code) < GridLevel.COMMUNITY:
        answer["classes"] = classes(scope, recent, least)
        answer["chart"] = kept(
            f"incidents.year.{FORM}:{code}:{today}", lambda: year(scope, today, now, least), KEPT_YEAR
        )
        shapes = draw(communities.only("code", "boundary", "boundary_made_up"))
        spots, legend = load(scope, recent, names, codes, shapes)
        streets: dict[str, list[Spot]] = {}
        for spot in spots:
            streets.setdefault(spot.code[:9], []).append(spot)
        answer |= {
            "drawing": shapes,
            "spots": spots,
            "legend": legend,
            "streets": [(street, names.get(street, street), within) for street, within in streets.items()],
        }
    answer["above"] = [(each, names.get(each, each)) for each in lineage(code)[:-1]]
    return answer


def untold(counts: dict[str, int], codes: Iterable[str]) -> set[str]:
    """Return the communities whose number is not told: those below ``LEAST``, and where that is a single one of its street,
    the next smallest of the street too: the street's total less the other numbers would tell it."""
    streets: dict[str, list[str]] = {}
    for code in codes:
        streets.setdefault(code[:9], []).append(code)
    hidden: set[str] = set()
    for within in streets.values():
        smallest = sorted(within, key=lambda code: (counts.get(code, 0), code))
        below = sum(counts.get(code, 0) < LEAST for code in within)
        hidden.update(smallest[: 2 if below == 1 else below])
    return hidden


def headlines(scope: Scope, month: Period, least: int) -> list[dict[str, str]]:
    """Return what the month is told by."""
    if len(scope.node) < GridLevel.COMMUNITY:
        line = reports.tally(HEADLINES, rows_of, month, scope)[None]
        return [headline(line[key], line[key].all < least) for key in HEADLINES]
    table = reports.tally(HEADLINES, rows_of, month, Scope(scope.node[:9]), By.PLACE)
    places = Grid.objects.restrict(NOBODY).current().of_level(GridLevel.COMMUNITY)
    codes = list(places.filter(code__startswith=scope.node[:9]).values_list("code", flat=True))
    told_of = []
    for key in HEADLINES:
        counts = {code: line[key].all for code, line in table.items()}
        value = table[scope.node][key] if scope.node in table else Value(FIGURES[key])
        told_of.append(headline(value, scope.node in untold(counts, codes)))
    return told_of


def headline(value: Value, hidden: bool) -> dict[str, str]:
    """Return a figure in words; what stands on too few rows is not told."""
    label = {"received": "上报", "closed": "结案"}.get(value.figure.key, value.figure.label)
    if hidden or value.figure.is_rate and value.rate is None:
        return {"label": label, "note": FEW if hidden else "还没有"}
    if value.figure.is_rate:
        return {"label": label, "number": f"{reports.cut(value.rate)}%"}
    return {"label": label, "number": f"{value.all:,}", "unit": "件"}


def classes(scope: Scope, period: Period, least: int) -> list[dict[str, Any]]:
    """Return the major classes that were reported, most first; those too few to tell stand last, without an order."""
    table = reports.tally(("received",), rows_of, period, scope, By.KIND)
    names = dict(MajorClass.objects.values_list("pk", "name"))
    counts = {names[key]: line["received"].all for key, line in table.items() if line["received"].all}
    most = max(counts.values(), default=0)
    lines = sorted(counts.items(), key=lambda each: (-each[1] if each[1] >= least else 0, each[0]))
    return [
        {
            "name": name,
            "count": told(count, least),
            "share": 100 * count / most if count >= least else 0,
        }
        for name, count in lines
    ]


def year(scope: Scope, today: date, now: Any, least: int) -> Chart:
    """Return what came in and was closed in each of the last twelve months."""
    months = today.year * 12 + today.month - MONTHS
    since = date(months // 12, months % 12 + 1, 1)
    period = Period(since, today, now)
    courses = [reports.course(key, rows_of, period, scope) for key in ("received", "closed")]
    return chart(*courses, least=least, width=NARROW)


def load(
    scope: Scope, period: Period, names: dict[str, str], codes: list[str], shapes: Drawing | None
) -> tuple[list[Spot], list[tuple[int, str]]]:
    """Return the communities with how much each reports, and the legend: (step, words)."""
    figure = FIGURES["received"]
    rows = figure.rows(scope.narrow(rows_of(Incident)), period).order_by()
    counts = dict(rows.values_list("community_code").annotate(Count("pk")))
    # As many communities in each step as can be; equal numbers share a step, and the smallest stand in the first.
    hidden = untold(counts, codes)
    tellable = sorted(counts[code] for code in codes if code not in hidden)
    limits = {tellable[len(tellable) * part // len(STEPS)] for part in (1, 2, 3)} if tellable else set()
    limits -= set(tellable[:1])
    rungs = RUNGS[1 + len(limits)]

    def step(count: int) -> int:
        return rungs[sum(count >= limit for limit in limits)]

    spots = []
    for code in sorted(codes):
        count = counts.get(code, 0)
        place = 0 if code in hidden else step(count)
        spots.append(
            Spot(
                code,
                names[code],
                FEW if code in hidden else f"{count:,} 件",
                place,
                STEPS[place - 1] if place else "",
                shapes.paths.get(code, "") if shapes else "",
            )
        )
    within: dict[int, list[int]] = {}
    for count in tellable:
        within.setdefault(step(count), []).append(count)
    legend = [(0, FEW)] if hidden else []
    for place, found in sorted(within.items()):
        span = f"{found[0]}—{found[-1]}" if found[0] != found[-1] else str(found[0])
        legend.append((place, f"{STEPS[place - 1]} {span} 件"))
    return spots, legend


def latest(scope: Scope, names: dict[str, str]) -> list[dict[str, Any]]:
    """Return the newest public incidents: class, community, state, day and the words written for the public, nothing else."""
    rows = scope.narrow(Incident.objects.restrict(NOBODY, "disclose")).exclude(status__in=DROPPED)
    labels = dict(IncidentStatus.choices)
    return [
        {
            "title": title,
            "place": names.get(community, names.get(community[:9], "")),
            "status": labels[status],
            "state": status,
            "day": timezone.localdate(opened_at),
            "words": words,
        }
        for title, community, status, opened_at, words in rows.order_by("-opened_at", "-pk").values_list(
            "minor_class__name", "community_code", "status", "opened_at", "public_words"
        )[:LATEST]
    ]
