"""What one process measures of the tree, of the figures by place and of the board of who is behind, beside statements by hand that yield
the same numbers."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from benchmarks import cast, timing
from benchmarks.statements import clock, send, statements_of
from governance.territory import COLUMN, level_of
from parties import frequency
from parties.models import Organisation
from parties.reports import life, rates
from parties.reports.tree import children_of, roots

#: What is right below one organisation: its key, all members on the rolls from it down, and how many organisations are below it.
LEVEL = """
WITH below AS (
    SELECT o.id, o.unit_id, o.units FROM parties_organisation o WHERE {reach} AND ended_on IS NULL
), rolls AS (
    SELECT organisation_id, count(*) AS n FROM parties_member o WHERE {reach} AND left_on IS NULL GROUP BY 1
), grouped AS (
    SELECT group_id, count(*) AS n FROM parties_member o WHERE {reach} AND left_on IS NULL AND group_id IS NOT NULL GROUP BY 1
)
SELECT c.id, coalesce(sum(r.n), 0) + coalesce(max(g.n), 0), count(b.id) - 1
FROM parties_organisation c JOIN below b ON b.units @> ARRAY[c.unit_id] LEFT JOIN rolls r ON r.organisation_id = b.id
LEFT JOIN grouped g ON g.group_id = c.id
WHERE {children} AND c.ended_on IS NULL GROUP BY c.id ORDER BY c.id
"""
#: By place: branches, groups, members.
TABLE = """
SELECT code, sum(branches)::int, sum(groups)::int, sum(members)::int FROM (
    SELECT {column} AS code, count(*) FILTER (WHERE kind = 4) AS branches, count(*) FILTER (WHERE kind = 5) AS groups, 0 AS members
    FROM parties_organisation o WHERE {reach} AND ended_on IS NULL GROUP BY 1
    UNION ALL SELECT {column}, 0, 0, count(*) FROM parties_member o WHERE {reach} AND left_on IS NULL GROUP BY 1
) t GROUP BY 1 ORDER BY 1
"""
#: Who owes which kind of meeting now and before, and who has not held it: by place, or by branch with its groups.
BOARD = """
WITH wanted (kind, due, first, start, until, first_before, start_before) AS (VALUES {wanted}),
held AS (
    SELECT DISTINCT m.organisation_id, w.kind, m.starts_at >= w.start AS now
    FROM parties_meeting m JOIN wanted w ON m.kinds @> ARRAY[w.kind]::varchar[] AND m.starts_at >= w.start_before AND m.starts_at < w.until
    WHERE m.status = 'held' AND {meetings}
), councils AS (
    SELECT organisation_id FROM parties_officer o WHERE {reach} AND since <= '{today}' AND (until IS NULL OR until >= '{today}')
    GROUP BY 1 HAVING count(*) >= 3
)
SELECT {line}, w.kind, count(*) FILTER (WHERE established_on <= w.first),
    count(*) FILTER (WHERE established_on <= w.first AND n.kind IS NULL), count(*) FILTER (WHERE established_on <= w.first_before),
    count(*) FILTER (WHERE established_on <= w.first_before AND b.kind IS NULL)
FROM parties_organisation o JOIN wanted w ON w.due = o.kind
LEFT JOIN held n ON n.organisation_id = o.id AND n.kind = w.kind AND n.now
LEFT JOIN held b ON b.organisation_id = o.id AND b.kind = w.kind AND NOT b.now
LEFT JOIN councils c ON c.organisation_id = o.id
WHERE {reach} AND ended_on IS NULL AND (w.kind <> 'council' OR c.organisation_id IS NOT NULL) GROUP BY 1, 2 ORDER BY 1, 2
"""


def _post(user: Any) -> Any:
    [post] = user.posts_with("parties.view_organisation")
    return post


def rivals_of(key: str, figure: str) -> tuple[dict[str, Callable[[], Any]], int]:
    """Return the rivals for one figure of one person, and how many lines it has. Raises AssertionError when a number differs."""
    user = cast.person(key)
    post = _post(user)
    column = COLUMN.get(level_of(post.code), "grid_id")
    reach = f"o.{column} = '{post.code}'"
    if post.unit_id:
        reach += f" AND o.units @> ARRAY[{post.unit_id}]::bigint[]"
    if figure == "board":
        by_hand = board_by_hand(post.code, reach)
        kinds = frequency.asked_kinds()

        def job() -> Any:
            if len(post.code) == 12:
                return life.by_organisation(user, kinds, node=post.code)
            return life.by_place(user, post.code, kinds)

        _, lines = job()
        wanted = sorted(
            (str(line.key or line.code), str(kind), *counts.values())
            for line in lines
            for kind, counts in line.numbers.items()
            if any(counts.values())
        )
        got = sorted((str(place), kind, *counts) for place, kind, *counts in send(by_hand)())
    elif figure == "by place":

        def job() -> Any:
            return rates.table(user, post.code)

        below = {6: "street_code", 9: "community_code", 12: "community_code"}[len(post.code)]
        by_hand = TABLE.format(column=below, reach=reach)
        _, lines = job()
        wanted = [
            (line.code, line.values["branches"], line.values["groups"], line.values["members"])
            for line in lines
            if len(line.code) > 6 and any(line.values[name] for name in ("branches", "groups", "members"))
        ]
        got = [row for row in send(by_hand)() if row[0] and any(row[1:])]
        got = [row for row in got if row[0] in {code for code, *_ in wanted}]
    else:
        top = None
        if figure == "one level":
            top = Organisation.objects.restrict(user).order_by("kind", "pk").first()
        children = f"c.parent_id = {top.pk}" if top is not None else "c.id = ANY(ARRAY{roots})"

        def job() -> Any:
            return children_of(user, top) if top is not None else roots(user)

        nodes = job()
        if top is None:
            children = children.format(roots=[node.row.pk for node in nodes])
        by_hand = LEVEL.format(reach=reach, children=children)
        wanted = sorted((node.row.pk, node.members, node.below) for node in nodes)
        got = [tuple(map(int, row)) for row in send(by_hand)()]
    assert got == wanted, f"{key}, {figure}: {got[:3]} instead of {wanted[:3]}"
    return {"rule": send(*statements_of(job)), "hand": send(by_hand), "objects": job}, len(wanted)


def board_by_hand(code: str, reach: str) -> str:
    """Return the statement of the board at a node."""
    lines = []
    for kind in frequency.asked_kinds():
        now = frequency.now_of(kind)
        before = now.before()
        lines.append(
            f"('{kind}', {int(frequency.DUE[kind])}, date '{now.first}', timestamptz '{now.start.isoformat()}',"
            f" timestamptz '{now.end.isoformat()}', date '{before.first}', timestamptz '{before.start.isoformat()}')"
        )
    line = {6: "o.street_code", 9: "o.community_code"}.get(
        len(code), "CASE WHEN o.kind = 5 THEN o.parent_id ELSE o.id END"
    )
    return BOARD.format(
        wanted=", ".join(lines),
        reach=reach,
        meetings=reach.replace("o.", "m."),
        line=line,
        today=timezone.localdate(),
    )


def measure(key: str, figure: str, rounds: int) -> dict[str, Any]:
    """Measure one figure. Returns milliseconds by rival, and how many lines it has."""
    rivals, lines = rivals_of(key, figure)
    return {"times": timing.in_turn(rivals, rounds, warm_up=1, clock=clock), "rows": lines}
