"""Who reaches a care plan in random worlds of posts, responsible people, neighbours and ends, against an oracle in plain loops."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.models import Post, User
from governance.roles import BUILT_IN, BY_KEY
from grids.models import CareCarer, CareContact, CarePlan, CareVisit, Household, Resident
from tests import factories
from tests.property.worlds import make_tree
from tests.thorough import measure

pytestmark = pytest.mark.django_db
worlds = settings(max_examples=measure(8, 25), deadline=None, suppress_health_check=list(HealthCheck))

ROLES = [
    spec.key
    for spec in BUILT_IN
    if not spec.needs_unit and spec.key not in ("auditor", "system_administrator", "security_administrator")
]
NODES = [
    "120106", "120106001", "120106003", "120106001002", "120106001004", "120106001002001", "120106003001001",
]  # fmt: skip
BASES = ["120106001002001", "120106001004001", "120106003001001"]
ACTIONS = ("view", "look", "meet", "contact", "change", "reveal", "count", "export")
CARING, NEIGHBOURLY = {"view", "look", "meet", "contact"}, {"view", "look", "meet"}
#: (person, role, node, ended)
post = st.tuples(
    st.integers(0, 3), st.sampled_from(["grid_worker", "community_worker", "street_officer", *ROLES]), st.sampled_from(NODES),
    st.booleans(),
)  # fmt: skip
#: (grid, ended, days until the consent ends, [(person, taken away)], [neighbours])
plan = st.tuples(
    st.sampled_from(BASES), st.booleans(), st.integers(-2, 2), st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=3),
    st.lists(st.integers(0, 3), max_size=2, unique=True),
)  # fmt: skip
plans = st.tuples(
    st.lists(post, max_size=5, unique_by=lambda p: p[:3]),
    st.lists(plan, min_size=1, max_size=4),
    st.sets(st.integers(0, 3), max_size=1),
)


class _Undo(Exception):
    pass


@pytest.fixture(autouse=True)
def tree(db):
    make_tree()


def build(world):
    """Write a world's rows straight to the tables. Returns the people and the plans, in the world's order."""
    posts, wanted, inactive = world
    today = timezone.localdate()
    people = [
        User.objects.create(username=f"p{i}", is_staff=True, password="!", is_active=i not in inactive)
        for i in range(4)
    ]
    for person, role, node, ended in posts:
        Post.objects.create(
            user=people[person], role_id=role, grid_id=node, valid_from=today - timedelta(days=5),
            valid_until=today - timedelta(days=1) if ended else None,
        )  # fmt: skip
    made = []
    for number, (grid, ended, left, carers, neighbours) in enumerate(wanted):
        door = factories.make_entrance(grid)
        household = Household.objects.create(grid_id=grid, entrance=door, room=f"{number}")
        resident = Resident.objects.create(grid_id=grid, household=household, name=f"r{number}")
        row = CarePlan.objects.create(
            grid_id=grid, resident=resident, colour="red", every=1, purpose="x", consent="person",
            consent_on=today - timedelta(days=9), until=today + timedelta(days=left), due_on=today, by=people[0],
            ended_on=today if ended else None, ending="x" if ended else "",
        )  # fmt: skip
        held = set()
        for person, gone in carers:
            if gone or person not in held:
                CareCarer.objects.create(plan=row, user=people[person], until=today if gone else None)
                held |= set() if gone else {person}
        for person in neighbours:
            CareContact.objects.create(
                plan=row, kind="neighbour", name="n", phone=f"1380000000{person}", user=people[person]
            )  # fmt: skip
        CareVisit.objects.create(plan=row, by=people[0], way="door", outcome="well")
        made.append(row)
    return [User.objects.get(pk=each.pk) for each in people], made


def may(world, person: int, action: str, number: int) -> bool:
    """Say whether the person may do the action with a plan of the world."""
    posts, wanted, inactive = world
    if person in inactive:
        return False
    grid, ended, left, carers, neighbours = wanted[number]
    for who, role, node, over in posts:
        if (
            who == person
            and not over
            and grid.startswith(node)
            and f"grids.{action}_careplan" in BY_KEY[role].permissions
        ):
            return True
    runs = not ended and left >= 0
    if runs and (person, False) in carers and action in CARING:
        return True
    return runs and person in neighbours and action in NEIGHBOURLY


@worlds
@given(plans)
def test_the_rule_is_the_oracles(world):
    try:
        with transaction.atomic():
            people, rows = build(world)
            for index, user in enumerate(people):
                for action in ACTIONS:
                    expected = {row.pk for n, row in enumerate(rows) if may(world, index, action, n)}
                    found = CarePlan.objects.restrict(user, action).values_list("pk", flat=True)
                    assert set(found) == expected, (index, action)
                    for n, row in enumerate(rows):
                        assert user.may(action, row) == may(world, index, action, n), (index, action, n)
                seen = set(CareContact.objects.restrict(user, "contact").values_list("plan", flat=True))
                assert seen <= {row.pk for n, row in enumerate(rows) if may(world, index, "contact", n)}
                looked = set(CareVisit.objects.restrict(user).values_list("plan", flat=True))
                assert looked == {row.pk for n, row in enumerate(rows) if may(world, index, "view", n)}
            raise _Undo
    except _Undo:
        pass
