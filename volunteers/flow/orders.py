"""The transition table of a service order: 点单 - 派单 - 接单 - 服务 - 确认 - 评价."""

from datetime import datetime, timedelta

from django.utils import timezone

from governance import parameters, worktime
from governance.deadlines import climb_all, escalate_action, time_actions
from governance.flow import Action, AlreadyDone, Change, Clock, Flow, Refused, on_tick, within_work
from governance.models import User
from governance.territory import GridLevel
from volunteers.flow import claims
from volunteers.flow.claims import has_claim
from volunteers.models import Claim, HoursEntry, Order, OrderStep, Team, Volunteer
from volunteers.models.orders import ClaimStatus, OrderStatus

S = OrderStatus
AT_DESK = frozenset({S.PLACED})
SOUGHT = frozenset({S.OPEN, S.ASSIGNED})
UNSERVED = frozenset({S.PLACED, S.OPEN, S.ASSIGNED, S.CLAIMED})
RUNNING = frozenset({S.OPEN, S.ASSIGNED, S.CLAIMED, S.SERVING})
FINAL = frozenset({S.CONFIRMED, S.RATED, S.REJECTED, S.CANCELLED})

ACCEPT_CLOCK = within_work(lambda: parameters.value("orders.accept_within"))


def serve_by(change: Change) -> datetime:
    """Return when the service is overdue: some office hours after the wanted window ends."""
    grace = timedelta(hours=parameters.value("orders.serve_grace"))
    return worktime.add(max(change.matter.wanted_until, change.now), grace)


SERVE_CLOCK = Clock(start=serve_by)


def confirm_by(change: Change) -> datetime:
    """Return when the community confirms in the resident's place."""
    return change.now + timedelta(days=parameters.value("orders.confirm_within"))


# --- guards -------------------------------------------------------------------------------------------------------
def window_ahead(change: Change) -> None:
    """A service can only be arranged for a time that has not passed."""
    if change.matter.wanted_until <= change.now:
        raise Refused("希望的服务时间已经过去，请先与点单人商量改时间。")


# --- effects ------------------------------------------------------------------------------------------------------
def open_to_claims(change: Change) -> None:
    """Publish the order to the volunteers of its community; time widens it (``widen``)."""
    order = change.matter
    order.published_to, order.open_since, order.unit = order.grid_id[: GridLevel.COMMUNITY], change.now, None


def assign_team(change: Change) -> None:
    """Hand the order to a team that can reach it; its leader asks members."""
    order, team = change.matter, change.data.get("team")
    if not isinstance(team, Team) or not team.is_active:
        raise Refused("请选择服务队。", "team")
    if not order.grid_id.startswith(team.grid_id):
        raise Refused("这支队伍不在本单所在的范围内。", "team")
    order.unit_id, order.published_to = team.unit_id, ""
    change.kept["team"] = team.pk
    leaders = order.audience("team")
    change.told.append((leaders, f"派给本队：{order.title}"))


def assign_people(change: Change) -> None:
    """Ask one or more people; each must agree."""
    change.matter.published_to = ""
    claims.invite(change, change.data.get("volunteers") or [])


def muster(change: Change) -> None:
    """Ask members of the team that the order was given to."""
    chosen = list(change.data.get("volunteers") or [])
    members = set(
        Volunteer.objects.filter(
            memberships__team__unit=change.matter.unit_id, memberships__left_on=None
        ).values_list("pk", flat=True)
    )
    if any(volunteer.pk not in members for volunteer in chosen):
        raise Refused("只能派本队的队员。", "volunteers")
    claims.invite(change, chosen)


def refuse_as_team(change: Change) -> None:
    """Give the order back to the community, with the reason."""
    claims.drop_all(change)
    change.matter.unit = None


def dispatch_anew(change: Change) -> None:
    """Take the order back to the desk."""
    claims.drop_all(change)
    change.matter.unit, change.matter.published_to, change.matter.open_since = None, "", None


def close_without_service(change: Change) -> None:
    """End the order; everyone who held a place is freed and told."""
    claims.drop_all(change)
    change.matter.published_to = ""


def amend(change: Change) -> None:
    """Apply the applicant's corrections; a returned order goes back to the desk."""
    for field in (
        "description",
        "address",
        "wanted_from",
        "wanted_until",
        "beneficiary_name",
        "beneficiary_phone",
    ):
        if field in change.data:
            setattr(change.matter, field, change.data[field])
    check_window(change.matter, change.now)


def reschedule(change: Change) -> None:
    """Change the window or the number of places; every claim moves along or the change is refused."""
    order = change.matter
    if "places" in change.data:
        least = max(order.taken, 2 if order.item.two_volunteers else 1)
        if not isinstance(change.data["places"], int) or not least <= change.data["places"] <= 50:
            raise Refused(f"需要人数在 {least} 到 50 之间。", "places")
        order.places = change.data["places"]
    order.wanted_from = change.data.get("wanted_from") or order.wanted_from
    order.wanted_until = change.data.get("wanted_until") or order.wanted_until
    check_window(order, change.now)
    order.save(update_fields=["places"])
    for claim in order.claims.filter(status__in=("invited", "held", "waiting", "offered")).select_related(
        "volunteer"
    ):
        claim.window = (order.wanted_from, order.wanted_until)
        try:
            claims.save_claim(claim)
        except Refused as refused:
            raise Refused(
                f"{claim.volunteer} 在新的时间已有另一单，请先请其退出或另选时间。", "wanted_from"
            ) from refused
    claims.promote(change)
    if order.status in SOUGHT | {S.CLAIMED}:
        claims.settle(change)


def check_window(order: Order, now: datetime) -> None:
    """Check a wanted window: it ends later than it begins, lies ahead, within 90 days, and lasts at most 12 hours.

    Raises Refused at the field.
    """
    if order.wanted_until <= order.wanted_from:
        raise Refused("结束时间要晚于开始时间。", "wanted_until")
    if order.wanted_until <= now:
        raise Refused("希望的时间已经过去，请另选时间。", "wanted_from")
    if order.wanted_from > now + timedelta(days=90):
        raise Refused("请选择 90 天以内的时间。", "wanted_from")
    if order.wanted_until - order.wanted_from > timedelta(hours=12):
        raise Refused("一次服务不超过 12 小时，请分开点单。", "wanted_until")


def confirm(change: Change) -> None:
    """Write the hours of everyone who served to the ledger, once each."""
    order = change.matter
    for claim in order.claims.filter(status=ClaimStatus.SERVED).select_related("volunteer"):
        write_hours(claim, change.actor)
    order.published_to = ""


def write_hours(claim: Claim, by: User) -> None:
    """Write one claim's hours; the ledger's unique key makes it once."""
    HoursEntry.objects.create(
        volunteer=claim.volunteer,
        claim=claim,
        half_hours=claim.half_hours,
        entered_by=by,
        grid_id=claim.volunteer.grid_id,
    )


def rate(change: Change) -> None:
    """Keep the stars and words of the one who was served."""
    stars = change.data.get("stars")
    if not isinstance(stars, int) or not 1 <= stars <= 5:
        raise Refused("请选择 1 到 5 颗星。", "stars")
    if len(change.note) > 500:
        raise Refused("评价不能超过 500 字。", "note")
    change.matter.rating, change.matter.rating_words = stars, change.note
    change.kept["stars"] = stars


def complain(change: Change) -> None:
    """Put a complaint on the community's desk."""
    change.matter.complaint_open = True


def answer_complaint(change: Change) -> None:
    """Answer it; the words go to the applicant."""
    if not change.matter.complaint_open:
        raise Refused("没有待答复的投诉。")
    change.matter.complaint_open = False


def widen(change: Change) -> None:
    """Open the order to the street, then to the district, as nobody takes it."""
    order = change.matter
    target = scope_at(order, change.now)
    if len(target) >= len(order.published_to):
        raise AlreadyDone
    order.published_to = target
    change.note = f"开放给{GridLevel(len(target)).label[:-2]}的志愿者。"


def scope_at(order: Order, now: datetime) -> str:
    """Return the node whose volunteers an open order is for at a moment."""
    waited = now - order.open_since
    if waited >= timedelta(hours=parameters.value("orders.district_after")):
        return order.grid_id[: GridLevel.DISTRICT]
    if waited >= timedelta(hours=parameters.value("orders.street_after")):
        return order.grid_id[: GridLevel.STREET]
    return order.grid_id[: GridLevel.COMMUNITY]


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
            guard=window_ahead,
            effect=open_to_claims,
            clock=SERVE_CLOCK,
            tell=("applicant",),
            hint="本社区在册志愿者都能看到并接单",
        ),
        Action(
            "assign_people",
            "派给志愿者",
            UNSERVED - {S.CLAIMED},
            S.ASSIGNED,
            needs="dispatch",
            guard=window_ahead,
            effect=assign_people,
            clock=SERVE_CLOCK,
            tell=("applicant",),
            hint="为所选的人留名额，须本人同意",
        ),
        Action(
            "assign_team",
            "派给服务队",
            UNSERVED - {S.CLAIMED},
            S.ASSIGNED,
            needs="dispatch",
            guard=window_ahead,
            effect=assign_team,
            clock=SERVE_CLOCK,
            tell=("applicant",),
            hint="由队长安排队员",
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
        ),
        Action(
            "reject",
            "不予受理",
            AT_DESK,
            S.REJECTED,
            needs="dispatch",
            reason=True,
            tell=("applicant",),
            danger=True,
        ),
        Action(
            "muster",
            "安排队员",
            frozenset({S.ASSIGNED}),
            needs="muster",
            guard=window_ahead,
            effect=muster,
            ready=lambda order, user: order.unit_id is not None and not order.is_full,
        ),
        Action(
            "team_refuse",
            "退回社区",
            frozenset({S.ASSIGNED}),
            S.PLACED,
            needs="muster",
            reason=True,
            effect=refuse_as_team,
            clock=ACCEPT_CLOCK,
            tell=("dispatchers",),
            ready=lambda order, user: order.unit_id is not None,
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
            tell=("applicant", "dispatchers"),
            ready=has_claim("invited", "offered"),
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
        ),
        Action(
            "release",
            "退出接单",
            SOUGHT | {S.CLAIMED},
            needs="answer",
            reason=True,
            outcomes=UNSERVED,
            effect=claims.release,
            racing=True,
            tell=("applicant", "dispatchers"),
            ready=has_claim("held"),
            danger=True,
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
        ),
        Action(
            "enter_times",
            "补录时间",
            RUNNING,
            needs="dispatch",
            reason=True,
            outcomes=frozenset({S.SERVING, S.SERVED}),
            effect=claims.enter_times,
            clock=Clock(start=confirm_by),
            tell=("applicant", "volunteers"),
            ready=lambda order, user: order.claims.filter(status="held").exists(),
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
        ),
        Action(
            "confirm",
            "确认完成",
            frozenset({S.SERVED}),
            S.CONFIRMED,
            effect=confirm,
            tell=("applicant", "beneficiary"),
        ),
        Action("rate", "评价", frozenset({S.CONFIRMED}), S.RATED, effect=rate, tell=("dispatchers",)),
        Action(
            "complain",
            "投诉",
            frozenset({S.CLAIMED, S.SERVING, S.SERVED, S.CONFIRMED, S.RATED}),
            reason=True,
            effect=complain,
            tell=("dispatchers",),
            danger=True,
            ready=lambda order, user: not order.complaint_open,
        ),
        Action(
            "answer_complaint",
            "答复投诉",
            frozenset({S.CLAIMED, S.SERVING, S.SERVED, S.CONFIRMED, S.RATED}),
            needs="dispatch",
            reason=True,
            effect=answer_complaint,
            tell=("applicant", "beneficiary"),
            ready=lambda order, user: order.complaint_open,
        ),
        Action(
            "amend",
            "补充说明",
            frozenset({S.PLACED, S.RETURNED}),
            S.PLACED,
            effect=amend,
            clock=ACCEPT_CLOCK,
            tell=("dispatchers",),
        ),
        Action(
            "reschedule",
            "改时间人数",
            UNSERVED,
            needs="dispatch",
            reason=True,
            outcomes=UNSERVED,
            effect=reschedule,
            tell=("applicant", "volunteers"),
        ),
        Action(
            "dispatch_anew",
            "收回重派",
            SOUGHT | {S.CLAIMED},
            S.PLACED,
            needs="dispatch",
            reason=True,
            effect=dispatch_anew,
            clock=ACCEPT_CLOCK,
            tell=("applicant",),
        ),
        Action(
            "cancel",
            "取消点单",
            UNSERVED | {S.RETURNED},
            S.CANCELLED,
            reason=True,
            effect=close_without_service,
            tell=("applicant", "beneficiary", "dispatchers"),
            danger=True,
        ),
        *time_actions(UNSERVED | {S.SERVING}, "dispatch"),
        Action("widen", "扩大范围", frozenset({S.OPEN}), effect=widen, system=True, hidden=True),
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
            effect=confirm,
            system=True,
            hidden=True,
            tell=("applicant", "beneficiary", "dispatchers"),
        ),
        escalate_action(UNSERVED | {S.SERVING}, "volunteers.dispatch_order"),
    ],
    final=FINAL,
)


# --- what time does -------------------------------------------------------------------------------------------------
def _each(queryset, action: str) -> int:
    system, done = User.objects.system(), 0
    for key in list(queryset.values_list("pk", flat=True)[:1000]):
        before = OrderStep.objects.filter(matter=key).count()
        try:
            ORDERS.run(key, action, by=system)
        except Refused:
            continue  # someone acted on it in between; the next tick looks again
        done += OrderStep.objects.filter(matter=key).count() > before
    return done


@on_tick
def expire_offers(now: datetime) -> int:
    """Pass on the places whose offer has run out."""
    late = Order.objects.filter(claims__status=ClaimStatus.OFFERED, claims__offer_until__lte=now)
    return _each(late.distinct(), "expire_offers")


@on_tick
def widen_orders(now: datetime) -> int:
    """Open orders nobody takes to a wider circle."""
    street = now - timedelta(hours=parameters.value("orders.street_after"))
    waiting = Order.objects.open_to_claims().filter(open_since__lte=street, published_to__regex=r"^\d{9,}$")
    return _each(waiting, "widen")


@on_tick
def confirm_late(now: datetime) -> int:
    """Confirm services that nobody confirmed in time."""
    return _each(Order.objects.filter(status=S.SERVED, due_at__lte=now), "confirm_late")


@on_tick
def climb(now: datetime) -> int:
    """Tell the next level about overdue orders."""
    return climb_all(ORDERS, now)
