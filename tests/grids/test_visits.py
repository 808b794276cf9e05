"""Visits: recorded once, due lists, what they find and where it goes, coverage, and the pages of the round."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance import intake, parameters
from governance.appointments import dismiss
from governance.flow import Refused
from governance.models import Notice
from grids import visiting
from grids.models import Household, Need, Premises, Project, Visit, VisitPhoto
from grids.services import register, visits
from grids.services.visits import Found
from incidents.flow import INCIDENTS
from incidents.models import Incident
from incidents.worklists import worklist
from mediation.models import Dispute
from tests import disputes, factories
from tests.pictures import jpeg, upload
from tests.register import make_household, make_premises, make_visit
from tests.standing import standing
from volunteers.models import Order

pytestmark = pytest.mark.django_db


@standing
def worker(territory):
    return factories.make_staff("grid_worker", factories.BASE)


@standing
def home(worker):
    return make_household(by=worker, room="301")


@standing
def phone(worker):
    client = Client()
    client.force_login(worker)
    return client


def make_need(worker, home, to: str = "") -> Need:
    found = Found("楼道灯不亮", to)
    visits.record_visit(home, by=worker, outcome="met", token=f"n{Need.objects.count()}", found=found)
    return Need.objects.latest("pk")


def days_ago(days: int):
    return timezone.localdate() - timedelta(days=days)


# --- recording ----------------------------------------------------------------------------------------------------------
def test_a_visit_is_recorded_once_however_often_it_is_sent(worker, home):
    first, new = visits.record_visit(home, by=worker, outcome="met", token="a1")
    again, second = visits.record_visit(home, by=worker, outcome="absent", token="a1")
    assert new and not second and again == first and Visit.objects.get().outcome == "met"
    home.refresh_from_db()
    assert home.visited_on == timezone.localdate()


def test_only_a_visit_that_met_somebody_counts(worker, home):
    for outcome in ("absent", "declined"):
        make_visit(home, by=worker, outcome=outcome)
    home.refresh_from_db()
    assert home.visited_on is None and Household.objects.due(visiting.due_before()).get() == home


def test_what_arrives_late_keeps_its_day_and_does_not_turn_back_the_last_one(worker, home):
    make_visit(home, by=worker)
    late = make_visit(home, by=worker, visited_at=timezone.now() - timedelta(days=3))
    home.refresh_from_db()
    assert home.visited_on == timezone.localdate()
    assert timezone.localdate(late.visited_at) == days_ago(3)
    for wrong in (timezone.now() - timedelta(days=8), timezone.now() + timedelta(hours=2)):
        with pytest.raises(Refused, match="走访时间"):
            make_visit(home, by=worker, visited_at=wrong)


def test_a_recorded_visit_is_never_changed(worker, home):
    visit = make_visit(home, by=worker)
    for change in (lambda: Visit.objects.update(note="x"), visit.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_nobody_records_a_visit_elsewhere(territory, worker):
    other = factories.make_staff("grid_worker", factories.FAR_BASE)
    home = make_household(by=worker)
    with pytest.raises(ValidationError) as error:
        make_visit(home, by=other)
    assert error.value.code == "out_of_reach" and not Visit.objects.exists()
    home.refresh_from_db()
    assert home.visited_on is None


def test_what_is_no_more_is_not_visited(worker, home):
    register.close_household(home, by=worker, reason="房屋拆除")
    with pytest.raises(Refused, match="注销"):
        make_visit(home, by=worker)


@pytest.mark.django_db(transaction=True)
def test_the_same_visit_sent_twice_at_once_is_one():
    factories.make_territory()
    worker = factories.make_staff("grid_worker", factories.BASE)
    home, gate = make_household(by=worker), Barrier(4)

    def send(_: int) -> tuple[int, bool]:
        try:
            gate.wait()
            visit, new = visits.record_visit(home, by=worker, outcome="met", token="same")
            return visit.pk, new
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))
    assert len({pk for pk, _ in answers}) == 1 and sum(new for _, new in answers) == 1


# --- what is found ------------------------------------------------------------------------------------------------------
def test_what_is_found_goes_into_the_list_or_through_the_front_door(worker, home, secretary):
    minor, item = factories.make_minor(), factories.make_item()
    make_visit(home, by=worker, found=Found("想装扶手"))
    make_visit(home, by=worker, found=Found("楼道灯不亮", f"incident:{minor.code}"))
    make_visit(home, by=worker, found=Found("水龙头漏水", f"order:{item.code}", "赵玉兰", "13800001234"))
    plain, dark, leak = Need.objects.order_by("pk")
    assert (plain.content_type, plain.number) == (None, "")
    incident, order = Incident.objects.get(), Order.objects.get()
    assert (
        dark.matter == incident
        and incident.description == "楼道灯不亮"
        and incident.entrance == home.entrance
    )
    assert incident.channel == "worker" and incident.grid_id == factories.BASE
    assert incident.spot == order.address == home.room, "whoever comes finds the door"
    assert list(worklist(Incident.objects.restrict(worker), worker, "sent")) == [incident]
    assert leak.matter == order and (order.beneficiary_phone, order.address) == ("13800001234", "301")
    assert list(Need.objects.restrict(secretary).waiting()) == [plain]


def test_a_dispute_found_at_a_visit_is_no_worker_s_to_read(worker, home):
    disputes.make_director()
    to = next(key for _, rows in intake.findings(worker) for key, _ in rows if key.startswith("dispute:"))
    make_visit(home, by=worker, found=Found("楼上漏水，两家吵起来了", to))
    dispute = Dispute.objects.get()
    need = Need.objects.get()
    assert (
        need.matter == dispute
        and dispute.description == "楼上漏水，两家吵起来了"
        and not worker.may("view", dispute)
    )
    # What was said is the dispute's alone.
    assert {need.words, *need.history.values_list("words", flat=True)} == {visits.IN_CONFIDENCE}
    assert not Dispute.objects.restrict(worker).exists()


def test_who_has_left_reads_no_need_that_she_noted_and_is_told_of_none(worker, secretary, home):
    incident = make_need(worker, home, f"incident:{factories.make_minor().code}").matter
    assert Need.objects.restrict(worker).exists()
    dismiss(worker.posts.get(), by=None)
    left = type(worker).objects.get(pk=worker.pk)
    assert not Need.objects.restrict(left).exists()
    INCIDENTS.run(incident, "reject", by=secretary, note="不属于受理范围")
    assert visits.settle_handed_on(timezone.now()) == 1
    told = Notice.objects.filter(title="转办的需求没有办成")
    assert list(told.values_list("recipient", flat=True)) == [secretary.pk]


def test_the_pictures_of_a_visit_go_along_to_an_incident_and_to_no_dispute(worker, secretary, home):
    disputes.make_committee()
    quarrel = next(
        key for _, rows in intake.findings(worker) for key, _ in rows if key.startswith("dispute:")
    )
    minor = factories.make_minor()

    def visit(token, to=""):
        found = Found("楼道灯不亮，两家为这个吵", to)
        visits.record_visit(
            home, by=worker, outcome="met", token=token, found=found, photos=[upload(), upload()]
        )
        return Need.objects.latest("pk")

    incident = visit("a", f"incident:{minor.code}").matter
    assert [each.sha256 for each in incident.photos.all()] == [
        each.sha256 for each in VisitPhoto.objects.filter(visit__needs__number=incident.number)
    ]
    dispute = visit("b", quarrel).matter
    assert isinstance(dispute, Dispute)
    # The community hands one on later: the page says what goes along.
    later, desk = visit("c"), Client()
    desk.force_login(secretary)
    page = desk.get(reverse("admin:grids_need_hand_on", args=[later.pk])).content.decode()
    assert "走访时拍的照片一起带过去" in page
    matter = visits.hand_on(later, Found(later.words, f"incident:{minor.code}"), by=secretary)
    assert matter.photos.count() == 2


def test_who_may_not_report_is_not_offered_it(worker, home):
    resident = factories.make_user()
    minor = factories.make_minor()
    assert f"incident:{minor.code}" in {key for _, rows in intake.findings(worker) for key, _ in rows}
    assert all(
        key.startswith("incident:") for _, rows in intake.findings(worker, seen=True) for key, _ in rows
    )
    assert intake.findings(resident, seen=True) == []
    with pytest.raises(Refused):
        intake.hand_on(
            f"incident:{minor.code}",
            by=resident,
            source="need",
            source_id="1",
            grid_id=home.grid_id,
            description="灯不亮",
        )
    assert not Incident.objects.exists()


def test_the_class_that_a_device_opens_is_offered_to_nobody_and_the_others_stand_in_groups(worker, home):
    secretary, desk = factories.make_staff("community_secretary", factories.COMMUNITY), Client()
    desk.force_login(secretary)
    device = factories.make_minor(code=parameters.value("care.sos_class"), name="一键求助")
    minor = factories.make_minor()
    need = make_need(worker, home)
    page = desk.get(reverse("admin:grids_need_hand_on", args=[need.pk])).content.decode()
    group = page.partition(f'<optgroup label="事件 · {minor.major.name}">')[2].partition("</optgroup>")[0]
    assert f'value="incident:{minor.code}"' in group and f"incident:{device.code}" not in page
    with pytest.raises(Refused):
        visits.hand_on(need, Found(need.words, f"incident:{device.code}"), by=secretary)


def test_what_cannot_be_handed_on_keeps_nothing(worker, home):
    item = factories.make_item()
    for found, field in (
        (Found("漏水", f"order:{item.code}"), "to"),
        (Found("漏水", f"order:{item.code}", "赵", "123"), "phone"),
        (Found("漏水", "order:nothing", "赵", "13800001234"), "to"),
        (Found("漏水", "wish:1"), "to"),
        (Found("  "), "words"),
    ):
        with pytest.raises(ValidationError) as error:
            make_visit(home, by=worker, found=found)
        assert field in error.value.error_dict
    assert not Visit.objects.exists() and not Need.objects.exists() and not Order.objects.exists()


def test_a_need_whose_matter_was_not_done_comes_back_and_goes_elsewhere(worker, home, secretary):
    minor, item = factories.make_minor(), factories.make_item()
    make_visit(home, by=worker, found=Found("水龙头漏水", f"incident:{minor.code}"))
    need, first = Need.objects.get(), Incident.objects.get()
    INCIDENTS.run(first, "reject", by=secretary, note="户内维修不归事件办", version=first.version)
    assert visits.settle_handed_on(timezone.now()) == 1
    need.refresh_from_db()
    assert (need.content_type, need.number, need.settled_on) == (None, "", None)
    told = worker.notices.latest("pk")
    assert first.number in told.body and "不予受理" in told.body
    visits.hand_on(need, Found(need.words, f"order:{item.code}", "赵玉兰", "13800001234"), by=secretary)
    need.refresh_from_db()
    assert need.matter == Order.objects.get() and visits.settle_handed_on(timezone.now()) == 0


def test_a_need_follows_its_matter_where_that_goes_on(worker, home, secretary):
    minor, item = factories.make_minor(), factories.make_item()
    found = Found("水龙头漏水", f"incident:{minor.code}", "赵玉兰", "13800001234")
    for _ in range(2):
        make_visit(home, by=worker, found=found)
    referred, merged = Incident.objects.order_by("pk")
    main = factories.make_incident(minor_class=minor)
    INCIDENTS.run(
        referred, "refer", by=secretary, to=f"order:{item.code}", note="请志愿者修", version=referred.version
    )
    INCIDENTS.run(merged, "merge", by=secretary, lead=main, version=merged.version)
    assert visits.settle_handed_on(timezone.now()) == 2
    assert [need.matter for need in Need.objects.order_by("pk")] == [Order.objects.get(), main]
    assert visits.settle_handed_on(timezone.now()) == 0 and not Need.objects.exclude(settled_on=None).exists()


def test_a_need_is_met_with_its_matter_or_its_project(worker, home, secretary):
    minor = factories.make_minor()
    make_visit(home, by=worker, found=Found("楼道灯不亮", f"incident:{minor.code}"))
    make_visit(home, by=worker, found=Found("想装扶手"))
    handed, listed = Need.objects.order_by("pk")
    assert visits.settle_handed_on(timezone.now()) == 0
    Incident.objects.update(status="closed", closed_at=timezone.now())
    assert visits.settle_handed_on(timezone.now()) == 1
    assert visits.settle_handed_on(timezone.now()) == 0
    project = visits.keep_project(Project(grid_id=factories.COMMUNITY, title="适老化改造"), by=secretary)
    visits.list_under(listed, project, by=secretary)
    project.done_on, project.result = timezone.localdate(), "装好 12 户"
    visits.keep_project(project, by=secretary)
    for need in (handed, listed):
        need.refresh_from_db()
        assert need.settled_on == timezone.localdate() and need.settlement
    with pytest.raises(Refused):
        visits.settle(listed, by=secretary, settlement="又一次")


def test_a_need_comes_under_no_project_of_another_place(worker, home, secretary):
    make_visit(home, by=worker, found=Found("想装扶手"))
    far = factories.make_staff("community_secretary", factories.NEIGHBOUR)
    project = visits.keep_project(Project(grid_id=factories.NEIGHBOUR, title="适老化改造"), by=far)
    with pytest.raises(Refused, match="不在"):
        visits.list_under(Need.objects.get(), project, by=secretary)


# --- due lists and coverage ---------------------------------------------------------------------------------------------
def test_doors_come_by_what_is_never_visited_and_then_the_longest_unvisited(worker):
    doors = [factories.make_entrance() for _ in range(3)]
    rows = [make_household(door, by=worker) for door in doors]
    for row, days in zip(rows, (10, 400, 300), strict=True):
        Household.objects.filter(pk=row.pk).update(visited_on=days_ago(days))
    never = make_household(factories.make_entrance(), by=worker)
    shop = make_premises(by=worker)
    found, loose = visiting.doors_of(never.grid, worker)
    assert [each.entrance for each in found] == [never.entrance, doors[1], doors[2], doors[0]]
    assert [(each.total, each.due) for each in found] == [(1, 1), (1, 1), (1, 1), (1, 0)]
    assert (loose.total, loose.due) == (1, 1)
    make_visit(shop, by=worker)
    assert visiting.doors_of(never.grid, worker)[1].due == 0


def test_coverage_counts_each_place_and_asks_twice(worker, secretary):
    far_worker = factories.make_staff("grid_worker", factories.FAR_BASE)
    homes = [make_household(by=worker) for _ in range(4)]
    make_household(factories.make_entrance(factories.FAR_BASE), by=far_worker)
    make_visit(homes[0], by=worker)
    Household.objects.filter(pk=homes[1].pk).update(visited_on=days_ago(500))
    make_premises(by=worker)
    street = factories.make_staff("street_officer", factories.STREET)
    base = homes[0].grid
    with CaptureQueriesContext(
        connection,
    ) as asked:
        (one,) = visiting.coverage(secretary, [base])
    assert (one.households, one.households_visited, one.premises, one.premises_visited) == (4, 1, 1, 0)
    assert one.share == 1 / 5
    grids = list(type(base).objects.filter(code__in=[factories.COMMUNITY, factories.FAR]).order_by("code"))
    visiting.coverage(secretary, grids)
    with CaptureQueriesContext(connection) as again:
        visiting.coverage(secretary, grids)
    assert len(again) <= len(asked)
    near, far = visiting.coverage(street, grids)
    assert near.households == 4 and far.households == 0, "another street's are not counted"


def test_the_phone_says_what_became_of_a_need(phone, home):
    minor = factories.make_minor()
    sent = {"target": f"h{home.pk}", "token": "a", "words": "楼道灯不亮", "to": f"incident:{minor.code}"}
    address = reverse("visit_door_done", args=[home.entrance_id, "met"])
    page = phone.post(address, sent, follow=True).content.decode()
    assert f"需求已转为事件 {Incident.objects.get().number}。" in page
    assert reverse("admin:grids_household_add") in page
    page = phone.post(address, {**sent, "token": "b", "to": ""}, follow=True).content.decode()
    assert "需求已记入需求清单" in page


# --- the round on the phone ---------------------------------------------------------------------------------------------
def test_the_round_from_the_door_to_the_record(phone, worker, home):
    assert "走访" in phone.get(reverse("home")).content.decode()
    page = phone.get(reverse("visits")).content.decode()
    assert str(home.entrance) in page and "1 户该走访" in page
    page = phone.get(reverse("visit_door", args=[home.entrance_id])).content.decode()
    assert "301" in page and "没有走访过" in page
    answer = phone.post(
        reverse("visit_door_done", args=[home.entrance_id, "met"]),
        {"target": f"h{home.pk}", "token": "x", "photos": SimpleUploadedFile("a.jpg", jpeg())},
        follow=True,
    )
    assert "已记录" in answer.content.decode() and "今天走访过" in answer.content.decode()
    photo = VisitPhoto.objects.get()
    assert phone.get(photo.url).status_code == 200
    stranger = Client()
    stranger.force_login(factories.make_staff("grid_worker", factories.FAR_BASE))
    assert stranger.get(photo.url).status_code == 404


def test_nothing_typed_is_lost_where_something_is_wrong(phone, home):
    answer = phone.post(
        reverse("visit_door_done", args=[home.entrance_id, "met"]),
        {"target": f"h{home.pk}", "words": "", "to": "", "phone": "13800001234", "note": "下午再来"},
    )
    page = answer.content.decode()
    assert (
        answer.status_code == 422
        and "请写明有什么需求" in page
        and "下午再来" in page
        and not Visit.objects.exists()
    )
    answer = phone.post(reverse("visit_door_done", args=[home.entrance_id, "met"]), {"note": "下午再来"})
    assert answer.status_code == 422 and "请先点一户" in answer.content.decode()


def test_what_is_behind_another_door_is_not_taken(phone, worker, home):
    other = make_household(by=worker)
    answer = phone.post(
        reverse("visit_door_done", args=[home.entrance_id, "met"]), {"target": f"h{other.pk}"}
    )
    assert answer.status_code == 422 and not Visit.objects.exists()


def test_the_pages_are_the_worker_s_of_that_grid(phone, worker, territory):
    far = make_household(
        factories.make_entrance(factories.FAR_BASE),
        by=factories.make_staff("grid_worker", factories.FAR_BASE),
    )
    assert phone.get(reverse("visit_door", args=[far.entrance_id])).status_code == 404
    assert (
        phone.post(
            reverse("visit_door_done", args=[far.entrance_id, "met"]), {"target": f"h{far.pk}"}
        ).status_code
        == 404
    )
    assert phone.get(reverse("visit_loose", args=[factories.FAR_BASE])).status_code == 404
    resident = Client()
    resident.force_login(factories.make_user("居民"))
    assert resident.get(reverse("visits")).status_code == 404


def test_a_phone_that_kept_it_is_answered_in_json(phone, worker, home):
    headers = {"Accept": "application/json", "X-Account": str(worker.pk), "X-Kept": "1"}
    address = reverse("visit_door_done", args=[home.entrance_id, "absent"])
    captured = (timezone.now() - timedelta(hours=5)).isoformat()
    body = {"target": f"h{home.pk}", "token": "k1", "captured_at": captured}
    first = phone.post(address, body, headers=headers).json()
    again = phone.post(address, body, headers=headers).json()
    assert first["state"] == again["state"] == "done" and Visit.objects.count() == 1
    assert abs(Visit.objects.get().visited_at - timezone.now() + timedelta(hours=5)) < timedelta(minutes=1)
    wrong = phone.post(address, {"target": "h0"}, headers=headers)
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["field"] == "target"
    other = phone.post(address, body, headers=headers | {"X-Account": "1"})
    assert other.status_code == 401


def test_a_door_asks_as_often_for_one_household_as_for_twenty(phone, worker, home):
    address = reverse("visit_door", args=[home.entrance_id])

    def counted(url: str) -> int:
        with CaptureQueriesContext(connection) as found:
            assert phone.get(url).status_code == 200
        return len(found)

    counted(address), counted(reverse("visits"))
    once = counted(address), counted(reverse("visits"))
    for _ in range(19):
        make_household(home.entrance, by=worker)
        make_household(by=worker)
    assert (counted(address), counted(reverse("visits"))) == once


# --- the desk -----------------------------------------------------------------------------------------------------------
def test_the_coverage_leads_to_the_lists_behind_it(worker, home, secretary):
    make_premises(by=worker)
    client = Client()
    client.force_login(secretary)
    page = client.get(reverse("admin:grids_visit_coverage")).content.decode()
    address = f"{reverse('admin:grids_household_changelist')}?visits=due&amp;place={factories.COMMUNITY}"
    assert address in page and "网格001" in page
    listed = client.get(address.replace("&amp;", "&")).content.decode()
    assert "301" in listed
    assert client.get(reverse("admin:grids_visit_coverage") + f"?in={factories.FAR}").status_code == 200
    assert (
        factories.FAR
        not in client.get(reverse("admin:grids_visit_coverage") + f"?in={factories.FAR}").content.decode()
    )


def test_a_need_goes_its_way_at_the_desk(worker, home, secretary):
    make_visit(home, by=worker, found=Found("想装扶手"))
    need, minor = Need.objects.get(), factories.make_minor()
    client = Client()
    client.force_login(secretary)
    page = client.get(reverse("admin:grids_need_change", args=[need.pk])).content.decode()
    assert "转办" in page and "列入项目" in page and "想装扶手" in page
    wrong = client.post(reverse("admin:grids_need_hand_on", args=[need.pk]), {"to": ""})
    assert "请选择转到哪里" in wrong.content.decode()
    done = client.post(
        reverse("admin:grids_need_hand_on", args=[need.pk]), {"to": f"incident:{minor.code}"}, follow=True
    )
    assert "已转办" in done.content.decode() and Incident.objects.get().description == "想装扶手"
    assert client.get(reverse("admin:grids_need_settle", args=[need.pk])).status_code == 404
    answer = client.post(
        reverse("admin:grids_need_add"), {"grid": factories.COMMUNITY, "words": "缺少停车位"}
    )
    assert answer.status_code == 302 and Need.objects.filter(words="缺少停车位", by=secretary).exists()
    far = client.post(reverse("admin:grids_need_add"), {"grid": factories.FAR, "words": "不是这里的"})
    assert far.status_code == 200 and not Need.objects.filter(words="不是这里的").exists()


def test_premises_without_a_door_are_visited_too(phone, worker):
    shop = make_premises(by=worker)
    page = phone.get(reverse("visit_loose", args=[factories.BASE])).content.decode()
    assert shop.name in page
    phone.post(reverse("visit_loose_done", args=[factories.BASE, "met"]), {"target": f"p{shop.pk}"})
    assert Premises.objects.get(pk=shop.pk).visited_on == timezone.localdate()
