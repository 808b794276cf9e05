"""The desk's pages of the territory and its teams."""

from grids.admin.care import CarePlanAdmin
from grids.admin.drafts import BoundaryDraftAdmin
from grids.admin.handovers import HandoverAdmin
from grids.admin.imports import HouseholdImportAdmin, PremisesImportAdmin, ResidentImportAdmin
from grids.admin.patrols import PatrolItemAdmin, PatrolPointAdmin, PatrolTickAdmin
from grids.admin.register import CareNeedAdmin, FacilityAdmin, HouseholdAdmin, PremisesAdmin, ResidentAdmin
from grids.admin.selfchecks import ChecklistItemAdmin, HazardAdmin, SelfCheckAdmin
from grids.admin.sweeps import SweepAdmin
from grids.admin.team import TeamMemberAdmin
from grids.admin.territory import BuildingAdmin, EntranceAdmin, GridAdmin
from grids.admin.visits import NeedAdmin, ProjectAdmin, VisitAdmin

__all__ = [
    "BoundaryDraftAdmin",
    "BuildingAdmin",
    "CareNeedAdmin",
    "CarePlanAdmin",
    "ChecklistItemAdmin",
    "EntranceAdmin",
    "FacilityAdmin",
    "GridAdmin",
    "HandoverAdmin",
    "HazardAdmin",
    "HouseholdAdmin",
    "HouseholdImportAdmin",
    "NeedAdmin",
    "PatrolItemAdmin",
    "PatrolPointAdmin",
    "PatrolTickAdmin",
    "PremisesAdmin",
    "PremisesImportAdmin",
    "ProjectAdmin",
    "ResidentAdmin",
    "ResidentImportAdmin",
    "SelfCheckAdmin",
    "SweepAdmin",
    "TeamMemberAdmin",
    "VisitAdmin",
]
