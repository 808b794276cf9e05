"""The transition table of a backlog matter under supervision: 挂牌 - 接收 - 化解 - 核实 - 挂销.

The city supervises and has no account here: what it decides is recorded by the district.
"""

from datetime import datetime

from django.utils import timezone

from governance import files
from governance.deadlines import end_of, later_day, remind_of
from governance.flow import STOP, Action, AlreadyDone, Change, Clock, Flow, Refused, on_tick
from governance.models import User
from mediation.models import Backlog, BacklogPhoto, BacklogStatus, BacklogStep

S = BacklogStatus
FINAL = frozenset({S.CLOSED, S.WITHDRAWN})
AT_WORK = frozenset({S.ASSIGNED, S.HANDLING, S.SETTLED})


# --- who ---------------------------------------------------------------------------------------------------------------
def for_unit(change: Change) -> None:
    """The guard of what the lead unit does.

    Raises Refused for everyone else, whatever her posts.
    """
    if not change.matter.is_of(change.actor):
        raise Refused(f"这件积案由{change.matter.unit}主办，由该单位{change.action.label}。")


def is_of_unit(backlog: Backlog, user: User) -> bool:
    """The ``ready`` that goes with ``for_unit``."""
    return backlog.is_of(user)


def for_street(change: Change) -> None:
    """The guard of what the helping street adds."""
    if not change.matter.is_helped_by(change.actor):
        raise Refused("协办情况由所在街道填写。")


def is_of_street(backlog: Backlog, user: User) -> bool:
    """The ``ready`` that goes with ``for_street``."""
    return backlog.is_helped_by(user)


def for_district(change: Change) -> None:
    """The guard of what the district decides: no street does, and nobody who answers for the lead unit."""
    if change.matter.is_of(change.actor):
        raise Refused(f"本单位主办的积案不能由本单位的人{change.action.label}，请由区里其他人办理。")
    if not change.matter.is_directed_by(change.actor):
        raise Refused(f"由区级{change.action.label}。")


def is_of_district(backlog: Backlog, user: User) -> bool:
    """The ``ready`` that goes with ``for_district``."""
    return backlog.is_directed_by(user)


# --- what --------------------------------------------------------------------------------------------------------------
def receive(change: Change) -> None:
    """Take it in, with what is going to be done."""
    change.matter.measures = change.note


def settle(change: Change) -> None:
    """Report what came of it, with pictures or scans where there are some."""
    change.matter.result = change.note
    if uploads := change.data.get("photos"):
        files.attach(BacklogPhoto, uploads, by=change.actor, backlog=change.matter)
        change.kept["photos"] = len(uploads)


def extended(change: Change) -> datetime:
    """Return the end of the later last day that the district sets."""
    return end_of(later_day(change, timezone.localdate(change.matter.due_at)))


def tell_overdue(change: Change) -> None:
    """Remind the lead unit, the street and whoever put it under supervision, once for each last day."""
    if change.matter.escalation:
        raise AlreadyDone
    change.matter.escalation = 1
    change.note = "已超过办结期限。"


BACKLOGS = Flow(
    Backlog,
    BacklogStep,
    S.ASSIGNED,
    [
        # --- the lead unit ---
        Action(
            "receive",
            "接收",
            frozenset({S.ASSIGNED}),
            S.HANDLING,
            needs="handle",
            guard=for_unit,
            effect=receive,
            ready=is_of_unit,
            reason=True,
            asks="化解措施",
            tell=("opener", "street"),
            hint="写明打算怎么化解、谁负责；不写当事人的姓名、电话和住址",
            news="主办单位已接收",
        ),
        Action(
            "progress",
            "报告进展",
            frozenset({S.HANDLING}),
            needs="handle",
            guard=for_unit,
            ready=is_of_unit,
            reason=True,
            asks="进展",
            tell=("opener", "street"),
            hint="可以多次报告；不写当事人的姓名、电话和住址",
            news="主办单位有新进展",
        ),
        Action(
            "settle",
            "报告化解",
            frozenset({S.HANDLING}),
            S.SETTLED,
            needs="handle",
            guard=for_unit,
            effect=settle,
            ready=is_of_unit,
            reason=True,
            asks="化解结果",
            tell=("opener", "street"),
            hint="问题解决了再报，由区级核实；不写当事人的姓名、电话和住址",
            news="主办单位报告已化解，请核实",
        ),
        # --- the street ---
        Action(
            "assist",
            "填写协办情况",
            AT_WORK,
            needs="assist",
            guard=for_street,
            ready=is_of_street,
            reason=True,
            asks="协办情况",
            tell=("lead", "opener"),
            hint="街道做了什么；不写当事人的姓名、电话和住址",
            news="街道填写了协办情况",
        ),
        # --- the district ---
        Action(
            "verify_pass",
            "核实通过",
            frozenset({S.SETTLED}),
            S.VERIFIED,
            needs="direct",
            guard=for_district,
            ready=is_of_district,
            clock=STOP,
            tell=("lead", "street", "opener"),
            hint="问题确已解决，报市级督办单位挂销",
            news="区级核实通过，待市级挂销",
        ),
        Action(
            "send_back",
            "退回再办",
            frozenset({S.SETTLED}),
            S.HANDLING,
            needs="direct",
            guard=for_district,
            ready=is_of_district,
            reason=True,
            tell=("lead", "street", "opener"),
            danger=True,
            hint="没有解决的，退回主办单位，期限不变",
            news="区级核实未通过，请继续化解",
        ),
        Action(
            "close",
            "登记挂销",
            frozenset({S.VERIFIED}),
            S.CLOSED,
            needs="direct",
            guard=for_district,
            ready=is_of_district,
            reason=True,
            asks="市级挂销的文号或说明",
            tell=("lead", "street", "opener"),
            hint="市级督办单位已同意挂销",
            news="市级已挂销",
        ),
        Action(
            "extend",
            "延长期限",
            AT_WORK,
            needs="direct",
            guard=for_district,
            ready=is_of_district,
            reason=True,
            clock=Clock(start=extended),
            tell=("lead", "street", "opener"),
            news="办结期限已延长",
        ),
        Action(
            "withdraw",
            "撤销挂牌",
            AT_WORK | {S.VERIFIED},
            S.WITHDRAWN,
            needs="direct",
            guard=for_district,
            ready=is_of_district,
            reason=True,
            tell=("lead", "street", "opener"),
            danger=True,
            hint="挂错了，或者不再督办的",
            news="已撤销挂牌，不再督办",
        ),
        Action(
            "tell_overdue",
            "超期提醒",
            AT_WORK,
            effect=tell_overdue,
            tell=("lead", "street", "opener"),
            news="已超过办结期限，请抓紧化解",
            system=True,
            hidden=True,
        ),
    ],
    final=FINAL,
)


@on_tick
def remind(now: datetime) -> int:
    """Write the reminders of what has become overdue; returns how many."""
    due = Backlog.objects.ongoing().filter(due_at__lte=now, escalation=0, status__in=AT_WORK).order_by("pk")
    return remind_of(BACKLOGS, due.values_list("pk", flat=True)[:500], "tell_overdue")
