"""What of disputes a grid worker hands over: those that she registered and that no centre has accepted."""

from collections.abc import Iterable

from governance.models import User
from mediation.models import Dispute
from mediation.models.disputes import DisputeStatus


def registered(user: User, codes: list[str]) -> Iterable[Dispute]:
    """Return the disputes in these grids that this person registered and may still complete."""
    rows = Dispute.objects.ongoing().filter(placed_by=user, grid__in=codes, status=DisputeStatus.REGISTERED)
    return rows.only("pk", "number", "title").order_by("opened_at", "pk")
