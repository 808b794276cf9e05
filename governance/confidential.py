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

    ``party`` leads from the file to the users whose own affair it is. Of it they have the actions ``theirs`` and nothing more,
    whatever post, share or other relation they have besides.
    """

    def __init__(
        self,
        own: Iterable[Own] = (),
        *,
        seat: str,
        keeper: str,
        figures: frozenset[str],
        party: str | None = None,
        theirs: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(own)
        self.seat = seat
        self.keeper = keeper
        self.figures = figures
        self.party = party
        self.theirs = theirs

    def grounds(
        self, model: type[models.Model], user: Any, action: str, memo: dict, row: Any = None
    ) -> list[Q]:
        parts = [part for part in super().grounds(model, user, action, memo, row) if part is not NOTHING]
        barred = self.barred(model, user, action, memo) if parts else NOTHING
        if barred is NOTHING:
            return parts
        # One condition is one object, however many actions stand on it: a question about a row asks each once.
        return [memo.setdefault(("others", id(part)), (part, part & ~barred))[1] for part in parts]

    def barred(self, model: type[models.Model], user: Any, action: str, memo: dict | None = None) -> Q:
        """Return the person's own affairs, where ``action`` is none that she has of them. They are few, and named by a
        statement of their own, which is run once."""
        if self.party is None or action in self.theirs or user.is_superuser:
            return NOTHING
        hers = model._base_manager.order_by().filter(**{self.party: user.pk}).values("pk")
        return ({} if memo is None else memo).setdefault(("barred", model), Q(pk__in=hers))

    def jurisdiction(self, model: type[models.Model], user: Any, action: str) -> Q:
        if action in self.figures:
            return super().jurisdiction(model, user, action)
        needed = {permission(model, action), permission(model, self.keeper)}
        codes = {p.code for p in user.posts_in_force if needed <= p.permissions and p.unit_id is None}
        return Q(**{f"{self.seat}__in": sorted(codes)}) if codes else NOTHING

    def outside(self, model: type[models.Model], user: Any, action: str, jurisdiction: Q) -> Q:
        return super().outside(model, user, action, jurisdiction) if action in self.figures else ~jurisdiction
