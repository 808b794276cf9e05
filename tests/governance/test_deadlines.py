"""Clocks, lights and the ladder."""

from datetime import timedelta

import pytest
from django.utils import timezone

from governance import flow as engine
from governance import parameters, worktime
from governance.flow import Refused
from governance.models import Notice, User
from tests import factories
from volunteers.flow import ORDERS
from volunteers.models import Order

pytestmark = pytest.mark.django_db


def overdue(order, hours: int) -> Order:
    """Set an order's deadline so that it has been overdue for so many office hours."""
    now = timezone.now()
    due = now
    while worktime.between(due, now) < timedelta(hours=hours):
        due -= timedelta(minutes=30)
    Order.objects.filter(pk=order.pk).update(
        due_at=due, yellow_at=due - timedelta(hours=1), clock_from=due - timedelta(hours=4)
    )
    return Order.objects.get(pk=order.pk)


def test_lights_turn_with_time(territory):
    order = factories.make_order()
    now = timezone.now()
    for due, yellow, light in [(2, 1, "green"), (2, -1, "yellow"), (-1, -2, "red")]:
        order.due_at, order.yellow_at = now + timedelta(hours=due), now + timedelta(hours=yellow)
        order.save()
        assert order.light == light
        assert Order.objects.red().exists() == (light == "red")
        assert Order.objects.yellow().exists() == (light == "yellow")
    order.paused_at = now
    assert order.light == "paused"


def test_pause_keeps_the_time_that_was_left(secretary):
    order = factories.make_order()
    left = worktime.between(order.opened_at, order.due_at)
    order = ORDERS.run(order, "pause", by=secretary, note="等家属回来")
    assert order.light == "paused"
    with pytest.raises(Refused, match="已经暂停"):
        ORDERS.run(order, "pause", by=secretary, note="再停一次")
    order = ORDERS.run(order, "resume", by=secretary)
    assert abs(worktime.between(timezone.now(), order.due_at) - left) < timedelta(minutes=1)


def test_extension_needs_hours_and_a_reason(secretary):
    order = factories.make_order()
    before = order.due_at
    with pytest.raises(Refused) as caught:
        ORDERS.run(order, "extend", by=secretary, note="需要协调")
    assert caught.value.field == "hours"
    order = ORDERS.run(order, "extend", by=secretary, note="需要协调", hours=8)
    assert worktime.between(before, order.due_at) == timedelta(hours=8)


def test_the_ladder_climbs_as_time_passes_and_tells_each_level(territory):
    people = {
        6: factories.make_staff("seat_operator", factories.DISTRICT),
        9: factories.make_staff("street_officer", factories.STREET),
        12: factories.make_staff("community_secretary", factories.COMMUNITY),
    }
    order = overdue(factories.make_order(), 1)
    engine.tick()
    order.refresh_from_db()
    assert order.escalation == 1
    overdue(order, parameters.value("ladder.street_after"))
    engine.tick()
    overdue(order, parameters.value("ladder.district_after"))
    engine.tick()
    order.refresh_from_db()
    assert order.escalation == 3
    for level, person in people.items():
        told = Notice.objects.filter(recipient=person, title__startswith="超期提醒")
        assert told.count() == 1, level


def test_a_late_tick_and_a_double_tick_end_in_the_same_rows(territory):
    order = overdue(factories.make_order(), parameters.value("ladder.district_after"))
    engine.tick()
    first = list(order.steps.values_list("action", "from_status", "to_status", "data__level"))
    engine.tick()
    assert list(order.steps.values_list("action", "from_status", "to_status", "data__level")) == first
    assert [level for *_, level in first if level] == [12, 9, 6]
    assert order.steps.filter(actor=User.objects.system()).count() == 3


def test_an_open_order_widens_with_time_and_reaches_the_neighbours(territory):
    volunteer = factories.make_volunteer(factories.NEIGHBOUR_BASE)
    order = factories.open_order(factories.make_order(wanted_from=timezone.now() + timedelta(days=2)))
    assert not Order.objects.restrict(volunteer.applicant, "view").exists()
    long_ago = timezone.now() - timedelta(hours=parameters.value("orders.street_after"))
    Order.objects.filter(pk=order.pk).update(open_since=long_ago)
    engine.tick()
    engine.tick()
    order.refresh_from_db()
    assert order.published_to == factories.STREET
    assert order.steps.filter(action="widen").count() == 1
    assert list(Order.objects.restrict(volunteer.applicant, "view")) == [order]


def test_offers_run_out_and_go_to_the_next(secretary):
    people = [factories.make_volunteer(approved_by=secretary).applicant for _ in range(3)]
    order = factories.open_order(factories.make_order(), by=secretary)
    ORDERS.run(order, "claim", by=people[0])
    for user in people[1:]:
        ORDERS.run(order, "wait", by=user)
    ORDERS.run(order, "release", by=people[0], note="临时有事")
    offered = order.claims.get(status="offered")
    assert offered.volunteer.applicant == people[1]
    order.claims.filter(pk=offered.pk).update(offer_until=timezone.now() - timedelta(minutes=1))
    with pytest.raises(Refused, match="保留时间已过"):
        ORDERS.run(order, "agree", by=people[1])
    engine.tick()
    assert order.claims.get(status="offered").volunteer.applicant == people[2]
    assert order.claims.get(volunteer__applicant=people[1]).status == "expired"


def test_services_nobody_confirms_are_confirmed_by_the_clock(secretary):
    volunteer = factories.make_volunteer(approved_by=secretary)
    order = factories.open_order(
        factories.make_order(wanted_from=timezone.now() - timedelta(minutes=5)), by=secretary
    )
    ORDERS.run(order, "claim", by=volunteer.applicant)
    ORDERS.run(order, "check_in", by=volunteer.applicant, code=order.code)
    order = ORDERS.run(order, "check_out", by=volunteer.applicant, code=order.code)
    engine.tick(order.due_at - timedelta(minutes=1))
    assert Order.objects.get(pk=order.pk).status == "served"
    engine.tick(order.due_at + timedelta(minutes=1))
    assert Order.objects.get(pk=order.pk).status == "confirmed"
    assert volunteer.hours.count() == 1
