"""Boundary files, boundaries that do not fit, and finding the grid of a point."""

import csv
import io
import json
import random

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import mapping

from grids import boundary_files, geometry
from grids.boundary_files import OutlineFileError, read_outlines
from grids.coordinates import bd09, gcj02
from grids.geometry import PointIndex, misfits
from grids.tessellate import tessellate

SQUARE = shapely.box(117.0, 39.0, 117.1, 39.1)


def feature(code, polygon=SQUARE, **instead):
    return {"type": "Feature", "properties": {"code": code}, "geometry": mapping(polygon), **instead}


def content(*features) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def reasons(file: bytes) -> str:
    with pytest.raises(OutlineFileError) as refused:
        read_outlines(file)
    return "\n".join(refused.value.reasons)


def test_outlines_are_read_by_their_code():
    outlines = read_outlines(content(feature("120106"), feature(120102, shapely.MultiPolygon([SQUARE]))))
    assert set(outlines) == {"120106", "120102"}
    assert outlines["120106"].equals(SQUARE)


def test_a_height_on_a_corner_is_dropped():
    raised = {"type": "Polygon", "coordinates": [[[x, y, 12.5] for x, y in SQUARE.exterior.coords]]}
    assert not read_outlines(content(feature("120106", geometry=raised)))["120106"].has_z


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"", "GeoJSON"),
        (b"\xff\xfe", "GeoJSON"),
        (b"[" * 100_000, "GeoJSON"),
        (b"[]", "features"),
        (b'{"features": []}', "features"),
        (b'{"features": [7]}', "第 1 个要素没有填写编码"),
        (content(feature("12o106")), "没有填写编码"),
        (content(feature(True)), "没有填写编码"),
        (content(feature("120106"), feature("120106")), "第 2 个要素的编码 120106 重复"),
        (content(feature("120106", geometry=None)), "必须是面"),
        (content(feature("120106", shapely.Point(117, 39))), "必须是面"),
        (content(feature("120106", geometry={"type": "Polygon"})), "无法读取"),
        (content(feature("120106", geometry={"type": "Polygon", "coordinates": [[["a", "b"]]]})), "无法读取"),
        (
            content(feature("120106", geometry={"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]})),
            "无法读取",
        ),
        (content(feature("120106", geometry={"type": "Polygon", "coordinates": []})), "空"),
        (content(feature("120106", shapely.box(500_000, 4_300_000, 510_000, 4_310_000))), "不是经纬度"),
        (content(feature("120106", shapely.Polygon([(117, 39), (118, 40), (118, 39), (117, 40)]))), "自相交"),
    ],
)
def test_a_bad_boundary_file_is_refused_with_the_reason(file, words):
    assert words in reasons(file)


def test_a_huge_boundary_file_is_refused(monkeypatch):
    monkeypatch.setattr(boundary_files, "MAX_BYTES", 10)
    assert "超过" in reasons(content(feature("120106")))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "coordinates", "geometry", "properties", "code", "features"]), inner
        )
    ),
    max_leaves=20,
)


@given(JSON, JSON)
def test_any_json_is_read_or_refused(anything, coordinates):
    for data in (
        anything,
        {"features": [anything]},
        {"features": [feature("1", geometry=anything)]},
        {"features": [feature("1", geometry={"type": "Polygon", "coordinates": coordinates})]},
        {"features": [feature("1", geometry={"type": "MultiPolygon", "coordinates": [coordinates]})]},
    ):
        try:
            read_outlines(json.dumps(data).encode())
        except OutlineFileError as refused:
            assert refused.reasons


def test_misfits_are_found_by_kind():
    left, right = shapely.box(117.0, 39.0, 117.05, 39.1), shapely.box(117.05, 39.0, 117.1, 39.1)
    assert misfits("p", SQUARE, {"a": left, "b": right}) == []
    assert misfits("p", SQUARE, {}) == []
    wide = shapely.box(117.04, 39.0, 117.1, 39.1)
    assert [(m.kind, m.codes) for m in misfits("p", SQUARE, {"a": left, "b": wide})] == [
        ("overlap", ("a", "b"))
    ]
    beyond = shapely.box(117.05, 39.0, 117.11, 39.1)
    assert [(m.kind, m.codes) for m in misfits("p", SQUARE, {"a": left, "b": beyond})] == [
        ("outside", ("b",))
    ]
    gap = misfits("p", SQUARE, {"a": left})
    assert [(m.kind, m.codes) for m in gap] == [("gap", ("p",))]
    assert gap[0].where.equals(right)
    # Half of a square of about 8.6 by 11.1 kilometres.
    assert gap[0].area == pytest.approx(48e6, rel=0.01)


def test_each_hole_is_a_gap_of_its_own_with_its_area():
    island = shapely.box(117.04, 39.04, 117.06, 39.06)
    ring, strip = SQUARE.difference(island), shapely.box(117.1, 39.0, 117.2, 39.1)
    parent = SQUARE.union(strip)
    gaps = misfits("p", parent, {"a": ring})
    assert [gap.kind for gap in gaps] == ["gap", "gap"]
    assert sorted(round(gap.area / 1e6) for gap in gaps) == [4, 96]
    assert misfits("p", parent, {"a": ring, "b": island, "c": strip}) == [], "an island fills the hole"


def table(*rows) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def test_a_table_of_wkt_is_read_whatever_its_code_and_its_columns_are_called():
    long = SQUARE.segmentize(0.00005)
    rows = table(
        ("名称", "网格编码", "WKT"),
        ("甲", "120106", long.wkt),
        ("", "", ""),
        ("乙", "120102", f"SRID=4490;{SQUARE.wkt}"),
    )
    for content_ in (rows, b"\xef\xbb\xbf" + rows, rows.decode().encode("gb18030")):
        outlines = read_outlines(content_)
        assert outlines["120106"].equals(SQUARE) and outlines["120102"].equals(SQUARE)
    assert len(long.wkt) > 131_072, "longer than a cell of a CSV usually may be"
    assert csv.field_size_limit() == 131_072


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (table(("名称", "WKT"), ("甲", SQUARE.wkt)), "“编码”和“WKT”两列"),
        (table(("编码", "WKT")), "只有列名"),
        (b",,,\n,", "没有内容"),
        (table(("编码", "WKT"), ("120106", "POLYGON((1 2")), "第 2 行（120106）：边界的 WKT 无法读取"),
        (table(("编码", "WKT"), ("120106", "POINT(117 39)")), "必须是面"),
        (table(("编码", "WKT"), ("120106",)), "无法读取"),
        (table(("编码", "WKT"), ("", SQUARE.wkt)), "第 2 行没有填写编码"),
        (table(("编码", "WKT"), ("1", SQUARE.wkt), ("1", SQUARE.wkt)), "第 3 行的编码 1 重复"),
        (table(("编码", "WKT"), ("1", f"SRID=3857;{SQUARE.wkt}")), "SRID 3857 不是经纬度"),
        (b'"120106', "这不是边界文件"),
    ],
)
def test_a_table_that_cannot_be_is_refused_row_by_row(file, words):
    assert words in reasons(file)


@pytest.mark.parametrize("system", ["gcj02", "bd09"])
def test_what_another_map_shows_comes_to_where_it_is(system):
    shown = shapely.transform(SQUARE, gcj02 if system == "gcj02" else lambda points: bd09(gcj02(points)))
    moved = geometry.square_metres(shown.symmetric_difference(SQUARE))
    assert moved > 1e6, "some hundred metres aside"
    found = read_outlines(content(feature("120106", shown)), system)["120106"]
    assert geometry.square_metres(found.symmetric_difference(SQUARE)) < 100, (
        "to a millimetre along 40 kilometres"
    )
    same = read_outlines(content(feature("120106")), "cgcs2000")["120106"]
    assert same.equals(SQUARE)


def test_a_stray_of_a_few_centimetres_is_no_misfit():
    stray = shapely.box(117.0 - 3e-7, 39.0, 117.1, 39.1)
    assert misfits("p", SQUARE, {"a": stray}) == []


@pytest.fixture(scope="module")
def cells():
    drawn = tessellate(SQUARE, {f"1201060010{n:02d}": 9 for n in range(1, 21)})
    return {code: polygon for code, polygon in drawn.items() if len(code) == 15}


def test_the_tree_finds_what_a_linear_scan_finds(cells):
    index, chance = PointIndex(cells), random.Random(3)
    points = [(chance.uniform(116.98, 117.12), chance.uniform(38.98, 39.12)) for _ in range(2000)]
    points += [tuple(corner) for polygon in list(cells.values())[:40] for corner in polygon.exterior.coords]
    found = 0
    for point in points:
        holding = [code for code, polygon in cells.items() if polygon.intersects(shapely.Point(point))]
        assert index.locate(*point) == (min(holding) if holding else None)
        found += bool(holding)
    assert 1000 < found < len(points)


@pytest.mark.parametrize("point", [(float("nan"), 39.05), (117.05, float("inf")), (0, 0), (1e300, -1e300)])
def test_points_from_nowhere_are_in_no_grid(cells, point):
    assert PointIndex(cells).locate(*point) is None
    assert PointIndex({}).locate(*point) is None
