"""The transition table of a small wish: 许愿 - 审核 - 公布 - 认领 - 实现.

A claimed wish is served as what the front door made of it. Whatever ends the one ends the other, and both are locked in one order: first
what the wish became, then the wish.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from governance import intake, parameters, worktime
from governance.deadlines import climb_all, escalate_action
from governance.flow import (
    STOP,
    Action,
    Change,
    Clock,
    Flow,
    Refused,
    by_another,
    is_anothers,
    on_tick,
    within_work,
)
from governance.models import Matter, User
from governance.territory import GridLevel
from parties.models import MicroWish, MicroWishStep, Organisation, Pairing, WishStatus

S = WishStatus
ASKED, PUBLISHED, CLAIMED = frozenset({S.ASKED}), frozenset({S.PUBLISHED}), frozenset({S.CLAIMED})
REVIEW_CLOCK = within_work(lambda: parameters.value("wishes.review_within"))
CLAIM_CLOCK = Clock(start=lambda change: worktime.add_days(change.now, parameters.value("wishes.claim_days")))
#: The kind that a wish becomes at the front door.
BECOMES = "order"


def serve_by(change: Change) -> datetime:
    """Return by when a claimed wish should be fulfilled: some working days after the agreed time."""
    agreed = change.data.get("wanted_until") or change.now
    return worktime.add_days(max(agreed, change.now), parameters.value("wishes.serve_days"))


class WishFlow(Flow):
    """A flow that locks what a wish became before it locks the wish, as whoever ends that does."""

    @transaction.atomic
    def run(self, matter: Matter | int, name: str, **given: Any) -> Matter:
        known = matter if isinstance(matter, MicroWish) else MicroWish.objects.get(pk=matter)
        intake.hold(known)
        return super().run(known, name, **given)


def services() -> list[tuple[str, str]]:
    """Return what a wish can become: (``order:dish``, name)."""
    groups = [choices for _, choices in intake.referrals("wish")]
    return [each for choices in groups for each in choices if each[0].startswith(f"{BECOMES}:")]


# --- who ---------------------------------------------------------------------------------------------------------------
def not_ones_own(change: Change) -> None:
    """The guard of claiming. Raises Refused for whoever made the wish."""
    if change.matter.is_of(change.actor):
        raise Refused("不能认领自己的微心愿。")


def is_not_ones_own(wish: MicroWish, user: User) -> bool:
    """The ``ready`` that goes with ``not_ones_own``."""
    return not wish.is_of(user)


# --- what --------------------------------------------------------------------------------------------------------------
def publish(change: Change) -> None:
    """Take the words that members will read, and what the wish is to become. Raises Refused at the field it concerns."""
    wish: MicroWish = change.matter
    title, summary = (str(change.data.get(name) or "").strip() for name in ("title", "summary"))
    for name, words, label, most in (("title", title, "标题", 40), ("summary", summary, "简介", 200)):
        if not words:
            raise Refused(f"请填写{label}。", name)
        if len(words) > most:
            raise Refused(f"{label}不能超过 {most} 字。", name)
        for told, what in (
            (wish.applicant_name, "姓名"),
            (wish.applicant_phone, "电话"),
            (wish.address, "门牌号"),
        ):
            if len(told.strip()) > 1 and told.strip() in words:
                raise Refused(f"{label}里有居民的{what}，请去掉。党员认领以后才能看到。", name)
    if change.data.get("service") not in dict(services()):
        raise Refused("请选择认领以后转为哪项志愿服务。", "service")
    wish.title, wish.summary, wish.service = title, summary, change.data["service"]
    wish.published_to = wish.grid_id[: GridLevel.COMMUNITY]


def amend(change: Change) -> None:
    """Take in the corrected words; the community reviews them again."""
    for name, words in (("title", "心愿"), ("description", "具体情况")):
        if name in change.data:
            text = str(change.data[name]).strip()
            if name == "title" and not text:
                raise Refused(f"请填写{words}。", name)
            setattr(change.matter, name, text)
    if "address" in change.data:
        change.matter.address = str(change.data["address"]).strip()


def claim(change: Change) -> None:
    """Claim it for oneself or for an organisation that one keeps; it becomes an order at the agreed time."""
    wish, organisation = change.matter, change.data.get("organisation")
    if organisation is not None and not (
        isinstance(organisation, Organisation)
        and organisation.ended_on is None
        and change.actor.may("keep", organisation)
    ):
        raise Refused("请选择您所在或管理的党组织。", "organisation")
    wish.claimer, wish.organisation = change.actor, organisation
    hand_over(change, helper=change.actor if organisation is None else None)


def assign_unit(change: Change) -> None:
    """Note that a paired unit claims it."""
    wish, pairing = change.matter, change.data.get("pairing")
    if not isinstance(pairing, Pairing) or not pairing.holds:
        raise Refused("请选择协议期内的结对单位。", "pairing")
    if pairing.community_code != wish.community_code:
        raise Refused("请选择与本社区结对的单位。", "pairing")
    wish.pairing = pairing
    hand_over(change, helper=None)


def hand_over(change: Change, *, helper: User | None) -> None:
    """Make an order of the wish by the front door, for ``helper`` where she is a volunteer, else open to volunteers."""
    wish: MicroWish = change.matter
    wish.times_claimed += 1
    kind, choice = wish.service.split(":", 1)
    intake.refer(
        wish,
        kind,
        by=change.actor,
        choice=choice,
        time=wish.times_claimed,
        title=f"微心愿：{wish.title}",
        description=wish.summary,
        address=wish.address,
        helper=helper,
        **{
            name: change.data[name]
            for name in ("wanted_from", "wanted_until")
            if change.data.get(name) is not None
        },
    )


def take_back(change: Change) -> None:
    """Take the order back, if it has not begun, and let others claim."""
    recall(change)
    let_go(change)


def recall(change: Change) -> None:
    """Take back what a claimed wish became. Raises Refused once that has begun."""
    if change.matter.status != S.CLAIMED:
        return
    try:
        intake.recall(change.matter, change.note or change.action.label)
    except Refused:
        raise Refused("服务已经开始，不能退回或撤回。服务没有做完的，请在服务订单里办理。") from None


def let_go(change: Change) -> None:
    """Forget who claimed it, and tell her if it was not she who gave it back."""
    claimer = change.matter.claimer
    if claimer is not None and claimer.pk != change.actor.pk:
        change.told.append(([claimer], f"{change.matter.title}：已收回，不用您办了"))
    change.matter.claimer = change.matter.organisation = change.matter.pairing = None


def thank(change: Change) -> None:
    """Keep the words for whoever fulfilled it."""
    if len(change.note) > 500:
        raise Refused("感谢的话不能超过 500 字。", "note")
    change.matter.thanks = change.note


WISHES = WishFlow(
    MicroWish,
    MicroWishStep,
    S.ASKED,
    [
        Action(
            "publish",
            "公布给党员",
            ASKED,
            S.PUBLISHED,
            needs="review",
            guard=by_another,
            ready=is_anothers,
            effect=publish,
            clock=CLAIM_CLOCK,
            tell=("applicant", "collector"),
            hint="本社区的党员看到标题和简介，认领以后才看到姓名、电话和门牌",
            news="已公布，等党员认领",
        ),
        Action(
            "return_back",
            "退回补充",
            ASKED,
            S.RETURNED,
            needs="review",
            reason=True,
            clock=STOP,
            tell=("applicant", "collector"),
            news="请补充说明后再提交",
        ),
        Action(
            "refuse",
            "不采纳",
            ASKED,
            S.REFUSED,
            needs="review",
            guard=by_another,
            ready=is_anothers,
            reason=True,
            danger=True,
            tell=("applicant", "collector"),
            hint="办不到、要现金或者不合适的，写明原因，能走别的渠道的告诉居民",
            news="这个心愿没有采纳",
        ),
        Action(
            "amend",
            "补充说明",
            ASKED | {S.RETURNED},
            S.ASKED,
            effect=amend,
            clock=REVIEW_CLOCK,
            tell=("reviewers",),
            news="许愿人作了补充",
        ),
        Action(
            "claim",
            "认领",
            PUBLISHED,
            S.CLAIMED,
            guard=not_ones_own,
            ready=is_not_ones_own,
            effect=claim,
            clock=Clock(start=serve_by),
            racing=True,
            tell=("applicant", "collector", "reviewers"),
            hint="约一个时间上门。您是志愿者的，直接成为您的单；不是的，开放给志愿者接单",
            news="党员已认领",
        ),
        Action(
            "assign_unit",
            "结对单位认领",
            PUBLISHED,
            S.CLAIMED,
            needs="review",
            effect=assign_unit,
            clock=Clock(start=serve_by),
            tell=("applicant", "collector"),
            hint="结对单位答应了的。约好时间，开放给志愿者接单",
            news="党员已认领",
        ),
        Action(
            "give_back",
            "退回认领",
            CLAIMED,
            S.PUBLISHED,
            needs="serve",
            reason=True,
            effect=take_back,
            clock=CLAIM_CLOCK,
            readers=frozenset({"review"}),
            danger=True,
            tell=("applicant", "collector", "reviewers"),
            news="认领的党员有事，正在另找人",
        ),
        Action(
            "take_back",
            "收回重新公布",
            CLAIMED,
            S.PUBLISHED,
            needs="review",
            reason=True,
            effect=take_back,
            clock=CLAIM_CLOCK,
            readers=frozenset({"review"}),
            danger=True,
            tell=("applicant", "collector"),
            hint="认领以后一直没有办的",
            news="正在另找人",
        ),
        Action(
            "lapse",
            "未能实现",
            PUBLISHED,
            S.LAPSED,
            needs="review",
            reason=True,
            danger=True,
            tell=("applicant", "collector"),
            hint="一直没有人认领或者情况变了的，向居民说明原因",
            news="这个心愿未能实现",
        ),
        Action(
            "withdraw",
            "撤回心愿",
            ASKED | PUBLISHED | CLAIMED | {S.RETURNED},
            S.WITHDRAWN,
            effect=recall,
            danger=True,
            tell=("applicant", "reviewers", "claimer"),
            news="许愿人撤回了",
        ),
        Action(
            "thank",
            "写句感谢",
            frozenset({S.FULFILLED}),
            reason=True,
            effect=thank,
            asks="想说的话",
            ready=lambda wish, user: not wish.thanks,
            tell=("claimer", "reviewers"),
            news="许愿人写了感谢的话",
        ),
        # --- what becomes of it elsewhere -------------------------------------------------------------------------------
        Action(
            "fulfil",
            "心愿实现",
            CLAIMED,
            S.FULFILLED,
            tell=("applicant", "collector", "claimer", "reviewers"),
            news="心愿实现了",
            system=True,
            hidden=True,
        ),
        Action(
            "reopen",
            "服务取消",
            CLAIMED,
            S.PUBLISHED,
            effect=let_go,
            clock=CLAIM_CLOCK,
            tell=("applicant", "collector", "reviewers"),
            news="服务没有做成，正在另找人",
            system=True,
            hidden=True,
        ),
        Action(
            "call_off",
            "随服务撤回",
            CLAIMED,
            S.WITHDRAWN,
            tell=("collector", "reviewers", "claimer"),
            news="许愿人取消了服务",
            system=True,
            hidden=True,
        ),
        escalate_action(ASKED | PUBLISHED | CLAIMED, "parties.review_microwish"),
    ],
    final=frozenset({S.FULFILLED, S.REFUSED, S.LAPSED, S.WITHDRAWN}),
)


def order_ended(wish: Matter, order: Matter, done: bool, by: User) -> None:
    """Close or reopen a wish as what it became has ended (the front door's ``ending``). Told twice, it does nothing more."""
    name = "fulfil" if done else "call_off" if wish.is_of(by) else "reopen"
    try:
        WISHES.run(wish, name, by=User.objects.system())
    except Refused:
        # It is not claimed any more: given back or withdrawn meanwhile.
        return


@on_tick
def climb_wishes(now: datetime) -> int:
    """Tell the next level about wishes that are late."""
    return climb_all(WISHES, now)
