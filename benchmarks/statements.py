"""Statements as they are sent: those of a job, and jobs of statements alone."""

import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext


def clock() -> float:
    """Return the time in seconds. With BENCH_CLOCK=processor it is the processor's, spent by this process and by the server's one that
    serves it (on this machine, without parallel workers): for a machine that is busy with other things."""
    if os.environ.get("BENCH_CLOCK") != "processor":
        return time.perf_counter()
    connection.ensure_connection()
    spent = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text()
    return time.process_time() + int(spent.split()[0]) / 1e9


def statements_of(job: Callable[[], Any]) -> list[str]:
    """Return the statements that a job sends, values filled in."""
    with CaptureQueriesContext(connection) as captured:
        job()
    return [each["sql"] for each in captured.captured_queries]


def send(*statements: str) -> Callable[[], list[tuple]]:
    """Return a job that sends statements one by one and fetches their rows: Django's cursor and nothing else of Django."""

    def job() -> list[tuple]:
        rows: list[tuple] = []
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                rows = cursor.fetchall()
        return rows

    return job


def filled(sql: str, now: datetime) -> str:
    """Return a statement by hand with its moment filled in."""
    return sql.replace("%(now)s", f"'{now.isoformat()}'::timestamptz")


def plan(statement: str) -> str:
    """Return the plan of a statement, with times and what it read."""
    return "\n".join(line for (line,) in send(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) {statement}")())
