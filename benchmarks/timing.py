"""How times are taken and put in words: rivals in turn, warm, medians; nothing here knows what is measured."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence

WARM_UP = 5


def in_turn(
    rivals: dict[str, Callable[[], object]],
    rounds: int,
    warm_up: int = WARM_UP,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Run the rivals round by round, each round beginning with another one, so that what else the machine does hits all
    alike. Returns milliseconds of each run by the ``clock``; the rounds of the warm-up are not among them."""
    names, times = list(rivals), {name: [] for name in rivals}
    for number in range(-warm_up, rounds):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            began = clock()
            rivals[name]()
            took = (clock() - began) * 1000
            if number >= 0:
                times[name].append(took)
    return times


def median(times: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(times)


def ratio(times: Sequence[float], base: Sequence[float]) -> float:
    """Return the ratio of the medians."""
    return median(times) / median(base)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; floats with two digits."""

    def cell(value: object) -> str:
        return f"{value:.2f}" if isinstance(value, float) else str(value)

    lines = ["| " + " | ".join(headings) + " |", "|---" * len(headings) + "|"]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)
