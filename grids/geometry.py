"""Decides what a usable boundary is, and which base grid a point lies in.

Boundaries are GeoJSON polygons in degrees of longitude and latitude (WGS 84 / CGCS2000). ``locate`` asks a tree that each
process keeps in memory; ``boundaries_changed`` tells all processes, through the shared cache, to build it anew.
"""

import json
import math
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import shapely
from django.core.cache import cache
from django.db import transaction
from shapely import STRtree
from shapely.errors import ShapelyError
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from governance.territory import GridLevel

#: What simplified outlines may lie apart, in degrees (about ten centimetres), and as a share of the parent's area.
_APART = 1e-6
_SHARE = 1e-6

AREAS = ("Polygon", "MultiPolygon")

_STAMP = "grids.boundaries"
#: A process asks for the stamp at most this often, so that a point costs no query.
_SECONDS = 5.0


def to_polygon(geometry: Any) -> BaseGeometry:
    """Return a GeoJSON geometry as a shapely polygon or multipolygon.

    Raises ValueError, with the sentence the clerk reads, for anything that is not a valid area in degrees.
    """
    if not isinstance(geometry, dict) or geometry.get("type") not in AREAS:
        raise ValueError("边界必须是面（Polygon 或 MultiPolygon）。")
    try:
        polygon = shape(geometry)
        flat = shapely.force_2d(polygon)
    # GeoJSON from elsewhere can be wrong in every way; shapely answers with whatever its reading of it runs into.
    except (
        ShapelyError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
        RecursionError,
    ):
        raise ValueError("边界坐标无法读取。") from None
    return checked(flat)


def checked(flat: BaseGeometry) -> BaseGeometry:
    """Return a polygon or multipolygon in degrees as it is. Raises ValueError, with the sentence the clerk reads, for anything else."""
    if flat.geom_type not in AREAS:
        raise ValueError("边界必须是面（Polygon 或 MultiPolygon）。")
    if flat.is_empty:
        raise ValueError("边界是空的。")
    west, south, east, north = flat.bounds
    if (
        not all(map(math.isfinite, (west, south, east, north)))
        or west < -180
        or south < -90
        or east > 180
        or north > 90
    ):
        raise ValueError("坐标不是经纬度（WGS 84 / CGCS2000，单位为度）。")
    if not flat.is_valid:
        found = explain_validity(flat).partition("[")[2].rstrip("]").split()
        where = " ".join(f"{float(each):.6f}".rstrip("0").rstrip(".") for each in found)
        raise ValueError(f"边界有自相交或环线错误{f'，位置约在 {where}' if where else ''}。")
    return flat


def to_geojson(polygon: BaseGeometry) -> dict[str, Any]:
    """Return what ``Grid.boundary`` stores: a GeoJSON geometry, as it comes back from the database."""
    return json.loads(json.dumps(mapping(polygon)))


@dataclass(frozen=True)
class Misfit:
    """A fault between boundaries: ``kind`` is outside, overlap or gap; ``area`` is in square metres, near enough; ``where`` is the part
    of the map that it is about."""

    kind: str
    codes: tuple[str, ...]
    area: float
    where: BaseGeometry = field(compare=False, repr=False)

    @property
    def words(self) -> str:
        """What is wrong."""
        return {"outside": "超出上级范围", "overlap": "互相重叠", "gap": "有一块没有下级网格"}[self.kind]

    def __str__(self) -> str:
        return f"{'、'.join(self.codes)}：{self.words}（约 {self.area:,.0f} 平方米）"


def misfits(code: str, parent: BaseGeometry, children: Mapping[str, BaseGeometry]) -> list[Misfit]:
    """Return where the children leave their parent, overlap, or do not fill it.

    What is below ten centimetres at the edge, or a millionth of the parent's area, passes: outlines are simplified.
    """
    found = []
    allowed = parent.area * _SHARE
    room = parent.buffer(_APART)
    for child, polygon in children.items():
        beyond = polygon.difference(room)
        if beyond.area > allowed:
            found.append(Misfit("outside", (child,), square_metres(beyond), beyond))
    codes, polygons = list(children), list(children.values())
    tree = STRtree(polygons)
    left, right = tree.query(polygons, predicate="intersects") if polygons else ((), ())
    for one, other in sorted(zip(map(int, left), map(int, right), strict=True)):
        if one < other:
            shared = polygons[one].intersection(polygons[other])
            if shared.area > allowed:
                pair = tuple(sorted((codes[one], codes[other])))
                found.append(Misfit("overlap", pair, square_metres(shared), shared))
    if children:
        missing = parent.difference(shapely.union_all(polygons))
        holes = [each for each in shapely.get_parts(missing) if each.area > allowed]
        found += [Misfit("gap", (code,), square_metres(each), each) for each in holes]
    return found


def square_metres(shape: BaseGeometry) -> float:
    """Return the area of a shape in degrees, in square metres: right to a few in a thousand for what is no larger than a city."""
    return shape.area * 111_320**2 * math.cos(math.radians(shape.centroid.y)) if not shape.is_empty else 0.0


# --- finding a point -------------------------------------------------------------------------------------------------
class PointIndex:
    """The base grids' boundaries in a tree."""

    def __init__(self, boundaries: Mapping[str, BaseGeometry]) -> None:
        self.codes = sorted(boundaries)
        self.tree = STRtree([boundaries[code] for code in self.codes])

    def locate(self, longitude: float, latitude: float) -> str | None:
        """Return the code of the grid that holds the point, the lowest code on a shared border, None outside."""
        if not (math.isfinite(longitude) and math.isfinite(latitude)):
            return None
        hits = self.tree.query(shapely.Point(longitude, latitude), predicate="intersects")
        return self.codes[min(hits)] if len(hits) else None


_index: PointIndex | None = None
_stamp_of_index: Any = None
_ask_again_at = 0.0


def locate(longitude: float, latitude: float) -> str | None:
    """Return the code of the base grid that holds a point, None outside the district or where no boundary is known.

    ``longitude`` and ``latitude`` are in degrees. The answer may lag a change of boundaries made by another process by
    five seconds.
    """
    global _index, _stamp_of_index, _ask_again_at
    if _index is None or time.monotonic() >= _ask_again_at:
        stamp = cache.get(_STAMP)
        if _index is None or stamp != _stamp_of_index:
            _index, _stamp_of_index = PointIndex(_stored_boundaries()), stamp
        _ask_again_at = time.monotonic() + _SECONDS
    return _index.locate(longitude, latitude)


def boundaries_changed() -> None:
    """Tell every process that boundaries, or the grids in force, are no longer what they were."""
    cache.set(_STAMP, uuid.uuid4().hex, timeout=None)
    # At once for what this transaction itself looks up, and again when others' eyes see the change.
    forget()
    transaction.on_commit(forget)


def forget() -> None:
    """Make this process build its tree anew at the next point."""
    global _index
    _index = None


def _stored_boundaries() -> dict[str, BaseGeometry]:
    from grids.models import Grid

    stored = Grid.objects.current().of_level(GridLevel.BASE).exclude(boundary=None)
    # A JSON null that is no SQL NULL is passed over too.
    return {code: shape(boundary) for code, boundary in stored.values_list("code", "boundary") if boundary}
