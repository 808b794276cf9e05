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

from benchmarks import databases, timing, workers
from benchmarks.incidents import bulk, world
from benchmarks.orders import WANTED_LIST, WANTED_PAGE, marked
from benchmarks.workers import Worker

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
#: What is aimed at: figures against a statement by hand that rolls up the same rows.
WANTED_FIGURES = 2.0
BREAKDOWNS = ("place", "unit", "class")
#: The server that is measured: as it comes, with the share of memory that PostgreSQL's manual recommends.
SETTINGS = {"shared_buffers": "4GB"}


def lists(worker: Worker, rounds: int) -> str:
    """Return the table of the lists."""
    rows = []
    for key in CAST:
        for name in worker.ask("incidents.lists.lists_of", key=key):
            found = worker.ask("incidents.lists.measure", key=key, name=name, rounds=rounds)
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


def in_both(small: Worker, large: Worker, rounds: int, **page: str) -> tuple[dict, dict]:
    """Fetch a page from both worlds in turn. Returns the times, and what the last answers were, by world."""
    shown: dict[str, tuple] = {}

    def from_world(name: str, worker: Worker) -> None:
        shown[name] = worker.ask("incidents.pages.fetch", **page)

    rivals = {"small": lambda: from_world("small", small), "large": lambda: from_world("large", large)}
    return timing.in_turn(rivals, rounds, warm_up=2), shown


def pages(small: Worker, large: Worker, rounds: int) -> str:
    """Return the table of the pages. A ratio is given only where both pages show equally many incidents."""
    small.ask("pages.prepare")
    rows = []
    for key in CAST:
        for page in (*DESK_PAGES, *PHONE_PAGES.get(key, ())):
            queries = [worker.ask("incidents.pages.queries", key=key, page=page) for worker in (small, large)]
            times, shown = in_both(small, large, rounds, key=key, page=page)
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
    headings = (
        "person", "page", "numbers shown", "41,800: ms", "4,180,000: ms", "ratio", "statements", "slowest, ms", "KB",
    )  # fmt: skip
    return timing.table(headings, rows)


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


def compared(times: dict[str, list[float]]) -> tuple:
    """Return the cells of a comparison: the statements of the report, those by hand, their ratio, and all of it in Python."""
    ratio = timing.ratio(times["rule"], times["hand"])
    return (
        timing.median(times["rule"]),
        timing.median(times["hand"]),
        marked(ratio, WANTED_FIGURES),
        timing.median(times["objects"]),
    )


def main(arguments: list[str]) -> None:
    """Build, measure or explain."""
    command, *rest = arguments or ["world"]
    sizes = (world.SMALL, world.LARGE)
    if command == "world":
        with databases.server(bulk.SETTINGS) as found:
            for ready in world.ensure(found, tuple(int(each) for each in rest) or sizes):
                print(ready)
        return
    with databases.server(SETTINGS) as found:
        if command == "clean":
            for count in sizes:
                databases.remove(found, world.name_of(count))
            return
        if command == "pages":
            with workers.hired(*[databases.url_of(found, world.name_of(count)) for count in sizes]) as [
                small,
                large,
            ]:
                print(pages(small, large, int(rest[0]) if rest else 11))
            return
        count = next((int(each) for each in rest if each.isdigit() and int(each) >= world.SMALL), world.LARGE)
        with workers.hired(databases.url_of(found, world.name_of(count))) as [worker]:
            if command == "lists":
                print(lists(worker, int(rest[0]) if rest else 25))
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
                worker.ask("incidents.world.migrate")
            elif command == "check":
                print(worker.ask("incidents.world.sound"), worker.ask("incidents.world.counts"))


if __name__ == "__main__":
    main(sys.argv[1:])
