"""A grid worker's whole day on her phone: what waits, a visit, then a cellar without network for the round, a look-in and a sweep's door, and
what the community sees in the evening."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from grids.models import CareVisit, Grid, Need, PatrolTick, SweepTarget, Visit
from incidents.models import Incident
from tests import care, factories, patrols, register, sweeping
from tests.browser.offline import back_online, kept
from tests.browser.test_sweeps import signed_in
from tests.browser.visitor import DESK

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(live_server):
    factories.make_territory()
    Grid.objects.filter(code=factories.COMMUNITY).update(name="和苑社区", phone="022-26371234")
    Grid.objects.filter(code=factories.BASE).update(name="第一网格")
    return (
        factories.make_staff("grid_worker", factories.BASE),
        factories.make_staff("community_secretary", factories.COMMUNITY),
    )


def test_a_day_with_the_network_cut_in_the_middle(people, visit):
    walker, secretary = people
    lamp = factories.make_minor(name="路灯不亮")
    door = factories.make_entrance()
    home = register.make_household(door, by=walker, room="301")
    point = patrols.make_point(by=walker, name="1号楼车棚")
    resident = care.make_resident(entrance=door, name="周淑芬")
    plan = care.make_plan(by=secretary, worker=walker, resident=resident, due_on=timezone.localdate())
    sweep = sweeping.make_running(by=secretary, title="楼道消防排查")

    # In the morning: the home page says what waits; a visit finds something, which becomes an incident.
    phone = signed_in(visit(), walker)
    phone.open("/")
    phone.reads("楼道消防排查", "走访", "巡查", "上门探视")
    phone.follow("走访")
    phone.follow(str(door))
    phone.choose("301")
    phone.page.get_by_text("有需求、备注、照片").click()
    phone.fill("有什么需求", "楼门口路灯不亮")
    phone.page.get_by_label("转到哪里").select_option(label="路灯不亮")
    phone.press("见到人了")
    phone.reads("已记录")
    incident = Incident.objects.get()
    phone.reads(incident.number)
    assert (incident.minor_class, incident.spot, Need.objects.get().matter) == (lamp, "301", incident)

    # In the cellar there is no network: what she opened before is there, and what she does waits on the phone.
    pages = (
        reverse("my_patrol"),
        reverse("care_plan", args=[plan.pk]),
        reverse("sweep_grid", args=[sweep.number, factories.BASE]),
    )
    for address in pages:
        phone.open(address)
        kept(phone, address)
    phone.context.set_offline(True)
    before = timezone.now() - timedelta(seconds=1)
    phone.open(pages[0])
    phone.press("正常：1号楼车棚")
    phone.reads("1 件没有发出")
    phone.open(pages[1])
    phone.choose("都好")
    phone.press("记录探视")
    phone.reads("2 件没有发出")
    phone.open(pages[2])
    phone.page.get_by_role("button", name="301").click()
    phone.page.get_by_role("group", name="楼道有没有堆物").get_by_role("radio", name="否", exact=True).check()
    phone.press("记下")
    phone.reads("3 件没有发出")
    after = timezone.now()
    assert not (
        PatrolTick.objects.exists()
        or CareVisit.objects.exists()
        or SweepTarget.objects.filter(outcome="done").exists()
    )

    # Back in the yard all of it goes off by itself, once each, with the time at which it was done.
    back_online(phone)
    expect(phone.page.locator("[data-outbox-rows]")).to_contain_text("已记下")
    tick, look, target = (
        PatrolTick.objects.get(),
        CareVisit.objects.get(),
        SweepTarget.objects.get(household=home),
    )
    assert before <= tick.looked_at <= look.visited_at <= target.done_at <= after
    assert (tick.point, look.plan, target.outcome, target.done_by) == (point, plan, "done", walker)
    phone.page.reload()
    assert (PatrolTick.objects.count(), CareVisit.objects.count(), Visit.objects.count()) == (1, 1, 1)

    # In the evening the community sees the day.
    desk = signed_in(visit(DESK), secretary)
    desk.open(reverse("admin:grids_sweep_live", args=[sweep.pk]))
    expect(desk.page.locator(f'[data-code="{factories.BASE}"]')).to_contain_text("50%")
    desk.open(reverse("admin:grids_need_changelist") + "?state=all")
    desk.reads("已转办")
    desk.follow("楼门口路灯不亮")
    desk.reads(incident.number)
    desk.open(incident.get_desk_url())
    desk.reads("需求清单：楼门口路灯不亮")
    assert desk.complaints == []
    assert all("ERR_INTERNET_DISCONNECTED" in each for each in phone.complaints)
