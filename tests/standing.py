"""Worlds that stand while the tests that share them run: made once, and given to each test as a copy of its own.

``@standing`` makes a fixture of a function that takes other such fixtures and makes rows. What several tests in turn ask for is made
once, before the transaction of the first of them and within one that is never committed; what a test does to the rows is undone, and
its objects are copies. A world that the next test does not ask for is taken away, with all that was made on top of it. A test that
really commits (``transactional_db``, ``live_server``) makes its own.

The tests of a file run in such an order that those that share the most follow one another (``in_order``).
"""

import copy
import inspect
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

#: How a fixture's function leads to what makes its world.
_MAKES = "makes_world"

Build = Callable[..., Any]


def standing(build: Build) -> Any:
    """Return a fixture of the same name whose world stands."""
    asked = list(inspect.signature(build).parameters)

    def given(request: pytest.FixtureRequest, db: None, settings: Any, own_files: None, **others: Any) -> Any:
        if commits(request.node):
            return build(**others)
        STANDING.copy_files(settings.MEDIA_ROOT)
        return STANDING.copies[build]

    kinds = inspect.Parameter
    given.__signature__ = inspect.Signature(
        [
            kinds(name, kinds.POSITIONAL_OR_KEYWORD)
            for name in ("request", "db", "settings", "own_files", *asked)
        ]
    )
    given.__doc__ = build.__doc__
    setattr(given, _MAKES, build)
    return pytest.fixture(name=build.__name__)(given)


def commits(item: pytest.Item) -> bool:
    """Return whether a test really commits what it does."""
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction")) or not {
        "transactional_db",
        "live_server",
    }.isdisjoint(item.fixturenames)


def worlds_of(item: pytest.Item) -> list[tuple[str, Build]]:
    """Return what a test wants to stand, name and maker, each after what it is made from."""
    fixtures = getattr(item, "_fixtureinfo", None)
    if fixtures is None or commits(item):
        return []
    found: dict[str, Build] = {}

    def add(name: str) -> None:
        known = fixtures.name2fixturedefs.get(name)
        build = known and getattr(known[-1].func, _MAKES, None)
        if build and name not in found:
            for other in inspect.signature(build).parameters:
                add(other)
            found[name] = build

    for name in item.fixturenames:
        add(name)
    return list(found.items())


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the tests, file by file as they came, in each file those together that share a world; last those that commit."""
    places: dict[Any, int] = {}

    def place(thing: Any) -> int:
        return places.setdefault(thing, len(places))

    return sorted(
        items,
        key=lambda item: (
            commits(item),
            place(item.path),
            [place((item.path, *world)) for world in worlds_of(item)],
        ),
    )


class Standing:
    """The worlds that stand now, one on top of the other."""

    def __init__(self) -> None:
        #: Name and maker; everything made so far, by maker; what takes the world away.
        self._worlds: list[tuple[tuple[str, Build], dict[Build, Any], ExitStack]] = []
        self._open = ExitStack()
        #: Where the files are that were made with them, while any stand.
        self._files: Path
        #: The present test's own copy of everything that stands.
        self.copies: dict[Build, Any] = {}

    def copy_files(self, folder: Path) -> None:
        """Copy the files that were made with the worlds into a test's own folder, unless they are there."""
        if any(self._files.iterdir()) and not folder.exists():
            shutil.copytree(self._files, folder)

    def keep(self, worlds: list[tuple[str, Build]]) -> None:
        """Take away what is not one of these worlds, in this order, and what was made on top of it."""
        same = 0
        while same < min(len(worlds), len(self._worlds)) and self._worlds[same][0] == worlds[same]:
            same += 1
        while len(self._worlds) > same:
            self._worlds.pop()[2].close()
        if not self._worlds:
            self._open.close()

    def _make(self, build: Build) -> dict[Build, Any]:
        """Return a copy of what stands, and what was made on top of it."""
        made = self._copied()
        below = {name: made[maker] for (name, maker), _, _ in self._worlds}
        with override_settings(MEDIA_ROOT=self._files):
            made[build] = build(**{name: below[name] for name in inspect.signature(build).parameters})
        return made

    def enter(self, worlds: list[tuple[str, Build]], blocker: Any, folders: pytest.TempPathFactory) -> None:
        """Let exactly these worlds stand, and copy them: what stands already stays, the rest is made on top of it."""
        self.keep(worlds)
        if worlds and not self._worlds:
            self._open.enter_context(blocker.unblock())
            self._files = folders.mktemp("standing")
        for name, build in worlds[len(self._worlds) :]:
            with ExitStack() as undo:
                undo.enter_context(transaction.atomic())
                undo.callback(transaction.set_rollback, True)
                self._worlds.append(((name, build), self._make(build), undo.pop_all()))
        self.copies = self._copied()

    def _copied(self) -> dict[Build, Any]:
        return copy.deepcopy(self._worlds[-1][1]) if self._worlds else {}


STANDING = Standing()
