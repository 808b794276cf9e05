"""The web admin of incidents, whistles and the evaluation of departments."""

from incidents.admin import catalogue, evaluation, incidents, slips, whistles  # noqa: F401  registers the models
