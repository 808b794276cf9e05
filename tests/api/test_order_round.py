"""The main job over the API alone: placed, dispatched, claimed, served, confirmed, rated, shown."""

import io
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image

from governance.models import Photo
from tests import factories
from volunteers.models import HoursEntry, Order

pytestmark = pytest.mark.django_db


def picture(name="p.png"):
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "PNG")
    out.seek(0)
    out.name = name
    return out


def act(client, number, action, expected=200, **body):
    kind = {"DD": "orders", "SD": "showcases", "ZY": "volunteers"}[number[:2]]
    answer = client.post(f"/api/v1/{kind}/{number}/actions/{action}/", body, format="json")
    assert answer.status_code == expected, answer.content.decode()
    return answer.json() if answer.content else None


def new_order(client, item, key="order-0001", **fields):
    soon = timezone.now() - timedelta(minutes=10)
    body = {
        "item": item.code,
        "grid": factories.BASE,
        "wanted_from": soon.isoformat(),
        "wanted_until": (soon + timedelta(hours=2)).isoformat(),
        "address": "301 室",
        **fields,
    }
    return client.post("/api/v1/orders/", body, format="json", headers={"Idempotency-Key": key})


def test_an_order_goes_all_the_way(api, secretary, resident):
    volunteer = factories.make_volunteer(approved_by=secretary)
    hers, desk, helper = api(resident), api(secretary), api(volunteer.applicant)

    answer = new_order(hers, factories.make_item())
    assert answer.status_code == 201, answer.content.decode()
    order = answer.json()
    number = order["number"]
    assert (order["status"], order["is_mine"], order["address"]) == ("placed", True, "301 室")
    assert order["beneficiary_phone"] == resident.phone
    assert {a["name"] for a in order["actions"]} == {"amend", "cancel"}

    listed = desk.get("/api/v1/orders/?status=placed").json()["results"]
    assert [row["number"] for row in listed] == [number]
    opened = act(desk, number, "open_claims", version=order["version"])
    assert opened["status"] == "open"

    hall = helper.get("/api/v1/hall/").json()
    assert [row["number"] for row in hall["results"]] == [number]
    assert hall["results"][0]["address"] == hall["results"][0]["beneficiary_name"] == ""
    assert helper.get(f"/api/v1/orders/{number}/").json()["beneficiary_phone"] != resident.phone
    claimed = act(helper, number, "claim", version=hall["results"][0]["version"])
    assert claimed["status"] == "claimed"
    assert claimed["beneficiary_phone"] == resident.phone
    assert [c["is_mine"] for c in claimed["claims"]] == [True]

    code = hers.get(f"/api/v1/orders/{number}/").json()["code"]
    wrong = act(helper, number, "check_in", 400, version=claimed["version"], code="wrong")
    assert wrong["errors"][0]["attr"] == "code"
    served = act(helper, number, "check_in", version=claimed["version"], code=code)
    served = act(helper, number, "check_out", version=served["version"], code=code)
    assert served["status"] == "served"
    assert served["beneficiary_phone"] != resident.phone, "masked again after completion"

    confirmed = act(hers, number, "confirm", version=served["version"])
    rated = act(hers, number, "rate", version=confirmed["version"], stars=5, note="谢谢")
    assert (rated["status"], rated["rating"]) == ("rated", 5)
    assert HoursEntry.objects.get(volunteer=volunteer).half_hours == 1
    assert helper.get("/api/v1/hours/total/").json() == {"half_hours": 1}
    assert [s["action"] for s in hers.get(f"/api/v1/orders/{number}/steps/").json()] == [
        "open", "open_claims", "claim", "check_in", "check_out", "confirm", "rate",
    ]  # fmt: skip

    shown = helper.post(
        "/api/v1/showcases/",
        {
            "order": number,
            "title": "陪李奶奶看病",
            "story": "一早出发",
            "consent": "oral",
            "consent_at": timezone.now().isoformat(),
            "photos": [picture("a.png"), picture("b.png")],
        },
        format="multipart",
        headers={"Idempotency-Key": "showcase-1"},
    )
    assert shown.status_code == 201, shown.content.decode()
    story = shown.json()
    assert len(story["photos"]) == 2
    stranger = api(None)
    assert stranger.get(f"/api/v1/showcases/{story['number']}/").status_code == 404
    assert stranger.get(story["photos"][0]["thumb"]).status_code == 404
    act(desk, story["number"], "approve", version=story["version"])
    wall = stranger.get("/api/v1/showcases/").json()["results"]
    assert [row["number"] for row in wall] == [story["number"]]
    assert wall[0]["applicant_name"] == "" and volunteer.applicant_name not in str(wall)
    picture_answer = stranger.get(story["photos"][0]["url"], headers={"Accept": "image/*"})
    assert picture_answer["Content-Type"] == "image/jpeg"
    assert stranger.get(f"/api/v1/showcases/{story['number']}/steps/").json() == []


def test_a_worker_places_an_order_for_a_resident_in_her_own_grid_only(api, territory):
    worker = factories.make_staff("grid_worker", factories.BASE)
    item = factories.make_item()
    someone = {"for_someone": True, "applicant_name": "王大爷", "applicant_phone": "13800001234"}
    answer = new_order(api(worker), item, **someone)
    assert answer.status_code == 201, answer.content.decode()
    order = Order.objects.get(number=answer.json()["number"])
    assert (order.applicant, order.placed_by, order.beneficiary_name) == (None, worker, "王大爷")
    beyond = new_order(api(worker), item, "order-0002", grid=factories.NEIGHBOUR_BASE, **someone)
    assert beyond.status_code == 404
    assert Order.objects.count() == 1


def test_pictures_are_checked_by_their_content(api, resident):
    item = factories.make_item()
    soon = factories.tomorrow()
    body = {
        "item": item.code, "grid": factories.BASE, "wanted_from": soon.isoformat(),
        "wanted_until": (soon + timedelta(hours=1)).isoformat(),
    }  # fmt: skip
    fake = io.BytesIO(b"<script>alert(1)</script>")
    fake.name = "p.jpg"
    client, key = api(resident), {"Idempotency-Key": "with-pictures"}
    refused = client.post("/api/v1/orders/", {**body, "photos": [fake]}, format="multipart", headers=key)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["attr"] == "photos"
    assert not Order.objects.exists(), "the order and its pictures are kept together or not at all"
    taken = client.post("/api/v1/orders/", {**body, "photos": [picture()]}, format="multipart", headers=key)
    assert taken.status_code == 201, taken.content.decode()
    more = client.post(
        f"/api/v1/orders/{taken.json()['number']}/photos/",
        {"photos": [picture(), picture()]},
        format="multipart",
        headers={"Idempotency-Key": "more-pictures"},
    )
    assert len(more.json()["photos"]) == 3
    assert issubclass(Order._meta.get_field("photos").related_model, Photo)


def test_a_team_leader_asks_her_own_members_only(api, secretary, resident):
    team, elsewhere = factories.make_team(), factories.make_team()
    leader = factories.make_staff("team_leader", factories.COMMUNITY, unit=team.unit)
    member, other = (
        factories.make_volunteer(approved_by=secretary),
        factories.make_volunteer(approved_by=secretary),
    )
    factories.join(team, member)
    factories.join(elsewhere, other)
    order = new_order(api(resident), factories.make_item()).json()
    given = act(api(secretary), order["number"], "assign_team", version=order["version"], team=team.pk)
    assert given["status"] == "assigned"
    refused = act(
        api(leader), order["number"], "muster", 400, version=given["version"], volunteers=[other.number]
    )
    assert refused["errors"][0]["attr"].startswith("volunteers")
    act(api(leader), order["number"], "muster", version=given["version"], volunteers=[member.number])
    invited = api(member.applicant).get("/api/v1/claims/?status=invited").json()["results"]
    assert [row["order"] for row in invited] == [order["number"]]


def test_declining_takes_the_order_out_of_reach_and_again_is_harmless(api, secretary, resident):
    volunteer = factories.make_volunteer(approved_by=secretary)
    order = new_order(api(resident), factories.make_item()).json()
    number = order["number"]
    best = api(secretary).get(f"/api/v1/orders/{number}/suggestions/").json()
    assert [each["number"] for each in best] == [volunteer.number]
    asked = act(api(secretary), number, "assign_people", version=1, volunteers=[volunteer.number])
    helper = api(volunteer.applicant)
    assert act(helper, number, "decline", 204, version=asked["version"]) is None
    assert act(helper, number, "decline", 204, version=asked["version"]) is None
    act(helper, number, "decline", 404, version=asked["version"] + 9)
    assert helper.get(f"/api/v1/orders/{number}/").status_code == 404
