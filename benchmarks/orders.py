"""Each role's order list beside hand-written SQL, and each page with 100,000 orders beside the same page with 1,000.

    python -m benchmarks.orders [rounds of lists] [rounds of pages]      both tables, for docs/benchmarks.md
    python -m benchmarks.orders explain PERSON LIST                      the plans of one list, for finding out why

Environment: see benchmarks/databases.py. PERSON is a key of benchmarks/cast.py, LIST a name of benchmarks/handwritten.py.
"""

import sys

from benchmarks import databases, timing, workers, world
from benchmarks.workers import Worker

#: What is aimed at: database time against hand-written SQL, and page time against a hundredth of the orders.
WANTED_LIST, WANTED_PAGE = 1.2, 1.3
STAFF = ("seat", "head", "street", "secretary", "worker", "grid", "department", "team", "station")
EVERYONE = (*STAFF, "volunteer", "resident")
DESK = ("desk", "order list", "order list, unfinished", "order list, red", "order list, search")
PHONE = {
    "team": ("team orders",),
    "volunteer": ("claim hall", "my claims"),
    "resident": ("my matters", "my matters, done"),
}


def lists(worker: Worker, rounds: int) -> str:
    """Return the table of the lists."""
    rows = []
    for key in EVERYONE:
        for name in worker.ask("lists.lists_of", key=key):
            found = worker.ask("lists.measure", key=key, name=name, rounds=rounds)
            times = found["times"]
            whole = times.get("hand, whole")
            ratio = timing.ratio(times["rule"], times["hand"])
            rows.append(
                (
                    key,
                    name,
                    found["rows"],
                    timing.median(times["rule"]),
                    timing.median(times["hand"]),
                    marked(ratio, WANTED_LIST),
                    timing.median(times["rule, whole"]),
                    timing.median(whole) if whole else "",
                    timing.ratio(times["rule, whole"], whole) if whole else "",
                    timing.median(times["objects"]),
                    found["statements"],
                )
            )
            print(rows[-1], file=sys.stderr, flush=True)
    headings = (
        "person",
        "list",
        "rows",
        "rule",
        "by hand",
        "ratio",
        "rule, whole",
        "by hand, whole",
        "ratio",
        "objects",
        "statements",
    )
    return timing.table(headings, rows)


def marked(ratio: float, wanted: float) -> str:
    """Return a ratio, in bold where it misses what is wanted."""
    return f"{ratio:.2f}" if ratio <= wanted else f"**{ratio:.2f}**"


def pages(small: Worker, large: Worker, rounds: int) -> str:
    """Return the table of the pages. A ratio is given only where both pages show equally many orders."""
    small.ask("pages.prepare")
    rows = []
    for key in EVERYONE:
        for page in (*(DESK if key in STAFF else ()), *PHONE.get(key, ())):
            queries = [worker.ask("pages.queries", key=key, page=page)[0] for worker in (small, large)]
            shown = {}
            times = timing.in_turn(
                {
                    "small": lambda: shown.update(small=small.ask("pages.fetch", key=key, page=page)),  # noqa: B023
                    "large": lambda: shown.update(large=large.ask("pages.fetch", key=key, page=page)),  # noqa: B023
                },
                rounds,
            )
            alike = shown["small"][2] == shown["large"][2]
            ratio = timing.ratio(times["large"], times["small"])
            rows.append(
                (
                    key,
                    page,
                    f"{shown['small'][2]} / {shown['large'][2]}",
                    timing.median(times["small"]),
                    timing.median(times["large"]),
                    marked(ratio, WANTED_PAGE) if alike else "not alike",
                    f"{queries[0]} / {queries[1]}",
                    shown["large"][1] // 1024,
                )
            )
            print(rows[-1], file=sys.stderr, flush=True)
    headings = ("person", "page", "orders shown", "1,000: ms", "100,000: ms", "ratio", "statements", "KB")
    return timing.table(headings, rows)


def main(arguments: list[str]) -> None:
    """Measure and print both tables, or the plans of one list."""
    with databases.server() as found:
        urls = world.ensure(found)
        with workers.hired(*urls) as [small, large]:
            if arguments[:1] == ["explain"]:
                print(*large.ask("lists.plans", key=arguments[1], name=arguments[2]), sep="\n\n")
                return
            rounds = [int(argument) for argument in arguments] + [31, 15][len(arguments) :]
            print("### Lists at 100,000 orders, milliseconds\n\n" + lists(large, rounds[0]))
            print("\n### Pages, milliseconds\n\n" + pages(small, large, rounds[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
