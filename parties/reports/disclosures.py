"""How much each organisation disclosed in a month, by the seven kinds of the regulation."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone

from parties.models import Category, Disclosure, DisclosureStatus

S = DisclosureStatus
#: The seven kinds as headings of columns.
SHORT = {
    Category.DECISIONS: "学习贯彻", Category.GOALS: "目标任务", Category.EDUCATION: "教育培训", Category.BUILDING: "自身建设",
    Category.CONDUCT: "联系群众", Category.DISCIPLINE: "纪律", Category.OTHER: "其他",
}  # fmt: skip
#: Has been out.
WAS_OUT = (S.PUBLISHED, S.EXPIRED, S.WITHDRAWN, S.REPLACED)


@dataclass
class Line:
    """One organisation: its name and how much of each kind."""

    organisation: int
    name: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Category.values, 0))

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def month_of(text: str, today: date) -> date:
    """Return the first day of a month such as ``2026-11``; this month for what is none, or lies ahead or far back."""
    try:
        year, month = (int(part) for part in text.split("-"))
        first = date(year, month, 1)
    except ValueError:
        return today.replace(day=1)
    return first if date(2000, 1, 1) <= first <= today else today.replace(day=1)


def months(today: date) -> list[date]:
    """Return the first days of the last twelve months, the latest first."""
    found = [today.replace(day=1)]
    while len(found) < 12:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found


def ledger(user: Any, month: date) -> list[Line]:
    """Return a line for each organisation within reach that made something public in a month. One statement."""
    begin = timezone.make_aware(datetime.combine(month, time()))
    after = (month + timedelta(days=32)).replace(day=1)
    end = timezone.make_aware(datetime.combine(after, time()))
    rows = (
        Disclosure.objects.restrict(user, "keep")
        .filter(status__in=WAS_OUT, public_from__gte=begin, public_from__lt=end)
        .order_by()
        .values_list("organisation", "organisation__name", "category")
        .annotate(n=Count("pk"))
        .order_by("organisation__grid", "organisation__kind", "organisation")
    )
    lines: dict[int, Line] = {}
    for key, name, category, number in rows:
        lines.setdefault(key, Line(key, name)).counts[category] += number
    return list(lines.values())
