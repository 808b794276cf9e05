"""The rule as people meet it: the admin's list and page, the export, the API's list and page, the hall, against the oracle
in random worlds."""

import io

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from openpyxl import load_workbook

from incidents.models import Incident
from tests.cast import BACKEND
from tests.property import oracle
from tests.property.worlds import build, make_tree, plans
from tests.thorough import measure
from volunteers.models import Order

pytestmark = pytest.mark.django_db
worlds = settings(max_examples=measure(3, 8), deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def tree(db):
    make_tree()


class _Undo(Exception):
    pass


def in_world(plan, check):
    """Run a check for every person of a plan's world, signed in, and undo the world."""
    try:
        with transaction.atomic():
            world = build(plan)
            for user in world.users:
                if user.is_active:
                    client = Client()
                    client.force_login(user, backend=BACKEND)
                    client.get(reverse("privacy"))
                    check(world, user, client)
            raise _Undo
    except _Undo:
        pass


def expected(world, user, action):
    return {o.number for o in world.orders if oracle.may(world, user, action, o)}


@worlds
@given(plans)
def test_the_admin(plan):
    def check(world, user, client):
        visible = expected(world, user, "view")
        page = client.get(reverse("admin:volunteers_order_changelist"))
        listed = page.context["cl"].queryset if page.status_code == 200 else Order.objects.none()
        assert set(listed.values_list("number", flat=True)) == (visible if page.status_code == 200 else set())
        if page.status_code == 200:
            assert page.context["cl"].result_count == len(visible)
        else:
            assert not user.may("view", Order)
        for order in world.orders:
            detail = client.get(reverse("admin:volunteers_order_change", args=[order.pk]))
            assert detail.status_code == (200 if order.number in visible else 404)
        out = client.post(reverse("admin:volunteers_order_export"), {"reason": "月度统计"})
        assert out.status_code == (200 if user.may("export", Order) else 404)
        if out.headers["Content-Type"].endswith("sheet"):
            sheet = load_workbook(io.BytesIO(out.content)).active
            heads, *lines = sheet.iter_rows(values_only=True)
            numbers = {line[heads.index("编号")] for line in lines}
            assert numbers == visible & expected(world, user, "export")
            assert len(lines) == len(numbers)

    in_world(plan, check)


@worlds
@given(plans)
def test_the_api(plan):
    def check(world, user, client):
        visible = expected(world, user, "view")
        answer = client.get(reverse("api-order-list"), {"size": 100}).json()
        numbers = [row["number"] for row in answer["results"]]
        assert sorted(numbers) == sorted(visible)
        hall = client.get(reverse("api-hall-list")).json()
        assert {row["number"] for row in hall["results"]} <= expected(world, user, "claim")

    in_world(plan, check)


@worlds
@given(plans)
def test_the_pages(plan):
    def check(world, user, client):
        visible = expected(world, user, "view")
        for order in world.orders:
            page = client.get(reverse("order", args=[order.number]))
            assert page.status_code == (200 if order.number in visible else 404)
            api = client.get(reverse("api-order-detail", args=[order.number]))
            assert api.status_code == page.status_code
        hall = client.get(reverse("order_hall"))
        if hall.status_code == 200:
            shown = {o.number for o in world.orders if o.number in hall.content.decode()}
            assert shown <= expected(world, user, "claim")

    in_world(plan, check)


@worlds
@given(plans)
def test_the_desk_and_the_phone_of_incidents(plan):
    def check(world, user, client):
        visible = {i.number for i in world.incidents if oracle.may_incident(world, user, "view", i)}
        page = client.get(reverse("admin:incidents_incident_changelist"))
        if page.status_code == 200:
            assert set(page.context["cl"].queryset.values_list("number", flat=True)) == visible
            assert page.context["cl"].result_count == len(visible)
        else:
            assert not user.may("view", Incident)
        out = client.post(reverse("admin:incidents_incident_export"), {"reason": "月度统计"})
        assert out.status_code == (200 if user.may("export", Incident) else 404)
        if out.headers["Content-Type"].endswith("sheet"):
            sheet = load_workbook(io.BytesIO(out.content)).active
            heads, *lines = sheet.iter_rows(values_only=True)
            allowed = {i.number for i in world.incidents if oracle.may_incident(world, user, "export", i)}
            assert {line[heads.index("编号")] for line in lines} == visible & allowed
        for incident in world.incidents:
            expected = 200 if incident.number in visible else 404
            for url in (
                reverse("admin:incidents_incident_change", args=[incident.pk]),
                reverse("incident", args=[incident.number]),
                reverse("api-incident-detail", args=[incident.number]),
            ):
                assert client.get(url).status_code == expected
        listed = client.get(reverse("api-incident-list"), {"size": 100}).json()["results"]
        assert sorted(row["number"] for row in listed) == sorted(visible)
        for tab in ("hand", "verify", "new", "sent"):
            work = client.get(reverse("my_work"), {"tab": tab})
            if work.status_code == 200:
                assert {row.number for row in work.context["rows"]} <= visible

    in_world(plan, check)
