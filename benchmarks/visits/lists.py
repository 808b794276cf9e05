"""What one process measures of the due lists at the desk: the database's time and the whole time, through the rule and by hand."""

from types import SimpleNamespace
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet

from benchmarks import cast, rivals
from governance.models import User
from governance.territory import COLUMN, level_of
from grids import visiting
from grids.admin.register.base import DueFilter, ThereFilter
from grids.models import Household

ROWS = 25
ORDER = {
    "due": "{0}.visited_on NULLS FIRST, {0}.id",
    "by door": "{0}.entrance_id, length({0}.room), {0}.room",
}


def lists_of(key: str) -> tuple[str, ...]:
    """Return the lists that a member of the cast opens."""
    return tuple(ORDER)


def queryset(user: User, name: str) -> QuerySet:
    """Return the list's rows as the desk asks for them, the due ones in the order of a due list."""
    desk = admin.site._registry[Household]
    request = SimpleNamespace(user=user, GET={}, resolver_match=None, __dict__={})
    rows = ThereFilter(request, {}, Household, desk).queryset(request, desk.get_queryset(request))
    if name == "due":
        params = {DueFilter.parameter_name: ["due"]}
        rows = DueFilter(request, params, Household, desk).queryset(request, rows).oldest_first()
    return rows[:ROWS]


def reach(user: User) -> str:
    """Return what the person reaches, as a condition."""
    [post] = user.posts_with("grids.view_household")
    return f"h.{COLUMN.get(level_of(post.code), 'grid_id')} = '{post.code}'"


def measure(key: str, name: str, rounds: int) -> dict[str, Any]:
    """Measure one list of one person: milliseconds by rival, the number of rows and of statements."""
    user = cast.person(key)
    due = f" AND (visited_on IS NULL OR visited_on < '{visiting.due_before()}')" if name == "due" else ""
    order = ORDER[name].format("h")
    by_hand = (
        "SELECT h.id, h.room, h.use, h.visited_on, g.name, e.name, b.compound, b.name,"
        " (SELECT count(*) FROM grids_resident r WHERE r.household_id = h.id AND r.left_on IS NULL)"
        f" FROM (SELECT * FROM grids_household h WHERE {reach(user)} AND closed_on IS NULL{due} ORDER BY {order} LIMIT {ROWS}) h"
        " JOIN grids_grid g ON g.code = h.grid_id JOIN grids_entrance e ON e.id = h.entrance_id"
        f" JOIN grids_building b ON b.id = e.building_id ORDER BY {order}"
    )
    found = rivals.of_list(f"{key}, {name}", user, lambda who: queryset(who, name), by_hand, None)
    return rivals.measured(*found, rounds)
