"""Incidents under real concurrency: two people at once, on connections of their own."""

import pytest

from governance.flow import FlowError, Refused
from incidents.flow import INCIDENTS
from incidents.models import Incident
from tests import factories
from tests.concurrency import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def secretary(transactional_db):
    factories.make_territory()
    return factories.make_staff("community_secretary", factories.COMMUNITY)


def test_one_of_two_officers_takes_it_in(secretary):
    unit = factories.make_unit()
    officers = [factories.make_staff("department_officer", factories.DISTRICT, unit=unit) for _ in range(2)]
    incident = factories.dispatch(factories.make_incident(), by=secretary, to=unit)
    outcomes = all_at_once(*[lambda o=o: INCIDENTS.run(incident.pk, "receive", by=o) for o in officers])
    assert sum(isinstance(each, Refused) for each in outcomes) == 1
    assert Incident.objects.get().steps.filter(action="receive").count() == 1


def merging(incident, lead, by):
    return lambda: INCIDENTS.run(incident.pk, "merge", by=by, lead=lead)


def test_two_that_are_merged_into_each_other_leave_one_lead(secretary):
    minor = factories.make_minor()
    for _ in range(5):
        one, two = (factories.make_incident(minor_class=minor) for _ in range(2))
        outcomes = all_at_once(merging(one, two, secretary), merging(two, one, secretary))
        merged = [each for each in outcomes if isinstance(each, Incident)]
        assert len(merged) <= 1 and all(isinstance(e, Incident | FlowError) for e in outcomes)
        assert Incident.objects.filter(pk__in=[one.pk, two.pk], status="merged").count() == len(merged)


def test_a_report_sent_twice_at_once_is_one(secretary):
    resident, minor = factories.make_user(), factories.make_minor()
    send = lambda: factories.make_incident(by=resident, minor_class=minor, source_id="same")  # noqa: E731
    assert len({incident.pk for incident in all_at_once(*[send] * 6)}) == 1
    assert Incident.objects.count() == 1
