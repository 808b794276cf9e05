"""Outlines are taken apart into shared points, and come together again as they were."""

import random

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from grids.geometry import misfits
from grids.tessellate import tessellate
from grids.topology import taken_apart

SQUARE = shapely.box(117.0, 39.0, 117.1, 39.1)


def put_together(apart, code):
    """Return an outline as the map's script sends it."""
    points = apart["points"]
    return shapely.MultiPolygon(
        [
            shapely.Polygon([points[p] for p in rings[0]], [[points[p] for p in ring] for ring in rings[1:]])
            for rings in apart["areas"][code]
        ]
    )


def drawn(count: int, seed: int):
    cells = tessellate(SQUARE, {"120106001001": count}, seed)
    return {code: cell for code, cell in cells.items() if len(code) == 15}


@given(st.integers(2, 25), st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_a_tessellation_comes_together_as_it_was_and_stays_one_when_any_corner_moves(count, seed):
    cells = drawn(count, seed)
    apart = taken_apart(cells, SQUARE)
    for code, cell in cells.items():
        assert put_together(apart, code).symmetric_difference(cell).area < 1e-10
    inner = {p for rings in apart["areas"].values() for polygon in rings for ring in polygon for p in ring}
    inner -= {p for polygon in apart["around"] for ring in polygon for p in ring}
    if not inner:
        return
    chosen = random.Random(seed).choice(sorted(inner))
    x, y = apart["points"][chosen]
    # So little that no line crosses another: whoever has the corner moves, and nothing else does.
    apart["points"][chosen] = [x + 2e-6, y - 1e-6]
    moved = {code: put_together(apart, code) for code in cells}
    if all(shape.is_valid for shape in moved.values()):
        assert misfits("p", SQUARE, moved) == []


def test_a_corner_on_anothers_line_is_a_corner_of_both():
    left = shapely.box(117.0, 39.0, 117.05, 39.1)
    above, below = shapely.box(117.05, 39.04, 117.1, 39.1), shapely.box(117.05, 39.0, 117.1, 39.04)
    apart = taken_apart({"l": left, "a": above, "b": below}, SQUARE)
    (ring,) = apart["areas"]["l"][0]
    assert [117.05, 39.04] in [apart["points"][p] for p in ring] and len(ring) == 5
    assert len(apart["points"]) == 8 and len(apart["corners"]) == 4
    assert len(apart["around"][0][0]) == 7, "the outline knows where borders meet it"


def test_corners_that_lie_within_ten_centimetres_are_one():
    left, right = shapely.box(117.0, 39.0, 117.05, 39.1), shapely.box(117.05 + 4e-7, 39.0, 117.1, 39.1)
    apart = taken_apart({"l": left, "r": right}, SQUARE)
    assert len(apart["points"]) == 6
    one, other = apart["areas"]["l"][0][0], apart["areas"]["r"][0][0]
    assert len(set(one) & set(other)) == 2


def test_holes_and_islands_are_rings_of_their_own():
    island = shapely.box(117.04, 39.04, 117.06, 39.06)
    far = shapely.box(117.2, 39.0, 117.3, 39.1)
    ring = shapely.MultiPolygon([SQUARE.difference(island), far])
    apart = taken_apart({"r": ring, "i": island})
    assert [len(polygon) for polygon in apart["areas"]["r"]] == [2, 1]
    assert set(apart["areas"]["i"][0][0]) == set(apart["areas"]["r"][0][1])
    assert put_together(apart, "r").equals(ring) and apart["around"] == [] and apart["corners"] == []


@pytest.mark.parametrize("shapes", [{}, {"sliver": shapely.box(117.0, 39.0, 117.0 + 5e-7, 39.1)}])
def test_nothing_and_what_is_thinner_than_a_line_are_left_out(shapes):
    apart = taken_apart(shapes)
    assert apart["areas"] == {code: [] for code in shapes}
