"""The transition tables of incidents, whistles, slips and evaluations."""

from incidents.flow import ticking  # noqa: F401  registers what time does
from incidents.flow.evaluation import EVALUATIONS
from incidents.flow.incidents import INCIDENTS
from incidents.flow.slips import SLIPS
from incidents.flow.whistles import WHISTLES

__all__ = ["EVALUATIONS", "INCIDENTS", "SLIPS", "WHISTLES"]
