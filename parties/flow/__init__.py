"""The transition tables of the party organisation's matters."""

from parties.flow.disclosures import DISCLOSURES
from parties.flow.meetings import MEETINGS
from parties.flow.transfers import TRANSFERS

__all__ = ["DISCLOSURES", "MEETINGS", "TRANSFERS"]
