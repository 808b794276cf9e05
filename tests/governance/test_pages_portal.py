"""The pages that belong to no single app: home, place, notices, a look at masked data, the ways in."""

import pytest
from django.urls import reverse

from governance import drafts, mine, notices
from governance.models import AccessEvent, Notice
from governance.slices import LAST_PAGE, page_number
from grids.models import Grid
from tests import factories
from tests.patrols import make_point
from volunteers.models import Order

pytestmark = pytest.mark.django_db


# --- home ----------------------------------------------------------------------------------------------------------------
def tiles(client) -> list[str]:
    return [tile.label for tile in client.get(reverse("home")).context["tiles"]]


def test_everyone_has_the_entries_that_are_theirs(client, territory):
    assert tiles(client) == [
        "随手拍",
        "我要点单",
        "微心愿",
        "找网格员",
        "我的事项",
        "矛盾调解",
        "晒单墙",
        "治理数据",
        "当志愿者",
    ]
    client.force_login(factories.make_staff("grid_worker", factories.BASE))
    assert "代点单" in tiles(client) and "接单大厅" not in tiles(client)
    assert "管理后台" in client.get(reverse("home")).content.decode()
    client.force_login(factories.make_volunteer().applicant)
    assert {"接单大厅", "我的接单"} <= set(tiles(client)) and "当志愿者" not in tiles(client)


def test_a_workers_entries_say_how_much_waits_today(client, territory):
    worker = factories.make_staff("grid_worker", factories.BASE)
    client.force_login(worker)

    def counts() -> dict[str, int]:
        return {tile.label: tile.count for tile in client.get(reverse("home")).context["tiles"]}

    assert not any(counts().values())
    make_point(by=worker)
    make_point(by=worker)
    assert counts()["巡查"] == 2 and counts()["上门探视"] == counts()["我的任务"] == 0
    assert '2<span class="cg-hidden"> 项待办</span>' in client.get(reverse("home")).content.decode()


def test_the_grid_worker_is_one_tap_away(client, territory):
    Grid.objects.filter(code=factories.BASE).update(phone="13800001234")
    worker = factories.make_staff("grid_worker", factories.BASE)
    client.get(reverse("in_grid", args=[factories.BASE]))
    page = client.get(reverse("home")).content.decode()
    assert worker.name in page and 'href="tel:13800001234"' in page


# --- place ---------------------------------------------------------------------------------------------------------------
def test_choosing_from_the_street_down_to_the_door(client, territory):
    door = factories.make_entrance()
    for code in ("", factories.STREET, factories.COMMUNITY, factories.BASE):
        answer = client.get(reverse("choose_place"), {"within": code})
        assert answer.status_code == 200
    assert [each.pk for each in answer.context["doors"]] == [door.pk]
    client.post(reverse("choose_place"), {"entrance": door.pk})
    assert str(door) in client.get(reverse("home")).content.decode()


def test_finding_by_name(client, territory):
    Grid.objects.filter(code=factories.COMMUNITY).update(name="和苑社区")
    door = factories.make_entrance()
    answer = client.get(reverse("choose_place"), {"q": "和苑"})
    assert [grid.name for grid in answer.context["found"]] == ["和苑社区"]
    assert [house.pk for house in answer.context["houses"]] == [door.building_id]
    assert client.get(reverse("choose_place"), {"q": str(door.building)}).context["houses"]


def test_the_own_address_is_kept_on_wish_only(client, territory):
    door, user = factories.make_entrance(), factories.make_user()
    client.force_login(user)
    client.post(reverse("choose_place"), {"entrance": door.pk})
    user.refresh_from_db()
    assert user.entrance is None
    client.post(reverse("choose_place"), {"entrance": door.pk, "keep": "1"})
    user.refresh_from_db()
    assert user.entrance == door


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"entrance": "0"},
        {"entrance": "9" * 30},
        {"entrance": "\0"},
        {"entrance": "１２"},
        {"grid": "120106"},
        {"grid": "120106001"},
        {"grid": "999999999999"},
        {"grid": "\0"},
        {"grid": "1 OR 1=1"},
    ],
)
def test_what_is_no_place_is_refused_in_words(client, territory, data):
    answer = client.post(reverse("choose_place"), data, follow=True)
    assert answer.status_code == 200 and "这个地址已经不能选" in answer.content.decode()
    assert "entrance" not in client.session and "grid" not in client.session


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\0", "/\\evil"]
)
def test_choosing_leads_nowhere_else(client, territory, target):
    answer = client.post(reverse("choose_place"), {"grid": factories.BASE, "next": target})
    assert answer["Location"] == reverse("home")


@pytest.mark.parametrize(
    "query", ["q=%00", "within=%00", "within=120106%0a", "q=" + "x" * 5000, "within=abc", "q=%F0%9F%98%80"]
)
def test_strange_questions_have_plain_answers(client, territory, query):
    assert client.get(f"{reverse('choose_place')}?{query}").status_code == 200


# --- notices -------------------------------------------------------------------------------------------------------------
def test_notices_are_read_one_by_one_or_all(client, territory):
    user = factories.make_user()
    notices.tell([user], "第一件", url="/matters/")
    notices.tell([user], "第二件", url="https://evil.example/")
    client.force_login(user)
    assert client.get(reverse("home")).context["unread"] == 2
    second, first = client.get(reverse("notices")).context["rows"]
    assert client.get(reverse("notice_open", args=[first.pk]))["Location"] == "/matters/"
    assert client.get(reverse("notice_open", args=[second.pk]))["Location"] == reverse("notices")
    assert client.get(reverse("home")).context["unread"] == 0
    notices.tell([user], "第三件")
    client.post(reverse("notices_read"))
    assert not Notice.objects.filter(read_at=None).exists()


def test_another_persons_notices_do_not_exist(client, territory):
    notices.tell([factories.make_user()], "给别人的")
    notice = Notice.objects.get()
    client.force_login(factories.make_user())
    assert client.get(reverse("notice_open", args=[notice.pk])).status_code == 404
    client.post(reverse("notices_read"))
    assert "给别人的" not in client.get(reverse("notices")).content.decode()
    notice.refresh_from_db()
    assert notice.read_at is None


# --- a look at masked data -------------------------------------------------------------------------------------------------
def reveal(order, field: str = "applicant_phone") -> str:
    return reverse("reveal", args=["volunteers", "order", order.pk, field])


def test_a_look_needs_a_reason_and_leaves_a_line(client, secretary):
    order = factories.make_order()
    client.force_login(secretary)
    answer = client.post(reveal(order), {"reason": "急"})
    assert answer.status_code == 422 and "理由" in answer.content.decode()
    assert not AccessEvent.objects.filter(kind="reveal").exists()
    answer = client.post(reveal(order), {"reason": "上门前核对电话"})
    assert order.applicant_phone in answer.content.decode() and "no-store" in answer["Cache-Control"]
    line = AccessEvent.objects.get(kind="reveal")
    assert (line.actor, line.object_pk, line.reason) == (secretary, str(order.pk), "上门前核对电话")
    assert order.applicant_phone not in line.summary


def test_a_swapped_answer_is_just_the_value(client, secretary):
    order = factories.make_order()
    client.force_login(secretary)
    answer = client.post(reveal(order), {"reason": "上门前核对电话"}, headers={"HX-Request": "true"})
    assert order.applicant_phone in answer.content.decode() and "<html" not in answer.content.decode()


def test_nobody_else_may_look(client, secretary):
    order = factories.make_order()
    for user in (
        order.applicant,
        factories.make_user(),
        factories.make_staff("community_secretary", factories.FAR),
        factories.make_staff("grid_worker", factories.FAR_BASE),
    ):
        client.force_login(user)
        assert client.post(reveal(order), {"reason": "想看一看电话"}).status_code == 404
    client.force_login(secretary)
    for path in (
        "volunteers/order/1/number/",
        "governance/user/1/phone/",
        "a/b/1/c/",
        f"volunteers/order/{10**30}/address/",
    ):
        assert client.post(f"/reveal/{path}", {"reason": "想看一看电话"}).status_code == 404
    assert client.post(reveal(order), {"reason": "理由\0理由理由"}).status_code == 422
    assert not AccessEvent.objects.filter(kind="reveal").exists()


# --- the ways in -------------------------------------------------------------------------------------------------------------
def test_the_ways_in_are_counted_for_those_who_watch_the_place(client, secretary):
    factories.make_order()
    factories.make_order(factories.FAR_BASE)
    client.force_login(secretary)
    ways = {way["label"]: way["number"] for way in client.get(reverse("channels")).context["ways"]}
    assert ways["居民手机"] == 1 and ways["12345 热线"] == 0
    client.force_login(factories.make_user())
    assert client.get(reverse("channels")).status_code == 404


# --- my matters ----------------------------------------------------------------------------------------------------------------
def test_my_matters_are_mine_newest_first_and_turn_pages(client, territory):
    user = factories.make_user()
    from governance import parameters

    parameters.change("orders.open_limit", 50)
    item = factories.make_item()
    numbers = [factories.make_order(by=user, item=item).number for _ in range(23)]
    factories.make_order()
    client.force_login(user)
    first = client.get(reverse("my_matters")).context["page"]
    second = client.get(reverse("my_matters"), {"page": "2"}).context["page"]
    assert [m.number for m in first] + [m.number for m in second] == numbers[::-1]
    assert first.has_next and not second.has_next
    assert not len(mine.newest(user, finished=True))


@pytest.mark.parametrize("text", ["0", "-5", "abc", "9" * 50, "\0", "１"])
def test_strange_page_numbers(client, territory, text):
    assert 1 <= page_number(text) <= LAST_PAGE
    client.force_login(factories.make_user())
    assert client.get(reverse("my_matters"), {"page": text}).status_code == 200


def test_pages_of_ones_own_ask_for_signing_in(client, territory):
    for name in (
        "my_matters",
        "notices",
        "channels",
        "order_hall",
        "my_claims",
        "volunteer_me",
        "my_showcases",
    ):
        answer = client.get(reverse(name))
        assert answer["Location"].startswith(reverse("phone_login"))


def test_a_draft_that_no_person_typed_is_not_kept(rf):
    request = rf.post("/orders/new/", {"description": "x" * (drafts.MOST_CHARACTERS + 1)})
    request.session = {}
    drafts.keep(request, "/orders/new/")
    assert request.session == {}
    assert not Order.objects.exists()
