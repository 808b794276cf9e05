"""A district to measure incidents in: Hongqiao's own tree, and so many incidents with their steps, closings and calls back.

    python -m benchmarks.incidents world      builds both worlds, 41,800 and 4,180,000 incidents, or says that they are there

People, posts, units and the catalogue are made by the portal's own services (as in benchmarks/world.py); incidents by set-based
statements (rows.py) into tables without indexes, which are made again afterwards with every key checked (bulk.py). The two
worlds differ in the number of incidents alone. What is open of the cast's is the same in both, so that their lists can be
compared.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import bulk, world
from benchmarks.bulk import copied, told
from benchmarks.incidents import rows, texts

SMALL, LARGE = 41_800, 4_180_000
#: The first day of the district's platform.
SINCE = datetime(2019, 4, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
SEATS, OFFICERS = 12, 4
#: Of each kind of open incident that the cast's lists show, so many: more than a page.
OWN_PAGE = 60
#: The department of the cast stands in for the one that the catalogue names most often.
CAST_DEPARTMENT = "chengguan"
#: In this order: what others lead to first.
TABLES = ("incidents_incident", "incidents_incidentstep", "incidents_closing", "incidents_callback")
#: Hours by the clock for a limit of one, in office hours and in working days.
CLOCK_HOURS = {"hour": 3.0, "day": 33.6, "clock": 1.0}


def build(count: int) -> None:
    """Fill the empty database of this process with a world of ``count`` incidents, saying what each part takes."""
    with told("divisions, tables"):
        world.found()
    Builder(count).run()


class Builder(world.Builder):
    """One build: territory, doors, staff and residents as in the world of orders, then incidents."""

    def run(self) -> None:
        """Make everything, in the order of the references."""
        from benchmarks import cast
        from grids.services import make_up_base_grids

        with told("territory and people"):
            make_up_base_grids(cast.DISTRICT, world.BASE_GRIDS, seed=1)
            self.territory()
            self.people, self.units = cast.call_in(self.place)
            self.staff()
            self.workers[self.place.base] = self.people["grid"].pk
            self.residents()
            self.seats()
            self.bodies()
            self.catalogue()
        with told("small tables"):
            self.small_tables()
        self.incidents()
        self.shares()

    # --- who handles -------------------------------------------------------------------------------------------------
    def staffed(self, role: str, code: str, count: int, unit: Any = None) -> list[int]:
        """Appoint so many new people. Returns their keys."""
        from governance.appointments import appoint
        from governance.models import User

        made = []
        for _ in range(count):
            self.serial = getattr(self, "serial", 0) + 1
            user = User.objects.create_user(
                f"{role}-{self.serial}", name=f"干部{role[:3]}{self.serial}", is_staff=True
            )
            appoint(user, role, code, by=None, unit=unit)
            made.append(user.pk)
        return made

    def seats(self) -> None:
        """The seat: a dozen people who take calls."""
        from benchmarks.cast import DISTRICT

        self.operators = [self.people["seat"].pk, *self.staffed("seat_operator", DISTRICT, SEATS - 1)]

    def bodies(self) -> None:
        """The committee of each community, the office of each street, and the departments that the catalogue names."""
        from benchmarks.cast import DISTRICT
        from governance.models import Unit
        from incidents.services.catalogue import read_default

        kinds = {12: (Unit.Kind.COMMITTEE, "居委会"), 9: (Unit.Kind.STREET_OFFICE, "街道办")}
        codes = sorted({*self.communities, *(c[:9] for c in self.communities)})
        self.bodies_at = {
            code: Unit.objects.create(grid_id=code, code=f"body-{code}", name=f"{code}{kinds[len(code)][1]}", kind=kinds[len(code)][0]).pk
            for code in codes
        }  # fmt: skip
        self.departments = {"bench-department": self.units["department"]}
        for code in sorted({row["unit"] for row in read_default()} - {"", CAST_DEPARTMENT}):
            self.departments[code] = Unit.objects.create(
                grid_id=DISTRICT, code=code, name=f"部门{code}", kind=Unit.Kind.DEPARTMENT
            )
        self.officers = {
            unit.pk: self.staffed("department_officer", DISTRICT, OFFICERS - 1, unit)
            for unit in self.departments.values()
        }
        self.officers[self.units["department"].pk].append(self.people["department"].pk)

    def catalogue(self) -> None:
        """The catalogue that ships with the portal."""
        from incidents.services.catalogue import load_catalogue, read_default

        told_rows = read_default()
        for row in told_rows:
            if row["unit"] == CAST_DEPARTMENT:
                row["unit"] = "bench-department"
        load_catalogue(told_rows)

    # --- what rows.py chooses from ------------------------------------------------------------------------------------
    def small_tables(self) -> None:
        """Fill the schema ``bench``."""
        from django.db import connection

        from governance.models import Post
        from governance.search import index, terms
        from grids.models import Grid
        from incidents.models import MinorClass

        with connection.cursor() as cursor:
            cursor.execute(bulk.SCHEMA + rows.TABLES)
        posts: dict[tuple[str, str], int] = {}
        for role, code, user in Post.objects.order_by("-pk").values_list("role_id", "grid_id", "user_id"):
            posts[role, code] = user
        posts["community_secretary", self.place.community] = self.people["secretary"].pk
        posts["street_officer", self.place.street] = self.people["street"].pk
        points = {g.code: g.boundary for g in Grid.objects.of_level(15).only("code", "boundary")}
        copied(
            "base",
            [
                (
                    n, code, self.workers[code], posts["community_worker", code[:12]], posts["community_secretary", code[:12]],
                    posts["street_officer", code[:9]], self.bodies_at[code[:12]], self.bodies_at[code[:9]],
                    *middle(points[code]), self.entrances[code],
                )
                for n, code in enumerate(self.bases)
            ],
        )  # fmt: skip
        minors = {minor.code: minor for minor in MinorClass.objects.select_related("unit")}
        copied(
            "minor",
            [
                (
                    m.pk,
                    m.door,
                    m.unit_id,
                    self.officers.get(m.unit_id),
                    m.limit * CLOCK_HOURS[m.limit_unit],
                    m.is_public,
                )
                for m in minors.values()
            ],
        )
        pool = texts.pool([(m.code, m.name, m.keywords) for m in minors.values()])
        copied(
            "text",
            [
                (n, minors[code].pk, minors[code].name, said, spot,
                 index((f"{minors[code].name} {said} {spot} {minors[code].name}",), ()))
                for n, (code, said, spot) in enumerate(pool)
            ],
        )  # fmt: skip
        copied(
            "person",
            [
                (n, key, name, phone, terms(name, phone[-4:]))
                for n, (key, name, phone) in enumerate(self.residents_)
            ],
        )
        copied("seat", list(enumerate(self.operators)))
        planned = list(
            self.plan(
                [(minors[code].door, minors[code].unit == self.units["department"]) for code, *_ in pool]
            )
        )
        copied("plan", planned)
        self.usual = self.count - len(planned)
        copied(
            "path",
            [(status, n, *step) for status, steps in rows.PATHS.items() for n, step in enumerate(steps, 1)],
        )
        self.sizes = {
            "bases": len(self.bases),
            "texts": len(pool),
            "people": len(self.residents_),
            "seats": SEATS,
        }

    def plan(self, classes: list[tuple[str, bool]]) -> Iterator[tuple]:
        """Return what is fixed of the last incidents: those that the cast's lists show, the same in either world.

        ``classes``: for each text, its class's door and whether it is for the department of the cast. A line is (number, base
        grid, door, text, state, red, applicant).
        """
        home, place = self.bases.index(self.place.base), self.place
        far = [n for n, code in enumerate(self.bases) if code.startswith(place.far)]
        plain = [n for n, (door, _) in enumerate(classes) if door == "community"]
        of_department = [n for n, (_, ours) in enumerate(classes) if ours]
        lines: list[tuple] = []
        for n in range(OWN_PAGE):
            lines += [
                (home, "worker", plain[n], "handling" if n % 3 else "dispatched", True, None),
                (home, "community", plain[n], "handled", False, None),
                (home, "community", plain[n], "reported" if n % 2 else "accepted", False, None),
                (self.random.randrange(len(self.bases)), "department", of_department[n],
                 "handling" if n % 3 else "dispatched", True, None),
            ]  # fmt: skip
        # What the cast reaches outside its own jurisdiction: reports of their own.
        for key in ("grid", "secretary", "street", "department"):
            lines += [
                (far[n], "community", plain[n], "handled", False, self.people[key].pk) for n in range(4)
            ]
        return ((number, *line) for number, line in enumerate(lines, 1))

    # --- incidents ------------------------------------------------------------------------------------------------------
    def incidents(self) -> None:
        """Make the incidents and what hangs on them, then keys, indexes and references."""
        given = {"count": self.count, "usual": self.usual, "since": SINCE, "now": self.now}
        jobs = {
            f"{self.count:,} incidents": rows.incidents(**self.sizes),
            "steps": rows.STEPS,
            "closings": rows.CLOSINGS,
            "calls back": rows.CALLBACKS,
        }
        bulk.fill(TABLES, jobs, given)

    def shares(self) -> None:
        """Incidents of another street that were opened to people of the cast, case by case."""
        from governance.sharing import share
        from incidents.models import Incident

        found = list(Incident.objects.filter(community_code=self.place.far).order_by("pk")[:20])
        for key in ("secretary", "street", "department"):
            for incident in found:
                share(incident, self.people[key], {"view"}, by=self.people["seat"], reason="协办")


def middle(boundary: Any) -> tuple[float, float]:
    """Return the middle of a grid's outline, longitude and latitude; the district's where it has none."""
    points = [point for ring in _rings(boundary) for point in ring]
    if not points:
        return 117.15, 39.17
    return sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points)


def _rings(boundary: Any) -> list[list]:
    if not boundary:
        return []
    shapes = [boundary["coordinates"]] if boundary["type"] == "Polygon" else boundary["coordinates"]
    return [shape[0] for shape in shapes]


def counts() -> dict[str, Any]:
    """Return how many rows this process's world has, how many are open, and the sizes of its tables in bytes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM incidents_incident), (SELECT count(*) FROM incidents_incident WHERE closed_at IS NULL)"
        )
        told_counts = dict(zip(("incidents", "open"), cursor.fetchone(), strict=True))
        cursor.execute(
            "SELECT c.oid::regclass::text, c.reltuples::bigint, pg_relation_size(c.oid), pg_indexes_size(c.oid) FROM pg_class c"
            " WHERE c.oid = ANY(%s::regclass[])",
            [list(TABLES)],
        )
        told_counts["tables"] = cursor.fetchall()
    return told_counts


def indexes() -> list[tuple[str, str, int, int]]:
    """Return the indexes on incidents and what hangs on them: table, index, bytes, and how often one was used since ``forget``."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, indexrelname, pg_relation_size(s.indexrelid), idx_scan FROM pg_stat_user_indexes s"
            " JOIN pg_index i ON i.indexrelid = s.indexrelid"
            " WHERE s.relid = ANY(%s::regclass[]) AND NOT i.indisprimary ORDER BY relname, 3 DESC",
            [list(TABLES)],
        )
        return cursor.fetchall()


def forget() -> None:
    """Begin to count anew which indexes are used."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_reset()")


def sound() -> int:
    """Compare the search terms of some incidents with what the portal would keep for them. Returns how many were compared.

    Raises AssertionError for one that differs.
    """
    from incidents.models import Incident

    compared = 0
    for incident in Incident.objects.select_related("minor_class").order_by("-pk")[:2000:20]:
        assert set(incident.search_terms) == set(incident.index()), incident.number
        compared += 1
    return compared
