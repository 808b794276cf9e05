"""The transition tables of the party organisation."""

from parties.flow.tasks import TASKS
from parties.flow.transfers import TRANSFERS

__all__ = ["TASKS", "TRANSFERS"]
