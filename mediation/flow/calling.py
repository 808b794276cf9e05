"""Who else gets to a file: another centre to which it is sent, those who are called in to it, and who takes it over from
somebody whose own affair it turns out to be. Every function that takes a change runs inside the engine, with the dispute's row
locked."""

from collections.abc import Collection

from governance import sharing
from governance.flow import AlreadyDone, Change, Refused
from governance.models import User
from governance.territory import lineage
from mediation.models import Centre, Consultation, Dispute, DisputeStatus, Guest
from mediation.models.disputes import directors_at


def stands_free(code: str, parties: Collection[int]) -> bool:
    """Say whether somebody directs the centre at a node who is none of these people."""
    return any(user.pk not in parties for user in directors_at(code))


def must_stand_back(code: str, parties: Collection[int]) -> bool:
    """Say whether everyone who directs the centre at a node is one of these people."""
    directors = directors_at(code)
    return bool(directors) and all(user.pk in parties for user in directors)


def free_centre_above(code: str, parties: Collection[int]) -> Centre | None:
    """Return the nearest centre above a node that has a director who is none of these people, None where there is none."""
    above = Centre.objects.filter(is_active=True, grid__in=[each for each in lineage(code) if each != code])
    nearest = sorted(above, key=lambda centre: -len(centre.grid_id))
    return next((centre for centre in nearest if stands_free(centre.grid_id, parties)), None)


def needs_others(dispute: Dispute) -> bool:
    """Say whether somebody has the file in hand who is a party to it, and somebody else can take her place."""
    parties = dispute.party_keys
    if dispute.mediations.filter(until=None, mediator__user__in=parties).exists():
        return True
    return (
        must_stand_back(dispute.seat_id, parties) and free_centre_above(dispute.seat_id, parties) is not None
    )


def stand_back(change: Change) -> None:
    """Take the file from whoever has it in hand and is a party to it: her mediating ends, and where nobody else directs the
    centre, the nearest centre above keeps the file from now on. Everyone else goes on where they were."""
    dispute: Dispute = change.matter
    if not needs_others(dispute):
        raise AlreadyDone
    parties = dispute.party_keys
    dispute.mediations.filter(until=None, mediator__user__in=parties).update(until=change.now, is_lead=False)
    others = dispute.mediations.filter(until=None)
    if not others.filter(is_lead=True).exists() and (next_one := others.order_by("pk").first()):
        next_one.is_lead = True
        next_one.save(update_fields=["is_lead"])
    if dispute.status == DisputeStatus.MEDIATING and not others.exists():
        change.status = DisputeStatus.ACCEPTED
    if must_stand_back(dispute.seat_id, parties) and (above := free_centre_above(dispute.seat_id, parties)):
        dispute.centre, dispute.seat_id = above, above.grid_id
        change.kept["centre"] = above.pk
    change.told.append((dispute.audience("directors"), f"有人回避，请接手：{dispute.title}"))


def move_to(change: Change, centre: Centre) -> None:
    """Let another centre keep the file. Who had it in hand may still read it, until mediation has ended."""
    dispute: Dispute = change.matter
    if must_stand_back(centre.grid_id, dispute.party_keys):
        raise Refused("那里的主任须回避，请选择别的矛调中心。", "centre")
    for user in {*dispute.audience("mediators"), *dispute.audience("directors")}:
        let_in(change, user, dispute.centre.name[:60])
    dispute.mediations.filter(until=None).update(until=change.now, is_lead=False)
    dispute.sent_from, dispute.centre, dispute.seat_id = dispute.centre, centre, centre.grid_id
    change.kept["centre"] = centre.pk
    change.told.append((dispute.audience("directors"), f"请接收纠纷：{dispute.title}"))


def other_centre(change: Change) -> Centre:
    """Return the centre that the form names, one of those whose place the dispute lies in.

    Raises Refused.
    """
    centre = change.data.get("centre")
    if (
        not isinstance(centre, Centre)
        or not centre.is_active
        or centre.grid_id not in lineage(change.matter.grid_id)
    ):
        raise Refused("请选择管辖这个地方的矛调中心。", "centre")
    return centre


def send_up(change: Change) -> None:
    """Send what cannot be settled here to a centre above (小事不出社区、大事不出街道)."""
    centre = other_centre(change)
    if len(centre.grid_id) >= len(change.matter.seat_id):
        raise Refused("请选择上级矛调中心。", "centre")
    move_to(change, centre)


def hand_down(change: Change) -> None:
    """Give a dispute back to, or down to, a centre below."""
    centre = other_centre(change)
    if len(centre.grid_id) <= len(change.matter.seat_id):
        raise Refused("请选择下级矛调中心。", "centre")
    move_to(change, centre)


def send_back(change: Change) -> None:
    """Not taken in here: back to whoever sent it."""
    dispute: Dispute = change.matter
    if dispute.sent_from is None:
        raise Refused("这件纠纷没有移交单位。")
    move_to(change, dispute.sent_from)
    dispute.sent_from = None


def let_in(change: Change, user: User, body: str) -> None:
    """Open this one file to somebody from outside."""
    _, new = Guest.objects.get_or_create(
        dispute=change.matter, user=user, until=None, defaults={"body": body, "since": change.now}
    )
    if new:
        # Who reads the log of shares reads no file: why she was called in stays in it.
        sharing.share(change.matter, user, ["view"], by=change.actor, reason=change.action.label)


def invite(change: Change) -> None:
    """Call named people of other units in to this file alone (会诊)."""
    guests = change.data.get("guests") or []
    mode = change.data.get("consultation") or Consultation.JOINT
    if not guests:
        raise Refused("请选择邀请谁。", "guests")
    if mode not in Consultation.values:
        raise Refused("请选择调解方式。", "consultation")
    change.matter.consultation = mode
    for user in guests:
        if not user.is_active or not user.is_staff:
            raise Refused("只能邀请在用的工作人员账号。", "guests")
        if user.pk in change.matter.party_keys:
            raise Refused(f"{user}是本案当事人，不能受邀会诊。", "guests")
        let_in(change, user, (change.data.get("body") or "")[:60])
    change.kept |= {"guests": [user.pk for user in guests], "consultation": mode}
    change.told.append((list(guests), f"邀请您参加会诊：{change.matter.title}"))


def let_go(change: Change) -> None:
    """Let one of those who were called in go."""
    guest = change.data.get("guest")
    if not isinstance(guest, Guest) or guest.dispute_id != change.matter.pk or guest.until is not None:
        raise Refused("请选择受邀人。", "guest")
    _close_to(change, [guest])


def let_all_go(change: Change) -> None:
    """Let everyone go who was called in: the consultation is over."""
    _close_to(change, list(change.matter.guests.filter(until=None).select_related("user")))


def _close_to(change: Change, guests: list[Guest]) -> None:
    for guest in guests:
        guest.until = change.now
        guest.save(update_fields=["until"])
        sharing.unshare(change.matter, guest.user, by=change.actor)


def has_guests(dispute: Dispute, user: User) -> bool:
    """The ``ready`` of letting somebody go."""
    return dispute.guests.filter(until=None).exists()
