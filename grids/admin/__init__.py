"""The desk's pages of the territory."""

from grids.admin.drafts import BoundaryDraftAdmin
from grids.admin.territory import BuildingAdmin, EntranceAdmin, GridAdmin

__all__ = ["BoundaryDraftAdmin", "BuildingAdmin", "EntranceAdmin", "GridAdmin"]
