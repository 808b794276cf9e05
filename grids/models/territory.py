"""The territory: the four-level grid tree, and the buildings and entrances below a base grid."""

import secrets

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Left, Length
from django.db.models.lookups import Exact
from django.utils import timezone
from simple_history.models import HistoricalRecords

from governance.models.base import DERIVED, Territorial
from governance.permissions import Jurisdiction, Published, RestrictedQuerySet
from governance.territory import GridLevel, lineage, parent_code

EVERYONE_READS = Published(frozenset({"view"}), label="公开的网格名录")


class GridQuerySet(RestrictedQuerySet):
    def current(self):
        """Return the grids that have not been retired."""
        return self.filter(valid_until=None)

    def of_level(self, level: GridLevel):
        """Return the grids of one level."""
        return self.filter(level=int(level))

    def children_of(self, code: str):
        """Return the grids right below ``code``."""
        return self.filter(parent_id=code)

    def way_down(self, top: str, node: str) -> list[tuple[str, str]]:
        """Return the nodes from ``top`` down to ``node`` as (code, name), the highest first; none without a node."""
        codes = [code for code in lineage(node) if code.startswith(top)] if node else []
        return list(self.filter(code__in=codes).order_by("code").values_list("code", "name"))


class Grid(models.Model):
    """A node of the territory. The code is its identity and its path; it is never changed or reused."""

    class Kind(models.TextChoices):
        RESIDENT = "resident", "居民网格"
        DEDICATED = "dedicated", "专属网格"

    code = models.CharField(
        "编码",
        max_length=15,
        primary_key=True,
        validators=[RegexValidator(r"^(\d{6}|\d{9}|\d{12}|\d{15})$", "网格编码是 6、9、12 或 15 位数字。")],
    )
    name = models.CharField("名称", max_length=60)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="上级网格", related_name="children"
    )
    kind = models.CharField("类别", max_length=12, choices=Kind.choices, default=Kind.RESIDENT)
    household_count = models.PositiveIntegerField("户数", null=True, blank=True)
    extent = models.CharField("四至范围", max_length=200, blank=True)
    phone = models.CharField(
        "公开电话", max_length=30, blank=True, help_text="居民可以拨打的电话，会显示在居民页面上。"
    )
    supervision_phone = models.CharField("监督电话", max_length=30, blank=True)
    boundary = models.JSONField("边界", null=True, blank=True, editable=False)
    boundary_made_up = models.BooleanField("边界为演示虚构", default=False, editable=False)
    valid_from = models.DateField("启用日期", default=timezone.localdate)
    valid_until = models.DateField("停用日期", null=True, blank=True, editable=False)
    successors = models.ManyToManyField(
        "self", symmetrical=False, verbose_name="承接网格", blank=True, related_name="predecessors"
    )
    level = models.GeneratedField(
        expression=Length("code"),
        output_field=models.PositiveSmallIntegerField(),
        db_persist=True,
        verbose_name="层级",
    )
    district_code = models.GeneratedField(
        expression=Left("code", 6),
        output_field=models.CharField(max_length=15),
        db_persist=True,
        verbose_name="所属区",
    )
    street_code = models.GeneratedField(
        expression=Left("code", 9),
        output_field=models.CharField(max_length=15),
        db_persist=True,
        verbose_name="所属街道",
    )
    community_code = models.GeneratedField(
        expression=Left("code", 12),
        output_field=models.CharField(max_length=15),
        db_persist=True,
        verbose_name="所属社区",
    )
    history = HistoricalRecords(excluded_fields=["boundary", "level", *DERIVED])

    objects = GridQuerySet.as_manager()
    rule = Jurisdiction(published=[EVERYONE_READS], base="code")

    class Meta:
        verbose_name = verbose_name_plural = "网格"
        ordering = ["code"]
        indexes = [
            models.Index(fields=["street_code", "code"]),
            models.Index(fields=["community_code", "code"]),
            models.Index(fields=["level", "code"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^(\d{6}|\d{9}|\d{12}|\d{15})$"),
                name="grid_code_shape",
                violation_error_message="网格编码是 6、9、12 或 15 位数字。",
            ),
            models.CheckConstraint(
                condition=Q(parent=None, code__regex=r"^\d{6}$")
                | Q(parent__isnull=False, code__startswith=models.F("parent")) & ~Q(code=models.F("parent")),
                name="grid_parent_is_prefix",
                violation_error_message="上级网格的编码必须是本网格编码的前一段。",
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=models.F("valid_from")),
                name="grid_term",
                violation_error_message="停用日期不能早于启用日期。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def grid_level(self) -> GridLevel:
        """The level, as the code's length tells it (also before the row is saved)."""
        return GridLevel(len(self.code))

    def clean(self) -> None:
        self.parent_id = parent_code(self.code) if self.code else None

    def lineage(self) -> list[str]:
        """Return the codes from the district down to this grid."""
        return lineage(self.code)

    @property
    def is_retired(self) -> bool:
        return self.valid_until is not None


class Building(Territorial):
    """A building in a base grid."""

    name = models.CharField("楼栋", max_length=60)
    compound = models.CharField("小区", max_length=60, blank=True)
    history = HistoricalRecords(excluded_fields=DERIVED)

    rule = Jurisdiction(published=[EVERYONE_READS])

    class Meta:
        verbose_name = verbose_name_plural = "楼栋"
        ordering = ["grid", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["grid", "compound", "name"],
                name="building_once",
                violation_error_message="这个网格里已有同名楼栋。",
            ),
            models.CheckConstraint(
                condition=Exact(Length("grid"), 15),
                name="building_in_base_grid",
                violation_error_message="楼栋必须属于基础网格。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.compound}{self.name}"


def entrance_token() -> str:
    """Return the unguessable name in an entrance's QR code."""
    return secrets.token_urlsafe(9)


class Entrance(Territorial):
    """A door of a building (楼门), the micro-grid; its QR code places a resident's request."""

    building = models.ForeignKey(Building, models.PROTECT, verbose_name="楼栋", related_name="entrances")
    name = models.CharField("楼门", max_length=30)
    token = models.CharField("二维码标识", max_length=16, unique=True, default=entrance_token, editable=False)
    household_count = models.PositiveIntegerField("户数", null=True, blank=True)
    longitude = models.FloatField("经度", null=True, blank=True)
    latitude = models.FloatField("纬度", null=True, blank=True)

    rule = Jurisdiction(published=[EVERYONE_READS])

    class Meta:
        verbose_name = verbose_name_plural = "楼门"
        ordering = ["building", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["building", "name"],
                name="entrance_once",
                violation_error_message="这栋楼已有同名楼门。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.building}{self.name}"

    def clean(self) -> None:
        # A door stands where its building stands, and nowhere else.
        if self.building_id:
            self.grid_id = self.building.grid_id
        if (self.longitude is None) != (self.latitude is None):
            raise ValidationError({"latitude": "经度和纬度要一起填写，或都不填。"})
        if self.longitude is not None and not (abs(self.longitude) <= 180 and abs(self.latitude) <= 90):
            raise ValidationError({"longitude": "经度在 -180 到 180 之间，纬度在 -90 到 90 之间。"})
