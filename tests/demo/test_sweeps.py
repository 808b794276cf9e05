"""The demo's sweeps, in a community with a few households."""

import pytest

from demo.sweeps import make_emergency, make_survey
from grids.models import SweepTarget
from tests import factories, sweeping

pytestmark = pytest.mark.django_db


def test_a_survey_has_ended_and_an_emergency_runs(territory):
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    other = f"{factories.COMMUNITY}002"
    for code in (factories.BASE, other):
        factories.make_staff("grid_worker", code)
        sweeping.make_households(code, 24)
    survey = make_survey(factories.COMMUNITY, by=secretary)
    assert survey.status == "closed" and survey.report["total"]["left"] == 0
    assert survey.report["total"]["findings"] and survey.report["total"]["absent"]
    emergency = make_emergency(factories.COMMUNITY, by=secretary)
    rows = SweepTarget.objects.filter(sweep=emergency)
    assert emergency.is_running and rows.filter(is_finding=True).exists()
    assert not rows.filter(grid=other).exclude(outcome="").exists()
    assert rows.filter(grid=factories.BASE, outcome="").exists()
