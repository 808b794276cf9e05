"""Taking in, as incidents that a worker reports, what patrols and shops' self-checks find (grids/findings.py); and which classes a visit's
finding can become."""

from governance.flow import Refused
from governance.models import User
from grids.findings import Found
from incidents.models import Incident, MinorClass
from incidents.services.reporting import report_incident


def offered(user: User) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the minor classes in use under their major classes, for who may report; none for others."""
    if not user.has_perm("incidents.report_incident"):
        return []
    groups: dict[str, list[tuple[str, str]]] = {}
    for minor in _in_use().select_related("major"):
        groups.setdefault(minor.major.name, []).append((str(minor.pk), minor.name))
    return list(groups.items())


def listed() -> list[tuple[str, str]]:
    """Return the minor classes in use by their codes, as the front door hands on what a visit found."""
    return [(minor.code, f"{minor.major.name} · {minor.name}") for minor in _in_use().select_related("major")]


def take(found: Found, by: User) -> Incident:
    """Report an incident for a finding. Raises Refused at ``choice`` for a class that is not in use, and what reporting refuses."""
    known = found.choice.isascii() and found.choice.isdigit() and len(found.choice) <= 10
    minor = _in_use().filter(pk=found.choice).first() if known else None
    if minor is None:
        raise Refused("这个类别已停用，请另选。", "choice")
    incident, _ = report_incident(
        by=by,
        source=found.source,
        source_id=found.source_id,
        channel="worker",
        minor_class=minor,
        grid=found.grid,
        entrance=found.entrance,
        longitude=found.longitude,
        latitude=found.latitude,
        spot=found.spot,
        description=found.words,
        captured_at=found.at,
        is_urgent=found.is_urgent,
        photos=found.photos,
    )
    return incident


def _in_use():
    return MinorClass.objects.filter(is_active=True, major__isnull=False)
