"""What one process measures of the order lists: the database's time and the whole time, through the rule and by hand."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from benchmarks import cast, handwritten, rivals
from benchmarks.statements import filled, plan, statements_of
from governance.models import User
from governance.permissions import EVERYTHING, NOTHING, permission, rule_of
from governance.territory import lineage
from volunteers.models import Order
from volunteers.services.orders import open_orders_for

ROWS = 25
STAFF_LISTS = ("newest", "most urgent", "red", "search, common word", "search, rare word")


def lists_of(key: str) -> tuple[str, ...]:
    """Return the lists that a member of the cast opens."""
    return {"volunteer": ("hall",), "resident": ("own, unfinished", "own, finished")}.get(key, STAFF_LISTS)


def queryset(user: User, name: str, now: datetime) -> QuerySet:
    """Return the list's rows as the pages ask for them."""
    if name == "hall":
        return open_orders_for(user)[:ROWS]
    rows = Order.objects.restrict(user)
    if name.startswith("own"):
        rows = rows.filter(Q(applicant=user) | Q(beneficiary=user) | Q(placed_by=user)).for_page()
        rows = rows.ongoing() if name == "own, unfinished" else rows.exclude(closed_at=None)
    elif name == "most urgent":
        rows = rows.ongoing().filter(due_at__isnull=False, paused_at=None).order_by("due_at", "pk")
    elif name == "red":
        rows = rows.red(now)
    elif name == "search, common word":
        rows = rows.search("就医", user)
    elif name == "search, rare word":
        rows = rows.search("助听器", user)
    if name in STAFF_LISTS:
        rows = rows.with_place()
    return rows[:ROWS]


def reach(user: User, name: str) -> list[str]:
    """Return what the person reaches on this list as disjoint conditions for the statement by hand."""
    if name.startswith("own"):
        me = user.pk
        return [
            f"applicant_id = {me}",
            f"beneficiary_id = {me} AND applicant_id IS DISTINCT FROM {me}",
            f"placed_by_id = {me} AND applicant_id IS DISTINCT FROM {me} AND beneficiary_id IS DISTINCT FROM {me}",
        ]
    if name == "hall":
        nodes = ", ".join(f"'{code}'" for post in user.posts_in_force for code in lineage(post.code))
        return [f"published_to IN ({nodes})"]
    needed = permission(Order, "view")
    nodes = [(post.code, post.unit_id) for post in user.posts_with(needed)]
    jurisdiction = rule_of(Order).jurisdiction(Order, user, "view")
    rows = Order.objects.restrict(user)
    if jurisdiction is not NOTHING and jurisdiction is not EVERYTHING:
        rows = rows.exclude(jurisdiction)
    return handwritten.reach_of(nodes, list(rows.order_by().values_list("pk", flat=True)))


def rivals_of(key: str, name: str) -> tuple[dict[str, Callable[[], Any]], int, int]:
    """Return the rivals for one list of one person, the number of its rows, and of the statements from a fresh request."""
    now, user = timezone.now(), cast.person(key)
    whole = (lambda cursor: handwritten.whole(cursor, user.pk, name, now)) if name in STAFF_LISTS else None
    by_hand = filled(handwritten.listing(reach(user, name), name), now)
    return rivals.of_list(f"{key}, {name}", user, lambda who: queryset(who, name, now), by_hand, whole)


def measure(key: str, name: str, rounds: int) -> dict[str, Any]:
    """Measure one list of one person: milliseconds by rival, the number of rows and of statements."""
    return rivals.measured(*rivals_of(key, name), rounds)


def plans(key: str, name: str) -> list[str]:
    """Return the plans, with times, of what the list sends and of the statement by hand."""
    now, user = timezone.now(), cast.person(key)
    asked = queryset(user, name, now)
    return [
        plan(statement)
        for statement in (
            *statements_of(lambda: list(asked)),
            filled(handwritten.listing(reach(user, name), name), now),
        )
    ]
