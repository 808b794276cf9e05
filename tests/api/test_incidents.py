"""Incidents over the API alone: what the pages can do, in the pages' own sentences, and nothing that they hide."""

from datetime import timedelta

import pytest
from django.utils import timezone

from governance.api.matters import body_of
from grids import geometry
from incidents.api.actions import ACTIONS
from incidents.flow import INCIDENTS
from incidents.forms.actions import INCIDENT_FORMS
from incidents.models import Callback, Incident
from tests import factories
from tests.api.test_order_round import picture
from tests.cast import BACKEND
from tests.standing import standing

pytestmark = pytest.mark.django_db


@standing
def worker(territory):
    return factories.make_staff("grid_worker", factories.BASE)


def report(client, key="report-0001", expected=201, **fields):
    body = {"description": "楼下有一堆垃圾", "grid": factories.BASE, **fields}
    kind = "multipart" if "photos" in fields else "json"
    answer = client.post("/api/v1/incidents/", body, format=kind, headers={"Idempotency-Key": key})
    assert answer.status_code == expected, answer.content.decode()
    return answer.json()


def act(client, incident, action, expected=200, **body):
    path = f"/api/v1/incidents/{incident['number']}/actions/{action}/"
    body = {"version": incident["version"], **body}
    answer = client.post(path, body, format="multipart" if "photos" in body else "json")
    assert answer.status_code == expected, answer.content.decode()
    return answer.json() if answer.content else None


def listed(client, query: str = "") -> list[str]:
    answer = client.get(f"/api/v1/incidents/?{query}")
    assert answer.status_code == 200, answer.content.decode()
    return [row["number"] for row in answer.json()["results"]]


def test_an_incident_goes_all_the_way(api, secretary, worker, resident):
    factories.make_minor(name="暴露垃圾", keywords="垃圾", needs_photo=True)
    factories.make_minor(name="其他")
    hers, desk, hands = api(resident), api(secretary), api(worker)
    incident = report(hers, photos=[picture()])
    assert (incident["status"], incident["minor_class_name"], incident["is_mine"]) == (
        "reported",
        "暴露垃圾",
        True,
    )
    assert [photo["stage"] for photo in incident["photos"]] == ["reported"]
    assert {each["name"] for each in incident["actions"]} == {"supplement", "urge", "withdraw"}
    assert api(None).get(incident["photos"][0]["url"]).status_code == 404

    number = incident["number"]
    assert listed(desk, "mine=new") == listed(desk, "minor_class=" + incident["minor_class"]) == [number]
    seen = desk.get(f"/api/v1/incidents/{number}/").json()
    assert seen["applicant_phone"] != resident.phone
    revealed = desk.post(
        f"/api/v1/incidents/{number}/reveal/",
        {"field": "applicant_phone", "reason": "核对电话"},
        format="json",
    )
    assert revealed.json()["value"] == resident.phone
    whom = {each["name"]: each for each in desk.get(f"/api/v1/incidents/{number}/assignees/").json()}
    assert whom[str(worker)]["group"] == "本网格网格员"
    act(desk, incident, "dispatch", 400, to="w0")
    incident = act(desk, incident, "dispatch", to=whom[str(worker)]["id"], is_urgent=True)
    assert (incident["status"], incident["assignee"], incident["is_urgent"]) == (
        "dispatched",
        str(worker),
        True,
    )

    assert listed(hands, "mine=hand") == [number]
    incident = act(hands, incident, "receive")
    assert incident["applicant_phone"] == resident.phone and incident["responsible"] == str(worker)
    refused = act(hands, incident, "handle", 400, note="清走了")
    assert (refused["errors"][0]["attr"], refused["errors"][0]["detail"]) == (
        "photos", "这一类事件办结须有处置后的照片，请拍照上传。",
    )  # fmt: skip
    incident = act(hands, incident, "handle", note="清走了", photos=[picture()])
    assert (incident["status"], listed(hands, "mine=hand")) == ("handled", [])
    assert listed(desk, "mine=verify") == [number]
    incident = act(desk, incident, "verify_pass", photos=[picture()])
    assert [photo["stage"] for photo in incident["photos"]] == ["reported", "handled", "verified"]
    incident = act(hers, incident, "rate", solved=True, satisfaction=5, note="很快")
    assert (incident["status"], incident["satisfaction"], incident["rating_words"]) == ("rated", 5, "很快")
    assert Callback.objects.get().counted
    steps = hers.get(f"/api/v1/incidents/{number}/steps/").json()
    assert [step["action"] for step in steps] == [
        "open", "dispatch", "receive", "handle", "verify_pass", "rate",
    ]  # fmt: skip


def test_a_report_is_taken_once_and_only_where_it_can_be(api, resident):
    minor = factories.make_minor()
    hers = api(resident)
    first = report(hers, minor_class=minor.code)
    assert report(hers, minor_class=minor.code)["number"] == first["number"]
    report(hers, expected=422, minor_class=minor.code, spot="别处")
    assert Incident.objects.count() == 1
    for wrong, field, sentence in (
        ({"grid": None}, "grid", "请选择地址，或使用现在的位置。"),
        ({"grid": factories.DISTRICT}, "grid", "请把地址选到街道、社区或基础网格。"),
        ({"longitude": 117.1}, "longitude", "经度和纬度要一起填写。"),
        ({"minor_class": "nothing"}, "minor_class", "这个类别已停用，请另选。"),
        ({"description": " "}, "description", "请写几个字，说明是什么情况。"),
        (
            {"captured_at": "2020-01-01T00:00:00+08:00"},
            "captured_at",
            "发现时间应在最近 7 天以内，不能晚于现在。",
        ),
    ):
        told = report(hers, "report-0002", 400, **{"minor_class": minor.code, **wrong})["errors"][0]
        assert (told["attr"], told["detail"]) == (field, sentence)
    assert Incident.objects.count() == 1
    anyone = api(None).post(
        "/api/v1/incidents/", {}, format="json", headers={"Idempotency-Key": "report-0001"}
    )
    assert anyone.status_code == 401


def test_a_worker_reports_on_duty_in_her_own_grid_only(api, worker, resident):
    factories.make_minor()
    hands = api(worker)
    mine = report(hands, on_duty=True, applicant_name="王大爷", applicant_phone=resident.phone)
    incident = Incident.objects.get()
    assert (incident.applicant, incident.placed_by, incident.applicant_name) == (resident, worker, "王大爷")
    assert listed(hands, "mine=sent") == listed(hands, "mine=true") == [mine["number"]]
    far = report(hands, "report-0002", 400, on_duty=True, grid=factories.FAR_BASE)
    assert "不在您负责的范围内" in far["errors"][0]["detail"]
    report(api(resident), "report-0003", 404, on_duty=True)


def test_pictures_are_added_as_a_supplement(api, secretary, resident):
    factories.make_minor()
    incident, hers = report(api(resident)), api(resident)
    path, key = f"/api/v1/incidents/{incident['number']}/photos/", {"Idempotency-Key": "pictures-1"}
    for _ in range(2):
        answer = hers.post(path, {"photos": [picture(), picture()]}, format="multipart", headers=key)
        assert answer.status_code == 201, answer.content.decode()
        assert len(answer.json()["photos"]) == 2
    row = Incident.objects.get()
    assert row.steps.filter(action="supplement").count() == 1
    INCIDENTS.run(row, "reject", by=secretary, note="不属实")
    late = hers.post(
        path, {"photos": [picture()]}, format="multipart", headers={"Idempotency-Key": "pictures-2"}
    )
    assert late.status_code == 400


def test_who_does_not_handle_it_learns_nothing_of_the_inside(api, client, secretary, resident):
    officer = factories.make_staff("street_officer", factories.STREET)
    incident = factories.make_incident(by=resident)
    INCIDENTS.run(incident, "supervise", by=officer, note="群众多次反映")
    path = f"/api/v1/incidents/{incident.number}/"
    hers, inside = api(resident).get(path).json(), api(secretary).get(path).json()
    assert (hers["is_supervised"], inside["is_supervised"]) == (False, True)
    assert hers["applicant_phone"] == resident.phone and inside["applicant_phone"] != resident.phone
    notes = {step["action"]: step["note"] for step in api(resident).get(f"{path}steps/").json()}
    assert notes["supervise"] == ""
    for name in ("assignees", "referrals", "similar"):
        assert api(resident).get(f"{path}{name}/").status_code == 404
        assert api(secretary).get(f"{path}{name}/").status_code == 200
    # Steps that only follow from another action are nobody's to take.
    assert "absorb" not in {each["name"] for each in inside["actions"]}
    answer = api(secretary).post(f"{path}actions/absorb/", {"version": inside["version"]}, format="json")
    assert answer.status_code == 404
    client.force_login(secretary, backend=BACKEND)
    page = client.post(f"/incidents/{incident.number}/absorb/", {"version": inside["version"]})
    assert page.status_code == 404 and not incident.steps.filter(action="absorb").exists()


def test_the_desk_merges_splits_moves_and_refers(api, secretary):
    minor, other = factories.make_minor(is_public=True), factories.make_minor()
    item = factories.make_item()
    desk = api(secretary)

    def new() -> dict:
        number = factories.make_incident(minor_class=minor, description="两袋垃圾在东门").number
        return desk.get(f"/api/v1/incidents/{number}/").json()

    lead, same, far = new(), new(), factories.make_incident(factories.FAR_BASE)
    found = desk.get(f"/api/v1/incidents/{same['number']}/similar/").json()
    assert [each["number"] for each in found] == [lead["number"]] and "同一类" in found[0]["reasons"]
    refused = act(desk, same, "merge", 400, lead=far.number)
    assert refused["errors"][0]["detail"] == "您的管辖范围内没有这个编号的事件，请核对。"
    merged = act(desk, same, "merge", lead=lead["number"])
    assert (merged["status"], merged["lead"]["number"]) == ("merged", lead["number"])

    whole = act(desk, new(), "accept", minor_class=other.code)
    assert whole["minor_class"] == other.code
    parts = [{"minor_class": minor.code, "words": "路灯"}, {"minor_class": other.code, "words": "井盖"}]
    split = act(desk, whole, "split", parts=parts)
    assert [part["title"] for part in split["parts"]] == [minor.name, other.name]

    moved = act(desk, new(), "relocate", 204, grid=factories.NEIGHBOUR_BASE, note="在隔壁社区")
    assert moved is None
    helped = new()
    assert act(desk, helped, "refer", 400, to="nowhere:1", note="是求助")["errors"][0]["attr"] == "to"
    choices = desk.get(f"/api/v1/incidents/{helped['number']}/referrals/").json()
    choice = next(each for each in choices if each["id"].startswith("order:"))
    assert any(each["id"].startswith("dispute:") for each in choices)
    assert choice["id"] == f"order:{item.code}"
    assert act(desk, helped, "refer", to=choice["id"], note="是求助")["status"] == "referred"
    assert act(desk, new(), "publish", public_words="东门垃圾正在清运")["public_words"] == "东门垃圾正在清运"


def test_one_looks_before_one_reports(api, secretary):
    minor = factories.make_minor(name="路灯不亮", keywords="路灯 不亮", is_public=True)
    quiet = factories.make_minor(name="停水", keywords="停水")
    square = {"type": "Polygon", "coordinates": [[[117, 39], [118, 39], [118, 40], [117, 40], [117, 39]]]}
    factories.Grid.objects.filter(code=factories.BASE).update(boundary=square)
    geometry.forget()
    there = factories.make_incident(
        minor_class=minor, description="东门路灯不亮", longitude=117.5, latitude=39.5
    )
    factories.make_incident(minor_class=quiet, description="停水两天")
    stranger = api(None)
    look = "/api/v1/incidents/look/"
    told = stranger.get(look, {"description": "东门路灯不亮", "longitude": 117.5, "latitude": 39.5}).json()
    assert (told["classes"], told["grid"]) == ([{"code": minor.code, "name": "路灯不亮"}], factories.BASE)
    (alike,) = told["similar"]
    assert set(alike) == {"title", "grid_name", "opened_at", "status_label"} and alike["title"] == there.title
    assert stranger.get(look, {"description": "停水", "grid": factories.BASE}).json()["similar"] == []
    assert stranger.get(look, {"longitude": "east"}).status_code == 400
    assert stranger.get("/api/v1/incidents/").status_code == 401


def test_filters_narrow(api, secretary):
    officer = factories.make_staff("street_officer", factories.STREET)
    here, there = factories.make_incident(), factories.make_incident(factories.NEIGHBOUR_BASE)
    Incident.objects.filter(pk=there.pk).update(
        opened_at=timezone.now() - timedelta(days=9), due_at=timezone.now() - timedelta(days=8)
    )
    client, today = api(officer), timezone.localdate()
    both = {here.number, there.number}
    for query, found in (
        ("", both), (f"grid={factories.COMMUNITY}", {here.number}), ("status=reported&status=closed", both),
        ("status=closed", set()), ("light=red", {there.number}), ("light=green", {here.number}),
        (f"opened_from={today}", {here.number}), (f"opened_until={today - timedelta(days=1)}", {there.number}),
        (f"minor_class={here.minor_class.code}", {here.number}), ("major_class=01", both), ("mine=new", both),
        ("mine=hand", set()), (f"q={there.number}", {there.number}),
    ):  # fmt: skip
        assert set(listed(client, query)) == found, query
    for wrong in ("mine=yours", "status=gone", "light=blue"):
        assert client.get(f"/api/v1/incidents/?{wrong}").status_code == 400, wrong


def test_the_catalogue_is_open_to_all(api, territory):
    minor, gone = factories.make_minor(keywords="路灯 不亮"), factories.make_minor(is_active=False)
    stranger = api(None)
    assert stranger.get("/api/v1/categories/").json()["results"] == [{"code": "01", "name": "市容环境"}]
    (shown,) = stranger.get("/api/v1/classes/?major=01").json()["results"]
    assert (shown["code"], shown["limit_text"], shown["keywords"]) == (
        minor.code,
        "5 工作日",
        ["路灯", "不亮"],
    )
    assert len(stranger.get("/api/v1/classes/?withdrawn=true").json()["results"]) == 2
    assert stranger.get(f"/api/v1/classes/{gone.code}/").json()["is_active"] is False
    assert stranger.post("/api/v1/classes/", {}, format="json").status_code == 401


def test_every_form_of_the_pages_has_its_body_with_the_same_sentences(secretary):
    assert set(INCIDENT_FORMS) <= set(ACTIONS)
    incident, compared = factories.make_incident(minor_class=factories.make_minor(needs_photo=False)), 0
    for name, form in INCIDENT_FORMS.items():
        action = INCIDENTS.actions[name]
        page = form({"version": 1}, matter=incident, action=action, user=secretary)
        body = body_of(INCIDENTS, action, ACTIONS[name])(data={"version": 1})
        assert page.is_valid() <= body.is_valid(), name
        for field in set(page.errors) & set(body.fields):
            if field not in ("minor_class",):  # a class that is not named stays, over the API
                assert list(page.errors[field]) == [str(each) for each in body.errors[field]], (name, field)
                compared += 1
    assert compared > 12
