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
from grids.models.premises import Facility, Premises
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
    "Entrance",
    "Facility",
    "Grid",
    "GridQuerySet",
    "Household",
    "HouseholdImport",
    "HouseholdRow",
    "Need",
    "Premises",
    "PremisesImport",
    "PremisesRow",
    "Project",
    "Resident",
    "ResidentImport",
    "ResidentRow",
    "Visit",
    "VisitPhoto",
    "Handover",
    "HandoverItem",
    "TeamMember",
    "entrance_token",
]
