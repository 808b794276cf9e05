"""Wishes under real concurrency: several database connections at once."""

from datetime import timedelta

import pytest

from governance.flow import FlowError, Refused
from governance.models import Intake
from parties.flow import WISHES
from parties.models import MicroWish
from tests import factories, party
from tests.concurrency import all_at_once
from volunteers.flow import ORDERS
from volunteers.models import Claim, Order

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db):
    factories.make_territory()
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    branch = party.make_branch()
    members = [party.make_account(branch) for _ in range(6)]
    for member in members[:3]:
        factories.make_volunteer(user=member, approved_by=secretary)
    return secretary, members


def claim(wish, member):
    window = {"wanted_from": factories.tomorrow(), "wanted_until": factories.tomorrow() + timedelta(hours=2)}
    return lambda: WISHES.run(wish, "claim", by=member, version=wish.version, **window)


def test_of_many_members_who_claim_at_once_one_has_it(world):
    secretary, members = world
    wish = party.publish(party.make_wish(), by=secretary)
    outcomes = all_at_once(*(claim(wish, member) for member in members), claim(wish, members[0]))
    won = [each.claimer for each in outcomes if isinstance(each, MicroWish)]
    wish.refresh_from_db()
    assert won and set(won) == {wish.claimer}
    assert sum(isinstance(each, FlowError) for each in outcomes) == len(outcomes) - len(won)
    assert Order.objects.count() == Intake.objects.filter(referred_from=wish.number).count() == 1
    assert wish.times_claimed == 1 and wish.steps.filter(action="claim").count() == 1


def test_given_back_while_the_order_is_cancelled_ends_in_one_of_the_two(world):
    """Both lock the order first: nobody waits for the other for ever, and both rows agree."""
    secretary, members = world
    for _ in range(4):
        wish = claim(party.publish(party.make_wish(), by=secretary), members[0])()
        order = Order.objects.latest("pk")
        outcomes = all_at_once(
            lambda wish=wish: WISHES.run(wish, "give_back", by=members[0], note="出差"),
            lambda order=order: ORDERS.run(order, "cancel", by=secretary, note="时间不合适"),
            lambda wish=wish: WISHES.run(wish, "withdraw", by=wish.applicant),
        )
        wish.refresh_from_db()
        order.refresh_from_db()
        assert order.status == "cancelled" and wish.status in ("published", "withdrawn")
        assert wish.steps.count() == wish.version
        assert not Claim.objects.filter(order=order, status="held").exists()
        assert all(isinstance(each, MicroWish | Order | Refused | FlowError) for each in outcomes)
