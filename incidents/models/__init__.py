"""The nouns of incidents: the catalogue, incidents with their steps, pictures, closings and calls back, the systems and
files they come from, the whistles that streets blow, and how streets evaluate departments."""

from incidents.models.catalogue import Door, LimitUnit, MajorClass, MinorClass, Receipt
from incidents.models.evaluation import (
    AnswerLine,
    Band,
    CommunityScore,
    Deduction,
    Evaluation,
    EvaluationScore,
    EvaluationStatus,
    EvaluationStep,
)
from incidents.models.imports import ImportRow, IncidentImport
from incidents.models.incidents import (
    Incident,
    IncidentPhoto,
    IncidentStatus,
    IncidentStep,
    Satisfaction,
)
from incidents.models.outcomes import Callback, Closing
from incidents.models.sources import Source, SourceCall
from incidents.models.whistles import (
    Aspect,
    Colour,
    Round,
    SlipPhoto,
    SlipStatus,
    Whistle,
    WhistlePhoto,
    WhistleSituation,
    WhistleSlip,
    WhistleSlipStep,
    WhistleStatus,
    WhistleStep,
)

__all__ = [
    "AnswerLine",
    "Aspect",
    "Band",
    "Callback",
    "Closing",
    "Colour",
    "CommunityScore",
    "Deduction",
    "Door",
    "ImportRow",
    "Evaluation",
    "EvaluationScore",
    "EvaluationStatus",
    "EvaluationStep",
    "Incident",
    "IncidentImport",
    "IncidentPhoto",
    "IncidentStatus",
    "IncidentStep",
    "LimitUnit",
    "MajorClass",
    "MinorClass",
    "Receipt",
    "Round",
    "Satisfaction",
    "SlipPhoto",
    "SlipStatus",
    "Source",
    "SourceCall",
    "Whistle",
    "WhistlePhoto",
    "WhistleSituation",
    "WhistleSlip",
    "WhistleSlipStep",
    "WhistleStatus",
    "WhistleStep",
]
