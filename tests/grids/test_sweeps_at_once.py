"""Fifty people at once at one list: no door twice, none lost, and the closing counts all that was taken in."""

import threading
import time

import pytest
from django.db import connection, connections, transaction

from governance.flow import FlowError
from governance.models import User
from grids.flow import SWEEPS
from grids.models import SweepTarget
from grids.services import sweeps as services
from tests import factories, sweeping
from tests.concurrency import all_at_once
from tests.thorough import measure

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS, DOORS = 50, measure(60, 100)


@pytest.fixture
def world():
    factories.make_territory()
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    workers = [factories.make_staff("grid_worker", factories.BASE).pk for _ in range(WORKERS)]
    sweeping.make_households(factories.BASE, DOORS)
    return secretary, workers, sweeping.make_running(by=secretary)


def until_somebody_waits():
    """Return when another connection waits for a row of this one's transaction."""
    until = time.monotonic() + 30
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
            if cursor.fetchone() != (0,):
                return
            time.sleep(0.02)
    pytest.fail("nobody waits")


def test_fifty_share_a_list_without_a_door_twice(world):
    secretary, workers, sweep = world
    first = SweepTarget.objects.filter(sweep=sweep).order_by("position").first()

    def walk(key):
        def work():
            """Go from door to door until none is left; send each answer twice."""
            person, went, at = User.objects.get(pk=key), [], first
            while (following := services.next_after(at, by=person)) is not None:
                at = SweepTarget.objects.get(pk=following)
                if services.take(at, by=person) is not None:
                    continue
                for _ in range(2):
                    came = sweeping.answer(at, person, token=f"{key}-{at.pk}", found=at.position % 7 == 0)
                    if came.is_new:
                        went.append(at.pk)
            return went

        return work

    went = [key for each in all_at_once(*(walk(key) for key in workers)) for key in each]
    assert sorted(went) == sorted(SweepTarget.objects.filter(sweep=sweep).values_list("pk", flat=True))
    rows = SweepTarget.objects.filter(sweep=sweep)
    assert rows.filter(outcome="done", version=1, earlier__isnull=True).count() == DOORS
    assert rows.filter(is_finding=True).count() == DOORS // 7
    report = SWEEPS.run(sweep, "close", by=secretary).report
    assert report["total"]["done"] == report["total"]["total"] == DOORS
    assert report["questions"][0]["answered"] == DOORS


def test_all_who_meet_at_one_door_are_answered_and_one_counts(world):
    _, workers, sweep = world
    door = SweepTarget.objects.filter(sweep=sweep).first()

    def send(key):
        return lambda: sweeping.answer(door, User.objects.get(pk=key), token=str(key))

    came = all_at_once(*(send(key) for key in workers[:10] for _ in range(2)))
    assert sum(each.is_new for each in came) == 1
    door.refresh_from_db()
    assert {each.target.done_by_id for each in came} == {door.done_by_id} and door.version == 1
    assert {each["by"] for each in door.earlier} == set(workers[:10]) - {door.done_by_id}


def test_who_waited_for_a_door_does_not_get_it_as_well(world):
    _, workers, sweep = world
    door = SweepTarget.objects.filter(sweep=sweep).first()
    one, other = User.objects.filter(pk__in=workers[:2])
    came = []

    def wait_for_it():
        came.append(services.take(door, by=other))
        connections.close_all()

    waiting = threading.Thread(target=wait_for_it)
    with transaction.atomic():
        assert services.take(door, by=one) is None
        waiting.start()
        until_somebody_waits()
    waiting.join(timeout=30)
    assert came[0].taken_by == one


def test_what_is_taken_in_is_counted_by_the_closing(world):
    secretary, workers, sweep = world
    doors = list(SweepTarget.objects.filter(sweep=sweep).order_by("position")[:20])

    def send(door, key):
        return lambda: sweeping.answer(door, User.objects.get(pk=key), token=str(door.pk)).is_new

    def close():
        return SWEEPS.run(sweep.pk, "close", by=User.objects.get(pk=secretary.pk), note="到此为止")

    jobs = [send(door, workers[number]) for number, door in enumerate(doors)]
    came = all_at_once(*jobs[:10], close, *jobs[10:])
    taken = sum(each is True for each in came)
    assert taken + sum(isinstance(each, FlowError) for each in came) == len(doors)
    sweep.refresh_from_db()
    assert sweep.report["total"]["done"] == taken == SweepTarget.objects.filter(outcome="done").count()


def test_a_sweep_starts_once(world):
    secretary, _, _ = world
    draft = sweeping.make_draft(by=secretary)

    def start():
        return SWEEPS.run(draft.pk, "start", by=User.objects.get(pk=secretary.pk), version=draft.version)

    all_at_once(*[start] * 5)
    assert SweepTarget.objects.filter(sweep=draft).count() == DOORS
    assert draft.steps.filter(action="start").count() == 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database AND d.datname = current_database()"
            " WHERE locktype = 'advisory' AND classid = 20261129"
        )
        assert cursor.fetchone() == (0,)
