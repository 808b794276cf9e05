"""What one process measures of the figures: the tables of the desk and of the public page beside the statements by hand that roll
up the same rows.

There is no table of sums behind the figures: both count rows, so the ratio is what the rule and the reports add, and the
milliseconds are what counting takes.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from benchmarks import cast, timing
from benchmarks.statements import send, statements_of
from incidents import disclosure, reports
from incidents.models import Callback, Closing, Incident
from incidents.reports import By, Period, Scope

COLUMN = {6: "district_code", 9: "street_code", 12: "community_code", 15: "grid_id"}
#: What the table of the desk shows, and its totals: the keys of incidents/reports.py.
KEYS = tuple(dict.fromkeys((*reports.COLUMNS, "received", "closed", "receipt", "returned", *reports.FUNNEL)))

CAME_IN = """
SELECT {by},
    count(*) FILTER (WHERE {inside}) AS received,
    count(*) FILTER (WHERE {inside} AND accepted_at IS NOT NULL) AS accepted,
    count(*) FILTER (WHERE {inside} AND (dispatched_at IS NOT NULL OR received_at IS NOT NULL)) AS dispatched,
    count(*) FILTER (WHERE {inside} AND (handled_at IS NOT NULL OR status IN ('closed', 'rated'))) AS handled,
    count(*) FILTER (WHERE {inside} AND status IN ('closed', 'rated')) AS finished,
    count(*) FILTER (WHERE {inside} AND closed_at IS NULL) AS unfinished,
    count(*) FILTER (WHERE {inside} AND status NOT IN ('rejected', 'withdrawn', 'merged', 'referred')) AS ours,
    count(*) FILTER (WHERE respond_by >= '{start}' AND respond_by < least('{end}'::timestamptz, '{now}')) AS to_answer,
    count(*) FILTER (WHERE respond_by >= '{start}' AND respond_by < least('{end}'::timestamptz, '{now}')
                     AND responded_at <= respond_by) AS answered,
    count(*) FILTER (WHERE {inside} AND receive_by < '{now}') AS to_receive,
    count(*) FILTER (WHERE {inside} AND receive_by < '{now}' AND received_at <= receive_by) AS received_in_time,
    count(*) FILTER (WHERE {inside} AND (dispatched_at IS NOT NULL OR received_at IS NOT NULL) AND returns > 0) AS returned
FROM incidents_incident o {join}
WHERE {reach} AND opened_at >= '{start}'::timestamptz - interval '15 days' AND opened_at < '{end}' GROUP BY 1
"""
CLOSED = """
SELECT {by}, count(*), count(*) FILTER (WHERE on_time), count(*) FILTER (WHERE NOT on_time)
FROM incidents_closing o {join} WHERE {reach} AND at >= '{start}' AND at < '{end}' GROUP BY 1
"""
ANSWERED = """
SELECT {by}, count(*), count(*) FILTER (WHERE solved), count(*) FILTER (WHERE satisfaction >= 4),
    count(*) FILTER (WHERE satisfaction < 4)
FROM incidents_callback o {join} WHERE {reach} AND at >= '{start}' AND at < '{end}' AND reached AND counted GROUP BY 1
"""
#: By what each table is told, and what must be joined for it.
TOLD_BY = {
    By.UNIT: ("o.unit_id", ""),
    By.KIND: ("m.major_id", "JOIN incidents_minorclass m ON m.id = o.minor_class_id"),
}

#: Sums that must agree: figures with their part, and the columns of the statement by hand.
CHECKED = {
    Incident: ((("received", "all"), ("closing", "all"), ("response", "those")), (1, 7, 9)),
    Closing: ((("closed", "all"), ("on_time", "all")), (1, 2)),
    Callback: ((("solved", "all"), ("solved", "those")), (1, 2)),
}


def periods() -> dict[str, Period]:
    """Return the last whole month, and the year up to now."""
    today = timezone.localdate()
    last = today.replace(day=1) - timedelta(days=1)
    return {
        "last month": Period(last.replace(day=1), last),
        "twelve months": Period(today - timedelta(days=364), today),
    }


def rivals_of(key: str, period: str, by: str) -> dict[str, Callable[[], Any]]:
    """Return the rivals for one table of one person: ``rule`` and ``hand`` are the statements alone, ``objects`` is the table in
    Python. Raises AssertionError when the numbers differ."""
    user, asked, told_by = cast.person(key), periods()[period], By(by)
    # Closings and answers are not for everyone; who may not see them has no columns of them.
    seen = [model for model in (Incident, Closing, Callback) if user.may("view", model)]
    keys = tuple(each for each in KEYS if reports.FIGURES[each].lines.model in seen)
    [post] = user.posts_with("incidents.view_incident")
    scope = Scope(post.code)

    def table() -> reports.Table:
        return reports.tally(keys, reports.at_work(user), asked, scope, told_by)

    reach = f"o.{COLUMN[len(post.code)]} = '{post.code}'" + (
        f" AND o.unit_id = {post.unit_id}" if post.unit_id else ""
    )
    below = COLUMN[min(15, len(post.code) + 3)]
    column, join = TOLD_BY.get(told_by, (f"o.{below}", ""))
    start, end = asked.start.isoformat(), asked.end.isoformat()
    filled = {
        "by": column, "join": join, "reach": reach, "start": start, "end": end, "now": asked.now.isoformat(),
        "inside": f"opened_at >= '{start}' AND opened_at < '{end}'",
    }  # fmt: skip
    by_hand = {
        model: statement.format(**filled)
        for model, statement in ((Incident, CAME_IN), (Closing, CLOSED), (Callback, ANSWERED))
        if model in seen
    }
    whole = reports.total(table(), keys)
    got, wanted = [], []
    for model, (compared, columns) in CHECKED.items():
        if model in seen:
            lines = send(by_hand[model])()
            got += [sum(line[column] for line in lines) for column in columns]
            wanted += [getattr(whole[figure], part) for figure, part in compared]
    assert got == wanted, f"{key}, {period}, {by}: {got} instead of {wanted}"
    return {"rule": send(*statements_of(table)), "hand": send(*by_hand.values()), "objects": table}


def measure(key: str, period: str, by: str, rounds: int) -> dict[str, Any]:
    """Measure one table. Returns milliseconds by rival, and how many incidents came in in the period."""
    user, asked = cast.person(key), periods()[period]
    came = reports.tally(("received",), reports.at_work(user), asked, Scope())[None]["received"].all
    return {"times": timing.in_turn(rivals_of(key, period, by), rounds, warm_up=1), "rows": came}


PUBLIC_MAP = """
SELECT community_code, count(*) FROM incidents_incident
WHERE {reach} AND opened_at >= '{start}' AND opened_at < '{end}' GROUP BY 1
"""
PUBLIC_COURSE = """
SELECT date_trunc('month', {column} AT TIME ZONE 'Asia/Shanghai'), count(*) FROM {table}
WHERE {reach} AND {column} >= '{start}' AND {column} < '{end}' GROUP BY 1
"""
PUBLIC_LATEST = """
SELECT m.name, o.community_code, o.status, o.opened_at, o.public_words FROM incidents_incident o
JOIN incidents_minorclass m ON m.id = o.minor_class_id
WHERE {reach} AND published_at IS NOT NULL AND status NOT IN ('rejected', 'withdrawn', 'merged', 'referred')
ORDER BY opened_at DESC, o.id DESC LIMIT 10
"""


def public_rivals(code: str) -> dict[str, Callable[[], Any]]:
    """Return the rivals for the public page of a place, with nothing kept: ``rule`` and ``hand`` are the statements that count
    (the map's shapes and names left out), ``objects`` is all of it in Python."""
    from grids.models import Grid

    today, now = timezone.localdate(), timezone.now()

    def told() -> dict[str, Any]:
        return disclosure.tell(code, today)

    counting = [each for each in statements_of(told) if "incidents_" in each.split(" FROM ", 1)[-1]]
    counting = [each for each in counting if '"incidents_majorclass"."id"' not in each.split(" FROM ", 1)[0]]
    tomorrow = Period(today, today).end.isoformat()
    month = Period(today.replace(day=1), today, now)
    recent = Period(today - timedelta(days=disclosure.DAYS - 1), today, now)
    months = today.year * 12 + today.month - disclosure.MONTHS
    since = Period(today.replace(year=months // 12, month=months % 12 + 1, day=1), today).start.isoformat()
    reach = f"o.{COLUMN[len(code)]} = '{code}'"
    plain = reach.removeprefix("o.")
    of_month = {
        "by": "1", "join": "", "reach": reach, "start": month.start.isoformat(), "end": tomorrow, "now": now.isoformat(),
        "inside": f"opened_at >= '{month.start.isoformat()}' AND opened_at < '{tomorrow}'",
    }  # fmt: skip
    by_hand = [
        *(statement.format(**of_month) for statement in (CAME_IN, CLOSED, ANSWERED)),
        f"SELECT m.major_id, count(*) FROM incidents_incident o {TOLD_BY[By.KIND][1]} WHERE {reach}"
        f" AND opened_at >= '{recent.start.isoformat()}' AND opened_at < '{tomorrow}' GROUP BY 1",
        PUBLIC_COURSE.format(
            column="opened_at", table="incidents_incident", reach=plain, start=since, end=tomorrow
        ),
        PUBLIC_COURSE.format(column="at", table="incidents_closing", reach=plain, start=since, end=tomorrow),
        PUBLIC_MAP.format(reach=plain, start=recent.start.isoformat(), end=tomorrow),
        PUBLIC_LATEST.format(reach=reach),
    ]
    assert Grid.objects.filter(code=code).exists()
    return {"rule": send(*counting), "hand": send(*by_hand), "objects": told}


def measure_public(code: str, rounds: int) -> dict[str, list[float]]:
    """Measure the public page of a place. Returns milliseconds by rival."""
    return timing.in_turn(public_rivals(code), rounds, warm_up=1)


def places() -> dict[str, str]:
    """Return where the public page is measured: words, code."""
    people = {key: cast.person(key).posts_in_force[0].code for key in ("street", "secretary")}
    return {"district": cast.DISTRICT, "street": people["street"], "community": people["secretary"]}


def fetch_public(code: str) -> tuple[float, int, int]:
    """Fetch the public page of a place as somebody who has not signed in, made anew. Returns milliseconds, bytes and 0."""
    from django.core.cache import cache
    from django.urls import reverse

    from benchmarks import pages

    cache.clear()
    return pages.visit("", reverse("figures_of", args=[code]), b"\0")
