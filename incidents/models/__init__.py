"""The nouns of incidents: the catalogue, incidents with their steps, pictures, closings and calls back, and the systems they
come from."""

from incidents.models.catalogue import Door, LimitUnit, MajorClass, MinorClass, Receipt
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
    "Incident",
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
