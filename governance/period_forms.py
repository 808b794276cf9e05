"""Which period a table of figures is about, as it is asked for."""

from collections.abc import Mapping
from datetime import date, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from governance.forms import day_field
from governance.periods import EARLIEST, Period

#: What is asked for most: key, words, and the days from today.
USUAL = {
    "today": ("今天", lambda today: (today, today)),
    "yesterday": ("昨天", lambda today: (today - timedelta(days=1), today - timedelta(days=1))),
    "week": ("本周", lambda today: (today - timedelta(days=today.weekday()), today)),
    "month": ("本月", lambda today: (today.replace(day=1), today)),
    "last_month": (
        "上月",
        lambda today: (
            (today.replace(day=1) - timedelta(days=1)).replace(day=1),
            today.replace(day=1) - timedelta(days=1),
        ),
    ),
    "year": ("今年", lambda today: (today.replace(month=1, day=1), today)),
}
DEFAULT = "month"


class PeriodForm(forms.Form):
    """The first and the last day. What cannot be a period is said at its field, and the usual one is shown meanwhile."""

    since = day_field("从")
    until = day_field("到")

    def clean_since(self) -> date:
        return _past(self.cleaned_data["since"])

    def clean_until(self) -> date:
        return _past(self.cleaned_data["until"])

    def clean(self) -> None:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since > until:
            raise ValidationError({"until": "截止日期不能早于起始日期。"})


def _past(day: date) -> date:
    if not EARLIEST <= day <= timezone.localdate():
        raise ValidationError(f"请填写 {EARLIEST.year} 年以后、不晚于今天的日期。")
    return day


def usual(key: str) -> Period:
    """Return one of the usual periods; the month for a key that is none."""
    since, until = USUAL[key if key in USUAL else DEFAULT][1](timezone.localdate())
    return Period(since, until)


def asked_period(given: Mapping[str, str]) -> tuple[Period, PeriodForm, str]:
    """Return the period that an address asks for, its form, and the key of the usual one, empty for days of one's own.

    What cannot be a period leaves the usual one.
    """
    key = given.get("period") if given.get("period") in USUAL else DEFAULT
    period = usual(key)
    if "since" not in given and "until" not in given:
        return period, PeriodForm(initial={"since": period.since, "until": period.until}), key
    form = PeriodForm(given)
    if form.is_valid():
        period = Period(form.cleaned_data["since"], form.cleaned_data["until"])
    return period, form, ""
