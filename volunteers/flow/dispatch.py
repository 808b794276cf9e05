"""What the desk, the team and the people concerned do to an order; what happens to its places is claims.py's.

Every function runs inside the engine, with the order's row locked.
"""

from datetime import datetime, timedelta

from governance import intake, parameters
from governance.flow import AlreadyDone, Change, Refused
from governance.models import User
from governance.territory import GridLevel
from volunteers.flow import claims
from volunteers.models import Claim, HoursEntry, Order, Team, Volunteer
from volunteers.models.orders import ClaimStatus
from volunteers.models.people import VolunteerStatus

#: States in which places are filled and may still change.
TAKEN = ("open", "assigned", "claimed")


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


def entrust(change: Change) -> None:
    """Give a place to whoever offered herself where the order was referred from (``helper``), if she is a volunteer who may
    serve it; places that are left are open to the community's volunteers."""
    order, helper = change.matter, change.data.get("helper")
    open_to_claims(change)
    found = Volunteer.objects.filter(applicant=helper, status=VolunteerStatus.ACTIVE) if helper else ()
    for volunteer in found:
        if claims.fits(volunteer, order, change.now) is None:
            window = (order.wanted_from, order.wanted_until)
            claims.save_claim(Claim(order=order, volunteer=volunteer, status=ClaimStatus.HELD, window=window))
            change.note = "由认领人接单。"
    claims.settle(change)


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


def cancel(change: Change) -> None:
    """End the order, and tell whoever referred it."""
    close_without_service(change)
    reject(change)


def reject(change: Change) -> None:
    """Tell whoever referred the order that it is not served."""
    change.after.append(lambda done: intake.ended(done.matter, done=False, by=done.actor))


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
    if "beneficiary_phone" in change.data:
        # Whom the old number belonged to has nothing to do with the order any more.
        change.matter.beneficiary = account_with(change.matter.beneficiary_phone)
    check_window(change.matter, change.now)


def account_with(phone: str) -> User | None:
    """Return the account whose proven phone this is, if there is one."""
    return User.objects.filter(phone=phone, phone_verified=True).first()


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
    if order.status in TAKEN:
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
    change.after.append(lambda done: intake.ended(done.matter, done=True, by=done.actor))


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
