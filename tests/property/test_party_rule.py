"""The rule of the party organisation in random worlds, against an oracle that walks up the tree and knows no path and no column."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from governance.models import Post, Unit, User
from governance.roles import BUILT_IN, BY_KEY
from parties.models import CoveredUnit, Member, Organisation, Transfer
from tests.property.worlds import make_tree
from tests.thorough import measure

pytestmark = pytest.mark.django_db
worlds = settings(max_examples=measure(8, 25), deadline=None, suppress_health_check=list(HealthCheck))

#: (name, kind, grid, parent's place in this list): two streets; two branches and a group share a grid; a general branch between.
TREE = (
    ("s1", 1, "120106001", None), ("c1", 2, "120106001002", 0), ("g1", 3, "120106001002", 1),
    ("b1", 4, "120106001002001", 2), ("b2", 4, "120106001002001", 1), ("p1", 5, "120106001002001", 3),
    ("b3", 4, "120106001004001", 0), ("s2", 1, "120106003", None), ("b4", 4, "120106003001001", 7),
)  # fmt: skip
ROLES = [
    spec.key
    for spec in BUILT_IN
    if spec.key not in ("auditor", "system_administrator", "security_administrator")
]
PARTY_ROLES = ["party_officer", "party_branch_secretary", "party_group_leader", "community_secretary"]
NODES = [
    "120106", "120106001", "120106003", "120106001002", "120106001004", "120106001002001", "120106003001001",
]  # fmt: skip
#: (person, role, node, place of the organisation whose unit it names or None, ended)
post = st.tuples(
    st.integers(0, 2), st.sampled_from(PARTY_ROLES * 3 + ROLES), st.sampled_from(NODES),
    st.none() | st.integers(0, len(TREE) - 1), st.booleans(),
)  # fmt: skip
#: (place of the organisation of each member, of each covered unit, of both sides of each transfer)
BRANCHES = [2, 3, 4, 6, 8]
plans = st.tuples(
    st.lists(post, max_size=5),
    st.lists(st.tuples(st.sampled_from(BRANCHES), st.booleans()), min_size=1, max_size=4),
    st.lists(st.sampled_from(BRANCHES) | st.none(), max_size=3),
    st.lists(st.tuples(st.sampled_from(BRANCHES), st.sampled_from(BRANCHES)).filter(lambda p: p[0] != p[1]), max_size=2),
)  # fmt: skip


class _Undo(Exception):
    pass


@pytest.fixture(autouse=True)
def tree(db):
    make_tree()


def build(plan):
    """Write a plan's rows straight to the tables. Returns people, posts, organisations and the rows that are asked for."""
    posts, members, covered, transfers = plan
    today, rows = timezone.localdate(), []
    people = [User.objects.create(username=f"p{i}", is_staff=True, password="!") for i in range(3)]
    for name, kind, grid, parent in TREE:
        unit = Unit.objects.create(grid_id=grid, code=name, name=name, kind="party")
        row = Organisation(
            grid_id=grid, name=name, kind=kind, unit=unit, established_on=today - timedelta(days=9)
        )
        row.stand_under(None if parent is None else rows[parent])
        row.save()
        rows.append(row)
    held = []
    for person, role, node, place, ended in posts:
        unit = None if place is None else rows[place].unit
        key = (person, role, node, None if unit is None else unit.pk)
        if any(key == each[0] for each in held):
            continue
        until = today - timedelta(days=1) if ended else None
        Post.objects.create(
            user=people[person], role_id=role, grid_id=node, unit=unit, valid_from=today - timedelta(days=5), valid_until=until
        )  # fmt: skip
        held.append((key, ended))
    asked = []
    for number, (place, grouped) in enumerate(members):
        group = rows[5] if grouped and place == 3 else None
        asked.append(Member.objects.create(organisation=rows[place], group=group, name=f"m{number}"))
    for number, place in enumerate(covered):
        grid = "120106001002001" if place is None else rows[place].grid_id
        asked.append(
            CoveredUnit.objects.create(
                grid_id=grid, name=f"u{number}", kind="shop", organisation=None if place is None else rows[place]
            )
        )  # fmt: skip
    for number, (origin, target) in enumerate(transfers):
        one, other = rows[origin], rows[target]
        moved = Member.objects.create(organisation=one, name=f"t{number}")
        asked.append(
            Transfer.objects.create(
                number=f"ZJ-{number}", title="", status="asked", grid=one.grid, units=one.units, to_grid=other.grid,
                to_units=other.units, member=moved, origin=one, target=other,
            )
        )  # fmt: skip
    return [User.objects.get(pk=p.pk) for p in people], held, rows, asked + rows


def above(organisation: Organisation) -> set[int]:
    """Return the units of an organisation and of everything above it, found by walking up."""
    units, each = set(), organisation
    while each is not None:
        units.add(each.unit_id)
        each = each.parent
    return units


def places(row) -> list[tuple[str, set[int]]]:
    """Return where a row stands: its grid, and the units it belongs to."""
    if isinstance(row, Organisation):
        return [(row.grid_id, above(row))]
    if isinstance(row, Transfer):
        return [(each.grid_id, above(each)) for each in (row.origin, row.target)]
    if isinstance(row, CoveredUnit):
        return [(row.grid_id, above(row.organisation) if row.organisation_id else set())]
    return [
        (row.organisation.grid_id, above(row.organisation) | ({row.group.unit_id} if row.group_id else set()))
    ]


def may(person: int, held, action: str, row) -> bool:
    """Say whether the person may do the action with the row."""
    needed = f"parties.{action}_{row._meta.model_name}"
    for (holder, role, node, unit), ended in held:
        if holder != person or ended or needed not in BY_KEY[role].permissions:
            continue
        for grid, units in places(row):
            if grid.startswith(node) and (unit is None or unit in units):
                return True
    if action == "choose" and isinstance(row, Organisation):
        return any(
            holder == person and not ended and "parties.choose_organisation" in BY_KEY[role].permissions
            for (holder, role, _, _), ended in held
        )
    return False


@worlds
@given(plans)
@example(
    (
        [(0, "party_branch_secretary", "120106001002001", 3, False)],
        [(3, True), (4, False)],
        [None, 4],
        [(4, 3)],
    )
)
def test_posts_reach_what_the_oracle_says(plan):
    try:
        with transaction.atomic():
            people, held, _, asked = build(plan)
            for number, person in enumerate(people):
                for action in ("view", "change", "contact", "choose", "decide", "ask", "export"):
                    for model in {type(row) for row in asked}:
                        rows = [row for row in asked if type(row) is model]
                        expected = {row.pk for row in rows if may(number, held, action, row)}
                        found = model.objects.restrict(person, action).filter(pk__in=[row.pk for row in rows])
                        assert set(found.values_list("pk", flat=True)) == expected, (action, model)
                for row in asked[:4]:
                    assert person.may("view", row) == may(number, held, "view", row)
            raise _Undo
    except _Undo:
        pass
