"""The benchmarks of the party organisation: about 2,000 organisations, 1,000 and 100,000 members.

    python -m benchmarks.parties world                 builds both worlds
    python -m benchmarks.parties lists [rounds]        the roll beside hand-written SQL
    python -m benchmarks.parties figures [rounds]      tree, figures by place and board beside statements by hand
    python -m benchmarks.parties pages [rounds]        pages of the large world beside those of the small one
    python -m benchmarks.parties slow PERSON PAGE      the slowest statements of one page
    python -m benchmarks.parties clean                 takes both worlds away

Environment: see benchmarks/databases.py. PERSON is a key of CAST in benchmarks/parties/world.py.
"""

import sys

from benchmarks import bulk, databases, tables, timing, workers
from benchmarks.parties.world import CAST, LARGE, SMALL
from benchmarks.workers import Worker
from benchmarks.world import ensure, name_of

PACKAGE = "parties"
FIGURES = {
    "district": ("roots", "one level", "by place", "board"), "street": ("one level", "by place", "board"),
    "secretary": ("one level", "by place", "board"), "branch": ("one level",),
}  # fmt: skip
PAGES = {
    "district": ("desk", "tree", "tree, opened", "organisation", "map", "rates", "board", "member", "officer", "meeting"),
    "street": ("desk", "tree", "organisation", "rates", "board", "member", "meeting"),
    "secretary": ("tree", "organisation", "board", "member", "meeting"),
    "branch": ("desk", "organisation", "board", "member", "meeting"),
}  # fmt: skip


def figures(worker: Worker, rounds: int) -> str:
    """Return the table of the tree and the figures by place."""
    rows = []
    for key, several in FIGURES.items():
        for figure in several:
            found = worker.ask("parties.figures.measure", key=key, figure=figure, rounds=rounds)
            rows.append((key, figure, found["rows"], *tables.compared(found["times"])))
            print(rows[-1], file=sys.stderr, flush=True)
    return timing.table(("person", "figure", "lines", "report", "by hand", "ratio", "in Python"), rows)


def main(arguments: list[str]) -> None:
    """Build or measure."""
    command, *rest = arguments or ["world"]
    sizes = (SMALL, LARGE)
    rounds = next((int(each) for each in rest if each.isdigit()), None)
    with databases.server(bulk.SETTINGS if command == "world" else None) as found:
        if command == "world":
            print(*ensure(found, sizes, PACKAGE), sep="\n")
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
        with workers.hired(urls[-1]) as [worker]:
            if command == "lists":
                print(tables.lists(worker, tuple(CAST), rounds or 25, PACKAGE))
            elif command == "figures":
                print(figures(worker, rounds or 11))
            elif command == "slow":
                for took, statement in worker.ask("parties.pages.slowest", key=rest[0], page=rest[1]):
                    print(f"{took:.0f} ms  {statement}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
