"""What can be reported: two levels of classes (大类, 小类), each minor class with its limits, lamp and usual handler.

A default catalogue ships with the portal and says so; a district's own import replaces it.
"""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from governance import parameters
from governance.permissions import Reference, RestrictedQuerySet

#: The parameter that names the minor class of an alarm from somebody's home.
SOS = "care.sos_class"


class MajorClass(models.Model):
    """A major class (大类) of incidents."""

    code = models.CharField("编号", max_length=4, unique=True)
    name = models.CharField("大类", max_length=30, unique=True)
    order = models.PositiveSmallIntegerField("排序", default=0)

    objects = RestrictedQuerySet.as_manager()
    rule = Reference()

    class Meta:
        verbose_name = verbose_name_plural = "事件大类"
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.name


class Receipt(models.TextChoices):
    """How soon whoever gets a matter must take it in (Tianjin's Decree 39 on the hotline, its rules)."""

    RISK = "risk", "危及生命财产"
    UTILITY = "utility", "水电气热"
    NORMAL = "normal", "一般"


class LimitUnit(models.TextChoices):
    """What a limit counts."""

    HOUR = "hour", "工作小时"
    DAY = "day", "工作日"
    CLOCK = "clock", "小时（不分昼夜）"


class Door(models.TextChoices):
    """Who usually handles a class."""

    WORKER = "worker", "网格员"
    COMMUNITY = "community", "社区"
    STREET = "street", "街道"
    DEPARTMENT = "department", "职能部门"


class MinorClass(models.Model):
    """A minor class (小类): what residents and workers choose, and what the clock and the dispatch follow."""

    code = models.CharField("编号", max_length=8, unique=True)
    name = models.CharField("小类", max_length=30, unique=True)
    major = models.ForeignKey(MajorClass, models.PROTECT, verbose_name="大类", related_name="minors")
    receipt = models.CharField("接收时限", max_length=8, choices=Receipt.choices, default=Receipt.NORMAL)
    limit = models.PositiveSmallIntegerField("处置时限", default=5)
    limit_unit = models.CharField("时限单位", max_length=6, choices=LimitUnit.choices, default=LimitUnit.DAY)
    yellow_percent = models.PositiveSmallIntegerField(
        "黄灯", default=75, help_text="时限用去百分之几时亮黄灯"
    )
    needs_photo = models.BooleanField("办结须有照片", default=True)
    door = models.CharField("通常由谁办", max_length=10, choices=Door.choices, default=Door.COMMUNITY)
    unit = models.ForeignKey(
        "governance.Unit",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="默认承办部门",
        related_name="+",
    )
    is_public = models.BooleanField(
        "可公开", default=False, help_text="受理时默认公开类别、大致位置和进度；涉及个人和家庭的不要公开。"
    )
    keywords = models.CharField(
        "关键词", max_length=200, blank=True, help_text="居民常用的说法，用空格隔开。"
    )
    is_active = models.BooleanField("启用", default=True)
    order = models.PositiveSmallIntegerField("排序", default=0)
    history = HistoricalRecords()

    objects = RestrictedQuerySet.as_manager()
    rule = Reference()

    class Meta:
        verbose_name = verbose_name_plural = "事件小类"
        ordering = ["major__order", "order", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(limit__gte=1, limit__lte=400),
                name="minorclass_limit",
                violation_error_message="处置时限在 1 到 400 之间。",
            ),
            models.CheckConstraint(
                condition=Q(yellow_percent__gte=10, yellow_percent__lte=95),
                name="minorclass_yellow",
                violation_error_message="黄灯在 10 到 95（%）之间。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if self.is_public and self.code == parameters.value(SOS):
            raise ValidationError({"is_public": "求助设备开的就是这个小类，涉及家庭，不能公开。"})

    @property
    def limit_text(self) -> str:
        """The limit in words, such as “4 工作小时”."""
        return f"{self.limit} {self.get_limit_unit_display()}"
