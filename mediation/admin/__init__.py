"""Mediation at the desk."""

from mediation.admin import centres, disputes

__all__ = ["centres", "disputes"]
