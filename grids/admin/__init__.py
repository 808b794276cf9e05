"""The desk's pages of the territory and its teams."""

from grids.admin.boundaries import BoundaryDraftAdmin
from grids.admin.handovers import HandoverAdmin
from grids.admin.team import TeamMemberAdmin
from grids.admin.territory import BuildingAdmin, EntranceAdmin, GridAdmin

__all__ = [
    "BoundaryDraftAdmin",
    "BuildingAdmin",
    "EntranceAdmin",
    "GridAdmin",
    "HandoverAdmin",
    "TeamMemberAdmin",
]
