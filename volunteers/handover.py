"""What of orders a grid worker hands over: those that she placed for residents and that are not finished."""

from collections.abc import Iterable

from governance.models import User
from volunteers.models import Order


def placed(user: User, codes: list[str]) -> Iterable[Order]:
    """Return the unfinished orders in these grids that this person placed, her own as a resident left out."""
    rows = Order.objects.ongoing().filter(placed_by=user, grid__in=codes).exclude(applicant=user)
    return rows.only("pk", "number", "title").order_by("opened_at", "pk")
