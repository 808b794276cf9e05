"""What every test can count on: an empty territory, parameters read anew, files in a temporary folder."""

import gc
import os

import pytest
from django.test import TransactionTestCase

from governance import parameters
from grids import geometry
from tests import database, factories


def pytest_collection_finish() -> None:
    """Look for garbage less often: what was imported stays, and would be looked over thousands of times."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


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


@pytest.fixture
def territory(db):
    """One district, two streets, three communities, a base grid in each."""
    factories.make_territory()


@pytest.fixture
def secretary(territory):
    """The secretary of the first community."""
    return factories.make_staff("community_secretary", factories.COMMUNITY)
