"""A sweep of a whole street: the list made at its start, the figures while it runs, and fifty workers at once.

    python -m benchmarks.sweeping [households]

Environment: see benchmarks/databases.py. One street with 110 base grids and 24,000 households unless another number is given. Starting and
counting are measured beside hand-written SQL, in turn; workers are threads of five processes, each with a connection of its own.
"""

import sys
import time

from benchmarks import databases, timing, workers

HOUSEHOLDS, WORKERS, PROCESSES = 24_000, 50, 5
ROUNDS, ANSWERS = 9, 60


def answering(server_url: str, url: str, way: str) -> float:
    """Return how many answers a second fifty workers give, all at once, each at doors of her own grid."""
    with workers.hired(*[url] * PROCESSES) as staff:
        people = staff[0].ask("sweeping_work.workers", count=WORKERS)
        each = WORKERS // PROCESSES
        for number, worker in enumerate(staff):
            worker.ask("sweeping_work.ready", people=people[number * each : (number + 1) * each])
        began = time.perf_counter()
        for worker in staff:
            worker.tell("sweeping_work.answer_all", way=way, count=ANSWERS)
        given = sum(worker.answer() for worker in staff)
        return given / (time.perf_counter() - began)


def main(households: int) -> None:
    """Measure and print."""
    with databases.server() as found:
        name = f"bench_sweeps_{households}"
        url = databases.url_of(found, name)
        if databases.prepare(found, name):
            print(f"Building {households:,} households…", file=sys.stderr, flush=True)
            with workers.hired(url) as [worker]:
                worker.ask("sweeping_work.build", households=households)
            databases.finish(found, name)
        rows = []
        with workers.hired(url) as [worker]:
            for what, function in (("making the list", "starts"), ("figures by grid", "counts")):
                times = worker.ask(f"sweeping_work.{function}", rounds=ROUNDS)
                hand = timing.median(times["by hand"])
                for way, each in times.items():
                    ms = timing.median(each)
                    rows.append((what, way, ms, ms / hand))
            plan = worker.ask("sweeping_work.plan")
        print(timing.table(("what", "way", "ms", "beside by hand"), rows))
        print()
        speeds = {}
        for way in ("by hand", "service"):
            with workers.hired(url) as [worker]:
                worker.ask("sweeping_work.fresh")
            speeds[way] = answering(found, url, way)
        print(
            timing.table(
                ("fifty workers", "answers a second"), [(way, round(each)) for way, each in speeds.items()]
            )
        )
        print(f"\n{plan}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else HOUSEHOLDS)
