"""What every test can count on: an empty territory, parameters read anew, files in a temporary folder."""

import gc
import os
from collections.abc import Iterator

import pytest
from django.contrib.staticfiles import handlers
from django.db import connection
from django.template.backends.django import Template
from django.test import TransactionTestCase
from django.test import client as test_client
from django.test.testcases import QuietWSGIRequestHandler
from pytest_django.live_server_helper import LiveServer

from governance import parameters
from governance.admin import navigation
from grids import geometry
from tests import database, factories
from tests.addresses import furnished
from tests.cast import Cast, make_cast
from tests.standing import STANDING, commits, in_order, standing, worlds_of

keep_context = test_client.store_rendered_templates


def keep_context_of_pages(store, signal, sender, template, context, **kwargs) -> None:
    """Keep what a page was drawn with, and not a copy of it for each of the hundreds of parts that a page includes."""
    if context.template is template:
        keep_context(store, signal, sender, template, context, **kwargs)


test_client.store_rendered_templates = keep_context_of_pages


def pytest_collection_finish() -> None:
    """Look for garbage less often: what was imported stays, and would be looked over thousands of times."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


#: The files that take longest, for each of the two workers: begun first, so that none of them is the last to run alone.
LONGEST = (
    ("demo/test_load.py", "volunteers/test_claims_concurrently.py", "test_permission_matrix.py"),
    ("browser/test_every_page.py", "test_hostile_forms.py"),
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest to the beginning and to the middle: each of two workers is given one half, in this order. In each half
    those that share the cast come together, so that it is made once."""
    first, second = (
        [item for name in names for item in items if item.nodeid.startswith(f"tests/{name}")]
        for names in LONGEST
    )
    long = {*first, *second}
    rest = [item for item in in_order(items) if item not in long]
    sharing = [item for item in rest if "cast" in item.fixturenames]
    others = [item for item in rest if "cast" not in item.fixturenames]
    shared = len(sharing) // 2
    alone = max(0, len(items) // 2 - len(first) - shared)
    items[:] = [*first, *sharing[:shared], *others[:alone], *second, *sharing[shared:], *others[alone:]]


@pytest.fixture(scope="session")
def django_db_setup(request, django_test_environment, django_db_modify_db_settings, django_db_blocker):
    """Copy the database that bin/test has migrated, or let one be migrated; and keep what stands in it, fresh as it is, for
    every test after one that really commits."""
    migrated = os.environ.get("PORTAL_MIGRATED")
    if not migrated:
        request.getfixturevalue("django_db_setup")
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        if migrated:
            database.copy(migrated)
        database.keep()
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: database.put_back())
        yield
        STANDING.keep([])
        if migrated:
            database.drop()


@pytest.fixture(scope="session")
def live_server() -> Iterator[LiveServer]:
    """The portal as it is served: its static files by its own middleware, so that a browser keeps them, and nothing else off the disk.
    No connection to the database is made anew for each request, and no body waits until its head has been acknowledged."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QuietWSGIRequestHandler, "disable_nagle_algorithm", True)
        patch.setattr(handlers, "StaticFilesHandler", lambda media_files: media_files.application)
        patch.setitem(connection.settings_dict, "CONN_MAX_AGE", None)
        server = LiveServer("localhost")
        yield server
        server.stop()


@pytest.fixture(autouse=True)
def fresh_parameters(monkeypatch):
    """Read once in each test: where queries are counted, the copy must not run out in the middle."""
    monkeypatch.setattr(parameters, "_SECONDS", 3600)
    parameters.forget()
    yield
    parameters.forget()


@pytest.fixture(autouse=True)
def no_boundaries_of_another_test():
    geometry.forget()


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let nothing stand before a test that commits: what its browser runs under hides the connection that the worlds stand on."""
    if commits(item):
        STANDING.keep([])


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef, request: pytest.FixtureRequest) -> None:
    """Let the worlds stand that a test asks for, before its own transaction begins."""
    if fixturedef.argname == "_django_db_helper":
        blocker, folders = (
            request.getfixturevalue(name) for name in ("django_db_blocker", "tmp_path_factory")
        )
        STANDING.enter(worlds_of(request.node), blocker, folders)


@standing
def cast() -> Cast:
    """The furnished cast."""
    return furnished(make_cast())


@standing
def territory():
    """One district, two streets, three communities, a base grid in each."""
    factories.make_territory()


@standing
def secretary(territory):
    """The secretary of the first community."""
    return factories.make_staff("community_secretary", factories.COMMUNITY)


@pytest.fixture
def bare_desk(monkeypatch):
    """The desk's pages without their menu, and the page that says "not found" without a word: for tests that open pages by the hundred and
    read neither."""
    draw = Template.render

    def render(template, context=None, request=None):
        return "" if template.template.name == "404.html" else draw(template, context, request)

    monkeypatch.setattr(Template, "render", render)
    monkeypatch.setattr(navigation, "navigation", lambda request: [{"title": "", "items": []}])
