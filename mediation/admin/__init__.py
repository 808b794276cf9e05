"""Mediation at the desk."""

from mediation.admin import archives, centres, disputes, screening

__all__ = ["archives", "centres", "disputes", "screening"]
