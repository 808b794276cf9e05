"""Mediation at the desk."""

from mediation.admin import archives, centres, disputes

__all__ = ["archives", "centres", "disputes"]
