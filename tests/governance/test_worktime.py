"""Working time: office hours, holidays, make-up days, and years the calendar does not know."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from governance import worktime

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-23T08:30", 4, "2026-11-23T14:30"),  # over the lunch break
        ("2026-11-23T07:00", 1, "2026-11-23T09:30"),  # before opening counts from opening
        ("2026-11-23T17:00", 2, "2026-11-24T09:30"),  # into the next day
        ("2026-11-20T17:00", 2, "2026-11-23T09:30"),  # over a weekend
        ("2026-09-30T17:00", 2, "2026-10-08T09:30"),  # over the National Day holiday
        ("2026-10-10T08:30", 4, "2026-10-10T14:30"),  # a Saturday made up for
        ("2026-11-22T12:00", 0, "2026-11-23T08:30"),  # no time at all, on a Sunday: the next opening
    ],
)
def test_deadlines_count_office_hours(start, hours, due):
    assert worktime.add(at(start), timedelta(hours=hours)) == at(due)


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        ("2026-11-23T08:30", True), ("2026-11-23T08:29", False), ("2026-11-23T12:00", False), ("2026-11-22T10:00", False),
        ("2026-10-10T10:00", True),  # a Saturday made up for
    ],
)  # fmt: skip
def test_office_time(moment, open_):
    assert worktime.is_office_time(at(moment)) is open_


def test_years_without_an_arrangement_count_weekends_and_say_so():
    assert worktime.is_estimate(date(2027, 10, 1))
    assert worktime.is_workday(date(2027, 10, 1))  # a Friday; the holiday is not known yet
    assert not worktime.is_workday(date(2027, 10, 2))
    assert not worktime.is_estimate(date(2026, 10, 1))


def test_a_negative_span_is_an_error():
    with pytest.raises(ValueError, match="negative"):
        worktime.add(at("2026-11-23T08:30"), timedelta(hours=-1))


moments = st.integers(0, 350 * 24 * 60).map(
    lambda minutes: at("2026-01-01T00:00") + timedelta(minutes=minutes)
)
spans = st.integers(0, 60 * 40).map(lambda minutes: timedelta(minutes=minutes))


@given(moments, spans)
def test_what_was_added_is_what_lies_between(start, span):
    assert worktime.between(start, worktime.add(start, span)) == span


@given(moments, spans, spans)
def test_adding_in_two_parts_is_adding_at_once(start, one, two):
    # Nothing added where a pause begins ends when the pause does, and something when it begins.
    if one and two:
        assert worktime.add(worktime.add(start, one), two) == worktime.add(start, one + two)


@given(moments, st.integers(1, 60 * 40).map(lambda m: timedelta(minutes=m)))
def test_yellow_leaves_a_quarter(start, span):
    due = worktime.add(start, span)
    yellow = worktime.yellow_point(start, due)
    assert start <= yellow <= due
    assert worktime.between(yellow, due) == span / 4


def test_a_span_without_office_hours_turns_by_the_clock():
    saturday = at("2026-11-21T08:00")
    assert worktime.yellow_point(saturday, saturday + timedelta(hours=8)) == saturday + timedelta(hours=6)
