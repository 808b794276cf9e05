"""The made-up map: no gap, no overlap, every child in its parent, the same map for the same seed."""

import json
import math
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import shape

import grids
from grids.divisions import read_divisions
from grids.tessellate import neighbours, spread, tessellate

DATA = Path(grids.__file__).parent / "data"


def hongqiao():
    file = json.loads((DATA / "outline_120106_hongqiao.geojson").read_text("utf-8"))
    return shape(file["features"][0]["geometry"])


def communities() -> list[str]:
    rows = read_divisions((DATA / "divisions_120106_hongqiao.csv").read_bytes())
    return [row.code for row in rows if len(row.code) == 12]


def of_level(drawn, level):
    return {code: polygon for code, polygon in drawn.items() if len(code) == level}


def check_partition(outline, drawn):
    for level in (9, 12, 15):
        polygons = list(of_level(drawn, level).values())
        assert all(polygon.is_valid and polygon.area > 0 for polygon in polygons)
        assert shapely.coverage_is_valid(polygons)  # shared corners and no overlap, exactly
        assert sum(polygon.area for polygon in polygons) == pytest.approx(outline.area, rel=1e-4)
        assert shapely.union_all(polygons).symmetric_difference(outline).area <= outline.area * 1e-4
    for level, above in ((15, 12), (12, 9)):
        for code, polygon in of_level(drawn, level).items():
            assert drawn[code[:above]].covers(polygon)


@pytest.fixture(scope="module")
def district():
    outline, counts = hongqiao(), spread(990, communities())
    return outline, counts, tessellate(outline, counts)


def test_the_whole_district_is_covered_once(district):
    outline, counts, drawn = district
    assert [len(of_level(drawn, level)) for level in (9, 12, 15)] == [9, 114, 990]
    check_partition(outline, drawn)
    assert sum(polygon.area for polygon in of_level(drawn, 15).values()) == pytest.approx(
        outline.area, rel=1e-6
    )


def test_every_base_grid_is_in_one_piece_and_of_like_size(district):
    _, _, drawn = district
    assert {polygon.geom_type for polygon in drawn.values()} == {"Polygon"}
    areas = sorted(polygon.area for polygon in of_level(drawn, 15).values())
    assert areas[-1] < 6 * areas[0]


def test_serials_run_from_001_in_reading_order(district):
    _, counts, drawn = district
    for community, count in counts.items():
        assert [code for code in drawn if code.startswith(community) and len(code) == 15] == [
            f"{community}{serial:03d}" for serial in range(1, count + 1)
        ]
        first, last = drawn[f"{community}001"].centroid, drawn[f"{community}{count:03d}"].centroid
        assert first.y > last.y
        assert first.x < drawn[f"{community}002"].centroid.x


def test_the_same_seed_draws_the_same_map_and_another_one_another(district):
    outline, counts, drawn = district
    again, other = tessellate(outline, counts), tessellate(outline, counts, seed=5)
    assert all(again[code].equals_exact(polygon, 0) for code, polygon in drawn.items())
    assert not all(other[code].equals_exact(polygon, 0) for code, polygon in drawn.items())


def test_neighbours_see_each_other(district):
    _, _, drawn = district
    cells = of_level(drawn, 15)
    beside = neighbours(cells)
    assert set(beside) == set(cells)
    for code, sides in beside.items():
        for side, other in sides.items():
            assert cells[code].intersection(cells[other]).length > 0
            if side in "东西":
                assert (cells[other].centroid.x > cells[code].centroid.x) == (side == "东")
            else:
                assert (cells[other].centroid.y > cells[code].centroid.y) == (side == "北")


def test_spread_is_even_and_exact():
    counts = spread(990, communities())
    assert sum(counts.values()) == 990 and set(counts.values()) == {8, 9}
    assert spread(3, ["b", "a", "c"]) == {"a": 1, "b": 1, "c": 1}


@pytest.mark.parametrize(("total", "codes"), [(0, []), (1, ["a", "b"]), (1000, ["a"])])
def test_spread_refuses_what_does_not_fit(total, codes):
    with pytest.raises(ValueError, match="do not fit"):
        spread(total, codes)


@st.composite
def outlines(draw):
    """A star-shaped polygon of any raggedness somewhere in China."""
    corners = draw(st.integers(3, 14))
    reach = draw(st.lists(st.floats(0.15, 1.0), min_size=corners, max_size=corners))
    x, y, size = draw(st.floats(75, 130)), draw(st.floats(20, 50)), draw(st.floats(0.01, 1.0))
    return shapely.Polygon(
        [
            (
                x + size * far * math.cos(2 * math.pi * corner / corners),
                y + size * far * math.sin(2 * math.pi * corner / corners),
            )
            for corner, far in enumerate(reach)
        ]
    )


@settings(max_examples=40, deadline=None)
@given(
    outlines(),
    st.dictionaries(
        st.tuples(st.integers(1, 3), st.integers(1, 40)).map(
            lambda pair: f"999999{pair[0]:03d}{pair[1]:03d}"
        ),
        st.integers(1, 6),
        min_size=1,
        max_size=12,
    ),
    st.integers(0, 3),
)
def test_any_outline_is_divided_without_gap_or_overlap(outline, counts, seed):
    drawn = tessellate(outline, counts, seed)
    assert len(of_level(drawn, 15)) == sum(counts.values())
    check_partition(outline, drawn)


def test_an_outline_with_a_hole_and_an_island_is_divided_too():
    mainland = shapely.Polygon(
        [(117, 39), (117.2, 39), (117.2, 39.2), (117, 39.2)],
        [[(117.05, 39.05), (117.1, 39.05), (117.1, 39.1), (117.05, 39.1)]],
    )
    island = shapely.box(117.25, 39.05, 117.26, 39.06)
    outline = shapely.union_all([mainland, island])
    check_partition(outline, tessellate(outline, spread(60, [f"1201060010{n:02d}" for n in range(1, 8)])))
