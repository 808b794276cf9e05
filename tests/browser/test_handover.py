"""A hand-over with real clicks, from the desk over two phones to the desk again; and the notice as it is printed."""

import re
from datetime import date

import pytest
import shapely
from django.urls import reverse

from grids.models import Grid, Handover
from grids.services import enrol_holders
from tests import factories, teams
from tests.browser.test_every_page import STICKING_OUT
from tests.browser.test_incidents import signed_in
from tests.browser.visitor import DESK

pytestmark = pytest.mark.django_db(transaction=True)
A4 = {"width": 794, "height": 1123}


@pytest.fixture
def secretary(live_server):
    factories.make_territory()
    Grid.objects.filter(code=factories.BASE).update(
        name="第一网格", phone="022-26371234", extent="东至光荣道，南至和苑路"
    )
    return factories.make_staff("community_secretary", factories.COMMUNITY)


def test_work_is_handed_over_from_one_grid_worker_to_the_next(visit, secretary):
    worker = teams.make_worker(secretary, name="赵敏")
    incident, order = teams.give_work(worker, secretary)
    factories.make_user("孙桂兰", staff=True, username="sunguilan")

    desk = signed_in(visit(DESK), secretary)
    desk.open(reverse("admin:grids_teammember_change", args=[worker.pk]))
    desk.follow("换人接替")
    desk.fill("接替人姓名", "孙桂兰")
    desk.fill("登录名", "nobody")
    desk.fill("原因", "网格调整")
    desk.press("登记接替")
    desk.reads("没有可以关联的账号")
    assert desk.page.get_by_label("原因").input_value() == "网格调整", "what was typed is kept"
    desk.fill("登录名", "sunguilan")
    desk.press("登记接替")
    desk.reads("已登记接替", "还没有到任")
    handover = Handover.objects.get()

    leaver = signed_in(visit(), worker.user)
    leaver.open(reverse("notices"))
    leaver.follow("请给移交清单写说明")
    leaver.fill(f"{incident.title}的移交说明", "已约物业周三来看，钥匙在门卫。")
    assert not leaver.page.evaluate(STICKING_OUT)
    leaver.press("保存移交说明")
    leaver.reads("已保存移交说明")

    taker = signed_in(visit(), handover.taking.user)
    taker.open(reverse("my_handovers"))
    taker.does_not_read(incident.number, "已约物业周三来看")
    taker.reads("内容不在您的权限里")
    # From her first day on she reaches what lies in the grid, and what was said of it.
    type(handover.taking.post).objects.filter(pk=handover.taking.post_id).update(valid_from="2026-01-01")
    taker.open(reverse("my_handovers"))
    taker.reads(incident.number, order.number, "已约物业周三来看")
    taker.press("确认接手")
    taker.reads("请先勾选已接手的")
    taker.choose(incident.title)
    assert not taker.page.evaluate(STICKING_OUT)
    taker.press("确认接手")
    taker.reads("已确认接手 1 件")

    desk.open(reverse("admin:index"))
    desk.follow("没有交接完的移交")
    desk.follow("第一网格")
    desk.reads("还有 1 件没有接手", "孙桂兰")
    desk.page.get_by_label(f"接手{order.title}").check()
    desk.press("确认勾选的已接手")
    desk.reads("已确认接手 1 件", "已交接完")
    assert not Handover.objects.unfinished().exists()
    assert not (desk.complaints + leaver.complaints + taker.complaints)


def test_a_grid_workers_page_calls_with_one_tap(visit, secretary):
    worker = factories.make_staff("grid_worker", factories.BASE)
    enrol_holders(worker.posts.select_related("user"), by=secretary)
    teams.make_member(secretary, "leader", name="周丽华", phone="022-26376666")
    phone = signed_in(visit(), worker)
    phone.open(reverse("home"))
    phone.follow("我的网格")
    call = phone.page.get_by_role("link", name="周丽华")
    assert call.get_attribute("href") == "tel:02226376666"
    assert call.bounding_box()["height"] >= 44
    phone.follow("公示牌")
    phone.reads("网格员公示牌", "周丽华")
    assert not phone.page.evaluate(STICKING_OUT) and not phone.complaints


@pytest.mark.parametrize("care", ["0", "1"])
def test_a_full_notice_is_printed_on_one_sheet(visit, secretary, care):
    factories.make_grid(factories.COMMUNITY + "002")
    for serial, code in enumerate((factories.BASE, factories.COMMUNITY + "002")):
        outline = shapely.geometry.mapping(shapely.box(117 + serial / 100, 39, 117.01 + serial / 100, 39.01))
        Grid.objects.filter(code=code).update(boundary=outline, boundary_made_up=True, household_count=236)
    teams.make_member(secretary, "leader", name="周丽华", duty="社区副书记", phone="022-26376666")
    for kind, name in (("full_time", "赵敏"), ("part_time", "孙桂兰"), ("part_time", "郑伟")):
        teams.make_member(secretary, kind, name=name, phone="022-26375555")
    for name in ("高翔", "闻静", "马建军"):
        teams.make_member(
            secretary, "resident", name=name, employer="和苑派出所", duty="驻格民警", phone="022-26377777"
        )
    for serial in range(20):
        teams.make_member(
            secretary, "micro", name=f"楼门长{serial}", duty="楼门长", consented_on=date(2026, 1, 1)
        )
    paper = visit(A4)
    paper.set(care=care)
    paper.open(reverse("grid_notice", args=[factories.BASE]))
    paper.reads("更新于", "等 20 人")
    paper.page.emulate_media(media="print")
    sheet = paper.page.locator(".cg-sheet")
    lowest = "sheet => Math.max(...[...sheet.querySelectorAll('*')].map(part => part.getBoundingClientRect().bottom)) - sheet.getBoundingClientRect().bottom"
    assert sheet.evaluate(lowest) <= 0, "nothing hangs out below the sheet"
    for hidden in (".cg-bar", ".cg-bottom", ".cg-no-print"):
        assert all(not part.is_visible() for part in paper.page.locator(hidden).all()), hidden
    assert (
        paper.page.locator(".cg-outline__here").is_visible() and paper.page.locator(".cg-qr svg").is_visible()
    )
    printed = paper.page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) == 1
    assert not paper.complaints
