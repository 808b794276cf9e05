"""Meetings as a calendar file (iCalendar, RFC 5545), for the calendars of phones and computers."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone
from icalendar import Calendar, Event, vText

from parties.models import Meeting, MeetingStatus

#: Behind the number, so that nobody else's event has the same name. It never changes: calendars know an event by it.
DOMAIN = "party-life.community-governance-portal"
#: A file holds so many meetings at most, and what was cancelled or held so many days back.
MOST, BACK = 500, timedelta(days=30)


def meetings_for(rows, now: datetime):
    """Return what a file holds of the meetings: what is planned from a month back on, and what was cancelled meanwhile."""
    rows = rows.exclude(status=MeetingStatus.HELD).filter(starts_at__gte=now - BACK)
    return rows.select_related("organisation").order_by("starts_at", "pk")[:MOST]


def calendar_file(meetings: Iterable[Meeting], name: str, now: datetime | None = None) -> bytes:
    """Return the meetings as a calendar file in local time. Nothing of members stands in it."""
    now = now or timezone.now()
    calendar = Calendar()
    calendar.add("prodid", f"-//{DOMAIN}//CN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", vText(name))
    calendar.add("x-wr-timezone", str(timezone.get_default_timezone()))
    for meeting in meetings:
        calendar.add_component(_event(meeting, now))
    calendar.add_missing_timezones()
    return calendar.to_ical()


def _event(meeting: Meeting, now: datetime) -> Event:
    cancelled = meeting.status == MeetingStatus.CANCELLED
    zone = timezone.get_default_timezone()
    words = meeting.kind_words
    title = words if meeting.title == words else f"{words}：{meeting.title}"
    event = Event()
    event.add("uid", f"{meeting.number}@{DOMAIN}")
    event.add("dtstamp", now)
    event.add("sequence", meeting.version)
    event.add("dtstart", timezone.localtime(meeting.starts_at, zone))
    event.add("dtend", timezone.localtime(meeting.ends_at, zone))
    event.add("summary", f"（已取消）{title}" if cancelled else title)
    event.add(
        "description",
        f"{meeting.organisation.name}\n主持：{meeting.host}" if meeting.host else meeting.organisation.name,
    )
    if meeting.place:
        event.add("location", meeting.place)
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    return event
