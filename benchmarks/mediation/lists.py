"""What one process measures of the desk's list of disputes: the database's time and the whole time, through the rule and by hand."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.utils import timezone

from benchmarks import cast, rivals
from benchmarks.mediation import handwritten, texts
from benchmarks.statements import filled, plan, statements_of
from governance.admin.filters import LightFilter, StatusFilter
from governance.models import User
from governance.permissions import NOTHING, rule_of
from mediation.admin.disputes import DutyFilter
from mediation.models import Dispute

ROWS = 25
#: The filters of the desk's list: name here -> the filter and what is chosen.
FILTERS = {
    "red": (LightFilter, "red"),
    "registered": (StatusFilter, "registered"),
    "waiting for consent": (DutyFilter, "consent"),
    "to follow up": (DutyFilter, "follow_up"),
    "mine": (DutyFilter, "mine"),
}


def lists_of(key: str) -> tuple[str, ...]:
    """Return the lists that a member of the cast opens: all of them."""
    return tuple(handwritten.LISTS)


def number_within(user: User) -> str:
    """Return the number of a dispute in the middle of what the person reaches, as somebody reads it out on the phone."""
    rows = Dispute.objects.restrict(user).order_by("-opened_at", "-pk")
    return rows.values_list("number", flat=True)[100]


def queryset(user: User, name: str, number: str = "") -> QuerySet:
    """Return the list's rows as the desk asks for them."""
    desk, request = admin.site._registry[Dispute], SimpleNamespace(user=user, GET={})
    columns, related = desk.read_in_line
    rows = desk.get_queryset(request).in_lines(*columns, **related)
    if name in FILTERS:
        kind, chosen = FILTERS[name]
        params = {kind.parameter_name: [chosen]}
        rows = kind(request, params, Dispute, desk).queryset(request, rows)
    elif name == "most urgent":
        rows = rows.ongoing().filter(due_at__isnull=False, paused_at=None).order_by("due_at", "pk")
    elif name.startswith("search"):
        words = {
            "search, common word": texts.COMMON,
            "search, rare word": texts.RARE,
            "search, a number": number,
        }
        rows, _ = desk.get_search_results(request, rows, words[name])
    return rows[:ROWS]


def reach(user: User) -> list[str]:
    """Return what the person reaches as disjoint conditions for the statement by hand."""
    needed = {"mediation.view_dispute", "mediation.direct_dispute"}
    seats = [post.code for post in user.posts_in_force if needed <= post.permissions]
    jurisdiction = rule_of(Dispute).jurisdiction(Dispute, user, "view")
    rows = Dispute.objects.restrict(user)
    if jurisdiction is not NOTHING:
        rows = rows.exclude(jurisdiction)
    return handwritten.reach_of(seats, list(rows.order_by().values_list("pk", flat=True)))


def asked(key: str, name: str) -> tuple[User, datetime, str, str]:
    """Return the person, the moment, the number that is looked for, and the statement by hand."""
    user, now = cast.person(key), timezone.now()
    number = number_within(user) if name == "search, a number" else ""
    return user, now, number, filled(handwritten.listing(reach(user), name, user.pk, number=number), now)


def measure(key: str, name: str, rounds: int) -> dict[str, Any]:
    """Measure one list of one person: milliseconds by rival, the number of rows and of statements."""
    user, now, number, by_hand = asked(key, name)
    found = rivals.of_list(
        f"{key}, {name}",
        user,
        lambda who: queryset(who, name, number),
        by_hand,
        lambda cursor: handwritten.whole(cursor, user.pk, name, now, number),
    )
    return rivals.measured(*found, rounds)


def plans(key: str, name: str) -> list[str]:
    """Return the statements and plans, with times, of what the list sends and of the statement by hand."""
    user, _, number, by_hand = asked(key, name)
    fresh = User(pk=user.pk, is_active=True, username=user.username)
    return [
        f"{statement}\n\n{plan(statement)}"
        for statement in (*statements_of(lambda: list(queryset(fresh, name, number))), by_hand)
    ]
