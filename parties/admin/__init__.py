"""The party organisation at the desk."""

from parties.admin import coverage, disclosures, members, officers, organisations, transfers  # noqa: F401  register their models
