"""Boundary files, boundaries that do not fit, and finding the grid of a point."""

import json
import random

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import mapping

from grids import geometry
from grids.geometry import OutlineFileError, PointIndex, misfits, read_outlines
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
    monkeypatch.setattr(geometry, "MAX_BYTES", 10)
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
    # Half of a square of about 8.6 by 11.1 kilometres.
    assert gap[0].area == pytest.approx(48e6, rel=0.01)


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
