"""The rule of files that are kept under professional secrecy: a post above is not enough."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Q

from governance.permissions import NOTHING, Jurisdiction, Own, permission


class Confidential(Jurisdiction):
    """A post reaches the files kept at its own node, and none of those below.

    ``seat`` names the column that holds the code of the node where the file is kept. Of the posts there only those reach a file
    whose role holds the action ``keeper`` besides the one in question: the others have what is theirs by their exceptions.
    ``figures`` are the actions that follow the territory as everywhere else: counting, and asking to be shown one file. A
    post with a unit reaches nothing.
    """

    def __init__(self, own: Iterable[Own] = (), *, seat: str, keeper: str, figures: frozenset[str]) -> None:
        super().__init__(own)
        self.seat = seat
        self.keeper = keeper
        self.figures = figures

    def jurisdiction(self, model: type[models.Model], user: Any, action: str) -> Q:
        if action in self.figures:
            return super().jurisdiction(model, user, action)
        needed = {permission(model, action), permission(model, self.keeper)}
        codes = {p.code for p in user.posts_in_force if needed <= p.permissions and p.unit_id is None}
        return Q(**{f"{self.seat}__in": sorted(codes)}) if codes else NOTHING

    def outside(self, model: type[models.Model], user: Any, action: str, jurisdiction: Q) -> Q:
        return super().outside(model, user, action, jurisdiction) if action in self.figures else ~jurisdiction
