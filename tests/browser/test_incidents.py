"""Incidents with real clicks: from a resident's snapshot to her answer, and a worker's day where there is no network."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from governance.models import User
from grids.models import Entrance, Grid
from incidents.flow import INCIDENTS
from incidents.models import Incident, MinorClass, WhistleSlip
from tests import factories
from tests.browser.offline import back_online, kept
from tests.browser.test_every_page import violations
from tests.browser.visitor import DESK, Visitor
from tests.cast import BACKEND

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class World:
    """What is there before anything is reported."""

    door: Entrance
    secretary: User
    worker: User
    rubbish: MinorClass


@pytest.fixture
def world(live_server) -> World:
    factories.make_territory()
    Grid.objects.filter(code=factories.COMMUNITY).update(name="和苑社区", phone="022-26371234")
    Grid.objects.filter(code=factories.BASE).update(name="第一网格")
    rubbish = factories.make_minor(name="暴露垃圾", keywords="垃圾 装修垃圾", needs_photo=True)
    factories.make_minor(name="路灯不亮", keywords="路灯", needs_photo=False)
    return World(
        factories.make_entrance(),
        factories.make_staff("community_secretary", factories.COMMUNITY),
        factories.make_staff("grid_worker", factories.BASE),
        rubbish,
    )


def signed_in(visitor: Visitor, user: User) -> Visitor:
    """Let a visitor be signed in already: signing in is walked in tests/browser/test_round.py."""
    client = Client()
    client.force_login(User.objects.get(pk=user.pk), backend=BACKEND)
    visitor.enter(client)
    return visitor


def picture(folder: Path, name: str = "IMG_0001.jpg", size: tuple[int, int] = (2400, 1800)) -> Path:
    """Return a picture as large as a phone takes them."""
    path = folder / name
    Image.new("RGB", size, "#7a5230").save(path, "JPEG")
    return path


def test_pictures_outlast_a_refusal_and_a_look_for_the_address(world, visit, tmp_path):
    passer_by = visit()
    passer_by.open(reverse("snapshot"))
    passer_by.attach(picture(tmp_path))
    passer_by.reads("已选 1 张")
    passer_by.page.wait_for_function("Object.keys(sessionStorage).length > 0")
    passer_by.fill("什么情况", "楼门口有一堆装修垃圾")
    passer_by.press("提交")
    passer_by.reads("请选择地址，或使用现在的位置。", "已填的内容都在", "已选 1 张")
    passer_by.does_not_read("照片要重新选择")
    passer_by.press("选地址")
    passer_by.fill("按名称找", "第一网格")
    passer_by.press("查找")
    passer_by.follow("第一网格")
    passer_by.page.get_by_text(str(world.door)).first.click()
    passer_by.reads("已恢复您上次没填完的内容。", "已选 1 张")
    passer_by.does_not_read("照片要重新选择")
    passer_by.press("提交")
    passer_by.reads("已上报")
    assert Incident.objects.get().photos.count() == 1
    passer_by.open(reverse("snapshot"))
    passer_by.does_not_read("已选 1 张")


def test_the_whole_round_of_an_incident(world, visit, tmp_path):
    passer_by, secretary, worker = visit(), visit(DESK), visit()
    phone = factories.make_phone()
    passer_by.open(f"/d/{world.door.token}/")
    passer_by.follow("随手拍")
    passer_by.attach(picture(tmp_path))
    passer_by.reads("已选 1 张")
    passer_by.fill("什么情况", "楼门口有一堆装修垃圾")
    passer_by.fill("您的手机号", phone)
    passer_by.reads("不选类别就按“暴露垃圾”上报")
    passer_by.press("提交")
    passer_by.reads("已上报")
    passer_by.follow("登录查进度")
    passer_by.sign_in_by_phone(phone)
    passer_by.follow("暴露垃圾")
    passer_by.reads("待受理", "楼门口有一堆装修垃圾")

    signed_in(secretary, world.secretary).open("/admin/")
    secretary.follow("暴露垃圾")
    secretary.follow("派遣")
    secretary.page.get_by_label("派给").select_option(label=str(world.worker))
    secretary.page.get_by_role("button", name="派遣", exact=True).click()
    secretary.reads("待接收")

    signed_in(worker, world.worker).open("/")
    worker.follow("我的任务")
    worker.follow("暴露垃圾")
    worker.press("接收")
    worker.reads("已接收，从现在起由您负责。")
    worker.follow("处置完成")
    worker.fill("处置情况", "已清走，扫干净了。")
    worker.press("处置完成")
    # What is wrong is said at the field, and nothing typed is lost.
    worker.reads("这一类事件办结须有处置后的照片")
    assert worker.page.get_by_label("处置情况").input_value() == "已清走，扫干净了。"
    worker.attach(picture(tmp_path))
    worker.press("处置完成")
    worker.reads("已提交，等待核查。", "待核查")
    incident = Incident.objects.get()
    assert {max(photo.width, photo.height) for photo in incident.photos.all()} == {1600}

    colleague = signed_in(visit(), factories.make_staff("grid_worker", factories.BASE))
    colleague.open(reverse("my_work") + "?tab=verify")
    colleague.follow("暴露垃圾")
    colleague.follow("核查通过")
    colleague.reads("现场核查", "上报时", "处置后", "已清走，扫干净了。")
    colleague.press("通过，结案")
    colleague.reads("核查通过，已结案。")

    passer_by.page.reload()
    passer_by.follow("评价")
    passer_by.choose("解决了")
    passer_by.choose("满意")
    passer_by.press("评价")
    passer_by.reads("谢谢您的评价。")
    incident.refresh_from_db()
    assert incident.status == "rated" and incident.satisfaction == 5
    # A browser notes every refusal, and there was one.
    refusals = [told for told in worker.complaints if "422" in told]
    assert worker.complaints == refusals and len(refusals) == 1
    for visitor in (passer_by, secretary, colleague):
        assert visitor.complaints == []


def done(visitor: Visitor, name: str, fill: dict[str, str] | None = None) -> None:
    """Do an action of the matter at the desk: at once, or, where it asks for something, on its form."""
    if fill is not None:
        visitor.page.get_by_role("link", name=name, exact=True).first.click()
        for label, text in fill.items():
            visitor.fill(label, text)
    visitor.press(name)


def test_what_a_street_cannot_settle_goes_round_by_a_whistle(world, visit, tmp_path):
    """From a resident's snapshot through whistle and reporting in to her answer."""
    unit = factories.make_unit(name="区城管委")
    factories.make_situation(name="占压消防通道", lead=unit, colour="red")
    resident, secretary, head = visit(), visit(DESK), visit(DESK)
    officer, clerk, worker = visit(DESK), visit(DESK), visit()
    phone = factories.make_phone()
    resident.open(f"/d/{world.door.token}/")
    resident.follow("随手拍")
    resident.attach(picture(tmp_path))
    resident.fill("什么情况", "装修垃圾堵着消防通道")
    resident.fill("您的手机号", phone)
    resident.press("提交")
    resident.reads("已上报")
    resident.follow("登录查进度")
    resident.sign_in_by_phone(phone)
    resident.follow("暴露垃圾")

    signed_in(secretary, world.secretary).open("/admin/")
    secretary.follow("暴露垃圾")
    secretary.follow("派遣")
    secretary.page.get_by_label("派给").select_option(label="区城管委")
    secretary.page.get_by_role("button", name="派遣", exact=True).click()
    secretary.reads("待接收")

    incident = Incident.objects.get()
    signed_in(head, factories.make_staff("street_head", factories.STREET))
    head.open(incident.get_desk_url())
    head.page.locator("main").get_by_role("link", name="吹哨", exact=True).first.click()
    head.page.get_by_label("情形").select_option(index=1)
    assert "装修垃圾堵着消防通道" in head.page.get_by_label("情况和要求").input_value()
    head.page.get_by_role("button", name="吹哨", exact=True).click()
    head.reads("已吹哨，部门已收到哨单。", "区城管委", "待签收")
    resident.page.reload()
    resident.reads("街道已吹哨，部门还没有报到")

    signed_in(officer, factories.make_staff("department_officer", factories.DISTRICT, unit=unit))
    officer.open("/admin/")
    officer.follow("占压消防通道")
    done(officer, "签收")
    done(officer, "报到", {"报到人": "王工"})
    officer.reads("请选择")
    assert officer.page.get_by_label("报到人").input_value() == "王工"
    officer.choose("已到现场")
    officer.page.get_by_role("button", name="报到", exact=True).click()
    resident.page.reload()
    resident.reads("街道已吹哨，部门已报到")
    done(officer, "承办")
    done(officer, "反馈", {"办理结果": "通道已清空"})
    officer.open(incident.get_desk_url())
    done(officer, "接收")
    officer.page.get_by_role("link", name="处置完成", exact=True).first.click()
    officer.fill("处置情况", "已清走")
    officer.page.locator("input[type=file]").set_input_files(picture(tmp_path))
    officer.page.get_by_role("button", name="处置完成", exact=True).click()
    officer.reads("待核查")

    signed_in(clerk, factories.make_staff("street_officer", factories.STREET)).open("/admin/")
    clerk.follow("占压消防通道")
    clerk.page.get_by_role("link", name="核实通过", exact=True).first.click()
    clerk.fill("核实结果", "看过了，通道畅通。")
    clerk.page.locator("input[type=file]").set_input_files(picture(tmp_path))
    clerk.page.get_by_role("button", name="核实通过", exact=True).click()
    clerk.reads("已办结")

    signed_in(worker, world.worker).open(reverse("my_work") + "?tab=verify")
    worker.follow("暴露垃圾")
    worker.follow("核查通过")
    worker.press("通过，结案")
    worker.reads("核查通过，已结案。")
    resident.page.reload()
    resident.follow("评价")
    resident.choose("解决了")
    resident.choose("满意")
    resident.press("评价")
    resident.reads("谢谢您的评价。")
    slip = WhistleSlip.objects.get()
    assert (slip.status, slip.reporter, slip.on_site) == ("accepted", "王工", True)
    incident.refresh_from_db()
    assert (incident.status, incident.unit, incident.satisfaction) == ("rated", unit, 5)


def test_reports_wait_without_network_and_arrive_once(world, visit, tmp_path):
    worker = signed_in(visit(), world.worker)
    page = worker.open(reverse("my_work"))
    kept(worker, "/incidents/new/?for=1")
    worker.context.set_offline(True)
    # The page comes from the phone's memory and says so.
    worker.follow("上报事件")
    worker.reads("离线，内容截至")
    before = timezone.now() - timedelta(seconds=1)
    worker.attach(picture(tmp_path))
    worker.reads("已选 1 张")
    worker.choose("暴露垃圾")
    worker.press("提交")
    worker.reads("1 件没有发出", "没有网络，等着发送", "照片 1 张")
    worker.fill("补充说明", "3号楼路灯不亮")
    worker.press("提交")
    worker.reads("2 件没有发出")
    assert violations(worker) == {}
    assert not Incident.objects.exists()
    after = timezone.now()

    # The tab is killed when the first has arrived and its answer has not; another tab sends what is left.
    page.evaluate(
        """() => { const real = window.fetch; window.fetch = async (...given) => {
            const answer = await real(...given);
            if (given[1].method !== "POST" || given[0].startsWith("/outbox/")) return answer;
            window.arrived = true;
            return new Promise(() => {}); }; }"""
    )
    back_online(worker)
    page.wait_for_function("() => window.arrived")
    assert Incident.objects.count() == 1
    page.close()
    worker.page = worker.context.new_page()
    worker.open(reverse("my_work"))
    worker.reads("都已发出", "已发送")
    first, second = Incident.objects.order_by("pk")
    assert (first.minor_class, second.minor_class.name) == (world.rubbish, "路灯不亮")
    assert all(before <= each.captured_at <= after for each in (first, second))
    assert first.photos.get().taken_at == first.captured_at
    worker.page.reload()
    expect(worker.page.get_by_text("发件箱")).to_be_hidden()


def test_what_is_done_without_network_is_sent_later_or_asked_about(world, visit, tmp_path):
    incident = factories.dispatch(
        factories.make_incident(minor_class=world.rubbish), by=world.secretary, to=world.worker
    )
    incident = INCIDENTS.run(incident, "receive", by=world.worker)
    worker = signed_in(visit(), world.worker)
    worker.open(incident.get_absolute_url())
    kept(worker, reverse("incident_action", args=[incident.number, "handle"]))
    worker.context.set_offline(True)
    worker.follow("处置完成")
    worker.fill("处置情况", "清走了")
    worker.attach(picture(tmp_path))
    worker.reads("已选 1 张")
    worker.press("处置完成")
    worker.reads("没有网络，等着发送")
    INCIDENTS.run(
        incident, "supervise", by=factories.make_staff("street_officer", factories.STREET), note="请抓紧"
    )
    back_online(worker)
    worker.reads("有新进展，请看一看", "督办", "您写的：清走了")
    worker.press(f"仍然提交：处置完成 · {incident.title}")
    worker.reads("都已发出")
    incident.refresh_from_db()
    assert incident.status == "handled" and incident.photos.count() == 1

    # Somebody else, on the same phone, finds neither the pages nor the drafts of the first.
    worker.context.clear_cookies()
    other = signed_in(worker, factories.make_staff("grid_worker", factories.NEIGHBOUR_BASE))
    other.open("/")
    other.page.wait_for_function(
        "account => caches.keys().then(names => !names.includes(`portal-pages-${account}`))",
        arg=world.worker.pk,
    )


def test_the_list_is_sorted_by_distance_on_the_phone_alone(world, visit):
    for far, title in ((0.03, "远处"), (0.001, "近处")):
        made = factories.make_incident(
            minor_class=factories.make_minor(name=title), longitude=117.1, latitude=39.1 + far
        )
        factories.dispatch(made, by=world.secretary, to=world.worker)
    worker = visit(geolocation={"longitude": 117.1, "latitude": 39.1}, permissions=["geolocation"])
    signed_in(worker, world.worker).open(reverse("my_work"))
    worker.page.wait_for_load_state("networkidle")
    # Nothing of it leaves the phone.
    worker.context.set_offline(True)
    worker.press("按距离排序")
    worker.reads("约 110 米", "约 3.3 公里")
    assert worker.page.locator(".cg-card__title").all_inner_texts() == ["近处", "远处"]
    worker.press("按时限排序")
    assert worker.page.locator(".cg-card__title").all_inner_texts() == ["远处", "近处"]
