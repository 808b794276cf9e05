"""The outlines of grids as paths of one picture: simplified, north above, in the picture's own units."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from grids.models import Grid

#: The longer side of a picture, in its own units. What is smaller than two of them is left out of an outline.
SIDE = 720
_SIMPLIFIED = 2


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
