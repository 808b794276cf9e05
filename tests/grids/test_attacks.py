"""What was once possible in the grid's life and must not be: each test is an attack that worked, by the person who could make it."""

import io
from datetime import timedelta

import pytest
from django.contrib.admin import site
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from governance import encryption, intake
from governance import imports as driver
from governance.accounts import sessions
from governance.appointments import appoint, dismiss
from governance.flow import Refused
from governance.models import ImportState, User
from grids import services
from grids.models import CareNeed, HandoverItem, Household, Resident, ResidentRow, TeamMember
from grids.services import care as care_services
from grids.services import register, visits
from grids.services.imports import HOUSEHOLDS, PREMISES, RESIDENTS
from tests import care, disputes, factories, teams
from tests.cast import BACKEND
from tests.loading import book, load
from tests.register import make_care_need, make_household, make_resident

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
IDENTITY = "120106195001011234"


def enter(user) -> Client:
    client = Client()
    client.force_login(teams.fresh(user), backend=BACKEND)
    return client


# --- what is over -----------------------------------------------------------------------------------------------------
def test_who_left_is_forgotten_though_she_was_looked_in_on(secretary):
    plan = care.make_plan()
    resident = plan.resident
    make_care_need(resident, by=secretary)
    care_services.look_in(
        plan, by=plan.carers.get().user, token="t" * 20, way="door", outcome="needs", note="要买药"
    )
    care.make_device(plan)
    home = resident.household.entrance
    said = (
        home.building.compound,
        home.building.name,
        home.name,
        resident.household.room,
        resident.name,
        resident.phone,
    )
    batch, _ = load(RESIDENTS, secretary, ("小区", "楼栋", "楼门", "门牌号", "姓名", "手机号"), said)
    assert batch.repeated == 1
    register.leave(resident, by=secretary, leaving="moved")
    other = make_resident(make_household(by=secretary), by=secretary)
    register.leave(other, by=secretary, leaving="moved")
    Resident.objects.update(left_on=TODAY() - timedelta(days=3 * 366))
    assert register.forget_departed(timezone.now()) == 2
    assert register.forget_departed(timezone.now()) == 0
    kept = Resident.objects.get()
    assert (kept.pk, kept.name, kept.phone, kept.born_on) == (resident.pk, register.FORGOTTEN, "", None)
    assert (
        not Resident.history.exists() and not CareNeed.objects.exists() and not ResidentRow.objects.exists()
    )
    page = enter(secretary).get(reverse("admin:grids_careplan_change", args=[plan.pk])).content.decode()
    assert "李桂兰" not in page and "李**" not in page


def test_the_words_of_a_care_need_are_shown_to_nobody_from_the_day_after_its_end(secretary):
    need = make_care_need(make_resident(make_household(by=secretary), by=secretary), by=secretary)
    type(need).objects.update(consent_on=TODAY() - timedelta(days=9), until=TODAY() - timedelta(days=1))
    page = enter(secretary).post(
        reverse("admin:grids_careneed_reveal", args=[need.pk, "words"]), {"reason": "想看一看"}
    )
    assert page.status_code == 404 and "夜里要人照看" not in page.content.decode()


# --- who is told of a dispute -----------------------------------------------------------------------------------------
def dispute_handover(secretary):
    worker = teams.make_worker(secretary, since=TODAY() - timedelta(days=30))
    user = teams.fresh(worker.user)
    appoint(user, "mediator", factories.COMMUNITY, by=None)
    dispute = disputes.make_dispute(
        by=teams.fresh(user), applicant=disputes.party("applicant", factories.make_user())
    )
    taking = teams.make_worker(secretary, name="接手人")
    handover = services.end_service(worker, by=secretary, day=TODAY(), reason="调走", taking=taking)
    return handover, user, taking.user, dispute


def test_what_is_said_of_a_dispute_that_is_handed_over_is_read_by_whoever_may_read_it(secretary):
    handover, leaves, takes, dispute = dispute_handover(secretary)
    item = handover.items.get(object_pk=dispute.pk)
    HandoverItem.objects.filter(pk=item.pk).update(remark="欧阳家嫌楼上吵")
    assert "欧阳家嫌楼上吵" not in enter(takes).get(reverse("my_handovers")).content.decode()
    street = factories.make_staff("street_officer", factories.STREET)
    desk = reverse("admin:grids_handover_change", args=[handover.pk])
    for user in (secretary, street):
        page = enter(user).get(desk)
        assert page.status_code in (200, 404) and "欧阳家嫌楼上吵" not in page.content.decode(), user


def test_the_number_of_a_dispute_that_a_need_became_is_for_its_readers(secretary):
    disputes.make_centre()
    worker = factories.make_staff("grid_worker", factories.BASE)
    home = make_household(by=secretary)
    need = visits.note_need(visits.Found("楼上漏水吵起来了"), home, by=worker)
    choice = next(
        key for _, kinds in intake.findings(worker) for key, _ in kinds if key.startswith("dispute:")
    )
    matter = visits.hand_on(need, visits.Found(need.words, choice, "赵玉兰", "13800001234"), by=worker)
    street = factories.make_staff("street_officer", factories.STREET)
    for user in (secretary, street, worker):
        for page in ("changelist", "change"):
            url = reverse(f"admin:grids_need_{page}", args=[need.pk] if page == "change" else [])
            shown = enter(user).get(url, {"state": "all"} if page == "changelist" else {}).content.decode()
            assert visits.IN_CONFIDENCE in shown
            assert matter.number not in shown and "楼上漏水吵起来了" not in shown, (user, page)
        found = enter(user).get(reverse("admin:grids_need_changelist"), {"state": "all", "q": matter.number})
        assert "楼上漏水吵起来了" not in found.content.decode()


# --- tables -----------------------------------------------------------------------------------------------------------
def test_who_has_lost_the_post_takes_no_refused_rows_away(secretary):
    lines = [
        ("楼栋", "楼门", "门牌号", "姓名", "手机号"),
        ("没有的楼", "1门", "301", "欧阳明月", "13800001234"),
    ]
    batch, refused = load(RESIDENTS, secretary, *lines)
    assert refused
    url = reverse("admin:grids_residentimport_refused", args=[batch.pk])
    assert enter(secretary).post(url).status_code == 200
    for post in secretary.posts.all():
        dismiss(post, by=None)
    moved = teams.fresh(secretary)
    appoint(moved, "community_secretary", factories.FAR, by=None)
    answer = enter(moved).post(url)
    assert answer.status_code == 404
    with pytest.raises(PermissionDenied):
        driver.refused_table(batch, teams.fresh(moved))


@pytest.mark.parametrize("importer", [HOUSEHOLDS, RESIDENTS, PREMISES])
def test_no_identity_number_is_kept_of_any_table(secretary, importer):
    names = {"building": "没有的楼", "door": "1门", "room": "301", "name": "欧阳", "grid": "哪里"}
    columns = [each for each in importer.columns if each.key in names]
    numbers = (IDENTITY, f"证号{IDENTITY[:17]}X，本人", "120106 19500101 1234", int(IDENTITY))
    headings = ("户主证件号码", "身 份 证", "备考", "说法")
    lines = [
        (*(each.label for each in columns), *headings),
        *((*(names[each.key] for each in columns), *[number] * len(headings)) for number in numbers),
    ]
    batch = driver.open_import(importer, secretary, file_name="表.xlsx", data=book(*lines))
    kept = batch.file.read().decode()
    assert "欧阳" in kept or "没有的楼" in kept
    assert "1950" not in kept and not any(each in kept for each in ("证件", "身份证"))
    batch, refused = load(importer, secretary, *lines)
    assert len(refused) == len(numbers)
    mended = load_workbook(io.BytesIO(driver.refused_table(batch, secretary)))
    said = "".join(
        str(cell) for sheet in mended for line in sheet.iter_rows(values_only=True) for cell in line
    )
    assert "1950" not in said


def test_an_identity_number_in_the_wrong_column_is_not_kept(secretary):
    lines = [
        ("楼栋", "楼门", "门牌号", "姓名", "手机号"),
        ("没有的楼", "1门", "301", f"欧阳{IDENTITY}", IDENTITY),
    ]
    batch, refused = load(RESIDENTS, secretary, *lines)
    row = batch.rows.get()
    assert IDENTITY not in encryption.unseal(row.cells) + row.words + row.name


def test_a_file_whose_loading_broke_off_is_forgotten_too(secretary):
    lines = [
        ("楼栋", "楼门", "门牌号", "姓名", "手机号"),
        ("没有的楼", "1门", "301", "欧阳明月", "13800001234"),
    ]
    batch, _ = load(RESIDENTS, secretary, *lines)
    long_ago = timezone.now() - timedelta(days=90)
    other = driver.open_import(RESIDENTS, secretary, file_name="表.xlsx", data=book(*lines))
    driver.start(other, secretary)
    rows = type(batch).objects.filter(pk=other.pk)
    ResidentRow.objects.filter(batch=batch).update(batch=other)
    rows.update(status=ImportState.FAILED, created_at=long_ago, started_at=long_ago, touched_at=long_ago)
    name = rows.get().file.name
    driver.forget_what_was_left(timezone.now())
    other.refresh_from_db()
    assert other.rows.get().cells == ""
    ResidentRow.objects.all().delete()
    assert driver.start(other, secretary).status == ImportState.QUEUED
    assert driver.go_on(other) == ImportState.FAILED
    assert not other.file and not other._meta.get_field("file").storage.exists(name)


# --- posts by way of the register ------------------------------------------------------------------------------------
def test_no_administrator_is_called_a_worker_before_her_post_begins_or_in_superuser_s_waiting(secretary):
    elevating = factories.make_user("关大姐", staff=True, may_elevate=True)
    tomorrow = factories.make_user("安大姐", staff=True)
    appoint(
        tomorrow, "security_administrator", factories.DISTRICT, by=None, since=TODAY() + timedelta(days=1)
    )
    elsewhere = factories.make_user("远大姐", staff=True)
    appoint(elsewhere, "community_worker", factories.FAR, by=None, since=TODAY() + timedelta(days=1))
    for user in (elevating, tomorrow, elsewhere):
        with pytest.raises(Refused):
            teams.make_member(secretary, name=user.name, account=user.username)
    assert not TeamMember.objects.exclude(user=None).exists()


# --- counts -----------------------------------------------------------------------------------------------------------
def test_a_street_s_officer_who_works_in_one_grid_counts_nobody_else_s_people(secretary):
    far = factories.make_staff("community_secretary", factories.NEIGHBOUR)
    home = make_household(factories.make_entrance(factories.NEIGHBOUR_BASE), by=far, room="8801")
    for name in ("甲", "乙", "丙"):
        make_resident(home, by=far, name=name)
    officer = factories.make_staff("street_officer", factories.STREET)
    appoint(officer, "grid_worker", factories.BASE, by=None)
    request = RequestFactory().get("/")
    request.user = teams.fresh(officer)
    rows = site.get_model_admin(Household).get_queryset(request)
    assert rows.get(pk=home.pk).heads == 0
    request.user = far
    rows = site.get_model_admin(Household).get_queryset(request)
    assert rows.get(pk=home.pk).heads == 3


# --- neighbours of a care plan ----------------------------------------------------------------------------------------
def test_a_neighbour_who_works_elsewhere_reads_no_more_at_the_desk_than_on_her_phone(secretary):
    far = factories.make_staff("community_worker", factories.FAR)
    User.objects.filter(pk=far.pk).update(phone="13800009999", phone_verified=True)
    plan = care.make_plan(contacts=[care.neighbour("13800009999"), care.family()])
    care_services.look_in(
        plan, by=plan.carers.get().user, token="t" * 20, way="door", outcome="needs", note="药吃完了"
    )
    care.make_device(plan, serial="SOS-77")
    page = enter(far).get(reverse("admin:grids_careplan_change", args=[plan.pk]), follow=True)
    assert page.redirect_chain == [(reverse("care_plan", args=[plan.pk]), 302)]
    said = page.content.decode()
    assert "李桂兰" in said
    for each in ("药吃完了", "女儿", "王**", "SOS-77"):
        assert each not in said
    assert (
        "药吃完了"
        in enter(secretary).get(reverse("admin:grids_careplan_change", args=[plan.pk])).content.decode()
    )


@pytest.mark.parametrize("way", ["end", "drop"])
def test_a_neighbour_whose_part_is_over_has_no_notice_that_names_the_door(secretary, way):
    neighbour = factories.make_user("赵大妈", phone="13800009999")
    plan = care.make_plan(by=secretary, contacts=[care.neighbour("13800009999")])
    device, _ = care.make_device(plan)
    care_services.press(device, "e1")
    assert plan.door in enter(neighbour).get(reverse("notices")).content.decode()
    if way == "end":
        care_services.end_plan(plan, by=secretary, reason="搬走了")
    else:
        care_services.drop_contact(plan.contacts.get(), by=secretary)
    assert plan.door not in enter(neighbour).get(reverse("notices")).content.decode()


# --- what lies about ----------------------------------------------------------------------------------------------------
def test_what_was_typed_as_the_session_ended_lies_encrypted(secretary):
    resident = make_resident(make_household(by=secretary), by=secretary)
    client, url = enter(secretary), reverse("admin:grids_resident_care", args=[resident.pk])
    session = client.session
    session[sessions.SEEN] = 0
    session.save()
    client.post(url, {"kind": "illness", "words": "肝病", "purpose": "每周看望"})
    kept = str([each.get_decoded() for each in Session.objects.all()])
    assert "drafts" in kept and "肝病" not in kept
    session = client.session
    session["drafts"][url]["fields"] = "x"
    session.save()
    client.force_login(secretary, backend=BACKEND)
    assert client.get(url).status_code == 200


def test_the_reason_of_a_refused_row_goes_with_what_stood_in_it(secretary):
    lines = [
        ("楼栋", "楼门", "门牌号", "姓名", "关系"),
        ("没有的楼", "1门", "301", "欧阳明月", "欧阳明月"),
    ]
    batch, refused = load(RESIDENTS, secretary, *lines)
    assert "欧阳明月" in refused[2]
    driver.forget_what_was_left(timezone.now() + timedelta(days=31))
    row = batch.rows.get()
    assert row.cells == "" and row.words == driver.TOO_OLD


@pytest.mark.parametrize("days", [1, -1])
def test_nor_by_the_address_of_all_reveals(secretary, days):
    need = make_care_need(make_resident(make_household(by=secretary), by=secretary), by=secretary)
    until = TODAY() + timedelta(days=days)
    type(need).objects.update(consent_on=TODAY() - timedelta(days=9), until=until)
    url = reverse("reveal", args=["grids", "careneed", need.pk, "words"])
    page = enter(secretary).post(url, {"reason": "想看一看"})
    assert ("夜里要人照看" in page.content.decode()) is (days > 0)
