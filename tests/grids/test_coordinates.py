"""The systems of coordinates: known points, there and back again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from grids.coordinates import bd09, from_bd09, from_gcj02, gcj02, to_wgs84

#: (WGS 84, GCJ-02), as other programs publish them.
KNOWN = (
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
    ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
)
MILLIMETRE = 1e-3 / 111_320
POINTS = arrays(float, st.tuples(st.integers(1, 20), st.just(2)), elements=st.floats(0, 1))


@pytest.mark.parametrize(("here", "there"), KNOWN)
def test_known_points(here, there):
    assert gcj02(np.array([here]))[0] == pytest.approx(there, abs=1e-12)


def test_a_known_point_of_baidu():
    shown = bd09(np.array([(116.404, 39.915)]))[0]
    assert shown == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-12)


@given(POINTS)
def test_there_and_back_to_a_millimetre(shares):
    points = np.array([80.0, 18.0]) + shares * np.array([50.0, 32.0])
    assert np.abs(from_gcj02(gcj02(points)) - points).max() < MILLIMETRE
    assert np.abs(from_bd09(bd09(gcj02(points))) - points).max() < MILLIMETRE


def test_nothing_is_displaced_elsewhere():
    abroad = np.array([(2.35, 48.85), (-74.0, 40.7)])
    assert (gcj02(abroad) == abroad).all()


def test_a_system_that_is_none():
    with pytest.raises(KeyError):
        to_wgs84(None, "mars")
