"""The nouns of the party organisation: the tree, its members and who leads it, transfers, and what it looks after."""

from parties.models.coverage import CoveredUnit
from parties.models.elections import (
    WITH_SUPERIOR,
    Ballot,
    Candidate,
    Election,
    ElectionStatus,
    ElectionStep,
    LeftOut,
    TermReminder,
    Vote,
)
from parties.models.members import HEAD, HubHousehold, Member, Officer
from parties.models.organisations import (
    WITH_MEMBERS,
    BranchForm,
    OfOrganisation,
    Organisation,
    OrganisationChange,
    PartyOrgType,
)
from parties.models.transfers import Transfer, TransferStatus, TransferStep

__all__ = [
    "HEAD",
    "WITH_MEMBERS",
    "WITH_SUPERIOR",
    "Ballot",
    "BranchForm",
    "Candidate",
    "CoveredUnit",
    "Election",
    "ElectionStatus",
    "ElectionStep",
    "HubHousehold",
    "LeftOut",
    "Member",
    "OfOrganisation",
    "Officer",
    "Organisation",
    "OrganisationChange",
    "PartyOrgType",
    "TermReminder",
    "Transfer",
    "TransferStatus",
    "TransferStep",
    "Vote",
]
