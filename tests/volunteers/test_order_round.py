"""The main job, through the services: placed, dispatched, claimed, served, confirmed, rated, shown."""

from datetime import timedelta

import pytest
from django.utils import timezone

from governance.flow import NotYours, Refused, Stale
from governance.models import Notice, TextMessage
from tests import factories
from volunteers.flow import ORDERS, SHOWCASES
from volunteers.models import HoursEntry, Order, Showcase
from volunteers.models.orders import OrderStatus
from volunteers.services.orders import open_orders_for
from volunteers.services.showcases import submit_showcase

pytestmark = pytest.mark.django_db


@pytest.fixture
def soon():
    """A window that has begun, so that check-in is possible."""
    return timezone.now() - timedelta(minutes=10)


def test_an_order_goes_all_the_way(secretary, soon):
    resident = factories.make_user("李奶奶")
    order = factories.make_order(by=resident, wanted_from=soon)
    assert order.status == OrderStatus.PLACED
    assert order.number.startswith("DD-120106001002-")
    assert Notice.objects.filter(recipient=secretary, number=order.number).exists()

    volunteer = factories.make_volunteer(approved_by=secretary)
    order = ORDERS.run(order, "open_claims", by=secretary, version=order.version)
    assert order.status == OrderStatus.OPEN
    assert list(open_orders_for(volunteer.applicant)) == [order]

    order = ORDERS.run(order, "claim", by=volunteer.applicant, version=order.version)
    assert (order.status, order.taken) == (OrderStatus.CLAIMED, 1)

    order = ORDERS.run(order, "check_in", by=volunteer.applicant, code=order.code)
    assert order.status == OrderStatus.SERVING
    order = ORDERS.run(order, "check_out", by=volunteer.applicant, code=order.code)
    assert order.status == OrderStatus.SERVED

    order = ORDERS.run(order, "confirm", by=resident, version=order.version)
    order = ORDERS.run(order, "rate", by=resident, version=order.version, stars=5, note="谢谢")
    assert (order.status, order.rating) == (OrderStatus.RATED, 5)
    entry = HoursEntry.objects.get(volunteer=volunteer)
    assert entry.half_hours == 1

    showcase = submit_showcase(
        order,
        by=volunteer.applicant,
        title="陪李奶奶看病",
        story="一早出发",
        consent="oral",
        consent_at=timezone.now(),
    )
    SHOWCASES.run(showcase, "approve", by=secretary, version=showcase.version)
    assert Showcase.objects.filter(status="published").count() == 1
    assert [s.action for s in order.steps.all()] == [
        "open", "open_claims", "claim", "check_in", "check_out", "confirm", "rate",
    ]  # fmt: skip


def test_every_step_names_who_when_and_in_which_capacity(secretary):
    order = factories.open_order(factories.make_order(), by=secretary)
    step = order.steps.last()
    assert step.actor == secretary
    assert step.capacity.startswith("社区书记")
    assert (step.from_status, step.to_status) == ("placed", "open")


def test_a_stale_form_is_refused_with_what_changed(secretary):
    order = factories.make_order()
    seen = order.version
    worker = factories.make_staff("community_worker", factories.COMMUNITY)
    ORDERS.run(order, "open_claims", by=worker, version=seen)
    with pytest.raises(Stale) as caught:
        ORDERS.run(order, "reject", by=secretary, version=seen, note="不属于服务范围")
    assert "开放接单" in caught.value.messages[0]
    order.refresh_from_db()
    assert order.status == OrderStatus.OPEN


def test_the_same_click_twice_answers_as_the_first(secretary):
    order = factories.make_order()
    first = ORDERS.run(order, "open_claims", by=secretary, version=1)
    again = ORDERS.run(order, "open_claims", by=secretary, version=1)
    assert (first.status, first.version) == (again.status, again.version)
    assert order.steps.count() == 2


def test_a_reason_is_asked_for_at_its_field(secretary):
    order = factories.make_order()
    with pytest.raises(Refused) as caught:
        ORDERS.run(order, "reject", by=secretary, note="  ")
    assert caught.value.field == "note"


def test_people_elsewhere_can_do_nothing(secretary):
    order = factories.make_order()
    stranger = factories.make_staff("community_secretary", factories.NEIGHBOUR)
    assert ORDERS.available(order, stranger) == []
    with pytest.raises(NotYours):
        ORDERS.run(order, "open_claims", by=stranger)


def test_an_applicant_without_an_account_is_told_by_text_message(territory):
    worker = factories.make_staff("grid_worker", factories.BASE)
    order = factories.make_order(
        by=worker, applicant=None, applicant_name="王大爷", applicant_phone="13800001234", beneficiary_name="王大爷",
        beneficiary_phone="13800001234", channel="worker",
    )  # fmt: skip
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    ORDERS.run(order, "reject", by=secretary, note="请拨打 120")
    assert TextMessage.objects.filter(phone="13800001234", body__contains=order.number).count() >= 1


def test_a_grid_worker_places_orders_in_her_own_grid_only(territory):
    worker = factories.make_staff("grid_worker", factories.BASE)
    with pytest.raises(NotYours):
        factories.make_order(
            factories.NEIGHBOUR_BASE,
            by=worker,
            applicant=None,
            applicant_name="王大爷",
            applicant_phone="13800001234",
        )
    assert not Order.objects.exists()


def test_who_was_still_asked_is_let_go_when_the_service_is_over(secretary, soon):
    """Two places: one volunteer serves, another has not answered yet."""
    order = factories.make_order(wanted_from=soon, places=2)
    serving, asked = (factories.make_volunteer(approved_by=secretary) for _ in range(2))
    order = ORDERS.run(order, "assign_people", by=secretary, volunteers=[serving, asked])
    order = ORDERS.run(order, "agree", by=serving.applicant)
    for action in ("check_in", "check_out"):
        order = ORDERS.run(order, action, by=serving.applicant, code=order.code)
    assert (order.status, order.taken) == (OrderStatus.SERVED, 1)
    assert order.claims.get(volunteer=asked).status == "void"
    assert Notice.objects.filter(recipient=asked.applicant, title__endswith="不再需要人手").count() == 1
    order = ORDERS.run(order, "confirm", by=secretary)
    assert HoursEntry.objects.filter(volunteer=asked).count() == 0
