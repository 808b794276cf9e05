"""Claims under real concurrency: many database connections at once, and the database's own word on what was sold."""

from collections import Counter

import pytest

from governance.flow import FlowError
from tests import factories
from tests.concurrency import all_at_once
from tests.thorough import measure
from volunteers.flow import ORDERS
from volunteers.models import Claim, Order
from volunteers.models.orders import TAKING

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db):
    factories.make_territory()
    return factories.make_staff("community_secretary", factories.COMMUNITY)


def crowd(secretary, size):
    return [factories.make_volunteer(approved_by=secretary).applicant for _ in range(size)]


def assert_sound(order):
    """Capacity holds, the counter equals the claims, nobody is in twice."""
    order.refresh_from_db()
    claims = Claim.objects.filter(order=order)
    taking = claims.filter(status__in=TAKING).count()
    assert order.taken == taking <= order.places
    held = Counter(
        claims.exclude(status__in=("released", "declined", "expired", "absent", "void")).values_list(
            "volunteer", flat=True
        )
    )
    assert not [v for v, n in held.items() if n > 1]


def claim(order, user):
    return lambda: ORDERS.run(order, "claim", by=user, version=order.version)


def test_two_hundred_claimants_on_five_places(world):
    people = crowd(world, 200)
    for day in range(measure(1, 3)):
        order = factories.open_order(
            factories.make_order(places=5, wanted_from=factories.tomorrow() + factories.timedelta(days=day)),
            by=world,
        )
        outcomes = all_at_once(*[claim(order, user) for user in people])
        won = [o for o in outcomes if isinstance(o, Order)]
        assert len(won) == 5
        assert sum("名额已满" in str(o) for o in outcomes if isinstance(o, FlowError)) == 195
        assert_sound(order)


def test_a_double_click_takes_one_place(world):
    [user] = crowd(world, 1)
    order = factories.open_order(factories.make_order(places=5), by=world)
    outcomes = all_at_once(*[claim(order, user)] * 12)
    assert all(isinstance(o, Order) for o in outcomes)
    assert Claim.objects.filter(order=order).count() == 1
    assert order.steps.filter(action="claim").count() == 1


def test_one_person_cannot_take_two_orders_at_one_time(world):
    [user] = crowd(world, 1)
    orders = [factories.open_order(factories.make_order(), by=world) for _ in range(8)]
    outcomes = all_at_once(*[claim(order, user) for order in orders])
    assert sum(isinstance(o, Order) for o in outcomes) == 1
    assert any("另一单" in str(o) for o in outcomes)
    assert Claim.objects.filter(volunteer__applicant=user, status="held").count() == 1
    for order in orders:
        assert_sound(order)


def test_claims_against_cancel(world):
    people = crowd(world, 20)
    for _ in range(3):
        order = factories.open_order(factories.make_order(places=5), by=world)
        all_at_once(
            *[claim(order, user) for user in people],
            lambda order=order: ORDERS.run(order, "cancel", by=world, note="居民来电取消"),
        )
        order.refresh_from_db()
        assert order.status == "cancelled"
        assert order.taken == 0
        assert not Claim.objects.filter(order=order, status__in=TAKING).exists()


def test_claims_against_a_change_of_places(world):
    people = crowd(world, 20)
    order = factories.open_order(factories.make_order(places=5), by=world)
    all_at_once(
        *[claim(order, user) for user in people],
        lambda: ORDERS.run(order, "reschedule", by=world, places=3, note="人数减少"),
        lambda: ORDERS.run(order, "reschedule", by=world, places=7, note="人数增加"),
    )
    assert_sound(order)


def test_claims_against_dispatch(world):
    people = crowd(world, 12)
    chosen = factories.make_volunteer(approved_by=world)
    order = factories.open_order(factories.make_order(places=3), by=world)
    all_at_once(
        *[claim(order, user) for user in people],
        lambda: ORDERS.run(order, "assign_people", by=world, volunteers=[chosen]),
        lambda: ORDERS.run(order, "dispatch_anew", by=world, note="改派给服务队"),
    )
    assert_sound(order)


def test_released_places_go_to_the_waiting_list_once(world):
    people = crowd(world, 10)
    order = factories.open_order(factories.make_order(places=2), by=world)
    for user in people[:2]:
        ORDERS.run(order, "claim", by=user)
    for user in people[2:6]:
        ORDERS.run(order, "wait", by=user)
    all_at_once(
        *[lambda user=user: ORDERS.run(order, "release", by=user, note="临时有事") for user in people[:2]],
        *[claim(order, user) for user in people[6:]],
    )
    assert_sound(order)
    offered = Claim.objects.filter(order=order, status="offered").order_by("queued_at")
    assert [c.volunteer.applicant for c in offered] == people[2:4], "those who waited longest come first"
    outcomes = all_at_once(
        *[lambda c=c: ORDERS.run(order, "agree", by=c.volunteer.applicant) for c in offered] * 2
    )
    assert all(isinstance(o, Order) for o in outcomes)
    assert_sound(order)


def test_numbers_are_given_once(world):
    people = [factories.make_user() for _ in range(30)]
    item = factories.make_item()
    orders = all_at_once(*[lambda user=user: factories.make_order(by=user, item=item) for user in people])
    assert len({order.number for order in orders}) == 30


def test_a_request_that_arrives_many_times_is_taken_in_once(world):
    user, item = factories.make_user(), factories.make_item()
    start = factories.tomorrow()
    orders = all_at_once(
        *[lambda: factories.make_order(by=user, item=item, source_id="same", wanted_from=start)] * 12
    )
    assert len({order.pk for order in orders}) == 1
    assert Order.objects.count() == 1
