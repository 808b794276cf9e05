"""Statements as they are sent: those of a job, and jobs of statements alone."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext


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
