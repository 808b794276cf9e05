"""The nouns of the party organisation: the tree, its members and who leads it, transfers, what it looks after, its meetings."""

from parties.models.coverage import CoveredUnit
from parties.models.imports import (
    CoveredUnitImport,
    CoveredUnitRow,
    MemberImport,
    MemberRow,
    OrganisationImport,
    OrganisationRow,
)
from parties.models.meetings import (
    Attendance,
    Meeting,
    MeetingKind,
    MeetingPhoto,
    MeetingStatus,
    MeetingStep,
    keeps_life,
    kept_by,
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
    "Attendance",
    "BranchForm",
    "CoveredUnit",
    "CoveredUnitImport",
    "CoveredUnitRow",
    "HubHousehold",
    "Meeting",
    "MeetingKind",
    "MeetingPhoto",
    "MeetingStatus",
    "MeetingStep",
    "Member",
    "MemberImport",
    "MemberRow",
    "OfOrganisation",
    "Officer",
    "Organisation",
    "OrganisationChange",
    "OrganisationImport",
    "OrganisationRow",
    "PartyOrgType",
    "Transfer",
    "TransferStatus",
    "TransferStep",
    "keeps_life",
    "kept_by",
]
