"""The desk's pages of the territory."""

from grids.admin.drafts import BoundaryDraftAdmin
from grids.admin.imports import HouseholdImportAdmin, PremisesImportAdmin, ResidentImportAdmin
from grids.admin.register import CareNeedAdmin, FacilityAdmin, HouseholdAdmin, PremisesAdmin, ResidentAdmin
from grids.admin.territory import BuildingAdmin, EntranceAdmin, GridAdmin
from grids.admin.visits import NeedAdmin, ProjectAdmin, VisitAdmin

__all__ = [
    "BoundaryDraftAdmin",
    "BuildingAdmin",
    "CareNeedAdmin",
    "EntranceAdmin",
    "FacilityAdmin",
    "GridAdmin",
    "HouseholdAdmin",
    "HouseholdImportAdmin",
    "NeedAdmin",
    "PremisesAdmin",
    "PremisesImportAdmin",
    "ProjectAdmin",
    "ResidentAdmin",
    "ResidentImportAdmin",
    "VisitAdmin",
]
