"""What each action does to a dispute until mediation begins to bear fruit: consent, acceptance, mediators, sessions, and the ways
on which it ends without an agreement. Every function runs inside the engine, with the dispute's row locked."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Q
from django.utils import timezone

from governance import files, parameters, worktime
from governance.flow import AlreadyDone, Change, Clock, Refused, next_in_series
from governance.models import User
from governance.territory import COLUMN, level_of, lineage
from mediation.flow.calling import let_all_go
from mediation.flow.conflicts import conflicts
from mediation.flow.scope import OTHER_WAYS, RIGHT_WAY, NotMediable
from mediation.models import (
    Centre,
    Disputant,
    Dispute,
    DisputePhoto,
    DisputeStatus,
    Inquiry,
    Mediation,
    Mediator,
    PrivateNote,
    Session,
    SessionMode,
)
from mediation.models.disputes import GUIDES, TERMINATIONS

S = DisputeStatus
Consent = Disputant.Consent
MOST_DISPUTANTS = 20

# --- clocks ----------------------------------------------------------------------------------------------------------


def accept_by(change: Change) -> datetime:
    """Return by when what was registered must be accepted or declined, in office hours."""
    return worktime.add(change.now, timedelta(hours=parameters.value("mediation.accept_within")))


def settle_by(change: Change) -> datetime:
    """Return when mediation that began now should have ended: a month as a rule."""
    return change.now + timedelta(days=parameters.value("mediation.days"))


ACCEPT, SETTLE = Clock(start=accept_by), Clock(start=settle_by)


def amend(change: Change) -> None:
    """Correct the category, the grade and the figures that the tables count."""
    dispute: Dispute = change.matter
    for name in ("category", "grade", "amount", "people_count", "is_public", "consultation"):
        if name in change.data:
            old, new = getattr(dispute, name), change.data[name]
            if old != new and name != "amount":
                change.kept[name] = new
            setattr(dispute, name, new)
    dispute.title = f"{dispute.get_category_display()}纠纷"
    dispute.clean_fields(exclude=["applicant_name", "number", "search_terms"])


# --- the director ----------------------------------------------------------------------------------------------------
def accept(change: Change) -> None:
    """Take the dispute in, and give the file its number."""
    dispute: Dispute = change.matter
    parties = list(dispute.disputants.all())
    sides = {party.side for party in parties}
    if not {Disputant.Side.APPLICANT, Disputant.Side.RESPONDENT} <= sides:
        raise Refused("请先登记双方当事人。")
    waiting = [party for party in parties if party.consent != Consent.AGREED]
    if waiting:
        who = "、".join(party.get_side_display() for party in waiting)
        raise Refused(f"{who}还没有同意调解，各方都同意才能受理。")
    dispute.accepted_at = change.now
    dispute.case_number = next_case_number(dispute.centre, change.now)
    change.kept["case_number"] = dispute.case_number
    # The file is found by its number from now on.
    dispute.search_terms = dispute.index()


def next_case_number(centre: Centre, at: datetime) -> str:
    """Return the next file number of a centre's year, such as ``(2026)和苑人调字第12号``.

    Without gaps or repeats, because a series gives out again what was rolled back.
    """
    year = timezone.localtime(at).year
    return f"({year}){centre.short_name}人调字第{next_in_series(f'JH-{centre.pk}-{year}')}号"


def decline(change: Change) -> None:
    """Not to be mediated; the parties are told the right way."""
    reason = change.data.get("why")
    if reason not in NotMediable.values:
        raise Refused("请选择不予受理的原因。", "why")
    change.kept["why"] = reason
    words = f"{NotMediable(reason).label}。{RIGHT_WAY[NotMediable(reason)]}"
    change.note = f"{words}{change.note}"[:1000]


def assign(change: Change) -> None:
    """Name the mediators, or note whom the parties chose; whoever is too near to a party is refused."""
    dispute: Dispute = change.matter
    chosen = list(dict.fromkeys(change.data.get("mediators") or []))
    lead = change.data.get("lead") or (chosen[0] if chosen else None)
    if not chosen:
        raise Refused("请选择调解员。", "mediators")
    if len(chosen) > 5:
        raise Refused("一件纠纷最多指定 5 名调解员。", "mediators")
    if lead not in chosen:
        raise Refused("主调解员要在所选的调解员里。", "lead")
    office = set(mediators_for(dispute).values_list("pk", flat=True))
    for mediator in chosen:
        if mediator.pk not in office:
            raise Refused(f"{mediator}现在不在名册上，请另选。", "mediators")
        if reasons := conflicts(dispute, mediator):
            raise Refused("".join(reasons) + "请另选调解员。", "mediators")
    dispute.mediations.filter(until=None).exclude(mediator__in=chosen).update(until=change.now)
    dispute.mediations.filter(until=None).update(is_lead=False)
    for mediator in chosen:
        Mediation.objects.update_or_create(
            dispute=dispute,
            mediator=mediator,
            until=None,
            defaults={"is_lead": mediator == lead, "is_chosen": bool(change.data.get("is_chosen"))},
            create_defaults={
                "is_lead": mediator == lead,
                "is_chosen": bool(change.data.get("is_chosen")),
                "since": change.now,
            },
        )
    change.kept["mediators"] = [mediator.pk for mediator in chosen]
    change.told.append((dispute.audience("mediators"), f"请您调解：{dispute.title}"))


def mediators_for(dispute: Dispute) -> Any:
    """Return the mediators in office who may be given a dispute: those of its centre, of places in it, and of centres above."""
    column = COLUMN[level_of(dispute.seat_id)]
    within = Q(**{column: dispute.seat_id}) | Q(grid__in=lineage(dispute.seat_id))
    return Mediator.objects.in_office().filter(within)


# --- the mediator ----------------------------------------------------------------------------------------------------
def inform(change: Change) -> None:
    """Note that the notice of rights and duties was served on every party."""
    if change.matter.informed_at is not None:
        raise AlreadyDone
    change.matter.informed_at = change.now


def is_not_informed(dispute: Dispute, user: User) -> bool:
    """The ``ready`` of serving the notice."""
    return dispute.informed_at is None


def after_notice(change: Change) -> None:
    """The guard of everything that begins once the parties know their rights."""
    if change.matter.informed_at is None:
        raise Refused("请先送达权利义务告知书。")


def is_informed(dispute: Dispute, user: User) -> bool:
    """The ``ready`` that goes with ``after_notice``."""
    return dispute.informed_at is not None


def investigate(change: Change) -> None:
    """Write an investigation record."""
    data = change.data
    inquiry = Inquiry(
        dispute=change.matter,
        at=data.get("at") or change.now,
        place=data.get("place") or "",
        asked=data.get("asked") or "",
        relation=data.get("relation") or "",
        record=data.get("record") or "",
        by=change.actor,
    )
    if inquiry.at > change.now:
        raise Refused("调查时间不能晚于现在。", "at")
    inquiry.full_clean(exclude=["dispute", "by"])
    inquiry.save()
    keep_photos(change, DisputePhoto.Kind.EVIDENCE)


def keep_photos(change: Change, kind: str) -> None:
    """Keep the pictures that came with the action."""
    uploads = change.data.get("photos") or []
    if uploads:
        files.attach(DisputePhoto, uploads, by=change.actor, dispute=change.matter, kind=kind)
        change.kept["photos"] = len(uploads)


def plan_session(change: Change) -> None:
    """Plan a session; the parties who are asked to come are told."""
    data = change.data
    invited = data.get("invited") or []
    if not invited or any(party.dispute_id != change.matter.pk for party in invited):
        raise Refused("请选择请哪些当事人参加。", "invited")
    if data.get("mode") == SessionMode.JOINT and len(invited) < 2:
        raise Refused("面对面调解要请双方参加。", "invited")
    session = Session(
        dispute=change.matter,
        mode=data.get("mode") or SessionMode.JOINT,
        starts_at=data.get("starts_at"),
        place=data.get("place") or "",
        by=change.actor,
    )
    session.full_clean(exclude=["dispute", "by"])
    if not change.now - timedelta(hours=12) <= session.starts_at <= change.now + timedelta(days=90):
        raise Refused("请选择 90 天以内的时间。", "starts_at")
    session.save()
    session.invited.set(invited)
    change.kept |= {"session": session.pk, "mode": session.mode}
    users = [party.user for party in invited if party.user_id]
    when = f"{timezone.localtime(session.starts_at):%m月%d日 %H:%M}"
    change.told.append((users, f"请您 {when} 参加调解"))


def hold_session(change: Change) -> None:
    """Write what came of a session. What was said in a separate one is kept by the mediator alone."""
    data = change.data
    session = data.get("session")
    if not isinstance(session, Session) or session.dispute_id != change.matter.pk:
        raise Refused("请选择哪一次调解。", "session")
    if session.state == Session.State.HELD:
        raise AlreadyDone
    if session.state != Session.State.PLANNED:
        raise Refused("这次调解已取消。", "session")
    present = data.get("present") or []
    if not present or any(party.dispute_id != change.matter.pk for party in present):
        raise Refused("请选择到场的当事人。", "present")
    if session.starts_at > change.now:
        raise Refused("这次调解还没有到时间。", "session")
    record = (data.get("record") or "").strip()
    if not record:
        raise Refused("请写调解记录。", "record")
    session.state, session.ends_at = Session.State.HELD, data.get("ends_at") or change.now
    if session.ends_at <= session.starts_at:
        raise Refused("结束时间要晚于开始时间。", "ends_at")
    session.others = (data.get("others") or "")[:200]
    session.by = change.actor
    if session.mode == SessionMode.JOINT:
        session.record = record[:4000]
    else:
        PrivateNote.objects.create(session=session, author=change.actor, words=record[:4000])
    session.save()
    session.present.set(present)
    change.kept |= {"session": session.pk, "mode": session.mode}
    keep_photos(change, DisputePhoto.Kind.SIGNED)


def cancel_session(change: Change) -> None:
    """Call a planned session off."""
    session = change.data.get("session")
    if (
        not isinstance(session, Session)
        or session.dispute_id != change.matter.pk
        or session.state != Session.State.PLANNED
    ):
        raise Refused("请选择哪一次调解。", "session")
    session.state = Session.State.CANCELLED
    session.save(update_fields=["state"])
    change.kept["session"] = session.pk
    users = [party.user for party in session.invited.select_related("user") if party.user_id]
    change.told.append((users, "原定的调解取消，另行通知"))


def has_planned(dispute: Dispute, user: User) -> bool:
    """The ``ready`` of holding a session or calling it off."""
    return dispute.sessions.filter(state=Session.State.PLANNED).exists()


def extend(change: Change) -> datetime:
    """Return the later deadline that the parties agreed to."""
    days = change.data.get("days")
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= 30:
        raise Refused("请填写延长几天，1 到 30。", "days")
    if change.data.get("all_agree") is not True:
        raise Refused("延长调解期限须各方当事人都同意。", "all_agree")
    if change.matter.due_at is None:
        raise Refused("这件纠纷没有在计时。")
    change.matter.extensions += 1
    change.matter.told_at = None
    change.kept["days"] = days
    return max(change.matter.due_at, change.now) + timedelta(days=days)


# --- the end ---------------------------------------------------------------------------------------------------------
def end(change: Change, outcome: str) -> None:
    """Write how mediation ended; whoever was called in is let go."""
    change.matter.outcome, change.matter.ended_at = outcome, change.now
    change.kept["outcome"] = outcome
    change.matter.sessions.filter(state=Session.State.PLANNED).update(state=Session.State.CANCELLED)
    let_all_go(change)


def terminate(change: Change) -> None:
    """End mediation without an agreement and tell the parties which ways are open (People's Mediation Law, article 26)."""
    outcome = change.data.get("outcome")
    if outcome not in TERMINATIONS:
        raise Refused("请选择终止的原因。", "outcome")
    end(change, outcome)
    change.told.append((change.matter.audience("disputants"), OTHER_WAYS[:60]))


def guide(change: Change) -> None:
    """Show the parties the way to arbitration, review or court."""
    outcome = change.data.get("outcome")
    if outcome not in GUIDES:
        raise Refused("请选择引导到哪里。", "outcome")
    end(change, outcome)


def reopen(change: Change) -> None:
    """Take a dispute up again that has broken out anew, or whose parties have come round."""
    dispute: Dispute = change.matter
    dispute.outcome, dispute.ended_at, dispute.follow_up_on, dispute.told_at = "", None, None, None
    refused = dispute.disputants.filter(consent=Consent.REFUSED)
    refused.update(consent=Consent.ASKED, consent_means="", consent_at=None)
    dispute.mediations.filter(until=None).update(until=change.now, is_lead=False)
    change.status = S.ACCEPTED if dispute.case_number else S.REGISTERED


#: What a deadline is called in the states in which it is not the one of mediating.
WHOSE_TIME = {S.REGISTERED: "受理期限", S.SENT: "接收期限", S.AGREED: "履行期限"}


def tell_overdue(change: Change) -> None:
    """Remind the mediators and the centre's director that the time for it has passed; nobody above learns of the file."""
    dispute: Dispute = change.matter
    if dispute.told_at is not None:
        raise AlreadyDone
    dispute.told_at = change.now
    limit = WHOSE_TIME.get(dispute.status, "调解期限")
    change.note = f"已超过{limit}。"
    people = {*dispute.audience("mediators"), *dispute.audience("directors")}
    change.told.append((sorted(people, key=lambda user: user.pk), f"{limit}已过：{dispute.title}"))


def last_version(dispute: Dispute) -> int:
    """Return the number of the newest version of the agreement, 0 before the first."""
    return dispute.agreements.aggregate(last=Max("version"))["last"] or 0
