"""Who else gets to a file: another centre to which it is sent, and those who are called in to it. Every function runs inside the
engine, with the dispute's row locked."""

from governance import sharing
from governance.flow import Change, Refused
from governance.models import User
from governance.territory import lineage
from mediation.models import Centre, Consultation, Dispute, Guest


def move_to(change: Change, centre: Centre) -> None:
    """Let another centre keep the file. Who had it in hand may still read it, until mediation has ended."""
    dispute: Dispute = change.matter
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
        sharing.share(
            change.matter, user, ["view"], by=change.actor, reason=change.note[:200] or change.action.label
        )


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
