"""What the parties do, and what is known of them: consent, their wishes, who they are. Whoever is a party keeps no file of her own.
Every function runs inside the engine, with the dispute's row locked."""

from dataclasses import replace

from governance.flow import Action, AlreadyDone, Change, Refused
from governance.models import User
from mediation.flow.handling import MOST_DISPUTANTS, end, mediators_for
from mediation.models import Confirmation, Disputant, Dispute, DisputeStatus, Outcome

S = DisputeStatus
Consent = Disputant.Consent


def party_of(dispute: Dispute, user: User) -> Disputant | None:
    """Return the party that a user is, None where she is none."""
    return dispute.disputants.filter(user=user).first() if user.pk else None


def the_party(change: Change) -> Disputant:
    """Return the party that acts.

    Raises Refused for whoever is none.
    """
    party = party_of(change.matter, change.actor)
    if party is None:
        raise Refused("只有当事人本人能办理这一步。")
    return party


def chosen_party(change: Change) -> Disputant:
    """Return the party of this dispute that the form names.

    Raises Refused.
    """
    party = change.data.get("disputant")
    if not isinstance(party, Disputant) or party.dispute_id != change.matter.pk:
        raise Refused("请选择当事人。", "disputant")
    return party


#: What is done with a file by those who keep it.
KEEPERS = ("direct", "mediate", "record")


def by_others(action: Action) -> Action:
    """Return the action closed to the parties, if it is one of the file's keepers: nobody writes the file of her own dispute.

    The rule closes it to them already; this closes it to a superuser mode as well.
    """
    if action.permission not in KEEPERS:
        return action

    def guard(change: Change) -> None:
        if change.actor.pk in change.matter.party_keys:
            raise Refused("您是本案当事人，请由他人办理。")
        if action.guard is not None:
            action.guard(change)

    def ready(dispute: Dispute, user: User) -> bool:
        return user.pk not in dispute.party_keys and (action.ready is None or action.ready(dispute, user))

    return replace(action, guard=guard, ready=ready)


def is_asked(dispute: Dispute, user: User) -> bool:
    """The ``ready`` of a party's own consent."""
    party = party_of(dispute, user)
    return party is not None and party.consent == Consent.ASKED


def note_consent(change: Change, party: Disputant, agreed: bool, means: str) -> None:
    """Write what a party said about being mediated. One clear refusal ends it (People's Mediation Law, article 17)."""
    if party.consent == (Consent.AGREED if agreed else Consent.REFUSED):
        raise AlreadyDone
    party.consent = Consent.AGREED if agreed else Consent.REFUSED
    party.consent_means, party.consent_at = means, change.now
    party.save(update_fields=["consent", "consent_means", "consent_at"])
    change.kept |= {"side": party.side, "agreed": agreed, "means": means}
    if not agreed:
        end(change, Outcome.REFUSED)
        change.status = S.TERMINATED
        change.told.append((change.matter.audience("directors"), f"当事人不同意调解：{change.matter.title}"))


def record_consent(change: Change) -> None:
    """Note what a party said on the phone, at the desk or on paper."""
    agreed, means = change.data.get("agreed"), change.data.get("means")
    if not isinstance(agreed, bool):
        raise Refused("请选择是否同意调解。", "agreed")
    if means not in Disputant.Means.values or means == Disputant.Means.PHONE_PAGE:
        raise Refused("请选择答复方式。", "means")
    if not agreed and not change.note:
        raise Refused("当事人拒绝的，请写明怎么说的。", "note")
    note_consent(change, chosen_party(change), agreed, means)


def agree(change: Change) -> None:
    """A party agrees to be mediated."""
    note_consent(change, the_party(change), True, Disputant.Means.PHONE_PAGE)


def refuse(change: Change) -> None:
    """A party does not want to be mediated, or no longer; she need not say why."""
    note_consent(change, the_party(change), False, Disputant.Means.PHONE_PAGE)


#: What of a party may be put right.
PARTY_FIELDS = (
    "name", "is_body", "phone", "sex", "birth_year", "ethnicity", "occupation", "address", "is_minor", "guardian",
    "agent", "agent_power",
)  # fmt: skip


def amend_party(change: Change) -> None:
    """Put right, or complete, what is known of a party; or add one, who is then asked like the others."""
    party, dispute = change.data.get("disputant"), change.matter
    if party is None:
        if dispute.disputants.count() >= MOST_DISPUTANTS:
            raise Refused(f"当事人最多登记 {MOST_DISPUTANTS} 名。")
        party = Disputant(dispute=dispute, side=change.data.get("side") or "")
    elif not isinstance(party, Disputant) or party.dispute_id != dispute.pk:
        raise Refused("请选择当事人。", "disputant")
    given, before = change.data.get("given") or {}, party.phone
    for name in PARTY_FIELDS:
        if name in given:
            setattr(party, name, given[name])
    if before and party.phone != before:
        unlink(party, before)
    if party.user_id is None and party.phone:
        taken = dispute.disputants.exclude(pk=party.pk).exclude(user=None).values("user")
        known = User.objects.filter(phone=party.phone, phone_verified=True, is_active=True)
        party.user = known.exclude(pk__in=taken).first()
    party.full_clean(exclude=["dispute", "user"])
    change.kept |= {"side": party.side, "new": party.pk is None}
    party.save()
    dispute.has_minor = dispute.disputants.filter(is_minor=True).exists()
    dispute.search_terms = dispute.index()


def unlink(party: Disputant, phone: str) -> None:
    """Part a party from the account that was found by a phone number which is not hers: a stranger followed and answered for
    her. What was answered so is asked anew. Whoever applied from her own account is known by that, whatever phone she leaves."""
    stranger = party.user
    if stranger is None or stranger.phone != phone or stranger.pk == party.dispute.applicant_id:
        return
    party.user = None
    if party.consent_means == Disputant.Means.PHONE_PAGE:
        party.consent, party.consent_means, party.consent_at = Consent.ASKED, "", None
    Confirmation.objects.filter(
        disputant=party, agreement__effective_at=None, means=Confirmation.Means.PAGE
    ).delete()


def choose_mediator(change: Change) -> None:
    """A party says whom she would have as mediator, or whom not (People's Mediation Law, articles 19 and 23); the director
    decides."""
    party, mediator = the_party(change), change.data.get("mediator")
    if mediator is None and not change.note:
        raise Refused("请选一位调解员，或者写下您的意见。", "mediator")
    if mediator is not None and not mediators_for(change.matter).filter(pk=mediator.pk).exists():
        raise Refused("这位调解员现在不在名册上，请另选。", "mediator")
    wish = f"{party.get_side_display()}想请{mediator}调解。" if mediator is not None else ""
    change.note = f"{wish}{change.note}"[:1000]
    change.kept |= {"side": party.side, "mediator": mediator.pk if mediator is not None else None}


def wishes_on(dispute: Dispute) -> list[str]:
    """Return what the parties last said of whom they would have as mediator, each side once."""
    said: dict[str, str] = {}
    for step in dispute.steps.filter(action="choose_mediator").order_by("seq"):
        said[step.data.get("side", "")] = step.note
    return [note for note in said.values() if note]


def withdraw(change: Change) -> None:
    """The applicant takes the application back."""
    end(change, Outcome.WITHDRAWN)
    change.status = S.WITHDRAWN if change.matter.accepted_at is None else S.TERMINATED


def is_applicant(dispute: Dispute, user: User) -> bool:
    """The ``ready`` of a party's withdrawing."""
    party = party_of(dispute, user)
    return party is not None and party.side == Disputant.Side.APPLICANT


def for_applicant(change: Change) -> None:
    """The guard that goes with ``is_applicant``."""
    if the_party(change).side != Disputant.Side.APPLICANT:
        raise Refused("只有申请人能撤回申请。")
