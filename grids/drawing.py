"""The outlines of grids, simplified: as paths of one picture, north above, in the picture's own units; and as shapes that a script lays on
a map."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from os.path import commonprefix
from typing import Any

import shapely
from django.conf import settings
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from grids.models import Grid

#: The longer side of a picture, in its own units. What is smaller than two of them is left out of an outline.
SIDE = 720
_SIMPLIFIED = 2
#: How far a map's outline may stray from the stored one, in degrees (about five metres).
STRAYS = 5e-5


@dataclass(frozen=True)
class Drawing:
    """A picture ``width`` by ``height``; the path of each grid by its code. ``made_up``: some of its boundaries are."""

    width: int
    height: int
    paths: dict[str, str]
    made_up: bool


def draw(grids: Iterable[Grid]) -> Drawing | None:
    """Draw the grids that have a boundary; None where none has. The grids need ``code``, ``boundary`` and ``boundary_made_up``."""
    known = [grid for grid in grids if grid.boundary]
    if not known:
        return None
    polygons = [shape(grid.boundary) for grid in known]
    west, south, east, north = shapely.total_bounds(polygons)
    # A degree of longitude is shorter than one of latitude.
    narrow = math.cos(math.radians((south + north) / 2))
    unit = max((east - west) * narrow, north - south) / SIDE
    # Simplified together, neighbours keep sharing their border; what does not fit together is drawn as it is.
    if shapely.coverage_is_valid(polygons):
        polygons = shapely.coverage_simplify(polygons, unit * _SIMPLIFIED)

    def place(x: float, y: float) -> str:
        return f"{round((x - west) * narrow / unit)} {round((north - y) / unit)}"

    return Drawing(
        width=math.ceil((east - west) * narrow / unit),
        height=math.ceil((north - south) / unit),
        paths={grid.code: _path(polygon, place) for grid, polygon in zip(known, polygons, strict=True)},
        made_up=any(grid.boundary_made_up for grid in known),
    )


def _path(polygon: BaseGeometry, place) -> str:
    rings = []
    for part in getattr(polygon, "geoms", [polygon]):
        for ring in (part.exterior, *part.interiors):
            corners = [place(x, y) for x, y in ring.coords[:-1]]
            rings.append("M" + "L".join(corners) + "Z")
    return "".join(rings)


def outlines(grids: Iterable[Grid]) -> list[tuple[Grid, dict[str, Any]]]:
    """Return the grids that have a boundary, each with its outline as GeoJSON, simplified for a map."""
    known = [grid for grid in grids if grid.boundary]
    polygons = [shape(grid.boundary) for grid in known]
    # Simplified together, neighbours keep sharing their border; what does not fit together is simplified one by one.
    together = polygons and shapely.coverage_is_valid(polygons)
    polygons = shapely.coverage_simplify(polygons, STRAYS) if together else shapely.simplify(polygons, STRAYS)
    return [(grid, mapping(polygon)) for grid, polygon in zip(known, polygons, strict=True)]


def areas(grids: Iterable[Grid], chosen: str = "") -> list[dict[str, Any]]:
    """Return outlines as the maps of the portal draw them (static/portal/maps.js); ``chosen``: the code of the one that is meant."""
    drawn = outlines(grids)
    return [
        {
            "code": grid.code,
            "name": grid.name,
            "label": label,
            "chosen": grid.code == chosen,
            "made_up": grid.boundary_made_up,
            "shape": outline,
        }
        for (grid, outline), label in zip(drawn, labels([grid.name for grid, _ in drawn]), strict=True)
    ]


def base_layer() -> dict[str, str]:
    """Return what lies below the outlines of a map: nothing unless the deployment names tiles."""
    return {"tiles": settings.MAP_TILES, "attribution": settings.MAP_ATTRIBUTION}


def grid_map(grid: Grid, points: list[dict[str, Any]], lacking: int) -> dict[str, Any] | None:
    """Return what a phone shows of the points of a grid (templates/grids/map_fold.html), and keeps with its page; None without points.

    A point: ``x`` and ``y`` in degrees, ``kind`` (its looks in maps.css), ``mark``, ``name``, ``words`` and ``url``; ``short``: what stands
    beside the mark where there is room. ``lacking``: how many
    have no place and are in the list alone. Costs a query where the grid's boundary is deferred.
    """
    if not points:
        return None
    drawn = areas([grid], grid.code)
    return {
        "data": base_layer() | {"areas": drawn, "points": points},
        "made_up": any(each["made_up"] for each in drawn),
        "lacking": lacking,
    }


def labels(names: list[str]) -> list[str]:
    """Return names as they are written on a map: 和苑家园社区第1网格 among its like is 第1网格 there."""
    shared = commonprefix(names) if len(names) > 1 else ""
    return [name[max(shared.rfind("第"), 0) :] for name in names]
