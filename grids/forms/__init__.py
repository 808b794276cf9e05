"""What is filled in to change the territory and the grid's register, and on the worker's way."""

from grids.forms.territory import GridForm, RetireForm
from grids.forms.visits import NeedFields, VisitForm

__all__ = ["GridForm", "NeedFields", "RetireForm", "VisitForm"]
