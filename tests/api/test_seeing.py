"""What lists and filters show: masked by the rule row by row, narrowed, page after page without gap or repeat."""

from datetime import timedelta

import pytest
from django.utils import timezone

from governance.api.throttles import Strangers
from governance.models import ApiToken, IdempotencyKey, Notice
from governance.tasks import tidy
from tests import factories
from tests.api.test_order_round import act, new_order
from volunteers.flow import ORDERS
from volunteers.models import Order

pytestmark = pytest.mark.django_db


def test_one_page_holds_rows_in_clear_and_rows_without_people(api, secretary):
    helper = factories.make_volunteer(approved_by=secretary)
    start = factories.tomorrow()
    orders = [
        factories.open_order(factories.make_order(wanted_from=start + timedelta(hours=3 * n)), by=secretary)
        for n in range(2)
    ]
    ORDERS.run(orders[0], "claim", by=helper.applicant)
    shown = {
        row["number"]: row["beneficiary_phone"]
        for row in api(helper.applicant).get("/api/v1/orders/").json()["results"]
    }
    assert shown[orders[0].number] == orders[0].beneficiary_phone
    assert shown[orders[1].number] == ""


def test_the_district_head_sees_all_and_nobody_by_name(api, secretary):
    order = factories.make_order(beneficiary_name="李奶奶", address="301 室")
    seen = (
        api(factories.make_staff("district_head", factories.DISTRICT))
        .get(f"/api/v1/orders/{order.number}/")
        .json()
    )
    assert (seen["beneficiary_name"], seen["address"]) == ("李**", "***")
    assert seen["actions"] == []


def test_pages_hold_every_row_once(api, secretary):
    numbers = {factories.make_order().number for _ in range(7)}
    # Rows of one moment: the cursor must not lose or repeat them.
    Order.objects.update(opened_at=timezone.now(), closed_at=None)
    client, path, seen, pages = api(secretary), "/api/v1/orders/?size=3", [], 0
    while path:
        page = client.get(path).json()
        seen += [row["number"] for row in page["results"]]
        assert page["has_next"] == (page["next"] is not None)
        path, pages = page["next"], pages + 1
    assert (len(seen), set(seen), pages) == (7, numbers, 3)


def test_filters_narrow(api, secretary):
    here, there = factories.make_order(), factories.make_order(factories.NEIGHBOUR_BASE)
    officer = api(factories.make_staff("street_officer", factories.STREET))

    def found(query: str) -> set[str]:
        answer = officer.get(f"/api/v1/orders/?{query}")
        assert answer.status_code == 200, answer.content.decode()
        return {row["number"] for row in answer.json()["results"]}

    assert found("") == {here.number, there.number}
    assert found(f"grid={factories.COMMUNITY}") == {here.number}
    assert found(f"grid={factories.BASE}") == {here.number}
    assert found(f"item={there.item.code}") == {there.number}
    assert found(f"q={here.number}") == {here.number}
    assert found("status=open") == set() and found("status=open&status=placed") == {here.number, there.number}
    assert found("mine=true") == set()
    Order.objects.filter(pk=here.pk).update(due_at=timezone.now() - timedelta(hours=1))
    assert found("light=red") == {here.number} and found("light=green") == {there.number}
    assert found("light=off") == found("light=paused") == found("light=yellow") == set()
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert found(f"opened_from={tomorrow}") == set()
    assert found(f"opened_until={timezone.localdate()}") == {here.number, there.number}


def test_grids_are_found_by_code_tree_and_point(api, territory):
    stranger = api(None)
    assert stranger.get(f"/api/v1/grids/{factories.STREET}/").json()["name"]
    below = stranger.get(f"/api/v1/grids/{factories.STREET}/children/").json()["results"]
    assert [row["code"] for row in below] == [factories.COMMUNITY, factories.NEIGHBOUR]
    assert [r["code"] for r in stranger.get(f"/api/v1/grids/?within={factories.FAR}").json()["results"]] == [
        factories.FAR, factories.FAR_BASE,
    ]  # fmt: skip
    square = {
        "type": "Polygon",
        "coordinates": [[[117.1, 39.1], [117.2, 39.1], [117.2, 39.2], [117.1, 39.2], [117.1, 39.1]]],
    }
    factories.Grid.objects.filter(pk=factories.BASE).update(boundary=square)
    assert (
        stranger.get("/api/v1/grids/locate/?longitude=117.15&latitude=39.15").json()["code"] == factories.BASE
    )
    assert stranger.get("/api/v1/grids/locate/?longitude=10&latitude=10").status_code == 404


def test_a_person_registers_and_keeps_what_she_can_do(api, resident, secretary):
    skill = factories.Skill.objects.create(name="理发")
    client = api(resident)
    body = {"name": "李奶奶", "birth_date": "1960-05-01", "grid": factories.BASE, "consent": True}
    made = client.post("/api/v1/volunteers/", body, format="json", headers={"Idempotency-Key": "register-1"})
    assert made.status_code == 201, made.content.decode()
    number = made.json()["number"]
    kept = client.patch(
        f"/api/v1/volunteers/{number}/", {"skills": ["理发"], "free_times": ["1m"]}, format="json"
    ).json()
    assert (kept["skills"], kept["free_times"], kept["reach"]) == ([skill.name], ["1m"], "street")
    assert client.patch(f"/api/v1/volunteers/{number}/", {"reach": "moon"}, format="json").status_code == 400
    masked = (
        api(factories.make_staff("district_head", factories.DISTRICT))
        .get(f"/api/v1/volunteers/{number}/")
        .json()
    )
    assert (masked["birth_date"], masked["applicant_name"]) == ("1960 年", "李**")
    approved = act(api(secretary), number, "approve", version=1)
    assert approved["status"] == "active"
    again = client.post("/api/v1/volunteers/", body, format="json", headers={"Idempotency-Key": "register-2"})
    assert again.json()["errors"][0]["detail"] == "您已经登记为志愿者。"
    young = api(factories.make_user()).post(
        "/api/v1/volunteers/",
        {**body, "birth_date": str(timezone.localdate() - timedelta(days=365 * 12))},
        format="json",
        headers={"Idempotency-Key": "register-3"},
    )
    assert young.json()["errors"][0]["attr"] == "guardian_name"


def test_notices_are_read_one_by_one_or_all(api, resident, secretary):
    order = new_order(api(resident), factories.make_item()).json()
    act(api(secretary), order["number"], "open_claims", version=1)
    Notice.objects.create(recipient=resident, title="第二条")
    client = api(resident)
    first = client.get("/api/v1/notices/?unread=true").json()["results"]
    assert len(first) == 2 and client.get("/api/v1/me/").json()["unread"] == 2
    assert client.post(f"/api/v1/notices/{first[0]['id']}/read/").json()["read_at"]
    assert client.post("/api/v1/notices/read/").json() == {"marked": 1}
    assert client.get("/api/v1/notices/?unread=true").json()["results"] == []
    assert client.get("/api/v1/matters/").json()["results"][0]["number"] == order["number"]


def test_strangers_are_slowed_down(api, territory, monkeypatch):
    monkeypatch.setattr(Strangers, "rate", "3/min")
    stranger = api(None)
    answers = [stranger.get("/api/v1/items/", headers={"X-Forwarded-For": f"10.0.0.{n}"}) for n in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429], (
        "a made-up address is no other address"
    )
    assert api(factories.make_user()).get("/api/v1/items/").status_code == 200


def test_old_keys_and_tokens_are_tidied_away(api, resident):
    new_order(api(resident), factories.make_item())
    long_ago = timezone.now() - timedelta(days=60)
    kept_token, kept_key = ApiToken.objects.get(), IdempotencyKey.objects.get()
    ApiToken.objects.create(
        user=resident,
        digest="old",
        label="旧手机",
        created_at=long_ago,
        expires_at=long_ago + timedelta(days=1),
    )
    IdempotencyKey.objects.create(user=resident, key="old-key-1", fingerprint="x", created_at=long_ago)
    tidy.call()
    assert (ApiToken.objects.get(), IdempotencyKey.objects.get()) == (kept_token, kept_key)
