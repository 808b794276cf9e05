"""Who sits in at a centre on a day (今天谁坐班), read from its roster of weekdays."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from governance import worktime
from mediation.models import DutyShift

DAY_OFF = "放假，轮值可能暂停，去之前请先打电话。"
MADE_UP_FOR = "调休上班，轮值请先打电话问。"


@dataclass(frozen=True)
class Day:
    """One day at a centre: who sits in, and what is to be known of the day."""

    day: date
    shifts: tuple[DutyShift, ...]
    note: str = ""


def day_of(shifts: Iterable[DutyShift], day: date) -> Day:
    """Return a day by the weekday's roster. On a public holiday and on a weekend that is worked, a note says that the roster
    may differ."""
    off = not worktime.is_workday(day)
    note = DAY_OFF if off and day.weekday() < 5 else MADE_UP_FOR if not off and day.weekday() > 4 else ""
    return Day(day, tuple(shift for shift in shifts if shift.weekday == day.weekday()), note)


def week_of(shifts: Iterable[DutyShift], first: date) -> list[Day]:
    """Return seven days, beginning with ``first``."""
    shifts = list(shifts)
    return [day_of(shifts, first + timedelta(days=number)) for number in range(7)]
