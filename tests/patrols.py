"""Builders of rounds and self-checks, through the services."""

import itertools
from collections.abc import Iterable
from datetime import datetime, time, timedelta

from django.utils import timezone

from governance.models import User
from grids.models import ChecklistItem, Hazard, Patrol, PatrolPoint, PatrolTick, Premises, SelfCheck
from grids.services import patrols, selfchecks
from tests import factories

_serial = itertools.count(1)


def make_point(
    code: str = factories.BASE, *, by: User | None = None, items: Iterable = (), days: int = 0, **fields
) -> PatrolPoint:
    """Set up a point, as the grid's worker; ``days`` ago, if said so."""
    grid = factories.make_grid(code)
    fields.setdefault("name", f"点位{next(_serial)}")
    fields.setdefault("since", timezone.localdate() - timedelta(days=days))
    by = by or factories.make_staff("grid_worker", code)
    return patrols.keep_point(PatrolPoint(grid=grid, **fields), by=by, items=items)


def tick(point: PatrolPoint, *, by: User, **fields) -> PatrolTick:
    """Look at a point."""
    row, _ = patrols.tick(point, by=by, token=fields.pop("token", f"t{next(_serial)}"), **fields)
    return row


def make_ticks(point: PatrolPoint, *days: int, by: User) -> None:
    """Write down that a point was looked at so many days ago, at noon."""
    for ago in days:
        day = timezone.localdate() - timedelta(days=ago)
        at = datetime.combine(day, time(12 if ago else 0), timezone.get_default_timezone())
        patrol, _ = Patrol.objects.get_or_create(by=by, grid=point.grid, day=day, finished_at=None)
        PatrolTick.objects.create(
            grid=point.grid, point=point, patrol=patrol, outcome="fine", looked_at=at, day=day, recorded_at=at
        )
    last = timezone.localdate() - timedelta(days=min(days))
    PatrolPoint.objects.filter(pk=point.pk).update(looked_on=last)


def make_premises(code: str = factories.BASE, **fields) -> Premises:
    """Register a small eatery."""
    fields.setdefault("name", f"小吃店{next(_serial)}")
    fields.setdefault("small", "eatery")
    return Premises.objects.create(grid=factories.make_grid(code), **fields)


def check(
    premises: Premises,
    *,
    wrong: Iterable[int] = (),
    by: User | None = None,
    photos: dict | None = None,
    **fields,
) -> SelfCheck:
    """Check premises; ``wrong``: which of the lines, from 0, are not as they should be."""
    items = list(ChecklistItem.objects.asked_of(premises))
    wrong = set(wrong)
    answers = [
        selfchecks.Answer(
            item, number not in wrong, "堆着纸箱" if number in wrong else "", (photos or {}).get(number, [])
        )
        for number, item in enumerate(items)
    ]
    fields.setdefault("token", f"c{next(_serial)}")
    row, _ = selfchecks.record_check(
        premises, answers, checker=fields.pop("checker", "马师傅"), by=by, **fields
    )
    return row


def make_hazard(premises: Premises | None = None, **fields) -> Hazard:
    """Find one thing wrong in premises."""
    premises = premises or make_premises()
    check(premises, wrong=[0], **fields)
    return premises.hazards.unmended().get()
