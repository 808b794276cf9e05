"""Decides what a usable boundary is, and which base grid a point lies in.

Boundaries are GeoJSON polygons in degrees of longitude and latitude (WGS 84 / CGCS2000). ``locate`` asks a tree that each
process keeps in memory; ``boundaries_changed`` tells all processes, through the shared cache, to build it anew.
"""

import json
import math
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
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

MAX_BYTES = 50 * 1024 * 1024
#: What simplified outlines may lie apart, in degrees (about ten centimetres), and as a share of the parent's area.
_APART = 1e-6
_SHARE = 1e-6

_STAMP = "grids.boundaries"
#: A process asks for the stamp at most this often, so that a point costs no query.
_SECONDS = 5.0


class OutlineFileError(Exception):
    """The boundary file is refused; ``reasons`` holds the Chinese sentences."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("\n".join(reasons))


# --- reading and checking --------------------------------------------------------------------------------------------
def read_outlines(content: bytes) -> dict[str, BaseGeometry]:
    """Return the valid polygons of a GeoJSON file by the grid code in each feature's property ``code`` (or ``adcode``).

    ``content`` is the raw file, UTF-8. Raises OutlineFileError with every fault found.
    """
    if len(content) > MAX_BYTES:
        raise OutlineFileError([f"边界文件超过 {MAX_BYTES // 1024 // 1024} MB。"])
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise OutlineFileError(["边界文件不是 UTF-8 编码的 GeoJSON。"]) from None
    features = data.get("features", [data]) if isinstance(data, dict) else None
    if not isinstance(features, list) or not features:
        raise OutlineFileError(["边界文件里没有 GeoJSON 要素（features）。"])
    outlines: dict[str, BaseGeometry] = {}
    reasons: list[str] = []
    for place, feature in enumerate(features, start=1):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        code = properties.get("code", properties.get("adcode")) if isinstance(properties, dict) else None
        if (
            not isinstance(code, str | int)
            or isinstance(code, bool)
            or not str(code).isascii()
            or not str(code).isdigit()
        ):
            reasons.append(f"第 {place} 个要素没有填写编码（properties.code）。")
        elif str(code) in outlines:
            reasons.append(f"第 {place} 个要素的编码 {code} 重复。")
        else:
            try:
                outlines[str(code)] = to_polygon(feature.get("geometry"))
            except ValueError as wrong:
                reasons.append(f"第 {place} 个要素（{str(code)[:20]}）：{wrong}")
    if reasons:
        raise OutlineFileError(reasons)
    return outlines


def to_polygon(geometry: Any) -> BaseGeometry:
    """Return a GeoJSON geometry as a shapely polygon or multipolygon.

    Raises ValueError, with the sentence the clerk reads, for anything that is not a valid area in degrees.
    """
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
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
        where = explain_validity(flat).partition("[")[2].rstrip("]")
        raise ValueError(f"边界有自相交或环线错误{f'，位置约在 {where}' if where else ''}。")
    return flat


def to_geojson(polygon: BaseGeometry) -> dict[str, Any]:
    """Return what ``Grid.boundary`` stores: a GeoJSON geometry."""
    return mapping(polygon)


@dataclass(frozen=True)
class Misfit:
    """A fault between boundaries: ``kind`` is outside, overlap or gap; ``area`` is in square metres, near enough."""

    kind: str
    codes: tuple[str, ...]
    area: float

    def __str__(self) -> str:
        words = {"outside": "超出上级范围", "overlap": "互相重叠", "gap": "下级没有铺满，留有空隙"}
        return f"{'、'.join(self.codes)}：{words[self.kind]}（约 {self.area:,.0f} 平方米）"


def misfits(code: str, parent: BaseGeometry, children: Mapping[str, BaseGeometry]) -> list[Misfit]:
    """Return where the children leave their parent, overlap, or do not fill it.

    What is below ten centimetres at the edge, or a millionth of the parent's area, passes: outlines are simplified.
    """
    found = []
    allowed = parent.area * _SHARE
    room = parent.buffer(_APART)
    for child, polygon in children.items():
        beyond = polygon.difference(room).area
        if beyond > allowed:
            found.append(Misfit("outside", (child,), _square_metres(beyond, parent)))
    codes, polygons = list(children), list(children.values())
    tree = STRtree(polygons)
    left, right = tree.query(polygons, predicate="intersects") if polygons else ((), ())
    for one, other in sorted(zip(map(int, left), map(int, right), strict=True)):
        if one < other:
            shared = polygons[one].intersection(polygons[other]).area
            if shared > allowed:
                found.append(Misfit("overlap", (codes[one], codes[other]), _square_metres(shared, parent)))
    if children:
        missing = parent.difference(shapely.union_all(polygons)).area
        if missing > allowed:
            found.append(Misfit("gap", (code,), _square_metres(missing, parent)))
    return found


def _square_metres(degrees: float, near: BaseGeometry) -> float:
    return degrees * 111_320**2 * math.cos(math.radians(near.centroid.y))


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
