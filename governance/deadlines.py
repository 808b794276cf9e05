"""Deadlines in motion: the rows about time that every transition table has, and the ladder of escalation.

Overdue is computed from the deadline, never stored; what is stored is how far up people have been told, so that a run
that comes late, or twice, ends in the same rows.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from governance import parameters, worktime
from governance.flow import Action, Change, Clock, Flow, Refused
from governance.models import Matter, User
from governance.permissions import holders
from governance.territory import GridLevel

#: Levels told in turn, with the parameter that says how long after the deadline (None: at once).
RUNGS: list[tuple[GridLevel, str | None]] = [
    (GridLevel.COMMUNITY, None),
    (GridLevel.STREET, "ladder.street_after"),
    (GridLevel.DISTRICT, "ladder.district_after"),
]
#: How a rung is called in the timeline.
TOLD = {GridLevel.COMMUNITY: "社区", GridLevel.STREET: "街道", GridLevel.DISTRICT: "区里"}


def rung_due(due_at: datetime, now: datetime) -> int:
    """Return how many rungs must have been told by ``now`` about a matter due at ``due_at``."""
    if now < due_at:
        return 0
    passed = worktime.between(due_at, now)
    waits = [timedelta(hours=parameters.value(key)) if key else timedelta(0) for _, key in RUNGS]
    return sum(passed >= wait for wait in waits)


def escalate_action(states: frozenset[str], who: str) -> Action:
    """Return the table row by which the system climbs one rung; ``who`` is the permission whose holders are told."""

    def climb(change: Change) -> None:
        matter = change.matter
        matter.escalation += 1
        level = RUNGS[matter.escalation - 1][0]
        change.kept["level"] = int(level)
        change.note = f"已超过时限，已提醒{TOLD[level]}。"
        people = holders(who, matter.grid_id[: int(level)], unit_id=matter.unit_id)
        here = [
            p for p in people if any(post.code == matter.grid_id[: int(level)] for post in p.posts_in_force)
        ]
        change.told.append((here, f"超期提醒：{matter.title}"))

    return Action("escalate", "超期上报", states, effect=climb, system=True, hidden=True)


def time_actions(states: frozenset[str], needs: str) -> list[Action]:
    """Return the rows pause, resume and extend for these states; ``needs`` is the permission they take."""

    def pause_guard(change: Change) -> None:
        if change.matter.paused_at is not None:
            raise Refused("这件事已经暂停计时。")
        if change.matter.due_at is None:
            raise Refused("这件事没有在计时。")

    def resume_guard(change: Change) -> None:
        if change.matter.paused_at is None:
            raise Refused("这件事没有暂停。")

    def extend_guard(change: Change) -> None:
        hours = change.data.get("hours")
        if not isinstance(hours, int) or not 1 <= hours <= 400:
            raise Refused("请填写延长的工作小时数，1 到 400。", "hours")
        if change.matter.due_at is None or change.matter.paused_at is not None:
            raise Refused("没有在计时的事项不能延期。")

    def extended(change: Change) -> datetime:
        change.kept["hours"] = change.data["hours"]
        return worktime.add(max(change.matter.due_at, change.now), timedelta(hours=change.data["hours"]))

    return [
        Action(
            "pause",
            "暂停计时",
            states,
            needs=needs,
            reason=True,
            guard=pause_guard,
            clock=Clock(pause=True),
            ready=lambda matter, user: matter.due_at is not None and matter.paused_at is None,
            tell=("applicant",),
        ),
        Action(
            "resume",
            "恢复计时",
            states,
            needs=needs,
            guard=resume_guard,
            clock=Clock(resume=True),
            ready=lambda matter, user: matter.paused_at is not None,
        ),
        Action(
            "extend",
            "延长时限",
            states,
            needs=needs,
            reason=True,
            guard=extend_guard,
            clock=Clock(start=extended),
            ready=lambda matter, user: matter.due_at is not None and matter.paused_at is None,
            tell=("applicant",),
        ),
    ]


def climb_all(flow: Flow, now: datetime, batch: int = 500) -> int:
    """Bring every overdue matter of one kind to the rung it should be on; returns the number of steps written."""
    system, done, after = User.objects.system(), 0, 0
    model: type[Matter] = flow.model
    states = flow.actions["escalate"].sources
    while True:
        rows = list(
            model._base_manager.filter(
                closed_at=None,
                paused_at=None,
                due_at__lte=now,
                escalation__lt=len(RUNGS),
                status__in=states,
                pk__gt=after,
            ).order_by("pk")[:batch]
        )
        if not rows:
            return done
        for matter in rows:
            for _ in range(rung_due(matter.due_at, now) - matter.escalation):
                flow.run(matter, "escalate", by=system)
                done += 1
        after = rows[-1].pk


# --- last days: what is due by the end of a day that a person names --------------------------------------------------
#: The last day may lie so far ahead.
MOST_DAYS = 3 * 366


def end_of(day: date) -> datetime:
    """Return the moment at which a last day ends."""
    return timezone.make_aware(datetime.combine(day, time(23, 59)))


def check_last_day(day: date | None, after: date) -> date:
    """Return a last day that lies after ``after`` and not years ahead.

    Raises Refused at ``due_on``.
    """
    if not isinstance(day, date) or not after < day <= timezone.localdate() + timedelta(days=MOST_DAYS):
        raise Refused(f"请填写 {after:%Y-%m-%d} 以后、三年以内的日期。", "due_on")
    return day


def later_day(change: Change, now_due: date) -> date:
    """Return the later last day, ``due_on`` of the action's data, that follows ``now_due``; the step keeps it.

    Raises Refused at ``due_on``.
    """
    day = check_last_day(change.data.get("due_on"), max(now_due, timezone.localdate()))
    change.kept["due_on"] = day.isoformat()
    return day


def remind_of(flow: Flow, keys: Iterable[int], action: str) -> int:
    """Let the system carry out its reminder on each of these matters; returns how many."""
    system, done = User.objects.system(), 0
    for key in list(keys):
        flow.run(key, action, by=system)
        done += 1
    return done
