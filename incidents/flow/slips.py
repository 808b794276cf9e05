"""The transition table of a department's slip: 签收 - 报到 - 承办 - 反馈 - 认可, or 异议 - 裁定."""

from dataclasses import replace
from datetime import datetime, timedelta

from governance import files, worktime
from governance.deadlines import escalate_action
from governance.flow import STOP, Action, Change, Clock, Flow, Refused
from governance.models import User
from governance.territory import GridLevel, level_of
from incidents.flow import blowing, whistle_clocks
from incidents.models import SlipPhoto, SlipStatus, WhistleSlip, WhistleSlipStep
from incidents.models.whistles import UNANSWERED

S = SlipStatus
FINAL = frozenset({S.ACCEPTED, S.FAILED, S.RELEASED, S.WITHDRAWN})


# --- who ---------------------------------------------------------------------------------------------------------------
def for_department(change: Change) -> None:
    """The guard of what only the slip's department does.

    Raises Refused for everyone else, whatever her posts.
    """
    if not change.matter.is_of(change.actor):
        raise Refused(f"这张哨单是给{change.matter.unit}的，由该部门{change.action.label}。")


def is_of_department(slip: WhistleSlip, user: User) -> bool:
    """The ``ready`` that goes with ``for_department``."""
    return slip.is_of(user)


def for_district(change: Change) -> None:
    """The guard of a ruling: the street and the department are parties to it, so that no arbiter of the street's decides, and
    nobody who answers for the department."""
    if change.matter.is_of(change.actor):
        raise Refused("本部门的异议不能由本部门的人裁定，请由其他裁定员裁定。")
    if not is_of_district(change.matter, change.actor):
        raise Refused("街道是当事一方，由区级裁定员裁定。")


def is_of_district(slip: WhistleSlip, user: User) -> bool:
    """The ``ready`` that goes with ``for_district``."""
    return not slip.is_of(user) and (
        user.is_superuser
        or any(
            level_of(post.code) is GridLevel.DISTRICT
            for post in user.posts_with("incidents.arbitrate_whistleslip")
        )
    )


# --- the department ----------------------------------------------------------------------------------------------------
def take_in(change: Change) -> None:
    """Note who took it in first."""
    slip: WhistleSlip = change.matter
    if slip.received_at is None:
        slip.received_at, slip.received_by = change.now, change.actor


def arrive(change: Change) -> None:
    """Report in: who has come, on site or not. The moment is when it is noted; no position is kept."""
    slip: WhistleSlip = change.matter
    who = (change.data.get("who") or str(change.actor)).strip()
    if not who or len(who) > 40:
        raise Refused("请写报到人，40 字以内。", "who")
    if not isinstance(change.data.get("on_site"), bool):
        raise Refused("请选择是否到现场。", "on_site")
    take_in(change)
    slip.arrived_at, slip.arrived_by = change.now, change.actor
    slip.reporter, slip.on_site = who, change.data["on_site"]
    change.kept |= {"on_site": slip.on_site, "late": change.now > slip.report_by}
    keep_photos(change, SlipPhoto.Stage.ARRIVED)


def object_to(change: Change) -> None:
    """Say that it is not the department's duty; the arbiter decides, and no clock of the department's runs meanwhile."""
    slip: WhistleSlip = change.matter
    if slip.overruled:
        raise Refused("异议已经裁定不成立，请办理。")
    slip.objection = change.note
    change.told.append((slip.audience("arbiters"), f"请裁定部门异议：{slip.title}"))


def feed_back(change: Change) -> None:
    """Say what was done; the last one to do so hands the whistle to the street."""
    slip: WhistleSlip = change.matter
    slip.fed_back_at, slip.fed_back_by, slip.feedback = change.now, change.actor, change.note
    change.kept["late"] = change.now > slip.settle_by
    keep_photos(change, SlipPhoto.Stage.FED_BACK)
    change.after.append(lambda done: blowing.gather_if_all_answered(slip.whistle_id))


def keep_photos(change: Change, stage: str) -> None:
    """Keep the pictures that came with the action."""
    uploads = change.data.get("photos") or []
    if uploads:
        files.attach(SlipPhoto, uploads, by=change.actor, slip=change.matter, stage=stage)
        change.kept["photos"] = len(uploads)


# --- the arbiter -------------------------------------------------------------------------------------------------------
def overrule(change: Change) -> None:
    """The objection does not hold: the department takes it in, and its time begins anew."""
    slip: WhistleSlip = change.matter
    colour = slip.whistle.colour
    slip.overruled = True
    slip.report_by = whistle_clocks.report_by(change.now, colour)
    slip.settle_by = whistle_clocks.settle_by(change.now, colour)
    # Whoever came before the objection has left again.
    slip.arrived_at = slip.arrived_by = slip.on_site = None
    slip.reporter = ""


def uphold(change: Change) -> None:
    """The objection holds: the department is released, and the street may call another."""
    slip: WhistleSlip = change.matter
    news = f"{slip.unit}免责，如需另请部门，请增派：{slip.title}"
    change.told.append((slip.whistle.audience("heads"), news))
    change.after.append(let_go)
    change.after.append(lambda done: blowing.gather_if_all_answered(slip.whistle_id))


def let_go(change: Change) -> None:
    """Take the department off those who may read the whistle."""
    whistle = type(change.matter.whistle).objects.select_for_update().get(pk=change.matter.whistle_id)
    whistle.unit_ids = [key for key in whistle.unit_ids if key != change.matter.unit_id]
    whistle.save(update_fields=["unit_ids"])


# --- the street --------------------------------------------------------------------------------------------------------
def extended_to(change: Change) -> datetime:
    """Return the later deadline, so many office hours after the one that runs, or after now where that has passed."""
    slip: WhistleSlip = change.matter
    return worktime.add(max(slip.due_at, change.now), timedelta(hours=change.data["hours"]))


def extend(change: Change) -> None:
    """Give the department more time for what it is at."""
    slip, hours = change.matter, change.data.get("hours")
    if not isinstance(hours, int) or not 1 <= hours <= 400:
        raise Refused("请填写延长的工作小时数，1 到 400。", "hours")
    change.kept["hours"] = hours
    later = extended_to(change)
    if slip.arrived_at is None:
        slip.report_by = later
        slip.settle_by = max(slip.settle_by, later)
    else:
        slip.settle_by = later


def urge(change: Change) -> None:
    """Remind the department, once in an hour."""
    last = change.matter.steps.filter(action="urge").order_by("-seq").values_list("at", flat=True).first()
    if last is not None and change.now - last < timedelta(hours=1):
        raise Refused("一小时内已经催过，请稍等。")


SLIPS = Flow(
    WhistleSlip,
    WhistleSlipStep,
    S.SENT,
    [
        # --- the department ---
        Action(
            "receive",
            "签收",
            frozenset({S.SENT}),
            S.RECEIVED,
            needs="handle",
            guard=for_department,
            effect=take_in,
            ready=is_of_department,
            hint="本部门知道了，马上派人",
            news="部门已签收",
        ),
        Action(
            "arrive",
            "报到",
            frozenset({S.SENT, S.RECEIVED}),
            S.ARRIVED,
            needs="handle",
            guard=for_department,
            effect=arrive,
            ready=is_of_department,
            clock=whistle_clocks.SETTLE,
            tell=("street",),
            hint="到了就点，不用先签收",
            news="部门已报到",
        ),
        Action(
            "take_on",
            "承办",
            frozenset({S.ARRIVED}),
            S.HANDLING,
            needs="handle",
            guard=for_department,
            ready=is_of_department,
            tell=("street",),
            hint="属于本部门职责，开始办理",
            news="部门已承办",
        ),
        Action(
            "progress",
            "记录进展",
            frozenset({S.ARRIVED, S.HANDLING}),
            needs="handle",
            guard=for_department,
            ready=is_of_department,
            reason=True,
            asks="进展",
            tell=("street",),
            news="部门有新进展",
        ),
        Action(
            "feed_back",
            "反馈",
            frozenset({S.HANDLING}),
            S.FED_BACK,
            needs="handle",
            guard=for_department,
            effect=feed_back,
            ready=is_of_department,
            clock=STOP,
            reason=True,
            asks="办理结果",
            tell=("street",),
            hint="办好了，写明做了什么；街道会到现场核实",
            news="部门已反馈",
        ),
        Action(
            "object",
            "提出异议",
            frozenset({S.SENT, S.RECEIVED, S.ARRIVED}),
            S.OBJECTED,
            needs="handle",
            guard=for_department,
            effect=object_to,
            ready=lambda slip, user: slip.is_of(user) and not slip.overruled,
            clock=whistle_clocks.ARBITRATE,
            reason=True,
            asks="异议的依据",
            tell=("street",),
            danger=True,
            hint="不属于本部门职责的，写明依据，由区级裁定员裁定",
            news="部门提出异议",
        ),
        # --- the arbiter ---
        Action(
            "overrule",
            "异议不成立",
            frozenset({S.OBJECTED}),
            S.RECEIVED,
            needs="arbitrate",
            guard=for_district,
            effect=overrule,
            ready=is_of_district,
            clock=whistle_clocks.REPORT,
            reason=True,
            asks="裁定理由",
            tell=("department", "street"),
            hint="由该部门办理，时限从裁定时重新计算",
            news="异议不成立，请办理",
        ),
        Action(
            "uphold",
            "异议成立",
            frozenset({S.OBJECTED}),
            S.RELEASED,
            needs="arbitrate",
            guard=for_district,
            effect=uphold,
            ready=is_of_district,
            clock=STOP,
            reason=True,
            asks="裁定理由",
            tell=("department", "street"),
            hint="该部门免责，街道可另请部门",
            news="异议成立，部门免责",
        ),
        # --- the street ---
        Action(
            "urge",
            "催办",
            UNANSWERED,
            needs="supervise",
            effect=urge,
            tell=("turn",),
            hint="一小时内可催一次",
            news="请抓紧办理",
        ),
        Action(
            "extend",
            "延长时限",
            UNANSWERED - {S.OBJECTED},
            needs="verify",
            effect=extend,
            reason=True,
            clock=Clock(start=extended_to),
            tell=("department",),
            news="时限已延长",
        ),
        Action(
            "accept_result",
            "认可",
            frozenset({S.FED_BACK}),
            S.ACCEPTED,
            needs="verify",
            tell=("department",),
            hidden=True,
            news="街道核实通过",
        ),
        Action(
            "fail_result",
            "未通过",
            frozenset({S.FED_BACK}),
            S.FAILED,
            needs="verify",
            tell=("department",),
            hidden=True,
            news="街道核实未通过",
        ),
        Action(
            "withdraw",
            "撤回哨单",
            UNANSWERED | {S.FED_BACK},
            S.WITHDRAWN,
            needs="verify",
            tell=("department",),
            hidden=True,
            news="街道撤回了吹哨，不必再来",
        ),
        replace(
            escalate_action(UNANSWERED, "incidents.supervise_whistleslip"),
            tell=("turn", "street"),
            news="已超过时限，请抓紧办理",
        ),
    ],
    final=FINAL,
    yellow=whistle_clocks.yellow_at,
)
