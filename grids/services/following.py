"""What stands behind a door lies where the door lies, and what stands in a grid goes along when another takes the grid's place."""

from django.db.models import OuterRef, Subquery

from grids.geometry import PointIndex
from grids.models import Entrance, Facility, Hazard, Household, PatrolPoint, Premises, Resident


def follow(doors: list[int]) -> None:
    """Put what is behind doors, and what belongs to it, where the doors are now. ``doors``: the keys of doors that may have moved."""
    door = Entrance.objects.filter(pk=OuterRef("entrance")).values("grid")[:1]
    for model in (Household, Premises, PatrolPoint):
        model.objects.filter(entrance__in=doors).update(grid_id=Subquery(door))
    home = Household.objects.filter(pk=OuterRef("household")).values("grid")[:1]
    behind = Household.objects.filter(entrance__in=doors)
    Resident.objects.filter(household__in=behind).update(grid_id=Subquery(home))
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


def _with_premises(premises) -> None:
    """Put what is to be mended in premises where these are now."""
    place = Premises.objects.filter(pk=OuterRef("premises")).values("grid")[:1]
    Hazard.objects.filter(premises__in=premises).update(grid_id=Subquery(place))
