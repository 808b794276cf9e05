"""What may happen to a dispute and to a backlog matter, and when."""

from mediation.flow.backlog import BACKLOGS
from mediation.flow.disputes import DISPUTES

__all__ = ["BACKLOGS", "DISPUTES"]
