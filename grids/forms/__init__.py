"""What is filled in to change the territory, its teams and the grid's register, and on the worker's way."""

from grids.forms.team import (
    DoorsForm,
    HoldersForm,
    ItemsForm,
    LeaveForm,
    ReplaceForm,
    TakerForm,
    TeamForm,
)
from grids.forms.territory import GridForm, RetireForm
from grids.forms.visits import NeedFields, VisitForm

__all__ = [
    "DoorsForm",
    "GridForm",
    "HoldersForm",
    "ItemsForm",
    "LeaveForm",
    "NeedFields",
    "ReplaceForm",
    "RetireForm",
    "TakerForm",
    "TeamForm",
    "VisitForm",
]
