"""The party organisation at the desk."""

from parties.admin import (  # noqa: F401  register their models
    conferences,
    coverage,
    disclosures,
    elections,
    imports,
    joint,
    meetings,
    members,
    officers,
    organisations,
    part_time,
    projects,
    serving,
    tasks,
    transfers,
    wishes,
)
