"""The party organisation at the desk."""

from parties.admin import (  # noqa: F401  register their models
    coverage,
    members,
    officers,
    organisations,
    projects,
    serving,
    transfers,
    wishes,
)
