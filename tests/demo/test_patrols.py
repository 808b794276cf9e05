"""The demo's rounds and self-checks are such as could have come about."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from demo import patrols
from grids.models import Grid, Hazard, Patrol, PatrolPoint, PatrolTick, Premises, SelfCheck
from grids.reports import coverage
from grids.reports import selfchecks as figures
from tests import factories
from tests.patrols import make_premises

pytestmark = pytest.mark.django_db


def test_a_grids_month_of_rounds(secretary):
    worker = factories.make_staff("grid_worker", factories.BASE)
    now, today = timezone.now(), timezone.localdate()
    since = today - timedelta(days=60)
    points = patrols.load_points(Grid.objects.get(code=factories.BASE), since=since, at=now)
    patrols.load_rounds(points, worker, random.Random(1), today=today)
    assert len(points) == len(patrols.POINTS) and all(point.items.exists() for point in points)
    assert 20 <= Patrol.objects.count() <= 30 and PatrolTick.objects.filter(day__gte=today).count() == 0
    total = coverage.table(secretary, factories.COMMUNITY, 30)[0]
    assert total.values["points"] == len(points) and 60 <= total.share <= 100
    for point in PatrolPoint.objects.all():
        assert point.looked_on == point.ticks.latest("day").day


def test_shops_check_themselves_in_time_late_or_never(secretary):
    for number in range(60):
        make_premises(small=("eatery", "inn", "store")[number % 3])
    patrols.load_checks(
        Premises.objects.checking().select_related("grid"), random.Random(2), now=timezone.now()
    )
    values = figures.table(secretary, factories.COMMUNITY, "place")[0].values
    assert values["premises"] == 60 and min(values[key] for key in ("checked", "late", "never", "open")) > 0
    assert values["checked"] + values["late"] + values["never"] == 60
    assert SelfCheck.objects.count() == values["checked"] + values["late"]
    for hazard in Hazard.objects.select_related("answer__check_of", "premises"):
        assert not hazard.answer.is_ok and hazard.answer.check_of.premises == hazard.premises
