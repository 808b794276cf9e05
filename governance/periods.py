"""Over which days a figure is taken, and with which it is compared."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property

from django.utils import timezone

#: The first day that can be asked for.
EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True)
class Period:
    """Whole local days, the first and the last included, as seen at the moment ``now``."""

    since: date
    until: date
    now: datetime = field(default_factory=timezone.now)

    @cached_property
    def start(self) -> datetime:
        """The first moment."""
        return _midnight(self.since)

    @cached_property
    def end(self) -> datetime:
        """The first moment after it."""
        return _midnight(self.until + timedelta(days=1))

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def before(self) -> "Period":
        """Return the period to compare with: the same days of the month or year before, else as many days right before."""
        if self.since.day == 1 and (self.since.year, self.since.month) == (self.until.year, self.until.month):
            last = self.since - timedelta(days=1)
            whole = (self.until + timedelta(days=1)).day == 1
            until = last if whole else last.replace(day=min(self.until.day, last.day))
            return replace(self, since=last.replace(day=1), until=until)
        if (self.since.month, self.since.day) == (1, 1) and self.since.year == self.until.year:
            return self.year_before()
        return replace(
            self, since=self.since - timedelta(days=self.days), until=self.since - timedelta(days=1)
        )

    def year_before(self) -> "Period":
        """Return the same days of the year before."""
        return replace(self, since=_last_year(self.since), until=_last_year(self.until))

    def __str__(self) -> str:
        first, last = self.since, self.until
        words = f"{first.year}年{first.month}月{first.day}日"
        if first == last:
            return words
        year = "" if first.year == last.year else f"{last.year}年"
        return f"{words}—{year}{last.month}月{last.day}日"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_default_timezone())


def _last_year(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
