"""The desk's pages of the territory."""

from grids.admin.boundaries import BoundaryDraftAdmin
from grids.admin.sweeps import SweepAdmin
from grids.admin.territory import BuildingAdmin, EntranceAdmin, GridAdmin

__all__ = ["BoundaryDraftAdmin", "BuildingAdmin", "EntranceAdmin", "GridAdmin", "SweepAdmin"]
