"""Points of a round, ticks that arrive once, findings that become incidents, and which points were looked at."""

from datetime import time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from governance.flow import NotYours, Refused
from governance.permissions import OutOfReach
from grids import origins
from grids.models import Facility, Grid, Patrol, PatrolItem, PatrolPoint, PatrolTick
from grids.reports import coverage
from grids.services import patrols
from incidents.models import Incident
from tests import factories
from tests.concurrency import all_at_once
from tests.patrols import make_point, make_ticks, tick
from tests.pictures import upload
from tests.standing import standing

pytestmark = pytest.mark.django_db


@standing
def worker(territory):
    return factories.make_staff("grid_worker", factories.BASE)


# --- points -----------------------------------------------------------------------------------------------------------
def test_a_point_is_kept_within_reach_in_a_base_grid(worker, secretary):
    point = make_point(by=worker, name="地下车棚", items=PatrolItem.objects.all()[:2])
    assert point.items.count() == 2 and point.is_current
    point.refresh_from_db()
    assert point.due_on == timezone.localdate()
    for code in (factories.COMMUNITY, factories.STREET):
        with pytest.raises(Refused) as refusal:
            make_point(code, by=secretary)
        assert "grid" in refusal.value.message_dict
    with pytest.raises(OutOfReach):
        make_point(factories.NEIGHBOUR_BASE, by=worker)
    with pytest.raises(Refused, match="已有同名的点位"):
        make_point(by=worker, name="地下车棚")
    far = factories.make_entrance(factories.NEIGHBOUR_BASE)
    with pytest.raises(Refused, match="不在这个网格里"):
        make_point(by=worker, entrance=far)
    shed = Facility.objects.create(grid_id=factories.BASE, name="车棚", kind="charging")
    with pytest.raises(Refused, match="只选一个"):
        make_point(by=worker, entrance=factories.make_entrance(), facility=shed)


@pytest.mark.parametrize("field,value", [("every", 0), ("every", 400), ("name", ""), ("longitude", 999.0)])
def test_what_no_point_can_be_is_refused_in_words(worker, field, value):
    with pytest.raises(ValidationError):
        make_point(by=worker, **{field: value})
    assert not PatrolPoint.objects.exists()


def test_the_points_of_one_grid_are_copied_to_another_once(secretary):
    other = factories.make_grid(factories.COMMUNITY + "002")
    for number in range(3):
        make_point(by=secretary, order=number, every=number + 1, items=PatrolItem.objects.all()[:1])
    make_point(other.code, by=secretary, name=PatrolPoint.objects.earliest("pk").name)
    source = Grid.objects.get(code=factories.BASE)
    assert patrols.copy_points(source, other, by=secretary) == 2
    assert patrols.copy_points(source, other, by=secretary) == 0
    copied = PatrolPoint.objects.filter(grid=other).order_by("-pk")[:2]
    assert [(row.every, row.items.count()) for row in copied] == [(3, 1), (2, 1)]
    worker = factories.make_staff("grid_worker", factories.BASE)
    with pytest.raises(OutOfReach):
        patrols.copy_points(source, factories.make_grid(factories.COMMUNITY + "003"), by=worker)
    # What she cannot see she copies nothing of.
    assert patrols.copy_points(Grid.objects.get(code=factories.FAR_BASE), source, by=worker) == 0


# --- ticks ------------------------------------------------------------------------------------------------------------
def test_a_tick_is_kept_once_and_moves_the_points_turn(worker):
    point = make_point(by=worker, every=3)
    first, new = patrols.tick(point, by=worker, token="a")
    again, repeated = patrols.tick(point, by=worker, token="a")
    assert new and not repeated and first == again
    point.refresh_from_db()
    today = timezone.localdate()
    assert (point.looked_on, point.due_on) == (today, today + timedelta(days=3))
    assert Patrol.objects.get().by == worker


def test_a_tick_from_a_phone_without_network_keeps_its_own_time_and_never_moves_the_turn_back(worker):
    point = make_point(by=worker, days=9)
    now = timezone.now()
    tick(point, by=worker)
    late = tick(point, by=worker, looked_at=now - timedelta(days=2))
    assert late.day == timezone.localdate(now - timedelta(days=2))
    point.refresh_from_db()
    assert point.looked_on == timezone.localdate()
    # A clock that is ahead is not believed, one that is far off is told of.
    assert tick(point, by=worker, looked_at=now + timedelta(hours=2)).looked_at <= timezone.now()
    for wrong in (now - timedelta(days=8), now + timedelta(days=2)):
        with pytest.raises(Refused) as refusal:
            tick(point, by=worker, looked_at=wrong)
        assert "captured_at" in refusal.value.message_dict


def test_nobody_ticks_elsewhere_or_in_anothers_name(worker, secretary):
    point, far = make_point(by=worker), make_point(factories.NEIGHBOUR_BASE)
    for who in (worker, secretary):
        with pytest.raises(NotYours):
            tick(far, by=who)
    for who in (factories.make_staff("street_officer", factories.STREET), factories.make_user()):
        with pytest.raises(NotYours):
            tick(point, by=who)
    mine = tick(point, by=worker, token="same")
    # Another person's token is no key to her tick.
    theirs = tick(point, by=secretary, token="same")
    assert mine != theirs and PatrolTick.objects.count() == 2


def test_a_point_out_of_use_is_not_ticked(worker):
    point = make_point(by=worker, days=5, until=timezone.localdate() - timedelta(days=1))
    with pytest.raises(Refused, match="已经停用"):
        tick(point, by=worker)


def test_ticks_only_grow(worker):
    row = tick(make_point(by=worker), by=worker)
    for change in (lambda: PatrolTick.objects.update(words="改"), lambda: PatrolTick.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    row.refresh_from_db()
    assert row.words == ""


def test_a_finding_becomes_one_incident_with_place_time_and_pictures(worker, secretary):
    minor, entrance = factories.make_minor(), factories.make_entrance()
    point = make_point(by=worker, name="3号楼车棚", entrance=entrance)
    seen = timezone.now() - timedelta(hours=2)
    given = {"to": f"incident:{minor.code}", "words": "飞线充电", "looked_at": seen, "token": "f"}
    row, _ = patrols.tick(point, by=worker, photos=[upload()], **given)
    again, new = patrols.tick(point, by=worker, photos=[upload()], **given)
    incident = Incident.objects.get()
    assert not new and again == row and row.matter == incident and row.number == incident.number
    assert (incident.minor_class, incident.entrance, incident.channel) == (minor, entrance, "worker")
    assert (incident.spot, incident.description, incident.captured_at) == ("3号楼车棚", "飞线充电", seen)
    assert incident.photos.count() == 1 and row.photos.count() == 0
    came = origins.origin(incident, secretary)
    assert came.words == "巡查发现：3号楼车棚" and came.url
    far = factories.make_staff("community_secretary", factories.FAR)
    assert origins.origin(incident, far) is None


def test_a_broken_picture_or_an_unknown_class_leaves_nothing_behind(worker):
    point = make_point(by=worker)
    minor = factories.make_minor()
    broken = SimpleUploadedFile("a.jpg", b"no picture")
    for given in (
        {"to": f"incident:{minor.code}", "photos": [broken]}, {"to": "incident:99999999999999999999"}, {"to": "x\x00"}, {"to": "order:1"},
        {"mended": True, "words": "清走了", "photos": [broken]}, {"mended": True},
    ):  # fmt: skip
        with pytest.raises(ValidationError), transaction.atomic():
            tick(point, by=worker, **given)
    assert not PatrolTick.objects.exists() and not Incident.objects.exists() and not Patrol.objects.exists()


def test_what_was_put_right_on_the_spot_keeps_its_pictures(worker):
    row = tick(make_point(by=worker), by=worker, mended=True, words="已清走纸箱", photos=[upload()])
    assert row.outcome == "mended" and row.photos.count() == 1 and not Incident.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_finding_sent_many_times_at_once_is_one():
    factories.make_territory()
    worker = factories.make_staff("grid_worker", factories.BASE)
    point, minor = make_point(by=worker), factories.make_minor()

    def send():
        return patrols.tick(point, by=worker, token="one", to=f"incident:{minor.code}", words="堆物")

    outcomes = all_at_once(*[send] * 6)
    assert sum(new for _, new in outcomes) == 1
    assert Incident.objects.count() == PatrolTick.objects.count() == Patrol.objects.count() == 1


# --- rounds -----------------------------------------------------------------------------------------------------------
def test_a_round_is_its_walkers_own_note(worker, secretary):
    grid, point = Grid.objects.get(code=factories.BASE), make_point(by=worker)
    with pytest.raises(Refused, match="还没有看过点位"):
        patrols.end_round(grid, by=worker)
    tick(point, by=worker)
    with pytest.raises(Refused, match="不能早于"):
        patrols.end_round(grid, by=worker, began_at=time(10), ended_at=time(9))
    patrols.end_round(grid, by=worker, began_at=time(9), ended_at=time(10), note="都正常")
    patrols.end_round(grid, by=worker, note="都正常，路灯已报修")
    assert Patrol.objects.get().note == "都正常，路灯已报修"
    tick(point, by=worker)
    assert Patrol.objects.count() == 2
    for who in (secretary, factories.make_staff("district_head", factories.DISTRICT)):
        assert not Patrol.objects.restrict(who).exists()
    assert Patrol.objects.restrict(worker).count() == 2


# --- coverage ---------------------------------------------------------------------------------------------------------
def by_hand(user, days: int) -> dict[str, tuple[int, int]]:
    """Return due and looked at of each base grid, counted one stretch after another."""
    today, found = timezone.localdate(), {}
    for point in PatrolPoint.objects.restrict(user).current():
        due = looked = 0
        last = today - timedelta(days=1)
        while True:
            first = last - timedelta(days=point.every - 1)
            if first < max(today - timedelta(days=days), point.since):
                break
            due += 1
            looked += point.ticks.filter(day__gte=first, day__lte=last).exists()
            last = first - timedelta(days=1)
        before = found.get(point.grid_id, (0, 0))
        found[point.grid_id] = (before[0] + due, before[1] + looked)
    return found


@pytest.mark.parametrize("days", list(coverage.SPANS))
def test_coverage_counts_each_stretch_once(worker, secretary, days):
    other = factories.make_grid(factories.COMMUNITY + "002").code
    for code, every, age, ticks in (
        (factories.BASE, 1, 60, (0, 1, 1, 2, 5, 29, 30, 31)),
        (factories.BASE, 7, 60, (1, 2, 3, 8, 30)),
        (factories.BASE, 3, 4, (2, 3)),
        (factories.BASE, 30, 90, (30,)),
        (factories.BASE, 60, 90, (1,)),
        (other, 2, 0, (0,)),
        (other, 5, 20, (6, 7, 12)),
    ):
        point = make_point(code, by=secretary, every=every, days=age)
        make_ticks(point, *ticks, by=secretary)
    ended = make_point(by=secretary, days=20)
    make_ticks(ended, 1, 2, by=secretary)
    PatrolPoint.objects.filter(pk=ended.pk).update(until=timezone.localdate() - timedelta(days=1))
    total, *lines = coverage.table(secretary, factories.COMMUNITY, days)
    expected = by_hand(secretary, days)
    assert {line.code: (line.values["due"], line.values["looked"]) for line in lines} == expected
    assert total.values["points"] == 7 and total.values["today"] == 2
    assert sum(due for due, _ in expected.values()) == total.values["due"] > 0
    street = factories.make_staff("street_officer", factories.STREET)
    [line] = [
        line for line in coverage.table(street, factories.STREET, days) if line.code == factories.COMMUNITY
    ]
    assert line.values == total.values
    assert coverage.table(worker, factories.BASE, days)[0].values["due"] == expected[factories.BASE][0]
    far = factories.make_staff("community_secretary", factories.FAR)
    assert not any(coverage.table(far, factories.DISTRICT, days)[0].values.values())


def test_points_long_not_looked_at_are_told(worker):
    fresh = make_point(by=worker, every=2, days=3)
    point, late = make_point(by=worker, every=2, days=30), make_point(by=worker, every=2, days=30)
    make_ticks(point, 3, by=worker)
    make_ticks(late, 4, by=worker)
    assert set(PatrolPoint.objects.neglected()) == {late, fresh}
    assert set(PatrolPoint.objects.due()) == {late, point, fresh}
    assert coverage.table(worker, factories.BASE, 7)[0].values["neglected"] == 2


def test_the_table_takes_as_many_statements_for_many_as_for_one(worker):
    def asked() -> int:
        with CaptureQueriesContext(connection) as statements:
            coverage.table(worker, factories.BASE, 7)
        return len(statements)

    make_ticks(make_point(by=worker, days=9), 1, 2, by=worker)
    asked()
    few = asked()
    for _ in range(10):
        make_ticks(make_point(by=worker, days=9), 1, 2, by=worker)
    assert asked() == few <= 7
