"""What the territory is made of."""

from grids.models.boundaries import Boundary, BoundaryDraft
from grids.models.care import (
    CareAlarm,
    CareCarer,
    CareColour,
    CareContact,
    CareDevice,
    CarePlan,
    CareStep,
    CareVisit,
)
from grids.models.handovers import Handover, HandoverItem
from grids.models.households import CareNeed, Household, Resident
from grids.models.imports import (
    HouseholdImport,
    HouseholdRow,
    PremisesImport,
    PremisesRow,
    ResidentImport,
    ResidentRow,
)
from grids.models.patrols import Patrol, PatrolItem, PatrolPhoto, PatrolPoint, PatrolTick
from grids.models.premises import Facility, Premises, premises_token
from grids.models.selfchecks import ChecklistItem, Hazard, SelfCheck, SelfCheckAnswer, SelfCheckPhoto
from grids.models.sweeps import Sweep, SweepHelper, SweepPhoto, SweepStatus, SweepStep, SweepTarget
from grids.models.team import TeamMember
from grids.models.territory import EVERYONE_READS, Building, Entrance, Grid, GridQuerySet, entrance_token
from grids.models.visits import Need, Project, Visit, VisitPhoto

__all__ = [
    "EVERYONE_READS",
    "Boundary",
    "BoundaryDraft",
    "Building",
    "CareAlarm",
    "CareCarer",
    "CareColour",
    "CareContact",
    "CareDevice",
    "CareNeed",
    "CarePlan",
    "CareStep",
    "CareVisit",
    "ChecklistItem",
    "Entrance",
    "Facility",
    "Grid",
    "GridQuerySet",
    "Hazard",
    "Household",
    "HouseholdImport",
    "HouseholdRow",
    "Need",
    "Patrol",
    "PatrolItem",
    "PatrolPhoto",
    "PatrolPoint",
    "PatrolTick",
    "Premises",
    "PremisesImport",
    "PremisesRow",
    "Project",
    "Resident",
    "ResidentImport",
    "ResidentRow",
    "SelfCheck",
    "SelfCheckAnswer",
    "SelfCheckPhoto",
    "Sweep",
    "SweepHelper",
    "SweepPhoto",
    "SweepStatus",
    "SweepStep",
    "SweepTarget",
    "Visit",
    "VisitPhoto",
    "Handover",
    "HandoverItem",
    "TeamMember",
    "entrance_token",
    "premises_token",
]
