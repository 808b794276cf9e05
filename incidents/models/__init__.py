"""The nouns of incidents: the catalogue, incidents with their steps, pictures, closings and calls back, the systems they
come from, and the files that are loaded at once."""

from incidents.models.catalogue import Door, LimitUnit, MajorClass, MinorClass, Receipt
from incidents.models.imports import ImportRow, ImportState, IncidentImport
from incidents.models.incidents import (
    Callback,
    Closing,
    Incident,
    IncidentPhoto,
    IncidentStatus,
    IncidentStep,
    Satisfaction,
)
from incidents.models.sources import Source, SourceCall

__all__ = [
    "Callback",
    "Closing",
    "Door",
    "ImportRow",
    "ImportState",
    "Incident",
    "IncidentImport",
    "IncidentPhoto",
    "IncidentStatus",
    "IncidentStep",
    "LimitUnit",
    "MajorClass",
    "MinorClass",
    "Receipt",
    "Satisfaction",
    "Source",
    "SourceCall",
]
