"""Loading tables of the grid's register at once (批量导入)."""

from grids.services.imports.households import HOUSEHOLDS
from grids.services.imports.premises import PREMISES
from grids.services.imports.residents import RESIDENTS

__all__ = ["HOUSEHOLDS", "PREMISES", "RESIDENTS"]
