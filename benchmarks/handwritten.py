"""The lists as someone who knows the tables would write them: the yardstick for what ``restrict`` compiles to.

``listing`` is one statement for a person whose node and exceptions are known; ``whole`` starts from nothing but her key
and asks for posts and exceptions too, in three statements. Exceptions are a branch of their own, each branch cut to the page,
so that the jurisdiction stays one walk along one index.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

#: What a line of a list shows, and nothing else.
SHOWN = (
    "o.id, o.number, o.title, o.status, o.channel, o.version, o.opened_at, o.closed_at, o.due_at, o.yellow_at, o.paused_at,"
    " o.wanted_from, o.wanted_until, o.places, o.taken, o.published_to, g.name, e.name, b.compound, b.name"
)
#: The desk's list names the place; the phone's lists name the item of the menu too.
PLACE = """
    JOIN grids_grid g ON g.code = o.grid_id
    LEFT JOIN grids_entrance e ON e.id = o.entrance_id
    LEFT JOIN grids_building b ON b.id = e.building_id
"""
ITEM = "JOIN volunteers_serviceitem i ON i.id = o.item_id"

NEWEST = "opened_at DESC, id DESC"
#: What each list asks besides reach, and its order. The words searched for stand in what is open to all, so that the mark
#: of governance/search.py serves everyone here.
LISTS = {
    "newest": ("TRUE", NEWEST),
    "most urgent": ("closed_at IS NULL AND due_at IS NOT NULL AND paused_at IS NULL", "due_at, id"),
    "red": ("closed_at IS NULL AND paused_at IS NULL AND due_at <= %(now)s", NEWEST),
    "search, common word": ("search_terms @> ARRAY['+就医']", NEWEST),
    "search, rare word": ("search_terms @> ARRAY['+助听', '+听器']", NEWEST),
    "hall": ("status = 'open' AND taken < places AND wanted_until > %(now)s", "wanted_from, id"),
    "own, unfinished": ("closed_at IS NULL", NEWEST),
    "own, finished": ("closed_at IS NOT NULL", NEWEST),
}


def listing(reach: Sequence[str], name: str, rows: int = 25) -> str:
    """Return the statement of a list over the union of disjoint ``reach`` conditions on ``volunteers_order``."""
    where, order = LISTS[name]
    branches = [
        f"(SELECT * FROM volunteers_order WHERE {each} AND {where} ORDER BY {order} LIMIT {rows})"
        for each in reach
    ]
    outer = ", ".join(f"o.{part.strip()}" for part in order.split(","))
    on_phone = name == "hall" or name.startswith("own")
    columns, joins = (SHOWN + ", i.name", PLACE + ITEM) if on_phone else (SHOWN, PLACE)
    return f"SELECT {columns} FROM ({' UNION ALL '.join(branches)}) o {joins} ORDER BY {outer} LIMIT {rows}"


def reach_of(nodes: Sequence[tuple[str, int | None]], keys: Sequence[int]) -> list[str]:
    """Return the conditions, one for each post and one for the exceptions that no post covers."""
    found = []
    for code, unit in nodes:
        column = {6: "district_code", 9: "street_code", 12: "community_code", 15: "grid_id"}[len(code)]
        found.append(f"{column} = '{code}'" + (f" AND unit_id = {unit}" if unit else ""))
    if keys:
        found.append(f"id = ANY(ARRAY{sorted(keys)}::bigint[])")
    return found


#: Where the posts in force stand that carry a permission. The day is the portal's, whatever the database takes for today.
TODAY = f"(now() AT TIME ZONE '{settings.TIME_ZONE}')::date"
POSTS = """
    SELECT p.grid_id, p.unit_id FROM governance_post p
    JOIN governance_role_permissions rp ON rp.role_id = p.role_id
    JOIN auth_permission f ON f.id = rp.permission_id
    JOIN django_content_type t ON t.id = f.content_type_id
    WHERE p.user_id = %(user)s AND p.valid_from <= {today} AND (p.valid_until IS NULL OR p.valid_until >= {today})
      AND t.app_label = 'volunteers' AND f.codename = %(codename)s
""".replace("{today}", TODAY)
#: Own rows and shared rows.
EXCEPTIONS = """
    SELECT id FROM volunteers_order WHERE applicant_id = %(user)s
    UNION SELECT id FROM volunteers_order WHERE beneficiary_id = %(user)s
    UNION SELECT id FROM volunteers_order WHERE placed_by_id = %(user)s
    UNION SELECT c.order_id FROM volunteers_claim c JOIN volunteers_volunteer v ON v.id = c.volunteer_id
          WHERE v.applicant_id = %(user)s AND c.status IN ('invited', 'held', 'waiting', 'offered', 'served')
    UNION SELECT s.object_pk::bigint FROM guardian_userobjectpermission s JOIN auth_permission f ON f.id = s.permission_id
          JOIN django_content_type t ON t.id = s.content_type_id
          WHERE s.user_id = %(user)s AND t.app_label = 'volunteers' AND t.model = 'order' AND f.codename = 'view_order'
"""
#: The same, leaving out what a post covers: ``{covered}`` stands for the posts' conditions.
EXCEPTIONS_OUTSIDE = "SELECT id FROM volunteers_order WHERE id IN ({keys}) AND ({covered}) IS NOT TRUE"


def whole(cursor: Any, user: int, name: str, now: datetime) -> list[tuple]:
    """Run a list of a staff member from her key alone: posts, exceptions outside them, rows. Returns the rows."""
    cursor.execute(POSTS, {"user": user, "codename": "view_order"})
    nodes = cursor.fetchall()
    reach = reach_of(nodes, ())
    if reach:
        covered = " OR ".join(f"({each})" for each in reach)
        cursor.execute(EXCEPTIONS_OUTSIDE.format(keys=EXCEPTIONS, covered=covered), {"user": user})
    else:
        cursor.execute(EXCEPTIONS, {"user": user})
    keys = [key for (key,) in cursor.fetchall()]
    reach += reach_of((), keys)
    cursor.execute(listing(reach, name), {"now": now})
    return cursor.fetchall()
