"""The nouns of mediation: centres, committees, mediators, disputes with their case files, sessions, agreements, and backlog matters
under supervision."""

from mediation.models.agreements import Agreement, Confirmation, JudicialConfirmation, Term
from mediation.models.backlog import Backlog, BacklogPhoto, BacklogStatus, BacklogStep
from mediation.models.centres import (
    Category,
    Centre,
    Committee,
    DutyShift,
    Mediator,
    Member,
    Relation,
    Room,
    Weekday,
)
from mediation.models.disputes import (
    Consultation,
    Disputant,
    Dispute,
    DisputeStatus,
    DisputeStep,
    Grade,
    Mediation,
    Origin,
    Outcome,
    Retention,
)
from mediation.models.papers import Archive, Paper
from mediation.models.readers import DisputePhoto, Guest, Viewing
from mediation.models.rhythm import Bulletin, Review, Rhythm
from mediation.models.screening import Screening, ScreeningReport
from mediation.models.sessions import FollowUp, Inquiry, PrivateNote, Session, SessionMode

__all__ = [
    "Agreement",
    "Archive",
    "Bulletin",
    "Backlog",
    "BacklogPhoto",
    "BacklogStatus",
    "BacklogStep",
    "Category",
    "Centre",
    "Committee",
    "Confirmation",
    "Consultation",
    "Disputant",
    "Dispute",
    "DisputePhoto",
    "DisputeStatus",
    "DisputeStep",
    "DutyShift",
    "FollowUp",
    "Grade",
    "Guest",
    "Inquiry",
    "JudicialConfirmation",
    "Mediation",
    "Mediator",
    "Member",
    "Origin",
    "Outcome",
    "Paper",
    "PrivateNote",
    "Relation",
    "Retention",
    "Review",
    "Rhythm",
    "Room",
    "Screening",
    "ScreeningReport",
    "Session",
    "SessionMode",
    "Term",
    "Viewing",
    "Weekday",
]
