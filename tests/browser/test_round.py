"""The whole round with real clicks: 点单 - 派单 - 接单 - 服务 - 确认 - 评价 - 晒单, each person in a browser of her own."""

import io
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.mfa.totp.internal import auth
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from governance import parameters
from governance.accounts import totp
from governance.models import User
from grids.models import Entrance, Grid
from tests import factories
from tests.browser.visitor import DESK, Visitor
from volunteers.models import HoursEntry, Order, Volunteer

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "Round-Trip-9"  # noqa: S105
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105
GPS, LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE = 0x8825, 1, 2, 3, 4


@dataclass
class World:
    """What is there before the round begins."""

    door: Entrance
    secretary: User
    volunteer: Volunteer
    grid_worker: User
    community: Grid


@pytest.fixture
def world(live_server) -> World:
    factories.make_territory()
    community = Grid.objects.get(code=factories.COMMUNITY)
    community.name, community.phone = "和苑社区", "022-26371234"
    community.save()
    for code, name in (("haircut", "上门理发"), ("clinic", "陪同就医")):
        factories.make_item(code=code, name=name)
    # So that the round can be walked at any hour of the day.
    parameters.change("orders.early_minutes", parameters.SPECS["orders.early_minutes"].high)
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    equip(secretary)
    grid_worker = factories.make_staff("grid_worker", factories.BASE)
    equip(grid_worker)
    volunteer = factories.make_volunteer(approved_by=secretary)
    return World(factories.make_entrance(), secretary, volunteer, grid_worker, community)


def equip(user: User) -> None:
    """Give a member of staff a password and an authenticator app."""
    user.set_password(PASSWORD)
    user.password_changed_at = timezone.now()
    user.save()
    totp.enrol(user, SECRET)


def code_of_the_app() -> str:
    """Return what the authenticator app shows now."""
    now = next(iter(auth.yield_hotp_counters_from_time()))
    return auth.format_hotp_value(auth.hotp_value(SECRET, now))


def tomorrow() -> str:
    return (timezone.localdate() + timedelta(days=1)).isoformat()


def picture_with_position(folder: Path) -> Path:
    """Return a JPEG such as a phone takes, with the place in it."""
    exif = Image.Exif()
    exif.get_ifd(GPS).update(
        {LATITUDE_REF: "N", LATITUDE: (39.0, 10.0, 1.5), LONGITUDE_REF: "E", LONGITUDE: (117.0, 9.0, 3.5)}
    )
    path = folder / "IMG_0001.jpg"
    Image.new("RGB", (800, 600), "#1A7F4B").save(path, "JPEG", exif=exif)
    assert Image.open(path).getexif().get_ifd(GPS)
    return path


def place_order(resident: Visitor, world: World, phone: str) -> str:
    """Scan the door's code, pick a dish, sign in on the way, send the order; return its number."""
    resident.open(f"/d/{world.door.token}/")
    resident.reads("您好，需要帮什么忙？", "和苑里")
    resident.follow("上门理发")
    before = resident.taps
    resident.sign_in_by_phone(phone)
    resident.taps = before  # signing in is not counted
    resident.reads("上门理发", "和苑里")
    resident.fill("您的姓名", "李秀英")
    resident.fill("门牌号", "301 室")
    resident.fill("希望日期", tomorrow())
    resident.fill("具体情况", "母亲行动不便，想请人上门理发。")
    resident.press("提交点单")
    resident.reads("点单成功", "待受理", "301 室", "母亲行动不便，想请人上门理发。")
    return resident.page.locator(".cg-facts dd").first.inner_text()


def open_to_claims(secretary: Visitor, world: World, number: str) -> None:
    """Sign in at the desk, find the order there, open it to claims."""
    secretary.open(reverse("staff_login"))
    secretary.sign_in_as_staff(world.secretary.username, PASSWORD, code_of_the_app)
    secretary.reads("最要紧的事", world.secretary.name, number)
    secretary.follow("上门理发")
    secretary.reads(number, "母亲行动不便，想请人上门理发。", "待受理")
    secretary.press("开放接单")
    secretary.reads("待接单", "办理记录")


def claim(volunteer: Visitor, world: World, number: str) -> None:
    """Sign in, look through the hall, claim the order."""
    volunteer.open(reverse("order_hall"))
    volunteer.sign_in_by_phone(world.volunteer.applicant.phone)
    volunteer.reads("接单大厅", "上门理发", "可接")
    volunteer.follow("上门理发")
    volunteer.does_not_read("301 室", "李秀英")
    volunteer.press("接单")
    volunteer.reads("接单成功。请按时前往，到达后签到。", "李秀英", "301 室")


def test_the_whole_round(world, visit, tmp_path):
    resident, volunteer, secretary, passer_by = visit(), visit(), visit(DESK), visit()
    phone = factories.make_phone()

    number = place_order(resident, world, phone)
    assert resident.taps <= 3

    open_to_claims(secretary, world, number)
    claim(volunteer, world, number)

    # The resident reads out her code; a wrong one does not do.
    resident.page.reload()
    resident.reads("已接单", "签到码")
    code = resident.page.locator(".cg-code").inner_text()
    volunteer.follow("签到")
    volunteer.fill("签到码", "000000" if code != "000000" else "111111")
    volunteer.press("签到")
    volunteer.reads("签到码不对")
    volunteer.fill("签到码", code)
    volunteer.press("签到")
    volunteer.reads("签到成功，服务开始。", "服务中")
    volunteer.follow("签退")
    volunteer.fill("签到码", code)
    volunteer.press("签退")
    volunteer.reads("签退成功，辛苦了！")

    resident.page.reload()
    resident.press("确认完成")
    resident.reads("已确认，谢谢。请给志愿者评个分。")
    assert HoursEntry.objects.filter(volunteer=world.volunteer).count() == 1
    resident.follow("评价")
    resident.choose("很满意")
    resident.fill("想说的话", "手艺好，人也和气。")
    resident.press("评价")
    resident.reads("谢谢您的评价。", "已完成", "手艺好，人也和气。")

    volunteer.page.reload()
    volunteer.follow("晒单：写下这次服务")
    volunteer.fill("标题", "楼上楼下一家亲")
    volunteer.fill("服务的经过", "上午去给邻居理发，聊得很开心。")
    volunteer.attach(picture_with_position(tmp_path))
    volunteer.reads("已选 1 张")
    volunteer.choose("口头同意")
    volunteer.fill("署名", "和苑小剪刀")
    volunteer.press("提交晒单")
    volunteer.reads("晒单已提交，社区审核后会在晒单墙上展示。", "待审核")

    passer_by.open(reverse("wall"))
    passer_by.reads("这里还没有晒单")

    secretary.open(reverse("admin:index"))
    secretary.follow("晒单待审核")
    secretary.follow("楼上楼下一家亲")
    secretary.reads("上午去给邻居理发，聊得很开心。", "口头同意")
    secretary.press("通过展示")
    secretary.reads("已展示")

    passer_by.open(reverse("home"))
    passer_by.follow("晒单墙")
    passer_by.reads("楼上楼下一家亲", "上午去给邻居理发，聊得很开心。", "和苑小剪刀", "和苑社区")
    passer_by.does_not_read("李秀英", "301 室", number, phone, world.volunteer.applicant_phone)
    picture = passer_by.page.locator(".cg-story img").first
    picture.scroll_into_view_if_needed()
    passer_by.page.wait_for_function("document.querySelector('.cg-story img').naturalWidth > 0")
    for address in (
        picture.get_attribute("src"),
        passer_by.page.locator(".cg-story .cg-photos a").get_attribute("href"),
    ):
        served = Image.open(io.BytesIO(passer_by.context.request.get(address).body()))
        assert served.format == "JPEG"
        assert not served.getexif() and "exif" not in served.info

    for visitor in (resident, volunteer, secretary, passer_by):
        assert visitor.complaints == []


def test_a_grid_worker_places_an_order_for_someone_who_has_no_phone_at_hand(world, visit):
    worker, resident = visit(), visit()
    worker.open(reverse("staff_login") + "?next=/")
    worker.sign_in_as_staff(world.grid_worker.username, PASSWORD, code_of_the_app)
    worker.open(f"/d/{world.door.token}/")
    worker.follow("代点单")
    worker.reads("代点单：选服务项目")
    worker.follow("陪同就医")
    worker.reads("代点单：陪同就医")
    phone = factories.make_phone()
    worker.fill("居民姓名", "赵大爷")
    worker.fill("居民电话", "1234")
    worker.fill("希望日期", tomorrow())
    worker.fill("具体情况", "去红桥医院取药。")
    worker.press("提交点单")
    # What is wrong is said at the field, and nothing typed is lost.
    worker.reads("还有 1 处需要修改，已填的内容都在")
    assert worker.page.get_by_label("居民姓名").input_value() == "赵大爷"
    worker.fill("居民电话", phone)
    worker.press("提交点单")
    worker.reads("点单成功", "赵大爷", "去红桥医院取药。")

    resident.open(reverse("my_matters"))
    resident.sign_in_by_phone(phone)
    resident.reads("陪同就医", "待受理")
    assert worker.complaints == resident.complaints == []


def test_what_was_typed_survives_the_way_to_another_place_and_a_session_that_ended(world, visit):
    resident = visit()
    phone = factories.make_phone()
    resident.open(f"/d/{world.door.token}/")
    resident.follow("上门理发")
    resident.sign_in_by_phone(phone)
    resident.fill("您的姓名", "李秀英")
    resident.fill("具体情况", "想请人上门理发。")
    resident.press("换地址")
    resident.reads("选择地址")
    resident.fill("按名称找", "和苑社区")
    resident.press("查找")
    resident.follow("和苑社区")
    resident.press("就选和苑社区")
    resident.reads("上门理发")
    assert resident.page.get_by_label("具体情况").input_value() == "想请人上门理发。"

    resident.context.clear_cookies(name="sessionid")
    resident.press("提交点单")
    resident.sign_in_by_phone(factories.make_phone())
    resident.reads("上门理发")
    assert resident.page.get_by_label("您的姓名").input_value() == "李秀英"
    assert resident.page.get_by_label("具体情况").input_value() == "想请人上门理发。"
    assert not Order.objects.exists()


def test_without_javascript_the_round_goes_as_far_as_the_claim(world, visit):
    resident, volunteer = visit(java_script_enabled=False), visit(java_script_enabled=False)
    number = place_order(resident, world, factories.make_phone())
    open_to_claims(visit(DESK, java_script_enabled=False), world, number)
    claim(volunteer, world, number)
    resident.page.reload()
    resident.reads("已接单", "签到码")
