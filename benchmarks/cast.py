"""The people whose pages are measured, one for each role, and where they stand. Made through ``appoint``, as in a real portal.

All stand in or above one base grid, so that their lists are of very different length over the same orders.
"""

from dataclasses import dataclass

from governance.appointments import appoint
from governance.models import Unit, User
from volunteers.models import Team

DISTRICT = "120106"


@dataclass(frozen=True)
class Place:
    """The nodes that the cast stands at."""

    street: str
    community: str
    base: str
    #: Another community of the same street: the station leader's.
    beside: str
    #: A community of another street: where exceptions lie.
    far: str


@dataclass(frozen=True)
class Member:
    """One measured person: the key is also the login name's end."""

    key: str
    words: str
    role: str | None
    node: str = ""
    unit: str = ""


#: In the order of the tables. The volunteer's post is the one that an approval gives.
CAST = (
    Member("seat", "district seat operator", "seat_operator", "district"),
    Member("head", "district head", "district_head", "district"),
    Member("street", "street officer", "street_officer", "street"),
    Member("secretary", "community secretary", "community_secretary", "community"),
    Member("worker", "community worker", "community_worker", "community"),
    Member("grid", "grid worker", "grid_worker", "base"),
    Member("department", "department officer (unit)", "department_officer", "district", "department"),
    Member("team", "team leader (unit)", "team_leader", "community", "team"),
    Member("station", "station leader", "station_leader", "beside"),
    Member("volunteer", "volunteer, claim hall", "volunteer", "community"),
    Member("resident", "resident, own orders", None),
)
STAFF = tuple(member.key for member in CAST if member.key not in ("volunteer", "resident"))


def username(key: str) -> str:
    """Return the login name of a member of the cast."""
    return f"cast-{key}"


def person(key: str) -> User:
    """Return a member of the cast as a request meets her: nothing about her read yet."""
    return User.objects.get(username=username(key))


def node_of(member: Member, place: Place) -> str:
    """Return the code of the node of a member's post."""
    return DISTRICT if member.node == "district" else getattr(place, member.node)


def call_in(place: Place) -> tuple[dict[str, User], dict[str, Unit]]:
    """Make the cast and the two units. Returns them by key."""
    department = Unit.objects.create(
        grid_id=DISTRICT, code="bench-department", name="区民政部门", kind=Unit.Kind.DEPARTMENT
    )
    team_unit = Unit.objects.create(
        grid_id=place.community, code="bench-team", name="社区助老队", kind=Unit.Kind.TEAM
    )
    Team.objects.create(grid_id=place.community, unit=team_unit, name=team_unit.name)
    units = {"department": department, "team": team_unit}
    people = {}
    for number, member in enumerate(CAST):
        user = User.objects.create_user(
            username(member.key),
            name=f"测{member.key}",
            phone=f"1700000{number:04d}",
            phone_verified=True,
            is_staff=member.key in STAFF,
        )
        if member.role is not None:
            appoint(user, member.role, node_of(member, place), by=None, unit=units.get(member.unit))
        people[member.key] = user
    return people, units
