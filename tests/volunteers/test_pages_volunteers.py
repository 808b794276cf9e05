"""The volunteer's and the team leader's pages: registering, the hall, claims, check-in at the door, hours."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance.templatetags import ui
from tests import factories
from tests.standing import standing
from volunteers.flow import ORDERS, REGISTRATION
from volunteers.models import Claim, HoursEntry, Skill, Volunteer
from volunteers.models.orders import ClaimStatus, OrderStatus

pytestmark = pytest.mark.django_db


@standing
def volunteer(secretary):
    return factories.make_volunteer(approved_by=secretary)


@pytest.fixture
def signed_in(client, volunteer):
    client.force_login(volunteer.applicant)
    return client


def act(client, order, action: str, **data):
    order.refresh_from_db()
    return client.post(
        reverse("order_action", args=[order.number, action]), {"version": order.version, **data}, follow=True
    )


# --- registering -------------------------------------------------------------------------------------------------------
APPLICATION = {
    "name": "张三",
    "birth_date": "1990-05-01",
    "free_times": ["1m", "7e"],
    "reach": "street",
    "consent": "on",
}


@pytest.fixture
def newcomer(client, territory):
    user = factories.make_user("张三")
    client.force_login(user)
    client.post(reverse("choose_place"), {"grid": factories.BASE})
    return user


def test_registering(client, newcomer):
    skill = Skill.objects.create(name="理发")
    answer = client.post(reverse("volunteer_register"), APPLICATION | {"skills": [skill.pk]})
    assert answer["Location"] == reverse("volunteer_me")
    volunteer = Volunteer.objects.get()
    assert (volunteer.applicant, volunteer.grid_id, volunteer.status) == (newcomer, factories.BASE, "applied")
    assert volunteer.free_times == ["1m", "7e"] and list(volunteer.skills.all()) == [skill]
    assert volunteer.number in client.get(reverse("volunteer_me")).content.decode()
    # Twice is once: the page of one who applied already is her own.
    assert client.post(reverse("volunteer_register"), APPLICATION)["Location"] == reverse("volunteer_me")
    assert Volunteer.objects.count() == 1


def test_a_minor_needs_a_guardian(client, newcomer):
    born = (timezone.localdate() - timedelta(days=12 * 366)).isoformat()
    answer = client.post(reverse("volunteer_register"), APPLICATION | {"birth_date": born})
    assert "监护人姓名" in answer.content.decode() and not Volunteer.objects.exists()
    guardian = {"guardian_name": "张父", "guardian_phone": "13800001234"}
    answer = client.post(reverse("volunteer_register"), APPLICATION | {"birth_date": born} | guardian)
    assert "监护人同意" in answer.content.decode() and not Volunteer.objects.exists()
    client.post(
        reverse("volunteer_register"), APPLICATION | {"birth_date": born, "guardian_consent": "on"} | guardian
    )
    assert Volunteer.objects.get().guardian_consent_at is not None


def minor_without_consent() -> Volunteer:
    """A registration as an import may leave it: under 18, no guardian."""
    volunteer = factories.make_volunteer()
    Volunteer.objects.filter(pk=volunteer.pk).update(
        birth_date=timezone.localdate() - timedelta(days=15 * 366), status="applied"
    )
    return Volunteer.objects.get(pk=volunteer.pk)


GUARDIAN = {"guardian_name": "张父", "guardian_phone": "138 0000 1234", "guardian_consent": "on"}


def test_a_minor_adds_her_guardian_later(client, territory):
    volunteer = minor_without_consent()
    client.force_login(volunteer.applicant)
    url = reverse("volunteer_guardian")
    assert url in client.get(reverse("volunteer_me")).content.decode()
    assert client.get(url).status_code == 200
    assert client.post(url, GUARDIAN)["Location"] == reverse("volunteer_me")
    volunteer.refresh_from_db()
    assert (volunteer.guardian_name, volunteer.guardian_phone) == ("张父", "13800001234")
    assert volunteer.guardian_consent_at is not None
    kept = volunteer.history.latest()
    assert kept.history_user == volunteer.applicant and "本人填写" in kept.history_change_reason
    boss = factories.make_staff("community_secretary", factories.COMMUNITY)
    assert REGISTRATION.run(volunteer, "approve", by=boss).status == "active"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("guardian_name", ""),
        ("guardian_name", " "),
        ("guardian_name", "长" * 41),
        ("guardian_name", "\0"),
        ("guardian_phone", "123"),
        ("guardian_phone", ""),
        ("guardian_consent", ""),
    ],
)
def test_a_guardian_without_name_phone_or_consent_is_refused_at_the_field(client, territory, field, value):
    volunteer = minor_without_consent()
    client.force_login(volunteer.applicant)
    answer = client.post(reverse("volunteer_guardian"), GUARDIAN | {field: value})
    assert answer.status_code == 200 and field in answer.context["form"].errors
    volunteer.refresh_from_db()
    assert volunteer.guardian_consent_at is None


def test_a_grown_volunteer_has_no_guardian(signed_in, volunteer):
    assert signed_in.get(reverse("volunteer_guardian")).status_code == 404
    assert signed_in.post(reverse("volunteer_guardian"), GUARDIAN).status_code == 404
    assert reverse("volunteer_guardian") not in signed_in.get(reverse("volunteer_me")).content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("birth_date", "1800-01-01"),
        ("birth_date", "2999-01-01"),
        ("birth_date", "昨天"),
        ("birth_date", (timezone.localdate() - timedelta(days=400)).isoformat()),
        ("name", ""),
        ("name", "名" * 41),
        ("name", "\0"),
        ("free_times", ["9z"]),
        ("reach", "world"),
        ("skills", ["99999999999999999999"]),
        ("skills", ["\0"]),
        ("consent", ""),
        ("description", "x" * 501),
    ],
)
def test_a_wrong_application_is_refused_at_its_field(client, newcomer, field, value):
    answer = client.post(reverse("volunteer_register"), APPLICATION | {field: value})
    assert answer.status_code == 200 and field in answer.context["form"].errors
    assert not Volunteer.objects.exists()


def test_preferences_are_ones_own(signed_in, volunteer):
    signed_in.post(
        reverse("volunteer_preferences"),
        {"free_times": ["3a"], "reach": "community", "description": "退休电工"},
    )
    volunteer.refresh_from_db()
    assert (volunteer.free_times, volunteer.reach, volunteer.description) == (["3a"], "community", "退休电工")
    signed_in.force_login(factories.make_user())
    assert signed_in.get(reverse("volunteer_preferences")).status_code == 404


def test_leaving(signed_in, volunteer):
    address = reverse("volunteer_action", args=[volunteer.number, "leave"])
    signed_in.post(address, {"version": volunteer.version})
    volunteer.refresh_from_db()
    assert volunteer.status == "left"
    assert signed_in.get(reverse("order_hall"))["Location"] == reverse("volunteer_me")


def test_another_persons_registration_does_not_exist(client, newcomer, volunteer):
    address = reverse("volunteer_action", args=[volunteer.number, "leave"])
    assert client.get(address).status_code == 404
    assert client.post(address, {"version": volunteer.version}).status_code == 404


# --- the hall ------------------------------------------------------------------------------------------------------------
def shown(client, query: str = "") -> set[str]:
    return {order.number for order in client.get(f"{reverse('order_hall')}{query}").context["rows"]}


def test_the_hall_and_its_filters(signed_in, volunteer, secretary):
    skill = Skill.objects.create(name="电工")
    easy = factories.open_order(factories.make_order(), by=secretary)
    hard = factories.open_order(factories.make_order(item=factories.make_item(skill)), by=secretary)
    late = factories.make_order(wanted_from=factories.tomorrow() + timedelta(days=3))
    late = factories.open_order(late, by=secretary)
    factories.make_order()  # not dispatched yet
    elsewhere = factories.make_order(factories.NEIGHBOUR_BASE)
    factories.open_order(elsewhere)  # another community's
    assert shown(signed_in) == {easy.number, hard.number, late.number}
    assert shown(signed_in, "?fit=on") == {easy.number, late.number}
    day = timezone.localtime(late.wanted_from).date().isoformat()
    assert shown(signed_in, f"?day={day}") == {late.number}
    assert shown(signed_in, "?near=community") == {easy.number, hard.number, late.number}
    for strange in ("?day=%00", "?near=%27&page=abc", "?page=99999999999999", "?fit=%F0%9F%98%80"):
        assert signed_in.get(reverse("order_hall") + strange).status_code == 200


def test_the_hall_shows_no_names_phones_or_doors(signed_in, secretary):
    resident = factories.make_user("李奶奶", phone="13911112222")
    factories.open_order(factories.make_order(by=resident, address="301 室"), by=secretary)
    page = signed_in.get(reverse("order_hall")).content.decode()
    assert "李奶奶" not in page and "13911112222" not in page and "301" not in page


def test_only_volunteers_have_a_hall(client, newcomer):
    assert client.get(reverse("order_hall"))["Location"] == reverse("volunteer_register")


def test_the_hall_says_which_orders_clash_and_offers_no_claim_there(signed_in, volunteer, secretary):
    def opened(hours: float):
        start = factories.tomorrow() + timedelta(hours=hours)
        return factories.open_order(factories.make_order(wanted_from=start), by=secretary)

    held = opened(5)
    ORDERS.run(held, "claim", by=volunteer.applicant)
    inside, free = opened(5.5), opened(9)
    length = held.wanted_until - held.wanted_from
    after = factories.make_order(wanted_from=held.wanted_until, wanted_until=held.wanted_until + length)
    after = factories.open_order(after, by=secretary)
    Volunteer.objects.update(free_times=[f"{day}{part}" for day in range(1, 8) for part in "mae"])
    rows = signed_in.get(reverse("order_hall")).context["rows"]
    assert [order.number for order in rows] == [after.number, free.number, inside.number]
    assert [bool(order.clash) for order in rows] == [False, False, True] and not rows[-1].suits
    words = f"与您 {ui.cn_short(held.wanted_from)} 的单冲突"
    page = signed_in.get(reverse("order_hall")).content.decode()
    assert page.count(words) == 1 and page.count(">可接<") == 2
    claim = reverse("order_action", args=[inside.number, "claim"])
    page = signed_in.get(inside.get_absolute_url()).content.decode()
    assert words in page and claim not in page
    assert (
        reverse("order_action", args=[free.number, "claim"])
        in signed_in.get(free.get_absolute_url()).content.decode()
    )


def test_the_hall_asks_the_database_as_often_for_fifteen_as_for_one(signed_in, secretary):
    def count() -> int:
        signed_in.get(reverse("order_hall"))
        with CaptureQueriesContext(connection) as queries:
            signed_in.get(reverse("order_hall"))
        return len(queries)

    item = factories.make_item()
    factories.open_order(factories.make_order(item=item, entrance=factories.make_entrance()), by=secretary)
    before = count()
    for _ in range(14):
        factories.open_order(
            factories.make_order(item=item, entrance=factories.make_entrance()), by=secretary
        )
    assert count() == before


# --- claims ----------------------------------------------------------------------------------------------------------------
def test_claiming_with_one_tap_and_once(signed_in, volunteer, secretary):
    order = factories.open_order(factories.make_order(), by=secretary)
    assert "接单成功" in act(signed_in, order, "claim").content.decode()
    act(signed_in, order, "claim")
    assert Claim.objects.filter(order=order, volunteer=volunteer, status="held").count() == 1
    assert order.number in str([c.order.number for c in signed_in.get(reverse("my_claims")).context["rows"]])


def test_a_claim_that_is_refused_says_why_on_the_orders_page(signed_in, volunteer, secretary):
    order = factories.open_order(factories.make_order(), by=secretary)
    ORDERS.run(order, "claim", by=factories.make_volunteer(approved_by=secretary).applicant)
    page = act(signed_in, order, "claim")
    assert page.redirect_chain and "名额已满" in page.content.decode()
    assert "已排入候补" in act(signed_in, order, "wait").content.decode()
    assert Claim.objects.get(volunteer=volunteer).status == ClaimStatus.WAITING


def test_releasing_needs_a_reason_and_a_double_click_is_harmless(signed_in, volunteer, secretary):
    order = factories.open_order(factories.make_order(), by=secretary)
    act(signed_in, order, "claim")
    order.refresh_from_db()
    address = reverse("order_action", args=[order.number, "release"])
    assert "note" in signed_in.post(address, {"version": order.version}).context["form"].errors
    data = {"version": order.version, "note": "临时有事"}
    assert signed_in.post(address, data).status_code == 302
    assert signed_in.post(address, data).status_code == 302
    assert Claim.objects.get(volunteer=volunteer).status == ClaimStatus.RELEASED


def test_a_release_that_hides_the_order_leads_to_my_claims_also_when_sent_twice(
    signed_in, volunteer, secretary
):
    order = ORDERS.run(factories.make_order(), "assign_people", by=secretary, volunteers=[volunteer])
    address = reverse("order_action", args=[order.number, "decline"])
    for _ in range(2):
        assert signed_in.post(address, {"version": order.version})["Location"] == reverse("my_claims")
    assert signed_in.get(order.get_absolute_url()).status_code == 404
    # Another person's same request finds nothing.
    signed_in.force_login(factories.make_volunteer(approved_by=secretary).applicant)
    assert signed_in.post(address, {"version": order.version}).status_code == 404


def test_an_offer_tells_how_long_it_is_kept(signed_in, volunteer, secretary):
    order = factories.open_order(factories.make_order(), by=secretary)
    first = factories.make_volunteer(approved_by=secretary).applicant
    ORDERS.run(order, "claim", by=first)
    ORDERS.run(order, "wait", by=volunteer.applicant)
    ORDERS.run(order, "release", by=first, note="临时有事")
    page = signed_in.get(reverse("my_claims")).content.decode()
    assert "候补待确认" in page and "还有 29 分钟" in page
    assert "等您答复" in signed_in.get(reverse("home")).content.decode()
    act(signed_in, order, "agree")
    assert Claim.objects.get(volunteer=volunteer).status == ClaimStatus.HELD


# --- at the door -------------------------------------------------------------------------------------------------------------
@standing
def taken(volunteer, secretary):
    """An order that the volunteer holds and that has begun."""
    door = factories.make_entrance()
    order = factories.make_order(entrance=door, wanted_from=timezone.now() - timedelta(minutes=5))
    return ORDERS.run(factories.open_order(order, by=secretary), "claim", by=volunteer.applicant)


def test_checking_in_and_out_by_scanning_the_door(signed_in, taken):
    signed_in.get(reverse("entrance_scan", args=[taken.entrance.token]))
    home = signed_in.get(reverse("home")).content.decode()
    assert reverse("order_action", args=[taken.number, "check_in"]) in home
    assert "签到成功" in act(signed_in, taken, "check_in").content.decode()
    home = signed_in.get(reverse("home")).content.decode()
    assert reverse("order_action", args=[taken.number, "check_out"]) in home
    assert "签退成功" in act(signed_in, taken, "check_out").content.decode()
    claim = Claim.objects.get()
    assert claim.status == ClaimStatus.SERVED and claim.entered_later == ""


@pytest.mark.parametrize("trick", ["chosen", "old", "typed", "other"])
def test_only_a_scan_just_made_at_that_door_proves_anything(signed_in, taken, trick):
    if trick == "chosen":
        signed_in.post(reverse("choose_place"), {"entrance": taken.entrance_id})
    elif trick == "old":
        signed_in.get(reverse("entrance_scan", args=[taken.entrance.token]))
        session = signed_in.session
        session["scanned_at"] -= 3600
        session.save()
    elif trick == "other":
        signed_in.get(reverse("entrance_scan", args=[factories.make_entrance().token]))
    data = {"entrance": taken.entrance.token} if trick == "typed" else {}
    act(signed_in, taken, "check_in", **data)
    assert Claim.objects.get().checked_in_at is None


def test_checking_in_by_the_code_or_with_a_reason(signed_in, taken):
    wrong = "000000" if taken.code != "000000" else "111111"
    assert "签到码不对" in act(signed_in, taken, "check_in", code=wrong).content.decode()
    for strange in ("\0", "９９９９９９", "1" * 500, "<b>"):
        act(signed_in, taken, "check_in", code=strange)
        assert Claim.objects.get().checked_in_at is None
    act(signed_in, taken, "check_in", code=taken.code)
    assert Claim.objects.get().checked_in_at is not None
    act(signed_in, taken, "check_out", note="受助人手机没电")
    assert Claim.objects.get().entered_later == "受助人手机没电"


def test_hours_show_on_ones_own_page_with_their_total(signed_in, taken, volunteer):
    act(signed_in, taken, "check_in", code=taken.code)
    act(signed_in, taken, "check_out", code=taken.code)
    ORDERS.run(taken, "confirm", by=taken.applicant)
    HoursEntry.objects.create(
        volunteer=volunteer,
        kind="adjust",
        half_hours=3,
        reason="补记",
        entered_by=taken.applicant,
        grid_id=volunteer.grid_id,
    )
    page = signed_in.get(reverse("volunteer_me"))
    assert page.context["hours"] == 2
    assert taken.title in page.content.decode() and "补记" in page.content.decode()


# --- the team leader ---------------------------------------------------------------------------------------------------------
@standing
def team(secretary, volunteer):
    team = factories.make_team()
    factories.join(team, volunteer)
    return team


def test_the_leader_asks_members_and_only_members(client, team, volunteer, secretary):
    leader = factories.make_staff("team_leader", factories.COMMUNITY, unit=team.unit)
    stranger = factories.make_volunteer(approved_by=secretary)
    order = ORDERS.run(factories.make_order(), "assign_team", by=secretary, team=team)
    client.force_login(leader)
    assert order.title in client.get(reverse("team_orders")).content.decode()
    address = reverse("order_action", args=[order.number, "muster"])
    page = client.get(address).content.decode()
    assert volunteer.applicant_name in page and stranger.applicant_name not in page and "同网格" in page
    for chosen in ([], [stranger.pk], ["\0"], ["9" * 30]):
        answer = client.post(address, {"version": order.version, "volunteers": chosen})
        assert "volunteers" in answer.context["form"].errors
    client.post(address, {"version": order.version, "volunteers": [volunteer.pk]})
    assert Claim.objects.get().status == ClaimStatus.INVITED


def test_the_leader_gives_an_order_back_with_a_reason(client, team, secretary):
    leader = factories.make_staff("team_leader", factories.COMMUNITY, unit=team.unit)
    order = ORDERS.run(factories.make_order(), "assign_team", by=secretary, team=team)
    client.force_login(leader)
    answer = act(client, order, "team_refuse", note="这周队员都有安排")
    assert answer.status_code == 200
    order.refresh_from_db()
    assert order.status == OrderStatus.PLACED
    assert client.get(order.get_absolute_url()).status_code == 404


def test_a_leader_sees_nothing_of_another_team(client, team, secretary):
    other = factories.make_team()
    leader = factories.make_staff("team_leader", factories.COMMUNITY, unit=other.unit)
    order = ORDERS.run(factories.make_order(), "assign_team", by=secretary, team=team)
    client.force_login(leader)
    assert order.title not in client.get(reverse("team_orders")).content.decode()
    assert client.get(reverse("order_action", args=[order.number, "muster"])).status_code == 404
    client.force_login(factories.make_user())
    assert client.get(reverse("team_orders")).status_code == 404


# --- the community on a phone ------------------------------------------------------------------------------------------------
def test_the_community_dispatches_from_a_phone(client, volunteer, secretary):
    client.force_login(secretary)
    order = factories.make_order()
    page = client.get(reverse("order_action", args=[order.number, "assign_people"])).content.decode()
    assert volunteer.applicant_name in page
    act(client, order, "assign_people", volunteers=[volunteer.pk])
    order.refresh_from_db()
    assert order.status == OrderStatus.ASSIGNED


def test_entering_forgotten_times(client, taken, secretary):
    client.force_login(secretary)
    claim = Claim.objects.get()
    now = timezone.localtime()
    times = {
        "checked_in_at": f"{now - timedelta(hours=2):%Y-%m-%dT%H:%M}",
        "checked_out_at": f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M}",
    }
    answer = act(client, taken, "enter_times", claim=claim.pk, note="忘带手机", **times)
    assert "checked_out_at" in answer.context["form"].errors
    times["checked_out_at"] = f"{now - timedelta(minutes=30):%Y-%m-%dT%H:%M}"
    act(client, taken, "enter_times", claim=claim.pk, note="忘带手机", **times)
    claim.refresh_from_db()
    assert (claim.status, claim.half_hours) == (ClaimStatus.SERVED, 3)


# --- arriving --------------------------------------------------------------------------------------------------------------
def test_arriving_shows_whom_to_meet_and_which_of_two_to_fill_in(signed_in, volunteer, secretary):
    start = timezone.now() + timedelta(minutes=10)
    order = factories.make_order(wanted_from=start, entrance=factories.make_entrance(), address="301 室")
    order = ORDERS.run(factories.open_order(order, by=secretary), "claim", by=volunteer.applicant)

    def page(action: str) -> str:
        return signed_in.get(reverse("order_action", args=[order.number, action])).content.decode()

    text = page("check_in")
    assert "填签到码，或写明理由" in text and "选填" not in text and "扫码签到" in text
    assert "301 室" in text and f"tel:{order.beneficiary_phone}" in text
    order = ORDERS.run(order, "check_in", by=volunteer.applicant, code=order.code)
    text = page("check_out")
    assert "扫码签到" not in text and "扫码签退" in text and "301 室" in text


def test_who_is_late_is_told_so(signed_in, volunteer, secretary):
    start = timezone.now() + timedelta(minutes=10)
    order = factories.open_order(factories.make_order(wanted_from=start), by=secretary)
    order = ORDERS.run(order, "claim", by=volunteer.applicant)
    late = "已过约定时间，请尽快到达或联系受助人"
    page = signed_in.get(order.get_absolute_url()).content.decode()
    assert "您已接单，请" in page and late not in page
    type(order).objects.filter(pk=order.pk).update(wanted_from=timezone.now() - timedelta(minutes=1))
    page = signed_in.get(order.get_absolute_url()).content.decode()
    assert late in page and "您已接单，请" not in page
    ORDERS.run(order, "check_in", by=volunteer.applicant, code=order.code)
    assert late not in signed_in.get(order.get_absolute_url()).content.decode()
