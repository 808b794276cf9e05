"""A page of rows that are reached on several grounds holds just what the whole list begins with."""

import pytest
from django.db import connection
from django.db.models import Q, Window
from django.db.models.functions import RowNumber
from django.test.utils import CaptureQueriesContext

from governance.sharing import share
from tests import factories
from tests.standing import standing
from volunteers.models import Claim, Order

pytestmark = pytest.mark.django_db


@standing
def world(territory):
    """A secretary who reaches her community's orders, two shared ones and one of her own, elsewhere."""
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    item = factories.make_item()
    places = [factories.BASE, factories.FAR_BASE] * 6
    orders = [factories.make_order(code, item=item, places=1 + n % 2) for n, code in enumerate(places)]
    for order in (orders[1], orders[5]):
        share(order, secretary, {"view"}, by=secretary, reason="协办")
    factories.make_order(factories.FAR_BASE, by=secretary, item=item)
    return factories.User.objects.get(pk=secretary.pk)


@pytest.mark.parametrize(
    "narrowed",
    [
        lambda rows: rows,
        lambda rows: rows.order_by("wanted_from", "pk"),
        lambda rows: rows.order_by("-grid", "pk").select_related("grid", "entrance__building"),
        lambda rows: rows.filter(Q(places=2) | Q(community_code=factories.FAR)),
        lambda rows: rows.exclude(places=2).for_page(),
        lambda rows: rows.filter(places=1).prefetch_related("steps"),
        lambda rows: rows.with_light().order_by("light_rank", "-pk"),
    ],
)
@pytest.mark.parametrize("window", [(0, 3), (0, 25), (2, 5), (7, 30), (30, 40)])
def test_a_page_is_a_part_of_the_list(world, narrowed, window):
    rows = narrowed(Order.objects.restrict(world))
    assert len(rows._grounds) == 2, "by post, and by exceptions"
    whole = [order.pk for order in rows]
    assert 2 <= len(whole) <= 9
    assert [order.pk for order in rows[slice(*window)]] == whole[slice(*window)]


def test_each_ground_is_asked_alone_in_one_statement(world, django_assert_num_queries):
    rows = Order.objects.restrict(world)[:5]
    with CaptureQueriesContext(connection) as caught:
        assert len(rows) == 5
    [sent] = [each["sql"] for each in caught.captured_queries]
    assert "UNION ALL" in sent
    assert " OR " not in sent


@pytest.mark.parametrize("window", [(0, 3), (2, 5), (5, 30)])
def test_a_page_on_one_ground_is_cut_before_it_is_joined(world, window):
    street = factories.User.objects.get(pk=factories.make_staff("street_officer", factories.STREET).pk)
    rows = Order.objects.restrict(street).for_page()
    for narrowed, cut in (
        (rows, True),
        (rows.filter(Q(places=2) | Q(places=1)).order_by("-grid__name", "pk"), True),
        (rows.filter(item__name__contains="项目"), False),
    ):
        whole = list(narrowed)
        assert len(whole) == 6
        with CaptureQueriesContext(connection) as caught:
            page = [(order.pk, order.item.name, order.place_text) for order in narrowed.all()[slice(*window)]]
        assert page == [(o.pk, o.item.name, o.place_text) for o in whole[slice(*window)]]
        [sent] = [each["sql"] for each in caught.captured_queries]
        assert ("FROM (" in sent) == cut


def test_a_later_filter_or_restriction_is_not_lost(world):
    stranger = factories.make_staff("community_secretary", factories.NEIGHBOUR)
    assert list(Order.objects.restrict(world).restrict(stranger)[:9]) == []
    twice = Order.objects.restrict(world).restrict(world)
    assert list(twice[:20]) == list(twice)
    none = Order.objects.restrict(world).filter(Q(places=40) | Q(places=41))
    assert list(none[:9]) == []


def test_what_looks_beyond_the_row_is_asked_as_a_whole(world):
    """An order by something that a row has many of, a window over all rows, and a combination of two querysets."""
    rows = Order.objects.restrict(world)
    for volunteer in (factories.make_volunteer(), factories.make_volunteer(factories.FAR_BASE)):
        Claim.objects.create(order=rows[0], volunteer=volunteer, status="void", window=(None, None))
    many = rows.order_by("claims__status", "-pk")
    assert [order.pk for order in many[:30]] == [order.pk for order in many]
    ranked = rows.annotate(rank=Window(RowNumber(), order_by="pk")).filter(rank__lte=2)
    assert [order.pk for order in ranked[:9]] == [order.pk for order in ranked]
    both = rows ^ Order.objects.filter(community_code=factories.FAR)
    assert set(both.order_by("pk")[:50]) == set(both)


def test_what_is_put_together_from_two_querysets_is_whole(world):
    far = Order.objects.filter(community_code=factories.FAR)
    for rows in (Order.objects.restrict(world) | far, far | Order.objects.restrict(world)):
        assert set(rows.order_by("pk")[:50]) == set(rows) == set(Order.objects.all())


def test_values_counts_locks_and_parts_of_a_whole(world):
    rows = Order.objects.restrict(world)
    assert rows[:4].count() == 4
    assert list(rows.values_list("pk", flat=True)[:4]) == [order.pk for order in rows[:4]]
    assert rows.first() == next(iter(rows))
    assert rows.get(pk=rows[3].pk) == rows[3]
    volunteer = factories.make_volunteer(factories.FAR_BASE)
    for order in Order.objects.all():
        Claim.objects.create(
            order=order, volunteer=volunteer, status="void", window=(order.wanted_from, order.wanted_until)
        )
    claims = Claim.objects.restrict(world).order_by("-pk").select_related("order")
    assert list(claims[:5]) == list(claims)[:5]
    assert len(claims) == len(rows)
