"""Two calls with one number at the same moment, over real connections, give one incident and one answer."""

import pytest

from incidents.models import Incident, SourceCall
from incidents.services import sources
from tests import factories
from tests.concurrency import all_at_once
from tests.incidents.test_source_api import URL, body, client_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_same_call_at_once_is_one_incident(transactional_db):
    factories.make_territory()
    minor = factories.make_minor()
    _, key = sources.create_source("smoke", "烟感平台", "device", None)
    answers = all_at_once(*[lambda: client_of(key).post(URL, body(minor), format="json")] * 6)
    assert sorted(a.status_code for a in answers) == [200] * 5 + [201]
    assert len({a.json()["number"] for a in answers}) == 1
    assert Incident.objects.count() == 1 and SourceCall.objects.count() == 6
