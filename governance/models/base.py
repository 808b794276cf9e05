"""The abstract base of every row that belongs to a place."""

from django.db import models
from django.db.models.functions import Left

from governance.permissions import Jurisdiction, RestrictedQuerySet
from governance.territory import GridLevel

#: Columns the database derives; history tables leave them out.
DERIVED = ["district_code", "street_code", "community_code"]


def ancestor_column(level: GridLevel, of: str = "grid") -> models.GeneratedField:
    """Return the generated column that holds the ancestor (or self) of that level of the row's place, the foreign key ``of``.

    A row placed higher up holds its own, shorter code there, which equals no node of that level.
    """
    return models.GeneratedField(
        expression=Left(of, int(level)),
        output_field=models.CharField(max_length=15),
        db_persist=True,
        editable=False,
        verbose_name={6: "所属区", 9: "所属街道", 12: "所属社区"}[int(level)],
    )


class Territorial(models.Model):
    """A row at a node of the grid tree; its jurisdiction is an equality on one of three generated columns."""

    grid = models.ForeignKey("grids.Grid", models.PROTECT, verbose_name="所在网格", related_name="+")
    district_code = ancestor_column(GridLevel.DISTRICT)
    street_code = ancestor_column(GridLevel.STREET)
    community_code = ancestor_column(GridLevel.COMMUNITY)

    objects = RestrictedQuerySet.as_manager()
    rule = Jurisdiction()

    class Meta:
        abstract = True
