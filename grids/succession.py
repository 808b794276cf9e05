"""What became of grids that are no more: from old codes to those that took over, on the map of a day."""

from collections.abc import Iterable
from datetime import date

from grids.models import Grid

Successors = dict[str, tuple[str, ...]]


def successors_on(codes: Iterable[str], day: date | None = None) -> Successors:
    """Return, for each code, the grids that stand in its place on the map of a day (of today, when None), in their order: itself while it
    is in force, else what took over from it, and from that. A code without successors then has none.

    A grid is on the map until the day on which it is retired.
    """
    found: Successors = {}
    for code in codes:
        found[code] = (code,)
    while True:
        ended = Grid.objects.filter(code__in={each for now in found.values() for each in now}).exclude(
            valid_until=None
        )
        ended = ended if day is None else ended.filter(valid_until__lte=day)
        heirs: dict[str, list[str]] = {code: [] for code in ended.values_list("code", flat=True)}
        if not heirs:
            return found
        through = Grid.successors.through.objects.filter(from_grid__in=heirs)
        for old, new in through.values_list("from_grid", "to_grid"):
            heirs[old].append(new)
        found = {
            code: tuple(sorted({each for old in now for each in heirs.get(old, [old])}))
            for code, now in found.items()
        }


def present_place(codes: Iterable[str]) -> dict[str, str]:
    """Return, for each code, the one grid in force that stands in its place today; the code itself where there are several, or none."""
    return {code: now[0] if len(now) == 1 else code for code, now in successors_on(codes).items()}


def merged_into(code: str) -> list[str]:
    """Return the codes of all grids whose place is the grid ``code`` alone today, itself among them."""
    found, asked = {code}, {code}
    while asked:
        asked = set(Grid.objects.filter(successors__in=asked).values_list("code", flat=True)) - found
        found |= asked
    return sorted(each for each, now in present_place(found).items() if now == code)
