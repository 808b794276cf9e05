"""A branch's meeting with real clicks, on the secretary's phone: one that was held is recorded with who came."""

import re

import pytest
from django.urls import reverse

from grids.models import Grid
from parties.models import Meeting, Organisation
from tests import factories, party
from tests.browser.test_every_page import STICKING_OUT
from tests.browser.test_incidents import signed_in

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_meeting_is_recorded_with_attendance(live_server, visit):
    factories.make_territory()
    Grid.objects.filter(code=factories.BASE).update(name="第一网格")
    branch = party.make_branch(name="第一网格党支部", theme_day=10)
    Organisation.objects.filter(pk=branch.pk).update(established_on="2025-01-01")
    secretary = party.make_secretary(branch)
    for name in ("到会甲", "请假乙"):
        party.make_member(branch, name=name)
    party.make_meeting(branch, by=secretary, days=-1, title="学习讨论会")

    phone = signed_in(visit(), secretary)
    phone.open(reverse("admin:index"))
    phone.follow("过了日子没记录的会")
    phone.follow("学习讨论会")
    phone.follow("记录")
    line = phone.page.locator("li", has=phone.page.get_by_text("请假乙", exact=True)).last
    line.locator("input[value=leave]").check()
    phone.page.get_by_role("button", name="记录", exact=True).click()
    phone.reads("请填写")
    assert line.locator("input[value=leave]").is_checked(), "what was chosen is kept"
    line.get_by_label("请假乙的请假事由").fill("住院")
    phone.page.get_by_label(re.compile("会议记录|记录")).last.fill("学习文件，讨论楼门治理，形成一致意见。")
    assert not phone.page.evaluate(STICKING_OUT)
    phone.page.get_by_role("button", name="记录", exact=True).click()
    phone.reads("已记录", "应到 3 人，实到 2 人", "请假乙（住院）", "楼门治理")
    held = Meeting.objects.get()
    assert held.status == "held" and held.attendances.get(state="leave").reason == "住院"
    assert not phone.complaints
