"""The party organisation at the desk."""

from parties.admin import coverage, elections, members, officers, organisations, transfers  # noqa: F401  register their models
