"""The transition table of an election: 准备 - 请示 - 批复 - 推荐候选人 - 审查 - 选举 - 报结果 - 批复换届. What the meeting's numbers must be is
parties/electing.py's; the new people take their seats in parties/flow/closing.py."""

from datetime import datetime, time

from django.utils import timezone

from governance import worktime
from governance.flow import Action, AlreadyDone, Change, Clock, Flow, Refused, on_tick
from governance.models import User
from parties.flow import voting
from parties.flow.closing import close
from parties.models import Election, ElectionStatus, ElectionStep

S = ElectionStatus
FINAL = frozenset({S.CLOSED, S.WITHDRAWN})
OPEN = frozenset(S) - FINAL
BEFORE_MEETING = frozenset({S.PREPARING, S.REQUESTED, S.NOMINATING, S.PROPOSED, S.READY})
VOTED = frozenset({S.SHORT, S.ELECTED, S.COUNTED})
#: Working days to report after the meeting.
REPORT_DAYS = 10


# --- who ---------------------------------------------------------------------------------------------------------------
def asker_of(election: Election, action: str) -> int | None:
    """Return the key of whoever asked for what this action answers."""
    return election.asked_by_id if action in ("approve_shift", "refuse_shift") else election.reported_by_id


def by_superior(change: Change) -> None:
    """The guard of every decision: the superior's, of somebody who neither asked for this nor stands herself."""
    election: Election = change.matter
    asker = asker_of(election, change.action.name)
    if not election.organisation.is_decided_by(change.actor):
        raise Refused(f"由“{election.organisation}”的上级党组织办理。")
    if asker == change.actor.pk:
        raise Refused(f"您自己报请的事不能由您{change.action.label}，请由上级的其他人办理。")
    if election.is_run_by(change.actor):
        raise Refused(f"推荐候选人、登记选举的人不能{change.action.label}，请由上级的其他人办理。")
    if not election.is_decided_by(change.actor, asker):
        raise Refused(f"您是这次选举的候选人，不能由您{change.action.label}。")


def is_superior(election: Election, user: User) -> bool:
    """The ``ready`` that goes with ``by_superior``."""
    return election.is_decided_by(user)


def shift_asked(election: Election, user: User) -> bool:
    """The ``ready`` of an answer to a shift: one is asked for, and she decides."""
    return election.asked_day is not None and election.is_decided_by(user, election.asked_by_id)


# --- what --------------------------------------------------------------------------------------------------------------
def end_of(day) -> datetime:
    """Return the moment at which a day ends."""
    return timezone.make_aware(datetime.combine(day, time(23, 59)))


def planned(change: Change) -> datetime:
    """Return the end of the day on which the meeting is to be."""
    return end_of(change.matter.planned_on)


TO_PLAN = Clock(start=planned)
TO_REPORT = Clock(start=lambda change: worktime.add_days(change.now, REPORT_DAYS))


def report(change: Change) -> None:
    """Note who reported: she does not decide about it."""
    change.matter.reported_by = change.actor


def noted_document(change: Change) -> str:
    """Keep the document of a decision in the step's words. Returns it."""
    document = str(change.data.get("document") or "").strip()[:60]
    if document:
        change.note = "　".join(filter(None, (f"批复文号：{document}", change.note)))[:1000]
    return document


def approve(change: Change) -> None:
    """Keep the document of an approval."""
    change.matter.document = noted_document(change) or change.matter.document


def approve_result(change: Change) -> None:
    """Approve the result: the new people take their seats, the old ones leave, the new term begins."""
    election: Election = change.matter
    election.document = noted_document(change)
    close(change)


def ask_shift(change: Change) -> None:
    """Ask the superior for another day, within a year of the end of the term."""
    election: Election = change.matter
    election.asked_day = voting.check_shift(election, change.data.get("asked_day"))
    election.asked_by = change.actor
    change.kept["asked_day"] = election.asked_day.isoformat()


def approve_shift(change: Change) -> None:
    """Put the election on the day that was asked for; a later one prolongs the term of those in office."""
    election: Election = change.matter
    if election.asked_day is None:
        raise AlreadyDone
    noted_document(change)
    voting.shift(election)


def refuse_shift(change: Change) -> None:
    """Leave the day as it is."""
    if change.matter.asked_day is None:
        raise AlreadyDone
    change.matter.asked_day = change.matter.asked_by = None


def remind(change: Change) -> None:
    """Remind of what is late, once for each last day."""
    if change.matter.escalation:
        raise AlreadyDone
    change.matter.escalation = 1
    change.note = "已超过计划的日期。"


def _decision(name: str, label: str, source: str, target: str, **more) -> Action:
    given = {"needs": "decide", "guard": by_superior, "ready": is_superior, "tell": ("own",)}
    return Action(name, label, frozenset({source}), target, **(given | more))


def _own(name: str, label: str, sources, target=None, **more) -> Action:
    return Action(name, label, frozenset(sources), target, **({"needs": "hold"} | more))


ELECTIONS = Flow(
    Election,
    ElectionStep,
    S.PREPARING,
    [
        _own(
            "request", "报送换届请示", {S.PREPARING}, S.REQUESTED, effect=report, reason=True, asks="请示内容",
            tell=("superior",), hint="写明换届的时间、名额和办法，由上级批复", news="换届请示待批复",
        ),
        _own("amend", "修改方案", {S.PREPARING}, effect=voting.amend, clock=TO_PLAN, hint="会议、名额和计划日期"),
        _decision(
            "approve_request", "批复同意换届", S.REQUESTED, S.NOMINATING, effect=approve,
            hint="同意以后开始推荐候选人", news="换届请示已批复，请推荐候选人",
        ),
        _decision(
            "return_request", "退回请示", S.REQUESTED, S.PREPARING, reason=True, danger=True, news="换届请示被退回",
        ),
        _own(
            "nominate", "推荐候选人", {S.NOMINATING}, effect=voting.nominate, reason=True, asks="推荐意见",
            hint="从名册上的正式党员中推荐",
        ),
        _own(
            "drop", "撤下候选人", {S.NOMINATING, S.READY}, effect=voting.drop, reason=True, ready=voting.anybody_to_drop),
        _own(
            "leave_out", "登记不计入应到会", {S.NOMINATING, S.READY}, effect=voting.leave_out,
            ready=voting.counts_roll, hint="只选列出的原因，不写别的情况",
        ),
        _own(
            "count_in", "恢复计入应到会", {S.NOMINATING, S.READY}, effect=voting.count_in,
            ready=voting.anybody_left_out,
        ),
        _own(
            "propose", "上报候选人", {S.NOMINATING}, S.PROPOSED, effect=voting.propose, ready=voting.anybody_stands,
            tell=("superior",), hint="报上级党组织审查", news="候选人待审查",
        ),
        _decision(
            "approve_candidates", "审查同意候选人", S.PROPOSED, S.READY, effect=approve,
            hint="同意以后可以开会选举", news="候选人已审查同意，可以开会选举",
        ),
        _decision(
            "return_candidates", "退回候选人", S.PROPOSED, S.NOMINATING, reason=True, danger=True,
            news="候选人被退回，请重新推荐",
        ),
        _own(
            "hold", "登记选举结果", {S.READY}, outcomes=VOTED, effect=voting.hold, clock=TO_REPORT,
            hint="到会人数、选票和每个人的得票",
        ),
        _own(
            "repeat", "登记再次投票", {S.SHORT}, outcomes=VOTED, effect=voting.hold, ready=voting.anybody_left,
            hint="对没有选满的名额再投一次",
        ),
        _own(
            "write_in", "登记另选人", {S.READY, S.SHORT}, effect=voting.write_in,
            hint="选举人在选票上另选的人，登记以后填得票",
        ),
        _own(
            "fewer", "减少名额", {S.SHORT}, outcomes=VOTED, effect=voting.fewer, reason=True,
            asks="征求意见的情况", hint="经到会选举人半数以上同意",
        ),
        _own(
            "divide", "登记委员会选举", {S.ELECTED}, S.COUNTED, effect=voting.divide,
            hint="委员会从当选的委员中选出书记、副书记，其他委员分工",
        ),
        _own(
            "report", "上报选举结果", {S.COUNTED}, S.REPORTED, effect=report, tell=("superior",),
            hint="报上级党组织批复", news="选举结果待批复",
        ),
        _own(
            "recount", "更正登记", VOTED, S.READY, effect=voting.recount, reason=True, danger=True,
            hint="人数或得票登记错了的，清空以后重新登记；原来的数字留在办理记录里", clock=TO_PLAN,
        ),
        _decision(
            "approve_result", "批复选举结果", S.REPORTED, S.CLOSED, effect=approve_result,
            hint="批复以后新班子到任，原班子到前一天为止", news="选举结果已批复，新班子到任",
        ),
        _decision(
            "return_result", "退回选举结果", S.REPORTED, S.COUNTED, reason=True, danger=True, news="选举结果被退回",
        ),
        _own(
            "ask_shift", "申请延期或提前", BEFORE_MEETING, effect=ask_shift, reason=True, tell=("superior",),
            ready=lambda election, user: election.asked_day is None and election.term_ends is not None,
            hint="报上级批准，前后不超过一年", news="申请延期或提前换届",
        ),
        Action(
            "approve_shift", "批准延期或提前", BEFORE_MEETING, needs="decide", guard=by_superior, ready=shift_asked,
            effect=approve_shift, clock=TO_PLAN, tell=("own",), news="延期或提前换届已批准",
            hint="延期的，本届和在任班子的任期一起延长",
        ),
        Action(
            "refuse_shift", "不同意延期或提前", BEFORE_MEETING, needs="decide", guard=by_superior, ready=shift_asked,
            effect=refuse_shift, reason=True, danger=True, tell=("own",), news="延期或提前换届未获同意",
        ),
        _own(
            "withdraw", "撤回换届", OPEN, S.WITHDRAWN, reason=True, danger=True, tell=("own", "superior"),
            hint="登记错了，或者这次不换届", news="换届已撤回",
        ),
        Action(
            "remind", "超期提醒", OPEN, effect=remind, tell=("own", "superior"), system=True, hidden=True,
            news="换届超过了计划的日期，请抓紧办理",
        ),
    ],
    final=FINAL,
)  # fmt: skip


@on_tick
def remind_late(now: datetime) -> int:
    """Write the reminders of elections that are late; returns how many."""
    system, done = User.objects.system(), 0
    late = Election.objects.ongoing().filter(due_at__lte=now, escalation=0).order_by("pk")
    for key in list(late.values_list("pk", flat=True)[:500]):
        ELECTIONS.run(key, "remind", by=system)
        done += 1
    return done
