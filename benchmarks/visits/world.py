"""A district's households to measure in: so many behind 5,940 doors of 990 base grids.

    python -m benchmarks.visits world      builds both worlds, 2,150 and 215,000 households, or says that they are there

Doors and people are made by models and services, households and premises by one set-based statement each into tables without indexes,
which are made again afterwards (benchmarks/bulk.py).
"""

from typing import Any

from benchmarks import bulk, world
from benchmarks.bulk import told

SMALL, LARGE = 2_150, 215_000
#: Doors of a base grid.
DOORS = 6
#: Who is measured: key -> role, and where.
CAST = {
    "district": ("district_head", "district"),
    "street": ("street_officer", "street"),
    "secretary": ("community_secretary", "community"),
    "worker": ("grid_worker", "base"),
}
TABLES = ("grids_household", "grids_premises")
#: Four in five were visited within the half year, one in ten before, the others never; a fiftieth is no more.
HOUSEHOLDS = """
INSERT INTO grids_household (grid_id, entrance_id, room, use, note, visited_on, closed_on, closing)
SELECT e.grid_id, e.id, ((h.n / %(doors)s) / 4 + 1) || lpad(((h.n / %(doors)s) %% 4 + 1)::text, 2, '0'), 'own', '',
    CASE WHEN die.drawn < 0.8 THEN current_date - 1 - (h.n %% 150) WHEN die.drawn < 0.9 THEN current_date - 200 - (h.n %% 200) END,
    CASE WHEN bench.die(h.n, 2) < 0.02 THEN current_date - 30 END, CASE WHEN bench.die(h.n, 2) < 0.02 THEN '房屋拆除' ELSE '' END
FROM generate_series(0, %(count)s - 1) h (n)
JOIN (SELECT id, grid_id, row_number() OVER (ORDER BY id) - 1 AS n FROM grids_entrance) e ON e.n = h.n %% %(doors)s
CROSS JOIN LATERAL (SELECT bench.die(h.n, 1) AS drawn) die
"""
#: A shop for every twenty-six households, as in the district's own figures.
PREMISES = """
INSERT INTO grids_premises (grid_id, name, kind, small, address, contact_name, contact_phone, note, visited_on, closing, token)
SELECT b.code, '商户' || p.n, 'shop', '', '', '', '', '', CASE WHEN bench.die(p.n, 3) < 0.7 THEN current_date - 1 - (p.n %% 150) END, '',
    'bench' || lpad(p.n::text, 11, '0')
FROM generate_series(0, %(count)s / 26 - 1) p (n)
JOIN (SELECT code, row_number() OVER (ORDER BY code) - 1 AS n FROM grids_grid WHERE level = 15) b ON b.n = p.n %% %(bases)s
"""


def build(count: int) -> None:
    """Fill the empty database of this process with a world of ``count`` households, saying what each part takes."""
    from django.db import connection

    from benchmarks import cast
    from grids.models import Building, Entrance, Grid
    from grids.services import make_up_base_grids

    with told("divisions, tables"):
        world.found()
    with told("territory"):
        make_up_base_grids(cast.DISTRICT, world.BASE_GRIDS, seed=1)
        bases = list(Grid.objects.of_level(15).order_by("code").values_list("code", flat=True))
        houses = Building.objects.bulk_create(
            [Building(grid_id=code, name=f"{n}号楼") for code in bases for n in range(1, DOORS // 2 + 1)]
        )
        Entrance.objects.bulk_create(
            [Entrance(grid_id=h.grid_id, building=h, name=f"{n}门") for h in houses for n in (1, 2)]
        )
    with told("cast"):
        call_in(bases[0])
    with connection.cursor() as cursor:
        cursor.execute(bulk.SCHEMA)
    given = {"count": count, "doors": len(bases) * DOORS, "bases": len(bases)}
    bulk.fill(TABLES, {"households": HOUSEHOLDS, "premises": PREMISES}, given)


def call_in(base: str) -> None:
    """Make the cast around the first base grid."""
    from governance.appointments import appoint
    from governance.models import User

    nodes = {"district": base[:6], "street": base[:9], "community": base[:12], "base": base}
    for key, (role, node) in CAST.items():
        appoint(
            User.objects.create_user(f"cast-{key}", name=f"户{key}", is_staff=True),
            role,
            nodes[node],
            by=None,
        )


def counts() -> dict[str, Any]:
    """Return how many households and premises this process's world has."""
    from grids.models import Household, Premises

    return {model.__name__: model.objects.count() for model in (Household, Premises)}
