"""The register of a grid at the desk: households, residents with their care needs, premises, facilities."""

from grids.admin.register.base import RegisterAdmin
from grids.admin.register.households import HouseholdAdmin
from grids.admin.register.premises import FacilityAdmin, PremisesAdmin
from grids.admin.register.residents import CareNeedAdmin, ResidentAdmin

__all__ = [
    "CareNeedAdmin",
    "FacilityAdmin",
    "HouseholdAdmin",
    "PremisesAdmin",
    "RegisterAdmin",
    "ResidentAdmin",
]
