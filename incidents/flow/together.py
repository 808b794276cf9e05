"""Several incidents that are one, and one that is several: merging and its undoing, splitting. Every function runs inside the
engine, with the incident's row locked."""

from django.db import OperationalError, transaction

from governance.flow import Change, Refused
from governance.models import User
from governance.permissions import permitted_actions
from incidents.flow import clocks
from incidents.flow.handling import release, take_over
from incidents.models import Incident, MinorClass
from incidents.models.incidents import IncidentStatus

S = IncidentStatus


def is_whole(incident: Incident, user: User) -> bool:
    """Say whether it is no part of another; what has parts itself is refused on sending."""
    return incident.part_of_id is None


def merge(change: Change) -> None:
    """Merge it into the one that is being handled; its reporter goes on hearing what becomes of it."""
    incident, chosen = change.matter, change.data.get("lead")
    if not isinstance(chosen, Incident) or chosen.pk == incident.pk:
        raise Refused("请选择并入哪一件。", "lead")
    if incident.merged.exists():
        raise Refused("已有别的事项并入这一件，请把它作为主件。", "lead")
    if incident.parts.exists() or incident.part_of_id:
        raise Refused("拆分过的事项不能并案。", "lead")
    lead = _locked(chosen.pk)
    if lead.status in (S.MERGED, S.REJECTED, S.WITHDRAWN, S.REFERRED):
        raise Refused(f"所选的事项“{lead.get_status_display()}”，不能并入。", "lead")
    if "dispatch" not in permitted_actions(change.actor, lead, {"dispatch"}):
        raise Refused("所选的事项不在您的管辖范围内。", "lead")
    change.kept |= {"lead": lead.number}
    change.told.append((incident.audience("assignee"), f"已并案：{incident.title}"))
    release(incident)
    incident.merged_into, incident.published_at = lead, None
    take_over(change)
    incident.published_at = None
    change.after.append(
        lambda done: Incident.flow.run(lead, "absorb", by=done.actor, note=f"{incident.number} 并入本件。")
    )


def _locked(key: int) -> Incident:
    """Return the other incident with its row locked; two merges into each other never wait for each other."""
    try:
        with transaction.atomic():
            return Incident.objects.with_place().select_for_update(of=("self",), nowait=True).get(pk=key)
    except OperationalError as busy:
        raise Refused("所选的事项正在被别人办理，请稍后再试。", "lead") from busy


def unmerge(change: Change) -> None:
    """Make it a matter of its own again."""
    incident: Incident = change.matter
    lead = incident.merged_into
    change.kept["lead"] = lead.number
    incident.merged_into = None
    # What its reporter said of the other one is not her answer to this one.
    incident.solved = incident.satisfaction = None
    incident.rating_words = ""
    change.status = S.ACCEPTED
    change.after.append(
        lambda done: Incident.flow.run(lead, "let_go", by=done.actor, note=f"{incident.number} 已撤销并案。")
    )


def split(change: Change) -> None:
    """Open a part for each piece that somebody else must handle; this one stays the lead."""
    incident, parts = change.matter, change.data.get("parts") or []
    if incident.part_of_id:
        raise Refused("这一件本身是拆分出来的，不能再拆。")
    if not 1 <= len(parts) <= 9:
        raise Refused("请填写 1 到 9 件拆分的事项。", "parts")
    change.after.append(lambda done: _open_parts(done, parts))


def _open_parts(change: Change, parts: list[tuple[MinorClass, str]]) -> None:
    lead: Incident = change.matter
    for minor, words in parts:
        Incident.flow.open_matter(
            Incident(
                grid=lead.grid,
                entrance=lead.entrance,
                title=minor.name,
                minor_class=minor,
                description=words,
                spot=lead.spot,
                longitude=lead.longitude,
                latitude=lead.latitude,
                channel=lead.channel,
                is_urgent=lead.is_urgent,
                placed_by=change.actor,
                part_of=lead,
            ),
            by=change.actor,
            label="拆分",
            note=f"由 {lead.number} 拆分。",
            clock=clocks.ACCEPT,
            tell=("dispatchers",),
        )
