"""What a phone sends once the network is back: answered as data, taken once, at the place and the time it was written."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from governance.encryption import seal
from incidents.flow import INCIDENTS
from incidents.models import Incident
from tests import factories
from tests.cast import BACKEND
from tests.pictures import jpeg
from tests.standing import standing

pytestmark = pytest.mark.django_db


def phone_of(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def send(user, url, *, account=None, client=None, **fields):
    """Send a form as the outbox does, for the account that wrote it."""
    headers = {"Accept": "application/json", "X-Account": str(account or user.pk), "X-Kept": "1"}
    return (client or phone_of(user)).post(url, fields, headers=headers)


@standing
def worker(territory):
    return factories.make_staff("grid_worker", factories.BASE)


@standing
def in_hand(secretary, worker):
    incident = factories.dispatch(factories.make_incident(), by=secretary, to=worker)
    return INCIDENTS.run(incident, "receive", by=worker)


REPORT = "/incidents/new/?for=1"


def test_a_report_is_taken_once_with_the_time_and_the_place_at_which_it_was_written(worker):
    minor, seen = factories.make_minor(), timezone.now() - timedelta(hours=5)
    door = factories.make_entrance()
    fields = {
        "token": "t1",
        "quick": minor.pk,
        "where": f"door:{door.pk}",
        "captured_at": seen.isoformat(),
        "photos": SimpleUploadedFile("a.jpg", jpeg()),
    }
    answer = send(worker, REPORT, **fields)
    again = send(worker, REPORT, **fields | {"photos": SimpleUploadedFile("a.jpg", jpeg())})
    incident = Incident.objects.get()
    assert answer.json() == {
        "state": "done",
        "url": incident.get_absolute_url(),
        "said": "已上报，会有人尽快受理。",
    }
    assert again.json()["said"] == "这一条刚才已经提交过了。"
    assert (incident.entrance, incident.captured_at, incident.minor_class) == (door, seen, minor)
    assert incident.photos.get().taken_at == seen


def test_what_is_wrong_is_told_field_by_field_and_nothing_is_kept(worker):
    factories.make_minor()
    answer = send(worker, REPORT, phone="123")
    assert answer.status_code == 422
    told = {each["field"]: each["text"] for each in answer.json()["errors"]}
    assert told.keys() == {"phone"} and told["phone"] in answer.json()["said"]
    answer = send(worker, REPORT)
    assert answer.json()["said"] == "补充说明：请拍张照片、点一个类别，或者写几个字。"
    assert not Incident.objects.exists()


def test_a_picture_alone_will_do_for_a_worker_and_not_for_a_resident(worker):
    factories.make_minor()
    picture = {"photos": SimpleUploadedFile("a.jpg", jpeg())}
    assert send(worker, REPORT, token="t3", **picture).json()["state"] == "done"  # noqa: S106
    resident = factories.make_user()
    picture = {"photos": SimpleUploadedFile("a.jpg", jpeg()), "where": f"grid:{factories.BASE}"}
    answer = send(resident, reverse("snapshot"), token="t4", **picture)  # noqa: S106
    assert answer.json()["said"] == "什么情况：请写几个字，说明是什么情况。"


def test_two_classes_that_differ_are_asked_about(worker):
    one, other = factories.make_minor(), factories.make_minor()
    answer = send(worker, REPORT, quick=one.pk, minor_class=other.pk)
    assert one.name in answer.json()["said"] and other.name in answer.json()["said"]


def test_nothing_is_taken_from_a_phone_on_which_nobody_or_somebody_else_is_signed_in(worker, in_hand):
    other = factories.make_staff("grid_worker", factories.BASE)
    handle = reverse("incident_action", args=[in_hand.number, "handle"])
    for url in (REPORT, handle):
        for client in (Client(), phone_of(other)):
            answer = send(worker, url, client=client, note="清走了", version=in_hand.version)
            assert answer.status_code == 401 and answer.json()["state"] == "signed_out"
    assert not Incident.objects.exclude(pk=in_hand.pk).exists()
    assert Incident.objects.get().version == in_hand.version


def test_an_action_is_carried_out_once_with_the_time_of_its_pictures(worker, in_hand):
    url, taken = (
        reverse("incident_action", args=[in_hand.number, "handle"]),
        timezone.now() - timedelta(hours=2),
    )
    fields = {"note": "清走了", "version": in_hand.version, "captured_at": taken.isoformat()}
    for _ in range(2):
        picture = SimpleUploadedFile("a.jpg", jpeg())
        assert send(worker, url, **fields, photos=picture).json()["state"] == "done"
    assert in_hand.steps.filter(action="handle").count() == 1
    assert in_hand.photos.get().taken_at == taken


def test_what_others_did_meanwhile_is_shown_with_the_choice_to_send_all_the_same(worker, secretary, in_hand):
    url = reverse("incident_action", args=[in_hand.number, "handle"])
    district = factories.make_staff("street_officer", factories.STREET)
    INCIDENTS.run(in_hand, "supervise", by=district, note="请抓紧")
    answer = send(worker, url, note="清走了", version=in_hand.version)
    told = answer.json()
    assert answer.status_code == 409 and "督办" in told["steps"][0]["said"] and not told["steps"][0]["mine"]
    assert send(worker, url, note="清走了", version=told["version"]).json()["state"] == "done"


def test_what_can_no_longer_be_done_has_no_such_choice(worker, secretary, in_hand):
    url = reverse("incident_action", args=[in_hand.number, "progress"])
    INCIDENTS.run(in_hand, "handle", by=worker, note="清走了")
    told = send(worker, url, note="还在清", version=in_hand.version).json()
    assert told["state"] == "stale" and told["version"] is None and told["steps"][0]["mine"]


def test_an_impossible_time_of_capture_is_refused_in_words(worker, in_hand):
    url = reverse("incident_action", args=[in_hand.number, "handle"])
    for captured in ("昨天", (timezone.now() - timedelta(days=9)).isoformat()):
        picture = SimpleUploadedFile("a.jpg", jpeg())
        answer = send(worker, url, note="好", version=in_hand.version, captured_at=captured, photos=picture)
        assert answer.status_code == 422 and "时间" in answer.json()["said"]


def test_the_script_that_keeps_pages_names_the_account_and_throws_all_away_without_one(worker):
    script = phone_of(worker).get("/sw.js")
    assert f'"account": {worker.pk}' in script.content.decode()
    assert script["Content-Type"].startswith("text/javascript") and "no-store" in script["Cache-Control"]
    for client in (Client(), phone_of(factories.make_user())):
        assert '"account": null' in client.get("/sw.js").content.decode()


def test_the_classes_reported_most_lately_stand_as_chips(worker):
    often, seldom = factories.make_minor(), factories.make_minor()
    for minor in (often, seldom, often):
        factories.make_incident(minor_class=minor)
    page = phone_of(worker).get(REPORT).content.decode()
    chips = page[page.index("cg-chips") :]
    assert chips.index(often.name) < chips.index(seldom.name)


def test_a_page_fetched_ahead_takes_no_message_and_leaves_none(worker, in_hand):
    phone = phone_of(worker)
    address, ahead = in_hand.get_absolute_url(), {"X-Ahead": "1"}
    too_early = reverse("incident_action", args=[in_hand.number, "verify_fail"])
    handle = reverse("incident_action", args=[in_hand.number, "handle"])
    phone.post(handle, {"note": "清走了", "version": in_hand.version})
    assert (
        phone.get(too_early, headers=ahead).status_code == phone.get(handle, headers=ahead).status_code == 302
    )
    assert phone.get(address, headers=ahead).status_code == 200
    said = [str(each) for each in phone.get(address).context["messages"]]
    assert len(said) == 1 and "现在不能办理" not in said[0]


def test_a_page_fetched_ahead_takes_no_draft(worker, in_hand):
    phone = phone_of(worker)
    handle = reverse("incident_action", args=[in_hand.number, "handle"])
    session = phone.session
    session["drafts"] = {handle: {"owner": worker.pk, "fields": seal('{"note": ["清到一半"]}')}}
    session.save()
    assert "清到一半" not in phone.get(handle, headers={"X-Ahead": "1"}).content.decode()
    assert "清到一半" in phone.get(handle).content.decode()
