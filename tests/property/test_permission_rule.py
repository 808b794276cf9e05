"""The rule against the oracle, over random worlds, through every entrance there is."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from governance.explaining import explain
from governance.permissions import holders, permitted_actions
from governance.territory import lineage
from incidents.flow import INCIDENTS
from incidents.models import Incident, IncidentPhoto, IncidentStep
from tests.property import oracle
from tests.property.worlds import NODES, build, make_tree, plans
from tests.thorough import measure
from volunteers.flow import ORDERS
from volunteers.models import Order, OrderStep

pytestmark = pytest.mark.django_db
ACTIONS = sorted(
    {"view", "change", "add", "export", "reveal", "contact", "code", "place", "seek", "show"}
    | ORDERS.permission_actions()
)

#: has_perm is the same queryset for every action; asking it for each would only take time.
ASKED_SINGLY = {"view", "change", "dispatch", "claim", "contact"}

worlds = settings(max_examples=measure(8, 25), deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def tree(db):
    make_tree()


class _Undo(Exception):
    pass


def in_world(check):
    """Run a check in a plan's world and undo the world."""

    def run(plan):
        try:
            with transaction.atomic():
                check(build(plan))
                raise _Undo
        except _Undo:
            pass

    return run


@worlds
@given(plans)
def test_list_and_single_answers_agree_with_the_oracle(plan):
    @in_world
    def check(world):
        for user in world.users:
            for action in ACTIONS:
                expected = {o.pk for o in world.orders if oracle.may(world, user, action, o)}
                rows = Order.objects.restrict(user, action)
                assert set(rows.values_list("pk", flat=True)) == expected, (user, action)
                assert rows.count() == len(expected), "a row counted twice or not at all"
                if action in ASKED_SINGLY:
                    single = {o.pk for o in world.orders if user.has_perm(f"volunteers.{action}_order", o)}
                    assert single == expected, (user, action)

    check(plan)


@worlds
@given(plans)
def test_the_actions_offered_are_those_the_oracle_allows(plan):
    @in_world
    def check(world):
        for user in world.users:
            for order in world.orders:
                expected = {a for a in ACTIONS if oracle.may(world, user, a, order)}
                assert permitted_actions(user, order, ACTIONS) == expected
                for offered in ORDERS.available(order, user):
                    assert offered.permission in expected
                    assert order.status in offered.sources

    check(plan)


@worlds
@given(plans)
def test_holders_is_the_rule_asked_the_other_way(plan):
    @in_world
    def check(world):
        for node in NODES:
            for unit in (None, *world.units):
                found = set(
                    holders("volunteers.dispatch_order", node, unit_id=unit.pk if unit else None).values_list(
                        "pk", flat=True
                    )
                )
                expected = {
                    user.pk
                    for user in world.users
                    if user.is_active
                    and any(
                        p.grid_id in lineage(node)
                        and "volunteers.dispatch_order" in oracle.BY_KEY[p.role_id].permissions
                        and (p.unit_id is None or (unit is not None and p.unit_id == unit.pk))
                        for p in oracle.posts_today(world, user)
                    )
                }
                assert found == expected

    check(plan)


@worlds
@given(plans)
def test_explain_names_a_ground_exactly_where_there_is_access(plan):
    @in_world
    def check(world):
        for user in world.users:
            for order in world.orders:
                for action in ("view", "contact", "dispatch"):
                    assert bool(explain(user, order, action)) == oracle.may(world, user, action, order)

    check(plan)


@worlds
@given(plans)
def test_the_parts_of_an_order_are_seen_by_whoever_sees_the_order(plan):
    @in_world
    def check(world):
        for order in world.orders:
            OrderStep.objects.create(
                matter=order, seq=1, action="open", label="点单", actor=world.users[0], to_status="placed"
            )
        for user in world.users:
            seen = set(OrderStep.objects.restrict(user, "view").values_list("matter", flat=True))
            assert seen == {o.pk for o in world.orders if oracle.may(world, user, "view", o)}
            assert not OrderStep.objects.restrict(user, "change").exists() or user.may_elevate

    check(plan)


INCIDENT_ACTIONS = sorted(
    {"view", "change", "export", "reveal", "contact", "count", "disclose"} | INCIDENTS.permission_actions()
)


@worlds
@given(plans)
def test_incidents_are_reached_as_the_oracle_says(plan):
    @in_world
    def check(world):
        for incident in world.incidents:
            IncidentStep.objects.create(
                matter=incident,
                seq=1,
                action="open",
                label="上报",
                actor=world.users[0],
                to_status="reported",
            )
            IncidentPhoto.objects.create(
                incident=incident, width=1, height=1, sha256="", token=f"t{incident.pk}"
            )
        for user in world.users:
            for action in INCIDENT_ACTIONS:
                expected = {i.pk for i in world.incidents if oracle.may_incident(world, user, action, i)}
                rows = Incident.objects.restrict(user, action)
                assert set(rows.values_list("pk", flat=True)) == expected, (user, action)
                assert rows.count() == len(expected), "a row counted twice or not at all"
            visible = {i.pk for i in world.incidents if oracle.may_incident(world, user, "view", i)}
            assert set(IncidentStep.objects.restrict(user).values_list("matter", flat=True)) == visible
            assert set(IncidentPhoto.objects.restrict(user).values_list("incident", flat=True)) == visible
            for incident in world.incidents:
                expected = {a for a in INCIDENT_ACTIONS if oracle.may_incident(world, user, a, incident)}
                assert permitted_actions(user, incident, INCIDENT_ACTIONS) == expected
                assert {a.permission for a in INCIDENTS.available(incident, user)} <= expected

    check(plan)


@worlds
@given(plans)
def test_nobody_signed_in_sees_no_order_and_only_published_incidents(plan):
    @in_world
    def check(world):
        stranger = AnonymousUser()
        assert not Order.objects.restrict(stranger, "view").exists()
        assert not Incident.objects.restrict(stranger, "view").exists()
        assert not IncidentPhoto.objects.restrict(stranger, "view").exists()
        published = {i.pk for i in world.incidents if i.published_at is not None}
        assert set(Incident.objects.restrict(stranger, "disclose").values_list("pk", flat=True)) == published
        assert Incident.objects.restrict(stranger, "count").count() == len(world.incidents)

    check(plan)
