"""What fits is never reported, what does not always is: over random tessellations, with holes, islands, slivers and rings gone wrong."""

import math

import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import affinity

from grids import geometry
from grids.geometry import misfits, square_metres
from grids.tessellate import tessellate

SQUARE = shapely.box(117.0, 39.0, 117.1, 39.1)
#: Far from convex, with a hole in it and an island beside it.
ODD = shapely.union_all(
    [
        shapely.Polygon(
            [(117, 39), (117.1, 39.01), (117.09, 39.06), (117.05, 39.03), (117.06, 39.1), (117, 39.08)]
        ),
        shapely.box(117.12, 39.0, 117.14, 39.03),
    ]
).difference(shapely.box(117.02, 39.03, 117.03, 39.045))
WHOLES = st.sampled_from([SQUARE, ODD])
some = settings(max_examples=40, deadline=None)


@st.composite
def maps(draw):
    """A whole and the cells that fill it."""
    whole, count, seed = draw(WHOLES), draw(st.integers(2, 30)), draw(st.integers(0, 10_000))
    cells = tessellate(whole, {"120106001001": count}, seed)
    return whole, {code: cell for code, cell in cells.items() if len(code) == 15}


def kinds(found) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.kind, each.codes) for each in found]


@given(maps())
@some
def test_what_fills_a_whole_without_overlap_is_right(drawn):
    whole, cells = drawn
    assert misfits("p", whole, cells) == []
    assert math.isclose(sum(map(square_metres, cells.values())), square_metres(whole), rel_tol=2e-3)


@given(maps(), st.data())
@some
def test_what_is_left_out_is_a_gap_of_its_size(drawn, data):
    whole, cells = drawn
    lost = cells.pop(data.draw(st.sampled_from(sorted(cells))))
    found = misfits("p", whole, cells)
    assert {each.kind for each in found} == {"gap"} and {each.codes for each in found} == {("p",)}
    assert math.isclose(sum(each.area for each in found), square_metres(lost), rel_tol=1e-3, abs_tol=50)
    assert shapely.union_all([each.where for each in found]).symmetric_difference(lost).area < 1e-8


@given(maps(), st.data())
@some
def test_what_lies_twice_is_an_overlap_of_its_size(drawn, data):
    whole, cells = drawn
    code = data.draw(st.sampled_from(sorted(cells)))
    wide = shapely.intersection(cells[code].buffer(0.002), whole)
    assume(isinstance(wide, (shapely.Polygon, shapely.MultiPolygon)))
    over = {other: wide.intersection(cell) for other, cell in cells.items() if other != code}
    allowed = whole.area * 1e-6
    found = misfits("p", whole, cells | {code: wide})
    expected = {tuple(sorted((code, other))) for other, shared in over.items() if shared.area > 2 * allowed}
    assume(expected)  # an island has no neighbour
    assert expected <= {each.codes for each in found}
    assert {each.kind for each in found} == {"overlap"}
    for each in found:
        other = next(one for one in each.codes if one != code)
        assert math.isclose(each.area, square_metres(over[other]), rel_tol=1e-3)


@given(maps(), st.data(), st.floats(0.0005, 0.05), st.floats(0, 360))
@some
def test_what_leaves_the_whole_is_said_with_what_is_beyond(drawn, data, far, turn):
    whole, cells = drawn
    code = data.draw(st.sampled_from(sorted(cells)))
    moved = affinity.translate(cells[code], far * math.cos(turn), far * math.sin(turn))
    beyond = moved.difference(whole)
    found = [each for each in misfits("p", whole, cells | {code: moved}) if each.kind == "outside"]
    if beyond.area > whole.area * 1e-4:
        assert kinds(found) == [("outside", (code,))]
        # A strip of ten centimetres along the edge is not counted.
        assert math.isclose(found[0].area, square_metres(beyond), rel_tol=0.02, abs_tol=3000)
    elif beyond.area < whole.area * 1e-7:
        assert found == []


@given(maps(), st.integers(0, 2**31))
@some
def test_a_shift_of_a_millimetre_passes(drawn, seed):
    whole, cells = drawn
    stray = {
        code: affinity.translate(cell, 2e-8 * ((seed >> number % 16 & 1) - 0.5))
        for number, (code, cell) in enumerate(cells.items())
    }
    assert misfits("p", whole, stray) == []


def ring(*points) -> dict:
    return {"type": "Polygon", "coordinates": [[list(point) for point in points]]}


@pytest.mark.parametrize(
    ("outline", "words"),
    [
        (ring((117, 39), (117.1, 39.1), (117.1, 39), (117, 39.1), (117, 39)), "自相交"),
        (ring((117, 39), (117.1, 39), (117, 39)), "无法读取|自相交|空"),
        (ring((117, 39), (117, 39), (117, 39), (117, 39)), "自相交|空"),
        (ring((117, 39), (117.1, 39), (117.2, 39), (117, 39)), "自相交"),
        (ring((117, 39), (117.1, 39), (117.1, 39.1), (117.05, 39), (117, 39.1), (117, 39)), "自相交"),
        ({"type": "Polygon", "coordinates": [ring((117, 39), (117.1, 39), (117.1, 39.1), (117, 39))["coordinates"][0],
                                             [[118, 39], [118.1, 39], [118.1, 39.1], [118, 39]]]}, "自相交"),
        ({"type": "MultiPolygon", "coordinates": [ring((117, 39), (117.1, 39), (117.1, 39.1), (117, 39))["coordinates"]] * 2}, "自相交"),
    ],
)  # fmt: skip
def test_a_ring_gone_wrong_is_refused(outline, words):
    with pytest.raises(ValueError, match=words):
        geometry.to_polygon(outline)


def test_where_a_ring_crosses_itself_is_told_in_six_decimals():
    crossing = ring((117, 39), (117.1, 39.1000001), (117.1, 39), (117.0000007, 39.1), (117, 39))
    with pytest.raises(ValueError, match=r"位置约在 117\.05 39\.05。"):
        geometry.to_polygon(crossing)


def test_a_repeated_corner_and_an_open_ring_are_read_as_what_they_mean():
    twice = ring((117, 39), (117.1, 39), (117.1, 39), (117.1, 39.1), (117, 39.1), (117, 39))
    assert geometry.to_polygon(twice).equals(SQUARE)
    assert geometry.to_polygon(ring((117, 39), (117.1, 39), (117.1, 39.1), (117, 39.1))).equals(SQUARE)


def test_a_sliver_between_two_that_nearly_meet_is_a_gap_only_when_it_is_wider_than_a_line():
    left = shapely.box(117.0, 39.0, 117.05, 39.1)
    for width, number in ((5e-8, 0), (3e-7, 1), (1e-4, 1)):
        right = shapely.box(117.05 + width, 39.0, 117.1, 39.1)
        assert len(misfits("p", SQUARE, {"a": left, "b": right})) == number, width


def test_an_island_belongs_to_its_grid_and_a_hole_is_filled_by_another():
    lake = shapely.box(117.04, 39.04, 117.06, 39.06)
    isle = shapely.box(117.2, 39.0, 117.21, 39.01)
    whole = SQUARE.union(isle)
    land = shapely.MultiPolygon([SQUARE.difference(lake), isle])
    assert misfits("p", whole, {"a": land, "b": lake}) == []
    assert kinds(misfits("p", whole, {"a": land})) == [("gap", ("p",))]
    assert kinds(misfits("p", whole, {"a": SQUARE, "b": lake})) == [("overlap", ("a", "b")), ("gap", ("p",))]
