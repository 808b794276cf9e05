"""The party organisation with real clicks: a branch and a group are set up, somebody comes onto the roll and leads the branch, and
another is transferred with both sides' consent."""

import re

import pytest
from playwright.sync_api import expect

from governance.models import Post
from grids.models import Grid
from parties.models import Member, Organisation, Transfer
from tests import factories, party
from tests.browser.test_every_page import STICKING_OUT
from tests.browser.test_incidents import signed_in
from tests.browser.visitor import DESK, Visitor

pytestmark = pytest.mark.django_db(transaction=True)


def pick(visitor: Visitor, name: str, words: str) -> None:
    """Choose from a box that is searched while one types."""
    page = visitor.page
    page.locator(f"#id_{name} + .select2").click()
    page.locator(".select2-container--open .select2-search__field").fill(words)
    visitor.taps += 1
    page.locator(".select2-results__option", has_text=words).first.click()


def go(visitor: Visitor, name: str) -> None:
    """Follow the link with exactly these words, behind a picture perhaps."""
    visitor.taps += 1
    visitor.page.get_by_role("link", name=re.compile(rf"(^|\s){re.escape(name)}\s*$")).first.click()


def test_a_branch_from_its_setting_up_to_a_transfer(live_server, visit):
    factories.make_territory()
    Grid.objects.filter(code=factories.COMMUNITY).update(name="和苑社区")
    Grid.objects.filter(code=factories.BASE).update(name="第一网格")
    committee = party.make_committee()
    Organisation.objects.filter(pk=committee.pk).update(name="和苑社区党委")
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    leader = factories.make_user("贺春生", staff=True)

    # --- a branch, and a group in it ---
    desk = visit(DESK)
    signed_in(desk, secretary)
    desk.open("/admin/")
    go(desk, "党组织")
    go(desk, "和苑社区党委")
    go(desk, "设立下级党组织")
    desk.page.get_by_label("类别").select_option("党支部")
    desk.press("设立")
    desk.reads("请填写名称。", "党支部请选择支部类型。")
    desk.page.get_by_label("支部类型").select_option("网格党支部")
    desk.fill("名称", "第一网格党支部")
    pick(desk, "grid", "第一网格")
    desk.press("设立")
    desk.reads("已设立。", "还没有书记。", "成立第一网格党支部")
    assert not desk.page.evaluate(STICKING_OUT)
    go(desk, "设立下级党组织")
    desk.page.get_by_label("类别").select_option("党小组")
    desk.fill("名称", "3号楼党小组")
    desk.press("设立")
    desk.reads("已设立。")
    go(desk, "第一网格党支部")

    # --- her first member leads it ---
    go(desk, "登记党员")
    desk.page.get_by_label("姓名").fill("贺春生")
    desk.page.get_by_label("入党日期").fill("1995-07-01")
    desk.page.locator("[name=_save]").click()
    desk.reads("成功")
    go(desk, "贺春生")
    go(desk, "关联账号")
    desk.fill("登录名或手机号", "nobody")
    desk.press("关联")
    desk.reads("没有可以关联的账号")
    desk.fill("登录名或手机号", leader.username)
    desk.press("关联")
    desk.reads("已关联。")
    go(desk, "党组织")
    go(desk, "第一网格党支部")
    go(desk, "登记任职")
    desk.page.get_by_label(re.compile("^党员")).select_option("贺春生")
    desk.page.get_by_label(re.compile("^职务")).select_option("书记")
    desk.press("登记")
    desk.reads("已登记任职。", "有岗位")
    branch = Organisation.objects.get(name="第一网格党支部")
    posts = Post.objects.in_force().filter(user=leader, role="party_branch_secretary")
    assert posts.get().unit == branch.unit
    go(desk, "在树上看")
    desk.reads("3号楼党小组", "书记 贺春生")

    # --- somebody is transferred to the branch next door ---
    other = party.make_branch(parent=Organisation.objects.get(name="和苑社区党委"), name="第二网格党支部")
    takes = party.make_secretary(other)
    party.make_member(branch, name="司马转", phone="19912345678")
    hers = visit(DESK)
    signed_in(hers, leader)
    hers.open("/admin/")
    hers.does_not_read("志愿服务", "矛盾调解")
    go(hers, "党员")
    go(hers, "司马转")
    go(hers, "转接组织关系")
    pick(hers, "target", "第二网格")
    hers.press("提出转接")
    hers.reads("待双方同意", "还没有答复")
    phone = visit()
    signed_in(phone, takes)
    phone.open("/admin/")
    phone.follow("待答复的组织关系转接")
    phone.page.get_by_role("link", name=re.compile("司\\*\\*的组织关系转接")).first.click()
    phone.reads("司马转")
    assert not phone.page.evaluate(STICKING_OUT)
    phone.press("同意转入")
    phone.reads("已转接")
    assert Member.objects.get(name="司马转").organisation == other
    assert Transfer.objects.get().status == "done"
    hers.open("/admin/parties/member/")
    expect(hers.page.locator("#result_list")).not_to_contain_text("司马转")
    assert not [each for visitor in (desk, hers, phone) for each in visitor.complaints]
