"""What stands behind a door lies where the door lies, and what stands in a grid goes along when another takes the grid's place."""

from django.db.models import OuterRef, Subquery

from grids.geometry import PointIndex
from grids.models import Entrance, Facility, Household, Premises, Resident


def follow(doors: list[int]) -> None:
    """Put households, residents and premises where their doors are now. ``doors``: the keys of doors that may have moved."""
    door = Entrance.objects.filter(pk=OuterRef("entrance")).values("grid")[:1]
    for model in (Household, Premises):
        model.objects.filter(entrance__in=doors).update(grid_id=Subquery(door))
    home = Household.objects.filter(pk=OuterRef("household")).values("grid")[:1]
    behind = Household.objects.filter(entrance__in=doors)
    Resident.objects.filter(household__in=behind).update(grid_id=Subquery(home))


def inherit(code: str, heir: str, parts: PointIndex | None = None) -> None:
    """Put what stands in a grid that is no more, without a door, into the one that takes its place; what has a point into that of the
    ``parts`` in which it lies."""
    for rows in (Premises.objects.filter(grid=code, entrance=None), Facility.objects.filter(grid=code)):
        if parts is not None:
            for row in rows.exclude(longitude=None).only("pk", "longitude", "latitude"):
                part = parts.locate(row.longitude, row.latitude)
                if part is not None:
                    rows.filter(pk=row.pk).update(grid_id=part)
        rows.update(grid_id=heir)
