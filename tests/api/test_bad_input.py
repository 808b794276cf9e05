"""What is wrong with a request is said in Chinese, at the field, in one shape; never a server error."""

import base64
import json

import pytest
from django.test import Client
from rest_framework.test import APIClient

from tests import factories
from tests.api.test_order_round import act, new_order

pytestmark = pytest.mark.django_db

HOSTILE = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"1e999",
    b'{"phone": NaN}',
    b'{"phone": "\x00"}',
    b'{"phone": "\\u0000"}',
    b'{"phone": "\\ud800"}',
    b'{"phone": "\xff\xfe"}',
    b"\xff\xfe\xfd",
    b'{"phone": {"a": [1]}}',
    b'{"phone": 99999999999999999999999999999999999999}',
    b'{"phone": "' + b"1" * 5000 + b'"}',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"1" * 10_000,
]


def plain(answer) -> dict:
    """Return a refusal after checking its shape and language."""
    assert 400 <= answer.status_code < 500, answer.content.decode()
    told = answer.json()
    assert set(told) <= {"type", "errors", "steps"} and told["errors"]
    for each in told["errors"]:
        assert set(each) == {"code", "detail", "attr"}
        assert any("\u4e00" <= sign <= "\u9fff" for sign in each["detail"]), each
    return told


@pytest.mark.parametrize("path", ["/api/v1/auth/code/", "/api/v1/auth/token/"])
@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_bodies_without_a_sign_in(db, path, body):
    plain(Client().post(path, body, content_type="application/json"))


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_bodies_of_people_signed_in(api, resident, body):
    order = factories.make_order(by=resident)
    client = api(resident)
    for path in (
        "/api/v1/orders/", "/api/v1/volunteers/", "/api/v1/showcases/",
        f"/api/v1/orders/{order.number}/actions/cancel/", f"/api/v1/orders/{order.number}/actions/amend/",
        f"/api/v1/orders/{order.number}/reveal/", f"/api/v1/orders/{order.number}/photos/",
    ):  # fmt: skip
        plain(
            client.post(path, body, content_type="application/json", headers={"Idempotency-Key": "hostile-1"})
        )
    order.refresh_from_db()
    assert order.version == 1


def test_a_body_beyond_the_limit_is_refused_unread(db):
    big = json.dumps({"phone": "1" * (3 * 1024 * 1024)})
    answer = Client().post("/api/v1/auth/code/", big, content_type="application/json")
    assert plain(answer)["errors"][0]["code"] == "too_large" and answer.status_code == 413


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "nonsense"]
)
def test_other_kinds_of_body_are_refused(db, kind):
    assert Client().post("/api/v1/auth/code/", b"a=b", content_type=kind).status_code == 415


def test_broken_forms_are_refused(api, resident):
    client = api(resident)
    for body, kind in (
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        (b"--\xff", "multipart/form-data; boundary=\xff".encode("latin-1").decode("latin-1")),
    ):
        answer = client.generic(
            "POST", "/api/v1/orders/", body, content_type=kind, headers={"Idempotency-Key": "broken-1"}
        )
        plain(answer)


@pytest.mark.parametrize(
    "query",
    [
        "grid=1", "grid=%00", "grid=120106%27--", "light=pink", "status=", "status=nowhere", "opened_from=0001-01-01",
        "opened_until=9999-12-31", "opened_from=yesterday", "q=%00", "q=" + "字" * 200, "cursor=%00", "cursor=abc",
        "cursor=" + base64.b64encode(b"p=9999-99-99").decode(), "cursor=" + base64.b64encode(b"p=%00").decode(),
        "cursor=" + base64.b64encode(b"o=99999999999999999999&p=2026-01-01").decode(), "item=%00", "mine=maybe",
        "size=99999999999999999999", "size=-1", "format=xml", "q=%ff%fe", "cursor=" + base64.b64encode(b"p=1&r=x").decode(),
    ],
)  # fmt: skip
def test_hostile_queries(api, resident, query):
    answer = api(resident).get(f"/api/v1/orders/?{query}")
    assert answer.status_code in (200, 400, 404), answer.content.decode()
    if answer.status_code != 200:
        plain(answer)


@pytest.mark.parametrize(
    "path",
    [
        "orders/x/", "orders/DD-120106001002-20261122-9999/", "orders/%00/", "orders/%ff/", "grids/999999999999999/",
        "grids/" + "1" * 400 + "/", "notices/99999999999999999999/", "notices/999999999999999999/", "entrances/nowhere1/",
        "items/none/", "nowhere/", "photos/volunteers/orderphoto/aaaaaaaaaaaa/large/", "photos/governance/user/aaaaaaaaaaaa/large/",
        "photos/none/none/aaaaaaaaaaaa/thumb/", "grids/locate/?longitude=0&latitude=0",
    ],
)  # fmt: skip
def test_what_is_not_there(api, resident, path):
    answer = api(resident).get(f"/api/v1/{path}")
    assert answer.status_code == 404
    plain(answer)


def test_points_that_are_none(db):
    for query in ("", "longitude=a&latitude=b", "longitude=nan&latitude=inf", "longitude=200&latitude=1"):
        plain(APIClient().get(f"/api/v1/grids/locate/?{query}"))


def test_other_methods_and_forms_are_refused_in_words(api, resident):
    client = api(resident)
    assert (
        plain(client.put("/api/v1/me/", {}, format="json")) and client.put("/api/v1/me/").status_code == 405
    )
    answer = client.get("/api/v1/me/", headers={"Accept": "application/xml"})
    assert answer.status_code == 406
    plain(answer)


def test_strange_authorisation_is_refused(db):
    for value in ("Bearer", "Bearer a b", "Bearer \xff", "Bearer " + "x" * 5000):
        assert APIClient().get("/api/v1/me/", headers={"Authorization": value}).status_code == 401
    assert APIClient().get("/api/v1/me/", headers={"Authorization": "Basic YTpi"}).status_code == 401


def test_html_and_emoji_are_kept_as_they_are(api, resident):
    text = "<script>alert('1')</script> 👵🏻 \u202b'; DROP TABLE--"
    kept = new_order(api(resident), factories.make_item(), description=text)
    assert kept.json()["description"] == text


def test_each_mistake_stands_at_its_field(api, resident):
    body = {"item": "none", "places": 0, "beneficiary_phone": "123", "wanted_from": "soon", "grid": "1"}
    answer = api(resident).post(
        "/api/v1/orders/", body, format="json", headers={"Idempotency-Key": "mistakes-1"}
    )
    body["wanted_until"] = "missing"
    assert {e["attr"] for e in plain(answer)["errors"]} == set(body)


def test_what_the_flow_refuses_keeps_its_sentence_and_field(api, secretary):
    order = factories.make_order()
    client = api(secretary)
    refused = act(client, order.number, "reject", 400, version=1, note="  ")
    assert refused["errors"][0] == {"code": "blank", "detail": "请填写不予受理的理由。", "attr": "note"}
    act(client, order.number, "open_claims", version=1)
    worker = api(factories.make_staff("community_worker", factories.COMMUNITY))
    stale = act(worker, order.number, "reject", 409, version=1, note="不属于服务范围")
    assert stale["errors"][0]["code"] == "stale"
    assert [step["action"] for step in stale["steps"]] == ["open_claims"]
    again = act(client, order.number, "open_claims", version=1)
    assert again["version"] == 2, "the same request again answers as the first time did"
    assert plain_code(worker, order.number) == "refused"


def plain_code(client, number):
    answer = client.post(
        f"/api/v1/orders/{number}/actions/reject/", {"version": 2, "note": "不行"}, format="json"
    )
    return plain(answer)["errors"][0]["code"]
