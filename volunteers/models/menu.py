"""What can be ordered, which skills it takes, and the stations it is offered from."""

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from governance.models.base import DERIVED, Territorial
from governance.permissions import Jurisdiction, Published, Reference, RestrictedQuerySet


class Skill(models.Model):
    """Something a volunteer can do that not everyone can."""

    name = models.CharField("技能", max_length=30, unique=True)
    needs_licence = models.BooleanField(
        "须持证", default=False, help_text="例如电工、护士（志愿服务条例第十六条）。"
    )

    objects = RestrictedQuerySet.as_manager()
    rule = Reference()

    class Meta:
        verbose_name = verbose_name_plural = "技能"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ServiceItem(models.Model):
    """One dish of the service menu (暖心菜单)."""

    class Category(models.TextChoices):
        HOME = "home", "居家帮扶"
        REPAIR = "repair", "便民维修"
        HEALTH = "health", "健康陪护"
        ELDERLY = "elderly", "为老服务"
        CHILDREN = "children", "助学护幼"
        COMPANY = "company", "关爱陪伴"
        ADVICE = "advice", "咨询代办"
        PUBLIC = "public", "公共环境"

    code = models.SlugField("编号", max_length=20, unique=True)
    name = models.CharField("项目", max_length=30, unique=True)
    category = models.CharField("类别", max_length=10, choices=Category.choices)
    summary = models.CharField("简介", max_length=120)
    skills = models.ManyToManyField(Skill, verbose_name="所需技能", blank=True, related_name="items")
    usual_minutes = models.PositiveSmallIntegerField("通常用时", default=60, help_text="分钟")
    two_volunteers = models.BooleanField("须两人同行", default=False)
    at_home = models.BooleanField("上门服务", default=True)
    is_active = models.BooleanField("上架", default=True)
    order = models.PositiveSmallIntegerField("排序", default=0)
    history = HistoricalRecords(m2m_fields=[skills])

    objects = RestrictedQuerySet.as_manager()
    rule = Reference()

    class Meta:
        verbose_name = verbose_name_plural = "服务项目"
        ordering = ["order", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(usual_minutes__gte=10, usual_minutes__lte=480),
                name="item_minutes",
                violation_error_message="通常用时在 10 到 480 分钟之间。",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Station(Territorial):
    """A place of the practice system: centre, institute (所), station (站) or point (点)."""

    class Kind(models.TextChoices):
        CENTRE = "practice_centre", "实践中心"
        INSTITUTE = "practice_institute", "实践所"
        STATION = "practice_station", "实践站"
        POINT = "practice_point", "实践点"

    name = models.CharField("名称", max_length=60)
    kind = models.CharField("类别", max_length=20, choices=Kind.choices, default=Kind.STATION)
    address = models.CharField("地址", max_length=120, blank=True)
    phone = models.CharField("电话", max_length=30, blank=True)
    hours = models.CharField("开放时间", max_length=60, blank=True)
    is_active = models.BooleanField("启用", default=True)
    history = HistoricalRecords(excluded_fields=DERIVED)

    rule = Jurisdiction(
        published=[Published(frozenset({"view"}), when=Q(is_active=True), label="公开的站点")]
    )

    class Meta:
        verbose_name = verbose_name_plural = "服务站点"
        ordering = ["grid", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["grid", "name"], name="station_once", violation_error_message="这里已有同名站点。"
            ),
        ]

    def __str__(self) -> str:
        return self.name
