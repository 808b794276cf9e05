"""Turns coordinates of the systems that are about in China into those that the portal keeps: WGS 84 or, the same to within a metre,
CGCS2000, in degrees.

Maps of AMap and Tencent are in GCJ-02, those of Baidu in BD-09, each displaced by some hundred metres. Both are given by formulas in one
direction; back again they are solved for step by step, to about a millimetre.
"""

from collections.abc import Callable

import numpy as np
import shapely
from django.db import models
from shapely.geometry.base import BaseGeometry

#: The ellipsoid of the displacement (Krasovsky): its longer half-axis in metres, its eccentricity squared.
_AXIS, _ECCENTRICITY = 6_378_245.0, 0.006_693_421_622_965_943
#: Outside of it nothing is displaced.
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_BAIDU = np.pi * 3000 / 180
#: Each step brings the answer about a thousand times nearer.
_STEPS = 4

Pairs = np.ndarray


class System(models.TextChoices):
    """The systems of coordinates that a file may be in."""

    WGS84 = "wgs84", "WGS 84（GPS）"
    CGCS2000 = "cgcs2000", "CGCS2000（天地图、测绘成果）"
    GCJ02 = "gcj02", "GCJ-02（高德、腾讯）"
    BD09 = "bd09", "BD-09（百度）"


def to_wgs84(shape: BaseGeometry, system: str) -> BaseGeometry:
    """Return a shape in WGS 84 that is given in ``system`` (a value of ``System``). Raises KeyError for any other."""
    back = _BACK[system]
    return shapely.transform(shape, back) if back is not None else shape


def gcj02(points: Pairs) -> Pairs:
    """Return points of WGS 84 (longitude, latitude in degrees) as GCJ-02 shows them."""
    longitude, latitude = points[:, 0], points[:, 1]
    x, y = longitude - 105.0, latitude - 35.0
    waves = 20 * np.sin(6 * x * np.pi) + 20 * np.sin(2 * x * np.pi)
    root = np.sqrt(np.abs(x))
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (waves + 20 * np.sin(y * np.pi) + 40 * np.sin(y / 3 * np.pi)) * 2 / 3
    north += (160 * np.sin(y / 12 * np.pi) + 320 * np.sin(y * np.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (waves + 20 * np.sin(x * np.pi) + 40 * np.sin(x / 3 * np.pi)) * 2 / 3
    east += (150 * np.sin(x / 12 * np.pi) + 300 * np.sin(x / 30 * np.pi)) * 2 / 3
    radians = np.radians(latitude)
    curve = 1 - _ECCENTRICITY * np.sin(radians) ** 2
    north = np.degrees(north * curve * np.sqrt(curve) / (_AXIS * (1 - _ECCENTRICITY)))
    east = np.degrees(east * np.sqrt(curve) / (_AXIS * np.cos(radians)))
    inside = (longitude >= _WEST) & (longitude <= _EAST) & (latitude >= _SOUTH) & (latitude <= _NORTH)
    return points + np.where(inside[:, None], np.column_stack([east, north]), 0.0)


def bd09(points: Pairs) -> Pairs:
    """Return points of GCJ-02 as BD-09 shows them."""
    x, y = points[:, 0], points[:, 1]
    far = np.hypot(x, y) + 0.000_02 * np.sin(y * _BAIDU)
    angle = np.arctan2(y, x) + 0.000_003 * np.cos(x * _BAIDU)
    return np.column_stack([far * np.cos(angle) + 0.0065, far * np.sin(angle) + 0.006])


def _solved(forth: Callable[[Pairs], Pairs]) -> Callable[[Pairs], Pairs]:
    """Return the way back of a displacement that changes slowly."""

    def back(points: Pairs) -> Pairs:
        found = points
        for _ in range(_STEPS):
            found = found + points - forth(found)
        return found

    return back


from_gcj02 = _solved(gcj02)
from_bd09 = _solved(lambda points: bd09(gcj02(points)))
_BACK: dict[str, Callable[[Pairs], Pairs] | None] = {
    System.WGS84: None, System.CGCS2000: None, System.GCJ02: from_gcj02, System.BD09: from_bd09,
}  # fmt: skip
