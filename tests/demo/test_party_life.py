"""The demo's meetings hold what the flow would have left behind."""

from datetime import timedelta

import pytest
from django.utils import timezone

from demo import party_life
from demo.world import World
from parties.models import Attendance, Meeting, Organisation
from tests import factories, party

pytestmark = pytest.mark.django_db


def test_meetings_of_four_months_are_written(territory, monkeypatch):
    branch = party.make_branch()
    secretary = party.make_secretary(branch)
    party.make_group(branch)
    Organisation.objects.update(established_on=timezone.localdate() - timedelta(days=800))
    monkeypatch.setattr(party_life, "IN_DETAIL", (factories.COMMUNITY,))
    number = party_life.load_life(World(1, timezone.now()), Organisation.objects.select_related("grid"))
    held = Meeting.objects.counting()
    assert number == Meeting.objects.count() > 8 and 0 < held.count() <= number
    assert not held.filter(starts_at__gt=timezone.now()).exists() and not held.exclude(due_at=None).exists()
    assert Attendance.objects.count() == sum(held.values_list("expected", flat=True))
    first = Meeting.objects.search(held.first().title[:4], secretary).first()
    assert first is not None and first.steps.count() == first.version
    later = party.make_meeting(branch, by=secretary, days=9)
    assert later.number not in set(Meeting.objects.exclude(pk=later.pk).values_list("number", flat=True))
