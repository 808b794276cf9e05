"""How long each part of a whistle may take: red by the clock, yellow and blue in office hours and working days."""

from datetime import datetime, timedelta

from governance import parameters, worktime
from governance.flow import Change, Clock, within_work
from incidents.models import Colour, Whistle, WhistleSlip, WhistleStatus


def report_by(start: datetime, colour: str) -> datetime:
    """Return when a department called at ``start`` must have reported in."""
    limit = parameters.value(f"whistles.{colour}_report")
    if colour == Colour.RED:
        return start + timedelta(minutes=limit)
    if colour == Colour.YELLOW:
        return worktime.add(start, timedelta(hours=limit))
    return worktime.add_days(start, limit)


def settle_by(start: datetime, colour: str) -> datetime:
    """Return when a department called at ``start`` must have a result; never before it must have reported in."""
    limit = parameters.value(f"whistles.{colour}_settle")
    due = start + timedelta(hours=limit) if colour == Colour.RED else worktime.add_days(start, limit)
    return max(due, report_by(start, colour))


def limits_text(colour: str) -> str:
    """Return the two limits of a colour in words."""
    report, settle = (parameters.value(f"whistles.{colour}_{part}") for part in ("report", "settle"))
    units = {
        Colour.RED: ("分钟", "小时"),
        Colour.YELLOW: ("工作小时", "个工作日"),
        Colour.BLUE: ("个工作日", "个工作日"),
    }[Colour(colour)]
    return f"{report} {units[0]}报到，{settle} {units[1]}有结果"


def yellow_at(matter: Whistle | WhistleSlip, start: datetime, due: datetime) -> datetime:
    """Return when the light turns yellow: three quarters of the time have passed, by the clock where the limit is."""
    colour = matter.colour if isinstance(matter, Whistle) else matter.whistle.colour
    if colour == Colour.RED:
        return start + (due - start) * 0.75
    return worktime.yellow_point(start, due)


DECIDE = within_work(lambda: parameters.value("whistles.decide_within"))
VERIFY = within_work(lambda: parameters.value("whistles.verify_within"))
ARBITRATE = within_work(lambda: parameters.value("whistles.arbitrate_within"))
REPORT = Clock(start=lambda change: change.matter.report_by)
SETTLE = Clock(start=lambda change: change.matter.settle_by)


def second_reply(start: datetime) -> datetime:
    """Return when the district's heads must have answered a second whistle."""
    return start + timedelta(hours=parameters.value("whistles.second_reply"))


def as_reached(change: Change) -> datetime:
    """Return the deadline of a whistle by the state that it reaches: the district's answer, the street's look or decision, or
    the departments' result."""
    if change.status == WhistleStatus.CALLED:
        return second_reply(change.now)
    if change.status == WhistleStatus.VERIFYING:
        return VERIFY.start(change)
    if change.status == WhistleStatus.FAILED:
        return DECIDE.start(change)
    return settle_by(change.now, change.matter.colour)


AS_REACHED = Clock(start=as_reached)
