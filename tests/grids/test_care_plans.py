"""Care plans: what makes and changes them, look-ins and due days, and what time does."""

from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from governance import intake, parameters
from governance.flow import NotYours, Refused, tick
from governance.models import AccessEvent, Notice, Post
from governance.permissions import OutOfReach
from grids.models import CareCarer, CareContact, CarePlan, CareStep, CareVisit
from grids.services import care
from grids.services.care import clock
from tests import factories
from tests.care import agreement, days_ago, family, make_device, make_plan, make_resident, neighbour
from tests.standing import standing

pytestmark = pytest.mark.django_db


@standing
def worker(territory):
    return factories.make_staff("grid_worker", factories.BASE)


@standing
def plan(worker, secretary):
    return make_plan(by=secretary, worker=worker)


def look(plan, by, outcome="well", token="", **fields):
    return care.look_in(
        plan,
        by=by,
        token=token or f"token-{CareVisit.objects.count()}",
        way="door",
        outcome=outcome,
        **fields,
    )


# --- making one ---------------------------------------------------------------------------------------------------------
def test_a_plan_lies_at_the_household_and_is_due_after_one_span(plan, worker, secretary):
    today = timezone.localdate()
    assert (plan.grid_id, plan.every, plan.due_on) == (factories.BASE, 7, today + timedelta(days=7))
    assert [each.user for each in plan.carers.all()] == [worker]
    assert plan.steps.get().kind == CareStep.Kind.OPENED
    assert Notice.objects.get(recipient=worker).url == f"/my/care/{plan.pk}/"
    assert not Notice.objects.filter(recipient=secretary).exists()


def test_a_resident_has_one_open_plan(plan, worker, secretary):
    with pytest.raises(Refused, match="已经有进行中"):
        make_plan(by=secretary, worker=worker, resident=plan.resident)
    care.end_plan(plan, by=secretary, reason="搬去女儿家")
    assert make_plan(by=secretary, worker=worker, resident=plan.resident).pk != plan.pk


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"agreement": agreement(until=timezone.localdate())}, "晚于今天"),
        ({"agreement": agreement(days=400)}, "最长管 366 天"),
        ({"agreement": agreement(on=timezone.localdate() + timedelta(days=1))}, "不能晚于今天"),
        ({"carers": []}, "责任人要有"),
        ({"items": ["  "]}, "至少选一项"),
        ({"items": ["字" * 21]}, "不超过 20 个字"),
        ({"contacts": [family("13800001234"), neighbour("13800001234")]}, "已经登记过"),
    ],
)
def test_what_a_plan_cannot_be_is_refused_and_nothing_is_kept(worker, secretary, wrong, words):
    with pytest.raises(Refused, match=words), transaction.atomic():
        make_plan(by=secretary, worker=worker, **wrong)
    assert not CarePlan.objects.exists() and not CareContact.objects.exists() and not Notice.objects.exists()


def test_whoever_answers_for_a_plan_can_look_in_there(worker, secretary):
    far = factories.make_staff("grid_worker", factories.NEIGHBOUR_BASE)
    for stranger in (far, factories.make_user(), factories.make_staff("street_officer", factories.STREET)):
        with pytest.raises(Refused, match="这个网格的网格员"), transaction.atomic():
            make_plan(by=secretary, carers=[worker, stranger])
    assert make_plan(by=secretary, carers=[worker, secretary]).carers.count() == 2


def test_a_plan_is_made_by_those_of_the_place_alone(worker):
    resident = make_resident()
    for other in ("far", "street"):
        by = (
            factories.make_staff("community_secretary", factories.NEIGHBOUR)
            if other == "far"
            else factories.make_staff("street_officer", factories.STREET)
        )
        with pytest.raises(OutOfReach), transaction.atomic():
            make_plan(by=by, worker=worker, resident=resident)
    assert not CarePlan.objects.exists()


def test_nobody_changes_anothers_plan(plan, worker):
    far = factories.make_staff("community_secretary", factories.NEIGHBOUR)
    contact = care.add_contact(plan, family(), by=plan.by)
    for job in (
        lambda: care.recolour(plan, "red", by=far, reason="没有理由"),
        lambda: care.end_plan(plan, by=far, reason="没有理由"),
        lambda: care.renew(plan, agreement(200), by=far),
        lambda: care.set_carers(plan, [worker], by=far),
        lambda: care.add_contact(plan, family(), by=far),
        lambda: care.drop_contact(contact, by=far),
        lambda: care.mend_plan(plan, by=far, purpose="x", items=["x"]),
        lambda: make_device(plan, by=far),
    ):
        with pytest.raises(NotYours), transaction.atomic():
            job()


# --- looking in ---------------------------------------------------------------------------------------------------------
def test_a_look_in_moves_the_due_day_and_a_repeat_does_not(plan, worker):
    visit, new = look(plan, worker, token="once-and-again", items=["水电气", "别的"])
    again, fresh = look(plan, worker, outcome="absent", token="once-and-again")
    assert (new, fresh, again.pk) == (True, False, visit.pk)
    plan.refresh_from_db()
    today = timezone.localdate()
    assert (plan.looked_in_on, plan.due_on) == (today, today + timedelta(days=7))
    assert visit.items == ["水电气"] and visit.due_on == today + timedelta(days=7)
    second, _ = look(plan, worker)
    assert second.due_on is None  # a second time on the same day answers no due day
    with pytest.raises(Refused):
        look(make_plan(by=plan.by, worker=worker), worker, token="once-and-again")


def test_nobody_met_leaves_the_due_day(plan, worker):
    visit, _ = look(plan, worker, outcome="absent", items=plan.items)
    due = plan.due_on
    plan.refresh_from_db()
    assert visit.items == []
    assert (plan.looked_in_on, plan.due_on, visit.due_on) == (None, due, None)


def test_a_look_in_that_arrives_late_counts_for_its_own_day(plan, worker):
    CarePlan.objects.update(since=days_ago(10), due_on=days_ago(3))
    at = timezone.now() - timedelta(days=4)
    visit, _ = look(plan, worker, captured_at=at)
    plan.refresh_from_db()
    assert plan.looked_in_on == timezone.localdate(at) and visit.due_on == days_ago(3)
    # What was seen later and arrived before it stays the last look-in.
    look(plan, worker)
    look(plan, worker, captured_at=timezone.now() - timedelta(days=2))
    plan.refresh_from_db()
    assert plan.looked_in_on == timezone.localdate()
    for wrong in (timezone.now() - timedelta(days=8), timezone.now() + timedelta(hours=1)):
        with pytest.raises(Refused, match="时间不对"):
            look(plan, worker, captured_at=wrong)


def test_a_need_is_said_and_told(plan, worker, secretary):
    with pytest.raises(Refused, match="需要什么"):
        look(plan, worker, outcome="needs")
    care.set_carers(plan, [worker, secretary], by=secretary)
    look(plan, worker, outcome="needs", note="灯坏了")
    told = Notice.objects.get(recipient=secretary)
    assert "有需要" in told.title and "灯坏了" not in told.title + told.body


def test_the_database_keeps_look_ins_and_what_is_written_in_them_is_sealed(plan, worker):
    visit, _ = look(plan, worker, outcome="needs", note="灯坏了")
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM grids_carevisit")
        assert "灯坏了" not in cursor.fetchone()[0]
    visit.refresh_from_db()
    assert visit.note == "灯坏了"
    for change in ({"outcome": "well"}, {"note": "别的"}, {"note": "", "items": [], "way": "phone"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            CareVisit.objects.filter(pk=visit.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        visit.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        plan.steps.all().delete()


# --- changing -------------------------------------------------------------------------------------------------------------
def test_another_colour_needs_a_reason_and_makes_nobody_late(plan, secretary):
    CarePlan.objects.update(
        since=days_ago(20), looked_in_on=days_ago(5), due_on=timezone.localdate() + timedelta(days=2)
    )
    with pytest.raises(Refused):
        care.recolour(plan, "red", by=secretary, reason=" ")
    with pytest.raises(Refused, match="已经是"):
        care.recolour(plan, "yellow", by=secretary, reason="再看看")
    care.recolour(plan, "red", by=secretary, reason="刚出院，家人托付")
    plan.refresh_from_db()
    assert (plan.colour, plan.every, plan.due_on) == ("red", 1, timezone.localdate())
    step = plan.steps.first()
    assert (step.kind, step.reason) == ("recoloured", "刚出院，家人托付") and "黄色 → 红色" in step.words


def test_what_is_late_stays_late_under_another_colour(plan, secretary):
    CarePlan.objects.update(since=days_ago(20), looked_in_on=days_ago(10), due_on=days_ago(3), told=1)
    care.recolour(plan, "red", by=secretary, reason="家人托付")
    plan.refresh_from_db()
    assert (plan.due_on, plan.told) == (days_ago(3), 1)
    care.recolour(plan, "green", by=secretary, reason="家人回来了")
    plan.refresh_from_db()
    assert (plan.due_on, plan.told) == (timezone.localdate() + timedelta(days=20), 0)


def test_renewing_asks_for_a_new_consent(plan, secretary):
    with pytest.raises(Refused, match="晚于原来"):
        care.renew(plan, agreement(100), by=secretary)
    care.renew(plan, agreement(300, guardian="李小明"), by=secretary)
    plan.refresh_from_db()
    assert (plan.consent, plan.consent_by) == ("guardian", "李小明")


def test_ending_takes_its_people_and_devices_along(plan, worker, secretary):
    device, _ = make_device(plan, by=secretary)
    assert worker.may("contact", plan)
    care.end_plan(plan, by=secretary, reason="不再需要")
    care.end_plan(plan, by=secretary, reason="又结束一次")
    plan.refresh_from_db()
    device.refresh_from_db()
    assert plan.ending == "不再需要" and not device.is_bound
    assert not worker.may("contact", plan)
    with pytest.raises(Refused, match="已经结束"):
        look(plan, worker)
    with pytest.raises(Refused, match="已经结束"):
        care.recolour(plan, "red", by=secretary, reason="再开")


def test_whoever_writes_down_that_somebody_left_ends_her_plan(plan, secretary):
    assert care.end_plans_of(plan.resident, by=secretary) == 1
    assert care.end_plans_of(plan.resident, by=secretary) == 0


def test_revealing_is_logged_and_needs_a_reason(plan, secretary):
    far = factories.make_staff("community_secretary", factories.NEIGHBOUR)
    with pytest.raises(PermissionError):
        try:
            care.reveal(plan, "phone", by=far, reason="想看看电话")
        except Exception as error:
            raise PermissionError from error
    assert care.reveal(plan, "phone", by=secretary, reason="家人来电核对") == plan.resident.phone
    line = AccessEvent.objects.get(kind="reveal")
    assert plan.resident.phone not in line.summary and line.reason == "家人来电核对"


# --- neighbours -----------------------------------------------------------------------------------------------------------
def test_a_neighbour_with_an_account_looks_in_while_the_plan_runs(worker, secretary):
    friend, other = factories.make_user(), factories.make_user()
    plan = make_plan(by=secretary, worker=worker, contacts=[neighbour(friend.phone), family()])
    assert friend.may("view", plan) and friend.may("meet", plan) and not friend.may("contact", plan)
    assert not friend.may("change", plan) and not other.may("view", plan)
    assert not CareContact.objects.restrict(friend, "contact").exists()
    look(plan, friend)
    with pytest.raises(NotYours):
        look(plan, other, token="of-a-stranger")
    care.end_plan(plan, by=secretary, reason="不再需要")
    assert not CarePlan.objects.restrict(friend).exists()
    assert not CareVisit.objects.restrict(friend).exists()


def test_a_neighbour_who_comes_later_finds_the_plan(worker, secretary):
    phone = factories.make_phone()
    plan = make_plan(by=secretary, worker=worker, contacts=[neighbour(phone)])
    user = factories.make_user(phone=phone)
    assert not user.may("view", plan)
    intake.adopt(user)
    assert intake.adopt(user) == 0
    assert user.may("view", plan)


def test_a_consent_that_ran_out_closes_the_plan_to_its_people_at_once(plan, worker):
    CarePlan.objects.update(until=days_ago(1), consent_on=days_ago(90))
    assert not worker.may("contact", plan) and worker.may("view", plan)  # as the grid's worker, by her post


# --- time -----------------------------------------------------------------------------------------------------------------
def at(day, hour=10):
    return datetime(day.year, day.month, day.day, hour, tzinfo=timezone.get_default_timezone())


def told(person):
    return list(Notice.objects.filter(recipient=person).order_by("pk").values_list("title", flat=True))


def test_missed_look_ins_are_told_upward_once_for_each_level(worker, secretary):
    officer = factories.make_staff("street_officer", factories.STREET)
    plan = make_plan(by=secretary, worker=worker)
    Notice.objects.all().delete()
    monday = timezone.localdate()
    while monday.weekday() != 0 or not all(
        clock.worktime.is_workday(monday + timedelta(days=d)) for d in range(5)
    ):
        monday += timedelta(days=1)
    CarePlan.objects.update(due_on=monday)
    clock.tell_missed(at(monday, 23))
    assert not Notice.objects.exists()
    for _ in range(2):
        clock.tell_missed(at(monday + timedelta(days=1)))
    assert (told(worker), told(secretary)) == (["有一户到期没有探视"], [])
    for _ in range(2):
        clock.tell_missed(at(monday + timedelta(days=1), 19))
    assert (told(secretary), told(officer)) == (["探视逾期未做，请过问"], [])
    for _ in range(2):
        clock.tell_missed(at(monday + timedelta(days=4)))
    assert told(officer) == ["探视逾期上报"]
    body = Notice.objects.get(recipient=officer).body
    assert "1 户" in body and plan.door not in body
    assert (len(told(worker)), len(told(secretary))) == (1, 1)


def test_a_late_tick_ends_in_the_same_notices(worker, secretary):
    officer = factories.make_staff("street_officer", factories.STREET)
    make_plan(by=secretary, worker=worker, due_on=days_ago(20))
    Notice.objects.all().delete()
    assert clock.tell_missed(timezone.now()) == 1
    assert clock.tell_missed(timezone.now()) == 0
    assert [len(told(each)) for each in (worker, secretary, officer)] == [1, 1, 1]
    plan = CarePlan.objects.get()
    look(plan, worker)
    CarePlan.objects.update(due_on=days_ago(1))
    clock.tell_missed(timezone.now())
    assert len(told(worker)) == 2  # another due day


def test_a_new_frequency_moves_due_days_and_makes_nobody_late(worker, secretary):
    today = timezone.localdate()
    fresh = make_plan(by=secretary, worker=worker, looked_in_on=days_ago(5), due_on=today + timedelta(days=2))
    late = make_plan(by=secretary, worker=worker, looked_in_on=days_ago(9), due_on=days_ago(2), told=1)
    parameters.change("care.yellow_days", 3)
    assert clock.count_anew(timezone.now()) == 2
    assert clock.count_anew(timezone.now()) == 0
    for each in (fresh, late):
        each.refresh_from_db()
    assert (fresh.every, fresh.due_on) == (3, today)
    assert (late.due_on, late.told) == (days_ago(2), 1)
    parameters.change("care.yellow_days", 14)
    clock.count_anew(timezone.now())
    late.refresh_from_db()
    assert (late.due_on, late.told) == (today + timedelta(days=5), 0)


def test_the_sum_in_python_and_the_sum_in_sql_agree(worker, secretary):
    rows = []
    for looked in (None, 0, 3, 12):
        for due in (-9, 0, 4):
            rows.append(
                make_plan(
                    by=secretary, worker=worker, since=days_ago(15), due_on=days_ago(-due),
                    looked_in_on=None if looked is None else days_ago(looked),
                )
            )  # fmt: skip
    parameters.change("care.yellow_days", 5)
    expected = {row.pk: row.next_due(5) for row in rows}
    clock.count_anew(timezone.now())
    assert dict(CarePlan.objects.values_list("pk", "due_on")) == expected


def test_what_is_over_ends(worker, secretary):
    lapsed = make_plan(by=secretary, worker=worker, until=days_ago(1), consent_on=days_ago(100))
    left = make_plan(by=secretary, worker=worker)
    left.resident.left_on, left.resident.leaving = days_ago(2), "moved"
    left.resident.save()
    stays = make_plan(by=secretary, worker=worker)
    assert clock.end_what_is_over(timezone.now()) == 2
    assert clock.end_what_is_over(timezone.now()) == 0
    for each in (lapsed, left, stays):
        each.refresh_from_db()
    assert (lapsed.ended_on, left.ended_on, stays.ended_on) == (days_ago(1), days_ago(2), None)


def test_who_has_lost_her_post_answers_for_nothing(plan, worker, secretary):
    assert clock.drop_carers(timezone.now()) == 0
    Post.objects.filter(user=worker).update(valid_from=days_ago(9), valid_until=days_ago(1))
    assert clock.drop_carers(timezone.now()) == 1
    assert not CareCarer.objects.filter(until=None).exists()
    assert list(CarePlan.objects.restrict(secretary).uncared()) == [plan]


def test_plans_follow_their_households(plan):
    household = plan.resident.household
    other = factories.make_grid(factories.COMMUNITY + "002")
    household.grid = other
    household.save()
    assert clock.follow_households(timezone.now()) == 1
    assert clock.follow_households(timezone.now()) == 0
    plan.refresh_from_db()
    assert plan.grid_id == other.pk


def test_what_was_kept_long_enough_is_deleted(worker, secretary):
    plan = make_plan(by=secretary, worker=worker, contacts=[family()])
    look(plan, worker, outcome="needs", note="灯坏了", items=["水电气"])
    care.end_plan(plan, by=secretary, reason="不再需要")
    assert clock.forget(timezone.now()) == 0
    later = timezone.now() + timedelta(days=parameters.value("care.keep_days"))
    assert clock.forget(later) == 1
    assert clock.forget(later) == 0
    plan.refresh_from_db()
    visit = plan.look_ins.get()
    assert (plan.contacts.count(), visit.note, visit.items, plan.purpose) == (0, "", [], "")
    assert plan.erased_on and visit.outcome == "needs"


def test_the_ticker_runs_all_of_it(plan):
    done = tick(timezone.now())
    names = {name.rpartition(".")[2] for name in done}
    assert {
        "tell_missed",
        "end_what_is_over",
        "count_anew",
        "drop_carers",
        "follow_households",
        "forget",
    } <= names
