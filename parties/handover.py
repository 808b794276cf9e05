"""What of small wishes a grid worker hands over: those that she wrote down for residents and that are not finished."""

from collections.abc import Iterable

from governance.models import User
from parties.models import MicroWish


def written(user: User, codes: list[str]) -> Iterable[MicroWish]:
    """Return the unfinished wishes in these grids that this person wrote down, her own as a resident left out."""
    rows = MicroWish.objects.ongoing().filter(placed_by=user, grid__in=codes).exclude(applicant=user)
    return rows.only("pk", "number", "title").order_by("opened_at", "pk")
