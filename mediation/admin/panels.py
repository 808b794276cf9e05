"""The lines of the panels on a file's page at the desk, in the order in which the file came about."""

from typing import Any

from django.utils import timezone

from governance import masks
from governance.templatetags import ui
from mediation.flow.agreeing import confirm_until, in_effect
from mediation.models import (
    Agreement,
    Dispute,
    FollowUp,
    Guest,
    Inquiry,
    Mediation,
    PrivateNote,
    Session,
    Term,
    Viewing,
)

TERM_TONES = {"pending": "caution", "partial": "caution", "done": "good", "defaulted": "danger"}


def mediators_of(dispute: Dispute, user: Any) -> list[dict[str, Any]]:
    """Return who mediates, and who did."""
    rows = (
        Mediation.objects.restrict(user)
        .filter(dispute=dispute)
        .select_related("mediator__user")
        .order_by("-pk")
    )
    return [
        {
            "who": str(row.mediator),
            "part": "、".join(
                w for w, on in (("主调解员", row.is_lead), ("当事人选定", row.is_chosen)) if on
            ),
            "since": ui.cn_short(row.since),
            "until": ui.cn_short(row.until) if row.until else "",
        }
        for row in rows[:20]
    ]


def sessions_of(dispute: Dispute, user: Any) -> list[dict[str, Any]]:
    """Return the sessions, with what the person herself noted of separate ones."""
    mine = {
        note.session_id: note.words
        for note in PrivateNote.objects.restrict(user).filter(session__dispute=dispute)
    }
    rows = (
        Session.objects.restrict(user)
        .filter(dispute=dispute)
        .prefetch_related("invited", "present")
        .order_by("starts_at")
    )
    return [
        {
            "when": ui.cn_datetime(row.starts_at),
            "mode": row.get_mode_display(),
            "state": row.get_state_display(),
            "place": row.place,
            "who": "、".join(
                party.get_side_display()
                for party in (row.present if row.state == Session.State.HELD else row.invited).all()
            ),
            "others": row.others,
            "record": row.record,
            "mine": mine.get(row.pk, ""),
        }
        for row in rows[:50]
    ]


def inquiries_of(dispute: Dispute, user: Any, clear: bool) -> list[dict[str, Any]]:
    """Return the investigation records."""
    return [
        {
            "when": ui.cn_datetime(row.at),
            "place": row.place,
            "asked": f"{masks.shown(row, 'asked', clear=clear)}　{row.relation}",
            "record": row.record,
            "by": str(row.by),
        }
        for row in Inquiry.objects.restrict(user).filter(dispute=dispute).select_related("by")[:50]
    ]


def agreements_of(dispute: Dispute, user: Any) -> list[dict[str, Any]]:
    """Return the versions of the agreement, newest first, with their terms and who has confirmed them."""
    rows = (
        Agreement.objects.restrict(user)
        .filter(dispute=dispute)
        .prefetch_related("terms", "confirmations__disputant")
    )
    effective = in_effect(dispute)
    return [
        {
            "title": str(row),
            "chip": ui.chip("已生效", "good")
            if row.effective_at
            else ui.chip("待确认", "caution")
            if number == 0
            else ui.chip("旧版本"),
            "at": ui.cn_datetime(row.effective_at or row.drafted_at),
            "facts": row.facts,
            "duties": row.duties,
            "terms": [
                {
                    "order": term.order,
                    "words": term_words(term),
                    "chip": ui.chip(term.get_state_display(), TERM_TONES[term.state])
                    if row.effective_at
                    else "",
                }
                for term in row.terms.all()
            ],
            "confirmed": "、".join(
                f"{each.disputant}（{each.get_means_display()}）" for each in row.confirmations.all()
            ),
            "judicial": judicial_words(row) if effective is not None and row.pk == effective.pk else "",
        }
        for number, row in enumerate(rows[:10])
    ]


def term_words(term: Term) -> str:
    """Return one term in a sentence."""
    money = f"，金额 {term.amount} 元" if term.amount is not None else ""
    return f"{term.content}；{term.way}；{term.place}；{ui.cn_date(term.due_on)} 前{money}"


def judicial_words(agreement: Agreement) -> str:
    """Return how it stands with the court, or until when it may be asked."""
    row = getattr(agreement, "judicial", None)
    if row is not None:
        return f"司法确认：{row.get_result_display()}　{row.court}　{row.ruling}"
    until = confirm_until(agreement)
    left = (until - timezone.localdate()).days
    return (
        f"可共同申请司法确认至 {ui.cn_date(until)}（还有 {left} 天）"
        if left >= 0
        else "已过申请司法确认的期限"
    )


def follow_ups_of(dispute: Dispute, user: Any) -> list[dict[str, Any]]:
    """Return the visits after the agreement."""
    return [
        {
            "when": ui.cn_datetime(row.at),
            "who": str(row.visited),
            "performance": row.get_performance_display(),
            "satisfied": "满意" if row.is_satisfied else "不满意",
            "risk": row.measures if row.has_risk else "",
            "words": row.words,
            "by": str(row.by),
        }
        for row in FollowUp.objects.restrict(user)
        .filter(dispute=dispute)
        .select_related("visited", "by")[:20]
    ]


def guests_of(dispute: Dispute, user: Any) -> list[dict[str, Any]]:
    """Return who was called in, and who looked at the file from above."""
    lines = [
        {
            "who": str(row.user),
            "why": f"受邀　{row.body}",
            "since": ui.cn_short(row.since),
            "until": ui.cn_short(row.until) if row.until else "",
        }
        for row in Guest.objects.restrict(user)
        .filter(dispute=dispute)
        .select_related("user")
        .order_by("-pk")[:20]
    ]
    return lines + [
        {
            "who": str(row.user),
            "why": f"调阅：{row.reason}",
            "since": ui.cn_short(row.at),
            "until": ui.cn_short(row.until),
        }
        for row in Viewing.objects.restrict(user).filter(dispute=dispute).select_related("user")[:20]
    ]
