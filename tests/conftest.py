"""What every test can count on: an empty territory, parameters read anew, files in a temporary folder."""

import gc

import pytest

from governance import parameters
from grids import geometry
from tests import factories


def pytest_collection_finish() -> None:
    """Look for garbage less often: what was imported stays, and would be looked over thousands of times."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


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
