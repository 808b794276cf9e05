"""What each action does to an agreement: drawn up, confirmed, in effect, performed, visited, confirmed by the court. Every
function runs inside the engine, with the dispute's row locked."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from governance import parameters
from governance.flow import AlreadyDone, Change, Clock, Refused
from governance.models import User
from mediation.flow.handling import end, keep_photos, last_version
from mediation.flow.parties import chosen_party, party_of, the_party
from mediation.flow.scope import CONFIRM_WITHIN_DAYS, IDENTITY, OWNERSHIP
from mediation.models import (
    Agreement,
    Confirmation,
    Disputant,
    Dispute,
    DisputePhoto,
    FollowUp,
    JudicialConfirmation,
    Outcome,
    Term,
)

MOST_TERMS = 20


def newest(dispute: Dispute) -> Agreement | None:
    """Return the newest version of the agreement, None before the first."""
    return dispute.agreements.order_by("-version").first()


def in_effect(dispute: Dispute) -> Agreement | None:
    """Return the agreement that is in effect, the newest if there were several."""
    return dispute.agreements.filter(effective_at__isnull=False).order_by("-version").first()


def lacks(party: Disputant) -> str:
    """Return what an agreement must say of a party and is not known, empty if nothing (article 29, number 1)."""
    sex = "" if party.is_body or party.sex else "性别"
    reach = "" if party.phone or party.address else "住址或电话"
    return "、".join(filter(None, (sex, reach)))


def lacking_words(parties: Iterable[Disputant]) -> str:
    """Return of whom what is lacking, in words; empty if nothing."""
    return "；".join(f"{party.get_side_display()}还缺{what}" for party in parties if (what := lacks(party)))


def is_confirmed(agreement: Agreement, parties: Collection[Disputant]) -> bool:
    """Say whether every party has confirmed this version, which is not in effect yet."""
    said = {row.disputant_id for row in agreement.confirmations.all()}
    return agreement.effective_at is None and all(party.pk in said for party in parties)


def is_performed(agreement: Agreement) -> bool:
    """Say whether every term has been performed."""
    return all(term.state == Term.State.DONE for term in agreement.terms.all())


# --- drawing up ------------------------------------------------------------------------------------------------------
def draft(change: Change) -> None:
    """Draw up a version of the agreement. What the law asks for must be there, or it is not issued (article 29)."""
    agreement = _write(change, Agreement.Form.WRITTEN)
    users = change.matter.audience("disputants")
    change.told.append((users, f"请核对调解协议（第 {agreement.version} 版）"))


def _write(change: Change, form: str) -> Agreement:
    dispute, data = change.matter, change.data
    _check_parties(dispute)
    terms = data.get("terms") or []
    if not terms:
        raise Refused("请写明达成协议的内容，至少一条。", "terms")
    if len(terms) > MOST_TERMS:
        raise Refused(f"协议内容最多 {MOST_TERMS} 条。", "terms")
    agreement = Agreement(
        dispute=dispute,
        version=last_version(dispute) + 1,
        form=form,
        facts=(data.get("facts") or "").strip(),
        duties=(data.get("duties") or "").strip(),
        copies=data.get("copies") or dispute.disputants.count() + 1,
        drafted_at=change.now,
        drafted_by=change.actor,
    )
    agreement.clean_fields(exclude=["dispute", "drafted_by", "signed_by"])
    agreement.save()
    today = timezone.localdate(change.now)
    for order, term in enumerate(terms, 1):
        _save_term(agreement, order, term, today)
    change.kept["agreement"] = agreement.version
    return agreement


def _check_parties(dispute: Dispute) -> None:
    """Refuse an agreement between people who cannot be told apart (article 29, number 1)."""
    if words := lacking_words(dispute.disputants.all()):
        raise Refused(f"{words}。请先在“当事人”里点“补正”补齐。")


def _save_term(agreement: Agreement, order: int, given: dict[str, Any], today: date) -> None:
    row = Term(
        agreement=agreement,
        order=order,
        content=(given.get("content") or "").strip(),
        way=(given.get("way") or "").strip(),
        place=(given.get("place") or "").strip(),
        due_on=given.get("due_on"),
        amount=given.get("amount"),
    )
    if row.amount is not None and Decimal(row.amount) < 0:
        raise Refused(f"第 {order} 条的金额不能是负数。", "terms")
    try:
        row.clean_fields(exclude=["agreement"])
    except ValidationError as error:
        missing = "、".join(str(Term._meta.get_field(name).verbose_name) for name in error.message_dict)
        raise Refused(f"第 {order} 条请写明{missing}。", "terms") from error
    if row.due_on < today:
        raise Refused(f"第 {order} 条的履行期限已经过去。", "terms")
    row.save()


def has_draft(dispute: Dispute, user: User) -> bool:
    """The ``ready`` of what is done with a draft."""
    last = newest(dispute)
    return last is not None and last.effective_at is None


def to_confirm(dispute: Dispute, user: User) -> bool:
    """The ``ready`` of a party's confirmation: there is a draft that she has not confirmed."""
    party, last = party_of(dispute, user), newest(dispute)
    return (
        party is not None
        and last is not None
        and last.effective_at is None
        and not last.confirmations.filter(disputant=party).exists()
    )


def the_draft(change: Change) -> Agreement:
    """Return the draft that is before the parties.

    Raises Refused when there is none, or when the page showed an older version.
    """
    last = newest(change.matter)
    if last is None or last.effective_at is not None:
        raise Refused("还没有拟定的协议。")
    shown = change.data.get("agreement")
    if shown is not None and shown != last.version:
        raise Refused("协议有了新的版本，请看过新的版本再确认。")
    return last


def confirm(change: Change) -> None:
    """A party confirms the version that she was shown."""
    _confirm(change, the_draft(change), the_party(change), Confirmation.Means.PAGE)


def confirm_paper(change: Change) -> None:
    """The mediator notes that a party has signed, with a picture of the sheet."""
    if not change.data.get("photos"):
        raise Refused("请上传签字的协议照片。", "photos")
    _confirm(change, the_draft(change), chosen_party(change), Confirmation.Means.PAPER)
    keep_photos(change, DisputePhoto.Kind.SIGNED)


def _confirm(change: Change, agreement: Agreement, party: Disputant, means: str) -> None:
    _, new = Confirmation.objects.get_or_create(
        agreement=agreement,
        disputant=party,
        defaults={"means": means, "by": change.actor, "at": change.now},
    )
    if not new:
        raise AlreadyDone
    change.kept |= {"agreement": agreement.version, "side": party.side, "means": means}


# --- taking effect ---------------------------------------------------------------------------------------------------
def conclude(change: Change) -> None:
    """The mediator signs and the seal is put, once every party has confirmed this version: from now on it is in effect
    (article 30)."""
    agreement = the_draft(change)
    confirmed = set(agreement.confirmations.values_list("disputant", flat=True))
    waiting = [party for party in change.matter.disputants.all() if party.pk not in confirmed]
    if waiting:
        who = "、".join(party.get_side_display() for party in waiting)
        raise Refused(f"{who}还没有确认这一版协议。")
    _take_effect(change, agreement, Outcome.WRITTEN)


def conclude_orally(change: Change) -> None:
    """Note what the parties agreed by word of mouth, which holds from the day they did (articles 28 and 30)."""
    if change.data.get("all_agree") is not True:
        raise Refused("口头协议须各方当事人都同意，并认为不需要书面协议。", "all_agree")
    _take_effect(change, _write(change, Agreement.Form.ORAL), Outcome.ORAL)


def _take_effect(change: Change, agreement: Agreement, outcome: str) -> None:
    agreement.signed_by, agreement.effective_at = change.actor, change.now
    agreement.save(update_fields=["signed_by", "effective_at"])
    end(change, outcome)
    days = parameters.value("mediation.follow_up_days")
    change.matter.follow_up_on = timezone.localdate(change.now) + timedelta(days=days)
    change.matter.told_at = None


def perform_by(change: Change) -> datetime:
    """Return the end of the last day on which something is to be performed."""
    last = max(term.due_on for term in in_effect(change.matter).terms.all())
    zone = timezone.get_current_timezone()
    return max(datetime.combine(last, time(18), zone), change.now)


PERFORM = Clock(start=perform_by)


# --- afterwards ------------------------------------------------------------------------------------------------------
def perform(change: Change) -> None:
    """Note what was performed of one term."""
    term, state = change.data.get("term"), change.data.get("state")
    if not isinstance(term, Term) or term.agreement.dispute_id != change.matter.pk:
        raise Refused("请选择哪一条。", "term")
    if state not in Term.State.values or state == Term.State.PENDING:
        raise Refused("请选择履行情况。", "state")
    day = change.data.get("performed_on") or timezone.localdate(change.now)
    if day > timezone.localdate(change.now):
        raise Refused("履行日期不能晚于今天。", "performed_on")
    term.state = state
    term.performed_on = day if state in (Term.State.DONE, Term.State.PARTIAL) else None
    term.save(update_fields=["state", "performed_on"])
    change.kept |= {"term": term.order, "state": state}
    keep_photos(change, DisputePhoto.Kind.PERFORMED)


def follow_up(change: Change) -> None:
    """Write a visit after the agreement, and when the next one is due, if one is."""
    data = change.data
    visit = FollowUp(
        dispute=change.matter,
        at=data.get("at") or change.now,
        visited=chosen_party(change),
        performance=data.get("performance") or "",
        is_satisfied=bool(data.get("is_satisfied")),
        has_risk=bool(data.get("has_risk")),
        measures=(data.get("measures") or "").strip(),
        words=change.note,
        by=change.actor,
    )
    if visit.at > change.now:
        raise Refused("回访时间不能晚于现在。", "at")
    if visit.has_risk and not visit.measures:
        raise Refused("有隐患的，请写明采取的措施。", "measures")
    visit.clean_fields(exclude=["dispute", "visited", "by"])
    visit.save()
    again = data.get("next_on")
    if again is not None and again <= timezone.localdate(change.now):
        raise Refused("下次回访要在今天以后。", "next_on")
    change.matter.follow_up_on = again
    change.kept["performance"] = visit.performance


def may_confirm_judicially(dispute: Dispute, user: User) -> bool:
    """The ``ready`` of asking the court: within thirty days of the agreement's effect, once."""
    agreement = in_effect(dispute)
    return (
        agreement is not None
        and confirm_until(agreement) >= timezone.localdate()
        and not JudicialConfirmation.objects.filter(agreement=agreement).exists()
    )


def confirm_until(agreement: Agreement) -> date:
    """Return the last day on which the parties may ask the court together (article 33)."""
    return timezone.localdate(agreement.effective_at) + timedelta(days=CONFIRM_WITHIN_DAYS)


def ask_judicial(change: Change) -> None:
    """Note that the parties asked the court together to confirm the agreement."""
    data, agreement = change.data, in_effect(change.matter)
    if agreement is None:
        raise Refused("还没有生效的协议。")
    if JudicialConfirmation.objects.filter(agreement=agreement).exists():
        raise AlreadyDone
    if timezone.localdate(change.now) > confirm_until(agreement):
        raise Refused(f"协议生效已超过 {CONFIRM_WITHIN_DAYS} 天，不能再申请司法确认；可以就协议向法院起诉。")
    if data.get("all_agree") is not True:
        raise Refused("司法确认须各方当事人共同申请。", "all_agree")
    if data.get("touches_identity"):
        raise Refused(IDENTITY, "touches_identity")
    if data.get("touches_ownership"):
        raise Refused(OWNERSHIP, "touches_ownership")
    court = (data.get("court") or "").strip()
    if not court:
        raise Refused("请填写法院。", "court")
    JudicialConfirmation.objects.create(
        agreement=agreement,
        court=court[:60],
        asked_on=timezone.localdate(change.now),
        asked_by=change.actor,
    )


def is_asked_judicially(dispute: Dispute, user: User) -> bool:
    """The ``ready`` of noting what the court said."""
    return JudicialConfirmation.objects.filter(
        agreement__dispute=dispute, result=JudicialConfirmation.Result.ASKED
    ).exists()


def record_judicial(change: Change) -> None:
    """Note what the court said."""
    result = change.data.get("result")
    if result not in JudicialConfirmation.Result.values or result == JudicialConfirmation.Result.ASKED:
        raise Refused("请选择法院的结果。", "result")
    row = JudicialConfirmation.objects.filter(agreement__dispute=change.matter).order_by("-pk").first()
    if row is None:
        raise Refused("还没有申请司法确认。")
    day = change.data.get("decided_on") or timezone.localdate(change.now)
    if not row.asked_on <= day <= timezone.localdate(change.now):
        raise Refused("日期要在申请日以后、今天以前。", "decided_on")
    row.result, row.decided_on = result, day
    row.ruling = (change.data.get("ruling") or "").strip()[:60]
    row.save(update_fields=["result", "decided_on", "ruling"])
    change.kept["result"] = result


def close(change: Change) -> None:
    """Close the file: everything is performed, and somebody was visited."""
    dispute: Dispute = change.matter
    left = in_effect(dispute).terms.exclude(state=Term.State.DONE).count()
    if left and not change.data.get("unperformed"):
        raise Refused(f"还有 {left} 条没有履行。确实无法履行的，请勾选并写明怎样处理。", "unperformed")
    if left and not change.note:
        raise Refused("请写明没有履行的怎样处理。", "note")
    if not dispute.follow_ups.exists():
        raise Refused("请先回访当事人，再结案。")
    dispute.follow_up_on = None


def can_rate(dispute: Dispute, user: User) -> bool:
    """The ``ready`` of a party's answer, once."""
    party = party_of(dispute, user)
    return party is not None and party.satisfaction is None


def rate(change: Change) -> None:
    """Keep how content a party is."""
    party = the_party(change)
    if party.satisfaction is not None:
        raise AlreadyDone
    value = change.data.get("satisfaction")
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 5:
        raise Refused("请选择满意度。", "satisfaction")
    if len(change.note) > 500:
        raise Refused("评价不超过 500 字。", "note")
    party.satisfaction, party.rating_words = value, change.note
    party.save(update_fields=["satisfaction", "rating_words"])
    change.kept |= {"side": party.side, "satisfaction": value}
