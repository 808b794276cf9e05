"""Which volunteers are suggested for an order, in which order, and why."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tests.standing import standing
from volunteers.flow import ORDERS
from volunteers.matching import Facts, Nearness, distance_text, metres_between, metres_text, score, suggest
from volunteers.models import Skill, Volunteer
from volunteers.models.people import week_parts_of

FACTS = st.builds(
    Facts,
    nearness=st.sampled_from(Nearness),
    metres=st.none() | st.integers(0, 20_000),
    free=st.none() | st.booleans(),
    load=st.integers(0, 10),
    earlier=st.integers(0, 30),
    skills=st.sampled_from([(), ("电工",)]),
)


# --- the pure rule -------------------------------------------------------------------------------------------------------
@given(FACTS, st.sampled_from(Nearness))
def test_nearer_never_counts_less(facts, other):
    nearer = max(facts.nearness, other)
    if facts.metres is None:
        assert score(Facts(**vars(facts) | {"nearness": nearer}))[0] >= score(facts)[0]


@given(FACTS)
def test_each_thing_counts_in_its_direction_and_is_said(facts):
    points, reasons = score(facts)
    assert score(Facts(**vars(facts) | {"load": facts.load + 1}))[0] <= points
    assert score(Facts(**vars(facts) | {"earlier": facts.earlier + 1}))[0] >= points
    assert score(Facts(**vars(facts) | {"free": True}))[0] >= points
    said = "；".join(reasons)
    assert facts.nearness.text in said
    assert ("服务过" in said) == bool(facts.earlier) and ("会电工" in said) == bool(facts.skills)


def test_distances_are_said_as_people_say_them():
    assert [metres_text(m) for m in (20, 130, 949, 951, 1249)] == [
        "不到 100 米", "约 100 米", "约 900 米", "约 1.0 公里", "约 1.2 公里",
    ]  # fmt: skip


# --- from the database ---------------------------------------------------------------------------------------------------
@standing
def order(secretary):
    return factories.make_order(entrance=factories.make_entrance(longitude=117.15, latitude=39.17))


def found(order, **options) -> list[Volunteer]:
    return [each.volunteer for each in suggest(order, **options)]


@pytest.mark.django_db
def test_the_distance_of_two_doors(territory):
    here = factories.make_entrance(longitude=117.15, latitude=39.17)
    assert metres_between(here, factories.make_entrance(longitude=117.15, latitude=39.18)) == pytest.approx(
        1112, abs=2
    )
    assert metres_between(here, factories.make_entrance()) is None


@pytest.mark.django_db
def test_the_reach_each_volunteer_set_is_respected(order, secretary):
    near = factories.make_volunteer(approved_by=secretary, reach="community")
    neighbours = {
        r: factories.make_volunteer(factories.NEIGHBOUR_BASE, reach=r) for r in ("community", "street")
    }
    far = {r: factories.make_volunteer(factories.FAR_BASE, reach=r) for r in ("street", "district")}
    assert set(found(order)) == {near, neighbours["street"], far["district"]}
    assert found(order)[0] == near


@pytest.mark.django_db
def test_only_those_who_can_and_may_are_suggested(secretary):
    skill = Skill.objects.create(name="电工")
    resident = factories.make_volunteer(approved_by=secretary, skills=[skill])
    order = factories.make_order(by=resident.applicant, item=factories.make_item(skill))
    able = factories.make_volunteer(approved_by=secretary, skills=[skill])
    factories.make_volunteer(approved_by=secretary)  # lacks the skill
    busy = factories.make_volunteer(approved_by=secretary, skills=[skill])
    other = factories.open_order(factories.make_order(), by=secretary)
    ORDERS.run(other, "claim", by=busy.applicant)  # holds an order at that very time
    assert found(order) == [able]
    assert "会电工" in suggest(order)[0].reasons
    ORDERS.run(order, "assign_people", by=secretary, volunteers=[able])
    assert found(order) == []


@pytest.mark.django_db
def test_free_time_load_and_earlier_service_rank(order, secretary):
    parts = sorted(week_parts_of(order.wanted_from, order.wanted_until))
    other_part = "1e" if "1e" not in parts else "2e"
    free, unsaid, not_then = (
        factories.make_volunteer(approved_by=secretary, free_times=times)
        for times in (parts, [], [other_part])
    )
    assert found(order) == [free, unsaid, not_then]
    before = factories.make_order(by=order.applicant, wanted_from=timezone.now() - timedelta(minutes=5))
    before = factories.open_order(before, by=secretary)
    for action in ("claim", "check_in", "check_out"):
        before = ORDERS.run(before, action, by=not_then.applicant, code=before.code)
    assert suggest(order)[-1].volunteer != not_then or "服务过这位居民 1 次" in suggest(order)[-1].reasons
    assert any("服务过这位居民 1 次" in each.reasons for each in suggest(order) if each.volunteer == not_then)
    later = factories.make_order(wanted_from=order.wanted_until + timedelta(days=2))
    ORDERS.run(factories.open_order(later, by=secretary), "claim", by=free.applicant)
    assert "手上有 1 单" in next(each for each in suggest(order) if each.volunteer == free).reasons


@pytest.mark.django_db
def test_a_team_is_asked_whatever_its_members_reach(order, secretary):
    far = factories.make_volunteer(factories.FAR_BASE, reach="community")
    assert found(order, among=Volunteer.objects.filter(pk=far.pk)) == [far]
    assert found(order) == []


@pytest.mark.django_db
def test_how_far_an_order_is(order, secretary):
    same = factories.make_volunteer(approved_by=secretary, entrance=order.entrance)
    street = factories.make_volunteer(factories.NEIGHBOUR_BASE)
    assert distance_text(order, same) == "同楼门"
    assert distance_text(order, street) == "同街道"


@pytest.mark.django_db
def test_two_queries_however_many_volunteers(order, secretary):
    factories.make_volunteer(approved_by=secretary)
    with CaptureQueriesContext(connection) as few:
        suggest(order)
    for _ in range(12):
        factories.make_volunteer(approved_by=secretary)
    with CaptureQueriesContext(connection) as many:
        assert len(suggest(order)) == 10
    assert len(few) == len(many) == 2
