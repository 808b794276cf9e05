"""Reads files of boundaries: GeoJSON, or a CSV with a column of WKT, in any of the systems of coordinates that are about. What comes out
is in degrees of WGS 84; whatever is wrong is said with the place where it stands."""

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import shapely
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from grids.coordinates import System, to_wgs84
from grids.geometry import checked, to_polygon

MAX_BYTES = 50 * 1024 * 1024
#: How the columns of a CSV are called.
CODES = ("code", "编码", "网格编码", "adcode")
SHAPES = ("wkt", "geometry", "geom", "the_geom", "边界", "边界wkt")
#: What a reader of spatial data puts before the text: the number of its system. These are degrees of WGS 84 and of CGCS2000.
_SRID = re.compile(r"\s*SRID\s*=\s*(\d+)\s*;\s*", re.IGNORECASE)
_DEGREES = {"4326", "4490"}


class OutlineFileError(Exception):
    """The boundary file is refused; ``reasons`` holds the Chinese sentences."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("\n".join(reasons))


def read_outlines(content: bytes, system: str = System.WGS84) -> dict[str, BaseGeometry]:
    """Return the valid polygons of a file by grid code: of GeoJSON by each feature's property ``code`` (or ``adcode``), of CSV by the
    column of that name.

    ``content`` is the raw file, ``system`` the one its coordinates are in. Raises OutlineFileError with every fault found.
    """
    if len(content) > MAX_BYTES:
        raise OutlineFileError([f"边界文件超过 {MAX_BYTES // 1024 // 1024} MB。"])
    text = _decoded(content)
    found = _features(text) if text.lstrip()[:1] in ("{", "[") else _rows(text)
    outlines: dict[str, BaseGeometry] = {}
    reasons: list[str] = []
    for place, code, shape in found:
        if (
            not isinstance(code, str | int)
            or isinstance(code, bool)
            or not str(code).isascii()
            or not str(code).isdigit()
        ):
            reasons.append(f"{place}没有填写编码（code）。")
        elif str(code) in outlines:
            reasons.append(f"{place}的编码 {code} 重复。")
        else:
            try:
                polygon = _from_wkt(shape) if isinstance(shape, str) else to_polygon(shape)
                outlines[str(code)] = checked(to_wgs84(polygon, system))
            except ValueError as wrong:
                reasons.append(f"{place}（{str(code)[:20]}）：{wrong}")
    if reasons:
        raise OutlineFileError(reasons)
    return outlines


def _decoded(content: bytes) -> str:
    for code in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(code)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text and text.strip():
            return text
    raise OutlineFileError(["这不是边界文件。请上传 GeoJSON，或者带 WKT 的 CSV。"])


def _features(text: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield the features of a GeoJSON text: where it stands, its code, its geometry."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise OutlineFileError(["边界文件不是完整的 GeoJSON。"]) from None
    features = data.get("features", [data]) if isinstance(data, dict) else None
    if not isinstance(features, list) or not features:
        raise OutlineFileError(["边界文件里没有 GeoJSON 要素（features）。"])
    for number, feature in enumerate(features, start=1):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        code = properties.get("code", properties.get("adcode")) if isinstance(properties, dict) else None
        yield f"第 {number} 个要素", code, feature.get("geometry") if isinstance(feature, dict) else None


def _rows(text: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield the rows of a CSV: where it stands, its code, its text of WKT."""
    before = csv.field_size_limit(MAX_BYTES)  # an outline is longer than any other cell
    try:
        first = text.lstrip().splitlines()[0]
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t" if "\t" in first else ","))
    except csv.Error:
        raise OutlineFileError(["这个 CSV 文件的引号或分隔不对，请另存以后再上传。"]) from None
    finally:
        csv.field_size_limit(before)
    lines = [(number, line) for number, line in enumerate(lines, start=1) if any(map(str.strip, line))]
    if not lines:
        raise OutlineFileError(["边界文件里没有内容。"])
    headings = [each.strip().lower() for each in lines[0][1]]
    at = [
        next((headings.index(name) for name in names if name in headings), None) for names in (CODES, SHAPES)
    ]
    if None in at:
        raise OutlineFileError(
            ["这不是边界文件。请上传 GeoJSON，或者有“编码”和“WKT”两列的 CSV，第一行写列名。"]
        )
    if len(lines) == 1:
        raise OutlineFileError(["边界文件里只有列名，没有内容。"])
    for number, line in lines[1:]:
        code, shape = (line[column].strip() if column < len(line) else "" for column in at)
        yield f"第 {number} 行", code, shape


def _from_wkt(text: str) -> BaseGeometry:
    given = _SRID.match(text)
    if given is not None:
        if given[1] not in _DEGREES:
            raise ValueError(
                f"坐标系 SRID {given[1]} 不是经纬度，请先转成 CGCS2000（4490）或 WGS 84（4326）。"
            )
        text = text[given.end() :]
    try:
        return shapely.force_2d(shapely.from_wkt(text))
    except (ShapelyError, TypeError, ValueError):
        raise ValueError("边界的 WKT 无法读取。") from None
