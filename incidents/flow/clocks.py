"""How long each step of an incident may take. Office hours and working days by the calendar, dangers by the clock."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from governance import parameters, worktime
from governance.flow import Change, Clock, Refused, within_work
from incidents.models import Incident, LimitUnit, MinorClass, Receipt

#: A phone may have lain without network for so long before what it kept arrives.
OLDEST = timedelta(days=7)


def check_captured(captured: datetime | None, now: datetime, oldest: timedelta = OLDEST) -> None:
    """Refuse a time of capture that lies in the future or further back than ``oldest``, as long as a phone keeps a draft.

    Raises Refused at the field ``captured_at``.
    """
    if captured is not None and not now - oldest <= captured <= now + timedelta(minutes=10):
        raise Refused(f"发现时间应在最近 {oldest.days} 天以内，不能晚于现在。", "captured_at")


def limit_from(start: datetime, minor: MinorClass) -> datetime:
    """Return when an incident of this class must have been handled, its clock beginning at ``start``."""
    if minor.limit_unit == LimitUnit.CLOCK:
        return start + timedelta(hours=minor.limit)
    if minor.limit_unit == LimitUnit.DAY:
        return worktime.add_days(start, minor.limit)
    return worktime.add(start, timedelta(hours=minor.limit))


def receive_by(start: datetime, incident: Incident) -> datetime:
    """Return when whoever it was dispatched to must have taken it in: minutes by the clock on any day where life or property
    is at risk or water, power, gas or heat fails, else working days (Tianjin's Decree 39 on the hotline, its rules)."""
    receipt = Receipt.RISK if incident.is_urgent else incident.minor_class.receipt
    if receipt == Receipt.NORMAL:
        return worktime.add_days(start, parameters.value("incidents.receive_days"))
    return start + timedelta(minutes=parameters.value(f"incidents.receive_{receipt}"))


def yellow_at(incident: Incident, start: datetime, due: datetime) -> datetime:
    """Return when the light turns yellow: the class's share of the time has passed, by the clock where the limit is."""
    share = incident.minor_class.yellow_percent / 100
    if incident.minor_class.limit_unit == LimitUnit.CLOCK:
        return start + (due - start) * share
    return worktime.yellow_point(start, due, share)


def end_of(day: date) -> datetime:
    """Return the end of a day's office hours, on the next working day where that day is none."""
    while not worktime.is_workday(day):
        day += timedelta(days=1)
    return worktime.office_hours(day)[-1][1]


def midnight_after(day: date) -> datetime:
    """Return the end of a local day."""
    return datetime.combine(day + timedelta(days=1), time(), timezone.get_default_timezone())


ACCEPT = within_work(lambda: parameters.value("incidents.accept_within"))
DISPATCH = within_work(lambda: parameters.value("incidents.dispatch_within"))
VERIFY = within_work(lambda: parameters.value("incidents.verify_within"))
REWORK = within_work(lambda: parameters.value("incidents.rework_within"))
HANDLE = Clock(start=lambda change: limit_from(change.now, change.matter.minor_class))
BACKLOG = Clock(start=lambda change: end_of(change.matter.backlog_until))


def at_desk(change: Change) -> datetime:
    """Return the deadline of what came back to the desk: to accept it, or to dispatch it once accepted."""
    return (ACCEPT if change.matter.accepted_at is None else DISPATCH).start(change)


DESK = Clock(start=at_desk)


def as_reached(change: Change) -> datetime:
    """Return the deadline of an incident that was opened again: the class's where somebody has it, else the desk's."""
    return (HANDLE if change.status == "dispatched" else DESK).start(change)


REOPENED = Clock(start=as_reached)
