"""A resident's small wish with real clicks: 许愿 - 公布 - 认领 - 服务 - 确认 - 感谢, each person in a browser of her own."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from governance import parameters
from grids.models import Grid
from parties.models import MicroWish
from tests import factories, party
from tests.browser.visitor import DESK
from tests.cast import BACKEND

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(visitor, user):
    """Take over a session, for signing in is walked elsewhere."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    visitor.enter(client)
    return visitor


def test_a_wish_is_made_claimed_and_fulfilled(live_server, visit):
    factories.make_territory()
    Grid.objects.filter(code=factories.COMMUNITY).update(name="和苑社区", phone="022-26371234")
    item = factories.make_item(name="手机教学")
    parameters.change("orders.early_minutes", parameters.SPECS["orders.early_minutes"].high)
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    door, branch = factories.make_entrance(), party.make_branch(name="第一网格党支部")
    member = party.make_account(branch, name="周党员")
    factories.make_volunteer(user=member, approved_by=secretary)
    someone = factories.make_user("李秀英")
    resident, desk = signed_in(visit(), someone), signed_in(visit(DESK), secretary)
    phone = signed_in(visit(), member)

    resident.open(f"/d/{door.token}/")
    resident.follow("微心愿")
    resident.reads("许个微心愿", "和苑里")
    resident.fill("您的小心愿", "想请人教我用手机挂号")
    resident.fill("具体情况", "眼睛不好，最好是上午来。")
    resident.fill("门牌号", "301 室")
    resident.press("提交心愿")
    resident.reads("心愿已提交", "待审核", "眼睛不好，最好是上午来。")

    desk.open(reverse("admin:index"))
    desk.follow("待审核的微心愿")
    desk.follow("想请人教我用手机挂号")
    desk.follow("公布给党员")
    desk.page.get_by_label("简介").fill("老人想学用手机挂号，上午方便。")
    desk.page.get_by_label("认领后转为").select_option(f"order:{item.code}")
    desk.page.get_by_label("办得到，不涉及现金，用词得体").check()
    desk.press("公布给党员")
    desk.reads("待认领")

    phone.open(reverse("home"))
    phone.follow("心愿墙")
    phone.follow("想请人教我用手机挂号")
    phone.reads("老人想学用手机挂号，上午方便。")
    phone.does_not_read("李秀英", "301 室", "眼睛不好", someone.phone)
    phone.follow("认领")
    phone.fill("希望日期", (timezone.localdate() + timedelta(days=1)).isoformat())
    phone.press("认领")
    phone.reads("认领成功", "李秀英", "301 室", "眼睛不好", "服务订单")

    resident.page.reload()
    resident.reads("党员认领了您的心愿", "党员认领")
    resident.does_not_read("周党员", "第一网格党支部")
    resident.follow("服务订单")
    resident.reads("签到码")
    code = resident.page.locator(".cg-code").inner_text()
    phone.follow("服务订单")
    for step in ("签到", "签退"):
        phone.follow(step)
        phone.fill("签到码", code)
        phone.press(step)
        phone.reads(f"{step}成功")
    resident.page.reload()
    resident.press("确认完成")
    resident.reads("已确认，谢谢。")
    wish = MicroWish.objects.get()
    assert wish.status == "fulfilled"

    resident.open(reverse("my_matters") + "?done=1")
    resident.follow(wish.number)
    resident.reads("已实现")
    resident.follow("写句感谢")
    resident.fill("想说的话", "教得很耐心，谢谢！")
    resident.press("写句感谢")
    resident.reads("已转告认领的党员")
    phone.open(reverse("my_wishes") + "?past=1")
    phone.reads("教得很耐心，谢谢！")
    for visitor in (resident, desk, phone):
        assert visitor.complaints == []
