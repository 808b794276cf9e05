"""The tables of what was measured: lists beside hand-written SQL, pages of the large world beside those of the small one.

Which people, lists and pages there are is each benchmark's own; ``package`` names whose ``lists`` and ``pages`` the workers are
asked for ("" is the orders').
"""

import sys
from collections.abc import Mapping, Sequence

from benchmarks import timing
from benchmarks.workers import Worker

#: What is aimed at: database time against hand-written SQL, and page time against a hundredth of the rows.
WANTED_LIST, WANTED_PAGE = 1.2, 1.3
#: And figures against a statement by hand that rolls up the same rows.
WANTED_FIGURES = 2.0
#: So many rounds of a page before it is measured.
WARM_UP = 2


def marked(ratio: float, wanted: float) -> str:
    """Return a ratio, in bold where it misses what is wanted."""
    return f"{ratio:.2f}" if ratio <= wanted else f"**{ratio:.2f}**"


def lists(worker: Worker, people: Sequence[str], rounds: int, package: str = "") -> str:
    """Return the table of the lists that each person opens."""
    module, rows = f"{package}.lists".lstrip("."), []
    for key in people:
        for name in worker.ask(f"{module}.lists_of", key=key):
            found = worker.ask(f"{module}.measure", key=key, name=name, rounds=rounds)
            times = found["times"]
            whole = times.get("hand, whole")
            rows.append(
                (
                    key,
                    name,
                    found["rows"],
                    timing.median(times["rule"]),
                    timing.median(times["hand"]),
                    marked(timing.ratio(times["rule"], times["hand"]), WANTED_LIST),
                    timing.median(times["rule, whole"]),
                    timing.median(whole) if whole else "",
                    timing.ratio(times["rule, whole"], whole) if whole else "",
                    timing.median(times["objects"]),
                    found["statements"],
                )
            )
            print(rows[-1], file=sys.stderr, flush=True)
    headings = (
        "person", "list", "rows", "rule", "by hand", "ratio", "rule, whole", "by hand, whole", "ratio", "objects", "statements",
    )  # fmt: skip
    return timing.table(headings, rows)


def in_both(module: str, small: Worker, large: Worker, rounds: int, **page: str) -> tuple[dict, dict]:
    """Fetch a page from both worlds in turn. Returns the times, and what the last answers were, by world."""
    shown: dict[str, list[tuple]] = {"small": [], "large": []}

    def from_world(name: str, worker: Worker) -> None:
        shown[name].append(worker.ask(f"{module}.fetch", **page))

    rivals = {"small": lambda: from_world("small", small), "large": lambda: from_world("large", large)}
    timing.in_turn(rivals, rounds, WARM_UP)
    times = {name: [took for took, *_ in answers[WARM_UP:]] for name, answers in shown.items()}
    return times, {name: answers[-1] for name, answers in shown.items()}


def pages(
    workers: Sequence[Worker],
    opened: Mapping[str, Sequence[str]],
    rounds: int,
    sizes: Sequence[int],
    package: str = "",
) -> str:
    """Return the table of the pages that each person opens. A ratio is given only where both pages show equally many rows.

    ``workers`` and ``sizes``: of the small world and the large one.
    """
    module, rows = f"{package}.pages".lstrip("."), []
    workers[0].ask("pages.prepare")
    for key, several in opened.items():
        for page in several:
            queries = [worker.ask(f"{module}.queries", key=key, page=page) for worker in workers]
            times, shown = in_both(module, *workers, rounds, key=key, page=page)
            alike = shown["small"][2] == shown["large"][2]
            rows.append(
                (
                    key,
                    page,
                    f"{shown['small'][2]} / {shown['large'][2]}",
                    timing.median(times["small"]),
                    timing.median(times["large"]),
                    marked(timing.ratio(times["large"], times["small"]), WANTED_PAGE)
                    if alike
                    else "not alike",
                    f"{queries[0][0]} / {queries[1][0]}",
                    queries[1][1],
                    shown["large"][1] // 1024,
                )
            )
            print(rows[-1], file=sys.stderr, flush=True)
    small, large = (f"{size:,}: ms" for size in sizes)
    headings = ("person", "page", "numbers shown", small, large, "ratio", "statements", "slowest, ms", "KB")
    return timing.table(headings, rows)


def compared(times: Mapping[str, Sequence[float]]) -> tuple:
    """Return the cells of figures: the statements of the report, those by hand, their ratio, and all of it in Python."""
    ratio = timing.ratio(times["rule"], times["hand"])
    return (
        timing.median(times["rule"]),
        timing.median(times["hand"]),
        marked(ratio, WANTED_FIGURES),
        timing.median(times["objects"]),
    )
