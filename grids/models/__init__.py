"""What the territory is made of."""

from grids.models.boundaries import Boundary, BoundaryDraft
from grids.models.households import CareNeed, Household, Resident
from grids.models.premises import Facility, Premises
from grids.models.sweeps import Sweep, SweepHelper, SweepPhoto, SweepStatus, SweepStep, SweepTarget
from grids.models.territory import EVERYONE_READS, Building, Entrance, Grid, GridQuerySet, entrance_token
from grids.models.visits import Need, Project, Visit, VisitPhoto

__all__ = [
    "EVERYONE_READS",
    "Boundary",
    "BoundaryDraft",
    "Building",
    "CareNeed",
    "Entrance",
    "Facility",
    "Grid",
    "GridQuerySet",
    "Household",
    "Need",
    "Premises",
    "Project",
    "Resident",
    "Sweep",
    "SweepHelper",
    "SweepPhoto",
    "SweepStatus",
    "SweepStep",
    "SweepTarget",
    "Visit",
    "VisitPhoto",
    "entrance_token",
]
