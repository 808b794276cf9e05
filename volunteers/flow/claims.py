"""What an order's actions do to its places. Every function runs inside the engine, with the order's row locked, and leaves
``order.taken`` equal to the number of claims that take up a place."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from governance import parameters
from governance.constraints import sentence
from governance.flow import AlreadyDone, Change, Refused
from governance.models import User
from volunteers.models import Claim, Order, Volunteer
from volunteers.models.orders import LIVE, SOUGHT_AFTER, TAKING, ClaimStatus, OrderStatus
from volunteers.models.people import VolunteerStatus


def early() -> timedelta:
    """Return how long before the wanted time a volunteer may check in."""
    return timedelta(minutes=parameters.value("orders.early_minutes"))


def active_volunteer(user: User) -> Volunteer:
    """Return the person's registration.

    Raises Refused when she is not an active volunteer.
    """
    volunteer = Volunteer.objects.filter(applicant=user, status=VolunteerStatus.ACTIVE).first()
    if volunteer is None:
        raise Refused("只有在册的志愿者才能接单，请先登记并等待社区审核。")
    return volunteer


def my_claim(change: Change, *statuses: str) -> Claim:
    """Return the actor's claim on the order in one of these states.

    Raises Refused when there is none.
    """
    claim = (
        change.matter.claims.filter(volunteer__applicant=change.actor, status__in=statuses)
        .select_related("volunteer__applicant")
        .first()
    )
    if claim is None:
        raise Refused("您在这一单上没有可以办理的接单。")
    return claim


def has_claim(*statuses: str):
    """Return the ``ready`` of an action that needs the person's own claim in one of these states."""
    return lambda order, user: order.claims.filter(volunteer__applicant=user, status__in=statuses).exists()


def by_another(change: Change) -> None:
    """The guard of what the office certifies about a service: never one of those who served.

    Raises Refused for a volunteer of the order, whatever her posts.
    """
    if not is_anothers(change.matter, change.actor):
        raise Refused(
            f"您是这一单的志愿者，本人的服务不能由本人{change.action.label}，请由受助人或他人办理。"
        )


def is_anothers(order: Order, user: User) -> bool:
    """The ``ready`` that goes with ``by_another``."""
    own = order.claims.filter(volunteer__applicant=user, status__in=(ClaimStatus.HELD, ClaimStatus.SERVED))
    return not own.exists()


def save_claim(claim: Claim) -> None:
    """Save a claim.

    Raises Refused with the constraint's sentence when the database does not allow it (two orders at one time, twice on one).
    """
    try:
        with transaction.atomic():
            claim.save()
    except IntegrityError as error:
        raise Refused(sentence(error) or "这段时间不能接这一单。") from error


def recount(order: Order) -> None:
    """Set ``taken`` from the claims themselves."""
    order.taken = order.claims.filter(status__in=TAKING).count()


def settle(change: Change) -> None:
    """Set the order's state from its claims, after any of them changed."""
    order = change.matter
    recount(order)
    states = list(order.claims.filter(status__in=LIVE).values_list("status", "checked_in_at"))
    held = [arrived for status, arrived in states if status == ClaimStatus.HELD]
    served = sum(status == ClaimStatus.SERVED for status, _ in states)
    invited = sum(status == ClaimStatus.INVITED for status, _ in states)
    if any(held) or (held and served):
        change.status = OrderStatus.SERVING
    elif served:
        change.status = OrderStatus.SERVED
        # The service is over: whoever was still asked or waited is let go.
        let_go(change, SOUGHT_AFTER, "服务已经结束，不再需要人手")
    elif len(held) >= order.places:
        change.status = OrderStatus.CLAIMED
    elif order.published_to:
        change.status = OrderStatus.OPEN
    elif held or invited or order.unit_id:
        change.status = OrderStatus.ASSIGNED
    else:
        change.status = OrderStatus.PLACED


def fits(volunteer: Volunteer, order: Order, at: datetime) -> str | None:
    """Return why the volunteer may not serve this order, as a sentence; None when she may."""
    if order.wanted_until <= at:
        return "这一单的服务时间已经过去。"
    missing = set(order.item.skills.values_list("pk", "name")) - set(
        volunteer.skills.values_list("pk", "name")
    )
    if missing:
        return f"这一单需要技能：{'、'.join(sorted(name for _, name in missing))}。请先在“技能、时间和范围”里登记。"
    own = volunteer.applicant_id in (order.applicant_id, order.beneficiary_id)
    # Somebody else may have placed it for her phone before she had an account.
    if own or volunteer.applicant_phone in (order.applicant_phone, order.beneficiary_phone):
        return "不能接自己点的单。"
    return None


# --- effects ------------------------------------------------------------------------------------------------------
def claim(change: Change) -> None:
    """Take a free place."""
    order, volunteer = change.matter, active_volunteer(change.actor)
    mine = order.claims.filter(volunteer=volunteer, status__in=LIVE).first()
    if mine is not None and mine.status == ClaimStatus.HELD:
        raise AlreadyDone
    if mine is not None and mine.status in (ClaimStatus.INVITED, ClaimStatus.OFFERED):
        raise Refused("这一单已经为您留了名额，请直接确认。")
    if reason := fits(volunteer, order, change.now):
        raise Refused(reason)
    if order.taken >= order.places or (
        mine is None and order.claims.filter(status=ClaimStatus.WAITING).exists()
    ):
        raise Refused("名额已满。您可以候补，有人退出时会按顺序通知您。")
    taken = mine or Claim(order=order, volunteer=volunteer, window=(order.wanted_from, order.wanted_until))
    taken.status = ClaimStatus.HELD
    save_claim(taken)
    settle(change)


def wait(change: Change) -> None:
    """Join the waiting list of a full order."""
    order, volunteer = change.matter, active_volunteer(change.actor)
    if order.claims.filter(volunteer=volunteer, status__in=LIVE).exists():
        raise AlreadyDone
    if reason := fits(volunteer, order, change.now):
        raise Refused(reason)
    if order.taken < order.places and not order.claims.filter(status=ClaimStatus.WAITING).exists():
        raise Refused("现在还有空位，可以直接接单。")
    save_claim(
        Claim(
            order=order,
            volunteer=volunteer,
            status=ClaimStatus.WAITING,
            queued_at=change.now,
            window=(order.wanted_from, order.wanted_until),
        )
    )


def invite(change: Change, volunteers: Iterable[Volunteer]) -> None:
    """Keep a place for each of these people until they agree; nobody is made to serve."""
    order, chosen = change.matter, list(volunteers)
    if not chosen:
        raise Refused("请选择志愿者。", "volunteers")
    recount(order)
    if order.taken + len(chosen) > order.places:
        raise Refused(f"只剩 {order.places - order.taken} 个名额，不能再派 {len(chosen)} 人。", "volunteers")
    for volunteer in chosen:
        if volunteer.status != VolunteerStatus.ACTIVE:
            raise Refused(f"{volunteer.number} 目前不在册，不能派单。", "volunteers")
        if reason := fits(volunteer, order, change.now):
            raise Refused(f"{volunteer.number}：{reason}", "volunteers")
        save_claim(
            Claim(
                order=order,
                volunteer=volunteer,
                status=ClaimStatus.INVITED,
                window=(order.wanted_from, order.wanted_until),
            )
        )
    recount(order)
    change.kept["volunteers"] = [volunteer.pk for volunteer in chosen]
    change.told.append(([v.applicant for v in chosen], f"请您服务：{order.title}，请在手机上答复"))


def agree(change: Change) -> None:
    """Accept an invitation or a place offered from the waiting list."""
    if change.matter.claims.filter(volunteer__applicant=change.actor, status=ClaimStatus.HELD).exists():
        raise AlreadyDone
    active_volunteer(change.actor)
    claim = my_claim(change, ClaimStatus.INVITED, ClaimStatus.OFFERED)
    if claim.status == ClaimStatus.OFFERED and claim.offer_until <= change.now:
        raise Refused("名额的保留时间已过，已让给下一位候补。")
    claim.status, claim.offer_until = ClaimStatus.HELD, None
    save_claim(claim)
    settle(change)


def decline(change: Change) -> None:
    """Turn down an invitation or an offer, or leave the waiting list."""
    claim = my_claim(change, ClaimStatus.INVITED, ClaimStatus.OFFERED, ClaimStatus.WAITING)
    claim.status, claim.offer_until = ClaimStatus.DECLINED, None
    save_claim(claim)
    promote(change)
    settle(change)


def release(change: Change) -> None:
    """Give up a place before service begins; the next on the waiting list is offered it."""
    claim = my_claim(change, ClaimStatus.HELD)
    if claim.checked_in_at is not None:
        raise Refused("已经签到，不能退出；如不能继续，请签退并告诉社区。")
    claim.status = ClaimStatus.RELEASED
    save_claim(claim)
    promote(change)
    settle(change)


def promote(change: Change) -> None:
    """Offer free places to those who wait, in their order, each for a limited time."""
    order = change.matter
    recount(order)
    waiting = (
        order.claims.filter(status=ClaimStatus.WAITING, volunteer__status=VolunteerStatus.ACTIVE)
        .select_related("volunteer__applicant")
        .order_by("queued_at", "pk")
    )
    keep = timedelta(minutes=parameters.value("orders.offer_minutes"))
    for claim in waiting[: max(0, order.places - order.taken)]:
        claim.status, claim.offer_until = ClaimStatus.OFFERED, change.now + keep
        save_claim(claim)
        until = timezone.localtime(claim.offer_until)
        change.told.append(
            ([claim.volunteer.applicant], f"候补有名额了：{order.title}，请在 {until:%H:%M} 前确认")
        )
    recount(order)


def expire(change: Change) -> None:
    """Take back the offers whose time is over and offer the places on (by the clock, not by a person)."""
    late = change.matter.claims.filter(status=ClaimStatus.OFFERED, offer_until__lte=change.now)
    if not late.update(status=ClaimStatus.EXPIRED, offer_until=None):
        raise AlreadyDone
    promote(change)
    settle(change)


def drop_all(change: Change) -> None:
    """End every live claim of the order: it was cancelled or is dispatched anew."""
    let_go(change, LIVE, change.action.news or change.action.label)


def let_go(change: Change, statuses: Iterable[str], news: str) -> None:
    """Void the claims in these states and tell their volunteers."""
    ended = list(change.matter.claims.filter(status__in=statuses).select_related("volunteer__applicant"))
    if ended:
        change.matter.claims.filter(pk__in=[claim.pk for claim in ended]).update(
            status=ClaimStatus.VOID, offer_until=None
        )
        change.told.append(([claim.volunteer.applicant for claim in ended], f"{change.matter.title}：{news}"))
    recount(change.matter)


def prove(change: Change) -> str:
    """Return how the volunteer showed that she is there: ``code``, ``entrance``, or ``later`` with a reason.

    Raises Refused for a wrong code, and when neither a proof nor a reason is given.
    """
    order: Order = change.matter
    code, token = str(change.data.get("code") or "").strip(), str(change.data.get("entrance") or "").strip()
    if code:
        if code != order.code:
            raise Refused("签到码不对，请向受助人核对 6 位数字。", "code")
        return "code"
    if token:
        if order.entrance_id is None or token != order.entrance.token:
            raise Refused("扫到的不是这一单的楼门二维码。", "code")
        return "entrance"
    if not change.note:
        raise Refused("请扫楼门二维码或填写受助人的签到码；都不方便时请写明理由。", "code")
    return "later"


def check_in(change: Change) -> None:
    """Begin the service."""
    order = change.matter
    claim = my_claim(change, ClaimStatus.HELD)
    if claim.checked_in_at is not None:
        raise AlreadyDone
    earliest = order.wanted_from - early()
    if change.now < earliest:
        raise Refused(f"还没到服务时间，最早可在 {timezone.localtime(earliest):%m月%d日 %H:%M} 签到。")
    held = order.claims.filter(status__in=(ClaimStatus.HELD, ClaimStatus.SERVED)).count()
    if order.item.two_volunteers and held < 2:
        raise Refused("这项服务须两人同行，另一位志愿者还没有接单。")
    proof = prove(change)
    claim.checked_in_at = change.now
    claim.entered_later = change.note if proof == "later" else ""
    save_claim(claim)
    change.kept |= {"proof": proof, "claim": claim.pk}
    settle(change)


def half_hours_between(start: datetime, end: datetime) -> int:
    """Return the service time in half hours, to the nearest one and at least one (a parameter-free rule of this portal; the
    national rule names the hour as unit and leaves rounding to the recording unit)."""
    return max(1, int(((end - start).total_seconds() / 60 + 15) // 30))


def check_out(change: Change) -> None:
    """End the service of one volunteer."""
    if change.matter.claims.filter(volunteer__applicant=change.actor, status=ClaimStatus.SERVED).exists():
        raise AlreadyDone
    claim = my_claim(change, ClaimStatus.HELD)
    if claim.checked_in_at is None:
        raise Refused("请先签到。")
    proof = prove(change)
    finish(claim, claim.checked_in_at, change.now)
    if proof == "later":
        claim.entered_later = change.note
    save_claim(claim)
    change.kept |= {"proof": proof, "claim": claim.pk, "half_hours": claim.half_hours}
    settle(change)


def finish(claim: Claim, start: datetime, end: datetime) -> None:
    """Write times and half hours to a claim; a service lasts 24 hours at most."""
    if not start < end <= start + timedelta(hours=24):
        raise Refused("签退要晚于签到，且不超过 24 小时。", "checked_out_at")
    claim.checked_in_at, claim.checked_out_at = start, end
    claim.half_hours = half_hours_between(start, end)
    claim.status = ClaimStatus.SERVED


def enter_times(change: Change) -> None:
    """Enter a forgotten check-in and check-out for a volunteer, by the community, with a reason."""
    claim = the_claim(change, ClaimStatus.HELD)
    start, end = change.data.get("checked_in_at"), change.data.get("checked_out_at")
    if start is None or end is None:
        raise Refused("请填写签到和签退时间。", "checked_in_at")
    if end > change.now:
        raise Refused("签退时间不能晚于现在。", "checked_out_at")
    finish(claim, start, end)
    claim.entered_later = change.note[:200]
    save_claim(claim)
    change.kept |= {"claim": claim.pk, "half_hours": claim.half_hours}
    settle(change)


def mark_absent(change: Change) -> None:
    """Record that a volunteer did not come; the place is free again."""
    claim = the_claim(change, ClaimStatus.HELD)
    if claim.checked_in_at is not None:
        raise Refused("这位志愿者已经签到。", "claim")
    claim.status = ClaimStatus.ABSENT
    save_claim(claim)
    change.kept["claim"] = claim.pk
    settle(change)
    if change.status != OrderStatus.SERVED:
        promote(change)
        settle(change)


def the_claim(change: Change, *statuses: str) -> Claim:
    """Return the claim that the form names, if it is of this order and in one of these states.

    Raises Refused otherwise.
    """
    key: Any = change.data.get("claim")
    claim = (
        change.matter.claims.filter(pk=getattr(key, "pk", key), status__in=statuses).first() if key else None
    )
    if claim is None:
        raise Refused("请选择这一单的志愿者。", "claim")
    return claim
