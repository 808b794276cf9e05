"""What may happen to a dispute, and when."""

from mediation.flow.disputes import DISPUTES

__all__ = ["DISPUTES"]
