"""Sweeps: who may start and answer, what the list holds, one answer for each door, the clock, the closing."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from governance.flow import NotYours, Refused, tick
from governance.models import Notice, User
from governance.permissions import OutOfReach
from grids.flow import SWEEPS
from grids.models import Grid, Household, Sweep, SweepTarget
from grids.reports.sweeps import coverage, rolled_up, whole
from grids.services import sweeps as services
from tests import factories, sweeping
from tests.pictures import upload
from tests.standing import standing
from tests.sweeping import answer, make_draft, make_households, make_premises, make_running

pytestmark = pytest.mark.django_db
STREET, COMMUNITY, BASE = factories.STREET, factories.COMMUNITY, factories.BASE


class World:
    """Two communities of one street with households, and who works there."""

    def __init__(self) -> None:
        make = factories.make_staff
        factories.make_territory()
        self.secretary = make("community_secretary", COMMUNITY)
        self.neighbour = make("community_secretary", factories.NEIGHBOUR)
        self.street = make("street_officer", STREET)
        self.head = make("street_head", STREET)
        self.other_street = make("street_officer", factories.OTHER_STREET)
        self.seat = make("seat_operator", factories.DISTRICT)
        self.worker, self.colleague = make("grid_worker", BASE), make("grid_worker", BASE)
        self.far_worker = make("grid_worker", factories.FAR_BASE)
        self.next_worker = make("grid_worker", factories.NEIGHBOUR_BASE)
        self.households = make_households(BASE, 3)
        make_households(factories.NEIGHBOUR_BASE, 2)
        make_households(factories.FAR_BASE, 2)


@standing
def world():
    return World()


def targets(sweep):
    return list(SweepTarget.objects.filter(sweep=sweep).order_by("grid", "position"))


# --- drawing up and starting ---------------------------------------------------------------------------------------------
def test_the_list_is_laid_out_once_in_the_order_of_the_doors(world):
    door = factories.make_entrance()
    for room in ("1002", "201", "102"):
        Household.objects.create(grid_id=BASE, entrance=door, room=room)
    gone = make_households(BASE, 1, use="vacant")[0]
    gone.closed_on, gone.closing = timezone.localdate(), "拆除"
    gone.save()
    draft = make_draft(by=world.secretary)
    with CaptureQueriesContext(connection) as captured:
        sweep = SWEEPS.run(draft, "start", by=world.secretary)
    assert sum("INSERT INTO grids_sweeptarget" in each["sql"] for each in captured) == 1
    found = targets(sweep)
    assert [row.name for row in found] == ["101", "102", "103", "102", "201", "1002"]
    assert [row.position for row in found] == [1, 2, 3, 4, 5, 6]
    assert found[0].place == f"{world.households[0].entrance}" and str(found[0]).endswith("1门101")
    assert sweep.total == 6 and {row.grid_id for row in found} == {BASE}
    assert sweep.deadline - sweep.started_at == timedelta(hours=3) and sweep.due_at == sweep.deadline
    assert {row.outcome for row in found} == {""}


def test_who_may_start_where(world):
    for person, code in (
        (world.secretary, COMMUNITY), (world.secretary, BASE), (world.street, STREET), (world.head, COMMUNITY), (world.seat, factories.DISTRICT),
    ):  # fmt: skip
        assert make_running(by=person, code=code).is_running
    for person, code in (
        (world.secretary, factories.NEIGHBOUR), (world.secretary, STREET), (world.other_street, COMMUNITY), (world.worker, BASE),
    ):  # fmt: skip
        with pytest.raises(OutOfReach):
            make_draft(by=person, code=code)


def test_nothing_to_look_at_and_nothing_to_ask_do_not_start(world):
    empty = make_draft(by=world.secretary, about="premises")
    with pytest.raises(Refused, match="没有登记的场所"):
        SWEEPS.run(empty, "start", by=world.secretary)
    bare = services.draw_up(
        by=world.secretary, grid=Grid.objects.get(pk=COMMUNITY), title="空的", kind="survey", about="households", hours=48
    )  # fmt: skip
    with pytest.raises(Refused, match="1 到 20 道题"):
        SWEEPS.run(bare, "start", by=world.secretary)
    bare.refresh_from_db()
    assert bare.status == "draft" and not SweepTarget.objects.exists()


def test_filters_narrow_what_is_looked_at_and_are_told_in_words(world):
    let = make_households(BASE, 2, use="let")
    draft = make_draft(by=world.street, code=STREET)
    assert draft.selected().count() == 7 and "全部住户" in draft.selection_words()
    draft = services.narrow(draft, by=world.street, uses=["let"], grids=[COMMUNITY])
    assert set(draft.selected()) == set(let)
    assert "出租" in draft.selection_words()
    draft = services.narrow(draft, by=world.street, buildings=[world.households[0].entrance.building_id])
    assert draft.selected().count() == 3
    with pytest.raises(Refused):
        services.narrow(draft, by=world.street, grids=[factories.FAR])
    with pytest.raises(Refused):
        services.narrow(draft, by=world.street, buildings=[10**9])
    with pytest.raises(Refused):
        services.narrow(draft, by=world.street, uses=["'; DROP"])
    shop, _ = make_premises(small="eatery"), make_premises(kind="firm")
    shops = make_draft(by=world.street, code=STREET, about="premises")
    assert shops.selected().count() == 2
    shops = services.narrow(shops, by=world.street, smalls=["eatery"])
    assert list(shops.selected()) == [shop]
    running = SWEEPS.run(shops, "start", by=world.street)
    assert [row.name for row in targets(running)] == [shop.name]


def test_everyone_who_answers_is_told_at_the_start_and_led_to_the_phone(world):
    make_running(by=world.secretary)
    told = Notice.objects.filter(title__contains="请开始排查")
    assert {each.recipient for each in told} == {world.worker, world.colleague}
    assert {each.url for each in told} == {"/my/sweeps/"}


# --- at the door -----------------------------------------------------------------------------------------------------------
def test_one_answer_a_door_and_a_repeat_is_answered_as_the_first_time(world):
    sweep = make_running(by=world.secretary)
    first = targets(sweep)[0]
    one = answer(first, world.worker, token="a", found=True)
    again = answer(first, world.worker, token="a", found=True)
    assert one.is_new and not again.is_new and not again.is_clash
    first.refresh_from_db()
    assert (first.outcome, first.is_finding, first.done_by, first.version) == ("done", True, world.worker, 1)


def test_another_sender_learns_who_was_first_and_hers_is_kept_beside_it(world):
    sweep = make_running(by=world.secretary)
    first = targets(sweep)[0]
    answer(first, world.worker, token="a")
    clash = answer(first, world.colleague, token="b", found=True)
    repeat = answer(first, world.colleague, token="b", found=True)
    assert clash.is_clash and repeat.is_clash and clash.target.done_by == world.worker
    first.refresh_from_db()
    assert (first.outcome, first.is_finding, first.done_by) == ("done", False, world.worker)
    assert [each["words"] for each in first.earlier] == ["堆了纸箱"] and first.earlier[0]["refused"]


def test_nobody_there_may_be_tried_again_and_counts_apart(world):
    sweep = make_running(by=world.secretary)
    first, second, _ = targets(sweep)
    answer(first, world.worker, "absent", token="a")
    answer(second, world.worker, "exempt", token="b")
    counts = whole(coverage(SweepTarget.objects.filter(sweep=sweep)))
    assert (counts.total, counts.done, counts.absent, counts.exempt, counts.left, counts.percent) == (
        3,
        0,
        1,
        1,
        1,
        33,
    )
    # From a phone that did not know of the first try.
    assert answer(first, world.colleague, token="c").is_new
    first.refresh_from_db()
    assert first.outcome == "done" and first.earlier[0]["outcome"] == "absent"
    # Nobody there, heard of late, does not undo it.
    assert answer(first, world.worker, "absent", token="d", version=1).is_clash


def test_whoever_answered_may_mend_her_own_and_nobody_elses(world):
    sweep = make_running(by=world.secretary)
    first = targets(sweep)[0]
    answer(first, world.worker, token="a", found=True)
    assert answer(first, world.worker, token="b", version=1).is_new
    assert answer(first, world.worker, token="c", version=1).is_clash
    assert answer(first, world.colleague, token="d", version=2).is_clash
    first.refresh_from_db()
    assert not first.is_finding and first.version == 2 and first.earlier[0]["words"] == "堆了纸箱"


def test_a_finding_wants_words_and_where_it_says_so_a_picture(world):
    questions = [{**sweeping.QUESTIONS[0], "photo": True}]
    first = targets(make_running(by=world.secretary, questions=questions))[0]
    with pytest.raises(ValidationError) as refused:
        answer(first, world.worker, answers={"q1": "是"}, words="")
    assert "words" in refused.value.message_dict
    with pytest.raises(ValidationError) as refused:
        answer(first, world.worker, found=True)
    assert "photos" in refused.value.message_dict
    with pytest.raises(ValidationError) as refused:
        answer(first, world.worker, answers={})
    assert "q_q1" in refused.value.message_dict
    assert answer(first, world.worker, found=True, photos=[upload()]).is_new
    assert first.photos.count() == 1


def test_when_it_was_found_lies_between_the_start_and_now(world):
    sweep = make_running(by=world.secretary)
    first, second, _ = targets(sweep)
    answer(first, world.worker, at=timezone.now() + timedelta(days=1))
    answer(second, world.worker, at=timezone.now() - timedelta(days=1))
    first.refresh_from_db(), second.refresh_from_db()
    assert first.done_at <= timezone.now() and second.done_at == sweep.started_at


def test_a_door_in_hand_is_nobody_elses_for_some_minutes(world):
    sweep = make_running(by=world.secretary)
    first, second, third = targets(sweep)
    assert services.take(first, by=world.worker) is None and services.take(first, by=world.worker) is None
    held = services.take(first, by=world.colleague)
    assert held.taken_by == world.worker
    assert services.next_after(third, by=world.colleague) == second.pk
    assert services.next_after(third, by=world.worker) == first.pk
    SweepTarget.objects.filter(pk=first.pk).update(taken_until=timezone.now() - timedelta(seconds=1))
    assert services.take(first, by=world.colleague) is None
    # What was found is worth more than who had said she would go.
    assert answer(first, world.worker, token="a").is_new
    assert services.take(first, by=world.colleague).done_by == world.worker


@pytest.mark.parametrize("who", ["far_worker", "next_worker", "neighbour", "other_street", "street", "seat"])
def test_who_works_elsewhere_does_not_answer(world, who):
    first = targets(make_running(by=world.secretary))[0]
    with pytest.raises(NotYours):
        answer(first, getattr(world, who))
    with pytest.raises(NotYours):
        services.take(first, by=getattr(world, who))


def test_what_is_not_running_takes_no_answer(world):
    sweep = make_running(by=world.secretary)
    first = targets(sweep)[0]
    SWEEPS.run(sweep, "close", by=world.secretary, note="晚上再查")
    with pytest.raises(Refused, match="已经结束"):
        answer(first, world.worker)
    with pytest.raises(NotYours):
        services.answer(10**9, by=world.worker, outcome="done", answers={})


# --- who sees, who helps ---------------------------------------------------------------------------------------------------
def test_a_sweep_is_seen_above_and_once_it_runs_below(world):
    sweep = make_draft(by=world.street, code=STREET)
    seen = lambda person: Sweep.objects.restrict(person).filter(pk=sweep.pk).exists()  # noqa: E731
    assert seen(world.street) and seen(world.seat) and not seen(world.secretary) and not seen(world.worker)
    SWEEPS.run(sweep, "start", by=world.street)
    assert seen(world.secretary) and seen(world.worker)
    assert not seen(world.far_worker) and not seen(world.other_street) and not seen(factories.make_user())
    rows = SweepTarget.objects.filter(sweep=sweep)
    assert rows.restrict(world.secretary).count() == 3 and rows.restrict(world.street).count() == 5
    assert not world.secretary.may("start", sweep) and world.street.may("start", sweep)


def test_a_helper_answers_in_her_grid_while_it_runs(world):
    sweep = make_running(by=world.street, code=STREET)
    helper, grid = factories.make_user("陈帮手"), Grid.objects.get(pk=BASE)
    with pytest.raises(OutOfReach):
        services.name_helper(
            sweep, by=world.secretary, user=helper, grid=Grid.objects.get(pk=factories.NEIGHBOUR_BASE)
        )
    row = services.name_helper(sweep, by=world.secretary, user=helper, grid=grid)
    with pytest.raises(Refused, match="已经在这个网格帮忙"):
        services.name_helper(sweep, by=world.secretary, user=helper, grid=grid)
    assert SweepTarget.objects.restrict(helper, "answer").count() == 3
    assert list(Sweep.objects.all().answered_by(helper)) == [sweep]
    first, second, third, other, _ = targets(sweep)
    assert answer(first, helper, token="a").is_new
    with pytest.raises(NotYours):
        answer(other, helper)
    with pytest.raises(NotYours):
        services.let_go(row, by=world.neighbour)
    services.let_go(row, by=world.secretary)
    with pytest.raises(NotYours):
        answer(second, User.objects.get(pk=helper.pk))
    services.name_helper(sweep, by=world.secretary, user=helper, grid=grid)
    SWEEPS.run(sweep, "close", by=world.street, note="先到这里")
    assert not SweepTarget.objects.restrict(helper, "view").exists()
    with pytest.raises(NotYours):
        answer(third, helper)


# --- the clock ---------------------------------------------------------------------------------------------------------------
def test_half_time_and_deadline_remind_once_and_only_where_it_lags(world):
    sweep = make_running(by=world.street, code=STREET)
    for row in targets(sweep)[:3]:
        answer(row, world.worker)
    Notice.objects.all().delete()
    sweeping.ends_in(sweep, 1)
    assert tick()["grids.flow.remind_sweeps"] == 1 and tick()["grids.flow.remind_sweeps"] == 0
    half = Notice.objects.filter(title__contains="时间过半")
    assert {each.recipient for each in half} == {world.next_worker, world.neighbour}
    assert Notice.objects.filter(recipient=world.neighbour).count() == 1
    sweeping.ends_in(sweep, -0.5)
    assert tick()["grids.flow.remind_sweeps"] == 1 and tick()["grids.flow.remind_sweeps"] == 0
    told = Notice.objects.filter(title__contains="已到时限")
    assert {each.recipient for each in told} == {
        world.next_worker, world.neighbour, world.street, world.head, world.seat
    }  # fmt: skip
    sweep.refresh_from_db()
    assert sweep.light == "red"
    SWEEPS.run(sweep, "extend", by=world.street, note="雨太大", hours=2)
    sweep.refresh_from_db()
    assert sweep.deadline > timezone.now() + timedelta(hours=1) and sweep.due_at == sweep.deadline
    assert tick()["grids.flow.remind_sweeps"] == 0
    sweeping.ends_in(sweep, -0.1)
    assert tick()["grids.flow.remind_sweeps"] == 1


def test_a_late_ticker_tells_of_the_deadline_and_not_of_half_the_time(world):
    sweep = make_running(by=world.secretary)
    sweeping.ends_in(sweep, -1)
    assert tick()["grids.flow.remind_sweeps"] == 1
    assert [step.action for step in sweep.steps.all()] == ["open", "amend", "start", "tell_due"]


def test_reminding_reaches_grids_and_is_refused_where_none_lags(world):
    sweep = make_running(by=world.street, code=STREET)
    for row in targets(sweep)[:3]:
        answer(row, world.worker)
    Notice.objects.all().delete()
    SWEEPS.run(sweep, "remind", by=world.street, below=60, note="请抓紧")
    assert {each.recipient for each in Notice.objects.all()} == {world.next_worker, world.neighbour}
    for row in targets(sweep)[3:]:
        answer(row, world.next_worker)
    for below in (60, 0, "x", None):
        with pytest.raises(Refused):
            SWEEPS.run(sweep, "remind", by=world.street, below=below)


# --- the closing -------------------------------------------------------------------------------------------------------------
def test_closing_freezes_what_was_found(world):
    sweep = make_running(by=world.street, code=STREET)
    first, second, third, fourth, fifth = targets(sweep)
    answer(first, world.worker, found=True, answers={"q1": "是", "q2": "3"})
    answer(second, world.worker, answers={"q1": "否", "q2": 5, "q3": "王某在家"})
    answer(third, world.worker, "exempt")
    answer(fourth, world.next_worker, "absent")
    with pytest.raises(Refused, match="还有 2 户没有查到"):
        SWEEPS.run(sweep, "close", by=world.street)
    sweep = SWEEPS.run(sweep, "close", by=world.street, note="两户出差，约好周末补查")
    report = sweep.report
    assert report["total"] == {
        "total": 5, "done": 2, "absent": 1, "exempt": 1, "findings": 1, "left": 1, "percent": 60
    }  # fmt: skip
    assert [place["code"] for place in report["places"]] == [
        COMMUNITY, BASE, factories.NEIGHBOUR, factories.NEIGHBOUR_BASE
    ]  # fmt: skip
    yes_no, number, text = report["questions"]
    assert yes_no["answers"] == [
        {"answer": "是", "count": 1, "finding": True}, {"answer": "否", "count": 1, "finding": False}
    ]  # fmt: skip
    assert (number["answered"], number["sum"], number["least"], number["most"]) == (2, 8, 3, 5)
    assert text["answered"] == 1 and "王某" not in str(report)
    assert sweep.closed_at and sweep.due_at is None and sweep.light == "off"


def test_calling_off_ends_it_and_tells(world):
    sweep = make_running(by=world.secretary)
    Notice.objects.all().delete()
    SWEEPS.run(sweep, "call_off", by=world.secretary, note="误报")
    assert {each.recipient for each in Notice.objects.all()} == {world.worker, world.colleague}
    assert not Sweep.objects.restrict(world.worker).exists()


def test_only_who_runs_sweeps_there_moves_one(world):
    sweep = make_running(by=world.street, code=STREET)
    for person in (world.secretary, world.worker, world.other_street):
        for action in ("close", "extend", "remind", "call_off"):
            with pytest.raises(NotYours):
                SWEEPS.run(sweep, action, by=person, note="x", hours=1, below=50)


# --- what is counted ---------------------------------------------------------------------------------------------------------
def test_coverage_is_one_statement_from_the_index_within_reach(world):
    sweep = make_running(by=world.street, code=STREET)
    answer(targets(sweep)[0], world.worker, found=True)
    rows = SweepTarget.objects.restrict(world.secretary).filter(sweep=sweep)
    with CaptureQueriesContext(connection) as captured:
        found = coverage(rows)
    assert len(captured) == 1
    assert found.keys() == {BASE} and found[BASE].findings == 1
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {captured[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Only Scan using sweeptarget_coverage" in plan
    everything = coverage(SweepTarget.objects.restrict(world.street).filter(sweep=sweep))
    assert list(rolled_up(everything, 12)) == [COMMUNITY, factories.NEIGHBOUR]
    assert whole(everything).total == 5


def test_an_answer_costs_the_same_however_long_the_list_is(world):
    def cost():
        sweep = make_running(by=world.secretary)
        row, worker = targets(sweep)[0], User.objects.get(pk=world.worker.pk)
        with CaptureQueriesContext(connection) as captured:
            answer(row, worker, token="t")
        return len(captured)

    few = cost()
    make_households(BASE, 20)
    assert cost() == few
