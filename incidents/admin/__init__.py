"""The web admin of incidents."""

from incidents.admin import catalogue, imports, incidents, lines, sources  # noqa: F401  registers the models
