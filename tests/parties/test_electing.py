"""The sums of the regulation on elections, by hand and by chance."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.flow import Refused
from parties import electing

VOTES = st.lists(st.integers(0, 60), max_size=10).map(lambda numbers: dict(enumerate(numbers)))
#: A busy machine is no fault.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(("seats", "least"), [(1, 2), (3, 4), (5, 6), (6, 8), (10, 12), (11, 14)])
def test_candidates_are_a_fifth_more_than_seats(seats, least):
    assert electing.least_candidates(seats) == least


@pytest.mark.parametrize(
    ("attended", "entitled", "counts"),
    [(4, 5, True), (3, 5, False), (8, 10, True), (15, 19, False), (16, 19, True), (0, 0, False)],
)
def test_a_meeting_needs_four_fifths(attended, entitled, counts):
    assert electing.is_quorate(attended, entitled) is counts


@pytest.mark.parametrize(
    ("votes", "entitled", "enough"), [(5, 10, False), (6, 10, True), (5, 9, True), (4, 9, False)]
)
def test_half_is_not_enough(votes, entitled, enough):
    assert electing.has_majority(votes, entitled) is enough


def test_the_most_votes_get_the_seats():
    assert electing.elect(3, 20, {1: 18, 2: 15, 3: 12, 4: 11}) == {1, 2, 3}
    assert electing.elect(3, 20, {1: 18, 2: 10, 3: 9}) == {1}, "half is not more than half"


def test_equal_votes_at_the_last_seat_elect_neither():
    assert electing.elect(2, 20, {1: 18, 2: 12, 3: 12}) == {1}
    assert electing.elect(3, 20, {1: 18, 2: 12, 3: 12}) == {1, 2, 3}
    assert electing.elect(1, 20, {1: 12, 2: 12}) == set()


@PATIENT
@given(seats=st.integers(0, 12), entitled=st.integers(1, 80), votes=VOTES)
def test_nobody_is_elected_by_half_and_seats_are_never_exceeded(seats, entitled, votes):
    elected = electing.elect(seats, entitled, votes)
    assert len(elected) <= seats
    assert all(votes[key] * 2 > entitled for key in elected)
    # Whoever stays outside has fewer votes than everyone inside.
    assert all(
        votes[key] < min(votes[inside] for inside in elected) for key in votes.keys() - elected if elected
    )


@PATIENT
@given(st.tuples(*[st.integers(0, 30)] * 5))
def test_papers_that_pass_never_rise_and_the_meeting_counts(numbers):
    named = dict(zip(("entitled", "attended", "given", "returned", "valid"), numbers, strict=True))
    try:
        electing.check_papers(named)
    except Refused as refusal:
        assert refusal.field in named
        assert (
            sorted(numbers, reverse=True) != list(numbers)
            or numbers[1] * 5 < numbers[0] * 4
            or not numbers[0]
        )
    else:
        assert sorted(numbers, reverse=True) == list(numbers) and numbers[1] * 5 >= numbers[0] * 4


@PATIENT
@given(seats=st.integers(1, 7), valid=st.integers(0, 40), votes=VOTES)
def test_votes_that_pass_fit_the_papers(seats, valid, votes):
    fields = {key: f"votes_{key}" for key in votes}
    possible = all(n <= valid for n in votes.values()) and sum(votes.values()) <= valid * seats
    try:
        electing.check_votes(seats, valid, votes, fields)
    except Refused as refusal:
        assert not possible and refusal.field in fields.values()
    else:
        assert possible
