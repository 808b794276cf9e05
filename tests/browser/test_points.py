"""Places on a map: the picker below a form of the desk, the points of the rounds at the desk and on the phone."""

import re
from datetime import timedelta

import pytest
import shapely
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from grids import services
from grids.models import Grid, PatrolTick
from tests import factories
from tests.browser.offline import back_online, kept
from tests.browser.test_boundaries import drag, middle
from tests.browser.test_every_page import TALL, THEME, Seen, faults, phone_faults, violations
from tests.browser.test_incidents import signed_in
from tests.browser.visitor import DESK, PHONE
from tests.cast import BACKEND
from tests.patrols import make_point, make_premises, make_ticks, tick
from tests.register import make_household

pytestmark = pytest.mark.django_db(transaction=True)
COMMUNITY, BASE, SECOND = factories.COMMUNITY, factories.BASE, factories.COMMUNITY + "002"
WEST, EAST = shapely.box(117.10, 39.15, 117.11, 39.16), shapely.box(117.11, 39.15, 117.12, 39.16)


@pytest.fixture
def territory(live_server):
    factories.make_territory()
    factories.make_grid(SECOND)
    services.load_outlines({COMMUNITY: shapely.box(117.10, 39.15, 117.12, 39.16), BASE: WEST, SECOND: EAST})
    Grid.objects.filter(pk=BASE).update(name="和苑社区第一网格")
    Grid.objects.filter(pk=SECOND).update(name="和苑社区第三网格")


@pytest.fixture
def clerk(territory, visit):
    """The secretary of a community with two base grids, at a desk."""
    client = Client()
    client.force_login(factories.make_staff("community_secretary", COMMUNITY), backend=BACKEND)
    clerk = visit(DESK)
    clerk.enter(client)
    return clerk


def fields(clerk) -> tuple[float, float] | None:
    texts = [clerk.page.locator(f"#id_{name}").input_value() for name in ("longitude", "latitude")]
    return (float(texts[0]), float(texts[1])) if all(texts) else None


def is_in(board, thing) -> bool:
    box, (x, y) = board.bounding_box(), middle(thing)
    return box["x"] < x < box["x"] + box["width"] and box["y"] < y < box["y"] + box["height"]


def test_a_point_is_set_by_click_drag_keys_and_typing(clerk):
    point = make_point(name="1号楼车棚")
    clerk.open(reverse("admin:grids_patrolpoint_change", args=[point.pk]))
    said, pin = clerk.page.locator("[data-point-said]"), clerk.page.locator(".pm-pin")
    board = clerk.page.locator("[data-point-draws]")
    board.scroll_into_view_if_needed()
    expect(pin).to_have_count(0)
    clerk.press("放在地图正中")
    expect(said).to_have_text("这个点在和苑社区第一网格内。")
    x, y = fields(clerk)
    assert (x, y) == pytest.approx((117.105, 39.155), abs=2e-4)
    # By keys to the east, over the border.
    for _ in range(10):
        clerk.page.keyboard.press("Shift+ArrowRight")
    expect(said).to_have_text("这个点不在和苑社区第一网格内，在第三网格。")
    assert fields(clerk)[0] > x and fields(clerk)[1] == pytest.approx(y, abs=1e-4)
    assert faults(clerk, known=THEME) == []
    # By a drag of the pin back to the west, by a click elsewhere, by typing.
    start = middle(pin)
    drag(clerk, start, (start[0] - 160, start[1]))
    expect(said).to_have_text("这个点在和苑社区第一网格内。")
    box = board.bounding_box()
    clerk.page.mouse.click(box["x"] + box["width"] / 2 - 100, box["y"] + 120)
    expect(said).to_have_text("这个点在和苑社区第一网格内。")
    assert fields(clerk)[0] < 117.11 and fields(clerk)[1] > 39.155
    before = middle(pin)
    clerk.page.locator("#id_longitude").fill("117.115")
    expect(said).to_have_text("这个点不在和苑社区第一网格内，在第三网格。")
    assert middle(pin)[0] > before[0] + 50
    clerk.page.locator("#id_latitude").fill("")
    expect(pin).to_have_count(0)
    expect(said).to_be_hidden()
    # No place at all is said at once; from a place far away a button leads back.
    clerk.page.locator("#id_latitude").fill("95")
    expect(said).to_have_text("没有这个位置：经度在 -180 到 180 之间，纬度在 -90 到 90 之间。")
    expect(pin).to_have_count(0)
    clerk.page.locator("#id_latitude").fill("9.152")
    expect(said).to_have_text("这个点不在和苑社区第一网格内，也不在别的网格内。")
    names = clerk.page.locator(".pm-name").first
    assert not is_in(board, names)
    clerk.press("回到网格")
    expect(names).to_be_in_viewport()
    assert is_in(board, names)
    clerk.page.locator("#id_latitude").fill("39.152")
    expect(pin).to_have_count(1)
    clerk.page.get_by_role("button", name="保存", exact=True).first.click()
    clerk.reads("这个点不在和苑社区第一网格内，在第三网格。请核对经纬度和网格。")
    point.refresh_from_db()
    assert (point.longitude, point.latitude) == (117.115, 39.152)
    assert clerk.complaints == []


def test_the_map_follows_the_grid_that_is_chosen_and_the_phone_in_the_hand(clerk):
    clerk.open(reverse("admin:grids_premises_add"))
    said = clerk.page.locator("[data-point-said]")
    names = clerk.page.locator(".pm-name")
    expect(names).to_have_text(["第一网格", "第三网格"])
    clerk.page.get_by_role("combobox", name="网格").first.click()
    clerk.page.get_by_role("searchbox").last.fill("第三")
    clerk.page.get_by_role("option", name="和苑社区第三网格").click()
    # The one that is meant comes first.
    expect(names).to_have_text(["第三网格", "第一网格"])
    clerk.press("用我现在的位置")
    expect(said).to_have_text("您没有允许使用位置，请在地图上点，或直接填经度和纬度。")
    assert fields(clerk) is None
    clerk.context.grant_permissions(["geolocation"])
    clerk.context.set_geolocation({"longitude": 117.104, "latitude": 39.156})
    clerk.press("用我现在的位置")
    expect(said).to_have_text("这个点不在和苑社区第三网格内，在第一网格。")
    assert fields(clerk) == (117.104, 39.156)
    assert faults(clerk, known=THEME) == []
    clerk.page.set_viewport_size(PHONE)
    assert not clerk.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    clerk.page.locator("[data-point-map]").scroll_into_view_if_needed()
    # What comes back refused has its point still.
    clerk.page.get_by_role("button", name="保存", exact=True).first.click()
    clerk.reads("请填写这一项")
    expect(clerk.page.locator(".pm-pin")).to_have_count(1)
    expect(said).to_have_text("这个点不在和苑社区第三网格内，在第一网格。")
    assert clerk.complaints == []


def test_without_a_script_the_fields_are_plain_and_who_may_only_look_moves_nothing(territory, visit):
    point = make_point(name="1号楼车棚", longitude=117.105, latitude=39.155)
    change = reverse("admin:grids_patrolpoint_change", args=[point.pk])
    clients = [Client(), Client()]
    for client, role, code in zip(
        clients, ("community_secretary", "street_officer"), (COMMUNITY, factories.STREET), strict=True
    ):
        client.force_login(factories.make_staff(role, code), backend=BACKEND)
    plain = visit(DESK, java_script_enabled=False)
    plain.enter(clients[0])
    plain.open(change)
    expect(plain.page.locator("#id_longitude")).to_have_value("117.105")
    expect(plain.page.locator("[data-point-map]")).to_be_hidden()
    looks = visit(DESK)
    looks.enter(clients[1])
    looks.open(change)
    pin = looks.page.locator(".pm-pin")
    expect(pin).to_have_count(1)
    looks.reads("在地图上的位置")
    before = middle(pin)
    drag(looks, before, (before[0] + 80, before[1]))
    assert faults(looks, known=THEME) == []
    assert looks.complaints == []


def test_the_points_of_a_community_stand_on_a_map_that_opens_them(clerk):
    worker = factories.make_staff("grid_worker", BASE)
    late = make_point(name="地下车棚", days=40, longitude=117.104, latitude=39.156)
    make_ticks(late, 12, by=worker)
    make_point(name="小区东门", days=3, every=9, longitude=117.106, latitude=39.153)
    seen = make_point(name="配电箱", longitude=117.102, latitude=39.158)
    tick(seen, by=worker)
    calm = make_point(SECOND, name="健身广场", every=7, days=30, longitude=117.115, latitude=39.155)
    make_ticks(calm, 2, by=worker)
    # At the place of the shop in which it is; and two at one place.
    shop = make_premises(name="老马家面馆", longitude=117.108, latitude=39.158)
    make_point(name="面馆后厨", premises=shop)
    make_point(name="面馆门前", longitude=117.108, latitude=39.158)
    nowhere = make_point(name="不知道在哪里")
    clerk.open(reverse("admin:grids_patrolpoint_coverage"))
    marks = clerk.page.locator(".pm-map a.pm-point")
    expect(marks).to_have_count(6)
    told = {mark.get_attribute("aria-label"): mark.inner_text() for mark in marks.all()}
    days = timezone.localdate() - timedelta(days=12)
    assert told[f"12 地下车棚，久未查看，上次 {days.month}月{days.day}日，12 天前"] == "12"
    assert told["未 小区东门，到期未看，还没看过"] == "未" and told["✓ 配电箱，今天已看"] == "✓"
    assert "pm-point_neglected" in marks.filter(has_text="12").get_attribute("class")
    expect(clerk.page.locator(".pm-name")).to_have_text(["第一网格", "第三网格"])
    clerk.reads("1 个点位没有位置", "久未查看", "数字是几天前看过")
    clerk.does_not_read(worker.name)
    assert faults(clerk, known=THEME) == []
    clerk.page.set_viewport_size(PHONE)
    assert not clerk.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    clerk.page.set_viewport_size(DESK)
    clerk.follow("1 个点位没有位置")
    clerk.reads(nowhere.name)
    clerk.does_not_read(late.name)
    clerk.page.go_back()
    # By key and by tap; a drag that begins on a point opens nothing.
    first = clerk.page.get_by_role("link", name="健身广场")
    start = middle(first)
    drag(clerk, start, (start[0] + 60, start[1] + 10))
    assert "coverage" in clerk.path
    first.focus()
    clerk.page.keyboard.press("Enter")
    clerk.page.wait_for_url(f"**{reverse('admin:grids_patrolpoint_change', args=[calm.pk])}")
    clerk.open(reverse("admin:grids_patrolpoint_coverage"))
    clerk.follow("和苑社区第一网格")
    expect(marks).to_have_count(5)
    marks.filter(has_text="12").click()
    clerk.page.wait_for_url(f"**{reverse('admin:grids_patrolpoint_change', args=[late.pk])}")
    assert clerk.complaints == []


def test_a_round_has_a_map_without_network_too(territory, visit):
    worker = factories.make_staff("grid_worker", BASE)
    first, second, done, later = (
        make_point(by=worker, name=name, order=order, every=every, longitude=117.1 + x, latitude=39.15 + y)
        for order, (name, every, x, y) in enumerate(
            (("1号楼车棚", 1, 0.002, 0.008), ("小区东门", 1, 0.008, 0.005), ("配电箱", 1, 0.004, 0.002), ("健身广场", 7, 0.006, 0.003))
        )
    )  # fmt: skip
    make_point(by=worker, name="没有位置的点", order=9)
    tick(done, by=worker)
    make_ticks(later, 2, by=worker)
    for number in range(8):
        make_point(by=worker, name=f"楼道{number}", order=20 + number)
    phone = signed_in(visit(), worker)
    phone.open(reverse("my_patrol"))
    phone.reads("看地图")
    kept(phone, reverse("my_patrol"))
    # The map's library is fetched by nobody but the phone's own store of files before the fold is opened.
    assert phone.page.evaluate("typeof L") == "undefined"
    phone.context.set_offline(True)
    phone.page.reload()
    phone.reads("离线，内容截至")
    phone.page.locator("summary").filter(has_text="看地图").click()
    marks = phone.page.locator(".pm-map a.pm-point")
    expect(marks).to_have_text(["1", "2", "✓"])
    phone.reads("有 9 个点还没有位置")
    phone.page.set_viewport_size(TALL)
    assert violations(phone) == {}
    phone.page.set_viewport_size(PHONE)
    phone.page.get_by_role("link", name="小区东门，还没看").tap()
    row = phone.page.locator(f"#point-{second.pk}")
    expect(row).to_be_in_viewport()
    expect(row).to_contain_text("2. 小区东门")
    expect(row).to_be_focused()
    # What waits on the phone looks so on the map.
    phone.press("正常：小区东门")
    phone.reads("已记在手机上，等着发送")
    expect(phone.page.get_by_role("link", name="小区东门，已记在手机上")).to_have_count(1)
    back_online(phone)
    phone.reads("都已发出")
    assert PatrolTick.objects.filter(point=second).count() == 1
    # And so does what has been sent, though the page is the one that was kept.
    expect(phone.page.get_by_role("link", name="✓ 小区东门，看过了")).to_have_count(1)
    expect(phone.page.locator(".pm-point_kept[href]")).to_have_count(0)
    phone.open(reverse("my_patrol"))
    phone.page.locator("summary").filter(has_text="看地图").click()
    expect(marks).to_have_text(["1", "✓", "✓"])
    assert first.ticks.count() == 0
    assert [told for told in phone.complaints if "ERR_INTERNET_DISCONNECTED" not in told] == []


def test_doors_with_somebody_due_stand_on_the_map_of_the_visits(territory, visit):
    worker = factories.make_staff("grid_worker", BASE)
    door, nowhere = factories.make_entrance(longitude=117.104, latitude=39.156), factories.make_entrance()
    for room in range(3):
        make_household(door, by=worker, room=str(101 + room))
    make_household(nowhere, by=worker, room="101")
    phone = signed_in(visit(), worker)
    phone.open(reverse("visits"))
    phone.page.locator("summary").filter(has_text="看地图").click()
    mark = phone.page.locator(".pm-map a.pm-point")
    expect(mark).to_have_text(["3"])
    # Which door it is stands beside it.
    expect(mark).to_have_attribute("data-short", f"{door.building.name}{door.name}")
    expect(mark).to_have_attribute("data-side", "below")
    phone.reads("有 1 个楼门还没有位置")
    for care in (False, True):
        assert phone_faults(phone, "visits", Seen(), care=care) == []
    phone.page.set_viewport_size(PHONE)
    mark.tap()
    phone.page.wait_for_url(f"**{reverse('visit_door', args=[door.pk])}")
    assert phone.complaints == []


def test_many_points_at_the_desk_are_small_until_there_is_room(clerk):
    for number in range(41):
        make_point(longitude=117.101 + 0.0002 * number, latitude=39.151 + 0.0001 * (number % 7))
    clerk.open(f"{reverse('admin:grids_patrolpoint_coverage')}?in={COMMUNITY}")
    board, point = clerk.page.locator("[data-points-map]"), clerk.page.locator("a.pm-point").first
    expect(board).to_have_class(re.compile(r"\bpm-map_dense\b"))
    assert point.bounding_box()["width"] < 20 and not point.locator("b").is_visible()
    for _ in range(6):
        clerk.page.get_by_role("button", name="放大").click()
        clerk.page.wait_for_timeout(400)
    expect(board).not_to_have_class(re.compile(r"\bpm-map_dense\b"))
    assert point.bounding_box()["width"] > 30
    assert clerk.complaints == []
