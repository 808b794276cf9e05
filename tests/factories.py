"""Small worlds for tests: territory, people with posts, orders in a state. Each builder goes through the services where
there is one, so that a test's world is one that could have come about."""

import itertools
from datetime import date, datetime, timedelta

from django.utils import timezone

from governance.appointments import appoint
from governance.models import Unit, User
from grids.models import Building, Entrance, Grid
from incidents.flow import INCIDENTS
from incidents.models import Evaluation, Incident, MajorClass, MinorClass, Whistle, WhistleSituation
from incidents.services.evaluation import open_evaluation
from incidents.services.reporting import report_incident
from incidents.services.whistles import blow_whistle
from volunteers.flow import ORDERS, REGISTRATION
from volunteers.models import Membership, Order, ServiceItem, Skill, Team, Volunteer
from volunteers.services.orders import place_order
from volunteers.services.registration import register_volunteer

DISTRICT = "120106"
STREET, OTHER_STREET = "120106001", "120106003"
COMMUNITY, NEIGHBOUR, FAR = "120106001002", "120106001004", "120106003001"
BASE, NEIGHBOUR_BASE, FAR_BASE = COMMUNITY + "001", NEIGHBOUR + "001", FAR + "001"

_serial = itertools.count(1)


def make_grid(code: str, **fields) -> Grid:
    """Make a grid and whatever stands above it."""
    found = Grid.objects.filter(code=code).first()
    if found is not None:
        return found
    for length in (6, 9, 12, 15):
        if length > len(code):
            break
        part = code[:length]
        parent = part[: {6: 0, 9: 6, 12: 9, 15: 12}[length]] or None
        Grid.objects.get_or_create(
            code=part,
            defaults={"name": f"网格{part[-3:]}", "parent_id": parent, **(fields if part == code else {})},
        )
    return Grid.objects.get(code=code)


def make_territory() -> None:
    """Make one district with two streets, three communities and a base grid in each."""
    for code in (BASE, NEIGHBOUR_BASE, FAR_BASE):
        make_grid(code)


def make_entrance(code: str = BASE, **fields) -> Entrance:
    """Make a building with one entrance in a base grid."""
    make_grid(code)
    building = Building.objects.create(grid_id=code, name=f"{next(_serial)}号楼", compound="和苑里")
    return Entrance.objects.create(grid_id=code, building=building, name="1门", **fields)


def make_phone() -> str:
    """Return a phone number nobody has yet."""
    return f"1990000{next(_serial):04d}"


def make_user(name: str = "", *, staff: bool = False, **fields) -> User:
    """Make an account with a verified phone."""
    number = next(_serial)
    fields.setdefault("phone", f"199{number:08d}")
    return User.objects.create_user(
        fields.pop("username", f"u{number}"),
        name=name or f"某{number}",
        phone_verified=True,
        is_staff=staff,
        **fields,
    )


def make_staff(role: str, code: str, **post) -> User:
    """Make a person who holds one post."""
    make_grid(code)
    user = make_user(staff=True)
    appoint(user, role, code, by=None, **post)
    return User.objects.get(pk=user.pk)


def make_unit(code: str = DISTRICT, kind: str = Unit.Kind.DEPARTMENT, **fields) -> Unit:
    """Make a unit at a grid."""
    make_grid(code)
    number = next(_serial)
    fields.setdefault("name", f"单位{number}")
    return Unit.objects.create(grid_id=code, code=f"unit-{number}", kind=kind, **fields)


def make_team(code: str = COMMUNITY) -> Team:
    """Make a volunteer team with its unit."""
    unit = make_unit(code, Unit.Kind.TEAM)
    return Team.objects.create(grid_id=code, unit=unit, name=unit.name)


def make_item(*skills: Skill, **fields) -> ServiceItem:
    """Make a dish of the menu."""
    number = next(_serial)
    item = ServiceItem.objects.create(
        **{
            "code": f"item-{number}",
            "name": f"项目{number}",
            "category": ServiceItem.Category.HOME,
            "summary": "上门帮忙",
            **fields,
        }
    )
    item.skills.set(skills)
    return item


def make_volunteer(code: str = BASE, *, approved_by: User | None = None, **fields) -> Volunteer:
    """Make an active volunteer through the registration flow."""
    grid = make_grid(code)
    approver = approved_by or make_staff("community_secretary", code[:12])
    user = fields.pop("user", None) or make_user()
    volunteer = register_volunteer(
        user, name=user.name, birth_date=fields.pop("birth_date", date(1990, 5, 1)), grid=grid, **fields
    )
    return REGISTRATION.run(volunteer, "approve", by=approver, version=volunteer.version)


def join(team: Team, volunteer: Volunteer) -> Membership:
    """Put a volunteer in a team."""
    return Membership.objects.create(team=team, volunteer=volunteer)


def tomorrow(hour: int = 9) -> datetime:
    """Return an hour of tomorrow in local time."""
    day = timezone.localdate() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, hour, tzinfo=timezone.get_default_timezone())


def make_order(
    code: str = BASE, *, by: User | None = None, item: ServiceItem | None = None, **fields
) -> Order:
    """Place an order through the front door, as a resident."""
    grid = make_grid(code)
    resident = by or make_user()
    start = fields.pop("wanted_from", tomorrow())
    order, _ = place_order(
        by=resident,
        applicant=fields.pop("applicant", resident),
        source_id=fields.pop("source_id", f"s{next(_serial)}"),
        item=item or make_item(),
        grid=grid,
        wanted_from=start,
        wanted_until=fields.pop("wanted_until", start + timedelta(hours=2)),
        beneficiary_name=fields.pop("beneficiary_name", resident.name),
        beneficiary_phone=fields.pop("beneficiary_phone", resident.phone),
        **fields,
    )
    return order


def open_order(order: Order, *, by: User | None = None) -> Order:
    """Dispatch an order to claims, as the community's secretary."""
    return ORDERS.run(order, "open_claims", by=by or make_staff("community_secretary", order.grid_id[:12]))


def make_minor(**fields) -> MinorClass:
    """Make a minor class; no picture is asked for unless the fields say so."""
    number = next(_serial)
    major = fields.pop("major", None) or MajorClass.objects.get_or_create(code="01", name="市容环境")[0]
    return MinorClass.objects.create(
        **{"code": f"01{number:04d}", "name": f"小类{number}", "major": major, "needs_photo": False, **fields}
    )


def make_incident(code: str = BASE, *, by: User | None = None, **fields) -> Incident:
    """Report an incident through the front door, as a resident."""
    grid = make_grid(code)
    resident = by or make_user()
    incident, _ = report_incident(
        by=resident,
        applicant=fields.pop("applicant", resident),
        source_id=fields.pop("source_id", f"s{next(_serial)}"),
        minor_class=fields.pop("minor_class", None) or make_minor(),
        grid=grid,
        **fields,
    )
    return incident


def dispatch(incident: Incident, *, by: User, to: User | Unit) -> Incident:
    """Dispatch an incident to a worker or a unit."""
    whom = {"unit": to} if isinstance(to, Unit) else {"worker": to}
    return INCIDENTS.run(incident, "dispatch", by=by, **whom)


def make_closed(code: str = BASE, *, by: User, worker: User, **fields) -> Incident:
    """Make an incident that a worker handled and ``by`` found done."""
    incident = dispatch(make_incident(code, **fields), by=by, to=worker)
    incident = INCIDENTS.run(incident, "receive", by=worker)
    incident = INCIDENTS.run(incident, "handle", by=worker, note="已清理")
    return INCIDENTS.run(incident, "verify_pass", by=by)


def make_situation(**fields) -> WhistleSituation:
    """Make a situation in which a street may blow; blue, without a leading department, unless the fields say so."""
    number = next(_serial)
    return WhistleSituation.objects.create(
        **{"aspect": "service", "code": f"S{number}", "name": f"情形{number}", "colour": "blue", **fields}
    )


def make_whistle(
    code: str = COMMUNITY, *, by: User | None = None, units: list[Unit] = (), **fields
) -> Whistle:
    """Blow a whistle as the street's head, to the first of ``units`` as the leading one."""
    lead, *assisting = units or [make_unit()]
    return blow_whistle(
        by=by or make_staff("street_head", code[:9]),
        situation=fields.pop("situation", None) or make_situation(colour=fields.pop("colour", "blue")),
        grid=make_grid(code),
        description=fields.pop("description", "请部门来办"),
        lead=lead,
        assisting=assisting,
        **fields,
    )


def make_evaluation(street: str = STREET, *, by: User | None = None, **fields) -> Evaluation:
    """Open a street's evaluation of the last thirty days, as an officer of it."""
    today = timezone.localdate()
    return open_evaluation(
        by=by or make_staff("street_officer", street),
        street=make_grid(street),
        **{"period_from": today - timedelta(days=30), "period_until": today - timedelta(days=1), **fields},
    )
