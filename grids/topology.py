"""Takes outlines apart into points and rings of points, so that a border of two grids is one line and moves as one.

Nothing here touches the database. What the browser does with the points is static/portal/boundary_editor.js.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

#: Corners that lie no farther apart, in degrees (about ten centimetres), are one; so is a corner on another one's line.
APART = 1e-6

Ring = list[int]
Rings = list[list[Ring]]


def taken_apart(shapes: Mapping[str, BaseGeometry], around: BaseGeometry | None = None) -> dict[str, Any]:
    """Return outlines as rings of shared points.

    ``points``: [longitude, latitude]. ``areas``: by code, polygons of rings (the outer one first, none closed) of places in
    ``points``. ``around``: the same of the outline that holds them. ``corners``: the places of its own corners.
    """
    points = _Points()
    outer = _rings(around, points) if around is not None else []
    corners = sorted({place for polygon in outer for ring in polygon for place in ring})
    areas = {code: _rings(shape, points) for code, shape in shapes.items()}
    everything = [outer, *areas.values()]
    _put_in_between(
        [ring for polygons in everything for polygon in polygons for ring in polygon], points.found
    )
    return {
        "points": [[round(x, 8), round(y, 8)] for x, y in points.found],
        "areas": {code: _sound(polygons) for code, polygons in areas.items()},
        "around": _sound(outer),
        "corners": corners,
    }


class _Points:
    """The points so far, found again by where they are."""

    def __init__(self) -> None:
        self.found: list[tuple[float, float]] = []
        self._at: dict[tuple[int, int], list[int]] = {}

    def place(self, x: float, y: float) -> int:
        column, row = int(x // APART), int(y // APART)
        for beside in (-1, 0, 1):
            for above in (-1, 0, 1):
                for place in self._at.get((column + beside, row + above), ()):
                    if np.hypot(self.found[place][0] - x, self.found[place][1] - y) <= APART:
                        return place
        self.found.append((x, y))
        self._at.setdefault((column, row), []).append(len(self.found) - 1)
        return len(self.found) - 1


def _rings(shape: BaseGeometry, points: _Points) -> Rings:
    return [
        [[points.place(x, y) for x, y in ring.coords[:-1]] for ring in (polygon.exterior, *polygon.interiors)]
        for polygon in shapely.get_parts(shape)
    ]


def _put_in_between(rings: list[Ring], found: list[tuple[float, float]]) -> None:
    """Give every ring the points of others that lie on its lines."""
    if not rings:
        return
    at = np.array(found)
    lines = [
        (number, spot, *ends) for number, ring in enumerate(rings) for spot, ends in enumerate(_pairs(ring))
    ]
    drawn = shapely.linestrings(at[[[first, last] for *_, first, last in lines]])
    line, place = STRtree(shapely.points(at)).query(drawn, predicate="dwithin", distance=APART)
    between: dict[tuple[int, int], list[tuple[float, int]]] = {}
    for each, point in zip(line.tolist(), place.tolist(), strict=True):
        number, spot, first, last = lines[each]
        if point not in (first, last):
            far = float(np.hypot(*(at[point] - at[first])))
            between.setdefault((number, spot), []).append((far, point))
    for number, ring in enumerate(rings):
        ring[:] = [
            each
            for spot, place in enumerate(ring)
            for each in (place, *(point for _, point in sorted(between.get((number, spot), ()))))
        ]


def _pairs(ring: Ring) -> Iterator[tuple[int, int]]:
    return zip(ring, [*ring[1:], *ring[:1]], strict=True)


def _sound(polygons: Rings) -> Rings:
    """Return the rings without points that follow themselves, and without those that enclose nothing."""
    kept = []
    for polygon in polygons:
        rings = [[first for first, last in _pairs(ring) if first != last] for ring in polygon]
        if len(rings[0]) >= 3:
            kept.append([ring for ring in rings if len(ring) >= 3])
    return kept
