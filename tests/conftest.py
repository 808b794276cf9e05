"""What every test can count on: an empty territory, parameters read anew, files in a temporary folder."""

import gc
import os

import pytest
from django.db import transaction
from django.test import TransactionTestCase, override_settings

from governance import parameters
from grids import geometry
from tests import database, factories
from tests.addresses import furnished
from tests.cast import Cast, make_cast


def pytest_collection_finish() -> None:
    """Look for garbage less often: what was imported stays, and would be looked over thousands of times."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


#: The files that take longest, for each of the two workers: begun first, so that none of them is the last to run alone.
LONGEST = (
    ("test_permission_matrix.py", "demo/test_load.py", "volunteers/test_claims_concurrently.py"),
    ("browser/test_every_page.py", "test_hostile_forms.py"),
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest to the beginning and to the middle: each of two workers is given one half, in this order."""
    first, second = (
        [item for item in items if item.nodeid.startswith(tuple(f"tests/{name}" for name in names))]
        for names in LONGEST
    )
    long = {*first, *second}
    rest = [item for item in items if item not in long]
    middle = max(0, len(items) // 2 - len(first))
    items[:] = [*first, *rest[:middle], *second, *rest[middle:]]


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
        if migrated:
            database.drop()


@pytest.fixture(autouse=True)
def fresh_parameters():
    parameters.forget()
    yield
    parameters.forget()


@pytest.fixture(autouse=True)
def no_boundaries_of_another_test():
    geometry.forget()


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(scope="module")
def made_cast(django_db_setup, django_db_blocker, tmp_path_factory):
    """The furnished cast and its folder of files, made once for a module."""
    media = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=media), transaction.atomic():
        yield furnished(make_cast()), media
        transaction.set_rollback(True)


@pytest.fixture
def cast(made_cast, db, settings) -> Cast:
    """The furnished cast; what a test does to its rows is undone."""
    made, settings.MEDIA_ROOT = made_cast
    return made


@pytest.fixture
def territory(db):
    """One district, two streets, three communities, a base grid in each."""
    factories.make_territory()


@pytest.fixture
def secretary(territory):
    """The secretary of the first community."""
    return factories.make_staff("community_secretary", factories.COMMUNITY)
