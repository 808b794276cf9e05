"""manage.py tick: does what time asks for (deadlines, offers that ran out) once, or again and again with --loop."""

import logging
import signal
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections, connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from governance import flow, tasks
from governance.models import Heartbeat

logger = logging.getLogger(__name__)
#: Any number that no other program of this database uses: two tickers at a time would only do the same work twice.
LOCK = 0x7469636B


class Command(BaseCommand):
    help = "Do what time asks for: climb the ladder of overdue matters, end offers, ask the worker for its heartbeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--loop", type=int, metavar="SECONDS", help="again every so many seconds, until a signal comes"
        )

    def handle(self, *args: Any, loop: int | None, **options: Any) -> None:
        if loop is None:
            once()
            return
        if loop < 1:
            raise CommandError("--loop needs a number of seconds of at least 1.")
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            while True:
                # A database that is away for a while, or one bad row, must not end the ticker for good.
                try:
                    once()
                except Exception:
                    logger.exception("a tick failed")
                close_old_connections()
                time.sleep(loop)
        except KeyboardInterrupt:
            return


def once() -> dict[str, int]:
    """Run one tick and return how many rows each ticker changed; nothing when another ticker is at it."""
    with _alone() as alone:
        if not alone:
            return {}
        try:
            return flow.tick()
        finally:
            _ask_for(tasks.beat)
            _tidy_once_a_day()
            tasks.beat_as("ticker")


def _ask_for(task: Any) -> None:
    """Enqueue a task unless it already waits: while the worker is away the queue must not grow."""
    if not DBTaskResult.objects.ready().filter(task_path=task.module_path).exists():
        task.enqueue()


def _tidy_once_a_day() -> None:
    if not Heartbeat.objects.filter(name="tidy", at__gte=timezone.now() - timedelta(days=1)).exists():
        _ask_for(tasks.tidy)


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        alone = cursor.fetchone()[0]
    try:
        yield alone
    finally:
        if alone and connection.connection is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
