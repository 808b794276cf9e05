"""The desk's pages of the territory."""

from grids.admin.boundaries import BoundaryDraftAdmin
from grids.admin.patrols import PatrolItemAdmin, PatrolPointAdmin, PatrolTickAdmin
from grids.admin.selfchecks import ChecklistItemAdmin, HazardAdmin, SelfCheckAdmin
from grids.admin.territory import BuildingAdmin, EntranceAdmin, GridAdmin

__all__ = [
    "BoundaryDraftAdmin",
    "BuildingAdmin",
    "ChecklistItemAdmin",
    "EntranceAdmin",
    "GridAdmin",
    "HazardAdmin",
    "PatrolItemAdmin",
    "PatrolPointAdmin",
    "PatrolTickAdmin",
    "SelfCheckAdmin",
]
