"""How long a term is, and who is told when it comes to its end."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from governance import parameters
from governance.flow import NotYours, tick
from parties.models import BranchForm, TermReminder
from parties.services.organisations import keep
from parties.terms import term_end
from tests import party
from tests.cast import Cast
from tests.parties.voting import DAY, TODAY, electorate
from tests.standing import standing

pytestmark = pytest.mark.django_db


@standing
def here(territory):
    return electorate()


def enter(user):
    return Cast(people={"she": user}).client("she")


def test_a_term_is_as_long_as_its_kind_says(here):
    day = date(2024, 2, 29)
    assert term_end(here.committee, day) == date(2029, 2, 27)
    assert term_end(here.branch, date(2026, 11, 1)) == date(2031, 10, 31)
    here.branch.form = BranchForm.NEW_SECTOR
    assert term_end(here.branch, date(2026, 11, 1)) == date(2029, 10, 31)
    parameters.change("parties.term_other", 4)
    assert term_end(here.branch, date(2026, 11, 1)) == date(2030, 10, 31)
    assert term_end(here.branch, date(9998, 1, 2)).year == 9999
    address, before = (
        reverse("admin:parties_organisation_keep", args=[here.branch.pk]),
        here.branch.term_until,
    )
    browser = enter(here.own)
    assert "term_from" not in browser.get(address).content.decode(), "a term is the superior's to set"
    browser.post(address, {"phone": "022-12345678", "term_from": "2025-01-01", "term_until": "2040-01-01"})
    here.branch.refresh_from_db()
    assert (here.branch.term_until, here.branch.phone) == (before, "022-12345678")
    here.branch.term_until = date(2040, 1, 1)
    with pytest.raises(NotYours):
        keep(here.branch, by=here.own)
    browser = enter(here.superior)
    assert browser.post(address, {"term_from": "2025-01-01", "term_until": ""}).status_code == 302
    here.branch.refresh_from_db()
    assert here.branch.term_until == date(2029, 12, 31)


def test_each_stage_of_a_term_is_told_of_once(here):
    now = timezone.now()
    here.superior.notices.all().delete()
    for _ in range(2):
        tick(now)
    told = TermReminder.objects.get()
    assert told.stage == "half" and told.organisation == here.branch and told.units == here.branch.units
    for person in (here.own, here.superior):
        assert person.notices.filter(title__contains="请准备换届").count() == 1
    assert not here.neighbour.notices.filter(title__contains="换届").exists()
    # Late: what passed meanwhile is not made up for.
    for days, stage in ((75, "month"), (110, "over"), (115, "over")):
        tick(now + days * DAY)
        assert TermReminder.objects.first().stage == stage
    assert TermReminder.objects.count() == 3
    # The next term is told of anew; nobody is while the election is under way.
    here.branch.term_until = TODAY() + 200 * DAY
    here.branch.save()
    election = party.make_election(here.branch, by=here.own)
    tick(now + 110 * DAY)
    assert TermReminder.objects.count() == 3
    party.take(election, "withdraw", here.own, note="再议")
    tick(now + 110 * DAY)
    assert TermReminder.objects.count() == 4


def test_a_late_election_is_reminded_of_once(here):
    election = party.make_election(here.branch, by=here.own)
    for _ in range(2):
        tick(timezone.now() + 2 * DAY)
    assert election.steps.filter(action="remind").count() == 1
