"""What the territory is made of."""

from grids.models.boundaries import Boundary, BoundaryDraft
from grids.models.households import CareNeed, Household, Resident
from grids.models.patrols import Patrol, PatrolItem, PatrolPhoto, PatrolPoint, PatrolTick
from grids.models.premises import Facility, Premises, premises_token
from grids.models.selfchecks import ChecklistItem, Hazard, SelfCheck, SelfCheckAnswer, SelfCheckPhoto
from grids.models.territory import EVERYONE_READS, Building, Entrance, Grid, GridQuerySet, entrance_token
from grids.models.visits import Need, Project, Visit, VisitPhoto

__all__ = [
    "EVERYONE_READS",
    "Boundary",
    "BoundaryDraft",
    "Building",
    "CareNeed",
    "ChecklistItem",
    "Entrance",
    "Facility",
    "Grid",
    "GridQuerySet",
    "Hazard",
    "Household",
    "Need",
    "Patrol",
    "PatrolItem",
    "PatrolPhoto",
    "PatrolPoint",
    "PatrolTick",
    "Premises",
    "Project",
    "Resident",
    "SelfCheck",
    "SelfCheckAnswer",
    "SelfCheckPhoto",
    "Visit",
    "VisitPhoto",
    "entrance_token",
    "premises_token",
]
