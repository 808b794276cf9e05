"""The nouns of the party organisation: the tree, its members and who leads it, transfers, and what it looks after."""

from parties.models.coverage import CoveredUnit
from parties.models.disclosures import (
    Category,
    Disclosure,
    DisclosurePhoto,
    DisclosureStatus,
    DisclosureStep,
    Scope,
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
    "BranchForm",
    "Category",
    "CoveredUnit",
    "Disclosure",
    "DisclosurePhoto",
    "DisclosureStatus",
    "DisclosureStep",
    "HubHousehold",
    "Member",
    "OfOrganisation",
    "Officer",
    "Organisation",
    "OrganisationChange",
    "PartyOrgType",
    "Scope",
    "Transfer",
    "TransferStatus",
    "TransferStep",
]
