"""An order under any sequence of actions by any people: whatever is tried, in whatever order, the books stay right."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance import flow as engine
from governance.flow import FlowError
from tests import factories
from tests.thorough import measure
from volunteers.flow import ORDERS
from volunteers.models import HoursEntry, Order
from volunteers.models.orders import LIVE, TAKING

pytestmark = pytest.mark.django_db

#: (what: a number picks one of the actions offered to the person, a name is tried offered or not; who; a number for the data).
#: People by their place in the cast: 0 the resident, 1 the secretary, 2-4 volunteers, 5 the team's leader.
moves = st.lists(
    st.tuples(
        st.integers(0, 11) | st.integers(0, 11) | st.sampled_from([*sorted(ORDERS.actions), "tick"]),
        st.integers(0, 5),
        st.integers(0, 4),
    ),
    min_size=8,
    max_size=40,
)


class _Undo(Exception):
    pass


@settings(max_examples=measure(8, 25), deadline=None, suppress_health_check=list(HealthCheck))
@given(places=st.integers(1, 3), moves=moves)
def test_the_books_stay_right(territory, places, moves):
    try:
        with transaction.atomic():
            play(places, moves)
            raise _Undo
    except _Undo:
        pass


def play(places, moves):
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    volunteers = [factories.make_volunteer(approved_by=secretary) for _ in range(3)]
    team = factories.make_team()
    leader = factories.make_staff("team_leader", factories.COMMUNITY, unit=team.unit)
    for volunteer in volunteers:
        factories.join(team, volunteer)
    order = factories.make_order(places=places, wanted_from=timezone.now() - timedelta(minutes=30))
    cast = [order.applicant, secretary, *[v.applicant for v in volunteers], leader]
    for name, who, number in moves:
        order = Order.objects.get(pk=order.pk)
        if isinstance(name, int):
            offered = [
                a.name
                for a in ORDERS.available(order, cast[who])
                if a.name not in ("cancel", "reject", "pause")
            ]
            if not offered:
                continue
            name = offered[name % len(offered)]
        if name == "tick":
            engine.tick(timezone.now() + timedelta(hours=number * 3))
        else:
            claim = order.claims.filter(status="held").first()
            data = {
                "note": "演练", "code": order.code, "stars": 1 + number, "team": team, "places": 1 + number,
                "volunteers": volunteers[number % 3 :][:2], "claim": claim, "wanted_until": order.wanted_until + timedelta(hours=number),
                "checked_in_at": timezone.now() - timedelta(minutes=20), "checked_out_at": timezone.now(),
            }  # fmt: skip
            with suppress(FlowError):
                ORDERS.run(order, name, by=cast[who], version=order.version if number else None, **data)
        assert_books(order.pk)


def assert_books(key):
    order = Order.objects.get(pk=key)
    claims = order.claims.all()
    taking = claims.filter(status__in=TAKING).count()
    assert order.taken == taking <= order.places
    assert order.version == order.steps.count() == order.steps.last().seq
    assert order.steps.last().to_status == order.status
    assert (order.closed_at is not None) == (order.status in ORDERS.final)
    if order.closed_at is not None:
        assert order.due_at is None
        assert not claims.filter(status__in=("invited", "offered", "waiting")).exists(), (
            "nobody waits for a closed order"
        )
    if order.status == "claimed":
        assert claims.filter(status="held").count() == order.places
    if order.status == "serving":
        assert claims.filter(status="held").exists()
    if order.status in ("served", "confirmed", "rated"):
        assert claims.filter(status="served").exists()
        assert not claims.filter(status="held").exists()
    if order.status in ("placed", "returned", "rejected", "cancelled") and order.status != "placed":
        assert not claims.filter(status__in=LIVE).exists()
    earned = HoursEntry.objects.filter(claim__order=order)
    served = claims.filter(status="served").count() if order.status in ("confirmed", "rated") else 0
    assert earned.count() == served, "hours are written once, when the service is confirmed"
