"""The figures of mediation: nothing in them names anybody."""

from mediation.reports.table import COLUMNS, Asked, Line, rows_of, table

__all__ = ["COLUMNS", "Asked", "Line", "rows_of", "table"]
