"""What one process measures of the coverage and of the worker's doors, beside statements by hand that yield the same numbers."""

from collections.abc import Callable
from typing import Any

from benchmarks import cast, timing
from benchmarks.statements import clock, send, statements_of
from governance.territory import COLUMN, level_of
from grids import visiting
from grids.models import Grid

COVERAGE = """
SELECT code, sum(a)::int, sum(b)::int, sum(c)::int, sum(d)::int FROM (
    SELECT {column} AS code, count(*) AS a, count(*) FILTER (WHERE visited_on >= '{since}') AS b, 0 AS c, 0 AS d
    FROM grids_household WHERE {reach} AND closed_on IS NULL GROUP BY 1
    UNION ALL SELECT {column}, 0, 0, count(*), count(*) FILTER (WHERE visited_on >= '{since}')
    FROM grids_premises WHERE {reach} AND closed_on IS NULL GROUP BY 1
) t GROUP BY 1 ORDER BY 1
"""
DOORS = """
SELECT entrance_id, sum(n)::int, sum(due)::int, min(oldest) FROM (
    SELECT entrance_id, count(*) AS n, count(*) FILTER (WHERE visited_on IS NULL OR visited_on < '{since}') AS due, min(visited_on) AS oldest
    FROM grids_household WHERE grid_id = '{code}' AND closed_on IS NULL GROUP BY 1
    UNION ALL SELECT entrance_id, count(*), count(*) FILTER (WHERE visited_on IS NULL OR visited_on < '{since}'), min(visited_on)
    FROM grids_premises WHERE grid_id = '{code}' AND closed_on IS NULL GROUP BY 1
) t GROUP BY 1 ORDER BY 1
"""


def rivals_of(key: str, figure: str) -> tuple[dict[str, Callable[[], Any]], int]:
    """Return the rivals for one figure of one person, and how many lines it has. Raises AssertionError when a number differs."""
    user, since = cast.person(key), visiting.due_before()
    [post] = user.posts_with("grids.view_household")
    if figure == "doors":
        grid = Grid.objects.get(code=post.code)

        def job() -> Any:
            return visiting.doors_of(grid, user)

        by_hand = DOORS.format(code=post.code, since=since)
        doors, loose = job()
        wanted = sorted((each.entrance.pk, each.total, each.due, each.oldest) for each in doors)
        got = [tuple(row) for row in send(by_hand)() if row[0] is not None]
        lines = len(wanted)
        assert loose.total == sum(row[1] for row in send(by_hand)() if row[0] is None)
    else:
        below = {6: 9, 9: 12, 12: 15}[len(post.code)]
        grids = list(Grid.objects.current().filter(level=below, code__startswith=post.code).defer("boundary"))

        def job() -> Any:
            return visiting.coverage(user, grids)

        column = COLUMN.get(level_of(grids[0].code), "grid_id")
        reach = f"{COLUMN[level_of(post.code)]} = '{post.code}'"
        by_hand = COVERAGE.format(column=column, reach=reach, since=since)
        rows = job()
        wanted = sorted(
            (r.grid.code, r.households, r.households_visited, r.premises, r.premises_visited)
            for r in rows
            if r.households or r.premises
        )
        got = [tuple(row) for row in send(by_hand)()]
        lines = len(rows)
    assert got == wanted, f"{key}, {figure}: {got[:3]} instead of {wanted[:3]}"
    return {"rule": send(*statements_of(job)), "hand": send(by_hand), "objects": job}, lines


def measure(key: str, figure: str, rounds: int) -> dict[str, Any]:
    """Measure one figure. Returns milliseconds by rival, and how many lines it has."""
    rivals, lines = rivals_of(key, figure)
    return {"times": timing.in_turn(rivals, rounds, warm_up=1, clock=clock), "rows": lines}
