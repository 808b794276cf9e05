"""Handing over what a grid worker leaves: what is on the list, who sees what of it, and who ticks it off."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance.appointments import appoint
from governance.flow import NotYours, Refused
from governance.models import Notice
from grids import handover as registry
from grids import services
from grids.models import CareCarer, CarePlan, Handover, HandoverItem, TeamMember
from grids.services.care import clock
from grids.services.care import plans as care_plans
from grids.services.handovers import list_again
from grids.services.team import hand_over_at_term
from incidents.flow import INCIDENTS
from incidents.models import Incident
from mediation.models import Dispute
from tests import disputes, factories, party, teams
from tests.care import make_plan
from tests.cast import BACKEND
from tests.standing import standing
from volunteers.flow import ORDERS
from volunteers.models import Order

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@standing
def secretary(territory):
    return factories.make_staff("community_secretary", factories.COMMUNITY)


@standing
def handover(secretary):
    """Of a worker who leaves today, with an incident and an order, for a colleague of the same grid."""
    return teams.make_handover(secretary, taking=teams.make_worker(secretary, name="接手人"))


def enter(user) -> Client:
    client = Client()
    client.force_login(teams.fresh(user), backend=BACKEND)
    return client


def keys(handover: Handover) -> list[int]:
    return list(handover.items.order_by("pk").values_list("pk", flat=True))


def _registered(worker: TeamMember) -> Dispute:
    """A dispute between two residents that a grid worker, who mediates beside it, wrote down."""
    applicant = disputes.party("applicant", factories.make_user())
    return disputes.make_dispute(by=teams.fresh(worker.user), applicant=applicant)


# --- what is on the list ---------------------------------------------------------------------------------------------
def test_the_list_holds_what_is_open_of_her_in_her_grid_and_nothing_else(secretary):
    worker = teams.make_worker(secretary)
    user = teams.fresh(worker.user)
    incident, order = teams.give_work(worker, secretary)
    handled = factories.dispatch(factories.make_incident(), by=secretary, to=user)
    handled = INCIDENTS.run(INCIDENTS.run(handled, "receive", by=user), "handle", by=user, note="清走了")
    done = factories.make_order(
        by=user, applicant=None, beneficiary_name="王", beneficiary_phone="13800002222"
    )
    ORDERS.run(done, "cancel", by=secretary, note="不需要了")
    own = factories.make_order(by=user)
    elsewhere = factories.make_grid(factories.COMMUNITY + "002").code
    factories.dispatch(factories.make_incident(elsewhere), by=secretary, to=user)
    wish = party.make_wish(by=user, applicant=None, applicant_name="李秀英", applicant_phone="13800001111")
    handover = teams.end(worker, secretary, 0)
    assert own.applicant == user
    assert [(item.kind, item.number) for item in handover.items.all()] == [
        ("incident", incident.number), ("order", order.number), ("wish", wish.number),
    ]  # fmt: skip


def test_a_dispute_that_she_registered_stands_there_without_its_title_and_number(secretary):
    worker = teams.make_worker(secretary)
    appoint(worker.user, "mediator", factories.COMMUNITY, by=None)
    disputes.make_director()
    dispute = _registered(worker)
    assert dispute.placed_by == worker.user and dispute.status == "registered"
    item = teams.end(worker, secretary, 0).items.get()
    assert (item.kind, item.number) == ("dispute", "") and dispute.title not in item.label
    (line,) = registry.lines([item], secretary)
    assert line.matter is None and not line.number and not line.url
    (hers,) = registry.lines([item], teams.fresh(worker.user))
    assert (line.gist, hers.gist) == ("", "")
    assert hers.number == dispute.number and hers.url == dispute.get_desk_url()


def test_one_list_for_a_service_and_nothing_twice_on_it(handover):
    with pytest.raises(IntegrityError), transaction.atomic():
        Handover.objects.create(grid=handover.grid, leaving=handover.leaving, day=handover.day)
    item = handover.items.first()
    with pytest.raises(IntegrityError), transaction.atomic():
        HandoverItem.objects.create(
            handover=handover, content_type=item.content_type, object_pk=item.object_pk
        )


def test_what_comes_after_is_added_by_hand_or_once_the_last_day_is_over(handover, secretary):
    teams.give_work(handover.leaving, secretary)
    assert services.relist(handover, by=secretary) == 2 and services.relist(handover, by=secretary) == 0
    factories.dispatch(factories.make_incident(), by=secretary, to=teams.fresh(handover.leaving.user))
    assert list_again(timezone.now()) == 0
    tomorrow = timezone.now() + timedelta(days=1)
    assert list_again(tomorrow) == 1 and list_again(tomorrow) == 0
    assert handover.items.count() == 5


def test_a_worker_without_an_account_or_anything_open_leaves_no_unfinished_list(secretary):
    assert teams.end(teams.make_member(secretary, name="没账号"), secretary, 0) is None
    handover = teams.end(teams.make_worker(secretary), secretary, 0)
    assert handover in Handover.objects.finished() and handover not in Handover.objects.unfinished()


def test_a_term_that_runs_out_leaves_a_list_too(secretary):
    user = factories.make_user("卫大姐", staff=True)
    appoint(user, "grid_worker", factories.BASE, by=None, until=TODAY())
    worker = teams.make_member(secretary, name="卫大姐", account=user.username)
    teams.give_work(TeamMember.objects.select_related("user").get(pk=worker.pk), secretary)
    assert hand_over_at_term(timezone.now()) == 0
    tomorrow = timezone.now() + timedelta(days=1)
    assert hand_over_at_term(tomorrow) == 1 and hand_over_at_term(tomorrow) == 0
    assert Handover.objects.get().items.count() == 2
    assert hand_over_at_term(timezone.now() + timedelta(days=60)) == 0


# --- for whom ---------------------------------------------------------------------------------------------------------
def test_who_comes_next_is_given_what_waits_and_told(secretary):
    handover = teams.make_handover(secretary)
    assert handover.taking is None
    comer = teams.make_worker(secretary, name="新人")
    handover.refresh_from_db()
    assert handover.taking == comer
    told = Notice.objects.get(recipient=comer.user, title="有工作移交等您接手")
    assert told.url == reverse("my_handovers")


def test_a_successor_is_entered_and_the_list_made_in_one(secretary):
    worker = teams.make_worker(secretary, since=TODAY() - timedelta(days=30))
    teams.give_work(worker, secretary)
    user = factories.make_user("新人", staff=True)
    successor = services.replace(
        worker, TeamMember(kind="part_time", name="新人", since=TODAY()), by=secretary, reason="轮岗", account=user.username
    )  # fmt: skip
    worker.refresh_from_db()
    handover = Handover.objects.get()
    assert (worker.until, handover.taking, successor.grid_id) == (
        TODAY() - timedelta(days=1),
        successor,
        worker.grid_id,
    )
    assert not teams.fresh(worker.user).posts_in_force and teams.fresh(user).holds("grid_worker")
    with pytest.raises(Refused, match="已登记离任"):
        services.replace(
            worker, TeamMember(kind="part_time", name="又一个", since=TODAY()), by=secretary, reason="轮岗"
        )


def test_nobody_takes_over_from_herself_or_for_another_grid(handover, secretary):
    elsewhere = teams.make_worker(
        secretary, factories.make_grid(factories.COMMUNITY + "002").code, name="别处"
    )
    leader = teams.make_member(secretary, "leader")
    for wrong in (handover.leaving, elsewhere, leader):
        with pytest.raises(Refused):
            services.assign_handover(handover, by=secretary, taking=wrong)
    worker = teams.make_worker(secretary, name="同一人", since=TODAY() - timedelta(days=9))
    with pytest.raises(Refused):
        services.replace(
            worker, TeamMember(kind="full_time", name="同一人", since=TODAY()), by=secretary, reason="错了", account=worker.user.username
        )  # fmt: skip
    worker.refresh_from_db()
    assert worker.until is None


def test_what_a_leaving_taker_had_not_taken_goes_to_who_comes_after_her(handover, secretary):
    third = teams.make_worker(secretary, name="第三人")
    second = handover.taking
    teams.end(second, secretary, 0, taking=third)
    handover.refresh_from_db()
    # As long as she is there it is hers.
    assert handover.taking == second
    list_again(timezone.now() + timedelta(days=1))
    handover.refresh_from_db()
    assert handover.taking == third


def test_who_could_take_over_is_offered_with_what_speaks_against_it(handover, secretary):
    teams.make_worker(secretary, name="要走的", until=TODAY() + timedelta(days=9))
    teams.make_member(secretary, name="没号的")
    page = enter(secretary).get(reverse("admin:grids_handover_assign", args=[handover.pk])).content.decode()
    day = TODAY() + timedelta(days=9)
    assert f"要走的（专职网格员，任到{day.month}月{day.day}日）" in page
    assert "没号的（专职网格员，没有账号，接不了在办的事件）" in page and "接手人（专职网格员）" in page


# --- ticking off -------------------------------------------------------------------------------------------------------
def test_who_takes_over_ticks_and_who_leaves_remarks(handover, secretary):
    first, second = keys(handover)
    leaver, taker = teams.fresh(handover.leaving.user), teams.fresh(handover.taking.user)
    assert services.remark_items(handover, {first: " 已约物业周三来看 "}, by=leaver) == 1
    for wrong in (lambda: services.take_items(handover, [first], by=leaver), lambda: services.remark_items(handover, {first: "x"}, by=taker)):  # fmt: skip
        with pytest.raises(NotYours):
            wrong()
    assert (
        services.take_items(handover, [first], by=taker) == 1
        and services.take_items(handover, [first], by=taker) == 0
    )
    item = HandoverItem.objects.get(pk=first)
    assert (item.taken_by, item.remark) == (
        taker,
        "已约物业周三来看",
    ) and handover in Handover.objects.unfinished()
    assert services.remark_items(handover, {first: "晚了"}, by=leaver) == 0
    assert services.take_items(handover, [second], by=secretary) == 1
    assert handover in Handover.objects.finished()


def test_an_incident_goes_on_with_who_takes_over_and_an_order_stays_whose_it_was(handover, secretary):
    leaver, taker = teams.fresh(handover.leaving.user), teams.fresh(handover.taking.user)
    incident, order = Incident.objects.get(), Order.objects.get()
    incident = INCIDENTS.run(incident, "receive", by=leaver)
    due = incident.due_at
    assert INCIDENTS.actions["handle"] not in INCIDENTS.available(incident, taker)
    services.take_items(handover, keys(handover), by=taker)
    incident.refresh_from_db()
    assert (incident.worker, incident.handler, incident.status, incident.due_at) == (
        taker,
        taker,
        "handling",
        due,
    )
    step = incident.steps.latest("seq")
    assert (step.action, step.label, step.actor) == ("hand_over", "接手", taker)
    assert step.data == {"worker": taker.pk, "from": leaver.pk}
    assert step.note == f"由{leaver.name}移交给{taker.name}"
    order.refresh_from_db()
    assert order.placed_by == leaver
    with pytest.raises(NotYours):
        INCIDENTS.run(incident, "progress", by=leaver, note="我去过了")
    INCIDENTS.run(incident, "handle", by=taker, note="清走了")


def test_what_is_done_with_meanwhile_is_ticked_and_left_alone(handover, secretary):
    leaver = teams.fresh(handover.leaving.user)
    incident = INCIDENTS.run(
        INCIDENTS.run(Incident.objects.get(), "receive", by=leaver), "handle", by=leaver, note="好了"
    )
    assert services.take_items(handover, keys(handover), by=secretary) == 2
    incident.refresh_from_db()
    assert incident.handler == leaver and not incident.steps.filter(action="hand_over").exists()


def test_the_desk_names_somebody_before_it_ticks_what_is_in_hand(secretary):
    worker = teams.make_worker(secretary, since=TODAY() - timedelta(days=300))
    incident, _ = teams.give_work(worker, secretary)
    handover = teams.end(worker, secretary, 0)
    incidents, orders = keys(handover)
    assert services.take_items(handover, [orders], by=secretary) == 1
    with pytest.raises(Refused, match="请先指定"):
        services.take_items(handover, [incidents], by=secretary)
    desk, address = enter(secretary), reverse("admin:grids_handover_change", args=[handover.pk])
    page = desk.post(
        address, {f"item_{incidents}": "on", "take": "1", f"remark_{incidents}": "等物业"}, follow=True
    )
    assert (
        "请先指定有账号的接手人" in page.content.decode()
        and handover.items.filter(taken_at=None).count() == 1
    )
    # Who is to come later cannot go on with it today.
    coming = teams.make_worker(secretary, name="新来的", since=TODAY() + timedelta(days=3))
    services.assign_handover(handover, by=secretary, taking=coming)
    with pytest.raises(Refused, match="到岗以后"):
        services.take_items(handover, [incidents], by=secretary)
    incident.refresh_from_db()
    assert incident.worker == worker.user
    there = teams.make_worker(secretary, name="在岗的")
    services.assign_handover(handover, by=secretary, taking=there)
    assert services.take_items(handover, [incidents], by=secretary) == 1
    incident.refresh_from_db()
    assert incident.worker == there.user
    assert Notice.objects.filter(recipient=there.user, title__startswith="由您接着办").count() == 1


def test_nobody_takes_an_incident_over_by_itself(handover):
    taker, incident = enter(handover.taking.user), Incident.objects.get()
    address = reverse("incident_action", args=[incident.number, "hand_over"])
    assert taker.get(address).status_code == taker.post(address, {"version": 1}).status_code == 404
    worker = Incident.objects.get().worker
    assert worker == handover.leaving.user


@pytest.mark.parametrize("when", ["named with the leave", "named later"])
def test_care_plans_that_nobody_answers_for_go_along(secretary, when):
    worker = teams.make_worker(secretary, since=TODAY() - timedelta(days=300))
    taking, other = (teams.make_worker(secretary, name=name) for name in ("接手人", "同事"))
    alone = make_plan(by=secretary, worker=teams.fresh(worker.user))
    shared = make_plan(by=secretary, carers=[teams.fresh(worker.user), teams.fresh(other.user)])
    foreign = make_plan(by=secretary, worker=teams.fresh(other.user))
    handover = teams.end(worker, secretary, -1, taking=taking if when == "named with the leave" else None)
    clock.drop_carers(timezone.now())
    if when == "named later":
        assert list(CarePlan.objects.uncared()) == [alone]
        services.assign_handover(handover, by=secretary, taking=taking)
    assert [care_plans.carers_of(plan) for plan in (alone, shared, foreign)] == [
        [taking.user],
        [other.user],
        [other.user],
    ]
    assert alone.steps.first().words.startswith("责任人：") and alone.steps.first().words.endswith("（接手）")
    told = Notice.objects.filter(recipient=taking.user, title="探视由您接着负责")
    assert [each.body for each in told] == ["1 户"]
    clock.drop_carers(timezone.now())
    services.assign_handover(handover, by=secretary, taking=taking)
    assert CareCarer.objects.filter(plan=alone, until=None).count() == told.count() == 1


def test_the_desk_is_told_once_everything_is_taken(handover, secretary):
    services.take_items(handover, keys(handover), by=teams.fresh(handover.taking.user))
    assert Notice.objects.filter(recipient=secretary, title="工作移交已全部接手").count() == 1


def test_what_she_may_not_see_she_does_not_tick(secretary):
    worker = teams.make_worker(secretary)
    appoint(worker.user, "mediator", factories.COMMUNITY, by=None)
    disputes.make_director()
    dispute = _registered(worker)
    taking = teams.make_worker(secretary, name="接手人")
    handover = teams.end(worker, secretary, 0, taking=taking)
    assert services.take_items(handover, keys(handover), by=teams.fresh(taking.user)) == 0
    text = enter(taking.user).get(reverse("my_handovers")).content.decode()
    assert "登记待受理的纠纷" in text and dispute.number not in text and dispute.title not in text
    assert services.take_items(handover, keys(handover), by=secretary) == 1
    assert Dispute.objects.get().status == "registered"


@pytest.mark.parametrize("who", ["far", "neighbour", "colleague", "resident", "former"])
def test_others_find_nothing(handover, secretary, who):
    outsider = {
        "far": lambda: factories.make_staff("community_secretary", factories.FAR),
        "neighbour": lambda: factories.make_staff("grid_worker", factories.NEIGHBOUR_BASE),
        "colleague": lambda: teams.make_worker(secretary, name="同网格").user,
        "resident": factories.make_user,
        "former": lambda: teams.make_handover(secretary, days=-1).leaving.user,
    }[who]()
    outsider, taken = teams.fresh(outsider), [keys(handover)[0]]
    assert not Handover.objects.restrict(outsider).filter(pk=handover.pk).exists()
    assert not HandoverItem.objects.restrict(outsider).filter(handover=handover).exists()
    for attempt in (
        lambda: services.take_items(handover, taken, by=outsider),
        lambda: services.remark_items(handover, {taken[0]: "x"}, by=outsider),
        lambda: services.assign_handover(handover, by=outsider, taking=handover.taking),
        lambda: services.relist(handover, by=outsider),
    ):
        with pytest.raises(NotYours):
            attempt()
    client = enter(outsider)
    sent = client.post(reverse("handover_items", args=[handover.pk]), {f"item_{taken[0]}": "on"})
    assert sent.status_code == 404
    assert handover.items.filter(taken_at=None).count() == 2
    if outsider.is_staff:
        for page in ("change", "assign", "relist"):
            assert client.get(reverse(f"admin:grids_handover_{page}", args=[handover.pk])).status_code == 404


def test_who_has_left_reads_her_list_no_more(secretary):
    handover = teams.make_handover(secretary, days=-1)
    leaver = teams.fresh(handover.leaving.user)
    with pytest.raises(NotYours):
        services.remark_items(handover, dict.fromkeys(keys(handover), "x"), by=leaver)
    assert enter(leaver).get(reverse("my_handovers")).status_code == 404


# --- pages -------------------------------------------------------------------------------------------------------------
def test_the_pages_of_both_and_of_the_desk(handover, secretary):
    first, second = keys(handover)
    leaver, taker, desk = (enter(user) for user in (handover.leaving.user, handover.taking.user, secretary))
    here, post = reverse("my_handovers"), reverse("handover_items", args=[handover.pk])
    text = leaver.get(here).content.decode()
    assert f'name="remark_{first}"' in text and f'name="item_{first}"' not in text
    long = leaver.post(
        post, {f"remark_{first}": "长" * 301, f"remark_{second}": "短"}, follow=True
    ).content.decode()
    assert "最多 300 个字" in long and "长" * 301 in long and ">短</textarea>" in long.replace("\n", "")
    leaver.post(post, {f"remark_{first}": "已约物业"})
    Incident.objects.update(spot="三号楼后面")
    text = taker.get(here).content.decode()
    place = Incident.objects.get().where
    assert (
        place in text
        and place in desk.get(reverse("admin:grids_handover_change", args=[handover.pk])).content.decode()
    )
    assert "已约物业" in text and f'name="item_{first}"' in text and f'name="remark_{first}"' not in text
    assert "请先勾选" in taker.post(post, {}, follow=True).content.decode()
    assert "已确认接手 1 件" in taker.post(post, {f"item_{first}": "on"}, follow=True).content.decode()
    page = reverse("admin:grids_handover_change", args=[handover.pk])
    assert "还有 1 件没有接手" in desk.get(page).content.decode()
    assert "没有交接完的移交" in desk.get(reverse("admin:index")).content.decode()
    assert (
        "已确认接手 1 件"
        in desk.post(page, {f"item_{second}": "on", "take": "1"}, follow=True).content.decode()
    )
    assert "已交接完" in desk.get(page).content.decode()
    assert (
        str(handover.grid)
        in desk.get(reverse("admin:grids_handover_changelist") + "?state=done").content.decode()
    )


def test_what_was_filled_in_survives_signing_in_again(handover):
    first, _ = keys(handover)
    client, post = Client(), reverse("handover_items", args=[handover.pk])
    asked = client.post(post, {f"remark_{first}": "已约物业，周三来"})
    assert asked.status_code == 302 and "next=" in asked["Location"]
    kept = client.session["drafts"]
    client.force_login(handover.leaving.user)
    session = client.session
    session["drafts"] = kept
    session.save()
    assert "已约物业，周三来" in client.get(post).content.decode()
    assert client.get(post)["Location"] == reverse("my_handovers")


@pytest.mark.parametrize("data", [{"item_x": "on"}, {"item_99999999999999999999": "on"}, {"remark_1": "\0"}, {"take": "\0" * 5}])  # fmt: skip
def test_what_nobody_types_is_answered_in_words(handover, secretary, data):
    for client, address in (
        (enter(handover.taking.user), reverse("handover_items", args=[handover.pk])),
        (enter(secretary), reverse("admin:grids_handover_change", args=[handover.pk])),
    ):
        assert client.post(address, data, follow=True).status_code == 200
    assert handover.items.filter(taken_at=None).count() == 2


def test_a_list_of_twenty_takes_as_many_queries_as_one_of_two(handover, secretary):
    pages = [
        (enter(handover.taking.user), reverse("my_handovers")),
        (enter(handover.taking.user), reverse("my_grid")),
        (enter(secretary), reverse("admin:grids_handover_change", args=[handover.pk])),
        (enter(secretary), reverse("admin:grids_handover_changelist")),
        (enter(secretary), reverse("admin:grids_grid_team", args=[factories.BASE])),
    ]

    def counts() -> list[int]:
        found = []
        for client, address in pages:
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            found.append(len(queries))
        return found

    few = counts()
    leaver = teams.fresh(handover.leaving.user)
    kind = factories.make_minor()
    for _ in range(9):
        factories.dispatch(factories.make_incident(minor_class=kind), by=secretary, to=leaver)
    services.relist(handover, by=secretary)
    for serial in range(9):
        other = teams.make_worker(secretary, name=f"离任{serial}")
        teams.end(other, secretary, 0, taking=handover.taking)
    assert counts() == few
