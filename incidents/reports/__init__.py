"""The figures of incidents: what each one counts, over which rows, and in which period.

A figure is a condition on rows, written once. The count in a table and the list behind it are the same condition, so that a
number and what it opens cannot disagree. Rates are a part of a whole, computed and never stored, and shown with the whole.

What was closed and what a reporter answered is counted from lines that never change (``Closing``, ``Callback``): a past day
always gives the same figures, by any place, unit and class, whatever became of the incident. What came in is counted by the
incident itself; its day never changes, its unit, class and place are those it has now.
"""

from governance.periods import EARLIEST, Period
from incidents.reports.counting import By, Cell, Scope, Table, at_work, course, on_post, tally, total
from incidents.reports.figures import ALL, COLUMNS, FEW, FIGURES, FUNNEL, THOSE, Figure, Lines, Value, cut

__all__ = [
    "ALL", "COLUMNS", "EARLIEST", "FEW", "FIGURES", "FUNNEL", "THOSE",
    "By", "Cell", "Figure", "Lines", "Period", "Scope", "Table", "Value",
    "at_work", "course", "cut", "on_post", "tally", "total",
]  # fmt: skip
