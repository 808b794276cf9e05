"""The demo's care plans: rows that the services could have made, the same for the same seed, and something of everything."""

import random

import pytest
from django.utils import timezone

from demo.care import Hands, make_care_plans
from demo.names import Names
from grids.models import CareContact, CarePlan, CareVisit, Resident
from tests import factories
from tests.care import make_resident

pytestmark = pytest.mark.django_db


def make(number: int, seed: int = 7, residents=None) -> list[CarePlan]:
    residents = residents or neighbours(number)
    friend = factories.make_user()
    hands = Hands(
        {factories.BASE: [factories.make_staff("grid_worker", factories.BASE)]},
        {factories.COMMUNITY: [factories.make_staff("community_secretary", factories.COMMUNITY)]},
        {factories.COMMUNITY: [friend]},
    )
    chance = random.Random(seed)  # noqa: S311  made-up figures
    return make_care_plans(
        residents, hands, now=timezone.now(), chance=chance, names=Names(random.Random(seed))
    )  # noqa: S311


def neighbours(number: int) -> list[Resident]:
    door = factories.make_entrance()
    return [make_resident(entrance=door) for _ in range(number)]


def shape(plans):
    return [
        (p.colour, p.since, p.looked_in_on, p.due_on, p.look_ins.count(), p.contacts.count()) for p in plans
    ]


def test_the_plans_are_sound_and_of_every_kind(territory, django_assert_max_num_queries):
    today = timezone.localdate()
    residents = neighbours(60)
    with django_assert_max_num_queries(60):
        plans = make(60, residents=residents)
    assert len(plans) == CarePlan.objects.count() == 60
    assert {plan.colour for plan in plans} == {"red", "orange", "yellow", "green"}
    assert 0 < CarePlan.objects.overdue(today).count() < 20
    assert set(CareVisit.objects.values_list("outcome", flat=True)) == {"well", "needs", "absent"}
    assert CareContact.objects.exclude(user=None).exists()
    for plan in plans:
        plan.refresh_from_db()
        plan.full_clean()
        assert plan.carers.count() >= 1
        met = plan.look_ins.exclude(due_on=None).order_by("visited_at")
        last = met.last()
        assert plan.looked_in_on == (timezone.localdate(last.visited_at) if last else None)
        assert met.count() == met.values("due_on").distinct().count()


def test_the_same_seed_gives_the_same_plans(territory):
    assert shape(make(12)) == shape(make(12))


def test_without_anybody_to_look_in_there_is_no_plan(territory):
    resident = make_resident(factories.FAR_BASE)
    chance = random.Random(1)  # noqa: S311
    assert (
        make_care_plans([resident], Hands({}, {}, {}), now=timezone.now(), chance=chance, names=Names(chance))
        == []
    )
