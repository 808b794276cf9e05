"""The benchmarks of incidents.

    python -m benchmarks.incidents world [incidents…]     builds both worlds, or those of these sizes
    python -m benchmarks.incidents lists [rounds] [incidents]     lists beside hand-written SQL
    python -m benchmarks.incidents pages [rounds]         pages of the large world beside those of the small one
    python -m benchmarks.incidents figures [rounds] [incidents]   tables of figures beside statements by hand
    python -m benchmarks.incidents explain PERSON LIST [incidents]     the plans of one list, for finding out why
    python -m benchmarks.incidents slow PERSON PAGE [incidents]        the slowest statements of one page
    python -m benchmarks.incidents indexes [reset]        how often each index was used
    python -m benchmarks.incidents check | migrate [incidents]    is the world sound? | bring its tables up to the code
    python -m benchmarks.incidents clean                  takes both worlds away

Environment: see benchmarks/databases.py. PERSON is a key of benchmarks/cast.py, LIST a name of benchmarks/incidents/handwritten.py,
PAGE one of benchmarks/incidents/pages.py.
"""

import sys

from benchmarks import bulk, databases, tables, timing, workers
from benchmarks.incidents.world import LARGE, SMALL
from benchmarks.tables import compared
from benchmarks.workers import Worker
from benchmarks.world import ensure, name_of

PACKAGE = "incidents"
CAST = ("department", "street", "seat", "secretary", "grid")
DESK_PAGES = (
    "desk", "list", "list, unfinished", "list, red", "list, at the desk", "list, this month", "list, common word",
    "list, rare word", "list, a number", "detail",
)  # fmt: skip
PHONE_PAGES = {
    "grid": ("tab: in hand", "tab: to verify", "tab: new", "tab: sent", "detail, phone", "my matters"),
    "secretary": ("tab: to verify", "tab: new", "detail, phone"),
    "department": ("tab: in hand", "detail, phone"),
    "seat": ("tab: sent", "my matters"),
}
BREAKDOWNS = ("place", "unit", "class")
#: The server that is measured: as it comes, with the share of memory that PostgreSQL's manual recommends.
SETTINGS = {"shared_buffers": "4GB"}


def figures(worker: Worker, rounds: int) -> str:
    """Return the table of the figures, each person's by place, unit and class, and the one of the public page."""
    rows = []
    for key in CAST:
        for period in ("last month", "twelve months"):
            for by in BREAKDOWNS:
                asked = {"key": key, "period": period, "by": by}
                found = worker.ask("incidents.figures.measure", rounds=rounds, **asked)
                rows.append((key, period, by, f"{found['rows']:,}", *compared(found["times"])))
                print(rows[-1], file=sys.stderr, flush=True)
    for words, code in worker.ask("incidents.figures.places").items():
        times = worker.ask("incidents.figures.measure_public", code=code, rounds=rounds)
        rows.append(("everyone", words, "public page", "", *compared(times)))
        print(rows[-1], file=sys.stderr, flush=True)
    headings = ("person", "period", "by", "incidents", "report", "by hand", "ratio", "in Python")
    return timing.table(headings, rows)


def main(arguments: list[str]) -> None:
    """Build, measure or explain."""
    command, *rest = arguments or ["world"]
    sizes = (SMALL, LARGE)
    if command == "world":
        with databases.server(bulk.SETTINGS) as found:
            for ready in ensure(found, tuple(int(each) for each in rest) or sizes, PACKAGE):
                print(ready)
        return
    with databases.server(SETTINGS) as found:

        def url(count: int) -> str:
            return databases.url_of(found, name_of(count, PACKAGE))

        if command == "clean":
            for count in sizes:
                databases.remove(found, name_of(count, PACKAGE))
            return
        if command == "pages":
            with workers.hired(*(url(count) for count in sizes)) as both:
                opened = {key: (*DESK_PAGES, *PHONE_PAGES.get(key, ())) for key in CAST}
                print(tables.pages(both, opened, int(rest[0]) if rest else 11, sizes, PACKAGE))
            return
        count = next((int(each) for each in rest if each.isdigit() and int(each) >= SMALL), LARGE)
        with workers.hired(url(count)) as [worker]:
            if command == "lists":
                print(tables.lists(worker, CAST, int(rest[0]) if rest else 25, PACKAGE))
            elif command == "figures":
                print(figures(worker, int(rest[0]) if rest else 5))
            elif command == "explain":
                print(*worker.ask("incidents.lists.plans", key=rest[0], name=rest[1]), sep="\n\n")
            elif command == "slow":
                for took, statement in worker.ask("incidents.pages.slowest", key=rest[0], page=rest[1]):
                    print(f"{took:.0f} ms  {statement}\n")
            elif command == "indexes":
                print(
                    *worker.ask(f"incidents.world.{'forget' if 'reset' in rest else 'indexes'}") or (),
                    sep="\n",
                )
            elif command == "migrate":
                worker.ask("world.migrate")
            elif command == "check":
                print(worker.ask("incidents.world.sound"), worker.ask("incidents.world.counts"))


if __name__ == "__main__":
    main(sys.argv[1:])
