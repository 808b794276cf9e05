"""A worker's round from door to door on her phone, the network cut in the middle, and what the secretary sees of it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from grids.models import Household, Need, Visit
from incidents.models import Incident
from tests import factories, register
from tests.browser.offline import back_online, kept
from tests.browser.visitor import DESK
from tests.cast import BACKEND
from tests.standing import standing

pytestmark = pytest.mark.django_db(transaction=True)


@standing
def worker():
    factories.make_territory()
    return factories.make_staff("grid_worker", factories.BASE)


def signed_in(visitor, user):
    """Let a visitor be signed in as this person."""
    from django.test import Client

    client = Client()
    client.force_login(user, backend=BACKEND)
    visitor.enter(client)
    return visitor


def test_a_round_without_network_arrives_once_and_the_desk_counts_it(worker, visit):
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    factories.make_minor(name="路灯不亮")
    door = factories.make_entrance()
    homes = [register.make_household(door, by=worker, room=room) for room in ("301", "302", "303")]
    Household.objects.filter(pk=homes[2].pk).update(visited_on=timezone.localdate() - timedelta(days=300))

    phone = signed_in(visit(), worker)
    phone.open("/")
    phone.follow("走访")
    phone.reads("近 6 个月走访过住户 0/3 户", "3 户该走访")
    kept(phone, reverse("visit_door", args=[door.pk]))
    phone.follow(str(door))
    phone.choose("301")
    phone.press("见到人了")
    phone.reads("已记录", "今天走访过")
    assert phone.taps == 4

    phone.context.set_offline(True)
    phone.open(reverse("visit_door", args=[door.pk]))
    phone.reads("离线，内容截至")
    before = timezone.now() - timedelta(seconds=1)
    phone.choose("302")
    phone.press("没人在")
    phone.reads("1 件没有发出", "没有网络，等着发送", f"走访 {door} 302：没人在", "刚记过")
    phone.choose("303")
    phone.page.get_by_text("有需求、备注、照片").click()
    phone.fill("有什么需求", "楼门口路灯不亮")
    phone.page.get_by_label("转到哪里").select_option(label="路灯不亮")
    phone.press("见到人了")
    phone.reads("2 件没有发出")
    assert Visit.objects.count() == 1
    after = timezone.now()

    back_online(phone)
    phone.reads("都已发出")
    first, second, third = Visit.objects.order_by("pk")
    assert (second.household, second.outcome) == (homes[1], "absent")
    assert all(before <= each.visited_at <= after for each in (second, third))
    assert Need.objects.get().matter == Incident.objects.get()
    phone.page.reload()
    assert Visit.objects.count() == 3

    desk = signed_in(visit(DESK), secretary)
    desk.open(reverse("admin:grids_visit_coverage"))
    desk.reads("走访覆盖")
    row = desk.page.locator("tr").filter(has_text="网格001").locator("td").all_inner_texts()
    assert [cell.split()[0] for cell in row[:3]] == ["3", "2", "1"]
    desk.page.locator("tr").filter(has_text="网格001").get_by_role("link", name="1", exact=True).click()
    desk.reads("302")
    assert "301" not in desk.page.locator("#result_list").inner_text()
    assert phone.complaints == desk.complaints == [] or all(
        "ERR_INTERNET_DISCONNECTED" in each for each in phone.complaints
    )


def test_doors_can_be_looked_for_by_number_and_nothing_goes_off_without_one(worker, visit):
    door = factories.make_entrance()
    for number in (101, 1001, 102, 201, 301, 401, 501, 601, 701):
        register.make_household(door, by=worker, room=str(number))
    Household.objects.filter(room="101").update(visited_on=timezone.localdate())
    phone = signed_in(visit(), worker)
    phone.open(reverse("visit_door", args=[door.pk]))
    rooms = phone.page.locator(".cg-rows__what")
    assert rooms.last.inner_text().startswith("101")
    phone.press("按门牌号排")
    assert [each.split()[0] for each in rooms.all_inner_texts()][:3] == ["101", "102", "201"]
    phone.page.reload()
    phone.reads("按该走访的排")
    assert [each.split()[0] for each in rooms.all_inner_texts()][-1] == "1001"
    phone.context.set_offline(True)
    phone.press("没人在")
    phone.reads("请先点一户。")
    phone.context.set_offline(False)
    assert not Visit.objects.exists()
