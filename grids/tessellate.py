"""Makes up boundaries for a district whose streets, communities and base grids nobody has published.

The base grids are drawn first, as a relaxed Voronoi diagram cut to the district's outline; communities and streets are
unions of them. So a child lies within its parent, and siblings meet without gap or overlap, by construction. The same
input gives the same map. Nothing here touches the database; who stores the result marks it as made up.
"""

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from governance.territory import GridLevel

#: Seven decimals of a degree are about a centimetre; every corner is put on this raster, so neighbours share it exactly.
PRECISION = 1e-7
#: Rounds of moving each seed to the middle of its cell: enough for cells of like size.
_ROUNDS = 8

Map = dict[str, BaseGeometry]
#: shapely's array of points.
Points = Any


def spread(total: int, codes: Sequence[str]) -> dict[str, int]:
    """Share ``total`` base grids among communities as evenly as can be; counts differ by at most one.

    Raises ValueError when there would be a community without a grid or with more than 999 (three digits of serial).
    """
    if not codes or not len(codes) <= total <= 999 * len(codes):
        raise ValueError(f"{total} base grids do not fit {len(codes)} communities")
    marks = [total * place // len(codes) for place in range(len(codes) + 1)]
    return {code: marks[place + 1] - marks[place] for place, code in enumerate(sorted(codes))}


def tessellate(outline: BaseGeometry, counts: Mapping[str, int], seed: int = 0) -> Map:
    """Divide a district's outline into base grids, and join them to communities and streets.

    ``outline``: a valid polygon in degrees of longitude and latitude. ``counts``: how many base grids each community code
    gets. Returns polygons by code, for streets, communities and base grids (the community's code and a three-digit
    serial in reading order: rows from the north, each from west to east). Raises ValueError for an outline too small to
    hold that many cells.
    """
    cells = _cells(outline, sum(counts.values()), seed)
    centres = [
        (cell.centroid.x * math.cos(math.radians(outline.centroid.y)), cell.centroid.y) for cell in cells
    ]
    drawn: Map = {}
    streets: dict[str, dict[str, int]] = {}
    for community in sorted(counts):
        streets.setdefault(community[: GridLevel.STREET], {})[community] = counts[community]
    by_street = _deal(
        list(range(len(cells))),
        [(street, sum(inside.values())) for street, inside in streets.items()],
        centres,
    )
    for street, cells_of_street in by_street.items():
        drawn[street] = shapely.coverage_union_all([cells[place] for place in cells_of_street])
        by_community = _deal(cells_of_street, list(streets[street].items()), centres)
        for community, places in by_community.items():
            drawn[community] = shapely.coverage_union_all([cells[place] for place in places])
            for serial, place in enumerate(_in_reading_order(places, centres), start=1):
                drawn[f"{community}{serial:03d}"] = cells[place]
    return dict(sorted(drawn.items()))


def neighbours(cells: Map) -> dict[str, dict[str, str]]:
    """Return, by code, the neighbour to the 东, 南, 西 and 北 with which each cell shares the longest border.

    A direction without a neighbour (the edge of the district) is left out.
    """
    codes, polygons = list(cells), list(cells.values())
    around: dict[str, dict[str, tuple[float, str]]] = {code: {} for code in codes}
    for one, other in zip(*STRtree(polygons).query(polygons, predicate="touches"), strict=True):
        border = polygons[one].intersection(polygons[other]).length
        if border == 0:  # they meet in a corner only
            continue
        here, there = polygons[one].centroid, polygons[other].centroid
        east, north = (there.x - here.x) * math.cos(math.radians(here.y)), there.y - here.y
        side = ("东" if east > 0 else "西") if abs(east) >= abs(north) else ("北" if north > 0 else "南")
        best = around[codes[one]].get(side)
        if best is None or (border, codes[other]) > best:
            around[codes[one]][side] = (border, codes[other])
    return {
        code: {side: sides[side][1] for side in "东南西北" if side in sides} for code, sides in around.items()
    }


def _cells(outline: BaseGeometry, count: int, seed: int) -> list[BaseGeometry]:
    """Cut the outline into ``count`` cells of like size that share their corners exactly."""
    points = _scatter(outline, count, seed)
    for _ in range(_ROUNDS):
        cells = shapely.intersection(_voronoi(points, outline), outline)
        points, middles = shapely.point_on_surface(cells), shapely.centroid(cells)
        inside = shapely.contains(outline, middles)
        points[inside] = middles[inside]
    edges = [*shapely.boundary(_voronoi(points, outline)), outline.boundary]
    lines = shapely.union_all(edges, grid_size=PRECISION)
    faces = [
        face
        for face in shapely.polygonize(shapely.get_parts(lines)).geoms
        if outline.contains(face.representative_point())
    ]
    cells = _join(faces, points)
    if len(cells) != count:
        raise ValueError(f"the outline is too small for {count} cells")
    return cells


def _scatter(outline: BaseGeometry, count: int, seed: int) -> Points:
    chance = random.Random(seed)  # noqa: S311  a map, not a secret
    west, south, east, north = outline.bounds
    shapely.prepare(outline)
    found: list[tuple[float, float]] = []
    while len(found) < count:
        point = (chance.uniform(west, east), chance.uniform(south, north))
        if shapely.contains_xy(outline, *point):
            found.append(point)
    return shapely.points(found)


def _voronoi(points: Points, outline: BaseGeometry) -> Any:
    """Return the Voronoi cell of each point, in the order of the points."""
    if len(points) == 1:
        return shapely.get_parts([outline.envelope])
    diagram = shapely.voronoi_polygons(shapely.multipoints(points), extend_to=outline.envelope, ordered=True)
    return shapely.get_parts(diagram)


def _join(faces: list[BaseGeometry], points: Points) -> list[BaseGeometry]:
    """Give each face to its nearest point; what an inlet of the outline cut off a cell goes to the neighbour it borders on."""
    owners = STRtree(points).nearest([face.representative_point() for face in faces])
    main: dict[int, int] = {}
    for place, owner in enumerate(owners):
        if owner not in main or faces[place].area > faces[main[owner]].area:
            main[int(owner)] = place
    members = {owner: [place] for owner, place in main.items()}
    tree = STRtree(faces)
    for place, face in enumerate(faces):
        if main[int(owners[place])] == place:
            continue
        beside = [
            int(other) for other in tree.query(face, predicate="touches") if main[int(owners[other])] == other
        ]
        border = {other: face.intersection(faces[other]).length for other in sorted(beside)}
        nearest = max(border, key=border.get, default=None)
        # A part of the outline that touches no other (an island) stays with its cell.
        to = int(owners[nearest]) if nearest is not None and border[nearest] > 0 else int(owners[place])
        members[to].append(place)
    return [
        shapely.coverage_union_all([faces[place] for place in members[owner]]) for owner in sorted(members)
    ]


def _deal(
    places: list[int], shares: list[tuple[str, int]], centres: Sequence[tuple[float, float]]
) -> dict[str, list[int]]:
    """Deal the cells out so that each share gets its number of them, lying together.

    The cells are halved again and again across their longer side, the western or northern half to the first shares.
    """
    if len(shares) == 1:
        return {shares[0][0]: places}
    total = sum(weight for _, weight in shares)
    running, cut = 0, 0
    while cut < len(shares) - 1 and (cut == 0 or running + shares[cut][1] / 2 <= total / 2):
        running += shares[cut][1]
        cut += 1
    xs, ys = [centres[place][0] for place in places], [centres[place][1] for place in places]
    if max(xs) - min(xs) >= max(ys) - min(ys):
        ordered = sorted(places, key=lambda place: (centres[place][0], -centres[place][1]))
    else:
        ordered = sorted(places, key=lambda place: (-centres[place][1], centres[place][0]))
    return _deal(ordered[:running], shares[:cut], centres) | _deal(ordered[running:], shares[cut:], centres)


def _in_reading_order(places: list[int], centres: Sequence[tuple[float, float]]) -> list[int]:
    from_north = sorted(places, key=lambda place: (-centres[place][1], centres[place][0]))
    rows = max(1, round(math.sqrt(len(places))))
    marks = [len(places) * row // rows for row in range(rows + 1)]
    return [
        place
        for start, end in zip(marks, marks[1:], strict=False)
        for place in sorted(from_north[start:end], key=lambda place: centres[place][0])
    ]
