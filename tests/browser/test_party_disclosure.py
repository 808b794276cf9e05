"""A disclosure with real clicks: drafted, reviewed, approved and published by three people at their desks, read on a resident's phone,
withdrawn, gone."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from grids.models import Grid
from parties.models import Disclosure
from tests import factories, party
from tests.browser.test_every_page import STICKING_OUT
from tests.browser.visitor import DESK, Visitor
from tests.cast import BACKEND

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(live_server) -> dict:
    """The branch's secretary, the community's, and a party officer of the street."""
    factories.make_territory()
    Grid.objects.filter(code=factories.COMMUNITY).update(name="和苑社区")
    branch = party.make_branch(name="和苑社区第一网格党支部")
    return {
        "writer": party.make_secretary(branch),
        "reviewer": factories.make_staff("community_secretary", factories.COMMUNITY),
        "decider": party.make_officer(factories.STREET),
    }


def enter(visitor: Visitor, person) -> Visitor:
    client = Client()
    client.force_login(person, backend=BACKEND)
    visitor.enter(client)
    return visitor


def test_from_the_draft_to_the_resident_s_phone_and_off_it_again(people, visit):
    writer, reviewer, decider = (enter(visit(DESK), person) for person in people.values())
    resident = visit()
    resident.open("/")
    resident.does_not_read("党务公开")

    writer.open(reverse("admin:parties_disclosure_add"))
    writer.fill("标题", "2026 年党费收缴和使用情况")
    writer.page.get_by_label("公开内容").select_option("building")
    writer.choose("向社会公开")
    writer.fill("正文", "全年收缴党费 1200 元。\n用于主题党日 800 元。")
    writer.press("保存草稿")
    writer.reads("已保存草稿", "1. 提出", "用于主题党日 800 元。")
    writer.press("提出公开")
    writer.reads("待审核")

    reviewer.open(reverse("admin:index"))
    reviewer.follow("待我审核的党务公开")
    reviewer.follow("2026 年党费收缴和使用情况")
    reviewer.follow("审核通过")
    reviewer.reads("用于主题党日 800 元。")
    for words in ("有必要公开", "内容准确", "不涉密，不泄露个人信息"):
        reviewer.page.get_by_label(words, exact=True).check()
    reviewer.fill("审核意见", "数字与账目一致")
    reviewer.press("审核通过")
    reviewer.reads("待审批")

    decider.open(reverse("admin:index"))
    decider.follow("待我审批的党务公开")
    decider.follow("2026 年党费收缴和使用情况")
    decider.follow("审批同意")
    decider.fill("审批意见", "同意")
    decider.press("审批同意")
    decider.reads("待公开")

    writer.page.reload()
    writer.follow("公开")
    writer.open(reverse("admin:parties_disclosure_do", args=[Disclosure.objects.get().pk, "publish"]))
    writer.press("公开")
    writer.reads("公开中", "看公开的页面")

    resident.open("/")
    resident.follow("党务公开")
    resident.reads("2026 年党费收缴和使用情况", "和苑社区第一网格党支部")
    resident.follow("2026 年党费收缴和使用情况")
    resident.reads("用于主题党日 800 元。", "向社会公开")
    resident.does_not_read(people["writer"].name, people["reviewer"].name)
    assert resident.page.evaluate(STICKING_OUT) == []
    assert Disclosure.objects.get().public_from.date() <= timezone.now().date()

    writer.follow("撤下")
    writer.fill("撤下的理由", "数字要核对")
    writer.press("撤下")
    writer.reads("已撤下")
    resident.page.reload()
    resident.does_not_read("用于主题党日 800 元。")
    resident.open("/")
    resident.does_not_read("党务公开")
    complaints = [each for visitor in (writer, reviewer, decider) for each in visitor.complaints]
    assert complaints == []
