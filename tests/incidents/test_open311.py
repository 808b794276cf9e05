"""The Open311 interface: the forms that the specification names, what is published and what never is, reports by token."""

import json
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.core.cache import cache
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from governance.api.throttles import Strangers
from grids import geometry
from incidents.flow import INCIDENTS
from incidents.models import Incident, SourceCall
from tests import factories
from tests.standing import standing

pytestmark = pytest.mark.django_db

SCHEMAS = {
    path.name: json.loads(path.read_text(encoding="utf-8"))
    for path in (Path(__file__).parent / "open311_schemas").glob("*.json")
}
REGISTRY = Registry().with_resources(
    [(name, Resource.from_contents(schema)) for name, schema in SCHEMAS.items()]
)
BASE = "/open311/v2"
SECRETS = ("李秀英", "13912345678", "楼上王家", "3号楼西侧", "内部说明")


def checked(name: str, content) -> None:
    """Hold a document to the published definition."""
    Draft202012Validator(SCHEMAS[f"{name}.json"], registry=REGISTRY, format_checker=FormatChecker()).validate(
        content
    )


@pytest.fixture(autouse=True)
def as_often_as_one_likes(monkeypatch):
    monkeypatch.setattr(Strangers, "allow_request", lambda *asked: True)


@standing
def minor(territory):
    return factories.make_minor(name="路灯不亮", code="0201", is_public=True, keywords="路灯 不亮")


def published(secretary, minor, **fields) -> Incident:
    """An incident that the desk has accepted, so that it is public, full of what nobody may read."""
    said = {"applicant_name": "李秀英", "applicant_phone": "13912345678", "description": "楼上王家门口的灯"}
    incident = factories.make_incident(
        applicant=None, minor_class=minor, spot="3号楼西侧", longitude=117.123456, latitude=39.123456,
        **{**said, **fields},
    )  # fmt: skip
    return INCIDENTS.run(incident, "accept", by=secretary, note="内部说明")


@standing
def streetlight(secretary, minor) -> Incident:
    incident = published(secretary, minor)
    return INCIDENTS.run(incident, "publish", by=secretary, public_words="小区东门路灯不亮")


def get(client, path: str, expected: int = 200, **query):
    answer = client.get(f"{BASE}/{path}", query)
    assert answer.status_code == expected, answer.content.decode()
    return answer.json() if path.endswith(".json") else ElementTree.fromstring(answer.content)


def send(client, key: str, form: str = "json", **said):
    return client.post(
        f"{BASE}/requests.{form}", {"api_key": key, "service_code": "0201", **said} if key else said
    )


def sentences(answer) -> str:
    return "".join(error["description"] for error in answer.json())


# --- the specification ------------------------------------------------------------------------------------------------
def test_every_document_keeps_to_the_published_definitions(client, streetlight):
    assert client.get("/open311/discovery.json").json() == get(client, "discovery.json")
    checked("discovery", get(client, "discovery.json"))
    services = get(client, "services.json")
    checked("services", services)
    assert services == [
        {
            "service_code": "0201", "service_name": "路灯不亮", "type": "batch", "metadata": True,
            "description": "市容环境：路灯不亮，处置时限 5 工作日，从派遣时算起。", "keywords": "路灯, 不亮", "group": "市容环境",
        }
    ]  # fmt: skip
    checked("service-definition", get(client, "services/0201.json"))
    checked("requests", get(client, "requests.json"))
    one = get(client, f"requests/{streetlight.number}.json")
    checked("requests", one)
    assert one == get(client, "requests.json") and len(one) == 1


def test_xml_has_the_same_names_and_containers(client, streetlight):
    def names(document, tag):
        return [
            document.tag,
            *{child.tag for child in document},
            *(child.tag for child in document.find(tag)),
        ]

    assert names(get(client, "services.xml"), "service")[:2] == ["services", "service"]
    row = get(client, "requests.xml").find("request")
    assert [child.tag for child in row] == list(get(client, "requests.json")[0])
    assert row.find("service_request_id").text == streetlight.number and row.find("media_url").text is None
    definition = get(client, "services/0201.xml")
    assert [v.findtext("key") for v in definition.iterfind("attributes/attribute/values/value")] == [
        "yes",
        "no",
    ]
    assert definition.findtext("attributes/attribute/variable") == "true"
    found = get(client, "discovery.xml").find("endpoints/endpoint")
    assert [each.text for each in found.iterfind("formats/format")] == ["text/xml", "application/json"]
    assert found.findtext("url") == "http://testserver/open311/v2"
    plain = client.get(f"{BASE}/services.xml")
    assert plain["Content-Type"] == "text/xml; charset=utf-8"
    assert plain.content.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    assert client.get(f"{BASE}/services.json")["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("services.json?jurisdiction_id=120101", 404),
        ("services/9999.json", 404),
        ("requests/SJ-120106001002-20261122-9999.json", 404),
        ("tokens/nobody.json", 404),
        ("requests.json?start_date=yesterday", 400),
        ("requests.json?start_date=2026-01-01T00:00:00Z&end_date=2026-06-01T00:00:00Z", 400),
        ("requests.json?start_date=2026-01-02T00:00:00Z&end_date=2026-01-01T00:00:00Z", 400),
        ("requests.json?status=reopened", 400),
        ("requests.json?page=0", 400),
        ("requests.json?service_code=a%00b", 400),
        ("nothing.json", 404),
    ],
)
def test_what_cannot_be_answered_says_so_in_the_form_that_was_asked_for(client, minor, path, status):
    answer = client.get(f"{BASE}/{path}")
    assert answer.status_code == status
    (error,) = answer.json()
    assert error["code"] == status and error["description"].endswith(("。", "xml。"))
    document = ElementTree.fromstring(client.get(f"{BASE}/{path.replace('.json', '.xml')}").content)
    assert [child.tag for child in document.find("error")] == ["code", "description"]
    assert document.findtext("error/description")


def test_an_empty_parameter_is_none_and_the_district_may_be_named(client, streetlight):
    empty = dict.fromkeys(("jurisdiction_id", "service_code", "status", "start_date", "end_date", "page"), "")
    assert len(get(client, "requests.json", **empty)) == 1
    assert len(get(client, "requests.json", jurisdiction_id=factories.DISTRICT)) == 1


def test_other_methods_are_refused_and_nobody_is_sent_elsewhere(client, minor):
    for method in ("put", "delete", "patch"):
        assert getattr(client, method)(f"{BASE}/requests.json").status_code == 400
    assert client.post(f"{BASE}/services.json").status_code == 400
    for path in ("/open311/v2/services", "/open311/", "/open311/v2/"):
        assert client.get(path).status_code == 404, path


def test_strangers_who_ask_too_often_are_told_to_wait(client, minor, monkeypatch):
    monkeypatch.setattr(Strangers, "allow_request", lambda *asked: False)
    answer = client.get(f"{BASE}/services.json")
    assert answer.status_code == 429 and "太频繁" in sentences(answer)


# --- what is published ------------------------------------------------------------------------------------------------
def test_only_what_is_published_and_nothing_of_anyone(client, secretary, worker, streetlight, minor):
    quiet = factories.make_minor(is_public=False)
    waiting = factories.make_incident(minor_class=minor)
    private = published(secretary, quiet, description="")
    told = published(secretary, quiet)
    told = INCIDENTS.run(told, "publish", by=secretary)
    for name in ("requests.json", "requests.xml"):
        text = client.get(f"{BASE}/{name}?extensions=true").content.decode()
        assert streetlight.number in text and told.number in text
        assert waiting.number not in text and private.number not in text
        for secret in (*SECRETS, "117.123456", str(worker), str(secretary)):
            assert secret not in text, secret
    rows = {row["service_request_id"]: row for row in get(client, "requests.json")}
    row = rows[streetlight.number]
    assert (row["lat"], row["long"]) == (39.1235, 117.1235)
    assert (row["description"], row["status"], row["status_notes"]) == ("小区东门路灯不亮", "open", "待派遣")
    assert row["address"] == "网格001网格002" and row["address_id"] == factories.COMMUNITY
    assert (rows[told.number]["lat"], rows[told.number]["long"]) == (None, None)
    for number in (waiting.number, private.number):
        get(client, f"requests/{number}.json", 404)
    INCIDENTS.run(streetlight, "unpublish", by=secretary)
    get(client, f"requests/{streetlight.number}.json", 404)


def test_the_state_is_open_or_closed_and_its_name_stands_in_the_notes(client, secretary, worker, minor):
    incident = factories.dispatch(published(secretary, minor), by=secretary, to=worker)
    row = get(client, "requests.json")[0]
    assert (row["status"], row["status_notes"]) == ("open", "待接收")
    assert row["expected_datetime"] == timezone.localtime(incident.due_at).isoformat(timespec="seconds")
    incident = INCIDENTS.run(incident, "receive", by=worker)
    incident = INCIDENTS.run(incident, "handle", by=worker, note="内部说明")
    incident = INCIDENTS.run(incident, "verify_pass", by=secretary)
    row = get(client, "requests.json", extensions="true")[0]
    assert (row["status"], row["status_notes"], row["expected_datetime"]) == ("closed", "已结案", None)
    assert row["updated_datetime"] == timezone.localtime(incident.closed_at).isoformat(timespec="seconds")
    assert [note["type"] for note in row["notes"]] == [
        "opened",
        "accepted",
        "dispatched",
        "handled",
        "closed",
    ]
    assert get(client, "requests.json", status="open") == []
    assert len(get(client, "requests.json", status="open,closed")) == 1
    assert len(get(client, "requests.json", status="CLOSED", service_code="0201,0202")) == 1


def test_questions_span_ninety_days_and_pages_are_stable(client, secretary, minor):
    rows = [published(secretary, minor) for _ in range(5)]
    now = timezone.now()
    Incident.objects.filter(pk=rows[0].pk).update(opened_at=now - timedelta(days=91), respond_by=None)
    Incident.objects.filter(pk__in=[row.pk for row in rows[1:]]).update(opened_at=now - timedelta(hours=1))
    newest = [row.number for row in reversed(rows[1:])]

    def ids(**query):
        return [row["service_request_id"] for row in get(client, "requests.json", **query)]

    assert ids() == newest
    assert ids(page_size="3") + ids(page_size="3", page="2") == newest
    assert ids(page_size="5000") == newest and ids(page="9") == []
    assert ids(start_date=f"{now - timedelta(days=100):%Y-%m-%d}") == [rows[0].number]
    # An offset whose plus sign was not escaped is read all the same.
    late = timezone.localtime(now - timedelta(minutes=5)).isoformat(timespec="seconds")
    assert client.get(f"{BASE}/requests.json?start_date={late}").json() == []
    assert ids(service_request_id=f"{rows[0].number},{rows[1].number}", status="closed") == [
        rows[1].number, rows[0].number,
    ]  # fmt: skip


def test_a_list_asks_as_often_for_many_rows_as_for_one(client, secretary, minor, django_assert_num_queries):
    for _ in range(2):
        published(secretary, minor)
        with django_assert_num_queries(2):
            get(client, "requests.json")


# --- reports ------------------------------------------------------------------------------------------------------------
def test_a_report_gets_a_token_and_a_number_once_it_is_accepted(client, secretary, app, minor):
    source, key = app
    answer = send(
        client, key, address_id=factories.COMMUNITY, description="灯不亮", last_name="张", first_name="三丰",
        phone="139-1234-5678", email="a@b.example", media_url="https://pictures.example/1.jpg", device_id="d1",
        **{"attribute[urgent]": "yes", "attribute[spot]": "东门口"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.content.decode()
    (told,) = answer.json()
    assert "service_request_id" not in told and told["service_notice"]
    incident = Incident.objects.get()
    assert (incident.applicant_name, incident.applicant_phone) == ("张三丰", "13912345678")
    assert (incident.spot, incident.is_urgent, incident.channel) == ("东门口", True, "open311")
    assert incident.placed_by == source.account and not incident.photos.exists()
    assert get(client, f"tokens/{told['token']}.json") == [
        {"service_request_id": None, "token": told["token"]}
    ]
    get(client, f"requests/{incident.number}.json", 404)
    INCIDENTS.run(incident, "accept", by=secretary)
    assert get(client, f"tokens/{told['token']}.json")[0]["service_request_id"] == incident.number
    assert (
        get(client, f"tokens/{told['token']}.xml").findtext("request/service_request_id") == incident.number
    )
    checked("requests", get(client, f"requests/{incident.number}.json"))
    line = SourceCall.objects.get()
    assert (line.answer, line.reference) == (201, incident.number) and "139" not in line.words


def test_the_same_report_again_gets_the_same_token_for_ten_minutes(client, app, minor, monkeypatch):
    _, key = app
    said = {"address_id": factories.COMMUNITY, "description": "灯不亮", "device_id": "d1"}
    first, again = send(client, key, **said), send(client, key, **said)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() and Incident.objects.count() == 1
    other = send(client, key, **{**said, "device_id": "d2"})
    assert other.status_code == 201 and other.json() != first.json()
    real = timezone.now
    for minutes, status in ((8, 200), (14, 201)):
        monkeypatch.setattr(timezone, "now", lambda late=minutes: real() + timedelta(minutes=late))
        assert send(client, key, **said).status_code == status, minutes


def test_what_became_of_a_report_that_is_not_its_own_matter(client, secretary, app, minor):
    _, key = app
    tokens = []
    for words in ("一", "二"):
        tokens.append(send(client, key, address_id=factories.COMMUNITY, description=words).json()[0]["token"])
    one, two = Incident.objects.order_by("pk")
    lead = published(secretary, minor)
    INCIDENTS.run(one, "merge", by=secretary, lead=lead)
    assert get(client, f"tokens/{tokens[0]}.json")[0]["service_request_id"] == lead.number
    INCIDENTS.run(two, "reject", by=secretary, note="不属实")
    (error,) = get(client, f"tokens/{tokens[1]}.json", 404)
    assert "没有受理" in error["description"] and "不属实" not in error["description"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "请填写位置"),
        ({"lat": "39.1"}, "要一起填写"),
        ({"lat": "39.1", "long": "east"}, "度数"),
        ({"lat": "nan", "long": "117.1"}, "度数"),
        ({"lat": "10", "long": "10"}, "不在本区范围内"),
        ({"address_id": "120106"}, "没有找到这个地址编号"),
        ({"address_string": "某市某路 1 号"}, "没有本区的社区名称"),
        ({"address_string": "和苑西里 3 号楼"}, "请写明街道"),
        ({"phone": "022-1234"}, "11 位手机号码"),
        ({"first_name": "长" * 41}, "不超过 40 字"),
        ({"description": "长" * 4001}, "不超过 4000 字"),
        ({"attribute[urgent]": "maybe"}, "yes 或 no"),
        ({"attribute[colour]": "red"}, "没有“colour”这一项"),
        ({"attribute[spot]": "长" * 101}, "不超过 100 字"),
        ({"description": "a\0b"}, "不能识别的字符"),
    ],
)
def test_a_wrong_report_is_refused_with_what_is_wrong(client, app, minor, said, words):
    for code in (factories.COMMUNITY, factories.FAR):
        factories.Grid.objects.filter(code=code).update(name="和苑西里社区")
    where = (
        {}
        if {"lat", "address_id", "address_string"} & set(said) or not said
        else {"address_id": factories.BASE}
    )
    answer = send(client, app[1], **where, **said)
    assert answer.status_code == 400 and words in sentences(answer)
    assert not Incident.objects.exists() and SourceCall.objects.get().answer == 400


def test_several_mistakes_are_told_together(client, app, minor):
    answer = send(client, app[1], phone="1", **{"attribute[urgent]": "x"})
    assert len(answer.json()) == 3


def test_an_address_names_its_community(client, app, minor):
    grids = factories.Grid.objects
    factories.make_grid(factories.STREET + "003")
    for code, name in (
        (factories.STREET, "西于庄街道"), (factories.STREET + "003", "西于庄社区居委会"), (factories.COMMUNITY, "和苑西里社区"),
        (factories.FAR, "和苑西里社区"), (factories.NEIGHBOUR, "和苑社区"),
    ):  # fmt: skip
        grids.filter(code=code).update(name=name)
    for address, code in (
        ("西于庄街道和苑西里 3 号楼", factories.COMMUNITY),
        ("西于庄和苑西里", None),
        ("和苑社区居委会门口", factories.NEIGHBOUR),
        ("西于庄街道某路口", factories.STREET),
        ("西于庄社区 1 号楼", factories.STREET + "003"),
        ("某市某路 1 号", None),
    ):
        answer = send(client, app[1], address_string=address)
        if code is None:
            assert answer.status_code == 400 and "lat 和 long" in sentences(answer), address
        else:
            incident = Incident.objects.latest("pk")
            assert (answer.status_code, incident.grid_id, incident.spot) == (201, code, address)


def test_a_point_finds_its_grid(client, app, minor):
    square = {"type": "Polygon", "coordinates": [[[117, 39], [118, 39], [118, 40], [117, 40], [117, 39]]]}
    factories.Grid.objects.filter(code=factories.BASE).update(boundary=square)
    geometry.forget()
    assert send(client, app[1], "xml", lat="39.5", long="117.5").status_code == 201
    incident = Incident.objects.get()
    assert incident.grid_id == factories.BASE and (incident.latitude, incident.longitude) == (39.5, 117.5)


def test_a_report_needs_a_key_in_force_a_known_service_and_a_form(client, app, minor):
    source, key = app
    said = {"address_id": factories.COMMUNITY}
    assert send(client, "", service_code="0201", **said).status_code == 403
    refused = send(client, "wrong", **said)
    assert refused.status_code == 403 and "api_key" in sentences(refused)
    assert send(client, key, **{**said, "service_code": "9999"}).status_code == 404
    assert send(client, key, **{**said, "service_code": ""}).status_code == 400
    assert send(client, key, **{**said, "jurisdiction_id": "120101"}).status_code == 404
    answer = client.post(f"{BASE}/requests.json", "{}", content_type="application/json")
    assert answer.status_code == 400 and "表单" in sentences(answer)
    big = client.post(
        f"{BASE}/requests.json", "a=" + "b" * 3_000_000, content_type="application/x-www-form-urlencoded"
    )
    assert big.status_code == 400
    # The key may stand in the address, and another site's missing token is no matter here.
    strict = type(client)(enforce_csrf_checks=True)
    body = {"service_code": "0201", **said}
    assert strict.post(f"{BASE}/requests.json?api_key={key}", body).status_code == 201
    source.is_active = False
    source.save()
    assert send(client, key, **said).status_code == 403


def test_a_source_is_held_to_its_rate(client, app, minor):
    source, key = app
    source.per_minute = 1
    source.save()
    cache.clear()
    said = {"address_id": factories.COMMUNITY}
    answers = [send(client, key, **said, description=str(n)).status_code for n in range(3)]
    assert answers.count(429) >= 1 and answers[0] == 201  # a minute may end between them


# --- whatever is sent -----------------------------------------------------------------------------------------------------
ANYTHING = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", "\0", "-1", "1e400", "nan", "9" * 30, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00",
                     "2026-02-30", "2026-01-01T00:00:00 08:00", "open,closed", ",", "120106001002", "true"]),
)  # fmt: skip
GETS = ("jurisdiction_id", "service_request_id", "service_code", "start_date", "end_date", "status", "page", "page_size", "extensions")  # fmt: skip
POSTS = ("jurisdiction_id", "service_code", "lat", "long", "address_string", "address_id", "email", "device_id", "account_id",
         "first_name", "last_name", "phone", "description", "media_url", "attribute[urgent]", "attribute[spot]", "attribute[x][]")  # fmt: skip
HOSTILE = settings(
    max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@HOSTILE
@given(query=st.dictionaries(st.sampled_from(GETS), ANYTHING), form=st.sampled_from(["xml", "json"]))
def test_no_question_brings_it_down(client, streetlight, query, form):
    answer = client.get(f"{BASE}/requests.{form}", query)
    assert answer.status_code in (200, 400, 404)
    ElementTree.fromstring(answer.content) if form == "xml" else answer.json()


@HOSTILE
@given(
    said=st.dictionaries(st.sampled_from(POSTS), ANYTHING, min_size=3), form=st.sampled_from(["xml", "json"])
)
def test_no_report_brings_it_down(client, app, minor, said, form):
    said = {"service_code": "0201", "address_id": factories.COMMUNITY, "api_key": app[1], **said}
    answer = client.post(f"{BASE}/requests.{form}", said)
    assert answer.status_code in (200, 201, 400, 404, 429)
    ElementTree.fromstring(answer.content) if form == "xml" else answer.json()
