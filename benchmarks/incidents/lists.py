"""What one process measures of the lists of incidents: the database's time and the whole time, through the rule and by hand."""

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.utils import timezone

from benchmarks import cast, rivals
from benchmarks import handwritten as orders_by_hand
from benchmarks.incidents import handwritten, texts
from benchmarks.statements import filled, plan, statements_of
from governance.admin.filters import StatusFilter
from governance.models import User
from governance.permissions import EVERYTHING, NOTHING, permission, rule_of
from governance.search import terms
from incidents.admin.incidents import WaitFilter
from incidents.models import Incident
from incidents.views.work import MyWork

ROWS = 25
DESK_LISTS = (
    "newest",
    "most urgent",
    "red",
    "at the desk",
    "to verify",
    "search, common word",
    "search, rare word",
    "search, a number",
)
#: The tabs of the day's work that each of the cast opens.
TABS = {
    "grid": ("tab: in hand", "tab: to verify", "tab: new", "tab: sent"),
    "department": ("tab: in hand",),
    "secretary": ("tab: to verify", "tab: new"),
    "seat": ("tab: sent",),
}
_TAB_KEYS = {"tab: in hand": "hand", "tab: to verify": "verify", "tab: new": "new", "tab: sent": "sent"}


def lists_of(key: str) -> tuple[str, ...]:
    """Return the lists that a member of the cast opens."""
    return (*DESK_LISTS, *TABS.get(key, ()))


def number_within(user: User) -> str:
    """Return the number of an incident in the middle of what the person reaches, as somebody reads it out on the phone."""
    rows = Incident.objects.restrict(user).order_by("-opened_at", "-pk")
    return rows.values_list("number", flat=True)[100]


def queryset(user: User, name: str, now: datetime, number: str = "") -> QuerySet:
    """Return the list's rows as the pages ask for them."""
    if name.startswith("tab"):
        page = MyWork()
        page.request, page.tab = SimpleNamespace(user=user), _TAB_KEYS[name]
        return page.get_queryset()[:ROWS]
    request = SimpleNamespace(user=user, GET={})
    desk = admin.site._registry[Incident]
    columns, related = desk.read_in_line
    rows = desk.get_queryset(request).in_lines(*columns, **related)
    if name == "most urgent":
        rows = rows.ongoing().filter(due_at__isnull=False, paused_at=None).order_by("due_at", "pk")
    elif name == "red":
        rows = rows.red(now)
    elif name == "at the desk":
        rows = filtered(rows, request, WaitFilter, wait="desk")
    elif name == "to verify":
        rows = filtered(rows, request, StatusFilter, status="handled")
    elif name.startswith("search"):
        words = {"search, common word": "垃圾", "search, rare word": texts.RARE, "search, a number": number}
        rows = rows.search(words[name], user)
    return rows[:ROWS]


def filtered(rows: QuerySet, request: Any, kind: type[admin.SimpleListFilter], **chosen: str) -> QuerySet:
    """Return the rows that one filter of the desk's list leaves."""
    desk = admin.site._registry[Incident]
    params = {name: [value] for name, value in chosen.items()}
    return kind(request, params, Incident, desk).queryset(request, rows)


def reach(user: User, name: str) -> list[str]:
    """Return what the person reaches on this list as disjoint conditions for the statement by hand."""
    if name == "tab: sent":
        return [f"placed_by_id = {user.pk}"]
    needed = permission(Incident, "verify" if name in ("tab: to verify", "tab: new") else "view")
    nodes = [(post.code, post.unit_id) for post in user.posts_with(needed)]
    if name == "tab: in hand":
        of_unit = [node for node in nodes if node[1]]
        return [f"worker_id = {user.pk}", *orders_by_hand.reach_of(of_unit, ())]
    if name.startswith("tab"):
        return orders_by_hand.reach_of(nodes, ())
    jurisdiction = rule_of(Incident).jurisdiction(Incident, user, "view")
    rows = Incident.objects.restrict(user)
    if jurisdiction is not NOTHING and jurisdiction is not EVERYTHING:
        rows = rows.exclude(jurisdiction)
    return orders_by_hand.reach_of(nodes, list(rows.order_by().values_list("pk", flat=True)))


def rivals_of(key: str, name: str) -> tuple[dict[str, Callable[[], Any]], int, int]:
    """Return the rivals for one list of one person, the number of its rows, and of the statements from a fresh request."""
    now, user = timezone.now(), cast.person(key)
    number = number_within(user) if name == "search, a number" else ""
    by_hand = filled(handwritten.listing(reach(user, name), name, number=terms(number)), now)
    whole = (
        None
        if name.startswith("tab")
        else lambda cursor: handwritten.whole(cursor, user.pk, name, now, terms(number))
    )
    return rivals.of_list(
        f"{key}, {name}", user, lambda who: queryset(who, name, now, number), by_hand, whole
    )


def measure(key: str, name: str, rounds: int) -> dict[str, Any]:
    """Measure one list of one person: milliseconds by rival, the number of rows and of statements."""
    return rivals.measured(*rivals_of(key, name), rounds)


def plans(key: str, name: str) -> list[str]:
    """Return the statements and plans, with times, of what the list sends and of the statement by hand."""
    now, user = timezone.now(), cast.person(key)
    number = number_within(user) if name == "search, a number" else ""
    fresh = User(pk=user.pk, is_active=True, username=user.username)
    return [
        f"{statement}\n\n{plan(statement)}"
        for statement in (
            *statements_of(lambda: list(queryset(fresh, name, now, number))),
            filled(handwritten.listing(reach(user, name), name, number=terms(number)), now),
        )
    ]
