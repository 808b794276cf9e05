"""The transition tables of the party organisation's matters."""

from parties.flow import reminders  # noqa: F401  what time asks for
from parties.flow.elections import ELECTIONS
from parties.flow.transfers import TRANSFERS

__all__ = ["ELECTIONS", "TRANSFERS"]
