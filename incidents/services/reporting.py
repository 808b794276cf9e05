"""Reporting an incident, by the front door; what happens to it afterwards is its flow's table."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from governance import files, intake, parameters
from governance.flow import NotYours, Refused
from governance.models import Intake, Matter, User
from governance.models.matters import Channel
from governance.territory import GridLevel
from grids import geometry
from grids.models import Entrance, Grid
from incidents.flow import INCIDENTS, clocks
from incidents.models import Incident, IncidentPhoto, MinorClass

#: A ticket may have been on its way through a hotline or a higher level for so long before it is handed down.
OLDEST_TICKET = timedelta(days=90)
TICKETS = frozenset({Channel.HOTLINE.value, Channel.UPPER.value, Channel.OPINION.value})

#: What whoever hands something on need not say.
UNSAID = {
    "spot": "", "longitude": None, "latitude": None, "captured_at": None, "is_urgent": False, "quietly": False, "photos": (),
}  # fmt: skip


@transaction.atomic
def report_incident(
    *,
    by: User,
    source_id: str,
    minor_class: MinorClass,
    grid: Grid | None = None,
    entrance: Entrance | None = None,
    longitude: float | None = None,
    latitude: float | None = None,
    spot: str = "",
    description: str = "",
    applicant: User | None = None,
    applicant_name: str = "",
    applicant_phone: str = "",
    is_urgent: bool = False,
    captured_at: datetime | None = None,
    channel: str = "resident",
    source: str = "portal",
    photos: Iterable[UploadedFile] = (),
    quietly: bool = False,
) -> tuple[Incident, bool]:
    """Report an incident (上报). Returns it, and False when this very report had been taken in before.

    The place is the entrance's, else the grid that was chosen, else the base grid that holds the point (degrees, WGS 84).
    ``by`` fills it in: the reporter, a worker, another system's account, or the portal's own account for somebody who has
    not signed in. ``source_id`` names the report within its source and sender. The incident and its ``photos`` are kept together
    or not at all. ``quietly``: nobody is told of it by itself, because many come at once and are told of together; what
    is urgent is told all the same. Raises Refused at the field it concerns, NotYours, or ValidationError.
    """
    code = place_code(grid, entrance, longitude, latitude)
    return intake.receive(
        "incident",
        by=by,
        source=source,
        source_id=f"{by.pk}:{source_id}" if source == "portal" else source_id,
        channel=channel,
        grid_id=code,
        applicant=applicant,
        applicant_name=applicant_name or (applicant.name if applicant else ""),
        applicant_phone=applicant_phone or (applicant.phone or "" if applicant else ""),
        minor_class=minor_class,
        entrance=entrance,
        longitude=longitude,
        latitude=latitude,
        spot=spot,
        description=description,
        is_urgent=is_urgent,
        captured_at=captured_at,
        quietly=quietly,
        photos=photos,
    )


def place_code(
    grid: Grid | None, entrance: Entrance | None, longitude: float | None, latitude: float | None
) -> str:
    """Return the code of the grid that a report belongs to: a point makes a chosen community finer, never another one.

    Raises Refused where none of the three says where.
    """
    if entrance is not None:
        return entrance.grid_id
    found = geometry.locate(longitude, latitude) if longitude is not None and latitude is not None else None
    if grid is None and found is None:
        raise Refused("请选择地址，或使用现在的位置。", "grid")
    if grid is None or (found is not None and found.startswith(grid.code)):
        return found
    return grid.code


def take_in(came: Intake, payload: dict[str, Any]) -> Matter:
    """Make an incident of what came in by the front door (the handler of the kind "incident")."""
    by: User = payload["by"]
    payload = UNSAID | payload
    minor = class_of(payload["choice"] if "choice" in payload else payload["minor_class"])
    now = timezone.now()
    if not minor.is_active:
        raise Refused("这个小类已停用，请选择别的。", "minor_class")
    if came.grid.is_retired:
        raise Refused("这个网格已停用，请重新选择地址。", "grid")
    if came.grid.grid_level < GridLevel.STREET:
        raise Refused("请把地址选到街道、社区或基础网格。", "grid")
    oldest = OLDEST_TICKET if came.channel in TICKETS else clocks.OLDEST
    clocks.check_captured(payload["captured_at"], now, oldest)
    incident = Incident(
        grid=came.grid,
        title=minor.name,
        description=payload["description"],
        applicant=came.applicant,
        applicant_name=came.applicant_name,
        applicant_phone=came.applicant_phone,
        # What a worker found at a visit is hers to follow, as what she reports herself.
        placed_by=came.placed_by or (by if came.referred_from and came.channel == Channel.WORKER else None),
        channel=came.channel,
        minor_class=minor,
        entrance=payload["entrance"],
        spot=payload["spot"],
        longitude=payload["longitude"],
        latitude=payload["latitude"],
        captured_at=payload["captured_at"],
        is_urgent=payload["is_urgent"],
        respond_by=respond_by(came.applicant_phone, now),
    )

    tell: tuple[str, ...] = ("dispatchers", "applicant")
    if payload["quietly"]:
        tell = ("dispatchers",) if incident.is_urgent else ()

    def within_reach(saved: Matter) -> None:
        # Whoever reports by a post does so at her own place; residents and systems report everywhere.
        on_duty = came.applicant_id != by.pk or came.channel == Channel.WORKER
        if by.is_staff and on_duty and not by.may("report", saved):
            raise NotYours

    opened = INCIDENTS.open_matter(
        incident,
        by=by,
        label="上报",
        tell=tell,
        clock=clocks.ACCEPT,
        check=within_reach,
    )
    taker = None if by.username == "system" else by
    files.attach(IncidentPhoto, payload["photos"], by=taker, incident=opened, taken_at=opened.captured_at)
    return opened


def class_of(given: MinorClass | str) -> MinorClass:
    """Return the minor class that another app names by its code. Raises Refused for a code that the catalogue lacks."""
    if isinstance(given, MinorClass):
        return given
    found = MinorClass.objects.filter(code=given).select_related("major").first()
    if found is None:
        raise Refused("事件目录里没有这个小类编号。", "minor_class")
    return found


def respond_by(phone: str, now: datetime) -> datetime | None:
    """Return when the reporter must have been spoken to; None where nobody can be called."""
    return now + timedelta(hours=parameters.value("incidents.respond_within")) if phone else None
