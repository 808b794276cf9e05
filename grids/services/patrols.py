"""Keeping the points of a round, looking at them, and ending it. Each function is one transaction."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from governance import files, intake
from governance.constraints import sentence
from governance.flow import NotYours, Refused
from governance.models import Matter, User
from governance.permissions import look_again
from governance.territory import GridLevel
from grids.models import Grid, Patrol, PatrolItem, PatrolPhoto, PatrolPoint, PatrolTick

#: A phone may have lain without network for so long before what it kept arrives.
OLDEST = timedelta(days=7)
#: The most points of one grid.
MOST_POINTS = 200


@transaction.atomic
def keep_point(point: PatrolPoint, *, by: User, items: Iterable[PatrolItem] | None = None) -> PatrolPoint:
    """Save a point, new or changed, with what to look at (left as it is when None). Raises Refused at the field it concerns,
    OutOfReach or ValidationError."""
    new = point.pk is None
    grid = point.grid
    if grid.grid_level is not GridLevel.BASE or (new and grid.is_retired):
        raise Refused("请选择一个在用的基础网格。", "grid")
    if new and PatrolPoint.objects.filter(grid=grid, until=None).count() >= MOST_POINTS:
        raise Refused(f"一个网格最多 {MOST_POINTS} 个点位，请先停用不再看的。", "grid")
    for name in ("facility", "premises", "entrance"):
        place = getattr(point, name)
        if place is not None and place.grid_id != point.grid_id:
            raise Refused("不在这个网格里，请另选。", name)
    point.full_clean(exclude=["grid", "facility", "premises", "entrance"], validate_constraints=False)
    try:
        with transaction.atomic():
            point.save()
    except IntegrityError as error:
        raise Refused(sentence(error) or "与已登记的点位冲突。", "name") from error
    if items is not None:
        point.items.set(items)
    look_again(by, point, "add" if new else "change")
    return point


@transaction.atomic
def copy_points(source: Grid, target: Grid, *, by: User) -> int:
    """Copy the points of one grid to another, without those that are there by name already and without where they stand. Returns how
    many. Raises Refused for a grid that cannot have points, and OutOfReach."""
    if source.pk == target.pk:
        raise Refused("请选择另一个网格。", "source")
    there = set(PatrolPoint.objects.filter(grid=target, until=None).values_list("name", flat=True))
    rows = PatrolPoint.objects.restrict(by).current().filter(grid=source).prefetch_related("items").in_order()
    copied = 0
    for row in rows[:MOST_POINTS]:
        if row.name in there:
            continue
        new = PatrolPoint(grid=target, name=row.name, words=row.words, every=row.every, order=row.order)
        keep_point(new, by=by, items=row.items.all())
        copied += 1
    return copied


@transaction.atomic
def tick(
    point: PatrolPoint,
    *,
    by: User,
    token: str,
    looked_at: datetime | None = None,
    words: str = "",
    mended: bool = False,
    to: str = "",
    photos: Iterable[UploadedFile] = (),
) -> tuple[PatrolTick, bool]:
    """Note that a point was looked at. Returns the tick, and False when this very one had arrived before.

    ``mended``: something was wrong and has been put right on the spot, as the words say. ``to``: what was wrong goes on as this, one
    of ``intake.findings``. With neither, all was well. ``looked_at``: as the phone noted it. The tick, its pictures and the matter that
    it becomes are kept together or not at all. Raises NotYours, or Refused at the field it concerns.
    """
    token = f"{by.pk}:{token}"
    known = PatrolTick.objects.filter(token=token).first()
    if known is not None:
        return known, False
    if not by.may("look", point):
        raise NotYours
    now = timezone.now()
    looked_at = checked_moment(looked_at, now)
    day = timezone.localdate(looked_at)
    if point.grid.is_retired or (point.until is not None and point.until < day):
        raise Refused("这个点位已经停用。", "point")
    photos = list(photos)
    outcome = PatrolTick.Outcome.FINE
    if to:
        outcome = PatrolTick.Outcome.PASSED
    elif mended:
        outcome = PatrolTick.Outcome.MENDED
        if not words:
            raise Refused("请写明发现了什么、怎样处理的。", "words")
    row = PatrolTick(
        grid=point.grid, point=point, outcome=outcome, words=words, looked_at=looked_at, day=day,
        recorded_at=now, token=token,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.patrol, _ = Patrol.objects.get_or_create(by=by, grid=point.grid, day=day, finished_at=None)
            if outcome == PatrolTick.Outcome.PASSED:
                matter = pass_on(row, to, by, photos)
                row.content_type = ContentType.objects.get_for_model(matter)
                row.object_id, row.number = matter.pk, matter.number
            row.save()
    except IntegrityError as error:
        known = PatrolTick.objects.filter(token=token).first()
        if known is None:
            raise Refused(sentence(error) or "没有记下，请再试一次。") from error
        return known, False
    if outcome == PatrolTick.Outcome.MENDED:
        files.attach(PatrolPhoto, photos, by=by, tick=row)
    seen_before = Q(looked_on=None) | Q(looked_on__lt=day)
    PatrolPoint.objects.filter(seen_before, pk=point.pk).update(looked_on=day)
    return row, True


def pass_on(row: PatrolTick, to: str, by: User, photos: list[UploadedFile]) -> Matter:
    """Hand on what a tick found: at the point's place, with the point's name as the spot."""
    point, place = row.point, row.point.premises or row.point.facility
    return intake.hand_on(
        to,
        by=by,
        source="patrol",
        source_id=row.token,
        grid_id=point.grid_id,
        description=row.words,
        spot=str(point)[:100],
        entrance=point.entrance,
        longitude=point.longitude if point.longitude is not None or place is None else place.longitude,
        latitude=point.latitude if point.latitude is not None or place is None else place.latitude,
        captured_at=row.looked_at,
        photos=photos,
    )


def checked_moment(moment: datetime | None, now: datetime) -> datetime:
    """Return when something was seen: now if the phone noted nothing or its clock is ahead. Raises Refused at ``captured_at`` for
    what lies too far back."""
    if moment is None:
        return now
    if not now - OLDEST <= moment <= now + timedelta(days=1):
        raise Refused(
            f"手机上的时间不对，或者已经过了 {OLDEST.days} 天，请检查手机的日期和时间。", "captured_at"
        )
    return min(moment, now)


@transaction.atomic
def end_round(
    grid: Grid,
    *,
    by: User,
    at: datetime | None = None,
    began_at: time | None = None,
    ended_at: time | None = None,
    note: str = "",
) -> Patrol:
    """End the person's own round in a grid, of the day of ``at`` (as the phone noted it; now when None), with what she notes of it.
    Repeating it without a new tick changes that same note. Raises Refused where she has looked at nothing that day, or the end lies
    before the beginning."""
    day = timezone.localdate(checked_moment(at, timezone.now()))
    rounds = Patrol.objects.select_for_update(of=("self",)).filter(by=by, grid=grid, day=day)
    found = rounds.filter(finished_at=None).first() or rounds.order_by("-pk").first()
    if found is None:
        raise Refused("这一天还没有看过点位，看过一个再收工。")
    if began_at is not None and ended_at is not None and ended_at < began_at:
        raise Refused("结束时间不能早于开始时间。", "ended_at")
    found.began_at, found.ended_at, found.note = began_at, ended_at, note
    found.finished_at = found.finished_at or timezone.now()
    found.full_clean(exclude=["by", "grid"], validate_constraints=False)
    found.save()
    return found
