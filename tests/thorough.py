"""How much is tried. The usual run tries what tells most, so that it stays short; PORTAL_THOROUGH=1 bin/test tries all there is."""

import os
from typing import TypeVar

T = TypeVar("T")
THOROUGH = bool(os.environ.get("PORTAL_THOROUGH"))


def measure(usual: T, all_of_it: T) -> T:
    """Return how much is tried in this run."""
    return all_of_it if THOROUGH else usual
