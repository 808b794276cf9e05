"""The coverage of the rounds beside hand-written SQL: 990 base grids of 20 points, each looked at on each of 30 days, 594,000 ticks.

    python -m benchmarks.patrols [rounds]      builds the world where it is not there, and prints the table
    python -m benchmarks.patrols clean         takes it away

Environment: see benchmarks/databases.py.
"""

import os
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

from benchmarks import databases, timing

NAME = "bench_patrols"
DISTRICT, STREETS, COMMUNITIES, GRIDS, POINTS, DAYS = "120106", 9, 11, 10, 20, 30
PEOPLE = {
    "district": ("district_head", DISTRICT), "street": ("street_officer", f"{DISTRICT}001"),
    "secretary": ("community_secretary", f"{DISTRICT}001001"), "grid worker": ("grid_worker", f"{DISTRICT}001001001"),
}  # fmt: skip
#: One point in five is looked at every 3 days, one in ten every 7, the others daily.
FILL = f"""
INSERT INTO grids_patrolpoint (grid_id, name, words, every, "order", since)
SELECT g.code, 'point ' || n, '', CASE WHEN n %% 10 = 0 THEN 7 WHEN n %% 5 = 0 THEN 3 ELSE 1 END, n, %(today)s::date - 90
FROM grids_grid g, generate_series(1, {POINTS}) n WHERE g.level = 15;
INSERT INTO grids_patrol (grid_id, by_id, day, note, finished_at)
SELECT g.code, %(user)s, %(today)s::date - d, '', now() FROM grids_grid g, generate_series(1, {DAYS}) d WHERE g.level = 15;
INSERT INTO grids_patroltick (grid_id, point_id, patrol_id, outcome, words, looked_at, day, recorded_at, number, token)
SELECT p.grid_id, p.id, r.id, CASE WHEN hashint8extended(p.id, extract(day FROM r.day)::int) %% 50 = 0 THEN 'mended' ELSE 'fine' END, 'x',
       r.day + time '10:00', r.day, r.day + time '10:01', '', 't' || p.id || '-' || r.day
FROM grids_patrolpoint p JOIN grids_patrol r ON r.grid_id = p.grid_id ORDER BY r.day, p.id;
UPDATE grids_patrolpoint SET looked_on = %(today)s::date - 1;
"""
POINTS_BY_HAND = """
SELECT {below} AS code, count(*), sum(LEAST({days}, '{today}'::date - since) / every), count(*) FILTER (WHERE looked_on = '{today}'),
    count(*) FILTER (WHERE due_on <= '{today}'), count(*) FILTER (WHERE due_on <= '{today}'::date - every)
FROM grids_patrolpoint WHERE {scope} AND since <= '{today}' AND (until IS NULL OR until >= '{today}') GROUP BY 1
"""
LOOKED_BY_HAND = """
SELECT code, sum(bit_count(seen::bit(64))) FROM (
    SELECT t.{below} AS code, t.point_id, bit_or(1::bigint << ('{today}'::date - 1 - t.day) / p.every) AS seen
    FROM grids_patroltick t JOIN grids_patrolpoint p ON p.id = t.point_id
    WHERE t.{scope} AND t.day >= '{today}'::date - {days} AND t.day < '{today}'
      AND p.since <= '{today}' AND (p.until IS NULL OR p.until >= '{today}')
      AND ('{today}'::date - 1 - t.day) / p.every < LEAST({days}, '{today}'::date - p.since) / p.every
    GROUP BY 1, 2
) s GROUP BY 1
"""
FOUND_BY_HAND = """
SELECT {below}, count(*) FROM grids_patroltick t
WHERE {scope} AND day >= '{today}'::date - {days} AND day < '{today}' AND outcome <> 'fine' GROUP BY 1
"""
NAMES_BY_HAND = (
    "SELECT code, name FROM grids_grid WHERE {children} AND valid_until IS NULL ORDER BY code LIMIT 500"
)


def build(today: date) -> None:
    """Fill the empty database."""
    from django.core.management import call_command
    from django.db import connection

    from governance.appointments import appoint
    from governance.models import User
    from grids.models import Grid

    call_command("migrate", verbosity=0)
    made = [(DISTRICT, None)]
    for street in range(1, STREETS + 1):
        made.append((f"{DISTRICT}{street:03}", DISTRICT))
        for community in range(1, COMMUNITIES + 1):
            made.append((f"{made[-1][0][:9]}{community:03}", f"{DISTRICT}{street:03}"))
            above = made[-1][0]
            made += [(f"{above}{grid:03}", above) for grid in range(1, GRIDS + 1)]
    Grid.objects.bulk_create(Grid(code=code, name=code[-3:], parent_id=parent) for code, parent in made)
    for key, (role, code) in PEOPLE.items():
        user = User.objects.create_user(f"cast-{key}", name=key, is_staff=True)
        appoint(user, role, code, by=None)
    with connection.cursor() as cursor:
        for statement in FILL.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"today": today, "user": user.pk})
        cursor.execute("VACUUM ANALYZE")


def rivals(key: str, days: int, today: date) -> tuple[dict[str, Callable[[], Any]], int]:
    """Return the report and its statements by hand for one person's node, and how many lines there are. Raises AssertionError
    when a number differs."""
    from django.db import connection

    from governance.models import User
    from grids.reports import coverage

    node = PEOPLE[key][1]
    level = {6: "district_code", 9: "street_code", 12: "community_code", 15: "grid_id"}
    parts = {
        "below": {6: "street_code", 9: "community_code"}.get(len(node), "grid_id"),
        "scope": f"{level[len(node)]} = '{node}'",
        "children": f"code = '{node}'" if len(node) == 15 else f"parent_id = '{node}'",
        "days": days,
        "today": today,
    }

    def by_hand() -> dict[str, list[int]]:
        with connection.cursor() as cursor:
            cursor.execute(NAMES_BY_HAND.format(**parts))
            found = {code: [0] * 7 for code, _ in cursor.fetchall()}
            cursor.execute(POINTS_BY_HAND.format(**parts))
            for code, points, due, today_, waiting, neglected in cursor.fetchall():
                found[code] = [points, due, 0, today_, waiting, neglected, 0]
            for place, statement in ((2, LOOKED_BY_HAND), (6, FOUND_BY_HAND)):
                cursor.execute(statement.format(**parts))
                for code, number in cursor.fetchall():
                    found[code][place] = number
        return found

    def report() -> list[coverage.Line]:
        return coverage.table(User.objects.get(username=f"cast-{key}"), node, days)

    _, *lines = report()
    assert {line.code: list(line.values.values()) for line in lines} == by_hand()
    return {"report": report, "by hand": by_hand}, len(lines)


def main(arguments: list[str]) -> None:
    """Build where it must be, and measure."""
    with databases.server() as found:
        if arguments == ["clean"]:
            databases.remove(found, NAME)
            return
        os.environ.update(databases.environment(databases.url_of(found, NAME)))
        new = databases.prepare(found, NAME)
        import django

        django.setup()
        from django.db import connection
        from django.utils import timezone

        today = timezone.localdate()
        if new:
            build(today)
            databases.finish(found, NAME)
        rounds = int(arguments[0]) if arguments else 11
        rows = []
        for key in PEOPLE:
            for days in (7, DAYS):
                both, lines = rivals(key, days, today)
                times = timing.in_turn(both, rounds, warm_up=2)
                took = {name: timing.median(each) for name, each in times.items()}
                rows.append(
                    (key, days, lines, took["report"], took["by hand"], took["report"] / took["by hand"])
                )
                print(rows[-1], file=sys.stderr, flush=True)
        connection.close()
        print(timing.table(("person", "days", "lines", "report, ms", "by hand, ms", "ratio"), rows))


if __name__ == "__main__":
    main(sys.argv[1:])
