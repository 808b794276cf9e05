"""A sweep with real clicks: started at the desk, answered on a phone whose network goes away in the middle, closed, reported."""

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect
from shapely import box
from shapely.geometry import mapping

from governance.models import User
from grids.models import Grid, Sweep, SweepTarget
from tests import factories, sweeping
from tests.browser.test_every_page import violations
from tests.browser.visitor import DESK, Visitor
from tests.cast import BACKEND

pytestmark = pytest.mark.django_db(transaction=True)
COMMUNITY, BASE = factories.COMMUNITY, factories.BASE


def signed_in(visitor: Visitor, user: User) -> Visitor:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk), backend=BACKEND)
    visitor.enter(client)
    return visitor


@pytest.fixture
def people(live_server):
    factories.make_territory()
    second = f"{COMMUNITY}002"
    for code, name, west in ((BASE, "第一网格", 0), (second, "第二网格", 1)):
        factories.make_grid(code)
        outline = mapping(box(117.10 + west / 100, 39.15, 117.11 + west / 100, 39.16))
        Grid.objects.filter(code=code).update(name=name, boundary=outline)
    Grid.objects.filter(code=COMMUNITY).update(name="和苑社区")
    sweeping.make_households(BASE, 4)
    sweeping.make_households(second, 2)
    return (
        factories.make_staff("community_secretary", COMMUNITY),
        factories.make_staff("grid_worker", BASE),
        factories.make_staff("grid_worker", BASE),
    )


def test_a_sweep_from_the_desk_to_the_door_and_back(people, visit):
    boss, walker, colleague = people
    secretary, worker = signed_in(visit(DESK), boss), signed_in(visit(), walker)
    secretary.open(reverse("admin:grids_sweep_add"))
    secretary.fill("名称", "楼道消防排查")
    secretary.page.get_by_label("排查地点").select_option(label="和苑社区")
    secretary.page.get_by_label("排查表").select_option(value="gas")
    secretary.press("下一步")
    secretary.reads("现在启动，要查", "有没有装燃气报警器")
    secretary.press("启动排查")
    secretary.reads("进行中", "完成 0%")
    sweep = Sweep.objects.get()

    worker.open("/")
    worker.follow("应急排查：楼道消防排查")
    worker.follow("第一网格")
    worker.page.get_by_role("button", name="101").click()
    worker.choose("管道天然气")
    worker.choose("没有")
    worker.page.get_by_role("group", name="有没有装燃气报警器").get_by_role(
        "radio", name="是", exact=True
    ).check()
    worker.press("记下")
    # The next door is open already.
    expect(worker.page.locator("[data-sweep-name]")).to_have_text("102")
    expect(worker.page.locator("[data-sweep-left]")).to_have_text("3")
    secretary.follow("看进度")
    row = secretary.page.locator(f'[data-code="{BASE}"]')
    expect(row).to_contain_text("25%")
    expect(secretary.page.locator(".sd-label").first).to_contain_text("第一网格 25%")

    # A stairwell without network: nobody there, then one that was found, while a colleague is at the same door.
    worker.context.set_offline(True)
    worker.choose("没人在")
    worker.press("记下")
    expect(worker.page.locator("[data-sweep-name]")).to_have_text("103")
    worker.reads("1 件没有发出")
    worker.choose("瓶装液化气")
    worker.choose("没有")
    worker.page.get_by_role("group", name="有没有装燃气报警器").get_by_role(
        "radio", name="否", exact=True
    ).check()
    worker.page.get_by_label("说明").fill("没装报警器")
    worker.press("记下")
    expect(worker.page.locator("[data-sweep-name]")).to_have_text("104")
    worker.reads("2 件没有发出")
    third = SweepTarget.objects.get(name="103", grid=BASE)
    sweeping.answer(third, colleague, answers={"q1": "不用燃气", "q2": "没有", "q3": "是"})
    worker.context.set_offline(False)
    worker.page.evaluate("window.dispatchEvent(new Event('online'))")
    worker.reads("有新进展，请看一看", "没装报警器")
    assert "留存" in worker.page.locator("[data-outbox-rows]").inner_text()
    second = SweepTarget.objects.get(name="102", grid=BASE)
    third.refresh_from_db()
    assert second.outcome == "absent" and third.done_by == colleague
    assert third.earlier[0]["words"] == "没装报警器" and third.earlier[0]["refused"]

    # The desk's page renews itself.
    expect(row).to_contain_text("50%", timeout=20_000)
    expect(secretary.page.locator(".sd-label").first).to_contain_text("50%")
    assert violations(worker) == {}
    secretary.open(reverse("admin:grids_sweep_change", args=[sweep.pk]))
    secretary.follow("结束排查")
    secretary.fill("结束说明", "没人在的晚上再去")
    secretary.press("结束排查")
    secretary.follow("排查报告")
    secretary.reads("没人在的晚上再去", "管道天然气 1")
    assert [told for told in worker.complaints if "409" not in told and "ERR_INTERNET" not in told] == []
    assert secretary.complaints == []


def test_a_door_that_somebody_has_in_hand_says_so(people, visit):
    boss, walker, colleague = people
    sweep = sweeping.make_running(by=boss)
    address = reverse("sweep_grid", args=[sweep.number, BASE])
    first, second = signed_in(visit(), walker), signed_in(visit(), colleague)
    for visitor in (first, second):
        visitor.open(address)
        with visitor.page.expect_response("**/take/"):
            visitor.page.get_by_role("button", name="101").click()
    second.reads(f"正在由{walker}办理")
    expect(second.page.get_by_role("button", name="记下")).to_be_hidden()
    expect(first.page.get_by_role("button", name="记下")).to_be_visible()


def test_questions_can_be_written_and_answered_without_scripts(people, visit):
    boss, walker, _ = people
    sweep = sweeping.make_draft(by=boss)
    secretary = signed_in(visit(DESK, java_script_enabled=False), boss)
    secretary.open(reverse("admin:grids_sweep_questions", args=[sweep.pk]))
    secretary.page.get_by_label("题目").nth(3).fill("几口人")
    secretary.page.get_by_label("题型").nth(3).select_option(label="数字")
    secretary.page.get_by_role("button", name="保存", exact=True).click()
    secretary.reads("几口人")
    secretary.page.get_by_role("button", name="启动排查").click()
    worker = signed_in(visit(java_script_enabled=False), walker)
    worker.open(reverse("sweep_grid", args=[sweep.number, BASE]))
    worker.page.get_by_role("button", name="101").click()
    worker.page.get_by_role("group", name="楼道有没有堆物").get_by_role(
        "radio", name="否", exact=True
    ).check()
    worker.page.get_by_role("button", name="记下").click()
    worker.reads("101已记下。")
    expect(worker.page.locator("[data-sweep-name]")).to_have_text("102")


def test_what_a_finding_needs_is_asked_at_the_door_without_network_too(people, visit):
    boss, walker, _ = people
    asked = [
        {"label": "楼道有没有堆物", "kind": "yes_no", "required": True, "finding": ["是"], "photo": True}
    ]
    sweep = sweeping.make_running(by=boss, questions=asked)
    worker = signed_in(visit(), walker)
    worker.open(reverse("sweep_grid", args=[sweep.number, BASE]))
    worker.page.get_by_role("button", name="101").click()
    worker.context.set_offline(True)
    worker.press("记下")
    worker.reads("请选择：楼道有没有堆物。")
    question = worker.page.get_by_role("group", name="楼道有没有堆物")
    question.get_by_role("radio", name="是", exact=True).check()
    worker.press("记下")
    worker.reads("有问题的，请写几个字说明是什么情况。", "这个问题要拍照片。")
    expect(worker.page.locator("[data-sweep-name]")).to_have_text("101")
    question.get_by_role("radio", name="否", exact=True).check()
    worker.press("记下")
    # The next door begins without the marks of the one before.
    expect(worker.page.locator("[data-sweep-name]")).to_have_text("102")
    expect(worker.page.locator(".cg-field_wrong, .cg-summary")).to_have_count(0)
    worker.context.set_offline(False)
    worker.page.evaluate("window.dispatchEvent(new Event('online'))")
    worker.reads("101已记下。")
    assert SweepTarget.objects.get(name="101", grid=BASE).outcome == "done"


def test_a_door_that_follows_a_mended_one_begins_empty(people, visit):
    """What was answered at one door is never what the next one is found filled with: one tap would record it there."""
    boss, walker, _ = people
    sweep = sweeping.make_running(by=boss, questions=sweeping.QUESTIONS[:1])
    done, following = SweepTarget.objects.filter(sweep=sweep, grid=BASE).order_by("position")[:2]
    sweeping.answer(done, walker, answers={"q1": "是"}, found=True)
    worker = signed_in(visit(), walker)
    worker.open(reverse("sweep_grid", args=[sweep.number, BASE]))
    worker.page.get_by_role("button", name=done.name).click()
    question = worker.page.get_by_role("group", name="楼道有没有堆物")
    expect(question.get_by_role("radio", name="是", exact=True)).to_be_checked()
    worker.page.get_by_label("说明").fill("堆着两辆旧车")
    worker.press("记下修改")
    expect(worker.page.locator("[data-sweep-name]")).to_have_text(following.name)
    worker.reads(f"已记下 {done.name}：有问题。")
    expect(question.get_by_role("radio", checked=True)).to_have_count(0)
    expect(worker.page.get_by_label("说明")).to_have_value("")
    worker.press("记下")
    worker.reads("请选择：楼道有没有堆物。")
    following.refresh_from_db()
    assert following.outcome == ""
