"""What one process measures of the roll: the database's time and the whole time, through the rule and by hand."""

from types import SimpleNamespace
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet

from benchmarks import cast, rivals
from governance.models import User
from governance.territory import COLUMN, level_of
from parties.admin.members import RollFilter, StageFilter
from parties.models import Member

ROWS = 25
SHOWN = "m.id, m.name, m.phone, m.stage, m.mobility, m.since, m.left_on, m.leaving, o.name, g.name"
#: Of each list, what it asks besides the place.
LISTS = {
    "roll": "m.left_on IS NULL",
    "on probation": "m.left_on IS NULL AND m.stage = 'probationary'",
    "left": "m.left_on IS NOT NULL",
}
FILTERS = {
    "roll": [(RollFilter, "")],
    "on probation": [(RollFilter, ""), (StageFilter, "probationary")],
    "left": [(RollFilter, "left")],
}


def lists_of(key: str) -> tuple[str, ...]:
    """Return the lists that a member of the cast opens."""
    return tuple(LISTS)


def queryset(user: User, name: str) -> QuerySet:
    """Return the list's rows as the desk asks for them."""
    desk, request = (
        admin.site._registry[Member],
        SimpleNamespace(user=user, GET={}, resolver_match=None, __dict__={}),
    )
    rows = desk.get_queryset(request)
    for kind, chosen in FILTERS[name]:
        params = {kind.parameter_name: [chosen]} if chosen else {}
        rows = kind(request, params, Member, desk).queryset(request, rows)
    return rows[:ROWS]


def reach(user: User) -> str:
    """Return what the person reaches, as a condition."""
    [post] = user.posts_with("parties.view_member")
    column = COLUMN.get(level_of(post.code), "grid_id")
    units = f" AND m.units @> ARRAY[{post.unit_id}]::bigint[]" if post.unit_id else ""
    return f"m.{column} = '{post.code}'{units}"


def measure(key: str, name: str, rounds: int) -> dict[str, Any]:
    """Measure one list of one person: milliseconds by rival, the number of rows and of statements."""
    user = cast.person(key)
    by_hand = (
        f"SELECT {SHOWN} FROM (SELECT * FROM parties_member m WHERE {reach(user)} AND {LISTS[name]}"
        f" ORDER BY organisation_id, id LIMIT {ROWS}) m JOIN parties_organisation o ON o.id = m.organisation_id"
        " LEFT JOIN parties_organisation g ON g.id = m.group_id ORDER BY m.organisation_id, m.id"
    )
    found = rivals.of_list(f"{key}, {name}", user, lambda who: queryset(who, name), by_hand, None)
    return rivals.measured(*found, rounds)
