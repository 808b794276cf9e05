"""The transition table of a service order: 点单 - 派单 - 接单 - 服务 - 确认 - 评价."""

from datetime import datetime, timedelta

from django.utils import timezone

from governance import parameters, worktime
from governance.deadlines import escalate_action, time_actions
from governance.flow import Action, Change, Clock, Flow
from governance.models import User
from volunteers.flow import claims, dispatch
from volunteers.flow.claims import has_claim
from volunteers.models import Order, OrderStep
from volunteers.models.orders import RUNNING, OrderStatus

S = OrderStatus
AT_DESK = frozenset({S.PLACED})
SOUGHT = frozenset({S.OPEN, S.ASSIGNED})
UNSERVED = frozenset({S.PLACED, S.OPEN, S.ASSIGNED, S.CLAIMED})
FINAL = frozenset({S.CONFIRMED, S.RATED, S.REJECTED, S.CANCELLED})


def accept_by(change: Change) -> datetime:
    """Return when the desk must have acted: after some office hours, and never later than the service is wanted."""
    hours = timedelta(hours=parameters.value("orders.accept_within"))
    soonest = change.now + timedelta(minutes=30)
    return min(worktime.add(change.now, hours), max(change.matter.wanted_from, soonest))


ACCEPT_CLOCK = Clock(start=accept_by)


def serve_by(change: Change) -> datetime:
    """Return when the service is overdue: some office hours after the wanted window ends."""
    grace = timedelta(hours=parameters.value("orders.serve_grace"))
    return worktime.add(max(change.matter.wanted_until, change.now), grace)


SERVE_CLOCK = Clock(start=serve_by)


def as_rescheduled(change: Change) -> datetime:
    """Return the deadline after a change of time: the new window's once the order is dispatched, the desk's until then."""
    return (
        change.matter.due_at
        if change.matter.status == S.PLACED and change.matter.due_at
        else serve_by(change)
    )


def confirm_by(change: Change) -> datetime:
    """Return when the community confirms in the resident's place."""
    return change.now + timedelta(days=parameters.value("orders.confirm_within"))


def served_it(order: Order, user: User) -> bool:
    """Whether the person holds a place on the order or has served it."""
    return not claims.is_anothers(order, user)


#: A complaint's words are between who may complain and who answers; the volunteer learns of it from the community.
COMPLAINT_READERS = frozenset({"complain", "dispatch"})


# --- the table ----------------------------------------------------------------------------------------------------
ORDERS = Flow(
    Order,
    OrderStep,
    S.PLACED,
    [
        Action(
            "open_claims",
            "开放接单",
            UNSERVED - {S.CLAIMED} - {S.OPEN},
            S.OPEN,
            needs="dispatch",
            guard=dispatch.window_ahead,
            effect=dispatch.open_to_claims,
            clock=SERVE_CLOCK,
            tell=("applicant",),
            hint="本社区在册志愿者都能看到并接单",
            news="已开放，等志愿者接单",
        ),
        Action(
            "assign_people",
            "派给志愿者",
            UNSERVED - {S.CLAIMED},
            S.ASSIGNED,
            needs="dispatch",
            guard=dispatch.window_ahead,
            effect=dispatch.assign_people,
            clock=SERVE_CLOCK,
            tell=("applicant",),
            hint="为所选的人留名额，须本人同意",
            news="已请志愿者答复",
        ),
        Action(
            "assign_team",
            "派给服务队",
            UNSERVED - {S.CLAIMED},
            S.ASSIGNED,
            needs="dispatch",
            guard=dispatch.window_ahead,
            effect=dispatch.assign_team,
            clock=SERVE_CLOCK,
            tell=("applicant",),
            hint="由队长安排队员",
            news="已派给服务队",
        ),
        Action(
            "return_back",
            "退回补充",
            AT_DESK,
            S.RETURNED,
            needs="dispatch",
            reason=True,
            clock=Clock(stop=True),
            tell=("applicant",),
            hint="请点单人补充说明后再提交",
            news="请补充说明后再提交",
        ),
        Action(
            "reject",
            "不予受理",
            AT_DESK,
            S.REJECTED,
            needs="dispatch",
            reason=True,
            effect=dispatch.reject,
            tell=("applicant",),
            danger=True,
            news="不予受理",
        ),
        Action(
            "muster",
            "安排队员",
            frozenset({S.ASSIGNED}),
            needs="muster",
            guard=dispatch.window_ahead,
            effect=dispatch.muster,
            ready=lambda order, user: order.unit_id is not None and not order.is_full,
        ),
        Action(
            "team_refuse",
            "退回社区",
            frozenset({S.ASSIGNED}),
            S.PLACED,
            needs="muster",
            reason=True,
            effect=dispatch.refuse_as_team,
            clock=ACCEPT_CLOCK,
            tell=("dispatchers",),
            ready=lambda order, user: order.unit_id is not None,
            news="服务队退回，请另行派单",
        ),
        Action(
            "claim",
            "接单",
            frozenset({S.OPEN, S.CLAIMED}),
            needs="claim",
            outcomes=frozenset({S.OPEN, S.CLAIMED}),
            effect=claims.claim,
            racing=True,
            tell=("applicant", "dispatchers"),
            ready=lambda order, user: (
                not order.is_full and not has_claim("held", "invited", "offered")(order, user)
            ),
            news="志愿者已接单",
        ),
        Action(
            "wait",
            "候补",
            frozenset({S.OPEN, S.CLAIMED}),
            needs="claim",
            effect=claims.wait,
            racing=True,
            ready=lambda order, user: (
                order.is_full and not has_claim(*("held", "invited", "offered", "waiting"))(order, user)
            ),
        ),
        Action(
            "agree",
            "同意服务",
            SOUGHT | {S.CLAIMED},
            needs="answer",
            outcomes=SOUGHT | {S.CLAIMED},
            effect=claims.agree,
            racing=True,
            tell=("applicant", "dispatchers", "team"),
            ready=has_claim("invited", "offered"),
            news="志愿者已同意服务",
        ),
        Action(
            "decline",
            "谢绝",
            SOUGHT | {S.CLAIMED},
            needs="answer",
            outcomes=UNSERVED,
            effect=claims.decline,
            racing=True,
            tell=("dispatchers", "team"),
            ready=has_claim("invited", "offered", "waiting"),
            news="志愿者谢绝了",
        ),
        Action(
            "release",
            "退出接单",
            SOUGHT | {S.CLAIMED},
            needs="answer",
            reason=True,
            outcomes=UNSERVED,
            effect=claims.release,
            readers=frozenset({"dispatch", "muster"}),
            racing=True,
            tell=("applicant", "dispatchers", "team"),
            ready=has_claim("held"),
            danger=True,
            news="志愿者退出，正在另找人",
        ),
        Action(
            "check_in",
            "签到",
            RUNNING,
            needs="serve",
            outcomes=frozenset({S.SERVING}),
            effect=claims.check_in,
            racing=True,
            tell=("applicant",),
            ready=lambda order, user: order.claims.filter(
                volunteer__applicant=user, status="held", checked_in_at=None
            ).exists(),
            news="志愿者已到，服务开始",
        ),
        Action(
            "check_out",
            "签退",
            frozenset({S.SERVING}),
            needs="serve",
            outcomes=frozenset({S.SERVING, S.SERVED}),
            effect=claims.check_out,
            racing=True,
            clock=Clock(start=confirm_by),
            tell=("applicant", "beneficiary"),
            ready=lambda order, user: order.claims.filter(
                volunteer__applicant=user, status="held", checked_in_at__isnull=False
            ).exists(),
            news="服务结束，请确认",
        ),
        Action(
            "enter_times",
            "补录时间",
            RUNNING,
            needs="dispatch",
            reason=True,
            outcomes=frozenset({S.SERVING, S.SERVED}),
            guard=claims.by_another,
            effect=claims.enter_times,
            clock=Clock(start=confirm_by),
            tell=("applicant", "volunteers"),
            ready=lambda order, user: (
                order.claims.filter(status="held").exists() and claims.is_anothers(order, user)
            ),
            news="社区补录了服务时间",
        ),
        Action(
            "mark_absent",
            "未到场",
            RUNNING,
            needs="dispatch",
            reason=True,
            outcomes=UNSERVED | {S.SERVING, S.SERVED},
            effect=claims.mark_absent,
            tell=("applicant",),
            ready=lambda order, user: (
                order.wanted_from <= timezone.now()
                and order.claims.filter(status="held", checked_in_at=None).exists()
            ),
            danger=True,
            news="志愿者未到场",
        ),
        Action(
            "confirm",
            "确认完成",
            frozenset({S.SERVED}),
            S.CONFIRMED,
            guard=claims.by_another,
            effect=dispatch.confirm,
            tell=("applicant", "beneficiary", "served"),
            ready=claims.is_anothers,
            news="服务已确认，时长已记入",
        ),
        Action(
            "rate",
            "评价",
            frozenset({S.CONFIRMED}),
            S.RATED,
            effect=dispatch.rate,
            tell=("dispatchers", "served"),
            news="点单人作了评价",
        ),
        Action(
            "complain",
            "投诉",
            frozenset({S.CLAIMED, S.SERVING, S.SERVED, S.CONFIRMED, S.RATED}),
            reason=True,
            effect=dispatch.complain,
            asks="投诉的内容",
            kept_from=served_it,
            readers=COMPLAINT_READERS,
            tell=("dispatchers",),
            danger=True,
            ready=lambda order, user: not order.complaint_open,
            news="收到投诉，请答复",
        ),
        Action(
            "answer_complaint",
            "答复投诉",
            frozenset({S.CLAIMED, S.SERVING, S.SERVED, S.CONFIRMED, S.RATED}),
            needs="dispatch",
            reason=True,
            guard=claims.by_another,
            effect=dispatch.answer_complaint,
            asks="答复的内容",
            kept_from=served_it,
            readers=COMPLAINT_READERS,
            tell=("applicant", "beneficiary"),
            ready=lambda order, user: order.complaint_open and claims.is_anothers(order, user),
            news="投诉已答复",
        ),
        Action(
            "amend",
            "补充说明",
            frozenset({S.PLACED, S.RETURNED}),
            S.PLACED,
            effect=dispatch.amend,
            clock=ACCEPT_CLOCK,
            tell=("dispatchers",),
            news="点单人作了补充",
        ),
        Action(
            "reschedule",
            "改时间人数",
            UNSERVED,
            needs="dispatch",
            reason=True,
            outcomes=UNSERVED,
            effect=dispatch.reschedule,
            clock=Clock(start=as_rescheduled),
            tell=("applicant", "volunteers"),
            news="时间或人数有改动",
        ),
        Action(
            "dispatch_anew",
            "收回重派",
            SOUGHT | {S.CLAIMED},
            S.PLACED,
            needs="dispatch",
            reason=True,
            effect=dispatch.dispatch_anew,
            clock=ACCEPT_CLOCK,
            tell=("applicant",),
            news="社区收回，将重新派单",
        ),
        Action(
            "cancel",
            "取消点单",
            UNSERVED | {S.RETURNED},
            S.CANCELLED,
            reason=True,
            effect=dispatch.cancel,
            tell=("applicant", "beneficiary", "dispatchers"),
            danger=True,
            news="点单已取消",
        ),
        *time_actions(UNSERVED | {S.SERVING}, "dispatch"),
        Action(
            "entrust",
            "交给认领人",
            AT_DESK,
            outcomes=SOUGHT | {S.CLAIMED},
            effect=dispatch.entrust,
            clock=SERVE_CLOCK,
            tell=("dispatchers",),
            news="转来的单已交给认领人或开放接单",
            system=True,
            hidden=True,
        ),
        Action(
            "call_off",
            "撤回",
            UNSERVED | {S.RETURNED},
            S.CANCELLED,
            reason=True,
            effect=dispatch.close_without_service,
            tell=("dispatchers",),
            news="转来的事项已撤回，不用服务了",
            system=True,
            hidden=True,
        ),
        Action("widen", "扩大范围", frozenset({S.OPEN}), effect=dispatch.widen, system=True, hidden=True),
        Action(
            "expire_offers",
            "候补逾期",
            SOUGHT | {S.CLAIMED},
            outcomes=UNSERVED,
            effect=claims.expire,
            system=True,
            hidden=True,
        ),
        Action(
            "confirm_late",
            "逾期代为确认",
            frozenset({S.SERVED}),
            S.CONFIRMED,
            effect=dispatch.confirm,
            system=True,
            hidden=True,
            tell=("applicant", "beneficiary", "dispatchers", "served"),
            news="逾期未确认，已代为确认",
        ),
        escalate_action(UNSERVED | {S.SERVING}, "volunteers.dispatch_order"),
    ],
    final=FINAL,
    unmet=frozenset({S.REJECTED, S.CANCELLED}),
)
