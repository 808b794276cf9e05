"""The desk's pages of the territory."""

from grids.admin.boundaries import BoundaryDraftAdmin
from grids.admin.care import CarePlanAdmin
from grids.admin.territory import BuildingAdmin, EntranceAdmin, GridAdmin

__all__ = ["BoundaryDraftAdmin", "BuildingAdmin", "CarePlanAdmin", "EntranceAdmin", "GridAdmin"]
