"""The nouns of the party organisation: the tree, its members and who leads it, transfers, what it looks after, joint
committees and conferences, and the tasks that come of them."""

from parties.models.conferences import Conference, ConferencePhoto, Invitation
from parties.models.coverage import CoveredUnit
from parties.models.joint import JointCommittee, PartTimeMember
from parties.models.members import HEAD, HubHousehold, Member, Officer
from parties.models.organisations import (
    WITH_MEMBERS,
    BranchForm,
    OfOrganisation,
    Organisation,
    OrganisationChange,
    PartyOrgType,
)
from parties.models.tasks import Task, TaskPhoto, TaskStatus, TaskStep
from parties.models.transfers import Transfer, TransferStatus, TransferStep

__all__ = [
    "HEAD",
    "WITH_MEMBERS",
    "Invitation",
    "BranchForm",
    "Conference",
    "ConferencePhoto",
    "CoveredUnit",
    "HubHousehold",
    "JointCommittee",
    "Member",
    "OfOrganisation",
    "Officer",
    "Organisation",
    "OrganisationChange",
    "PartTimeMember",
    "PartyOrgType",
    "Task",
    "TaskPhoto",
    "TaskStatus",
    "TaskStep",
    "Transfer",
    "TransferStatus",
    "TransferStep",
]
