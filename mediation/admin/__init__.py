"""Mediation at the desk."""

from mediation.admin import archives, centres, disputes, rhythm, screening

__all__ = ["archives", "centres", "disputes", "rhythm", "screening"]
