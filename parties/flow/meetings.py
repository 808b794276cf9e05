"""The transition table of a meeting: 安排 - 记录 - 补充和更正, or another day, or cancelled."""

from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from governance import files, parameters
from governance.flow import Action, AlreadyDone, Change, Clock, Flow, Refused, on_tick
from governance.models import User
from parties.frequency import fitting, roll_of
from parties.models import (
    Attendance,
    Meeting,
    MeetingKind,
    MeetingPhoto,
    MeetingStatus,
    MeetingStep,
    Member,
    Organisation,
)

S = MeetingStatus
PLANNED, HELD = frozenset({S.PLANNED}), frozenset({S.HELD})
#: A meeting is planned so far ahead, or entered so long afterwards.
MOST_AHEAD, MOST_BACK = timedelta(days=400), timedelta(days=800)


# --- who ---------------------------------------------------------------------------------------------------------------
def by_keeper(change: Change) -> None:
    """The guard of everything: the organisation's own people. Raises Refused for everyone else, whatever her posts."""
    if not change.matter.is_kept_by(change.actor):
        raise Refused(f"由“{change.matter.organisation.name}”的书记（组长）{change.action.label}。")


def is_keeper(meeting: Meeting, user: User) -> bool:
    """The ``ready`` that goes with ``by_keeper``."""
    return meeting.is_kept_by(user)


def is_due(meeting: Meeting, user: User) -> bool:
    """The ``ready`` of recording: on the day itself or later."""
    return is_keeper(meeting, user) and timezone.localdate(meeting.starts_at) <= timezone.localdate()


# --- what --------------------------------------------------------------------------------------------------------------
def check_kinds(organisation: Organisation, kinds: list[str]) -> list[str]:
    """Return the kinds in their usual order. Raises Refused at ``kinds`` for what this organisation does not hold."""
    chosen = [kind for kind in MeetingKind if kind in set(kinds)]
    if not chosen or len(chosen) != len(set(kinds)):
        raise Refused("请选择类别。", "kinds")
    fit = fitting(organisation)
    for kind in chosen:
        if kind not in fit:
            if kind == MeetingKind.COUNCIL and organisation.kind in (2, 3, 4):
                raise Refused("班子不足 3 人，没有支委会。请先由上级登记班子任职。", "kinds")
            raise Refused(f"{organisation.get_kind_display()}不开{kind.label}，请改选。", "kinds")
    if MeetingKind.COUNCIL in chosen and len(chosen) > 1:
        raise Refused("支委会应到的只是委员，请和其他会分开安排。", "kinds")
    return [str(kind) for kind in chosen]


def check_day(moment: datetime | None) -> datetime:
    """Return the time for which a meeting may be planned. Raises Refused at ``starts_at``."""
    now = timezone.now()
    if moment is None or not now - MOST_BACK <= moment <= now + MOST_AHEAD:
        first, last = timezone.localdate(now - MOST_BACK), timezone.localdate(now + MOST_AHEAD)
        raise Refused(f"请填写 {first:%Y-%m-%d}（补录的）到 {last:%Y-%m-%d} 之间的日期。", "starts_at")
    return moment


def record_until(change: Change) -> datetime:
    """Return until when a meeting is to be recorded: the end of a day, so many days after it."""
    day = timezone.localtime(change.matter.starts_at) + timedelta(days=parameters.value("life.record_days"))
    # What is entered afterwards has until the end of the next day.
    return max(day, timezone.localtime(change.now) + timedelta(days=1)).replace(
        hour=23, minute=59, second=0, microsecond=0
    )


def arrange(change: Change) -> None:
    """Change what was planned, save its day. Taken over is what was given."""
    meeting, given = change.matter, change.data
    _take_kinds(meeting, given)
    _words(meeting, given)


def _take_kinds(meeting: Meeting, given: dict[str, Any]) -> None:
    # What it is already it may stay, though the committee has shrunk meanwhile.
    if "kinds" in given and set(given["kinds"]) != set(meeting.kinds):
        meeting.kinds = check_kinds(meeting.organisation, given["kinds"])


def _words(meeting: Meeting, given: dict[str, Any]) -> None:
    for name in ("title", "place", "host", "lasts", "minutes", "others"):
        if given.get(name) is not None:
            setattr(meeting, name, given[name].strip() if isinstance(given[name], str) else given[name])
    if not meeting.title:
        raise Refused("请填写主题。", "title")


def reschedule(change: Change) -> None:
    """Put it on another day or in another place."""
    meeting = change.matter
    before = timezone.localtime(meeting.starts_at)
    meeting.starts_at = check_day(change.data.get("starts_at"))
    change.kept |= {"from": before.isoformat(), "to": timezone.localtime(meeting.starts_at).isoformat()}
    _words(meeting, {"place": change.data.get("place")})


def record(change: Change) -> None:
    """Write down what was: when, about what, who was there; pictures and scans go with it.

    ``attendance``: key of a member -> (state, reason), of everyone expected. Raises Refused at the field it concerns.
    """
    meeting, given = change.matter, change.data
    planned = timezone.localdate(meeting.starts_at)
    starts_at = check_day(given.get("starts_at") or meeting.starts_at)
    if starts_at > change.now:
        raise Refused("会还没有开，开过以后再记录。日期变了的，请先改期。", "starts_at")
    meeting.starts_at = starts_at
    _take_kinds(meeting, given)
    _words(meeting, given)
    if not meeting.minutes:
        raise Refused("请填写会议记录。", "minutes")
    keep_attendance(change, given.get("attendance"), planned)
    change.status = S.HELD
    add_photos(change)


def expected_at(meeting: Meeting, day: date) -> dict[int, Member]:
    """Return whom a meeting expects: the roll of a day and, once it is recorded, whoever stands there already."""
    people = {member.pk: member for member in roll_of(meeting.organisation, meeting.kinds, day)}
    if meeting.status == S.HELD:
        # Whoever was expected then stays so, though she has gone to another roll since.
        people |= {row.member_id: row.member for row in meeting.attendances.select_related("member")}
    return people


def keep_attendance(change: Change, given: dict[int, tuple[str, str]] | None, day: date) -> None:
    """Write down who was there; the counts go with the meeting. ``given`` None: everyone came. Who is not expected is left out."""
    meeting = change.matter
    people = expected_at(meeting, day)
    before = {row.member_id: row for row in meeting.attendances.all()}
    if given is None:
        given = dict.fromkeys(people, (Attendance.State.PRESENT, ""))
    if missing := set(people) - set(given):
        raise Refused(
            f"名册刚刚有变化，还有 {len(missing)} 人没有登记到会情况，请刷新页面再填。", "attendance"
        )
    rows, changed = [], {}
    for key, member in people.items():
        state, reason = given[key]
        if state not in Attendance.State.values:
            raise Refused("请选择到会、请假或缺席。", "attendance")
        reason = reason.strip() if state == Attendance.State.LEAVE else ""
        if state == Attendance.State.LEAVE and not reason:
            raise Refused("请假的要写明事由。", "attendance")
        votes = before[key].votes if key in before else member.stage == member.Stage.FULL
        if key in before and before[key].state != state:
            changed[str(key)] = [before[key].state, state]
        rows.append(Attendance(meeting=meeting, member=member, state=state, reason=reason[:60], votes=votes))
    meeting.expected = len(rows)
    meeting.present = sum(row.state == Attendance.State.PRESENT for row in rows)
    change.kept |= {"expected": meeting.expected, "present": meeting.present}
    if changed:
        change.kept["attendance"] = changed
    Attendance.objects.bulk_create(
        rows, batch_size=500, update_conflicts=True, unique_fields=["meeting", "member"],
        update_fields=["state", "reason", "votes"],
    )  # fmt: skip


def add_photos(change: Change) -> None:
    """Keep the pictures that came along."""
    if uploads := change.data.get("photos"):
        files.attach(MeetingPhoto, uploads, by=change.actor, meeting=change.matter)
        change.kept["photos"] = len(uploads)


def tell_late(change: Change) -> None:
    """Remind once that a meeting is not recorded."""
    if change.matter.escalation:
        raise AlreadyDone
    change.matter.escalation = 1
    change.note = "过了日子还没有记录。"


MEETINGS = Flow(
    Meeting,
    MeetingStep,
    S.PLANNED,
    [
        Action(
            "record", "记录", PLANNED, needs="hold", outcomes=HELD, guard=by_keeper, effect=record, ready=is_due,
            hint="没来的点一下改成请假或缺席，其他人默认到会", news="已记录",
        ),
        Action(
            "arrange", "修改安排", PLANNED, needs="hold", guard=by_keeper, effect=arrange, ready=is_keeper,
            tell=("keepers",), hint="主题、类别、地点、主持人", news="安排有变化",
        ),
        Action(
            "reschedule", "改期", PLANNED, needs="hold", guard=by_keeper, effect=reschedule, ready=is_keeper,
            reason=True, clock=Clock(start=record_until), tell=("keepers",), news="已改期",
        ),
        Action(
            "cancel", "取消", PLANNED, S.CANCELLED, needs="hold", guard=by_keeper, ready=is_keeper, reason=True,
            danger=True, tell=("keepers",), hint="日历里也会显示已取消", news="已取消",
        ),
        Action(
            "supplement", "补充", HELD, needs="hold", guard=by_keeper, effect=add_photos, ready=is_keeper, reason=True,
            asks="补充内容", hint="补充说明、照片或扫描件，原来的记录不变", news="有补充",
        ),
        Action(
            "correct", "更正", HELD, needs="hold", guard=by_keeper, effect=record, ready=is_keeper, reason=True,
            hint="改正记录里的错误，写明理由，办理记录里留痕", news="已更正",
        ),
        Action(
            "remind", "超期提醒", PLANNED, effect=tell_late, tell=("keepers",), news="过了日子还没有记录，请尽快记录",
            system=True, hidden=True,
        ),
        Action(
            "lapse", "随党组织撤销取消", PLANNED, S.CANCELLED, news="党组织已撤销，已取消", system=True, hidden=True,
        ),
    ],
    final=frozenset({S.HELD, S.CANCELLED}),
    yellow=lambda meeting, start, due: min(max(meeting.starts_at, start), due),
)  # fmt: skip


@on_tick
def remind_of_records(now: datetime) -> int:
    """Write the reminders of meetings that nobody has recorded in time; returns how many."""
    system, done = User.objects.system(), 0
    late = Meeting.objects.ongoing().filter(due_at__lte=now, escalation=0).order_by("pk")
    for key in list(late.values_list("pk", flat=True)[:500]):
        MEETINGS.run(key, "remind", by=system)
        done += 1
    return done
