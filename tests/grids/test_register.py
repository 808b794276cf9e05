"""Keeping the register: where rows lie, what is refused, what is forgotten, and who sees what of it."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from governance.flow import NotYours, Refused
from governance.models import AccessEvent
from grids import services as territory
from grids.models import CareNeed, Household, Premises, Resident
from grids.services import register
from tests import factories
from tests.register import make_care_need, make_household, make_premises, make_resident
from tests.standing import standing

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@standing
def worker(territory):
    return factories.make_staff("grid_worker", factories.BASE)


@standing
def home(worker):
    return make_household(by=worker, room="301")


def refused(error) -> str:
    """Return the field at which it was refused."""
    return next(iter(getattr(error.value, "error_dict", {"": 0})))


# --- households and residents -------------------------------------------------------------------------------------------
def test_a_household_lies_where_its_door_lies(worker):
    door = factories.make_entrance()
    home = make_household(door, by=worker, room=" 502 ")
    assert (home.grid_id, home.room, home.community_code) == (factories.BASE, "502", factories.COMMUNITY)


def test_a_room_is_entered_once_behind_a_door(worker, home):
    with pytest.raises(Refused) as error:
        make_household(home.entrance, by=worker, room="301")
    assert "同一门牌号" in str(error.value) and refused(error) == "room"
    register.close_household(home, by=worker, reason="房屋合并")
    assert make_household(home.entrance, by=worker, room="301").pk != home.pk


def test_nobody_enters_a_household_elsewhere(worker, territory):
    far = factories.make_entrance(factories.FAR_BASE)
    with pytest.raises(ValidationError) as error:
        make_household(far, by=worker)
    assert error.value.code == "out_of_reach" and not Household.objects.filter(entrance=far).exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"born_on": date(1880, 1, 1)}, "born_on"),
        ({"born_on": date(2999, 1, 1)}, "born_on"),
        ({"informed_on": date(2999, 1, 1)}, "informed_on"),
        ({"phone": "12345"}, "phone"),
        ({"name": ""}, "name"),
    ],
)
def test_what_is_wrong_with_a_resident_is_said_at_its_field(worker, home, fields, field):
    with pytest.raises(ValidationError) as error:
        make_resident(home, by=worker, **fields)
    assert field in error.value.error_dict


def test_below_fourteen_the_guardian_consents(worker, home):
    child = {"name": "孙小宝", "born_on": TODAY() - timedelta(days=10 * 365)}
    with pytest.raises(Refused, match="监护人"):
        make_resident(home, by=worker, **child)
    assert make_resident(home, by=worker, ground="guardian", **child).grid_id == home.grid_id


def test_closing_a_household_takes_its_residents_out(worker, home):
    resident = make_resident(home, by=worker)
    register.close_household(home, by=worker, reason="房屋拆除")
    resident.refresh_from_db()
    assert (resident.left_on, resident.leaving) == (TODAY(), "moved")
    with pytest.raises(Refused):
        make_resident(Household.objects.get(pk=home.pk), by=worker)


def test_all_follow_a_door_that_comes_to_another_grid(worker, home, secretary):
    other = factories.make_grid(factories.COMMUNITY + "002")
    resident = make_resident(home, by=worker)
    shop = make_premises(by=worker, entrance=home.entrance)
    building = home.entrance.building
    building.grid = other
    territory.save_building(building, by=secretary)
    for row in (home, resident, shop):
        row.refresh_from_db()
        assert row.grid_id == other.code
        assert row.community_code == factories.COMMUNITY


def test_what_has_no_door_goes_to_the_one_successor(worker, secretary):
    heir = factories.make_grid(factories.COMMUNITY + "002")
    shop = make_premises(by=worker)
    territory.retire_grid(shop.grid, [heir], secretary, "两个网格合并")
    shop.refresh_from_db()
    assert shop.grid_id == heir.code


# --- care needs ---------------------------------------------------------------------------------------------------------
def test_the_words_of_a_care_need_are_encrypted_at_rest(worker, home):
    need = make_care_need(make_resident(home, by=worker), by=worker, words="卧床，需要翻身")
    with connection.cursor() as cursor:
        cursor.execute("SELECT words FROM grids_careneed WHERE id = %s", [need.pk])
        stored = cursor.fetchone()[0]
    assert "卧床" not in stored and len(stored) > 60
    assert CareNeed.objects.get(pk=need.pk).words == "卧床，需要翻身"


def test_a_care_need_asks_for_consent_purpose_and_an_end(worker, home):
    resident = make_resident(home, by=worker)
    for fields, field in (
        ({"until": TODAY() - timedelta(days=1)}, "until"),
        ({"until": TODAY() + timedelta(days=5000)}, "until"),
        ({"purpose": " "}, "purpose"),
        ({"consent": "guardian"}, "consent_by"),
        ({"consent_on": TODAY() + timedelta(days=1)}, "consent_on"),
    ):
        with pytest.raises(ValidationError) as error:
            make_care_need(resident, by=worker, **fields)
        assert field in error.value.error_dict, fields
    assert not CareNeed.objects.exists()
    make_care_need(resident, by=worker)
    with pytest.raises(Refused, match="已经登记"):
        make_care_need(resident, by=worker)


def test_ending_and_leaving_delete_the_words(worker, home):
    resident = make_resident(home, by=worker)
    first, second = make_care_need(resident, by=worker), make_care_need(resident, by=worker, kind="illness")
    register.end_care_need(first, by=worker)
    assert CareNeed.objects.get(pk=first.pk).words == ""
    register.leave(resident, by=worker, leaving="withdrawn")
    second.refresh_from_db()
    assert (second.words, second.ended_on) == ("", TODAY())


def test_what_has_run_out_is_forgotten_once_and_late(worker, home, time_machine=None):
    need = make_care_need(make_resident(home, by=worker), by=worker)
    later = timezone.now() + timedelta(days=120)
    assert register.forget_expired_needs(later) == 1
    assert register.forget_expired_needs(later) == 0
    need.refresh_from_db()
    assert (need.words, need.ended_on) == ("", need.until)


def test_who_left_long_ago_is_deleted_with_the_history(worker, home):
    gone, stays = make_resident(home, by=worker), make_resident(home, by=worker, name="钱二")
    register.leave(gone, by=worker, leaving="moved")
    make_care_need(stays, by=worker)
    assert register.forget_departed(timezone.now()) == 0
    assert register.forget_departed(timezone.now() + timedelta(days=400)) == 1
    assert not Resident.objects.filter(pk=gone.pk).exists()
    assert not Resident.history.filter(id=gone.pk).exists()
    assert Resident.history.filter(id=stays.pk).exists()


# --- who sees what ------------------------------------------------------------------------------------------------------
def test_a_street_sees_households_and_no_resident(worker, home):
    resident = make_resident(home, by=worker)
    street = factories.make_staff("street_officer", factories.STREET)
    assert street.may("view", home) and not street.may("change", home)
    for action in ("view", "contact", "reveal", "care", "change"):
        assert not street.may(action, resident)
    with pytest.raises(NotYours):
        register.leave(resident, by=street, leaving="moved")


def test_a_need_is_for_those_who_care_for_the_person(worker, home, secretary):
    need = make_care_need(make_resident(home, by=worker), by=worker)
    neighbour = factories.make_staff("community_secretary", factories.NEIGHBOUR)
    other = (
        factories.make_staff("grid_worker", factories.COMMUNITY + "002")
        if factories.make_grid(factories.COMMUNITY + "002")
        else None
    )
    assert secretary.may("view", need) and worker.may("view", need)
    for stranger in (neighbour, other, factories.make_staff("street_officer", factories.STREET)):
        assert not stranger.may("view", need)
        assert not CareNeed.objects.restrict(stranger).exists()
        with pytest.raises(NotYours):
            register.end_care_need(need, by=stranger)


def test_the_words_are_shown_once_for_a_reason_that_is_logged(worker, home, secretary):
    need = make_care_need(make_resident(home, by=worker), by=worker, words="听力不好")
    client = Client()
    client.force_login(secretary)
    page = client.get(reverse("admin:grids_careneed_change", args=[need.pk])).content.decode()
    assert "听力不好" not in page and "高龄" not in page and "独居" in page
    address = reverse("admin:grids_careneed_reveal", args=[need.pk, "words"])
    assert "听力不好" not in client.post(address, {"reason": ""}).content.decode()
    assert "听力不好" in client.post(address, {"reason": "安排上门看望"}).content.decode()
    event = AccessEvent.objects.get(kind="reveal")
    assert event.actor == secretary and "具体情况" in event.summary and "听力" not in event.summary


def test_a_history_shows_no_words_and_no_masked_columns(worker, home, secretary):
    resident = make_resident(home, by=worker, name="李大山")
    resident.name = "李大川"
    register.keep_resident(resident, by=worker)
    client = Client()
    client.force_login(secretary)
    page = client.get(reverse("admin:grids_resident_history", args=[resident.pk])).content.decode()
    assert "姓名" in page and "已隐去" in page and "李大山" not in page


def test_lists_ask_as_often_for_one_row_as_for_twenty(worker, secretary, django_assert_num_queries):
    client = Client()
    client.force_login(secretary)
    door = factories.make_entrance()
    from django.test.utils import CaptureQueriesContext

    def counted(name: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get(reverse(f"admin:grids_{name}_changelist")).status_code == 200
        return len(found)

    home = make_household(door, by=worker)
    resident = make_resident(home, by=worker)
    make_care_need(resident, by=worker)
    make_premises(by=worker)
    names = ("household", "resident", "careneed", "premises")
    for name in names:
        counted(name)
    once = {name: counted(name) for name in names}
    for _ in range(19):
        home = make_household(door, by=worker)
        make_care_need(make_resident(home, by=worker), by=worker)
        make_premises(by=worker)
    assert {name: counted(name) for name in names} == once


def test_premises_are_entered_once_and_closed_with_a_reason(worker):
    shop = make_premises(by=worker, name="兰州拉面", small="eatery")
    with pytest.raises(Refused, match="同名"):
        make_premises(by=worker, name="兰州拉面")
    with pytest.raises(Refused, match="注销原因"):
        register.close_premises(shop, by=worker, reason=" ")
    register.close_premises(shop, by=worker, reason="停业搬走")
    assert not Premises.objects.get(pk=shop.pk).is_current
    with pytest.raises(Refused, match="已经注销"):
        register.close_premises(shop, by=worker, reason="停业搬走")


def test_a_new_household_leads_on_to_its_people_and_rooms_come_in_order(worker, home):
    client = Client()
    client.force_login(worker)
    for room in ("1001", "102"):
        answer = client.post(
            reverse("admin:grids_household_add"),
            {"entrance": home.entrance_id, "room": room, "use": "own", "note": ""},
        )
        made = Household.objects.get(room=room)
        assert answer["Location"] == reverse("admin:grids_household_change", args=[made.pk])
    page = client.get(answer["Location"]).content.decode()
    assert "接着可以登记住在这里的人" in page and "登记居民" in page and "还没有记过需求" in page
    listed = client.get(reverse("admin:grids_household_changelist")).content.decode()
    places = [listed.index(f"{home.entrance}{room}") for room in (home.room, "1001")]
    assert places == sorted(places) and listed.index(f"{home.entrance}102") < places[1]


def test_who_has_one_grid_begins_with_it(worker):
    client = Client()
    client.force_login(worker)
    for name in ("premises", "facility"):
        page = client.get(reverse(f"admin:grids_{name}_add"))
        assert page.context["adminform"].form.initial["grid"] == factories.BASE


def test_no_note_holds_an_identity_number(worker, home):
    for note in ("身份证120106198805011234", "12010619880501123x"):
        home.note = note
        with pytest.raises(Refused) as error:
            register.keep_household(home, by=worker)
        assert refused(error) == "note"
    home.note = "工号 1201061988，电话 13800001234"
    assert register.keep_household(home, by=worker).note == home.note
