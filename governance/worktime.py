"""Working time: the arithmetic of deadlines.

Counts office hours on working days by the State Council's yearly holiday arrangement (package chinesecalendar, make-up
workdays included). For years that the package does not know yet, weekends count as days off and nothing else; pages
say so next to the deadline (``is_estimate``).
"""

from datetime import date, datetime, time, timedelta

import chinese_calendar
from django.utils import timezone

from governance import parameters

_LATEST_KNOWN_YEAR = max(day.year for day in chinese_calendar.holidays)
_EARLIEST_KNOWN_YEAR = min(day.year for day in chinese_calendar.holidays)


def is_estimate(day: date) -> bool:
    """Say whether the holiday arrangement of that day's year is not known yet."""
    return not _EARLIEST_KNOWN_YEAR <= day.year <= _LATEST_KNOWN_YEAR


def is_workday(day: date) -> bool:
    """Say whether offices work on that day."""
    return day.weekday() < 5 if is_estimate(day) else chinese_calendar.is_workday(day)


def next_workday(after: date | None = None) -> date:
    """Return the first working day after a day (today when None)."""
    day = (after or timezone.localdate()) + timedelta(days=1)
    while not is_workday(day):
        day += timedelta(days=1)
    return day


def office_hours(day: date) -> list[tuple[datetime, datetime]]:
    """Return the day's working spans in local time; empty on a day off."""
    if not is_workday(day):
        return []
    zone = timezone.get_default_timezone()
    spans = []
    for part in ("morning", "afternoon"):
        start, end = (
            time.fromisoformat(parameters.value(f"work.{part}_{edge}")) for edge in ("from", "until")
        )
        spans.append((datetime.combine(day, start, zone), datetime.combine(day, end, zone)))
    return spans


def is_office_time(moment: datetime) -> bool:
    """Say whether offices are open at that moment."""
    return any(opens <= moment < closes for opens, closes in office_hours(timezone.localdate(moment)))


def add(start: datetime, worktime: timedelta) -> datetime:
    """Return the moment when ``worktime`` of office hours has passed since ``start``.

    Raises ValueError for a negative span.
    """
    if worktime < timedelta(0):
        raise ValueError("a span of working time cannot be negative")
    left = worktime
    day = timezone.localtime(start).date()
    while True:
        for opens, closes in office_hours(day):
            begins = max(opens, start)
            if begins < closes:
                if left <= closes - begins:
                    return begins + left
                left -= closes - begins
        day += timedelta(days=1)


def add_days(start: datetime, days: int) -> datetime:
    """Return when offices close on the ``days``-th working day after the day of ``start``; that day itself does not count.

    Raises ValueError for less than one day.
    """
    if days < 1:
        raise ValueError("a limit in working days has at least one day")
    day = timezone.localtime(start).date()
    while days:
        day += timedelta(days=1)
        days -= is_workday(day)
    return office_hours(day)[-1][1]


def between(start: datetime, end: datetime) -> timedelta:
    """Return the office hours from ``start`` to ``end``; zero when ``end`` is not later."""
    total = timedelta(0)
    day, last = timezone.localtime(start).date(), timezone.localtime(end).date()
    while day <= last:
        for opens, closes in office_hours(day):
            total += max(timedelta(0), min(closes, end) - max(opens, start))
        day += timedelta(days=1)
    return total


def yellow_point(start: datetime, due: datetime, share: float = 0.75) -> datetime:
    """Return when ``share`` of the working time from ``start`` to ``due`` has passed, three quarters unless told.

    A span without any office hours turns by the clock.
    """
    span = between(start, due)
    return add(start, span * share) if span else start + (due - start) * share
