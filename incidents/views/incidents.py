"""An incident's page and its actions, as its reporter, its worker and everyone else who may see it find them on a phone."""

from typing import Any

from django.utils import timezone

from governance import intake, masks, worktime
from governance.permissions import permitted_actions
from governance.views import FlowActionView, RestrictedDetail, SignedIn, buttons, told
from grids import origins
from grids.models import Grid
from incidents.cards import TONES, reports_for_others, sent_to
from incidents.flow import INCIDENTS
from incidents.flow.incidents import INSIDE
from incidents.forms.actions import INCIDENT_FORMS
from incidents.models import Incident, IncidentPhoto, IncidentStep
from incidents.models.incidents import IncidentStatus as S
from incidents.services.whistles import progress_for_reporter

#: What is done on the spot, where there may be no network.
KEPT = frozenset(
    {"handle", "handle_oneself", "verify_pass", "verify_fail", "progress", "contacted", "supplement"}
)

#: The action that stands at the bottom of the page, if it is offered: the first of these.
MAIN = ("receive", "handle", "verify_pass", "dispatch", "designate", "rate", "supplement")


class IncidentPage(SignedIn, RestrictedDetail):
    """One incident."""

    model = Incident
    template_name = "incidents/incident.html"

    def get_queryset(self) -> Any:
        return (
            super()
            .get_queryset()
            .for_page()
            .select_related("worker", "handler", "first_receiver", "merged_into")
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        incident, user = self.object, self.request.user
        allowed = permitted_actions(user, incident, {"contact", "reveal", *INSIDE})
        contact = "contact" in allowed
        offered = buttons(IncidentActionView, incident, user)
        main = next((b for name in MAIN for b in offered if b.name == name), None)
        mine = user.pk in (incident.applicant_id, incident.placed_by_id)
        return super().get_context_data(
            **kwargs,
            incident=incident,
            tone=TONES.get(incident.status, "quiet"),
            shown={
                name: masks.shown(incident, name, clear=contact)
                for name in ("applicant_name", "applicant_phone")
            },
            contact=contact,
            may_reveal=not contact and "reveal" in allowed,
            inside=bool(allowed & INSIDE),
            receive_by=incident.receive_by if incident.status == S.DISPATCHED and allowed & INSIDE else None,
            mine=mine,
            photos=by_stage(incident),
            works=reports_for_others(self.request),
            lead=incident.merged_into,
            origin=origins.origin(incident, user) if allowed & INSIDE else None,
            referred=[row.matter for row in intake.referred_to(incident, user)]
            if incident.status == S.REFERRED
            else [],
            whistle=progress_for_reporter(incident.merged_into or incident, user),
            parts=list(
                Incident.objects.restrict(user).filter(part_of=incident).for_page().order_by("pk")[:9]
            ),
            steps=self.timeline(contact),
            first=main,
            others=[b for b in offered if b is not main],
            estimate=incident.due_at is not None
            and worktime.is_estimate(timezone.localtime(incident.due_at).date()),
            community=Grid.objects.filter(code=incident.grid_id[:12]).only("name", "phone").first(),
        )

    def timeline(self, contact: bool) -> list[dict[str, Any]]:
        """What happened, newest first. People on duty are named, and so is the reporter to whom she may be called by."""
        incident, user = self.object, self.request.user
        steps = INCIDENTS.timeline(incident, user)
        labels = sent_to(steps)

        def named(step: IncidentStep) -> str | None:
            if step.actor.username == "system" and step.action == "open":
                return "未登录的市民"
            return str(step.actor) if contact and step.actor_id == incident.applicant_id else None

        return [
            line | {"label": labels.get(step.pk, step.label)}
            for step, line in zip(steps, told(steps, user, named), strict=True)
        ]


def by_stage(incident: Incident) -> dict[str, list[IncidentPhoto]]:
    """Return an incident's pictures, stage -> pictures, in the order of the stages."""
    found: dict[str, list[IncidentPhoto]] = {stage.value: [] for stage in IncidentPhoto.Stage}
    for photo in incident.photos.all():
        found[photo.stage].append(photo)
    return {stage: photos for stage, photos in found.items() if photos}


class IncidentActionView(FlowActionView):
    """One action on one incident."""

    flow = INCIDENTS
    forms = INCIDENT_FORMS
    address = "incident_action"
    fallback = "my_matters"
    templates = dict.fromkeys(("verify_pass", "verify_fail"), "incidents/verify.html")
    kept = KEPT
    done = {
        "receive": "已接收，从现在起由您负责。",
        "handle": "已提交，等待核查。",
        "handle_oneself": "已提交，等待核查。",
        "verify_pass": "核查通过，已结案。",
        "verify_fail": "已退回承办人继续处置。",
        "return_back": "已退回，会另行派遣。",
        "rate": "谢谢您的评价。",
        "reopen": "已重新办理，会有人尽快处理。",
        "supplement": "已补充，办理的人会看到。",
        "urge": "已催办，请等等看。",
        "withdraw": "已撤回。",
    }

    def besides(self, matter: Incident) -> dict[str, Any]:
        """Whether the phone keeps her pages; what was reported and what was done, side by side, for whoever verifies it."""
        works = {"works": reports_for_others(self.request)}
        if self.name not in self.templates:
            return works
        photos = by_stage(matter)
        handled = matter.steps.filter(action__in=("handle", "handle_oneself")).select_related("actor")
        return works | {
            "before": photos.get(IncidentPhoto.Stage.REPORTED, []),
            "after": photos.get(IncidentPhoto.Stage.HANDLED, []),
            "handled": handled.order_by("-seq").first(),
            "passing": INCIDENTS.actions["verify_pass"],
            "failing": INCIDENTS.actions["verify_fail"],
        }
