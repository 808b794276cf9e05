"""Residents' data is masked to every post: pages, forms and the desk show it only after a logged look."""

import pytest
from django.urls import reverse

from governance.models import AccessEvent
from tests import factories
from tests.cast import BACKEND
from tests.standing import standing

pytestmark = pytest.mark.django_db
PHONE, DOOR = "13912345678", "7号楼301室"


@standing
def order(territory):
    resident = factories.make_user("李秀英", phone=PHONE)
    return factories.make_order(by=resident, address=DOOR)


@pytest.mark.parametrize(
    "role",
    [
        "community_secretary",
        "community_worker",
        "street_officer",
        "street_head",
        "seat_operator",
        "grid_worker",
        "station_leader",
    ],
)
def test_no_page_or_form_shows_a_post_the_resident_in_clear(client, order, role):
    place = {"street": factories.STREET, "seat_o": factories.DISTRICT, "grid_w": factories.BASE}
    person = factories.make_staff(role, place.get(role[:6], factories.COMMUNITY))
    client.force_login(person, backend=BACKEND)
    addresses = [
        reverse("order", args=[order.number]),
        reverse("order_action", args=[order.number, "amend"]),
        reverse("admin:volunteers_order_changelist"),
        reverse("admin:volunteers_order_change", args=[order.pk]),
        reverse("admin:volunteers_order_do", args=[order.pk, "amend"]),
        reverse("api-order-detail", args=[order.number]),
        reverse("api-order-list"),
    ]
    seen = 0
    for address in addresses:
        page = client.get(address).content.decode()
        seen += order.title in page
        assert PHONE not in page, address
        assert "139 1234 5678" not in page, address
        assert DOOR not in page, address
    assert seen >= 4, "the pages themselves are there"


def test_a_look_needs_a_reason_and_leaves_a_line(client, order):
    person = factories.make_staff("grid_worker", factories.BASE)
    client.force_login(person, backend=BACKEND)
    assert "查看电话" in client.get(reverse("order", args=[order.number])).content.decode()
    address = reverse("reveal", args=["volunteers", "order", order.pk, "beneficiary_phone"])
    assert PHONE not in client.post(address, {"reason": ""}).content.decode()
    assert not AccessEvent.objects.filter(kind="reveal").exists()
    shown = client.post(address, {"reason": "电话约定上门时间"}).content.decode()
    assert PHONE in shown or "139 1234 5678" in shown
    line = AccessEvent.objects.get(kind="reveal")
    assert (line.actor, line.reason) == (person, "电话约定上门时间")


def test_the_resident_herself_sees_and_amends_her_own(client, order):
    client.force_login(order.applicant, backend=BACKEND)
    form = client.get(reverse("order_action", args=[order.number, "amend"])).content.decode()
    assert PHONE in form
    assert DOOR in form
