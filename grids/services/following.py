"""What stands behind a door lies where the door lies, and what stands in a grid goes along when another takes the grid's place."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from governance.models import Post
from grids.geometry import PointIndex
from grids.models import (
    Entrance,
    Facility,
    Handover,
    Hazard,
    Household,
    Need,
    PatrolPoint,
    Premises,
    Project,
    Resident,
    SweepHelper,
    SweepTarget,
    TeamMember,
)
from grids.models.team import ROLE

_REASON_LENGTH = 100  # the history's column


def follow(doors: list[int]) -> None:
    """Put what is behind doors, and what belongs to it, where the doors are now. ``doors``: the keys of doors that may have moved."""
    door = Entrance.objects.filter(pk=OuterRef("entrance")).values("grid")[:1]
    for model in (Household, Premises, PatrolPoint):
        model.objects.filter(entrance__in=doors).update(grid_id=Subquery(door))
    home = Household.objects.filter(pk=OuterRef("household")).values("grid")[:1]
    behind = Household.objects.filter(entrance__in=doors)
    Resident.objects.filter(household__in=behind).update(grid_id=Subquery(home))
    Need.objects.filter(household__in=behind, settled_on=None).update(grid_id=Subquery(home))
    SweepTarget.objects.filter(household__in=behind, sweep__status="running").update(grid_id=Subquery(home))
    _with_premises(Premises.objects.filter(entrance__in=doors))


def inherit(code: str, heir: str, parts: PointIndex | None = None) -> None:
    """Put what stands in a grid that is no more, without a door, into the one that takes its place; what has a point into that of the
    ``parts`` in which it lies."""
    shops = list(Premises.objects.filter(grid=code, entrance=None).values_list("pk", flat=True))
    for rows in (
        Premises.objects.filter(grid=code, entrance=None),
        PatrolPoint.objects.filter(grid=code, entrance=None),
        Facility.objects.filter(grid=code),
    ):
        if parts is not None:
            for row in rows.exclude(longitude=None).only("pk", "longitude", "latitude"):
                part = parts.locate(row.longitude, row.latitude)
                if part is not None:
                    rows.filter(pk=row.pk).update(grid_id=part)
        rows.update(grid_id=heir)
    _with_premises(Premises.objects.filter(pk__in=shops))
    Need.objects.filter(grid=code, household=None, premises=None, settled_on=None).update(grid_id=heir)
    Project.objects.filter(grid=code, done_on=None).update(grid_id=heir)
    Handover.objects.unfinished().filter(grid=code).update(grid_id=heir)
    there = SweepHelper.objects.filter(grid=heir, sweep=OuterRef("sweep"), user=OuterRef("user"))
    helpers = SweepHelper.objects.filter(~Exists(there), grid=code, sweep__status="running")
    helpers.update(grid_id=heir)


def team_goes_on(code: str, heirs: Sequence[str], by: Any, note: str) -> int:
    """Let a grid's team go on where its people go on: a worker where she has her post, who answers for doors where most of them lie,
    anybody else at the first heir. Returns how many lines moved.

    A worker without a post at an heir stays, and ends with her post. Told after the new posts are given and before the old ones end.
    """
    today, moved = timezone.localdate(), 0
    lines = TeamMember.objects.select_for_update(of=("self",)).select_related("grid").filter(grid=code)
    for line in lines.filter(Q(until=None) | Q(until__gte=today)):
        line._history_user, line._change_reason = by, note[:_REASON_LENGTH]
        if line.post_id is None:
            doors = Counter(line.entrances.filter(grid__in=heirs).values_list("grid", flat=True))
            places = {max(heirs, key=lambda heir: doors[heir]): None}
        else:
            posts = Post.objects.filter(user=line.user_id, role=ROLE, grid__in=heirs, unit=None)
            posts = posts.exclude(valid_until__lt=today).order_by("grid")
            free = ~Exists(TeamMember.objects.filter(post=OuterRef("pk")))
            places = {post.grid_id: post for post in posts.filter(free)}
        same = TeamMember.objects.filter(grid__in=heirs, until=None)
        account = Q(user=line.user_id) if line.user_id else Q(pk=None)
        named = Q(kind=line.kind, name=line.name, phone=line.phone)
        taken = (
            set(same.filter(account | named).values_list("grid", flat=True)) if line.until is None else set()
        )
        if not places or (taken and taken >= places.keys()):
            if taken:
                # She is in that team already.
                line.until = max(line.since, today)
                line.save(update_fields=["until"])
            continue
        first, *more = [heir for heir in places if heir not in taken]
        line.grid_id, line.post = first, places[first]
        line.save(update_fields=["grid", "post"])
        moved += 1
        for heir in more:
            line.pk, line._state.adding, line.grid_id, line.post = None, True, heir, places[heir]
            line.save()
    return moved


def _with_premises(premises) -> None:
    """Put what is to be mended in premises where these are now."""
    place = Premises.objects.filter(pk=OuterRef("premises")).values("grid")[:1]
    Hazard.objects.filter(premises__in=premises).update(grid_id=Subquery(place))
    Need.objects.filter(premises__in=premises, settled_on=None).update(grid_id=Subquery(place))
    SweepTarget.objects.filter(premises__in=premises, sweep__status="running").update(grid_id=Subquery(place))
