"""The benchmarks of disputes.

    python -m benchmarks.mediation world [disputes…]      builds both worlds, or those of these sizes
    python -m benchmarks.mediation lists [rounds] [disputes]      the desk's list beside hand-written SQL
    python -m benchmarks.mediation figures [rounds] [disputes]    the statistical table beside a statement by hand
    python -m benchmarks.mediation pages [rounds]         pages of the large world beside those of the small one
    python -m benchmarks.mediation explain PERSON LIST [disputes]      the plans of one list, for finding out why
    python -m benchmarks.mediation slow PERSON PAGE [disputes]         the slowest statements of one page
    python -m benchmarks.mediation check | migrate [disputes]    is the world sound? | bring its tables up to the code
    python -m benchmarks.mediation clean                  takes both worlds away

Environment: see benchmarks/databases.py. PERSON is a key of CAST in benchmarks/mediation/world.py, LIST a name of
benchmarks/mediation/handwritten.py, PAGE one of benchmarks/mediation/pages.py.
"""

import sys

from benchmarks import bulk, databases, tables, timing, workers
from benchmarks.mediation.world import LARGE, SMALL
from benchmarks.workers import Worker
from benchmarks.world import ensure, name_of

PACKAGE = "mediation"
READERS = ("director", "street", "mediator")
COUNTERS = ("justice", "street")
LISTS = (
    "list", "list, unfinished", "list, registered", "list, red", "list, waiting for consent", "list, to follow up", "list, mine",
    "list, common word", "list, rare word", "list, a number",
)  # fmt: skip
BREAKDOWNS = ("category", "level", "place")
FIGURES = ("figures, month", "figures, year", "figures, by place")
PAGES = {
    "director": ("desk", *LISTS, "file", "file, phone", "phone: centre", *FIGURES),
    "street": ("desk", *LISTS, "file", "file, phone", *FIGURES),
    "mediator": ("desk", *LISTS, "file", "file, phone", "phone: day", "phone: cases", "phone: ended"),
    "justice": ("desk", *FIGURES),
}


def figures(worker: Worker, rounds: int) -> str:
    """Return the table of the figures."""
    rows = []
    for key in COUNTERS:
        for period in ("last month", "twelve months"):
            for by in BREAKDOWNS:
                found = worker.ask("mediation.figures.measure", key=key, period=period, by=by, rounds=rounds)
                rows.append((key, period, by, f"{found['rows']:,}", *tables.compared(found["times"])))
                print(rows[-1], file=sys.stderr, flush=True)
    headings = ("person", "period", "by", "accepted", "report", "by hand", "ratio", "in Python")
    return timing.table(headings, rows)


def main(arguments: list[str]) -> None:
    """Build, measure or explain."""
    command, *rest = arguments or ["world"]
    sizes = (SMALL, LARGE)
    numbers = [int(each) for each in rest if each.isdigit()]
    rounds = next((each for each in numbers if each < SMALL), None)
    with databases.server(bulk.SETTINGS if command == "world" else None) as found:
        if command == "world":
            print(*ensure(found, numbers or sizes, PACKAGE), sep="\n")
            return
        if command == "clean":
            for count in sizes:
                databases.remove(found, name_of(count, PACKAGE))
            return
        urls = [databases.url_of(found, name_of(count, PACKAGE)) for count in sizes]
        if command == "pages":
            with workers.hired(*urls) as both:
                print(tables.pages(both, PAGES, rounds or 11, sizes, PACKAGE))
            return
        count = next((each for each in numbers if each >= SMALL), LARGE)
        with workers.hired(databases.url_of(found, name_of(count, PACKAGE))) as [worker]:
            if command == "lists":
                print(tables.lists(worker, READERS, rounds or 25, PACKAGE))
            elif command == "figures":
                print(figures(worker, rounds or 11))
            elif command == "explain":
                print(*worker.ask("mediation.lists.plans", key=rest[0], name=rest[1]), sep="\n\n")
            elif command == "slow":
                for took, statement in worker.ask("mediation.pages.slowest", key=rest[0], page=rest[1]):
                    print(f"{took:.0f} ms  {statement}\n")
            elif command == "migrate":
                worker.ask("world.migrate")
            elif command == "check":
                print(worker.ask("mediation.world.sound"), worker.ask("mediation.world.counts"))


if __name__ == "__main__":
    main(sys.argv[1:])
