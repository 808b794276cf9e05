"""The outlines of grids through time, and what somebody is about to make of them.

The outline in force stands on the grid as well (``Grid.boundary``), where every lookup and every map reads it. A draft is what a file or
the map says the outlines below one node are to be: it is looked over beside what is there, and put in force or dropped as a whole.
"""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from governance.models import User
from governance.permissions import RestrictedQuerySet, Through
from grids.coordinates import System
from grids.models.territory import Grid


class Boundary(models.Model):
    """The outline of a grid from a moment on, until another took its place."""

    class Source(models.TextChoices):
        FILE = "file", "导入"
        DRAWN = "drawn", "在地图上画"
        MADE_UP = "made_up", "演示虚构"

    grid = models.ForeignKey(Grid, models.PROTECT, related_name="boundaries", verbose_name="网格")
    shape = models.JSONField("边界")
    area = models.FloatField("面积（平方米）")
    source = models.CharField("来源", max_length=8, choices=Source.choices)
    note = models.CharField("说明", max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="登记人")
    since = models.DateTimeField("起", default=timezone.now)
    until = models.DateTimeField("至", null=True)

    objects = RestrictedQuerySet.as_manager()
    rule = Through("grid", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "网格边界"
        ordering = ["-since", "-pk"]
        indexes = [models.Index(fields=["grid", "-since"], name="boundary_grid")]
        constraints = [
            models.UniqueConstraint(
                fields=["grid"],
                condition=Q(until=None),
                name="boundary_one_in_force",
                violation_error_message="一个网格只有一条在用的边界。",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="boundary_term",
                violation_error_message="边界的截止时间不能早于开始时间。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grid_id} {self.since:%Y-%m-%d}"


class BoundaryDraft(models.Model):
    """Outlines that are to be put in force together. ``grid`` is the node that holds them all, ``shapes`` a GeoJSON geometry by code.

    Where grids are split or merged, ``made`` has the names of the new ones by their codes, and ``heirs`` the new codes by the old ones.
    """

    grid = models.ForeignKey(Grid, models.PROTECT, related_name="drafts", verbose_name="范围")
    shapes = models.JSONField("边界")
    made = models.JSONField("新网格", default=dict, blank=True)
    heirs = models.JSONField("承接", default=dict, blank=True)
    source = models.CharField("来源", max_length=8, choices=Boundary.Source.choices)
    system = models.CharField("坐标系", max_length=8, choices=System.choices, default=System.WGS84)
    file_name = models.CharField("文件", max_length=100, blank=True)
    passed_over = models.PositiveIntegerField("不认识的编码", default=0)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="登记人")
    created_at = models.DateTimeField("登记时间", default=timezone.now)
    applied_at = models.DateTimeField("启用时间", null=True)

    objects = RestrictedQuerySet.as_manager()
    rule = Through("grid", view="change", change="change")

    class Meta:
        verbose_name = verbose_name_plural = "边界方案"
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["grid", "-created_at"], name="boundarydraft_grid")]

    def __str__(self) -> str:
        return f"{self.grid} {self.file_name or self.get_source_display()}"

    @property
    def is_open(self) -> bool:
        return self.applied_at is None
