"""Processes that hold the portal with a database each, and answer one question at a time.

Two worlds can so be asked in turn, and many claimants can act at once, each with an interpreter and a connection of its own.
"""

import contextlib
import importlib
import multiprocessing
import os
from collections.abc import Iterator
from typing import Any

from benchmarks import databases

_SPAWN = multiprocessing.get_context("spawn")


class Worker:
    """One process with Django set up on one database."""

    def __init__(self, url: str, **variables: str) -> None:
        self._here, there = _SPAWN.Pipe()
        environment = databases.environment(url) | variables
        self._process = _SPAWN.Process(target=_serve, args=(there, environment), daemon=True)
        self._process.start()

    def tell(self, function: str, **arguments: Any) -> None:
        """Ask without waiting; ``answer`` brings the reply. ``function`` is ``module.name`` below this package."""
        self._here.send((function, arguments))

    def answer(self) -> Any:
        """Return the reply to the oldest open question.

        Raises RuntimeError with the worker's words when it failed.
        """
        fine, reply = self._here.recv()
        if not fine:
            raise RuntimeError(reply)
        return reply

    def ask(self, function: str, **arguments: Any) -> Any:
        """Ask and wait for the reply."""
        self.tell(function, **arguments)
        return self.answer()

    def stop(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            self._here.send(None)
        self._process.join(timeout=10)
        if self._process.is_alive():
            self._process.terminate()


@contextlib.contextmanager
def hired(*urls: str, **variables: str) -> Iterator[list[Worker]]:
    """Yield a worker for each URL and end them all afterwards."""
    workers = [Worker(url, **variables) for url in urls]
    try:
        yield workers
    finally:
        for worker in workers:
            worker.stop()


def _serve(pipe: Any, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    import django

    django.setup()
    while True:
        asked = pipe.recv()
        if asked is None:
            break
        name, arguments = asked
        module, _, function = name.rpartition(".")
        try:
            reply = getattr(importlib.import_module(f"benchmarks.{module}"), function)(**arguments)
            pipe.send((True, reply))
        except Exception as error:  # told to the asker, who ends the benchmark with it
            import traceback

            pipe.send((False, f"{type(error).__name__}: {error}\n{traceback.format_exc()}"))
