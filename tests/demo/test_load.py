"""The demo district: it is sound, and everyone among the demo people finds something to do."""

import itertools
from datetime import datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import shapely
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings
from django.urls import reverse

from demo import district as district_of_demo
from demo import words
from demo.dispute_cases import CASES
from demo.dispute_plan import DISPUTES as HOW_MANY
from demo.dispute_plan import FATES, RULINGS, plan_all
from demo.district import build
from demo.people import BY_KEY, COMMUNITY, DISTRICT, GRID, NEIGHBOUR, PEOPLE
from demo.world import World
from governance.accounts.totp import demo_code, has_totp
from governance.admin.accounts import without_post
from governance.models import AccessEvent, Intake, Notice, TextMessage, Unit, User
from grids import handover as registry
from grids.geometry import to_polygon
from grids.models import Entrance, Grid, Handover, TeamMember
from grids.notice import notice_of
from grids.reports import team as reports
from incidents.flow import EVALUATIONS, INCIDENTS, SLIPS, WHISTLES
from incidents.likeness import similar
from incidents.models import Closing, Evaluation, Incident, MinorClass, Whistle, WhistleSlip
from incidents.models.incidents import AT_DESK, IN_HAND
from mediation.flow import DISPUTES
from mediation.models import (
    Archive,
    Backlog,
    Category,
    Dispute,
    JudicialConfirmation,
    Origin,
    Session,
    Term,
    Viewing,
)
from mediation.services.backlog import taken_up
from tests.demo.fingerprint import fingerprint
from tests.standing import STANDING
from tests.thorough import THOROUGH, measure
from volunteers.flow import ORDERS
from volunteers.models import Claim, HoursEntry, Order, Showcase, ShowcasePhoto, Team, Volunteer
from volunteers.services.orders import open_orders_for

#: A Friday in office hours; the clock of the tests stands there too, so that lights and terms are as they were made.
NOW = datetime(2026, 11, 20, 10, 20, tzinfo=ZoneInfo("Asia/Shanghai"))


class Halfway(Exception):
    """Ends the load that is made for comparison."""


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker, tmp_path_factory):
    """A small district, loaded for all tests of this module; in a thorough run ``halfway`` are two fingerprints from the middle of its
    story: of the one time, and of another time that ended there."""
    STANDING.keep([])
    # The database is looked over when everyone is there, and three times on the way: after 80 days the two are compared.
    halfway, looks = [], itertools.count()
    places = measure(set(), {3, 7})

    def look() -> None:
        analyze()
        if next(looks) in places:
            halfway.append(fingerprint())
            if len(halfway) == 1:
                raise Halfway

    analyze = district_of_demo._analyze
    media = override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media"))
    with django_db_blocker.unblock(), media, pytest.MonkeyPatch.context() as patch:
        patch.setattr(district_of_demo, "_analyze", look)
        if THOROUGH:
            with pytest.raises(Halfway):
                build(seed=1, now=NOW, small=True)
        with transaction.atomic():
            made = build(seed=1, now=NOW, small=True)
            made.halfway = halfway
            yield made
            transaction.set_rollback(True)


@pytest.fixture
def district(made, db, time_machine):
    time_machine.move_to(NOW, tick=False)
    return made


def person(key: str) -> User:
    who = BY_KEY[key]
    return User.objects.get(username=who.login if who.staff else f"p{who.login}")


def test_the_district_is_sound(district):
    assert district.faults == []
    # A few stories may be stopped by a rule; many would mean that a story does not know the rules.
    assert len(district.cut_short) <= 2, district.cut_short


@pytest.mark.skipif(not THOROUGH, reason="takes another load of the district")
def test_one_seed_makes_one_district(district):
    one, other = district.halfway
    assert one == other and len(str(one)) > 100_000
    # Of orders, disputes and incidents: what was done with them by then.
    assert all(len(one[part]) > 20 for part in (6, 8, 11))


def test_the_territory_is_the_real_one_with_made_up_base_grids(district):
    assert [Grid.objects.filter(level=n).count() for n in (6, 9, 12)] == [1, 9, 114]
    assert not Grid.objects.filter(level=15, boundary_made_up=False).exists()
    assert not Grid.objects.get(level=6).boundary_made_up


def test_every_door_lies_in_its_grid(district):
    shapes = {g.code: to_polygon(g.boundary) for g in Grid.objects.filter(level=15)}
    doors = list(Entrance.objects.all())
    assert len(doors) > 400
    # Six decimals of a degree are rounded by up to 5 cm.
    outside = [d for d in doors if shapes[d.grid_id].distance(shapely.Point(d.longitude, d.latitude)) > 1e-6]
    assert outside == []


def test_nothing_lies_in_the_future(district):
    assert not AccessEvent.objects.filter(at__gt=NOW).exists()
    assert not Intake.objects.filter(received_at__gt=NOW).exists()
    assert not Notice.objects.filter(created_at__gt=NOW).exists()
    assert not Claim.objects.filter(created_at__gt=NOW).exists()
    assert not HoursEntry.objects.filter(at__gt=NOW).exists()
    assert not ShowcasePhoto.objects.filter(uploaded_at__gt=NOW).exists()
    assert not User.objects.filter(date_joined__gt=NOW).exists()
    assert not Closing.objects.filter(at__gt=NOW).exists()


def test_orders_are_in_every_state_and_spread_over_months(district):
    seen = set(Order.objects.values_list("status", flat=True))
    assert seen >= {
        "placed", "returned", "open", "assigned", "claimed", "serving", "served", "confirmed", "rated", "cancelled",
    }  # fmt: skip
    months = {(at.year, at.month) for at in Order.objects.values_list("opened_at", flat=True)}
    assert len(months) >= 5


def test_the_secretary_finds_red_yellow_and_green_at_her_desk(district):
    orders = Order.objects.restrict(person("secretary"), "dispatch").filter(status="placed")
    assert {order.light for order in orders} == {"red", "yellow", "green", "paused"}
    assert {order.community_code for order in orders} == {COMMUNITY}
    assert Order.objects.restrict(person("secretary")).filter(complaint_open=True).count() == 1
    assert Showcase.objects.restrict(person("secretary"), "review").filter(status="submitted").count() >= 2
    assert Volunteer.objects.restrict(person("secretary"), "approve").filter(status="applied").count() >= 3


def test_stories_tell_of_the_service_that_was_given(district):
    told = Showcase.objects.values_list("order__item__code", "title", "photos")
    assert len(told) >= 4
    assert all(title in {headline for headline, _ in words.STORIES[dish]} for dish, title, _ in told)


def test_few_of_the_staff_have_no_post(district):
    assert without_post(User.objects.all()).count() <= 6
    assert User.objects.filter(is_staff=True, posts__valid_until__lt=NOW.date()).exists()


def test_messages_have_gone_out_when_they_were_written(district):
    sent = TextMessage.objects.filter(status="sent")
    assert sent.exists()
    assert all(message.sent_at == message.created_at for message in sent)
    assert not TextMessage.objects.filter(status="queued").exists()


def test_the_other_secretary_sees_her_own_community_only(district):
    codes = set(Order.objects.restrict(person("other_secretary")).values_list("community_code", flat=True))
    assert codes == {NEIGHBOUR}


def test_the_resident_has_something_at_every_stage(district):
    mine = Order.objects.restrict(person("resident"))
    assert {order.status for order in mine} >= {"placed", "claimed", "served", "confirmed", "rated"}
    assert {"confirm"} <= {a.name for a in ORDERS.available(mine.get(status="served"), person("resident"))}
    assert {"rate"} <= {
        a.name for a in ORDERS.available(mine.filter(status="confirmed").earliest("pk"), person("resident"))
    }
    # Room for at least one more order of her own.
    assert mine.ongoing().count() < 5


def test_the_volunteer_may_claim_and_check_in_now(district):
    volunteer = person("volunteer")
    hall = list(open_orders_for(volunteer))
    assert len(hall) >= 4
    assert any("claim" in {a.name for a in ORDERS.available(order, volunteer)} for order in hall)
    now = Order.objects.get(claims__volunteer__applicant=volunteer, status="claimed", wanted_from__lte=NOW)
    served = ORDERS.run(now, "check_in", by=volunteer, code=now.code)
    assert served.status == "serving"
    assert HoursEntry.objects.filter(volunteer__applicant=volunteer).count() >= 5


def test_the_helper_is_asked_and_waits(district):
    claims = Claim.objects.filter(volunteer__applicant=person("helper"))
    assert {"invited", "waiting", "served"} <= set(claims.values_list("status", flat=True))


def test_the_leader_has_orders_to_staff(district):
    leader = person("leader")
    given = Order.objects.restrict(leader, "muster").filter(status="assigned")
    assert given.count() >= 2
    assert {order.unit.team for order in given} == {Team.objects.get(unit__posts__user=leader)}


@pytest.mark.parametrize("key", ["auditor", "system", "security", "standby"])
def test_administrators_see_no_orders_and_no_incidents(district, key):
    assert not Order.objects.restrict(person(key)).exists()
    assert not Incident.objects.restrict(person(key)).exists()


def test_the_grid_worker_has_a_team_and_something_to_take_over(district):
    worker, secretary = person("grid_worker"), person("secretary")
    team = TeamMember.objects.restrict(worker).serving().filter(grid=GRID)
    assert {"leader", "full_time", "resident", "volunteer", "micro"} <= set(
        team.values_list("kind", flat=True)
    )
    handover = Handover.objects.get(taking__user=worker)
    assert [item.kind for item in handover.items.all()] == ["incident", "incident", "order"]
    assert all(line.matter is not None for line in registry.lines(handover.items.all(), worker))
    waiting = Handover.objects.restrict(secretary, "change").unfinished().filter(taking=None)
    assert {each.grid_id[:12] for each in waiting} == {COMMUNITY} and len(waiting) == 1
    assert [each.name for each in notice_of(Grid.objects.get(code=GRID)).workers][0] == worker.name
    assert not reports.lacking(Grid.objects.filter(street_code=GRID[:9]), "worker").exists()
    assert reports.lacking(Grid.objects.filter(street_code=GRID[:9]), "leader").exists()


def test_backlog_matters_of_two_years_are_in_every_hand(district):
    rows = Backlog.objects.order_by("year", "status")
    assert list(rows.values_list("year", "status")) == [
        (2025, "closed"), (2025, "verified"), (2026, "assigned"), (2026, "handling"), (2026, "settled"),
    ]  # fmt: skip
    assert [len(taken_up(person("supervisor"), year)) for year in (2025, 2026)] == [2, 2]
    assert Backlog.objects.restrict(person("department")).get().status == "handling"
    assert Backlog.objects.restrict(person("secretary")).count() == 2


# --- incidents ------------------------------------------------------------------------------------------------------
def offered(incident: Incident, key: str) -> set[str]:
    return {action.name for action in INCIDENTS.available(incident, person(key))}


def test_every_class_finds_its_department_and_every_department_its_officers(district):
    assert not MinorClass.objects.filter(door="department", unit=None).exists()
    for unit in Unit.objects.filter(kind="department"):
        assert 2 <= unit.posts.filter(role="department_officer").count() <= 4


def test_incidents_are_in_every_state_and_from_every_side(district):
    assert set(Incident.objects.values_list("status", flat=True)) >= {
        "reported", "accepted", "dispatched", "returned", "disputed", "handling", "backlog", "handled", "closed", "rated",
        "merged",
    }  # fmt: skip
    assert set(Incident.objects.values_list("channel", flat=True)) >= {
        "worker",
        "resident",
        "hotline",
        "desk",
        "device",
    }


def test_the_secretary_finds_incidents_under_every_light_and_one_that_repeats_another(district):
    secretary = person("secretary")
    waiting = Incident.objects.restrict(secretary, "dispatch").filter(status__in=AT_DESK)
    assert {incident.light for incident in waiting} >= {"red", "yellow", "green"}
    assert {incident.community_code for incident in waiting} == {COMMUNITY}
    again = waiting.get(title="垃圾桶满溢")
    alike = similar(
        Incident.objects.restrict(secretary, "dispatch"), code=again.grid_id, minor_class=again.minor_class,
        description=again.description, spot=again.spot, point=(again.longitude, again.latitude), leave_out=again.pk,
    )  # fmt: skip
    assert "merge" in offered(again, "secretary") and alike[0].incident.merged.exists()


def test_the_grid_worker_handles_verifies_and_finds_new_ones(district):
    worker = person("grid_worker")
    mine = Incident.objects.of_assignee(worker, [])
    assert {incident.status for incident in mine} == {"dispatched", "handling"}
    assert mine.filter(is_urgent=True, status="dispatched").exists() and mine.filter(rework=1).exists()
    here = Incident.objects.restrict(worker, "verify")
    done = here.filter(status="handled").exclude(handler=worker)
    assert done.count() >= 2 and all("verify_pass" in offered(incident, "grid_worker") for incident in done)
    assert here.filter(status__in=AT_DESK).count() >= 2


def test_the_department_receives_answers_and_is_late(district):
    officer = person("department")
    given = Incident.objects.restrict(officer)
    assert {incident.unit.code for incident in given} == {"chengguan"}
    assert given.unreceived(NOW).exists() and given.filter(status="dispatched", is_urgent=True).exists()
    assert {incident.light for incident in given.filter(status="handling")} == {"red", "yellow", "green"}
    assert given.filter(supervised_at__isnull=False, closed_at=None).exists()


def test_street_arbiter_and_seat_operator_have_theirs(district):
    street = Incident.objects.restrict(person("officer"))
    assert street.filter(status="backlog").exists() and street.filter(part_of__isnull=False).exists()
    assert street.filter(status__in=IN_HAND, unit__kind="street_office").count() >= 3
    assert "supervise" in offered(street.red(NOW).filter(status="handling").first(), "officer")
    dispute = Incident.objects.restrict(person("arbiter"), "arbitrate").get(status="disputed")
    assert dispute.returns == 3 and "designate" in offered(dispute, "arbiter")
    closed = Incident.objects.restrict(person("seat"), "callback").filter(
        channel="hotline", status="closed", callbacks=None
    )
    assert closed.count() >= 3 and all("call_back" in offered(incident, "seat") for incident in closed)


def test_the_resident_follows_one_and_rates_another(district):
    mine = Incident.objects.restrict(person("resident")).filter(applicant=person("resident"))
    assert {incident.status for incident in mine} == {"handling", "closed", "rated"}
    assert "rate" in offered(mine.get(status="closed"), "resident")


@pytest.mark.parametrize("who", [p for p in PEOPLE if p.staff], ids=lambda p: p.key)
def test_staff_sign_in_by_password_and_code(district, client, who):
    user = person(who.key)
    assert user.check_password(who.password)
    assert has_totp(user)
    page = client.post(reverse("staff_login"), {"login": who.login, "password": who.password})
    assert page.status_code == 302
    page = client.post(page.url, {"code": demo_code(user)})
    assert page.status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


def test_residents_are_asked_for_a_code(district, client):
    page = client.post(reverse("phone_login"), {"phone": BY_KEY["resident"].login})
    assert page.status_code == 302
    assert "演示模式" in client.get(page.url).content.decode()


def test_every_phone_is_of_the_made_up_block(district):
    assert not User.objects.exclude(phone=None).exclude(phone__startswith="1990000").exists()
    assert not Order.objects.exclude(beneficiary_phone__startswith="1990000").exists()
    assert (
        not Incident.objects.exclude(applicant_phone="")
        .exclude(applicant_phone__startswith="1990000")
        .exists()
    )


def test_it_refuses_to_load_over_data(district):
    with pytest.raises(CommandError, match="已有网格"):
        call_command("load_demo", "--small")


def may(flow, row, key: str) -> set[str]:
    return {action.name for action in flow.available(row, person(key))}


def test_whistles_wait_for_head_street_department_and_arbiter(district):
    assert set(Whistle.objects.values_list("status", flat=True)) >= {
        "draft",
        "blown",
        "verifying",
        "closed",
        "raised",
    }
    assert "blow" in may(WHISTLES, Whistle.objects.get(status="draft"), "head")
    assert "verify_pass" in may(WHISTLES, Whistle.objects.get(status="verifying"), "officer")
    assert Whistle.objects.filter(parent__isnull=False, status="blown", answered_at__isnull=False).exists()
    silent = WhistleSlip.objects.get(status="sent")
    assert silent.light == "red"
    assert "feed_back" in may(
        SLIPS, WhistleSlip.objects.get(status="handling", unit__code="chengguan"), "department"
    )
    assert "overrule" in may(SLIPS, WhistleSlip.objects.get(status="objected"), "arbiter")


def test_the_secretary_is_still_to_give_her_points(district):
    evaluation = Evaluation.objects.get(grid=COMMUNITY[:9])
    assert "give" in may(EVALUATIONS, evaluation, "secretary")
    given = set(evaluation.given.values_list("grid", flat=True))
    assert NEIGHBOUR in given and COMMUNITY not in given


# --- mediation -----------------------------------------------------------------------------------------------------
def test_the_director_finds_something_of_every_kind_at_the_desk(district):
    mine = Dispute.objects.restrict(person("director"))
    assert {each.status for each in mine} >= {
        "registered",
        "accepted",
        "sent",
        "mediating",
        "agreed",
        "closed",
        "archived",
    }
    for action, status in (("accept", "registered"), ("assign", "accepted"), ("take_over", "sent")):
        assert any(action in may(DISPUTES, each, "director") for each in mine.filter(status=status)), action
    assert mine.red().exists() and mine.yellow().exists()
    assert mine.waiting_for_consent().exists() and mine.to_follow_up().exists()
    assert mine.filter(grade="A", guests__until=None, guests__isnull=False).exists()
    assert Archive.objects.restrict(person("director")).exclude(hold_reason="").exists()
    numbered = mine.exclude(case_number=None).first()
    assert numbered in mine.search(numbered.case_number, person("director"))


def test_the_mediator_has_a_full_day(district):
    mediator, today = person("mediator"), NOW.date()
    planned = Session.objects.restrict(mediator).mediated_by(mediator).planned()
    assert planned.filter(starts_at__date=today).count() >= 2
    assert (
        planned.filter(starts_at__date__lt=today).exists()
        and planned.filter(starts_at__date__gt=today).exists()
    )
    mine = Dispute.objects.restrict(mediator).mediated_by(mediator)
    assert mine.filter(follow_up_on=today).exists() and mine.filter(follow_up_on__lt=today).exists()
    assert mine.red().exists() and mine.yellow().exists() and mine.exclude(closed_at=None).exists()
    terms = Term.objects.restrict(mediator).mediated_by(mediator).unperformed(today + timedelta(days=3))
    assert terms.filter(due_on__lt=today).exists() and terms.filter(due_on__gt=today).exists()
    assert JudicialConfirmation.objects.filter(agreement__dispute__in=mine, result="asked").exists()


def test_the_resident_is_asked_confirms_and_rates(district):
    mine = Dispute.objects.restrict(person("resident"), "follow").of_party(person("resident"))
    offered = [may(DISPUTES, each, "resident") for each in mine]
    for action in ("agree", "confirm", "rate", "choose_mediator"):
        assert any(action in each for each in offered), action


def test_the_judicial_officer_has_figures_and_one_file(district):
    justice = person("justice")
    assert Dispute.objects.restrict(justice, "count").count() >= 20
    assert Viewing.objects.filter(user=justice, until__gt=NOW).count() == 1


def test_disputes_are_dealt_so_that_there_is_some_of_everything(db):
    world = World(seed=1, now=NOW)
    for code in (DISTRICT, COMMUNITY[:9], COMMUNITY, NEIGHBOUR, f"{COMMUNITY}001"):
        world.grids[code] = None
        world.staff["mediation_director", code] = [None]
        world.mediators[code] = [SimpleNamespace(since=NOW.date() - timedelta(days=400))]
    world.grids[f"{NEIGHBOUR}001"] = None
    plans = plan_all(world)
    assert len(plans) == HOW_MANY and {each.category for each in plans} == set(CASES) == set(Category.values)
    assert {each.fate for each in plans} == set(FATES) and {each.ruling for each in plans} >= set(RULINGS)
    assert {each.origin for each in plans} == set(Origin.values) and {each.grade for each in plans} == set(
        "ABC"
    )
    assert {len(each.seat) for each in plans} == {6, 9, 12}
    assert all(one.case != two.case for one, two in zip(plans, plans[1:], strict=False))
    recent = [each for each in plans if NOW - each.began < timedelta(days=90)]
    assert len(recent) > len(plans) * 0.35 and plans[0].began < NOW - timedelta(days=270)
