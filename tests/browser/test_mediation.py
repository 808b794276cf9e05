"""A dispute with real clicks: from a resident's application to the sealed archive, on the phones of both parties and of the
mediator and at the director's desk."""

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from docx import Document
from playwright.sync_api import expect

from governance.models import User
from grids.models import Entrance, Grid
from mediation.models import Archive, Dispute, JudicialConfirmation, Mediator, PrivateNote
from tests import disputes, factories
from tests.browser.test_every_page import STICKING_OUT, TALL, faults
from tests.browser.test_incidents import picture, signed_in
from tests.browser.visitor import DESK, Visitor

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class World:
    """What is there before anybody quarrels."""

    door: Entrance
    director: User
    mediator: Mediator


@pytest.fixture
def world(live_server) -> World:
    factories.make_territory()
    Grid.objects.filter(code=factories.COMMUNITY).update(name="和苑社区", phone="022-26371234")
    Grid.objects.filter(code=factories.BASE).update(name="第一网格")
    disputes.make_centre(
        name="和苑社区矛调中心", short_name="和苑", address="和苑里居委会一楼", phone="022-26370001"
    )
    director = disputes.make_director()
    mediator = disputes.make_mediator(specialities=["neighbours"])
    User.objects.filter(pk=mediator.user_id).update(name="崔玉兰")
    return World(factories.make_entrance(), director, mediator)


def ask(visitor: Visitor, name: str) -> None:
    """Open the form of an action of the matter, unfolding what is seldom done."""
    link = visitor.page.get_by_role("link", name=name, exact=True).first
    if not link.is_visible():
        visitor.page.get_by_text("其他办理").click()
    visitor.taps += 1
    link.click()
    expect(visitor.page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def send(visitor: Visitor, name: str) -> None:
    """Send the form of an action."""
    visitor.page.locator("main, .cg-bottom").get_by_role("button", name=name, exact=True).last.click()


def wrong(visitor: Visitor) -> list[str]:
    """Return what axe-core finds at fault, light and dark, and what sticks out."""
    size = visitor.page.viewport_size
    found = visitor.page.evaluate(STICKING_OUT)
    visitor.page.set_viewport_size({**size, "height": TALL["height"]})
    found += faults(visitor)
    visitor.page.set_viewport_size(size)
    return found


def tick(visitor: Visitor, label: str) -> None:
    """Turn a switch on, or tick a box, by its words."""
    visitor.page.get_by_label(label).first.check()


def now(minutes: int = 0) -> str:
    return f"{timezone.localtime() + timedelta(minutes=minutes):%Y-%m-%dT%H:%M}"


def session(visitor: Visitor, mode: str, record: str) -> None:
    """Plan a session that has just begun, and write what came of it."""
    ask(visitor, "安排调解")
    visitor.choose(mode)
    if mode == "背对背":
        visitor.page.get_by_label("被申请人").uncheck()
    visitor.fill("时间", now(-20))
    send(visitor, "安排调解")
    visitor.reads("已安排，受邀的当事人会收到通知。")
    ask(visitor, "写调解记录")
    for box in visitor.page.get_by_role("group", name="到场当事人").get_by_role("checkbox").all():
        if mode == "面对面" or not box.is_checked():
            box.check()
        if mode == "背对背":
            break
    visitor.fill("调解记录", record)
    send(visitor, "写调解记录")
    visitor.reads("记录已保存。")


def test_a_dispute_from_the_application_to_the_sealed_archive(world, visit, tmp_path):
    resident, neighbour, mediator, director = visit(), visit(), visit(), visit(DESK)
    hers, his = factories.make_phone(), factories.make_phone()

    # She scans the code at her door and applies.
    resident.open(f"/d/{world.door.token}/")
    resident.follow("矛盾调解")
    resident.follow("申请调解")
    resident.sign_in_by_phone(hers)
    resident.reads("申请调解", "不收费", "和苑社区矛调中心")
    resident.choose("都不是")
    resident.page.get_by_label("哪一类纠纷").select_option(label="邻里")
    resident.fill("事情经过", "楼上漏水，泡坏了天花板，他还骂人。")
    resident.attach(picture(tmp_path))
    resident.fill("对方手机号", his)
    resident.fill("您的姓名", "李秀英")
    resident.press("提交申请")
    # What is wrong is said, and nothing typed is lost, nor the picture.
    resident.reads("还有 2 处需要修改", "请写明您的请求。", "已选 1 张")
    resident.fill("您的请求", "修好水管，赔偿天花板。")
    resident.fill("对方姓名或单位", "王建国")
    assert wrong(resident) == []
    resident.press("提交申请")
    resident.reads("申请已提交", "各方同意", "等 1 位答复", "您交了 1 张照片")
    dispute = Dispute.objects.get()

    # The neighbour proves his phone and finds the question on his own.
    neighbour.open("/login/")
    neighbour.sign_in_by_phone(his)
    neighbour.open("/")
    neighbour.follow("邻里纠纷，是否同意调解")
    neighbour.reads("您愿意调解吗", "李秀英", "修好水管，赔偿天花板。")
    neighbour.does_not_read("他还骂人", hers)
    assert wrong(neighbour) == []
    neighbour.follow("不同意调解")
    neighbour.reads("不用说明理由")
    neighbour.follow("返回")
    neighbour.press("同意调解")
    neighbour.reads("已记下您同意调解")
    neighbour.follow("选调解员")
    neighbour.choose("崔玉兰")
    neighbour.press("选调解员")
    neighbour.reads("想请崔玉兰调解")

    # The director takes it in at the desk and names whom he wished.
    signed_in(director, world.director).open("/admin/")
    director.follow("邻里纠纷")
    ask_at_desk(director, "受理")
    director.reads("人调字第1号", "想请崔玉兰调解")
    ask_at_desk(director, "指定调解员")
    director.choose("崔玉兰")
    send(director, "指定调解员")
    director.reads("调解中")

    # The mediator's day: the notice of rights, what is to be known of the parties, two sessions, an agreement.
    signed_in(mediator, world.mediator.user).open("/")
    mediator.follow("我的调解")
    mediator.follow("我的纠纷")
    mediator.follow("邻里纠纷")
    expect(mediator.page.get_by_role("link", name=re.compile("打电话 ?给李秀英"))).to_have_attribute(
        "href", f"tel:{hers}"
    )
    mediator.press("已告知权利义务")
    mediator.reads("已记下：权利义务已告知。")
    for party in dispute.disputants.all():
        mediator.open(f"{dispute.get_absolute_url()}amend_party/?party={party.pk}")
        mediator.page.get_by_label("性别").select_option(label="女")
        send(mediator, "登记当事人")
    session(mediator, "面对面", "双方各说各的理，同意再谈。")
    session(mediator, "背对背", "她说赔六百也行。")
    assert wrong(mediator) == []
    assert PrivateNote.objects.get().words == "她说赔六百也行。"
    for party in (resident, neighbour):
        party.open(dispute.get_absolute_url())
        party.does_not_read("六百", "各说各的理")
    mediator.open(dispute.get_absolute_url())
    ask(mediator, "拟定协议")
    mediator.fill("主要事实和争议事项", "楼上水管漏水，泡坏楼下天花板。")
    mediator.fill("各方当事人的责任", "楼上没有及时维修，承担责任。")
    for label, text in (
        ("内容", "王建国赔偿李秀英 700 元"), ("履行方式", "现金"), ("履行地点", "居委会"),
        ("履行期限", f"{timezone.localdate() + timedelta(days=3)}"), ("金额（元）", "700"),
    ):  # fmt: skip
        mediator.page.get_by_label(f"第 1 条 {label}").fill(text)
    send(mediator, "拟定协议")
    mediator.reads("协议已拟定")

    # Each confirms this version on a phone of her own.
    for party in (resident, neighbour):
        party.open(dispute.get_absolute_url())
        party.reads("王建国赔偿李秀英 700 元", "待各方确认")
        assert wrong(party) == []
        party.follow("确认协议")
        party.reads("王建国赔偿李秀英 700 元")
        party.press("确认协议")
        party.reads("请看清楚每一条后勾选。")
        tick(party, "我已看清楚每一条，同意这份协议")
        party.press("确认协议")
        party.reads("已确认这一版协议")
    mediator.page.reload()
    ask(mediator, "签订书面协议")
    tick(mediator, "调解员已签名")
    send(mediator, "签订书面协议")
    mediator.reads("协议已生效。", "履行中")
    resident.page.reload()
    with resident.page.expect_download() as taken:
        resident.follow("人民调解协议书")
    words = "\n".join(p.text for p in Document(taken.value.path()).paragraphs)
    assert "王建国赔偿李秀英 700 元" in words

    # The court is asked; what was agreed is performed; somebody is visited.
    ask(mediator, "申请司法确认")
    mediator.fill("法院", "区人民法院")
    tick(mediator, "各方当事人共同申请")
    send(mediator, "申请司法确认")
    mediator.reads("区人民法院", "已申请")
    ask(mediator, "登记履行")
    mediator.choose("第 1 条")
    mediator.choose("已履行")
    send(mediator, "登记履行")
    mediator.reads("已登记履行情况。")
    ask(mediator, "回访")
    mediator.choose("李秀英")
    mediator.choose("已履行")
    mediator.choose("满意")
    mediator.fill("回访记录", "钱给了，水管也修好了。")
    send(mediator, "回访")
    mediator.reads("回访记录已保存。")
    neighbour.page.reload()
    neighbour.reads("司法确认：区人民法院", "已履行")
    neighbour.does_not_read("钱给了")

    # The director closes it, the parties rate, and the file is sealed.
    director.open(dispute.get_desk_url())
    ask_at_desk(director, "结案")
    director.reads("已结案")
    for party in (resident, neighbour):
        party.open(dispute.get_absolute_url())
        party.follow("评价")
        party.page.get_by_label("满意", exact=True).check()
        party.fill("想说的话", "谢谢调解员")
        party.press("评价")
        party.reads("谢谢您的评价。")
        assert wrong(party) == []
    director.page.reload()
    ask_at_desk(director, "归档", incomplete="演示卷宗，没有身份证明")
    director.reads("已归档")
    director.follow("核验封存、导出")
    director.reads("封存完好")
    archive, dispute = Archive.objects.get(), Dispute.objects.get()
    assert archive.pages > 3 and dispute.status == "archived"
    assert JudicialConfirmation.objects.get().court == "区人民法院"
    assert [row.satisfaction for row in dispute.disputants.all()] == [5, 5]
    resident.page.reload()
    resident.reads("已归档", "人民调解协议书")
    # The browser itself notes that the first application was refused.
    assert [each for each in resident.complaints if "422" not in each] == []
    for visitor in (neighbour, mediator, director):
        assert visitor.complaints == []


def ask_at_desk(visitor: Visitor, name: str, incomplete: str = "") -> None:
    """Do an action of the file at the desk: at once, or by its form with what stands in it."""
    main = visitor.page.locator("main")
    here = main.get_by_role("button", name=name, exact=True).or_(
        main.get_by_role("link", name=name, exact=True)
    )
    here.first.click()
    if name in ("结案", "归档"):
        if incomplete:
            tick(visitor, "卷内不全")
            visitor.page.get_by_label("卷内为什么不全").fill(incomplete)
        send(visitor, name)


def test_a_refusal_ends_it_and_shows_the_other_ways(world, visit):
    resident, neighbour = factories.make_user("李秀英"), factories.make_user("王建国")
    dispute = disputes.make_dispute(by=resident, against=neighbour)
    phone = signed_in(visit(), neighbour)
    phone.set(care="1")
    phone.open(dispute.get_absolute_url())
    phone.follow("不同意调解")
    phone.page.get_by_role("button", name="不同意调解", exact=True).click()
    phone.reads("已记下您不同意调解", "调解结束：当事人拒绝调解", "向人民法院提起诉讼")
    assert wrong(phone) == [] and phone.complaints == []


def test_a_mediators_day_on_a_small_and_a_large_screen(world, visit, tmp_path: Path):
    dispute = disputes.make_mediating(director=world.director, mediator=world.mediator)
    disputes.run(
        dispute, "plan_session", world.mediator.user, mode="joint", place="一楼调解室",
        starts_at=timezone.now() + timedelta(minutes=1), invited=list(dispute.disputants.all()),
    )  # fmt: skip
    for size in (None, DESK):
        visitor = signed_in(visit(size) if size else visit(), world.mediator.user)
        visitor.open("/mediation/work/")
        visitor.reads("今天的调解", "一楼调解室", "面对面")
        assert wrong(visitor) == []
        visitor.follow("邻里纠纷")
        visitor.reads("当事人", "办理过程")
        assert wrong(visitor) == [] and visitor.complaints == []
