"""An election with real clicks: a branch's secretary and her superior, from opening to the new term."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from parties.models import Election, Organisation
from tests import factories, party
from tests.browser.test_incidents import signed_in
from tests.browser.visitor import DESK, Visitor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def branch(live_server) -> Organisation:
    """A branch of four full members whose term ends in two months."""
    factories.make_territory()
    today = timezone.localdate()
    branch = party.make_branch(name="和苑家园社区第一网格党支部")
    branch.term_from, branch.term_until = today - timedelta(days=1765), today + timedelta(days=60)
    branch.save()
    return branch


def do(visitor: Visitor, name: str) -> None:
    """Open the form of an action."""
    visitor.page.get_by_role("link", name=name, exact=True).first.click()
    expect(visitor.page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def choose(visitor: Visitor, label: str, option: str) -> None:
    visitor.page.get_by_label(label).first.select_option(label=option)


def test_an_election_from_opening_to_the_new_term(branch, visit):
    secretary = party.make_secretary(branch, name="周书记")
    for name in ("吴党员", "郑党员", "王党员"):
        party.make_member(branch, by=secretary, name=name)
    superior = factories.make_staff("community_secretary", factories.COMMUNITY)
    own, above = signed_in(visit(DESK), secretary), signed_in(visit(DESK), superior)

    own.open(reverse("admin:parties_organisation_change", args=[branch.pk]))
    own.follow("开始换届")
    own.choose("不设委员会")
    own.press("开始换届")
    own.reads("步骤", "写好换届请示，报上级党组织。")
    do(own, "报送换届请示")
    own.fill("请示内容", "本届将满，拟按期换届，选书记一名。")
    own.press("报送换届请示")
    own.reads("等上级党组织批复换届请示。")

    election = Election.objects.get()
    above.open(reverse("admin:index"))
    above.reads("换届待批", election.number)
    above.open(election.get_desk_url())
    do(above, "批复同意换届")
    above.fill("批复文号", "和党发〔2026〕8 号")
    above.press("批复同意换届")

    own.page.reload()
    for name in ("周书记", "吴党员"):
        do(own, "推荐候选人")
        choose(own, "党员", name)
        own.fill("推荐意见", "热心，办事公道。")
        own.press("推荐候选人")
        own.reads(name)
    do(own, "上报候选人")
    own.press("上报候选人")
    own.reads("等上级党组织审查候选人。")
    above.page.reload()
    do(above, "审查同意候选人")
    above.press("审查同意候选人")

    # A meeting that does not count is refused with the numbers, and nothing typed is lost.
    own.page.reload()
    do(own, "登记选举结果")
    for label, number in (("实到会人数", "3"), ("发出选票", "3"), ("收回选票", "3"), ("有效选票", "3")):
        own.fill(label, number)
    own.fill("周书记得票（书记）", "1")
    own.fill("吴党员得票（书记）", "2")
    own.press("登记选举结果")
    own.reads("应到会 4 人，实到会 3 人，不足五分之四（4 人），会议无效")
    for label in ("实到会人数", "发出选票", "收回选票", "有效选票"):
        own.page.get_by_label(label).fill("4")
    own.fill("吴党员得票（书记）", "3")
    own.press("登记选举结果")
    own.reads("把选举结果报上级党组织。", "当选")
    own.follow("选举结果报告（打印）")
    own.reads("应到会有选举权的党员 4 人", "请批复。")
    own.follow("返回")
    do(own, "上报选举结果")
    own.press("上报选举结果")
    own.reads("等上级党组织批复选举结果")

    above.page.reload()
    do(above, "批复选举结果")
    above.press("批复选举结果")
    above.reads("已换届")
    above.follow("本党组织")
    above.reads("吴党员", "换届选举产生新一届班子 1 人")
    assert not own.complaints and not above.complaints
