"""A round with the network cut, and a shopkeeper's self-check, with real taps at 390 px."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from grids.models import ChecklistItem, Grid, Hazard, Patrol, PatrolItem, PatrolTick, SelfCheck
from incidents.models import Incident
from tests import factories
from tests.browser.test_every_page import violations
from tests.browser.test_incidents import back_online, kept, picture, signed_in
from tests.browser.visitor import Visitor
from tests.patrols import make_point, make_premises, make_ticks, tick

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker(live_server):
    factories.make_territory()
    Grid.objects.filter(code=factories.COMMUNITY).update(name="和苑社区", phone="022-26371234")
    Grid.objects.filter(code=factories.BASE).update(name="第一网格")
    return factories.make_staff("grid_worker", factories.BASE)


def test_a_round_is_walked_without_network_and_arrives_once(worker, visit, tmp_path):
    things = list(PatrolItem.objects.all()[:3])
    first, second, third, seen = (
        make_point(by=worker, name=name, order=order, items=things)
        for order, name in enumerate(("1号楼车棚", "2号楼楼道", "小区东门", "配电箱"))
    )
    charging = factories.make_minor(name="飞线充电")
    tick(seen, by=factories.make_staff("grid_worker", factories.BASE))
    phone: Visitor = signed_in(visit(), worker)
    phone.open(reverse("my_patrol"))
    phone.reads("今天该看 4 个点，还有 3 个", "今天看过了", "配电箱")
    # Nothing of the footer half behind the bar.
    phone.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert violations(phone) == {}
    kept(phone, reverse("patrol_finding"))
    # With network one tap is enough, and what is left is what she sees next.
    phone.press("正常：1号楼车棚")
    phone.reads("还有 2 个")
    expect(phone.button("正常：2号楼楼道")).to_be_in_viewport()
    assert phone.page.evaluate("scrollY") == 0
    expect(phone.page.get_by_role("button", name="正常：1号楼车棚")).to_have_count(0)

    phone.context.set_offline(True)
    before = timezone.now() - timedelta(seconds=1)
    phone.press("正常：2号楼楼道")
    phone.reads("1 件没有发出", "巡查：2号楼楼道，正常", "已记在手机上，等着发送")
    expect(phone.button("正常：2号楼楼道")).to_be_hidden()
    phone.follow("有问题：小区东门")
    phone.reads("发现问题", "离线，内容截至")
    assert phone.page.locator("select[name=point]").input_value() == str(third.pk)
    phone.attach(picture(tmp_path))
    phone.fill("什么情况", "从窗口拉线充电")
    phone.choose("上报，请人来办")
    phone.page.get_by_label("上报为").select_option(label="飞线充电")
    phone.press("提交")
    phone.reads("2 件没有发出", "照片 1 张")
    assert violations(phone) == {}
    after = timezone.now()
    assert PatrolTick.objects.count() == 2 and not Incident.objects.exists()

    back_online(phone)
    phone.reads("都已发出")
    incident = Incident.objects.get()
    found = third.ticks.get()
    assert (incident.minor_class, incident.spot) == (charging, "小区东门") and incident.photos.count() == 1
    assert found.matter == incident and second.ticks.get().outcome == "fine"
    assert all(before <= row.looked_at <= after for row in (found, second.ticks.get()))
    phone.open(reverse("my_patrol"))
    phone.reads("都看过了", "有问题，已上报")
    phone.follow("收工")
    phone.fill("小结", "东门飞线，已上报")
    phone.press("收工")
    phone.reads("已收工")
    assert Patrol.objects.get(by=worker).note == "东门飞线，已上报"
    assert PatrolTick.objects.count() == 4 and first.ticks.count() == 1
    assert [told for told in phone.complaints if "ERR_INTERNET_DISCONNECTED" not in told] == []


def test_what_has_sent_itself_is_not_offered_again(worker, visit):
    first, second, third = (
        make_point(by=worker, name=name, order=order) for order, name in enumerate("甲乙丙")
    )
    rests = make_point(by=worker, name="丁", order=9, every=7)
    make_ticks(rests, 2, by=worker)
    factories.make_minor(name="飞线充电")
    phone: Visitor = signed_in(visit(), worker)
    phone.open(reverse("my_patrol"))
    kept(phone, reverse("my_patrol"))
    kept(phone, reverse("patrol_finding"))
    phone.context.set_offline(True)
    phone.page.reload()
    phone.reads("离线，内容截至", "还有 3 个")
    phone.press("正常：甲")
    phone.page.locator("summary").filter(has_text="还没到时间的").click()
    phone.press("正常：丁")
    phone.follow("有问题：乙")
    # What the server would ask for is asked at once, not when the network is back.
    phone.choose("上报，请人来办")
    phone.press("提交")
    phone.reads("还有 1 处需要修改", "请选择类别。")
    phone.choose("当场处理好了")
    phone.press("提交")
    phone.reads("请写明发现了什么、怎样处理的。")
    phone.reads("2 件没有发出")
    phone.fill("什么情况", "灯坏了，已换")
    phone.press("提交")
    phone.reads("3 件没有发出")
    phone.open(reverse("my_patrol"))
    expect(phone.page.get_by_text("已记在手机上，等着发送").filter(visible=True)).to_have_count(2)
    phone.page.wait_for_load_state("networkidle")  # its own first try is over
    back_online(phone)
    phone.reads("都已发出", "还有 1 个")
    for point in (first, second):
        row = phone.page.locator(f"#point-{point.pk}")
        expect(row).to_contain_text("看过了，已发送", use_inner_text=True)
        expect(row.get_by_role("button")).to_have_count(0)
        expect(row.get_by_role("link")).to_have_count(0)
    expect(phone.button("正常：丙")).to_be_visible()
    phone.context.set_offline(True)
    phone.press("正常：丙")
    phone.reads("1 件没有发出")
    back_online(phone)
    phone.reads("今天该看 3 个点，都看过了")
    assert PatrolTick.objects.filter(day=timezone.localdate()).count() == 4 and third.ticks.count() == 1
    # Nor is it when the network goes again and the page is the kept one.
    assert phone.page.evaluate(
        """async () => {
            for (let tries = 0; tries < 100; tries++) {
                const page = await caches.match(location.href, {ignoreVary: true});
                if ((await page.text()).includes("都看过了")) return true;
                await new Promise((again) => setTimeout(again, 100)); } }"""
    )
    phone.context.set_offline(True)
    phone.page.reload()
    phone.reads("离线，内容截至", "都看过了")
    expect(phone.button("正常：丙")).to_have_count(0)


def test_a_shopkeeper_checks_by_the_code_and_checks_again(worker, visit, tmp_path):
    shop = make_premises(name="老马家面馆", address="和苑西路 12 号")
    keeper: Visitor = visit()
    keeper.open(f"/p/{shop.token}/")
    keeper.reads("安全自查", "老马家面馆")
    assert violations(keeper) == {}
    items = list(ChecklistItem.objects.asked_of(shop))
    assert keeper.page.get_by_text("哪里不对").filter(visible=True).count() == 0

    def answer(wrong: int | None) -> None:
        for number, item in enumerate(items):
            chosen = "0" if number == wrong else "1"
            keeper.page.locator(f"label:has(input[name=ok_{item.pk}][value='{chosen}'])").click()
        keeper.fill("检查人姓名", "马师傅")

    answer(1)
    keeper.reads(items[1].why)
    keeper.press("提交")
    keeper.reads("请写几个字，或者拍张照片")
    keeper.page.locator(f"[name=words_{items[1].pk}]").fill("灭火器被货架挡住了")
    keeper.page.locator(f"#id_photos_{items[1].pk}_album").set_input_files(picture(tmp_path))
    keeper.reads("已选 1 张")
    keeper.press("提交")
    keeper.reads("1 项要整改", items[1].words)
    assert violations(keeper) == {}
    hazard = Hazard.objects.get()
    assert hazard.words == "灭火器被货架挡住了" and hazard.answer.photos.count() == 1
    keeper.follow("再查一次")
    keeper.does_not_read("灭火器被货架挡住了")
    answer(None)
    keeper.press("提交")
    keeper.reads("都合格")
    hazard.refresh_from_db()
    assert not hazard.is_open and SelfCheck.objects.count() == 2
    refusals = [told for told in keeper.complaints if "422" in told]
    assert keeper.complaints == refusals and len(refusals) == 1
