"""What the territory is made of."""

from grids.models.boundaries import Boundary, BoundaryDraft
from grids.models.territory import EVERYONE_READS, Building, Entrance, Grid, GridQuerySet, entrance_token

__all__ = [
    "EVERYONE_READS",
    "Boundary",
    "BoundaryDraft",
    "Building",
    "Entrance",
    "Grid",
    "GridQuerySet",
    "entrance_token",
]
