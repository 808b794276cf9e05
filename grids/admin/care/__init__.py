"""Care plans at the desk."""

from grids.admin.care.plans import CarePlanAdmin

__all__ = ["CarePlanAdmin"]
