"""A sweep under any sequence of actions and answers by any people: whatever is tried, in whatever order, the books stay right."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance import flow as engine
from grids.flow import SWEEPS
from grids.models import Sweep, SweepTarget
from grids.reports.sweeps import as_dict, coverage, whole
from grids.services import sweeps as services
from tests import factories, sweeping
from tests.thorough import measure

pytestmark = pytest.mark.django_db

#: (what is tried, who tries it, a number for the data). People: 0 the secretary, 1 and 2 the workers, 3 the street, 4 another street.
moves = st.lists(
    st.tuples(
        st.sampled_from([*sorted(SWEEPS.actions), "tick", *["answer"] * 8, "take", "take"]),
        st.integers(0, 4),
        st.integers(0, 11),
    ),
    min_size=6,
    max_size=30,
)


class _Undo(Exception):
    pass


@settings(max_examples=measure(8, 15), deadline=None, suppress_health_check=list(HealthCheck))
@given(moves=moves, begun=st.booleans())
def test_the_books_stay_right(territory, moves, begun):
    try:
        with transaction.atomic():
            play(moves, begun)
            raise _Undo
    except _Undo:
        pass


def play(moves, begun):
    make = factories.make_staff
    cast = [
        make("community_secretary", factories.COMMUNITY),
        *(make("grid_worker", factories.BASE) for _ in range(2)),
        make("street_officer", factories.STREET),
        make("street_officer", factories.OTHER_STREET),
    ]
    sweeping.make_households(count=3)
    sweep = sweeping.make_draft(by=cast[0])
    if begun:
        SWEEPS.run(sweep, "start", by=cast[0])
    for number, (name, who, choice) in enumerate(moves):
        sweep = Sweep.objects.get(pk=sweep.pk)
        targets = list(SweepTarget.objects.filter(sweep=sweep).order_by("position"))
        with suppress(engine.FlowError, ValidationError), transaction.atomic():
            if name == "tick":
                engine.tick(timezone.now() + timedelta(hours=choice))
            elif name == "take":
                if targets:
                    services.take(targets[choice % 3], by=cast[who])
            elif name == "answer":
                if targets:
                    sweeping.answer(
                        targets[choice % 3], cast[who], ("done", "absent", "exempt", "done")[choice % 4],
                        found=choice % 4 == 3, token=f"t{number // 2}", version=choice % 3,
                    )  # fmt: skip
            else:
                SWEEPS.run(
                    sweep, name, by=cast[who], note="演练" if choice % 3 else "", version=sweep.version if choice % 2 else None,
                    hours=choice, below=choice * 10, title="改名",
                )  # fmt: skip
        assert_books(Sweep.objects.get(pk=sweep.pk), cast)


def assert_books(sweep, cast):
    steps = list(sweep.steps.all())
    assert sweep.version == len(steps) == steps[-1].seq and steps[-1].to_status == sweep.status
    assert (sweep.closed_at is not None) == (sweep.status in SWEEPS.final)
    assert (sweep.report is not None) == (sweep.status == "closed")
    assert sum(step.action == "tell_half" for step in steps) <= 1
    targets = SweepTarget.objects.filter(sweep=sweep)
    assert targets.count() == sweep.total == (3 if sweep.started_at else 0)
    if sweep.is_running:
        assert sweep.due_at == sweep.deadline > sweep.started_at
    if sweep.report:
        assert sweep.report["total"] == as_dict(whole(coverage(targets)))
    for target in targets:
        # Only who works there answered, each sending once, and what was answered first is still to be read.
        if target.outcome:
            assert target.done_by in cast[:3] and sweep.started_at <= target.done_at <= target.recorded_at
        assert len(target.tokens or ()) == len(set(target.tokens or ()))
        kept = [each for each in target.earlier or () if not each.get("refused")]
        assert len(kept) == max(0, target.version - 1)
        assert target.is_finding == (target.outcome == "done" and (target.answers or {}).get("q1") == "是")
