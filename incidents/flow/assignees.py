"""To whom an incident can be dispatched: grid workers of its community, and the units whose ground it lies on."""

from django.db.models import Q

from governance.models import Post, Unit, User
from governance.territory import GridLevel, lineage
from incidents.models import Door, Incident

#: Units that handle incidents.
KINDS = (Unit.Kind.COMMITTEE, Unit.Kind.STREET_OFFICE, Unit.Kind.DEPARTMENT)
#: Which kind of unit stands behind a class's usual door.
KIND_OF = {
    Door.COMMUNITY: Unit.Kind.COMMITTEE,
    Door.STREET: Unit.Kind.STREET_OFFICE,
    Door.DEPARTMENT: Unit.Kind.DEPARTMENT,
}


def workers_near(code: str):
    """Return the people who hold a grid worker's duty (reporting) at a base grid of the community of ``code``."""
    posts = (
        Post.objects.in_force()
        .filter(unit=None, community_code=code[: GridLevel.COMMUNITY], grid__level=GridLevel.BASE)
        .filter(
            role__permissions__codename="report_incident",
            role__permissions__content_type__app_label="incidents",
        )
    )
    return User.objects.filter(is_active=True, pk__in=posts.values("user"))


def units_over(code: str):
    """Return the active units that may be given what happens at ``code``: departments, the street's office, the committee."""
    return Unit.objects.filter(is_active=True, kind__in=KINDS, grid__in=lineage(code))


def usual_assignee(incident: Incident) -> User | Unit | None:
    """Return who usually handles a class here: the class's own department, the committee, the street's office, or the base
    grid's worker; None where there is nobody of that kind."""
    minor, code = incident.minor_class, incident.grid_id
    if minor.unit_id is not None and minor.unit.is_active and code.startswith(minor.unit.grid_id):
        return minor.unit
    if minor.door == Door.WORKER:
        posts = Post.objects.in_force().filter(grid=code, unit=None, user__in=workers_near(code))
        return User.objects.filter(pk__in=posts.values("user")).order_by("pk").first()
    return units_over(code).filter(Q(kind=KIND_OF[minor.door])).order_by("-grid", "code").first()
