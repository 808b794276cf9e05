"""What of incidents a grid worker hands over: those that are with her to be handled."""

from collections.abc import Iterable

from governance.models import User
from incidents.models import Incident
from incidents.models.incidents import IN_HAND


def in_hand(user: User, codes: list[str]) -> Iterable[Incident]:
    """Return the incidents in these grids that wait for this person as a grid worker."""
    rows = Incident.objects.ongoing().filter(worker=user, grid__in=codes, status__in=IN_HAND)
    return rows.only("pk", "number", "title").order_by("due_at", "pk")
