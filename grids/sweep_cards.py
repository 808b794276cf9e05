"""What the home page shows of sweeps: a banner while one runs where the visitor looks from door to door."""

from typing import Any

from django.http import HttpRequest

from governance.home import Tile
from grids.models import Sweep, SweepHelper, SweepTarget

MOST_SHOWN = 3


def answers_sweeps(request: HttpRequest) -> bool:
    """Say whether the visitor answers in sweeps, by a post or as a helper of one that runs. Asked once for each page."""
    user = request.user
    if not user.is_authenticated:
        return False
    if not hasattr(request, "_answers_sweeps"):
        request._answers_sweeps = (
            user.may("answer", SweepTarget)
            or SweepHelper.objects.filter(user=user, sweep__status="running").exists()
        )
    return request._answers_sweeps


def running(request: HttpRequest) -> tuple[str, dict[str, Any]] | None:
    """The sweeps in which she has something to look at."""
    if not answers_sweeps(request):
        return None
    rows = Sweep.objects.restrict(request.user).answered_by(request.user)
    sweeps = list(
        rows.select_related("grid").defer("grid__boundary", "form").order_by("deadline", "pk")[:MOST_SHOWN]
    )
    return ("grids/card_sweeps.html", {"sweeps": sweeps}) if sweeps else None


TILES = (Tile(6, "my_sweeps", "排查", "入户排查、摸排", "clipboard-list", "danger", shows=answers_sweeps),)
