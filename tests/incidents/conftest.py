"""What the tests of incidents share: people who handle them, and a system that sends them."""

import pytest

from incidents.models import Source
from incidents.services.sources import create_source
from tests import factories


@pytest.fixture
def worker(territory):
    return factories.make_staff("grid_worker", factories.BASE)


@pytest.fixture
def app(territory) -> tuple[Source, str]:
    """A system that speaks Open311, and its key."""
    return create_source("city-app", "城市随手拍", "open311", None)
