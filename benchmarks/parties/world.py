"""A district's party organisation to measure in: about 2,000 organisations on Hongqiao's own tree, and so many members on their rolls.

    python -m benchmarks.parties world      builds both worlds, 1,000 and 100,000 members, or says that they are there

Organisations and people are made by models and services, members and thirteen months of meetings by one set-based statement each into
tables without indexes, which are made again afterwards (benchmarks/bulk.py). The two worlds differ in the number of members, and so in
how many branches have three with a duty; the cast's own branch and community have a page of members in either.
"""

import random
from datetime import timedelta
from typing import Any

from benchmarks import bulk, world
from benchmarks.bulk import copied, told

SMALL, LARGE = 1_000, 100_000
GRIDS, BRANCHES, GROUPS = 800, 860, 1_060
#: Members of the cast's own branch, in either world: more than a page.
OWN = 60
#: Who is measured: key -> role, and where.
CAST = {
    "district": ("party_officer", "district"),
    "street": ("party_officer", "street"),
    "secretary": ("community_secretary", "community"),
    "branch": ("party_branch_secretary", "base"),
}
TABLES = ("parties_member", "parties_meeting")
TABLE = """
CREATE TABLE bench.branch (n int PRIMARY KEY, key bigint, grid text, units bigint[], party_group bigint, group_unit bigint);
"""
#: One in two is in the branch's group, one in fifty on probation, one in twenty has left; the first are the cast's own branch's.
MEMBERS = """
INSERT INTO parties_member (grid_id, organisation_id, units, group_id, name, phone, stage, joined_on, full_on, mobility, employer, since,
    came_from, left_on, leaving, went_to)
SELECT b.grid, b.key, b.units || CASE WHEN die.of_group THEN ARRAY[b.group_unit] ELSE '{}' END,
    CASE WHEN die.of_group THEN b.party_group END, '党员' || m.n, '', CASE WHEN die.stage < 0.02 THEN 'probationary' ELSE 'full' END,
    date '1980-07-01' + (m.n %% 15000), NULL, '', '', date '2015-01-01' + (m.n %% 3000), '',
    CASE WHEN die.gone < 0.05 THEN date '2025-01-01' END, CASE WHEN die.gone < 0.05 THEN 'transferred' ELSE '' END, ''
FROM generate_series(1, %(count)s) m (n)
JOIN bench.branch b ON b.n = CASE WHEN m.n <= %(own)s THEN 0 ELSE m.n %% %(branches)s END
CROSS JOIN LATERAL (SELECT bench.die(m.n, 1) < 0.5 AND b.party_group IS NOT NULL AS of_group, bench.die(m.n, 2) AS stage, bench.die(m.n, 3) AS gone) die
"""
#: One meeting of each kind for each period it is due in, over thirteen months; one in ten was not held.
MEETINGS = """
INSERT INTO parties_meeting (grid_id, organisation_id, units, number, title, description, applicant_name, applicant_phone, channel, status,
    version, opened_at, closed_at, escalation, search_terms, kinds, starts_at, lasts, place, host, minutes, others, expected, present)
SELECT b.grid, o.id, o.units, 'HY' || row_number() OVER (), k.kind, '', '', '', 'staff', 'held', 2, day.at - interval '7 days', day.at, 0,
    '{}', ARRAY[k.kind], day.at, 90, '', '', '', 0, 9, 7
FROM (VALUES ('council', 1, 4), ('theme_day', 1, 4), ('group', 1, 5), ('assembly', 3, 4), ('lecture', 3, 4), ('life', 12, 4),
    ('review', 12, 4)) k (kind, months, of)
CROSS JOIN generate_series(0, 12) m (n)
JOIN parties_organisation o ON o.kind = k.of
JOIN bench.branch b ON b.key IN (o.id, o.parent_id)
CROSS JOIN LATERAL (SELECT date_trunc('month', now()) - m.n * interval '1 month' + interval '9 hours' AS at) day
WHERE m.n %% k.months = 0 AND bench.die(o.id * 100 + m.n, length(k.kind)) < 0.9
"""
#: The first three of each branch that has so many.
OFFICERS = """
INSERT INTO parties_officer (grid_id, organisation_id, units, member_id, duty, committee_duty, since, document)
SELECT grid_id, organisation_id, units[:array_length(units, 1) - CASE WHEN group_id IS NULL THEN 0 ELSE 1 END], id,
    (ARRAY['secretary', 'organisation', 'publicity'])[n], '', current_date - 700, ''
FROM (SELECT *, row_number() OVER (PARTITION BY organisation_id ORDER BY id) AS n, count(*) OVER (PARTITION BY organisation_id) AS all
      FROM parties_member WHERE left_on IS NULL) m
WHERE m.all >= 3 AND m.n <= 3
"""


def build(count: int) -> None:
    """Fill the empty database of this process with a world of ``count`` members, saying what each part takes."""
    with told("divisions, tables"):
        world.found()
    Builder(count).run()


class Builder:
    """One build."""

    def __init__(self, count: int) -> None:
        self.count, self.random = count, random.Random(20261128)  # noqa: S311 - repeatable, not secret

    def run(self) -> None:
        """Make everything, in the order of the references."""
        from django.db import connection

        from benchmarks import cast
        from grids.services import make_up_base_grids

        with told("territory"):
            make_up_base_grids(cast.DISTRICT, world.BASE_GRIDS, seed=1)
        with told("organisations"):
            self.organisations()
        with told("cast"):
            self.call_in()
        with connection.cursor() as cursor:
            cursor.execute(bulk.SCHEMA + TABLE)
        copied("branch", self.lines)
        given = {"count": self.count, "own": OWN, "branches": len(self.lines)}
        bulk.fill(TABLES, {"members": MEMBERS, "meetings": MEETINGS}, given)
        with connection.cursor() as cursor:
            cursor.execute(OFFICERS)
            cursor.execute("ANALYZE parties_officer")

    def organisations(self) -> None:
        """A committee for each street and community, branches on their base grids, and groups in branches."""
        from grids.models import Grid
        from parties.models import PartyOrgType as T

        bases = list(Grid.objects.of_level(15).order_by("code").values_list("code", flat=True))
        codes = Grid.objects.filter(level__in=(9, 12)).order_by("code").values_list("code", flat=True)
        streets = self.save(
            [(code, f"党工委{code}", T.STREET_COMMITTEE, None) for code in codes if len(code) == 9]
        )
        tops = {row.grid_id: row for row in streets}
        committees = self.save(
            [(code, f"党委{code}", T.COMMITTEE, tops[code[:9]]) for code in codes if len(code) == 12]
        )
        above = {row.grid_id: row for row in committees}
        chosen = bases[:GRIDS]
        chosen += self.random.sample(chosen, BRANCHES - GRIDS)
        branches = self.save(
            [(code, f"支部{n}", T.BRANCH, above[code[:12]]) for n, code in enumerate(chosen)]
        )
        places = [*branches, *self.random.sample(branches, GROUPS - BRANCHES)]
        groups = self.save([(row.grid_id, f"小组{n}", T.GROUP, row) for n, row in enumerate(places)])
        first = {group.parent_id: group for group in reversed(groups)}
        self.home = branches[0]
        self.lines = [
            (n, row.pk, row.grid_id, list(row.units), first[row.pk].pk, first[row.pk].unit_id)
            for n, row in enumerate(branches)
        ]

    def save(self, rows: list[tuple[str, str, int, Any]]) -> list[Any]:
        """Save organisations of one level, each with its unit."""
        from django.utils import timezone

        from governance.models import Unit
        from parties.models import Organisation, PartyOrgType

        today = timezone.localdate()
        units = Unit.objects.bulk_create(
            [
                Unit(grid_id=code, code=f"b{kind}-{n}", name=name, kind="party")
                for n, (code, name, kind, _) in enumerate(rows)
            ]
        )
        made = []
        for unit, (code, name, kind, parent) in zip(units, rows, strict=True):
            row = Organisation(
                grid_id=code, name=name, kind=kind, unit=unit, established_on=today - timedelta(days=900),
                form="grid" if kind == PartyOrgType.BRANCH else "", term_from=today - timedelta(days=800),
                term_until=today + timedelta(days=self.random.randrange(-50, 900)),
            )  # fmt: skip
            row.stand_under(parent)
            made.append(row)
        return Organisation.objects.bulk_create(made, batch_size=500)

    def call_in(self) -> None:
        """Make the cast around the first branch."""
        from governance.appointments import appoint
        from governance.models import User

        base = self.home.grid_id
        nodes = {"district": base[:6], "street": base[:9], "community": base[:12], "base": base}
        for key, (role, node) in CAST.items():
            user = User.objects.create_user(f"cast-{key}", name=f"党{key}", is_staff=True)
            unit = self.home.unit if key == "branch" else None
            appoint(user, role, nodes[node], by=None, unit=unit)


def counts() -> dict[str, Any]:
    """Return how many organisations, members, duties and meetings this process's world has."""
    from parties.models import Meeting, Member, Officer, Organisation

    return {model.__name__: model.objects.count() for model in (Organisation, Member, Officer, Meeting)}
