"""The web admin of incidents."""

from incidents.admin import catalogue, incidents, lines  # noqa: F401  registers the models
