"""A round of look-ins on the phone where there is no network, and the desk that sees what came of it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from governance.appointments import appoint, dismiss
from grids.models import CareVisit, Grid
from tests import factories
from tests.browser.test_every_page import violations
from tests.browser.test_incidents import back_online, kept, signed_in
from tests.browser.visitor import DESK
from tests.care import days_ago, family, make_plan, make_resident, neighbour

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(live_server):
    factories.make_territory()
    Grid.objects.filter(code=factories.COMMUNITY).update(name="和苑社区", phone="022-26371234")
    Grid.objects.filter(code=factories.BASE).update(name="第一网格")
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    worker = factories.make_staff("grid_worker", factories.BASE)
    door = factories.make_entrance()

    def plan(name, **fields):
        return make_plan(
            by=secretary, worker=worker, resident=make_resident(entrance=door, name=name), **fields
        )

    late = plan("周淑芬", due_on=days_ago(3), contacts=[family(), neighbour(factories.make_phone())])
    now = plan("吴桂英", due_on=timezone.localdate())
    plan("郑玉兰")
    return secretary, worker, late, now


def test_a_round_without_network_arrives_once(world, visit):
    secretary, worker, late, now = world
    phone = signed_in(visit(), worker)
    phone.open("/")
    phone.follow("上门探视")
    phone.reads("周淑芬", "逾期 3 天", "吴桂英", "今天到期")
    phone.does_not_read("郑玉兰")
    for each in (late, now):
        kept(phone, reverse("care_plan", args=[each.pk]))
    kept(phone, reverse("my_care"))
    phone.context.set_offline(True)
    phone.taps = 0
    phone.follow("周淑芬")
    phone.reads("离线，内容截至", "每 7 天一次")
    expect(phone.page.get_by_role("link", name="打电话")).to_have_attribute(
        "href", f"tel:{late.resident.phone}"
    )
    phone.choose("都好")
    phone.press("记录探视")
    phone.reads("1 件没有发出", "没有网络，等着发送")
    assert phone.taps == 3
    phone.open(reverse("my_care"))
    phone.follow("吴桂英")
    phone.press("记录探视")
    phone.reads("请选择情况。")
    looked = phone.page.get_by_role("group", name="看了什么")
    phone.choose("没见到人")
    expect(looked).to_be_hidden()
    phone.choose("有需要")
    expect(looked).to_be_visible()
    phone.press("记录探视")
    phone.reads("请写明需要什么。")
    phone.fill("说明", "厨房灯坏了")
    phone.press("记录探视")
    phone.reads("2 件没有发出", "您写的：厨房灯坏了")
    # All of it at once: what the bar at the bottom covers would count as too small to press.
    phone.page.set_viewport_size({"width": 390, "height": 3000})
    assert violations(phone) == {}
    assert not CareVisit.objects.exists()
    before = timezone.now()
    back_online(phone)
    phone.reads("都已发出", "已发送")
    assert CareVisit.objects.count() == 2
    assert all(visit.visited_at <= before for visit in CareVisit.objects.all())
    phone.open(reverse("my_care"))
    phone.reads("今天没有到期的")

    desk = signed_in(visit(DESK), secretary)
    desk.open(reverse("admin:grids_careplan_changelist"))
    desk.reads("周**", "吴**")
    desk.follow("吴**")
    desk.reads("探视：有需要", "厨房灯坏了")
    desk.does_not_read("吴桂英")
    assert desk.complaints == []


def test_a_neighbour_without_a_post_looks_in_where_there_is_no_network(world, visit):
    secretary, worker, *_ = world
    friend = factories.make_user()
    plan = make_plan(
        by=secretary,
        worker=worker,
        resident=make_resident(name="何秀珍"),
        due_on=timezone.localdate(),
        contacts=[neighbour(friend.phone)],
    )
    phone = signed_in(visit(), friend)
    phone.open("/")
    phone.follow("上门探视")
    kept(phone, reverse("care_plan", args=[plan.pk]))
    phone.context.set_offline(True)
    phone.follow("何秀珍")
    phone.reads("离线，内容截至")
    phone.choose("都好")
    phone.press("记录探视")
    phone.reads("1 件没有发出")
    # Back on the home page she sees what waits, and there it goes off.
    back_online(phone)
    phone.open("/")
    expect(phone.page.locator("[data-outbox-count]")).to_have_text("都已发出")
    assert CareVisit.objects.get().by == friend


def test_a_plan_is_made_at_the_desk_with_real_clicks(world, visit):
    secretary, worker, *_ = world
    resident = make_resident(name="孙宝珍")
    desk = signed_in(visit(DESK), secretary)
    desk.open(reverse("admin:grids_careplan_changelist"))
    desk.open(reverse("admin:grids_careplan_add"))
    desk.fill("姓名、手机号、楼栋或门牌号", "孙宝珍")
    desk.press("查找")
    desk.follow("为她（他）制定计划")
    desk.choose("橙色（每 3 天一次）")
    desk.fill("用途 必填", "独自在家，约好常看看")
    desk.choose(str(worker))
    desk.press("保存")
    desk.reads("计划已制定，已通知责任人。", "每 3 天一次", "制定计划")
    assert resident.care_plans.get().due_on == timezone.localdate() + timedelta(days=3)
    assert desk.complaints == []


def test_what_is_out_of_reach_now_is_not_shown_from_memory(world, visit):
    secretary, worker, late, _ = world
    phone = signed_in(visit(), worker)
    page = reverse("care_plan", args=[late.pk])
    phone.open(page)
    kept(phone, page)
    elsewhere = factories.make_grid(factories.COMMUNITY + "002")
    appoint(worker, "grid_worker", elsewhere.code, by=None)
    dismiss(worker.posts.get(grid=factories.BASE), by=None)
    late.carers.update(until=timezone.localdate())
    assert phone.page.goto(f"{phone.address}{page}").status == 404
    phone.context.set_offline(True)
    phone.page.goto(f"{phone.address}{page}")
    phone.does_not_read("周淑芬")
