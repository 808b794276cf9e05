"""The lists of incidents as someone who knows the tables would write them, as in benchmarks/handwritten.py: each ground of reach
a branch of its own, cut to the page, then joined, and just the columns that a line shows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from benchmarks import handwritten

#: What a line of the desk's list shows, and what a card on the phone does.
DESK = (
    "o.id, o.number, o.title, o.status, o.channel, o.version, o.opened_at, o.closed_at, o.due_at, o.yellow_at, o.paused_at,"
    " o.worker_id, o.unit_id, m.name, j.name, u.name, w.name, w.username, g.name, e.name, b.compound, b.name"
)
PHONE = (
    "o.id, o.number, o.title, o.description, o.spot, o.status, o.opened_at, o.closed_at, o.due_at, o.yellow_at, o.paused_at,"
    " o.longitude, o.latitude, g.name, e.name, b.compound, b.name"
)
PLACE = """
    JOIN grids_grid g ON g.code = o.grid_id
    LEFT JOIN grids_entrance e ON e.id = o.entrance_id
    LEFT JOIN grids_building b ON b.id = e.building_id
"""
WHO = """
    JOIN incidents_minorclass m ON m.id = o.minor_class_id
    JOIN incidents_majorclass j ON j.id = m.major_id
    LEFT JOIN governance_unit u ON u.id = o.unit_id
    LEFT JOIN governance_user w ON w.id = o.worker_id
"""

NEWEST, URGENT = "opened_at DESC, id DESC", "due_at, id"
AT_DESK = "closed_at IS NULL AND status IN ('reported', 'accepted', 'returned')"
IN_HAND = "closed_at IS NULL AND status IN ('dispatched', 'handling', 'backlog')"
#: What each list asks besides reach, and its order. ``{words}`` is the mark of governance/search.py where the searcher needs it.
LISTS = {
    "newest": ("TRUE", NEWEST),
    "most urgent": ("closed_at IS NULL AND due_at IS NOT NULL AND paused_at IS NULL", URGENT),
    "red": ("closed_at IS NULL AND paused_at IS NULL AND due_at <= %(now)s", NEWEST),
    "at the desk": (AT_DESK, NEWEST),
    "to verify": ("closed_at IS NULL AND status = 'handled'", NEWEST),
    "search, common word": ("search_terms @> ARRAY['垃圾']", NEWEST),
    "search, rare word": ("search_terms @> ARRAY['马蜂', '蜂窝']", NEWEST),
    "search, a number": ("search_terms @> ARRAY[{number}]", NEWEST),
    "tab: in hand": (IN_HAND, URGENT),
    "tab: to verify": ("closed_at IS NULL AND status = 'handled'", URGENT),
    "tab: new": (AT_DESK, URGENT),
    "tab: sent": ("TRUE", NEWEST),
}


def listing(reach: Sequence[str], name: str, rows: int = 25, number: Sequence[str] = ()) -> str:
    """Return the statement of a list over the union of disjoint ``reach`` conditions on ``incidents_incident``."""
    where, order = LISTS[name]
    where = where.replace("{number}", ", ".join(f"'{term}'" for term in number))
    branches = [
        f"(SELECT * FROM incidents_incident WHERE {each} AND {where} ORDER BY {order} LIMIT {rows})"
        for each in reach
    ]
    outer = ", ".join(f"o.{part.strip()}" for part in order.split(","))
    columns, joins = (PHONE, PLACE) if name.startswith("tab") else (DESK, WHO + PLACE)
    return f"SELECT {columns} FROM ({' UNION ALL '.join(branches)}) o {joins} ORDER BY {outer} LIMIT {rows}"


POSTS = handwritten.POSTS.replace("'volunteers'", "'incidents'")
#: Own rows and shared rows, of those that no post covers: ``{covered}`` stands for the posts' conditions.
EXCEPTIONS = """
    SELECT id FROM incidents_incident WHERE applicant_id = %(user)s AND ({covered}) IS NOT TRUE
    UNION SELECT id FROM incidents_incident WHERE placed_by_id = %(user)s AND ({covered}) IS NOT TRUE
    UNION SELECT id FROM incidents_incident WHERE worker_id = %(user)s AND ({covered}) IS NOT TRUE
    UNION SELECT i.id FROM guardian_userobjectpermission s JOIN auth_permission f ON f.id = s.permission_id
          JOIN django_content_type t ON t.id = s.content_type_id JOIN incidents_incident i ON i.id = s.object_pk::bigint
          WHERE s.user_id = %(user)s AND t.app_label = 'incidents' AND t.model = 'incident' AND f.codename = 'view_incident'
            AND ({covered}) IS NOT TRUE
"""


def whole(cursor: Any, user: int, name: str, now: datetime, number: Sequence[str] = ()) -> list[tuple]:
    """Run a list of a staff member from her key alone: posts, exceptions outside them, rows. Returns the rows."""
    cursor.execute(POSTS, {"user": user, "codename": "view_incident"})
    reach = handwritten.reach_of(cursor.fetchall(), ())
    covered = " OR ".join(f"({each})" for each in reach) or "FALSE"
    cursor.execute(EXCEPTIONS.format(covered=covered), {"user": user})
    reach += handwritten.reach_of((), [key for (key,) in cursor.fetchall()])
    cursor.execute(listing(reach, name, number=number), {"now": now})
    return cursor.fetchall()
