"""The base grid of a point: the portal's ``locate`` beside a look at every grid and beside a tree that is asked by hand.

    python -m benchmarks.locating [grids [points]]

A district's outline is divided into made-up base grids (11,153 unless told otherwise, as many as one district of Tianjin has said to
have). Needs no database: what is measured is what a process does once its tree stands. The stamp that it asks for once in five seconds,
one query otherwise, is kept in memory here.
"""

import random
import sys
import time
from pathlib import Path

import shapely
from django.conf import settings
from django.core.cache import cache
from shapely.prepared import prep

from benchmarks import timing
from grids import geometry
from grids.boundary_files import read_outlines
from grids.tessellate import spread, tessellate

OUTLINE = Path(geometry.__file__).parent / "data" / "outline_120106_hongqiao.geojson"
GRIDS, POINTS, COMMUNITIES = 11_153, 1_000, 114
#: Points that the linear scan is asked for in each round: it takes long.
FEW = 20
ROUNDS = 9
#: Nothing here waits for anything: what the process takes is the same on a busy machine, or nearly so.
CLOCK = time.process_time


def cells(count: int) -> dict[str, shapely.Polygon]:
    """Return so many made-up base grids of the district by code."""
    outline = read_outlines(OUTLINE.read_bytes())["120106"]
    communities = [f"120106{street:03d}{place:03d}" for street in range(1, 10) for place in range(1, 20)][
        :COMMUNITIES
    ]
    drawn = tessellate(outline, spread(count, communities), seed=1)
    return {code: cell for code, cell in drawn.items() if len(code) == 15}


def points_in(district: dict[str, shapely.Polygon], count: int) -> list[tuple[float, float]]:
    """Return points all over the district, a few of them outside."""
    west, south, east, north = shapely.total_bounds(list(district.values()))
    chance = random.Random(7)
    return [(chance.uniform(west, east), chance.uniform(south, north)) for _ in range(count)]


def main() -> None:
    """Measure, and print the table for docs/benchmarks.md."""
    asked = [int(each) for each in sys.argv[1:3]]
    count, number = (*asked, *(GRIDS, POINTS)[len(asked) :])
    settings.configure(CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}})
    began = time.perf_counter()
    district = cells(count)
    print(f"{len(district):,} grids, {sum(shapely.get_num_coordinates(list(district.values()))):,} corners, "
          f"drawn in {time.perf_counter() - began:.0f} s")  # fmt: skip
    points = points_in(district, number)
    few = points[:FEW]

    began = time.perf_counter()
    geometry._index = geometry.PointIndex(district)
    geometry._stamp_of_index = cache.get(geometry._STAMP)
    built = time.perf_counter() - began
    codes = sorted(district)
    tree = shapely.STRtree([district[code] for code in codes])
    prepared = [(code, prep(district[code])) for code in codes]

    whole = [district[code] for code in codes]
    shapely.prepare(whole)

    def scan(spots: list[tuple[float, float]]) -> list[str | None]:
        points = [shapely.Point(spot) for spot in spots]
        return [next((code for code, cell in prepared if cell.intersects(point)), None) for point in points]

    def sweep(spots: list[tuple[float, float]]) -> list[str | None]:
        hits = [shapely.intersects(whole, shapely.Point(spot)).nonzero()[0] for spot in spots]
        return [codes[hit[0]] if len(hit) else None for hit in hits]

    def by_hand(spots: list[tuple[float, float]]) -> list[str | None]:
        found = []
        for spot in spots:
            hits = tree.query(shapely.Point(spot), predicate="intersects")
            found.append(codes[hits.min()] if len(hits) else None)
        return found

    def located(spots: list[tuple[float, float]]) -> list[str | None]:
        return [geometry.locate(*spot) for spot in spots]

    assert located(points) == by_hand(points) and located(few) == scan(few) == sweep(few)
    fast = timing.in_turn(
        {"locate": lambda: located(points), "tree": lambda: by_hand(points)}, ROUNDS, clock=CLOCK
    )
    slow = timing.in_turn(
        {"scan": lambda: scan(few), "sweep": lambda: sweep(few)}, ROUNDS, warm_up=1, clock=CLOCK
    )
    each = {name: timing.median(times) * 1000 / len(points) for name, times in fast.items()}
    each |= {name: timing.median(times) * 1000 / len(few) for name, times in slow.items()}
    words = {
        "locate": "`grids.geometry.locate`, warm",
        "tree": "an STRtree asked by hand",
        "sweep": "all grids in one call, prepared",
        "scan": "grid after grid until one holds it, prepared",
    }
    rows = [(words[name], each[name], each[name] / each["locate"]) for name in words]
    print(timing.table(["way", "µs for a point", "beside `locate`"], rows))
    print(f"The tree is built in {built * 1000:.0f} ms.")


if __name__ == "__main__":
    main()
