"""A district's case files to measure in: Hongqiao's own tree, a centre at each of its nodes above the base grids, and so many
disputes with all that hangs on them.

    python -m benchmarks.mediation world      builds both worlds, 1,000 and 100,000 disputes, or says that they are there

Centres, committees, people and posts are made by models and services; disputes by set-based statements (rows.py) into tables
without indexes, which are made again afterwards with every key checked (benchmarks/bulk.py). The two worlds differ in the number of
disputes alone. What is open of the cast's is the same in both, so that their lists can be compared.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import bulk, world
from benchmarks.bulk import copied, told
from benchmarks.mediation import rows, texts

SMALL, LARGE = 1_000, 100_000
#: The first day of the centres.
SINCE = datetime(2022, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
#: Of each kind of file that the cast's lists show, so many: more than a page.
OWN_PAGE = 60
#: How many mediators a centre has, by the length of its code.
MEDIATORS = {6: 8, 9: 5, 12: 3}
BODIES = 200
#: Who is measured: key -> role, and where.
CAST = {
    "director": ("mediation_director", "community"),
    "street": ("mediation_director", "street"),
    "mediator": ("mediator", "community"),
    "justice": ("justice_officer", "district"),
}
PARTS = (
    "disputant", "mediation", "session", "session_invited", "session_present", "agreement", "term", "confirmation", "judicialconfirmation",
    "followup", "archive", "disputestep",
)  # fmt: skip
#: In this order: what others lead to first.
TABLES = ("mediation_dispute", *(f"mediation_{part}" for part in PARTS))


def build(count: int) -> None:
    """Fill the empty database of this process with a world of ``count`` disputes, saying what each part takes."""
    with told("divisions, tables"):
        world.found()
    Builder(count).run()


class Builder(world.Builder):
    """One build: territory, doors and residents as in the world of orders, then centres, then disputes."""

    def run(self) -> None:
        """Make everything, in the order of the references."""
        from benchmarks import cast
        from grids.services import make_up_base_grids

        with told("territory and residents"):
            make_up_base_grids(cast.DISTRICT, world.BASE_GRIDS, seed=1)
            self.territory()
            self.residents()
        with told("centres and their people"):
            self.centres()
        with told("small tables"):
            self.small_tables()
        given = {"count": self.count, "usual": self.usual, "since": SINCE, "now": self.now, **self.sizes}
        bulk.fill(TABLES, rows.JOBS, given)

    # --- who mediates -----------------------------------------------------------------------------------------------
    def centres(self) -> None:
        """A centre with a committee, a director and mediators at the district, each street and each community, and the cast.
        Directors of communities mediate too."""
        from governance.appointments import appoint
        from governance.models import User
        from grids.models import Grid
        from mediation.models import Centre, Committee, Mediator

        def member(key: str, role: str, code: str) -> User:
            user = User.objects.create_user(key, name=f"调{key[-6:]}", is_staff=True)
            appoint(user, role, code, by=None)
            return user

        def mediates(user: User, committee: Committee) -> Mediator:
            return Mediator(grid_id=committee.grid_id, user=user, committee=committee, since=day)

        place = self.place
        nodes = {"district": place.community[:6], "street": place.street, "community": place.community}
        self.people = {key: member(f"cast-{key}", role, nodes[node]) for key, (role, node) in CAST.items()}
        standing = {(role, nodes[node]): self.people[key] for key, (role, node) in CAST.items()}
        day = self.now.date() - timedelta(days=400)
        self.directors: dict[str, int] = {}
        register = []
        for grid in Grid.objects.filter(level__lt=15).order_by("code"):
            code = grid.code
            centre = Centre.objects.create(
                grid=grid, name=f"{grid.name}矛调中心", short_name=f"{grid.name}{code[6:]}"[:20]
            )
            committee = Committee.objects.create(
                grid=grid, name=f"{grid.name}人民调解委员会", kind="community", centre=centre, term_from=day,
                term_until=day + timedelta(days=1095),
            )  # fmt: skip
            director = standing.get(("mediation_director", code)) or member(
                f"director-{code}", "mediation_director", code
            )
            self.directors[code] = director.pk
            if len(code) == 12:
                register.append(mediates(director, committee))
            first = standing.get(("mediator", code))
            crew = [first] if first else []
            crew += [
                member(f"mediator-{code}-{n}", "mediator", code)
                for n in range(MEDIATORS[len(code)] - len(crew))
            ]
            register += [mediates(user, committee) for user in crew]
        Mediator.objects.bulk_create(register)

    # --- what rows.py chooses from ------------------------------------------------------------------------------------
    def small_tables(self) -> None:
        """Fill the schema ``bench``."""
        from django.db import connection

        from governance.search import index, terms
        from mediation.flow import DISPUTES
        from mediation.models import Centre, Mediator

        with connection.cursor() as cursor:
            cursor.execute(bulk.SCHEMA + rows.TABLES)
        copied("base", [(n, code, self.entrances[code]) for n, code in enumerate(self.bases)])
        crew: dict[str, list[int]] = {}
        self.mediators: dict[int, int] = {}
        for key, code, user in Mediator.objects.order_by("pk").values_list("pk", "grid_id", "user_id"):
            crew.setdefault(code, []).append(key)
            self.mediators[user] = key
        copied(
            "centre",
            [
                (code, key, short, index((f"{short}人调字第", "号"), ()), self.directors[code], crew[code])
                for code, key, short in Centre.objects.values_list("grid_id", "pk", "short_name")
            ],
        )
        pool = texts.pool()
        copied(
            "text",
            [
                (n, t.category, f"{t.label}纠纷", t.said, t.asks, t.blame, t.agreed, t.amount,
                 index((f"{t.label}纠纷 {t.said} {t.label}",), ()))
                for n, t in enumerate(pool)
            ],
        )  # fmt: skip
        copied(
            "person",
            [
                (n, key, name, phone, terms(name), terms(name, phone[-4:]))
                for n, (key, name, phone) in enumerate(self.residents_)
            ],
        )
        copied(
            "body", [(n, f"和苑{n}号物业服务公司", terms(f"和苑{n}号物业服务公司")) for n in range(BODIES)]
        )
        planned = list(self.plan())
        copied("plan", planned)
        self.usual = self.count - len(planned)
        labels = {name: action.label for name, action in DISPUTES.actions.items()} | {"open": "登记"}
        copied("path", rows.paths(labels))
        self.sizes = {
            "bases": len(self.bases),
            "texts": len(pool),
            "people": len(self.residents_),
            "bodies": BODIES,
        }

    def plan(self) -> Iterator[tuple]:
        """Return what is fixed of the last disputes: those that the cast's lists show, the same in either world. A line is (number,
        base grid, seat, kind, days ago, who took it down, mediator)."""
        home, place = self.bases.index(self.place.base), self.place
        director, mediator = (self.people[key] for key in ("director", "mediator"))
        hers, his = self.mediators[mediator.pk], self.mediators[director.pk]
        lines: list[tuple] = []
        for n in range(OWN_PAGE):
            part = n / OWN_PAGE
            for seat, whose in ((place.community, hers), (place.street, None)):
                lines += [
                    (home, seat, "consent", 1 + part, None, None),
                    (home, seat, "mediating", 40 + part, None, whose),
                    (home, seat, "visit", 60 + part, None, whose),
                    (home, seat, "closed", 45 + part, None, whose),
                ]
            lines.append((home, place.community, "mediating", 41 + part, None, his))
        # What they reach outside their posts: taken down by them, kept by the street's centre and the community's.
        lines += [(home, place.street, "registered", 1.5, director.pk, None) for _ in range(3)]
        lines += [(home, place.community, "registered", 1.5, mediator.pk, None) for _ in range(3)]
        return ((number, *line) for number, line in enumerate(lines, 1))


def counts() -> dict[str, Any]:
    """Return how many disputes this process's world has in each state and category, and how many rows its tables."""
    from django.db import connection

    counted: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for column in ("status", "category", "grade", "outcome", "length(seat_id)"):
            cursor.execute(f"SELECT {column}, count(*) FROM mediation_dispute GROUP BY 1 ORDER BY 2 DESC")
            counted[column] = cursor.fetchall()
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")
            counted[table] = cursor.fetchone()[0]
    return counted


def sound() -> int:
    """Compare the search terms and the versions of some disputes with what the portal would keep for them. Returns how many were
    compared.

    Raises AssertionError for one that differs.
    """
    from mediation.models import Dispute

    compared = 0
    for dispute in Dispute.objects.prefetch_related("disputants").order_by("-pk")[: 40 * 50 : 20]:
        assert set(dispute.search_terms) == set(dispute.index()), dispute.number
        dispute.full_clean(exclude=["entrance", "search_terms", "number"])
        compared += 1
    return compared
