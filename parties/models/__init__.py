"""The nouns of the party organisation: the tree, its members and who leads it, transfers, what it looks after, its meetings, joint
committees and conferences, and the tasks that come of them."""

from parties.models.conferences import Conference, ConferencePhoto, Invitation
from parties.models.coverage import CoveredUnit
from parties.models.disclosures import (
    Category,
    Disclosure,
    DisclosurePhoto,
    DisclosureStatus,
    DisclosureStep,
    Scope,
)
from parties.models.imports import (
    CoveredUnitImport,
    CoveredUnitRow,
    MemberImport,
    MemberRow,
    OrganisationImport,
    OrganisationRow,
)
from parties.models.joint import JointCommittee, PartTimeMember
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
from parties.models.projects import (
    Milestone,
    ProjectPhoto,
    ProjectStatus,
    SecretaryProject,
    SecretaryProjectStep,
)
from parties.models.serving import DualRegistration, DualRegistrationStep, Pairing, RegistrationStatus
from parties.models.tasks import Task, TaskPhoto, TaskStatus, TaskStep
from parties.models.transfers import Transfer, TransferStatus, TransferStep
from parties.models.wishes import MicroWish, MicroWishStep, WishStatus

__all__ = [
    "Conference",
    "ConferencePhoto",
    "Invitation",
    "JointCommittee",
    "PartTimeMember",
    "Task",
    "TaskPhoto",
    "TaskStatus",
    "TaskStep",
    "HEAD",
    "WITH_MEMBERS",
    "Attendance",
    "BranchForm",
    "Category",
    "CoveredUnit",
    "CoveredUnitImport",
    "CoveredUnitRow",
    "Disclosure",
    "DisclosurePhoto",
    "DisclosureStatus",
    "DisclosureStep",
    "HubHousehold",
    "Meeting",
    "MeetingKind",
    "MeetingPhoto",
    "MeetingStatus",
    "MeetingStep",
    "Member",
    "MemberImport",
    "MemberRow",
    "DualRegistration",
    "DualRegistrationStep",
    "HubHousehold",
    "Member",
    "MicroWish",
    "MicroWishStep",
    "Milestone",
    "OfOrganisation",
    "Officer",
    "Organisation",
    "OrganisationChange",
    "OrganisationImport",
    "OrganisationRow",
    "PartyOrgType",
    "Scope",
    "Pairing",
    "PartyOrgType",
    "ProjectPhoto",
    "ProjectStatus",
    "RegistrationStatus",
    "SecretaryProject",
    "SecretaryProjectStep",
    "Transfer",
    "TransferStatus",
    "TransferStep",
    "keeps_life",
    "kept_by",
    "WishStatus",
]
