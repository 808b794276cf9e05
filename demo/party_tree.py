"""The demo's party organisations: a committee for each street and community, as many grid branches and building-unit groups as the
district reports, and the firms and shops that branches look after. Everything below the communities is made up."""

import random
from collections import defaultdict
from datetime import timedelta

from demo.people import GRID
from demo.territory import MADE_UP, short, streets_in_play
from demo.world import World
from governance.models import Unit
from governance.territory import GridLevel
from grids.models import Grid
from parties.models import BranchForm, CoveredUnit, Organisation, OrganisationChange, PartyOrgType

T = PartyOrgType
#: As many branches as the district reports, on so many residents' grids, and groups below them.
BRANCHES, BRANCH_GRIDS, GROUPS = 776, 743, 1078
#: Firms, social organisations and shops without an organisation of their own.
COVERED = ((CoveredUnit.Kind.FIRM, 1592), (CoveredUnit.Kind.SOCIAL, 100), (CoveredUnit.Kind.SHOP, 8220))
TRADES = {
    CoveredUnit.Kind.FIRM: ("商贸有限公司", "科技有限公司", "物流有限公司", "装饰工程有限公司", "餐饮管理有限公司"),
    CoveredUnit.Kind.SOCIAL: ("社区服务中心", "养老服务站", "文体协会", "公益发展中心"),
    CoveredUnit.Kind.SHOP: ("便利店", "早点铺", "理发店", "五金店", "药店", "水果店", "快递驿站", "面馆"),
}  # fmt: skip
LETTERS = "瑞祥福顺和盛泰昌德隆兴旺宏达永安嘉禾丰源"
#: Of those covered, so many in a hundred are looked after by nobody yet.
BARE = 4
BATCH = 1000


def load_party_tree(world: World) -> None:
    """Found the tree from the top, level by level, and give branches what they look after."""
    chance = world.chance("party tree")
    streets = streets_in_play(world)
    street_rows = [
        _organisation(world, code, f"中共{world.grids[code].name}工作委员会", T.STREET_COMMITTEE)
        for code in streets
    ]
    tops = _save(world, [(row, None) for row in street_rows])
    communities = [code for code in world.communities if code[:9] in streets]
    committees = _save(
        world,
        [
            (
                _organisation(
                    world, code, f"{short(world.grids[code].name)}社区党委", T.COMMITTEE, **_term(world, chance)
                ),
                tops[code[:9]][0],
            )
            for code in communities
        ],
    )  # fmt: skip
    branches = _save(world, list(_branches(world, chance, communities, committees)))
    groups = _save(world, list(_groups(world, chance, branches)))
    world.party = {code: [*committees[code]] for code in committees}
    for found in (tops, branches, groups):
        for code, rows in found.items():
            world.party.setdefault(code, []).extend(rows)
    _look_after(world, chance, branches)


def _organisation(world: World, code: str, name: str, kind: int, **fields) -> Organisation:
    chance = world.chance(f"party {code} {name}")
    # None was founded within a term that it has had from its beginning.
    since = min([world.day(-600 - chance.randrange(2500)), *filter(None, [fields.get("term_from")])])
    return Organisation(grid=world.grids[code], name=name, kind=kind, established_on=since, **fields)


def _save(
    world: World, rows: list[tuple[Organisation, Organisation | None]]
) -> dict[str, list[Organisation]]:
    """Save organisations of one level with their units and the first line of their chronicle. Returns them by place."""
    units = [
        Unit(grid=row.grid, code=f"party-{row.grid_id}-{serial}-{row.kind}", name=row.name, kind=Unit.Kind.PARTY)
        for serial, (row, _) in enumerate(rows)
    ]  # fmt: skip
    Unit.objects.bulk_create(units, batch_size=BATCH)
    found: dict[str, list[Organisation]] = defaultdict(list)
    for unit, (row, parent) in zip(units, rows, strict=True):
        row.unit = unit
        row.stand_under(parent)
        found[row.grid_id].append(row)
    made = Organisation.objects.bulk_create([row for row, _ in rows], batch_size=BATCH)
    OrganisationChange.objects.bulk_create(
        [
            OrganisationChange(
                organisation=row, kind="set_up", day=row.established_on, words=f"成立{row.name}（{MADE_UP}）"
            )
            for row in made
        ],
        batch_size=BATCH,
    )
    return found


def _share(world: World, number: int) -> int:
    """Return how many of the district's number belong to what is loaded."""
    if not world.small:
        return number
    bases = [code for code in world.grids if len(code) == GridLevel.BASE]
    here = [code for code in bases if code[:9] in streets_in_play(world)]
    return round(number * len(here) / len(bases))


def _branches(world: World, chance: random.Random, communities: list[str], committees: dict) -> list:
    bases = [
        code
        for community in communities
        for code in world.bases(community)
        if world.grids[code].kind == Grid.Kind.RESIDENT
    ]
    bases.remove(GRID)
    grids = sorted([GRID, *chance.sample(bases, min(_share(world, BRANCH_GRIDS) - 1, len(bases)))])
    shared = min(_share(world, BRANCHES) - _share(world, BRANCH_GRIDS), len(grids))
    second = sorted([GRID, *chance.sample([code for code in grids if code != GRID], shared - 1)])
    for code in grids:
        community = short(world.grids[code[:12]].name)
        name = f"{community}社区第{int(code[-3:])}网格党支部"
        terms = _term(world, chance)
        if code == GRID:
            terms = {"term_from": world.day(-1700), "term_until": world.day(120)}  # the election is near
        yield (
            _organisation(
                world, code, name, T.BRANCH, form=BranchForm.GRID, theme_day=chance.choice((5, 8, 10, 15, 20)),
                address=f"{community}社区党群服务中心", **terms,
            ),
            committees[code[:12]][0],
        )  # fmt: skip
    for code in second:
        community = short(world.grids[code[:12]].name)
        name = f"{community}社区第{int(code[-3:])}网格新就业群体联合党支部"
        yield (
            _organisation(
                world, code, name, T.BRANCH, form=BranchForm.JOINT, theme_day=25, **_term(world, chance)
            ),
            committees[code[:12]][0],
        )


def _term(world: World, chance: random.Random) -> dict:
    """Return a term of five years; a few are over, and a few end soon."""
    left = (
        -chance.randrange(5, 120) if chance.random() < 0.02
        else chance.randrange(10, 180) if chance.random() < 0.06
        else chance.randrange(250, 1500)
    )  # fmt: skip
    until = world.day(left)
    return {"term_from": until - timedelta(days=5 * 365), "term_until": until}


def _groups(world: World, chance: random.Random, branches: dict) -> list:
    rows = [row for several in branches.values() for row in several]
    # The demo's own branch has two for its many members.
    twice = [serial for serial, row in enumerate(rows) if row.grid_id == GRID]
    others = [serial for serial, row in enumerate(rows) if row.grid_id != GRID]
    twice = {
        *twice,
        *chance.sample(
            others, min(len(others), max(0, _share(world, GROUPS) - _share(world, BRANCHES) - len(twice)))
        ),
    }
    for serial, branch in enumerate(rows):
        doors = world.doors[branch.grid_id]
        for number in range(1 + (serial in twice)):
            door = doors[(serial + number) % len(doors)] if doors and branch.form == BranchForm.GRID else None
            name = f"{door.building.name}{door.name}党小组" if door else f"第{number + 1}党小组"
            yield _organisation(world, branch.grid_id, name, T.GROUP, entrance=door), branch


def _look_after(world: World, chance: random.Random, branches: dict) -> None:
    places = sorted(branches)
    covered, taken = [], set()
    for kind, number in COVERED:
        for serial in range(_share(world, number)):
            code = GRID if kind == CoveredUnit.Kind.SHOP and serial < 12 else chance.choice(places)
            name = f"{chance.choice(LETTERS)}{chance.choice(LETTERS)}{chance.choice(TRADES[kind])}"
            if (code, name) in taken:
                name = f"{name}（{serial}）"
            taken.add((code, name))
            branch = None if chance.randrange(100) < BARE else branches[code][0]
            covered.append(
                CoveredUnit(
                    grid=world.grids[code], name=name, kind=kind, staff_count=chance.randint(1, 30), organisation=branch,
                    units=branch.units if branch else [], since=world.day(-chance.randrange(30, 900)) if branch else None,
                )
            )  # fmt: skip
    CoveredUnit.objects.bulk_create(covered, batch_size=BATCH)
