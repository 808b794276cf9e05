"""SOS buttons: a press opens one urgent incident and rings everybody once; wrong keys, floods and repeats change nothing."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from governance import parameters
from governance.flow import Refused
from governance.models import AccessEvent, Intake, Notice, TextMessage
from grids.models import CareAlarm, CareDevice, CarePlan
from grids.services import care
from grids.services.care import alarms
from incidents.models import Incident, MinorClass
from tests import factories
from tests.care import family, make_device, make_plan, neighbour
from tests.concurrency import all_at_once
from tests.standing import standing

pytestmark = pytest.mark.django_db
URL = "/api/v1/sos"


def client_of(key: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def press(client, event_id="e-1"):
    return client.post(URL, {"event_id": event_id}, format="json")


@standing
def sos_class(territory) -> MinorClass:
    return factories.make_minor(code="0711", name="一键求助", is_public=False)


@standing
def friend(territory):
    return factories.make_user("赵大妈")


@standing
def plan(sos_class, secretary, friend) -> CarePlan:
    return make_plan(
        by=secretary, purpose="刚做过手术，约好每天看", contacts=[neighbour(friend.phone), family("13800001234")]
    )  # fmt: skip


@standing
def device(plan) -> tuple[CareDevice, APIClient]:
    bound, key = make_device(plan)
    Notice.objects.all().delete()
    return bound, client_of(key)


def test_a_press_opens_an_urgent_incident_at_the_door_and_rings_everybody_once(
    device, plan, friend, secretary
):
    bound, client = device
    first = press(client)
    assert first.status_code == 201, first.content.decode()
    incident = Incident.objects.get()
    told = first.json()
    assert (told["number"], told["repeated"]) == (incident.number, False)
    household = plan.resident.household
    assert (incident.entrance, incident.spot, incident.grid_id) == (
        household.entrance,
        household.room,
        plan.grid_id,
    )
    assert incident.is_urgent and incident.channel == "device" and incident.applicant_phone == ""
    worker = plan.carers.get().user
    for person in (worker, friend):
        notice = Notice.objects.get(recipient=person, url=f"/my/care/{plan.pk}/")
        assert notice.number == incident.number
    assert set(TextMessage.objects.values_list("phone", flat=True)) == {
        worker.phone,
        friend.phone,
        "13800001234",
    }
    assert CareAlarm.objects.get().rung == 3
    # The same event again, however often, is the first one.
    for _ in range(3):
        again = press(client)
        assert (again.status_code, again.json()["number"], again.json()["repeated"]) == (
            200,
            incident.number,
            True,
        )
    assert (Incident.objects.count(), TextMessage.objects.count(), CareAlarm.objects.count()) == (1, 3, 1)
    bound.refresh_from_db()
    assert bound.heard_at is not None


def test_nothing_of_health_and_no_name_leaves_with_it(device, plan):
    press(device[1])
    incident = Incident.objects.get()
    said = [incident.title, incident.description, *TextMessage.objects.values_list("body", flat=True)]
    said += [f"{each.title}{each.body}" for each in Notice.objects.all()]
    for secret in ("手术", plan.resident.name, plan.resident.phone, "13800001234"):
        assert all(secret not in words for words in said)
    door = str(plan.resident.household.entrance)
    assert all(door not in body for body in TextMessage.objects.values_list("body", flat=True))


def test_pressing_again_within_minutes_is_the_same_call(device, plan):
    _, client = device
    number = press(client, "e-1").json()["number"]
    second = press(client, "e-2")
    assert (second.status_code, second.json()["number"], second.json()["repeated"]) == (201, number, True)
    assert (Incident.objects.count(), TextMessage.objects.count()) == (1, 3)
    assert CareAlarm.objects.get(event_id="e-2").first == CareAlarm.objects.get(event_id="e-1")


def test_a_call_later_is_another_incident(device, plan, monkeypatch):
    _, client = device
    first = press(client, "e-1").json()["number"]
    later = timezone.now() + timedelta(minutes=11)
    monkeypatch.setattr(alarms.timezone, "now", lambda: later)
    assert press(client, "e-2").json()["number"] != first
    assert Incident.objects.count() == 2


@pytest.mark.parametrize("key", ["", "x", "a b", "Ünicode", "0" * 300])
def test_a_wrong_key_opens_nothing(device, key):
    answer = press(client_of(key))
    assert answer.status_code == 401 and not CareAlarm.objects.exists() and not Incident.objects.exists()
    assert APIClient().post(URL, {"event_id": "e-1"}, format="json").status_code == 401


def test_a_signed_in_person_is_no_device(device, secretary):
    client = APIClient()
    client.force_login(secretary, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert press(client).status_code == 401
    assert device[1].get(URL).status_code == 405


@pytest.mark.parametrize("event_id", ["", "a b", "x" * 65, "求助", "a\x00b", None, [], {"a": 1}])
def test_a_wrong_event_is_refused_in_words(device, event_id):
    answer = device[1].post(URL, {"event_id": event_id}, format="json")
    assert answer.status_code in (400, 422), answer.content
    assert not CareAlarm.objects.exists()


def test_a_flood_is_stopped_and_kept_in_mind(device, plan):
    bound, client = device
    answers = [press(client, f"e-{number}").status_code for number in range(9)]
    assert answers == [201] * alarms.MOST_A_MINUTE + [429] * 3
    assert (Incident.objects.count(), TextMessage.objects.count()) == (1, 3)
    assert CareAlarm.objects.count() == alarms.MOST_A_MINUTE
    bound.refresh_from_db()
    assert bound.flooded_at is not None
    # What had come is still answered.
    assert press(client, "e-0").status_code == 200


def test_a_button_out_of_use_says_so(device, plan, secretary):
    bound, client = device
    care.unbind_device(bound, by=secretary)
    care.unbind_device(bound, by=secretary)
    answer = press(client)
    assert answer.status_code == 403 and "120" in answer.content.decode()
    assert not CareAlarm.objects.exists()
    assert AccessEvent.objects.filter(summary__startswith="停用求助设备").count() == 1


def test_a_button_of_a_plan_that_ended_says_so(device, plan, secretary):
    care.end_plan(plan, by=secretary, reason="不再需要")
    assert press(device[1]).status_code == 403


def test_a_new_key_shuts_out_the_old_one(device, secretary):
    bound, client = device
    fresh = client_of(care.renew_key(bound, by=secretary))
    assert press(client).status_code == 401
    assert press(fresh).status_code == 201
    assert bound.key_digest not in (None, "") and CareDevice.objects.get().key_digest != bound.key_digest


def test_a_serial_is_bound_once(device, plan, secretary):
    bound, _ = device
    other = make_plan(by=secretary)
    with pytest.raises(Refused, match="已在使用"), transaction.atomic():
        make_device(other, by=secretary, serial=bound.serial)
    care.unbind_device(bound, by=secretary)
    assert make_device(other, by=secretary, serial=bound.serial)[0].plan == other


def test_the_class_of_alarms_is_one_that_is_not_made_public(sos_class):
    public, off = factories.make_minor(is_public=True), factories.make_minor(is_active=False, is_public=False)
    for code in ("", "9999", off.code):
        with pytest.raises(ValidationError, match="没有这个编号"):
            parameters.change("care.sos_class", code)
    with pytest.raises(ValidationError, match="涉及家庭"):
        parameters.change("care.sos_class", public.code)
    other = factories.make_minor(is_public=False)
    parameters.change("care.sos_class", other.code)
    # And the class that is used is not made public afterwards.
    other.is_public = True
    with pytest.raises(ValidationError) as told:
        other.full_clean()
    assert "is_public" in told.value.message_dict
    sos_class.is_public = True
    sos_class.full_clean()


@pytest.mark.parametrize("wrong", ["gone", "off", "retired"])
def test_people_are_rung_even_where_no_incident_can_be_opened(device, plan, sos_class, secretary, wrong):
    if wrong == "gone":
        sos_class.delete()
    elif wrong == "off":
        MinorClass.objects.update(is_active=False)
    else:
        type(plan.grid).objects.filter(pk=plan.grid_id).update(valid_until=timezone.localdate())
    answer = press(device[1])
    assert (answer.status_code, answer.json()["number"]) == (201, "")
    assert not Incident.objects.exists() and not Intake.objects.filter(source="care").exists()
    assert TextMessage.objects.count() == 3
    assert Notice.objects.filter(recipient=secretary, title__startswith="求助没有开成事件").exists()


def test_the_database_keeps_presses(device):
    press(device[1])
    with pytest.raises(DatabaseError), transaction.atomic():
        CareAlarm.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_the_same_press_at_once_from_several_wires_is_one():
    factories.make_territory()
    factories.make_minor(code="0711")
    plan = make_plan(contacts=[family()])
    bound, _ = make_device(plan)
    outcomes = all_at_once(*(lambda: alarms.press(bound, "e-1")[1] for _ in range(4)))
    assert sorted(outcomes) == [False, False, False, True]
    assert (Incident.objects.count(), CareAlarm.objects.count(), TextMessage.objects.count()) == (1, 1, 2)


@pytest.mark.django_db(transaction=True)
def test_the_same_look_in_sent_twice_at_once_is_one():
    factories.make_territory()
    plan = make_plan()
    worker = plan.carers.get().user
    jobs = [lambda: care.look_in(plan, by=worker, token="the-same-token", way="door", outcome="well")[1]] * 3
    assert sorted(all_at_once(*jobs)) == [False, False, True]


@pytest.mark.django_db(transaction=True)
def test_two_who_make_a_plan_at_once_make_one():
    factories.make_territory()
    from tests.care import make_resident

    resident = make_resident()
    by, worker = (
        factories.make_staff("community_worker", factories.COMMUNITY),
        factories.make_staff("grid_worker", factories.BASE),
    )
    outcomes = all_at_once(*(lambda: make_plan(by=by, worker=worker, resident=resident) for _ in range(2)))
    assert sum(isinstance(each, Refused) for each in outcomes) == 1 and CarePlan.objects.count() == 1
