"""A dispute's page on a phone: for its parties the part that is theirs, for whoever may see the file the case. And its actions."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views import View

from governance import masks
from governance.forms import ActionForm
from governance.models import User
from governance.permissions import permitted_actions
from governance.views import FlowActionView, SignedIn, buttons, told
from governance.views.actions import Button
from mediation.cards import TONES, next_actions
from mediation.disclosure import Followed, followed
from mediation.flow import DISPUTES
from mediation.flow.agreeing import confirm_until, is_confirmed, is_performed, lacks
from mediation.forms.actions import DISPUTE_FORMS
from mediation.forms.wishes import ChooseMediatorForm
from mediation.models import (
    Agreement,
    Disputant,
    Dispute,
    DisputePhoto,
    FollowUp,
    Guest,
    Inquiry,
    Mediation,
    PrivateNote,
    Session,
)
from mediation.services.papers import papers_of_party

#: A party's own action that stands at the bottom of her page, the first that is offered.
PARTY_MAIN = ("agree", "confirm", "rate")
#: What is seldom done stands folded away.
SELDOM = frozenset(
    {
        "amend_party", "amend", "cancel_session", "extend", "confirm_paper", "conclude_orally", "terminate", "guide",
        "decline", "send_up", "hand_down", "send_back", "invite", "let_go", "record_judicial", "reopen",
    }
)  # fmt: skip


class DisputePage(SignedIn, View):
    """One dispute. Whoever is a party to it sees a party's page, whatever else she is."""

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        dispute = find(request.user, number, ("follow", "view"))
        if dispute is None:
            raise Http404
        known = followed(dispute, request.user)
        if known is not None:
            return render(request, "mediation/dispute.html", party_page(dispute, known, request.user))
        if not request.user.may("view", dispute):
            raise Http404
        return render(request, "mediation/case.html", case_page(dispute, request.user))


def find(user: User, number: str, actions: Iterable[str]) -> Dispute | None:
    """Return the dispute with which ``user`` may do one of ``actions``, loaded for its page."""
    for action in actions:
        if found := Dispute.objects.restrict(user, action).for_page().filter(number=number).first():
            return found
    return None


def split(
    offered: list[Button], main: tuple[str, ...], seldom: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Return the buttons of a page: the main one, the others, and those that are folded away."""
    first = next((b for name in main for b in offered if b.name == name), None)
    rest = [b for b in offered if b is not first]
    return {
        "first": first,
        "others": [b for b in rest if b.name not in seldom],
        "seldom": [b for b in rest if b.name in seldom],
    }


# --- a party ---------------------------------------------------------------------------------------------------------
def party_page(dispute: Dispute, known: Followed, user: User) -> dict[str, Any]:
    """Return what a party's page shows."""
    offered = [b for b in buttons(DisputeActionView, dispute, user) if b.action.permission == "answer"]
    asked = any(b.name == "agree" for b in offered)
    if any(b.name == "withdraw" for b in offered):
        # Whoever applied takes the application back; to be asked twice in other words would only puzzle.
        offered = [b for b in offered if b.name != "refuse"]
    # What cannot be taken back stands last.
    offered.sort(key=lambda b: b.action.danger)
    return {
        "dispute": dispute,
        "tone": TONES.get(dispute.status, "quiet"),
        "known": known,
        "papers": papers_of_party(dispute, user),
        # Asked whether she will be mediated, she has two buttons side by side.
        "asked": asked,
        "refusal": next((b for b in offered if asked and b.name == "refuse"), None),
        **split(
            [b for b in offered if not (asked and b.name == "refuse")],
            PARTY_MAIN if dispute.closed_at else PARTY_MAIN[:-1],
        ),
    }


# --- the file --------------------------------------------------------------------------------------------------------
def case_page(dispute: Dispute, user: User) -> dict[str, Any]:
    """Return what the page of a case shows to whoever may see the file."""
    allowed = permitted_actions(user, dispute, {"contact", "reveal", "mediate"})
    contact = "contact" in allowed
    offered = buttons(DisputeActionView, dispute, user)
    parties = list(Disputant.objects.restrict(user).filter(dispute=dispute).order_by("pk"))
    waits = any(party.consent == Disputant.Consent.ASKED for party in parties)
    sessions = Session.objects.restrict(user).filter(dispute=dispute)
    sessions = list(sessions.order_by("starts_at", "pk").prefetch_related("invited", "present"))
    mediations = (
        Mediation.objects.restrict(user).filter(dispute=dispute, until=None).select_related("mediator__user")
    )
    mediations = list(mediations)
    ready = any(each.state == Session.State.PLANNED for each in sessions)
    notes = PrivateNote.objects.restrict(user).filter(session__dispute=dispute)
    mine = {note.session_id: note for note in notes}
    for each in sessions:
        each.note = mine.get(each.pk)
    agreement = (
        Agreement.objects.restrict(user)
        .filter(dispute=dispute)
        .select_related("judicial", "signed_by")
        .prefetch_related("terms", "confirmations__disputant")
        .order_by("-version")
        .first()
    )
    visits = list(FollowUp.objects.restrict(user).filter(dispute=dispute).select_related("visited", "by"))
    confirmed = agreement is not None and is_confirmed(agreement, parties)
    main = next_actions(
        waits=waits,
        ready=ready,
        assigned=bool(mediations),
        confirmed=confirmed,
        performed=agreement is not None and is_performed(agreement),
        visited=bool(visits),
    )
    names = {party.user_id: party for party in parties if party.user_id}
    doing = {b.name: b.url for b in offered}
    drafts = "draft" in doing or "conclude_orally" in doing
    return {
        "dispute": dispute,
        "tone": TONES.get(dispute.status, "quiet"),
        "parties": [_party(party, contact) | {"lacks": drafts and lacks(party)} for party in parties],
        "amend": doing.get("amend_party", ""),
        "contact": contact,
        "may_reveal": not contact and "reveal" in allowed,
        "mediations": mediations,
        "guests": list(
            Guest.objects.restrict(user).filter(dispute=dispute, until=None).select_related("user")
        ),
        "sessions": sessions,
        "inquiries": [
            {"row": row, "asked": masks.shown(row, "asked", clear=contact)}
            for row in Inquiry.objects.restrict(user).filter(dispute=dispute)
        ],
        "agreement": agreement,
        "all_confirmed": confirmed,
        "confirm_until": confirm_until(agreement)
        if agreement and agreement.effective_at and not hasattr(agreement, "judicial")
        else None,
        "visits": visits,
        "photos": list(DisputePhoto.objects.restrict(user).filter(dispute=dispute).order_by("pk")),
        "steps": timeline(dispute, user, names if contact else {}),
        # The papers are drawn up, printed and sealed there.
        "desk": dispute.get_desk_url() if user.is_staff else "",
        **split(offered, main, SELDOM),
    }


def _party(party: Disputant, contact: bool) -> dict[str, Any]:
    shown = {name: masks.shown(party, name, clear=contact) for name in ("name", "phone", "address")}
    return {"row": party, **shown}


def timeline(dispute: Dispute, user: User, named: dict[int, Disputant]) -> list[dict[str, Any]]:
    """What happened, newest first; the parties in ``named`` by their names."""
    return told(
        DISPUTES.timeline(dispute, user),
        user,
        lambda step: named[step.actor_id].name if step.actor_id in named else None,
    )


# --- actions ---------------------------------------------------------------------------------------------------------
class DisputeActionView(FlowActionView):
    """One action on one dispute, a party's or a mediator's."""

    flow = DISPUTES
    forms = DISPUTE_FORMS | {"choose_mediator": ChooseMediatorForm}
    sees = ("follow", "view")
    address = "dispute_action"
    fallback = "my_matters"
    template_name = "mediation/action.html"
    templates = {
        "confirm": "mediation/confirm.html",
        "conclude": "mediation/confirm.html",
        "draft": "mediation/terms.html",
        "conclude_orally": "mediation/terms.html",
    }
    done = {
        "agree": "已记下您同意调解。矛调中心受理后会通知您。",
        "refuse": "已记下您不同意调解，调解终止。您可以通过其他途径维权。",
        "withdraw": "已撤回申请。",
        "choose_mediator": "已告诉矛调中心，由中心安排。",
        "confirm": "已确认这一版协议。各方都确认、调解员签名盖章后生效。",
        "rate": "谢谢您的评价。",
        "inform": "已记下：权利义务已告知。",
        "plan_session": "已安排，受邀的当事人会收到通知。",
        "hold_session": "记录已保存。",
        "draft": "协议已拟定，请各方当事人核对、确认。",
        "conclude": "协议已生效。",
        "perform": "已登记履行情况。",
        "follow_up": "回访记录已保存。",
    }

    def besides(self, matter: Dispute) -> dict[str, Any]:
        """The words of the agreement, for whoever confirms or concludes it."""
        if self.name not in ("confirm", "conclude"):
            return {}
        way = "follow" if self.name == "confirm" else "view"
        versions = Agreement.objects.restrict(self.request.user, way).filter(dispute=matter)
        last = versions.prefetch_related("terms", "confirmations").order_by("-version").first()
        sealed = self.name == "conclude" and last is not None
        return {"agreement": last, "all_confirmed": sealed and is_confirmed(last, matter.disputants.all())}

    def again(self, matter: Dispute, form: ActionForm) -> HttpResponse:
        # Which version was confirmed cannot be mended in the form: she reads the new one first.
        if self.name == "confirm" and form.is_bound and form.non_field_errors():
            messages.warning(self.request, " ".join(form.non_field_errors()))
            return HttpResponseRedirect(self.next_page(matter))
        return super().again(matter, form)
