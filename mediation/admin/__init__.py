"""Mediation at the desk."""

from mediation.admin import archives, disputes

__all__ = ["archives", "disputes"]
