"""The party organisation at the desk."""

from parties.admin import (  # noqa: F401  register their models
    coverage,
    disclosures,
    elections,
    imports,
    meetings,
    members,
    officers,
    organisations,
    projects,
    serving,
    transfers,
    wishes,
)
