"""What the territory is made of."""

from grids.models.boundaries import Boundary, BoundaryDraft
from grids.models.handovers import Handover, HandoverItem
from grids.models.team import TeamMember
from grids.models.territory import EVERYONE_READS, Building, Entrance, Grid, GridQuerySet, entrance_token

__all__ = [
    "EVERYONE_READS",
    "Boundary",
    "BoundaryDraft",
    "Building",
    "Entrance",
    "Grid",
    "GridQuerySet",
    "Handover",
    "HandoverItem",
    "TeamMember",
    "entrance_token",
]
