"""The web admin of incidents, whistles and the evaluation of departments."""

from incidents.admin import (  # noqa: F401  registers the models
    catalogue,
    evaluation,
    imports,
    incidents,
    lines,
    scores,
    slips,
    sources,
    whistles,
)
