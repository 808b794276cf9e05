"""Other systems send incidents by key: once each, at their rate, within their switch, and see their own alone."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, transaction
from rest_framework.test import APIClient

from governance import masks
from governance.models import Intake
from incidents.flow import INCIDENTS
from incidents.models import Incident, Source, SourceCall
from incidents.services import sources
from tests import factories
from tests.standing import standing

pytestmark = pytest.mark.django_db
URL = "/api/v1/sources/incidents"


def client_of(key: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def make_source(key: str = "smoke", **fields) -> tuple[Source, APIClient]:
    source, secret = sources.create_source(
        key, f"{key}告警平台", fields.pop("channel", "device"), None, **fields
    )
    return source, client_of(secret)


@standing
def minor(territory):
    return factories.make_minor()


@standing
def smoke(minor):
    return make_source()


def body(minor, **fields) -> dict:
    return {
        "source_id": "A-1",
        "class": minor.code,
        "grid": factories.BASE,
        "description": "烟感告警",
        **fields,
    }


def test_a_repeat_is_answered_as_the_first_time(smoke, minor, secretary):
    source, client = smoke
    first = client.post(
        URL, body(minor, urgent=True, happened_at=factories.timezone.now().isoformat()), format="json"
    )
    assert first.status_code == 201, first.content.decode()
    told = first.json()
    assert told["repeated"] is False and told["state_name"] == "待受理" and told["is_open"]
    again = client.post(f"{URL}/", body(minor, description="又报一次"), format="json")
    assert again.status_code == 200 and again.json() == {**told, "repeated": True}
    # Even when nothing else of it would pass today.
    minor.is_active = False
    minor.save()
    assert client.post(URL, {"source_id": "A-1"}, format="json").status_code == 200
    incident = Incident.objects.get()
    assert (incident.number, incident.channel, incident.is_urgent) == (told["number"], "device", True)
    assert incident.placed_by == source.account and masks.person(source.account) == source.name
    assert incident.applicant is None and incident.respond_by is None
    assert secretary.notices.filter(number=incident.number).exists()
    assert [(c.answer, c.reference) for c in SourceCall.objects.order_by("pk")] == [
        (201, "A-1"),
        (200, "A-1"),
        (200, "A-1"),
    ]


def test_what_became_of_it_is_told_to_its_source_alone(smoke, minor, secretary):
    _, client = smoke
    number = client.post(URL, body(minor), format="json").json()["number"]
    incident = INCIDENTS.run(Incident.objects.get(number=number), "reject", by=secretary, note="误报")
    told = client.get(f"{URL}/A-1").json()
    assert (told["state"], told["is_open"]) == ("rejected", False)
    assert told["closed_at"] and set(told).isdisjoint({"description", "applicant_name", "repeated"})
    _, other = make_source("water")
    assert other.get(f"{URL}/A-1").status_code == 404
    assert client.get(f"{URL}/nothing/").status_code == 404
    # Two systems may use the same numbers.
    assert other.post(URL, body(minor), format="json").status_code == 201
    assert Incident.objects.count() == 2 and incident.closed_at


def test_without_the_right_key_nothing_opens(smoke, minor):
    source, client = smoke
    for wrong in ("", "Bearer", "Bearer wrong", "Bearer a b", "Basic eDp5"):
        stranger = APIClient()
        stranger.credentials(HTTP_AUTHORIZATION=wrong)
        assert stranger.post(URL, body(minor), format="json").status_code == 401
    secret = sources.renew_key(source, None, "怀疑泄露")
    assert client.post(URL, body(minor), format="json").status_code == 401
    assert client_of(secret).post(URL, body(minor), format="json").status_code == 201
    # The key is a key to this door alone, and the account signs in nowhere.
    assert client_of(secret).get("/api/v1/me/").status_code == 401
    assert not source.account.has_usable_password() and source.account.phone is None
    assert not source.account.is_staff and secret not in str(Source.objects.values_list())


def test_a_source_that_is_switched_off_is_told_so(smoke, minor):
    source, client = smoke
    source.is_active = False
    sources.change_source(source, None)
    for _ in range(3):
        refused = client.post(URL, body(minor), format="json")
    assert refused.status_code == 403 and "已停用" in refused.json()["errors"][0]["detail"]
    assert not Incident.objects.exists() and SourceCall.objects.get().answer == 403


def test_the_rate_is_each_sources_own(minor):
    _, client = make_source("smoke", per_minute=2)
    _, other = make_source("water", per_minute=2)
    answers = [client.post(URL, body(minor), format="json") for _ in range(6)]
    # A minute may end in between.
    refused = [a for a in answers if a.status_code == 429]
    assert len(refused) >= 2 and "太频繁" in refused[0].json()["errors"][0]["detail"]
    assert 1 <= int(refused[0].headers["Retry-After"]) <= 60
    assert other.post(URL, body(minor), format="json").status_code == 201
    assert SourceCall.objects.filter(answer=429).count() < len(refused) + 1


WRONG = [
    ({"source_id": ""}, "source_id"),
    ({"source_id": "a b"}, "source_id"),
    ({"source_id": "a/b"}, "source_id"),
    ({"source_id": "长" * 101}, "source_id"),
    ({"source_id": {"a": 1}}, "source_id"),
    ({"class": "none"}, "class"),
    ({"class": None}, "class"),
    ({"grid": "120106001999"}, "grid"),
    ({"grid": factories.DISTRICT}, "grid"),
    ({"grid": ""}, "grid"),
    ({"entrance": "nothing"}, "entrance"),
    ({"grid": "", "longitude": 117.1, "latitude": 39.1}, "longitude"),
    ({"longitude": 117.1}, "latitude"),
    ({"longitude": 900, "latitude": 1}, "longitude"),
    ({"grid": "", "address": "某地"}, "address"),
    ({"description": "长" * 2001}, "description"),
    ({"spot": "长" * 101}, "spot"),
    ({"happened_at": "yesterday"}, "happened_at"),
    ({"happened_at": "2020-01-01T00:00:00Z"}, "happened_at"),
    ({"urgent": "maybe"}, "urgent"),
    ({"applicant_name": "长" * 41}, "applicant_name"),
    ({"applicant_phone": "022-1234"}, "applicant_phone"),
]


def test_what_cannot_be_is_refused_at_its_field(smoke, minor):
    _, client = smoke
    for wrong, attr in WRONG:
        refused = client.post(URL, body(minor, **wrong), format="json")
        assert refused.status_code == 400, refused.content.decode()
        [error, *_] = refused.json()["errors"]
        assert error["attr"] == attr and error["detail"]
        call = SourceCall.objects.latest("pk")
        assert call.answer == 400 and call.words.startswith(attr)
        assert "022-1234" not in call.words
    assert not Incident.objects.exists() and not Intake.objects.exists()


def test_broken_bodies_are_refused_and_written_down(smoke, minor):
    _, client = smoke
    for sent, status in (
        (b"{", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (b'{"source_id": "\\ud800"}', 400),
        (b"x" * 3_000_000, 413),
    ):
        assert client.post(URL, sent, content_type="application/json").status_code == status
    assert SourceCall.objects.count() == 5


def test_an_address_finds_the_door(smoke, minor):
    _, client = smoke
    entrance = factories.make_entrance()
    factories.make_entrance()
    words = f"天津市{entrance.building.compound} {entrance.building.name}{entrance.name}301室"
    told = client.post(URL, body(minor, grid="", address=words), format="json")
    assert told.status_code == 201, told.content.decode()
    incident = Incident.objects.get()
    assert incident.entrance == entrance and incident.grid_id == factories.BASE and incident.spot == words
    client.post(URL, body(minor, source_id="A-2", entrance=entrance.token), format="json")
    assert Incident.objects.filter(entrance=entrance).count() == 2


def test_the_reporter_a_hotline_names_finds_her_matter(minor):
    _, client = make_source("hotline", channel="hotline")
    resident = factories.make_user("李奶奶")
    client.post(URL, body(minor, applicant_name="李奶奶", applicant_phone=resident.phone), format="json")
    incident = Incident.objects.restrict(resident).get()
    assert incident.channel == "hotline" and incident.respond_by is not None
    assert not Incident.objects.restrict(AnonymousUser()).exists()


def test_the_log_can_only_grow(smoke, minor):
    _, client = smoke
    client.post(URL, body(minor), format="json")
    with pytest.raises(DatabaseError), transaction.atomic():
        SourceCall.objects.all().delete()
