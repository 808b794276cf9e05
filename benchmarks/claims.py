"""Claims per second: the flow's whole transaction beside the bare counter and beside the same rows written by hand.

    python -m benchmarks.claims [claimants]

Environment: see benchmarks/databases.py. Each claimant is a process with a connection of its own. One hot order has fifty
places, so it is measured as a row of such orders, one after the other, with every claimant on the same one; the cool case
gives each claimant orders of her own.
"""

import sys
import time

from benchmarks import databases, timing, workers, world
from benchmarks.workers import Worker

PLACES = 50
#: Orders in a row for each measurement.
IN_A_ROW = 3


def shares(
    hot: bool, orders: list[int], users: list[int], claimants: int
) -> list[tuple[list[int], list[int]]]:
    """Return (orders, users) for each claimant: pairs to be claimed in turn."""
    each = PLACES // claimants
    told: list[tuple[list[int], list[int]]] = [([], []) for _ in range(claimants)]
    pool = iter(users)
    for number, order in enumerate(orders):
        for place in range(each * claimants):
            mine = told[place % claimants if hot else number % claimants]
            mine[0].append(order)
            mine[1].append(next(pool))
    return told


def race(staff: list[Worker], function: str, jobs: list[dict]) -> tuple[int, float]:
    """Let every worker do its job at once. Returns claims and the seconds from first start to last end."""
    began = time.perf_counter()
    for worker, job in zip(staff, jobs, strict=True):
        worker.tell(f"claiming.{function}", **job)
    taken = sum(worker.answer()[0] for worker in staff)
    return taken, time.perf_counter() - began


def measure(staff: list[Worker], hot: bool) -> dict[str, float]:
    """Return claims per second of the three rivals."""
    first, speeds = staff[0], {}
    for way, function in (("bare counter", "bare_in"), ("by hand", "written"), ("flow", "through_the_flow")):
        count = IN_A_ROW if hot else max(IN_A_ROW, len(staff))
        orders = first.ask("claiming.set_up", orders=count, start_hour=0)
        users = first.ask("claiming.people", count=count * PLACES)
        split = shares(hot, orders, users, len(staff))
        if function == "bare_in":
            jobs = [{"orders": list(dict.fromkeys(mine)), "each": mine.count(mine[0])} for mine, _ in split]
        else:
            jobs = [{"orders": mine, "users": who} for mine, who in split]
        taken, seconds = race(staff, function, jobs)
        assert taken == sum(len(mine) for mine, _ in split), f"{way}: {taken} claims"
        if function != "bare_in":
            first.ask("claiming.sound", orders=orders)
        first.ask("claiming.clean_up", orders=orders)
        speeds[way] = taken / seconds
    return speeds


def main(claimants: list[int]) -> None:
    """Measure and print the table."""
    with databases.server() as found:
        [_, url] = world.ensure(found)
        rows = []
        for count in claimants:
            with workers.hired(*[url] * count) as staff:
                for worker in staff:
                    worker.ask("claiming.people", count=1)
                for hot in (True, False):
                    rounds = [measure(staff, hot) for _ in range(3)]
                    speed = {way: timing.median([each[way] for each in rounds]) for way in rounds[0]}
                    rows.append(
                        (
                            count,
                            "one hot order" if hot else "an order each",
                            round(speed["bare counter"]),
                            round(speed["by hand"]),
                            round(speed["flow"]),
                            speed["bare counter"] / speed["flow"],
                            speed["by hand"] / speed["flow"],
                        )
                    )
                    print(rows[-1], file=sys.stderr, flush=True)
        with workers.hired(url) as [worker]:
            [order] = worker.ask("claiming.set_up", orders=1, start_hour=0)
            [user] = worker.ask("claiming.people", count=1)
            sent = worker.ask("claiming.statements_of_a_claim", order=order, user=user)
            worker.ask("claiming.clean_up", orders=[order])
    headings = (
        "claimants",
        "case",
        "bare counter /s",
        "by hand /s",
        "flow /s",
        "bare : flow",
        "by hand : flow",
    )
    print(timing.table(headings, rows))
    print(f"\nOne claim through the flow sends {sent} statements.")


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [1, 4, 10])
