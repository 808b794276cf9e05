"""The benchmarks of the grid's register and its visits: 2,150 and 215,000 households behind 5,940 doors.

    python -m benchmarks.visits world              builds both worlds
    python -m benchmarks.visits lists [rounds]     the lists of households beside hand-written SQL
    python -m benchmarks.visits figures [rounds]   the worker's doors and the coverage beside statements by hand
    python -m benchmarks.visits import [rows]      rows a second through the import beside a plain COPY
    python -m benchmarks.visits clean              takes both worlds away

Environment: see benchmarks/databases.py.
"""

import sys

from benchmarks import bulk, databases, tables, timing, workers
from benchmarks.visits.world import CAST, LARGE, SMALL
from benchmarks.workers import Worker
from benchmarks.world import ensure, name_of

PACKAGE = "visits"
FIGURES = (
    ("district", "coverage"),
    ("street", "coverage"),
    ("secretary", "coverage"),
    ("worker", "doors"),
)


def figures(worker: Worker, rounds: int) -> str:
    """Return the table of the coverage and of the doors."""
    rows = []
    for key, figure in FIGURES:
        found = worker.ask("visits.figures.measure", key=key, figure=figure, rounds=rounds)
        rows.append((key, figure, found["rows"], *tables.compared(found["times"])))
        print(rows[-1], file=sys.stderr, flush=True)
    return timing.table(("person", "figure", "lines", "report", "by hand", "ratio", "in Python"), rows)


def loading(worker: Worker, rows: int) -> str:
    """Return the table of loading so many rows."""
    found = worker.ask("visits.importing.measure", rows=rows)
    copied = found["seconds"].pop("copy")
    lines = [("COPY", copied, rows / copied, 1.0)]
    lines += [(way, took, rows / took, took / copied) for way, took in found["seconds"].items()]
    return timing.table(("way", "seconds", "rows a second", "times COPY"), lines)


def main(arguments: list[str]) -> None:
    """Build or measure."""
    command, *rest = arguments or ["world"]
    sizes = (SMALL, LARGE)
    number = next((int(each) for each in rest if each.isdigit()), None)
    with databases.server(bulk.SETTINGS if command == "world" else None) as found:
        if command == "world":
            print(*ensure(found, sizes, PACKAGE), sep="\n")
            return
        if command == "clean":
            for count in sizes:
                databases.remove(found, name_of(count, PACKAGE))
            return
        url = databases.url_of(found, name_of(SMALL if command == "import" else LARGE, PACKAGE))
        with workers.hired(url) as [worker]:
            if command == "lists":
                print(tables.lists(worker, tuple(CAST), number or 25, PACKAGE))
            elif command == "figures":
                print(figures(worker, number or 11))
            elif command == "import":
                print(loading(worker, number or 5_000))


if __name__ == "__main__":
    main(sys.argv[1:])
