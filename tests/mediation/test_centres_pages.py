"""The public pages: which centres, who sits in, and nothing of anybody that is not in the public register."""

from datetime import date, time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from grids.models import Grid
from mediation import roster
from mediation.models import Centre, Committee, DutyShift, Member, Relation, Room, Weekday
from mediation.services.centres import lay_out_roster
from tests import disputes, factories
from tests.standing import standing

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
CENTRES = "/mediation/"


def words(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, url
    return answer.content.decode()


def of(code: str) -> str:
    return reverse("centre", args=[code])


@standing
def three(territory) -> Centre:
    """Centres of the district, of a street with its roster, of a community; and of another street."""
    for code, name in (
        (factories.DISTRICT, "红桥区矛调中心"),
        (factories.STREET, "西于庄街道矛调中心"),
        (factories.COMMUNITY, "增产里社区矛调中心"),
        (factories.OTHER_STREET, "咸阳北路街道矛调中心"),
    ):
        disputes.make_centre(code, name=name, phone="022-00001234", address="一号院")
    street = Centre.objects.get(grid=factories.STREET)
    lay_out_roster(street)
    return street


# --- which centres ------------------------------------------------------------------------------------------------------
def test_a_visitor_whose_place_is_unknown_chooses_a_street(client, three):
    text = words(client, CENTRES)
    assert f"?in={factories.STREET}" in text and "您在哪个街道" in text
    text = words(client, f"{CENTRES}?in={factories.STREET}")
    assert (
        "西于庄街道矛调中心" in text and "增产里社区矛调中心" in text and "咸阳北路街道矛调中心" not in text
    )


def test_a_resident_sees_the_centres_of_her_door_nearest_first(client, three):
    resident = factories.make_user(entrance=factories.make_entrance())
    client.force_login(resident, backend=BACKEND)
    found = client.get(CENTRES).context["centres"]
    assert [centre.grid_id for centre in found] == [
        factories.COMMUNITY,
        factories.STREET,
        factories.DISTRICT,
    ]


def test_a_scanned_grid_counts_as_a_place(client, three):
    client.get(reverse("in_grid", args=[factories.FAR]))
    assert [row.grid_id for row in client.get(CENTRES).context["centres"]] == [
        factories.OTHER_STREET,
        factories.DISTRICT,
    ]


@pytest.mark.parametrize("asked", ["0", "x", "120106999", "９", "120106001%00"])
def test_a_street_that_is_none_shows_the_choice(client, three, asked):
    assert "您在哪个街道" in words(client, f"{CENTRES}?in={asked}")


def test_a_centre_out_of_use_is_nowhere(client, three):
    Centre.objects.update(is_active=False)
    assert client.get(f"{CENTRES}?in={factories.STREET}").context["centres"] == []
    words(client, of(factories.STREET), 404)


def test_a_place_without_a_centre_has_no_page(client, three):
    words(client, of(factories.NEIGHBOUR), 404)


# --- who sits in --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("day", "here", "not_here"),
    [
        ("2026-11-23", {"人民法院", "派出所"}, {"人民检察院", "司法所"}),  # Monday
        ("2026-11-25", {"人民检察院", "派出所"}, {"人民法院", "司法所"}),  # Wednesday
        ("2026-11-27", {"司法所", "派出所"}, {"人民法院", "人民检察院"}),  # Friday
        ("2026-11-28", {"派出所"}, {"人民法院", "司法所"}),
    ],
)
def test_who_is_there_today(client, three, time_machine, day, here, not_here):
    time_machine.move_to(f"{day}T10:00:00+08:00", tick=False)
    context = client.get(of(factories.STREET)).context
    bodies = {shift.body for shift in context["today"].shifts}
    assert bodies >= here and not bodies & not_here
    assert [each.day for each in context["days"]][0] == date.fromisoformat(day) and len(context["days"]) == 7
    listed = client.get(f"{CENTRES}?in={factories.STREET}").context["centres"][0]
    assert {shift.body for shift in listed.today.shifts} == bodies


def test_tomorrow_of_a_sunday_is_monday(client, three, time_machine):
    time_machine.move_to("2026-11-22T10:00:00+08:00", tick=False)
    shown = client.get(of(factories.STREET)).context["tomorrow"]
    assert {shift.body for shift in shown.shifts} == {"人民法院", "派出所"}


def test_holidays_and_worked_weekends_are_pointed_out():
    assert roster.day_of([], date(2026, 10, 1)).note == roster.DAY_OFF
    assert roster.day_of([], date(2026, 10, 10)).note == roster.MADE_UP_FOR
    assert roster.day_of([], date(2026, 11, 25)).note == roster.day_of([], date(2026, 11, 28)).note == ""


def test_a_roster_is_laid_out_once_and_for_streets_alone(three):
    assert lay_out_roster(three) == []
    assert lay_out_roster(Centre.objects.get(grid=factories.COMMUNITY)) == []


# --- of whom, what ------------------------------------------------------------------------------------------------------
@standing
def staffed(three) -> Centre:
    mediator = disputes.make_mediator(
        specialities=["family", "property"], languages="天津话", phone="022-00005678", is_invited=True
    )
    mediator.user.name, mediator.user.address = "崔玉兰", "三楼二号"
    mediator.user.save()
    Relation.objects.create(mediator=mediator, kind="kin", name="欧阳某某", phone="19912345678")
    Member.objects.create(committee=mediator.committee, name="许主任", duty="director")
    centre = Centre.objects.get(grid=factories.COMMUNITY)
    Room.objects.create(centre=centre, name="玉兰工作室", categories=["family"])
    Room.objects.create(centre=centre, name="停用的房间", is_active=False)
    return centre


def test_a_centre_shows_rooms_committee_and_mediators(client, staffed):
    text = words(client, of(factories.COMMUNITY))
    for said in ("崔玉兰", "婚姻家庭、物业", "天津话", "法院特邀", "玉兰工作室", "许主任", "022-00005678"):
        assert said in text, said
    assert "停用的房间" not in text


@pytest.mark.parametrize("who", ["nobody", "resident", "director"])
def test_no_page_tells_what_is_not_in_the_public_register(client, staffed, who):
    user = staffed.committees.get().mediators.get().user
    if who != "nobody":
        person = factories.make_user() if who == "resident" else disputes.make_director(factories.COMMUNITY)
        client.force_login(person, backend=BACKEND)
    for url in (of(factories.COMMUNITY), f"{CENTRES}?in={factories.STREET}", reverse("mediation_about")):
        text = words(client, url)
        for hidden in (user.phone, user.username, "三楼二号", "欧阳", "1991234", "须回避"):
            assert hidden not in text, (url, hidden)


def test_who_left_or_whose_term_is_over_is_not_listed(client, staffed):
    mediator = staffed.committees.get().mediators.get()
    mediator.since = mediator.until = disputes.yesterday()
    mediator.save()
    assert "崔玉兰" not in words(client, of(factories.COMMUNITY))
    mediator.until, mediator.is_active = None, False
    mediator.save()
    assert "崔玉兰" not in words(client, of(factories.COMMUNITY))
    Committee.objects.update(is_active=False)
    assert "许主任" not in words(client, of(factories.COMMUNITY))


# --- how it works -------------------------------------------------------------------------------------------------------
def test_what_mediation_costs_and_is_not_for_is_told(client, three):
    text = words(client, reverse("mediation_about"))
    for said in ("不收费", "自愿", "30 天内", "法院已经受理", "向公安机关报案", "司法确认", "物权"):
        assert said in text, said


def test_the_way_to_apply_is_shown_where_there_is_one(client, three):
    try:
        url = reverse("dispute_new")
    except NoReverseMatch:
        url = ""
    for page in (CENTRES, of(factories.STREET), reverse("mediation_about")):
        assert ("申请调解</a>" in words(client, page)) == bool(url)


def test_the_home_page_leads_here(client, three):
    assert f'href="{CENTRES}"' in words(client, reverse("home"))


def test_nothing_can_be_sent_here(client, three):
    for url in (CENTRES, of(factories.STREET), reverse("mediation_about")):
        assert client.post(url).status_code == 405


# --- queries ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("url", [f"{CENTRES}?in={factories.STREET}", of(factories.COMMUNITY)])
def test_pages_ask_as_often_for_few_rows_as_for_many(client, staffed, url):
    def asked() -> int:
        with CaptureQueriesContext(connection) as caught:
            words(client, url)
        return len(caught)

    asked()
    few = asked()
    for number in range(3, 9):
        disputes.make_centre(f"{factories.STREET}{number:03d}")
        mediator = disputes.make_mediator(specialities=["family"])
        Member.objects.create(committee=mediator.committee, name=f"委员{number}")
        Room.objects.create(centre=staffed, name=f"第{number}室", categories=["labour"])
        for day in Weekday:
            DutyShift.objects.create(
                centre=staffed, weekday=day, body=f"单位{number}", begins=time(9), ends=time(11)
            )
    assert Grid.objects.count() > 10
    assert asked() == few
