"""The lists of disputes as someone who knows the tables would write them, as in benchmarks/handwritten.py: each ground of reach a
branch of its own, cut to the page, then joined, and just the columns that a line shows, the parties' names among them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from benchmarks import handwritten
from benchmarks.mediation.texts import COMMON, RARE
from governance.search import terms

SHOWN = (
    "o.id, o.number, o.title, o.status, o.grade, o.version, o.opened_at, o.closed_at, o.due_at, o.yellow_at, o.paused_at,"
    " g.name, e.name, b.compound, b.name,"
    " (SELECT array_agg(d.name ORDER BY d.id) FROM mediation_disputant d WHERE d.dispute_id = o.id)"
)

NEWEST, URGENT = "opened_at DESC, id DESC", "due_at, id"
ASKED = "EXISTS (SELECT FROM mediation_disputant d WHERE d.dispute_id = o.id AND d.consent = 'asked')"
#: What somebody mediates now: ``{user}``.
MINE = (
    "SELECT md.dispute_id FROM mediation_mediation md JOIN mediation_mediator m ON m.id = md.mediator_id"
    " WHERE m.user_id = {user} AND md.until IS NULL"
)


def _words(text: str) -> str:
    return f"search_terms @> ARRAY[{', '.join(repr(term) for term in terms(text))}]"


#: What each list asks besides reach, and its order.
LISTS = {
    "newest": ("TRUE", NEWEST),
    "most urgent": ("closed_at IS NULL AND due_at IS NOT NULL AND paused_at IS NULL", URGENT),
    "red": ("closed_at IS NULL AND paused_at IS NULL AND due_at <= %(now)s", NEWEST),
    "registered": ("closed_at IS NULL AND status = 'registered'", NEWEST),
    "waiting for consent": (f"closed_at IS NULL AND status = 'registered' AND {ASKED}", NEWEST),
    "to follow up": ("follow_up_on <= {today}", NEWEST),
    "mine": (f"id IN ({MINE})", NEWEST),
    "search, common word": (_words(COMMON), NEWEST),
    "search, rare word": (_words(RARE), NEWEST),
    "search, a number": ("{number}", NEWEST),
}


def listing(reach: Sequence[str], name: str, user: int, rows: int = 25, number: str = "") -> str:
    """Return the statement of a list over the union of disjoint ``reach`` conditions on ``mediation_dispute``."""
    where, order = LISTS[name]
    where = where.format(user=user, today=handwritten.TODAY, number=_words(number))
    branches = [
        f"(SELECT * FROM mediation_dispute o WHERE {each} AND {where} ORDER BY {order} LIMIT {rows})"
        for each in reach or ("FALSE",)
    ]
    outer = ", ".join(f"o.{part.strip()}" for part in order.split(","))
    return f"SELECT {SHOWN} FROM ({' UNION ALL '.join(branches)}) o {handwritten.PLACE} ORDER BY {outer} LIMIT {rows}"


def reach_of(seats: Sequence[str], keys: Sequence[int]) -> list[str]:
    """Return the conditions: one for each centre that a person directs, one for the exceptions outside them."""
    return [f"seat_id = '{seat}'" for seat in seats] + handwritten.reach_of((), keys)


#: The nodes of the centres that somebody directs: who directs one may view its files.
SEATS = handwritten.POSTS.replace("'volunteers'", "'mediation'")
#: What she mediates, what she took down and nobody has accepted, what was shown to her, what she was called in to; of these what no
#: post covers: ``{covered}`` stands for the posts' conditions.
EXCEPTIONS = f"""
    SELECT id FROM mediation_dispute WHERE id IN ({MINE}) AND ({{covered}}) IS NOT TRUE
    UNION SELECT id FROM mediation_dispute WHERE placed_by_id = {{user}} AND status = 'registered' AND ({{covered}}) IS NOT TRUE
    UNION SELECT o.id FROM mediation_viewing v JOIN mediation_dispute o ON o.id = v.dispute_id
          WHERE v.user_id = {{user}} AND v.until > now() AND ({{covered}}) IS NOT TRUE
    UNION SELECT o.id FROM guardian_userobjectpermission s JOIN auth_permission f ON f.id = s.permission_id
          JOIN django_content_type t ON t.id = s.content_type_id JOIN mediation_dispute o ON o.id = s.object_pk::bigint
          WHERE s.user_id = {{user}} AND t.app_label = 'mediation' AND t.model = 'dispute' AND f.codename = 'view_dispute'
            AND ({{covered}}) IS NOT TRUE
"""


def whole(cursor: Any, user: int, name: str, now: datetime, number: str = "") -> list[tuple]:
    """Run a list of a person from her key alone: posts, exceptions outside them, rows. Returns the rows."""
    cursor.execute(SEATS, {"user": user, "codename": "direct_dispute"})
    seats = [code for code, unit in cursor.fetchall() if unit is None]
    covered = " OR ".join(reach_of(seats, ())) or "FALSE"
    cursor.execute(EXCEPTIONS.format(user=user, covered=covered))
    keys = [key for (key,) in cursor.fetchall()]
    cursor.execute(listing(reach_of(seats, keys), name, user, number=number), {"now": now})
    return cursor.fetchall()
