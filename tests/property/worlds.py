"""Random worlds for the property tests: a fixed tree, and any posts, units, terms, shares, claims and orders in it."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone
from hypothesis import strategies as st

from governance import sharing
from governance.models import Elevation, Post, Share, Unit, User
from governance.roles import BUILT_IN
from grids.models import Grid
from incidents.flow.incidents import FINAL
from incidents.models import Incident, IncidentStatus, MajorClass, MinorClass
from volunteers.flow import ORDERS
from volunteers.models import Claim, Order, ServiceItem, Volunteer
from volunteers.models.orders import ClaimStatus, OrderStatus

NODES = [
    "120106",
    "120106001", "120106003",
    "120106001002", "120106001004", "120106003001",
    "120106001002001", "120106001002002", "120106001004001", "120106003001001",
]  # fmt: skip
COMMUNITIES = [node for node in NODES if len(node) == 12]
ROLES = [
    spec.key
    for spec in BUILT_IN
    if spec.key not in ("auditor", "system_administrator", "security_administrator")
]
SHARED_ACTIONS = ["view", "contact", "dispatch", "cancel"]

#: (person, role, node, unit or None, first day, last day or None), days counted from today.
post = st.tuples(
    st.integers(0, 4), st.sampled_from(ROLES), st.sampled_from(NODES), st.sampled_from([None, None, None, 0, 1]),
    st.integers(-3, 2), st.none() | st.integers(-3, 3),
)  # fmt: skip
#: (node, status, applicant, beneficiary, placed by, unit, published-to length or 0)
order = st.tuples(
    st.sampled_from(NODES), st.sampled_from(OrderStatus.values), st.none() | st.integers(0, 4),
    st.none() | st.integers(0, 4), st.none() | st.integers(0, 4), st.sampled_from([None, None, 0, 1]),
    st.sampled_from([0, 0, 6, 9, 12]),
)  # fmt: skip
#: (node, status, applicant, placed by, worker, handler, unit, published)
incident = st.tuples(
    st.sampled_from(NODES), st.sampled_from(IncidentStatus.values), st.none() | st.integers(0, 4),
    st.none() | st.integers(0, 4), st.none() | st.integers(0, 4), st.none() | st.integers(0, 4),
    st.sampled_from([None, None, 0, 1]), st.booleans(),
)  # fmt: skip


@dataclass
class Plan:
    """What hypothesis draws."""

    posts: list
    orders: list
    incidents: list
    claims: list
    shares: list
    inactive: set
    elevated: set


plans = st.builds(
    Plan,
    posts=st.lists(post, max_size=7),
    orders=st.lists(order, min_size=1, max_size=6),
    incidents=st.lists(incident, max_size=5),
    claims=st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 4), st.sampled_from(ClaimStatus.values)), max_size=5
    ),
    shares=st.lists(
        st.tuples(
            st.integers(0, 5),
            st.integers(0, 4),
            st.sets(st.sampled_from(SHARED_ACTIONS), min_size=1),
            st.booleans(),
        ),
        max_size=3,
    ),
    inactive=st.sets(st.integers(0, 4), max_size=1),
    elevated=st.sets(st.integers(0, 4), max_size=1),
)


@dataclass
class World:
    """The rows of one plan."""

    users: list[User]
    units: list[Unit]
    orders: list[Order]
    incidents: list[Incident] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)


def make_tree() -> None:
    """Make the fixed tree."""
    for code in NODES:
        parent = next((code[:n] for n in (12, 9, 6) if n < len(code)), None)
        Grid.objects.create(code=code, name=code, parent_id=parent)


def build(plan: Plan) -> World:
    """Write a plan's rows straight to the tables: the rule must hold for any rows, however they came about."""
    today, now = timezone.localdate(), timezone.now()
    users = [
        User.objects.create(username=f"w{i}", phone=f"1990001000{i}", is_staff=True, password="!")
        for i in range(5)
    ]
    units = [
        Unit.objects.create(grid_id="120106", code=f"unit{i}", name=f"单位{i}", kind="department")
        for i in range(2)
    ]
    item = ServiceItem.objects.create(code="item", name="项目", category="home", summary="")
    volunteers = [
        Volunteer.objects.create(
            grid_id=COMMUNITIES[0],
            number=f"ZY{i}",
            title="",
            applicant=user,
            applicant_name="",
            applicant_phone=user.phone,
            status="active",
            birth_date=today,
        )
        for i, user in enumerate(users)
    ]
    world = World(users, units, [])
    for person, role, node, unit, first, last in plan.posts:
        if last is not None and last < first:
            first, last = last, first
        world.posts.append(
            Post(
                user=users[person],
                role_id=role,
                grid_id=node,
                unit=None if unit is None else units[unit],
                valid_from=today + timedelta(days=first),
                valid_until=None if last is None else today + timedelta(days=last),
            )
        )
    seen = set()
    world.posts = [
        p
        for p in world.posts
        if (key := (p.user_id, p.role_id, p.grid_id, p.unit_id, p.valid_from)) not in seen
        and not seen.add(key)
    ]
    Post.objects.bulk_create(world.posts)
    for number, (node, status, applicant, beneficiary, placed, unit, published) in enumerate(plan.orders):
        who = lambda index: None if index is None else users[index]  # noqa: E731
        world.orders.append(
            Order.objects.create(
                grid_id=node,
                number=f"DD-120106-20261122-{number:04d}",
                title="",
                status=status,
                item=item,
                applicant=who(applicant),
                applicant_name="",
                applicant_phone="13800000000",
                beneficiary=who(beneficiary),
                beneficiary_name="",
                beneficiary_phone="13800000000",
                placed_by=who(placed),
                unit=None if unit is None else units[unit],
                published_to=node[:published] if published and published <= len(node) else "",
                wanted_from=now + timedelta(days=number),
                wanted_until=now + timedelta(days=number, hours=1),
                code="123456",
                opened_at=now,
                closed_at=now if status in ORDERS.final else None,
            )
        )
    add_incidents(world, plan, now)
    live = set()
    for target, person, status in plan.claims:
        chosen = world.orders[target % len(world.orders)]
        if (chosen.pk, person) in live:
            continue
        live.add((chosen.pk, person))
        world.claims.append(
            Claim.objects.create(
                order=chosen,
                volunteer=volunteers[person],
                status=status,
                window=(chosen.wanted_from, chosen.wanted_until),
                offer_until=now if status == "offered" else None,
            )
        )
    for target, person, actions, taken_back in plan.shares:
        chosen = world.orders[target % len(world.orders)]
        sharing.share(chosen, users[person], actions, by=users[0], reason="会诊")
        if taken_back:
            sharing.unshare(chosen, users[person], by=users[0])
    for person in plan.inactive:
        User.objects.filter(pk=users[person].pk).update(is_active=False)
    for person in plan.elevated:
        User.objects.filter(pk=users[person].pk).update(may_elevate=True)
        Elevation.objects.create(user=users[person], reason="演练检查", until=now + timedelta(minutes=5))
    world.shares = list(Share.objects.all())
    world.users = [User.objects.get(pk=user.pk) for user in users]
    return world


def add_incidents(world: World, plan: Plan, now) -> None:
    """Write a plan's incidents. One that was merged is merged into a first one, which lies in no plan."""
    minor = MinorClass.objects.create(
        code="0101", name="暴露垃圾", major=MajorClass.objects.create(code="01", name="市容环境")
    )
    who = lambda index: None if index is None else world.users[index]  # noqa: E731

    def add(node: str, number: int, **fields) -> Incident:
        return Incident.objects.create(
            grid_id=node, number=f"SJ-120106-20261122-{number:04d}", title="", minor_class=minor, **fields
        )

    lead = add("120106", 9999, status="reported") if plan.incidents else None
    if lead is not None:
        world.incidents.append(lead)
    for number, (node, status, applicant, placed, worker, handler, unit, published) in enumerate(
        plan.incidents
    ):
        given = None if unit is None else world.units[unit]
        taken = who(worker) if given is None else None
        if status in ("dispatched", "handling") and given is None and taken is None:
            given = world.units[0]
        world.incidents.append(
            add(
                node, number, status=status, applicant=who(applicant), placed_by=who(placed), worker=taken, unit=given,
                handler=who(handler), published_at=now if published else None,
                merged_into=lead if status == "merged" else None, opened_at=now,
                closed_at=now if status in FINAL else None,
            )
        )  # fmt: skip
