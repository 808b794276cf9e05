"""The transition tables of incidents."""

from incidents.flow import ticking  # noqa: F401  registers what time does
from incidents.flow.incidents import INCIDENTS

__all__ = ["INCIDENTS"]
