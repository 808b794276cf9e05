"""Each role's order list beside hand-written SQL, and each page with 100,000 orders beside the same page with 1,000.

    python -m benchmarks.orders [rounds of lists] [rounds of pages]      both tables, for docs/benchmarks.md
    python -m benchmarks.orders explain PERSON LIST                      the plans of one list, for finding out why

Environment: see benchmarks/databases.py. PERSON is a key of benchmarks/cast.py, LIST a name of benchmarks/handwritten.py.
"""

import sys

from benchmarks import databases, tables, workers, world

STAFF = ("seat", "head", "street", "secretary", "worker", "grid", "department", "team", "station")
EVERYONE = (*STAFF, "volunteer", "resident")
DESK = ("desk", "order list", "order list, unfinished", "order list, red", "order list, search")
PHONE = {
    "team": ("team orders",),
    "volunteer": ("claim hall", "my claims"),
    "resident": ("my matters", "my matters, done"),
}


def main(arguments: list[str]) -> None:
    """Measure and print both tables, or the plans of one list."""
    with databases.server() as found:
        urls = world.ensure(found)
        with workers.hired(*urls) as [small, large]:
            if arguments[:1] == ["explain"]:
                print(*large.ask("lists.plans", key=arguments[1], name=arguments[2]), sep="\n\n")
                return
            rounds = [int(argument) for argument in arguments] + [31, 15][len(arguments) :]
            print("### Lists at 100,000 orders, milliseconds\n\n" + tables.lists(large, EVERYONE, rounds[0]))
            opened = {key: (*(DESK if key in STAFF else ()), *PHONE.get(key, ())) for key in EVERYONE}
            sizes = (databases.SMALL, databases.LARGE)
            print("\n### Pages, milliseconds\n\n" + tables.pages((small, large), opened, rounds[1], sizes))


if __name__ == "__main__":
    main(sys.argv[1:])
