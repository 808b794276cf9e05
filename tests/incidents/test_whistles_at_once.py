"""Whistles under real concurrency: two people at once, on connections of their own."""

import pytest

from governance.flow import FlowError, Refused
from incidents.flow import EVALUATIONS, SLIPS, WHISTLES
from incidents.models import CommunityScore, Whistle, WhistleSlip
from incidents.services.evaluation import give_felt_score
from tests import factories
from tests.concurrency import all_at_once
from tests.incidents.test_evaluation import Street

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def street(transactional_db):
    factories.make_territory()
    return Street()


def test_two_officers_take_in_one_slip_at_once(street):
    other = factories.make_staff("department_officer", factories.DISTRICT, unit=street.units[0])
    slip = factories.make_whistle(by=street.head, units=street.units[:1]).slips.get()
    outcomes = all_at_once(
        *[lambda o=o: SLIPS.run(slip.pk, "receive", by=o) for o in (street.people[0], other)]
    )
    assert sum(isinstance(each, Refused) for each in outcomes) == 1
    assert slip.steps.filter(action="receive").count() == 1


def test_the_last_two_answers_at_once_hand_the_whistle_over_once(street):
    for _ in range(4):
        made = factories.make_whistle(by=street.head, units=street.units)
        slips = list(made.slips.order_by("pk"))
        for slip, person in zip(slips, street.people, strict=True):
            SLIPS.run(slip, "arrive", by=person, on_site=True)
            SLIPS.run(slip, "take_on", by=person)
        all_at_once(
            *[
                lambda s=s, p=p: SLIPS.run(s.pk, "feed_back", by=p, note="好了")
                for s, p in zip(slips, street.people, strict=True)
            ]
        )
        made.refresh_from_db()
        assert made.status == "verifying" and made.steps.filter(action="gather").count() == 1


def test_taking_back_and_feeding_back_at_once_wait_for_nobody_for_ever(street):
    for _ in range(4):
        made = factories.make_whistle(by=street.head, units=street.units[:1])
        slip = made.slips.get()
        SLIPS.run(slip, "arrive", by=street.people[0], on_site=True)
        SLIPS.run(slip, "take_on", by=street.people[0])
        outcomes = all_at_once(
            lambda m=made: WHISTLES.run(m.pk, "withdraw", by=street.head, note="不用了"),
            lambda s=slip: SLIPS.run(s.pk, "feed_back", by=street.people[0], note="好了"),
        )
        assert all(isinstance(each, Whistle | WhistleSlip | FlowError) for each in outcomes)
        pair = (Whistle.objects.get(pk=made.pk).status, WhistleSlip.objects.get(pk=slip.pk).status)
        assert pair in {("withdrawn", "withdrawn"), ("verifying", "fed_back")}


def test_communities_give_their_scores_at_once(street):
    evaluation = EVALUATIONS.run(street.open(), "start", by=street.officer)
    all_at_once(
        *[
            lambda p=p, n=n: give_felt_score(evaluation, by=p, given=[(street.units[0], 80 + n, "")])
            for n, p in enumerate(street.secretaries)
        ]
    )
    assert sorted(CommunityScore.objects.values_list("points", flat=True)) == [80, 81]
