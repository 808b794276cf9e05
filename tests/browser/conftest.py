"""A real Chromium in front of the real server, and people who look through it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from tests.browser.visitor import DESK, PHONE, Visitor


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a module. Not for the session: playwright's loop would run under the other tests as well."""
    path = os.environ.get("PORTAL_CHROMIUM") or "/usr/bin/chromium"
    if not Path(path).exists():
        pytest.fail(f"There is no browser at {path}: install Chromium or set PORTAL_CHROMIUM to its path.")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop runs in this thread, which Django takes for asynchronous code; the tests wait for both in turn.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        try:
            launched = playwright.chromium.launch(
                executable_path=path,
                args=["--no-sandbox", "--disable-background-networking", "--disable-gpu", "--lang=zh-CN"],
            )
        except Error as error:
            pytest.fail(f"The browser at {path} does not start: {error}")
        yield launched
        launched.close()


@pytest.fixture
def visit(browser, live_server) -> Iterator[Callable[..., Visitor]]:
    """Return what opens a browser for one person: ``visit()`` on a phone, ``visit(DESK)`` at a desk."""
    visitors: list[Visitor] = []

    def begin(size: dict[str, int] = PHONE, **options) -> Visitor:
        options.setdefault("has_touch", size is PHONE)
        visitors.append(Visitor(browser, live_server.url, size, **options))
        return visitors[-1]

    yield begin
    for visitor in visitors:
        visitor.close()


@pytest.fixture
def phone(visit) -> Visitor:
    """A phone nobody is signed in on."""
    return visit()


@pytest.fixture
def desk(visit) -> Visitor:
    """A desktop nobody is signed in on."""
    return visit(DESK)
