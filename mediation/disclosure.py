"""What a party may know of the dispute that she is in: the one place that decides it.

She follows how far it has come, who mediates, when she is expected, what the agreement says and what it asks for, and how it
ended. She never learns another party's phone or address, what was found out by inquiry, what was said to others or noted of
sessions, nor the words of an application that somebody else wrote.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from governance import masks
from governance.models import User
from mediation.flow.agreeing import confirm_until, is_confirmed
from mediation.flow.scope import OTHER_WAYS, RIGHT_WAY, NotMediable
from mediation.models import Agreement, Disputant, Dispute, Mediation, Session
from mediation.models.disputes import AGREEMENTS, DisputeStatus

S = DisputeStatus


@dataclass(frozen=True)
class Stage:
    """One stage of the way: its name, ``done``, ``now`` or ``todo``, since when, and a word on it."""

    name: str
    state: str
    at: datetime | None = None
    said: str = ""


@dataclass
class Followed:
    """A dispute as one of its parties may know it."""

    me: Disputant
    #: (side, name, what she answered), without herself.
    others: list[tuple[str, str, str]]
    stages: list[Stage]
    mediations: list[Mediation]
    sessions: list[Session]
    agreement: Agreement | None
    #: Sides and names of those who confirmed this version.
    confirmed: list[str]
    i_confirmed: bool
    #: Whether all have confirmed the newest version, which is not in effect yet.
    all_confirmed: bool
    #: Until when the parties may ask the court together; None where they may not, or have asked.
    court_until: date | None = None
    judicial: Any = None
    #: How it ended without an agreement, and what else is open to her.
    ended: str = ""
    other_ways: str = ""
    #: The newest wish for a mediator that she has sent.
    wish: str = ""
    photos: int = 0
    mine: bool = field(default=False)


def followed(dispute: Dispute, user: User) -> Followed | None:
    """Return what ``user`` may know of a dispute as one of its parties; None when she is none. A fixed number of queries."""
    parties = list(Disputant.objects.restrict(user, "follow").filter(dispute=dispute).order_by("pk"))
    me = next((party for party in parties if party.user_id == user.pk), None)
    if me is None:
        return None
    agreement = (
        Agreement.objects.restrict(user, "follow")
        .filter(dispute=dispute)
        .select_related("judicial", "signed_by")
        .prefetch_related("terms", "confirmations")
        .order_by("-version")
        .first()
    )
    mediations = (
        Mediation.objects.restrict(user, "follow")
        .filter(dispute=dispute, until=None)
        .select_related("mediator__user")
    )
    said = {row.disputant_id for row in agreement.confirmations.all()} if agreement else set()
    answer = Followed(
        me=me,
        others=[
            (party.get_side_display(), called(party), party.get_consent_display())
            for party in parties
            if party != me
        ],
        stages=stages(dispute, parties, agreement),
        mediations=list(mediations),
        sessions=list(expected(dispute, me)),
        agreement=agreement,
        confirmed=["您" if party == me else called(party) for party in parties if party.pk in said],
        i_confirmed=me.pk in said,
        all_confirmed=agreement is not None and is_confirmed(agreement, parties),
        judicial=getattr(agreement, "judicial", None),
        wish=wish_of(dispute, user),
        photos=dispute.photos.filter(uploaded_by=user).count(),
        mine=dispute.applicant_id == user.pk,
    )
    if agreement and agreement.effective_at and answer.judicial is None and dispute.status == S.AGREED:
        last = confirm_until(agreement)
        answer.court_until = last if last >= timezone.localdate() else None
    _tell_end(answer, dispute)
    return answer


def called(party: Disputant) -> str:
    """Return how the other parties read somebody's name: a child's is not told in full."""
    return masks.name(party.name) if party.is_minor else party.name


def expected(dispute: Dispute, party: Disputant) -> QuerySet[Session]:
    """Return the planned sessions to which a party is invited: time and place are hers to know, and of no other session."""
    return dispute.sessions.planned().filter(invited=party).only("starts_at", "place")


def wish_of(dispute: Dispute, user: User) -> str:
    """Return what she herself wrote last about the mediator."""
    step = dispute.steps.filter(action="choose_mediator", actor=user).order_by("-seq").only("note").first()
    return step.note if step is not None else ""


def stages(dispute: Dispute, parties: list[Disputant], agreement: Agreement | None) -> list[Stage]:
    """Return the way of a dispute in the order in which it is gone, up to where it ended if it ended early."""
    agreed = [party.consent_at for party in parties if party.consent == Disputant.Consent.AGREED]
    waiting = len(parties) - len(agreed)
    in_effect = agreement.effective_at if agreement else None
    settled = dispute.outcome in AGREEMENTS
    closed = settled and dispute.status in (S.CLOSED, S.ARCHIVED)
    way = [
        ("申请", dispute.opened_at, ""),
        ("各方同意", None if waiting else max(agreed, default=None), f"等 {waiting} 位答复"),
        ("受理", dispute.accepted_at, "各方同意以后，矛调中心受理"),
        ("调解", in_effect if settled else None, _at_work(dispute, agreement, parties)),
        ("履行协议", dispute.closed_at if closed else None, "按协议办，调解员会回访"),
        ("结案", dispute.closed_at if closed else None, ""),
    ]
    over = not settled and dispute.closed_at is not None
    found, here = [], not over
    for name, at, said in way:
        if at is not None:
            found.append(Stage(name, "done", at))
        elif over:
            break
        else:
            found.append(Stage(name, "now" if here else "todo", None, said if here else ""))
            here = False
    if over:
        found.append(Stage(dispute.get_status_display(), "now", dispute.closed_at))
    return found


def _at_work(dispute: Dispute, agreement: Agreement | None, parties: list[Disputant]) -> str:
    if dispute.status == S.SENT:
        return "正在转到另一个矛调中心"
    if dispute.status == S.ACCEPTED:
        return "正在安排调解员"
    if agreement is not None and agreement.effective_at is None:
        sealed = is_confirmed(agreement, parties)
        return "各方都已确认，等调解员签名盖章" if sealed else "协议已拟好，等各方确认"
    return "调解员会和您约时间"


def _tell_end(answer: Followed, dispute: Dispute) -> None:
    if dispute.closed_at is None or dispute.outcome in AGREEMENTS:
        return
    answer.ended = dispute.get_outcome_display() or dispute.get_status_display()
    answer.other_ways = OTHER_WAYS
    if dispute.status == S.DECLINED:
        step = dispute.steps.filter(action="decline").order_by("-seq").only("data").first()
        why = step.data.get("why") if step is not None else None
        if why in NotMediable.values:
            answer.ended = NotMediable(why).label
            answer.other_ways = RIGHT_WAY[NotMediable(why)]
