"""The pages that every app builds on, and the pages that belong to no single app."""

from governance.views.actions import FlowActionView, buttons
from governance.views.bases import Kept, RestrictedDetail, RestrictedList, SignedIn
from governance.views.timeline import told

__all__ = ["FlowActionView", "Kept", "RestrictedDetail", "RestrictedList", "SignedIn", "buttons", "told"]
