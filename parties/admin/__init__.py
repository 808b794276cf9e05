"""The party organisation at the desk."""

from parties.admin import (  # noqa: F401  register their models
    conferences,
    coverage,
    joint,
    members,
    officers,
    organisations,
    part_time,
    tasks,
    transfers,
)
