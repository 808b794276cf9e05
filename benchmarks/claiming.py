"""What one claimant process does: claim orders through the flow, or update the counter alone."""

import time
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from governance.flow import Refused
from governance.models import User
from volunteers.flow import ORDERS
from volunteers.models import Claim, Order, OrderStep, Volunteer

PLACES = 50


def set_up(orders: int, start_hour: int) -> list[int]:
    """Open so many orders with fifty places each, an hour apart, ``start_hour`` hours after the same hour in twenty days,
    when nobody holds anything. Returns their keys."""
    base = Order.objects.filter(status="open").order_by("pk").first()
    begin = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=20, hours=start_hour)
    made = []
    for number in range(orders):
        base.pk, base.number = None, f"DD-120106-20261122-{time.time_ns() // 1000 % 10**9:09d}"
        base.places, base.taken, base.version, base.status = PLACES, 0, 1, "open"
        base.applicant_id = base.beneficiary_id = base.placed_by_id = None
        base.published_to, base.wanted_from = base.grid_id[:6], begin + timedelta(hours=number)
        base.wanted_until = base.wanted_from + timedelta(hours=1)
        base.save(force_insert=True)
        made.append(base.pk)
    return made


def people(count: int) -> list[int]:
    """Return the keys of the accounts of so many volunteers who hold nothing."""
    free = Volunteer.objects.exclude(claims__status="held").filter(status="active").order_by("pk")
    return list(free.values_list("applicant_id", flat=True)[:count])


def bare(order: int, count: int) -> tuple[int, float]:
    """Take a place so many times by the bare update. Returns how many were taken and the seconds."""
    taken, began = 0, time.perf_counter()
    with connection.cursor() as cursor:
        for _ in range(count):
            cursor.execute(
                "UPDATE volunteers_order SET taken = taken + 1 WHERE id = %s AND taken < places", [order]
            )
            taken += cursor.rowcount
    return taken, time.perf_counter() - began


def bare_in(orders: list[int], each: int) -> tuple[int, float]:
    """The same over several orders, one after the other."""
    results = [bare(order, each) for order in orders]
    return sum(taken for taken, _ in results), sum(seconds for _, seconds in results)


def written(orders: list[int], users: list[int]) -> tuple[int, float]:
    """Take a place as an expert would who keeps what the portal keeps: lock, update, claim, step, one transaction each."""
    volunteers = dict(Volunteer.objects.filter(applicant__in=users).values_list("applicant_id", "pk"))
    taken, began = 0, time.perf_counter()
    with connection.cursor() as cursor:
        for order, user in zip(orders, users, strict=True):
            with transaction.atomic():
                cursor.execute(
                    "UPDATE volunteers_order SET taken = taken + 1, version = version + 1, status = CASE WHEN taken + 1 >= places"
                    " THEN 'claimed' ELSE status END WHERE id = %s AND status = 'open' AND taken < places"
                    " RETURNING version, wanted_from, wanted_until",
                    [order],
                )
                row = cursor.fetchone()
                if row is None:
                    continue
                cursor.execute(
                    'INSERT INTO volunteers_claim (order_id, volunteer_id, status, "window", created_at, entered_later)'
                    " VALUES (%s, %s, 'held', tstzrange(%s, %s), now(), '')",
                    [order, volunteers[user], row[1], row[2]],
                )
                cursor.execute(
                    "INSERT INTO volunteers_orderstep (matter_id, seq, action, label, actor_id, capacity, at, from_status,"
                    " to_status, note, data) VALUES (%s, %s, 'claim', '接单', %s, '', now(), 'open', 'open', '', '{}')",
                    [order, row[0], user],
                )
                taken += 1
    return taken, time.perf_counter() - began


def through_the_flow(orders: list[int], users: list[int]) -> tuple[int, float]:
    """Claim as the pages do, a fresh account each time. Returns how many were claimed and the seconds."""
    taken, began = 0, time.perf_counter()
    for order, user in zip(orders, users, strict=True):
        try:
            ORDERS.run(order, "claim", by=User.objects.get(pk=user))
            taken += 1
        except Refused:
            continue
    return taken, time.perf_counter() - began


def sound(orders: list[int]) -> None:
    """Check that no order is oversold and every counter equals its claims.

    Raises AssertionError otherwise.
    """
    for order in Order.objects.filter(pk__in=orders):
        assert order.taken == Claim.objects.filter(order=order, status="held").count() <= order.places, order


def clean_up(orders: list[int]) -> None:
    """Void the claims and close the orders, so that the world can be measured again."""
    Claim.objects.filter(order__in=orders).update(status="void")
    now = timezone.now()
    Order.objects.filter(pk__in=orders).update(status="cancelled", closed_at=now, published_to="", taken=0)


def statements_of_a_claim(order: int, user: int) -> int:
    """Return how many statements one claim sends."""
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        ORDERS.run(order, "claim", by=User.objects.get(pk=user))
    assert OrderStep.objects.filter(matter=order, action="claim").exists()
    return len(captured)
