"""Households, premises and sweeps for tests, made through the services where there is one."""

import itertools

from django.utils import timezone

from governance.models import User
from grids.flow import SWEEPS
from grids.models import Grid, Household, Premises, Sweep, SweepTarget
from grids.services import sweeps as services
from tests import factories

_serial = itertools.count(1)

#: One question that finds something, one that counts, one in words.
QUESTIONS = [
    {"label": "楼道有没有堆物", "kind": "yes_no", "required": True, "finding": ["是"]},
    {"label": "几个人在家", "kind": "number", "unit": "人"},
    {"label": "还有什么情况", "kind": "text"},
]


def make_households(code: str = factories.BASE, count: int = 3, **fields) -> list[Household]:
    """Make households behind one door of a base grid."""
    entrance = fields.pop("entrance", None) or factories.make_entrance(code)
    return [
        Household.objects.create(grid_id=code, entrance=entrance, room=str(101 + number), **fields)
        for number in range(count)
    ]


def make_premises(code: str = factories.BASE, **fields) -> Premises:
    """Make a shop."""
    factories.make_grid(code)
    fields.setdefault("name", f"便利店{next(_serial)}")
    return Premises.objects.create(grid_id=code, **fields)


def make_draft(*, by: User, code: str = factories.COMMUNITY, questions=QUESTIONS, **fields) -> Sweep:
    """Draw up a sweep with its questions."""
    sweep = services.draw_up(
        **{
            "by": by,
            "grid": Grid.objects.get(pk=code),
            "title": "楼道消防排查",
            "kind": "emergency",
            "about": "households",
            "hours": 3,
            **fields,
        }
    )
    return services.ask(sweep, by=by, questions=questions)


def make_running(*, by: User, **fields) -> Sweep:
    """Draw up a sweep and start it."""
    return SWEEPS.run(make_draft(by=by, **fields), "start", by=by)


def answer(target: SweepTarget, by: User, outcome: str = "done", *, found: bool = False, **fields):
    """Answer at a door; ``found``: with a finding."""
    answers = {"q1": "是" if found else "否"} if outcome == "done" else {}
    words = "堆了纸箱" if found else "空房" if outcome == "exempt" else ""
    return services.answer(
        target.pk,
        by=by,
        outcome=outcome,
        **{"answers": answers, "words": words, "version": target.version, **fields},
    )


def ends_in(sweep: Sweep, hours: float) -> None:
    """Move a running sweep's clock, so that its deadline is so many hours ahead."""
    by = timezone.now() + timezone.timedelta(hours=hours) - sweep.deadline
    for name in ("started_at", "deadline", "half_at", "due_at", "yellow_at", "clock_from"):
        setattr(sweep, name, getattr(sweep, name) + by)
    Sweep.objects.filter(pk=sweep.pk).update(
        **{
            name: getattr(sweep, name)
            for name in ("started_at", "deadline", "half_at", "due_at", "yellow_at", "clock_from")
        }
    )
