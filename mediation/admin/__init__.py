"""Mediation at the desk."""

from mediation.admin import archives, backlog, centres, disputes, rhythm, screening

__all__ = ["archives", "backlog", "centres", "disputes", "rhythm", "screening"]
