"""Blowing a whistle and proposing one; what happens afterwards is the tables' (incidents/flow/whistles.py, slips.py)."""

from collections.abc import Iterable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Max

from governance import files
from governance.flow import NotYours, Refused
from governance.models import Unit, User
from governance.models.matters import Channel
from governance.permissions import permitted_actions
from governance.territory import GridLevel
from grids.models import Grid
from incidents.flow import WHISTLES, blowing, whistle_clocks
from incidents.models import Incident, SlipStatus, Whistle, WhistlePhoto, WhistleSituation, WhistleSlip

#: Incidents behind one whistle, at most.
MOST_INCIDENTS = 50


@transaction.atomic
def propose_whistle(
    *,
    by: User,
    situation: WhistleSituation,
    grid: Grid,
    description: str,
    colour: str = "",
    lead: Unit | None = None,
    assisting: Iterable[Unit] = (),
    incidents: Iterable[Incident] = (),
    photos: Iterable[UploadedFile] = (),
) -> Whistle:
    """Propose a whistle (提请吹哨) to the street's heads, who decide.

    ``grid`` is the street, or a community or base grid of it. ``colour`` and ``lead`` are the situation's own where they are
    left empty. ``by`` needs ``propose`` there. Raises Refused at the field it concerns, NotYours, or ValidationError.
    """
    return _open(
        by, "propose", "提请吹哨", situation, grid, description, colour, lead, assisting, incidents, photos,
        tell=("heads",),
    )  # fmt: skip


@transaction.atomic
def blow_whistle(
    *,
    by: User,
    situation: WhistleSituation,
    grid: Grid,
    description: str,
    colour: str = "",
    lead: Unit | None = None,
    assisting: Iterable[Unit] = (),
    incidents: Iterable[Incident] = (),
    photos: Iterable[UploadedFile] = (),
) -> Whistle:
    """Blow a whistle (吹哨) straight away, as one of the street's two heads: each department gets its slip.

    What goes in and what is raised is as for ``propose_whistle``; ``by`` needs ``blow``.
    """
    whistle = _open(
        by, "blow", "起草", situation, grid, description, colour, lead, assisting, incidents, photos
    )
    return WHISTLES.run(whistle, "blow", by=by)


def _open(
    by: User,
    action: str,
    label: str,
    situation: WhistleSituation,
    grid: Grid,
    description: str,
    colour: str,
    lead: Unit | None,
    assisting: Iterable[Unit],
    incidents: Iterable[Incident],
    photos: Iterable[UploadedFile],
    tell: tuple[str, ...] = (),
) -> Whistle:
    if grid.is_retired:
        raise Refused("这个网格已停用，请另选。", "grid")
    if grid.grid_level < GridLevel.STREET:
        raise Refused("请把地点选到街道、社区或基础网格。", "grid")
    if not description.strip():
        raise Refused("请写明是什么情况、要部门做什么。", "description")
    incidents = list(incidents)
    check_incidents(incidents, grid, by)
    whistle = Whistle(
        grid=grid, description=description.strip(), channel=Channel.DESK, placed_by=by, applicant_name=""
    )
    kept = blowing.describe(
        whistle, {"situation": situation, "colour": colour, "lead": lead, "assisting": assisting}
    )

    def within_reach(saved: Any) -> None:
        if action not in permitted_actions(by, saved, {action}):
            raise NotYours

    WHISTLES.open_matter(
        whistle, by=by, label=label, tell=tell, clock=whistle_clocks.DECIDE, check=within_reach
    )
    whistle.assisting.set(kept)
    whistle.incidents.set(incidents)
    files.attach(WhistlePhoto, photos, by=by, whistle=whistle)
    return whistle


def check_incidents(incidents: list[Incident], grid: Grid, by: User) -> None:
    """Raise Refused unless all of these are incidents of the whistle's street that ``by`` may see."""
    if len(incidents) > MOST_INCIDENTS:
        raise Refused(f"一次最多关联 {MOST_INCIDENTS} 件事件。", "incidents")
    keys = {incident.pk for incident in incidents}
    if len(keys & set(Incident.objects.restrict(by).filter(pk__in=keys).values_list("pk", flat=True))) < len(
        keys
    ):
        raise Refused("有的事件不在您的管辖范围内，请核对编号。", "incidents")
    elsewhere = [
        incident.number
        for incident in incidents
        if incident.grid_id[: GridLevel.STREET] != grid.code[: GridLevel.STREET]
    ]
    if elsewhere:
        raise Refused(f"{'、'.join(elsewhere[:3])}不在本街道，不能一起吹哨。", "incidents")


def progress_for_reporter(incident: Incident, user: Any) -> dict[str, Any] | None:
    """Return what the reporter of an incident may know of a whistle behind it: that it was blown, how many departments are
    called, have reported in and have fed back, and its state in words. No names. None where there is no whistle.
    """
    whistle = (
        Whistle.objects.restrict(user, "count")
        .filter(incidents=incident)
        .order_by("-blown_at", "-pk")
        .first()
    )
    if whistle is None:
        return None
    first = whistle.parent_id or whistle.pk
    slips = list(
        WhistleSlip.objects.restrict(user, "count")
        .filter(whistle__in={whistle.pk, first})
        .exclude(status__in=[SlipStatus.RELEASED, SlipStatus.WITHDRAWN])
        .values("unit")
        .annotate(came=Max("arrived_at"), answered=Max("fed_back_at"))
        .order_by()
    )
    return {
        "called": len(slips),
        "arrived": sum(line["came"] is not None for line in slips),
        "answered": sum(line["answered"] is not None for line in slips),
        "second": whistle.parent_id is not None,
        "state": whistle.get_status_display(),
        "at": whistle.blown_at,
    }
