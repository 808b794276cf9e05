"""Mediation at the desk."""

from mediation.admin import disputes

__all__ = ["disputes"]
