"""The transition tables of the party organisation's matters."""

from parties.flow.transfers import TRANSFERS

__all__ = ["TRANSFERS"]
