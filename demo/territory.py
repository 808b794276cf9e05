"""The demo's territory: Hongqiao's real divisions and outline, with made-up base grids, buildings, doors and stations."""

import random
from pathlib import Path

import shapely
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

import grids
from demo.people import COMMUNITY, DISTRICT, NEIGHBOUR, STREET
from demo.world import World
from governance.models import Unit
from governance.territory import GridLevel
from grids.boundary_files import read_outlines
from grids.divisions import read_divisions
from grids.geometry import to_polygon
from grids.models import Building, Entrance, Grid
from grids.services import load_divisions, load_outlines, make_up_base_grids
from volunteers.models import Station

DATA = Path(grids.__file__).parent / "data"
#: As many base grids as the district reports, and how many of them are dedicated ones (a school, a market).
BASE_GRIDS, DEDICATED = 990, 36
#: Practice stations and points, beside one centre and an institute in each street.
STATIONS, POINTS = 104, 119
#: Communities whose buildings are drawn in full.
DENSE = (COMMUNITY, NEIGHBOUR)
BATCH = 1000
MADE_UP = "演示数据"

#: Codes as the shipped catalogue of incidents names them (incidents/data/classes.csv).
DEPARTMENTS = (
    ("chengguan", "区城市管理委"), ("zhujian", "区住房建设委"), ("shengtai", "区生态环境局"), ("gongan", "公安红桥分局"),
    ("jiaojing", "区交警支队"), ("yingji", "区应急管理局"), ("xiaofang", "区消防救援支队"), ("shichang", "区市场监管局"),
    ("minzheng", "区民政局"), ("renshe", "区人力资源社会保障局"), ("weijian", "区卫生健康委"), ("jiaoyu", "区教育局"),
    ("sifa", "区司法局"), ("shuiwu", "区水务所"), ("ranqi", "燃气服务站"), ("gongre", "供热服务站"), ("dianli", "供电服务站"),
    ("canlian", "区残疾人联合会"), ("yuanlin", "区园林绿化中心"), ("fulian", "区妇联"),
)  # fmt: skip


def short(name: str) -> str:
    """Return a place's name as people say it: 和苑家园 for 和苑家园社区居委会."""
    for ending in ("居委会", "村委会", "社区", "街道"):
        name = name.removesuffix(ending)
    return name


def load_territory(world: World) -> None:
    """Load divisions and outline, draw the base grids, and put buildings, doors, units and stations in."""
    load_divisions(read_divisions((DATA / "divisions_120106_hongqiao.csv").read_bytes()))
    load_outlines(read_outlines((DATA / "outline_120106_hongqiao.geojson").read_bytes()))
    total, dedicated = (228, 8) if world.small else (BASE_GRIDS, DEDICATED)
    make_up_base_grids(DISTRICT, total, dedicated=dedicated, seed=world.seed)
    world.grids = {grid.code: grid for grid in Grid.objects.order_by("code")}
    _publish_phones(world)
    _build(world)
    _found_units(world)
    _found_stations(world)


def _publish_phones(world: World) -> None:
    # No telephone number in China begins with 0000, so nobody is called by mistake.
    upper = [grid for code, grid in world.grids.items() if len(code) < GridLevel.BASE]
    for serial, grid in enumerate(upper, start=1):
        grid.phone = f"022-0000{serial:04d}"
        if len(grid.code) == GridLevel.STREET:
            grid.supervision_phone = f"022-0001{serial:04d}"
    bulk_update_with_history(
        upper, Grid, ["phone", "supervision_phone"], batch_size=BATCH, default_change_reason=MADE_UP
    )


def _build(world: World) -> None:
    chance = world.chance("buildings")
    buildings: list[Building] = []
    doors_of: list[int] = []
    numbers: dict[str, int] = {}
    for code, grid in world.grids.items():
        if len(code) != GridLevel.BASE or grid.kind == Grid.Kind.DEDICATED:
            continue
        dense = code[:12] in DENSE
        for _ in range(chance.choice((2, 3)) if dense else 1):
            number = numbers[code[:12]] = numbers.get(code[:12], 0) + 1
            name = short(world.grids[code[:12]].name)
            buildings.append(Building(grid_id=code, compound=name, name=f"{number}号楼"))
            doors_of.append(chance.choice((2, 3)) if dense else 2)
    bulk_create_with_history(buildings, Building, batch_size=BATCH, default_change_reason=MADE_UP)
    entrances = []
    for building, count in zip(buildings, doors_of, strict=True):
        polygon = to_polygon(world.grids[building.grid_id].boundary)
        longitude, latitude = point_in(polygon, chance)
        for door in range(1, count + 1):
            # The doors of a building stand ten metres apart, unless that leaves the grid.
            beside = (longitude + 0.0001 * (door - 1), latitude)
            x, y = beside if shapely.contains_xy(polygon, *beside) else (longitude, latitude)
            entrances.append(
                Entrance(
                    grid_id=building.grid_id, building=building, name=f"{door}门", longitude=round(x, 6),
                    latitude=round(y, 6), household_count=chance.choice((10, 12, 12, 18, 24)),
                    token=f"{chance.getrandbits(72):018x}"[:12],
                )
            )  # fmt: skip
    Entrance.objects.bulk_create(entrances, batch_size=BATCH)
    for entrance in entrances:
        world.doors[entrance.grid_id].append(entrance)


def point_in(polygon, chance: random.Random) -> tuple[float, float]:
    """Return a point well inside the polygon."""
    inner = polygon.buffer(-0.0002)
    inner = polygon if inner.is_empty else inner
    west, south, east, north = inner.bounds
    for _ in range(50):
        point = (chance.uniform(west, east), chance.uniform(south, north))
        if shapely.contains_xy(inner, *point):
            return point
    middle = polygon.representative_point()
    return middle.x, middle.y


def _found_units(world: World) -> None:
    units = [
        Unit(grid_id=DISTRICT, code=key, name=name, kind=Unit.Kind.DEPARTMENT) for key, name in DEPARTMENTS
    ]
    for code, grid in world.grids.items():
        if len(code) == GridLevel.STREET:
            units.append(
                Unit(grid_id=code, code=f"jd{code}", name=f"{grid.name}办事处", kind=Unit.Kind.STREET_OFFICE)
            )
        elif len(code) == GridLevel.COMMUNITY:
            units.append(Unit(grid_id=code, code=f"jwh{code}", name=grid.name, kind=Unit.Kind.COMMITTEE))
    bulk_create_with_history(units, Unit, batch_size=BATCH, default_change_reason=MADE_UP)
    world.units = {unit.code: unit for unit in units}


def _found_stations(world: World) -> None:
    chance, kinds = world.chance("stations"), Station.Kind
    hours = "周一至周日 8:30–18:00"
    district = world.grids[DISTRICT]
    stations = [
        Station(grid=district, name=f"{district.name}新时代文明实践中心", kind=kinds.CENTRE, hours=hours)
    ]
    for code, grid in world.grids.items():
        if len(code) == GridLevel.STREET:
            stations.append(
                Station(grid=grid, name=f"{grid.name}新时代文明实践所", kind=kinds.INSTITUTE, hours=hours)
            )
    others = [code for code in world.communities if code not in DENSE]
    with_station = sorted([*DENSE, *chance.sample(others, STATIONS - len(DENSE))])
    for code in with_station:
        name = short(world.grids[code].name)
        stations.append(
            Station(grid_id=code, name=f"{name}新时代文明实践站", kind=kinds.STATION, hours=hours)
        )
    places = [code for code in world.grids if len(code) == GridLevel.BASE and world.doors[code]]
    at_home = [code for code in places if code[:12] in DENSE][:4]
    for code in sorted(
        at_home + chance.sample([c for c in places if c not in at_home], POINTS - len(at_home))
    ):
        door = world.doors[code][0]
        stations.append(
            Station(
                grid_id=code, name=f"{door.building}邻里服务点", kind=kinds.POINT, hours="周一至周五 9:00–17:00",
                address=f"{door.building}{door.name}旁",
            )
        )  # fmt: skip
    for station in stations:
        station.phone = world.grids[station.grid_id[:12]].phone
    bulk_create_with_history(stations, Station, batch_size=BATCH, default_change_reason=MADE_UP)


def streets_in_play(world: World) -> list[str]:
    """Return the streets that people live in: all, or the demo people's alone in a small load."""
    return [
        code for code in world.grids if len(code) == GridLevel.STREET and (not world.small or code == STREET)
    ]
