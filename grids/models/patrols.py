"""Patrols (巡查): points of a grid with what to look at there, ticked off on the way, with findings that become incidents.

What is shown of it is which points were looked at. A round is its walker's own note: nobody above her sees who walked when, no position
is kept, and nothing is counted for a person.
"""

import secrets
from datetime import date, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from simple_history.models import HistoricalRecords

from governance.models import Photo
from governance.models.audit import AppendOnly
from governance.models.base import DERIVED, Territorial
from governance.models.matters import Matter
from governance.permissions import Jurisdiction, Own, OwnOnly, Reference, RestrictedQuerySet, Through
from grids.models.premises import Facility, Pointed, Premises
from grids.models.territory import Entrance


def tick_token() -> str:
    """Return the name under which a phone sends a tick, once or again."""
    return secrets.token_hex(16)


class PatrolItem(models.Model):
    """A thing to look at that points choose from (巡查内容). The district keeps the list; it begins with the system's own."""

    code = models.CharField("编号", max_length=8, unique=True)
    name = models.CharField("看什么", max_length=40, unique=True)
    hint = models.CharField("怎样算正常", max_length=120, blank=True)
    order = models.PositiveSmallIntegerField("排序", default=0)
    is_default = models.BooleanField("系统默认", default=False, editable=False)
    is_active = models.BooleanField("启用", default=True)
    history = HistoricalRecords()

    objects = RestrictedQuerySet.as_manager()
    rule = Reference()

    class Meta:
        verbose_name = verbose_name_plural = "巡查内容"
        ordering = ["order", "code"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(name=""), name="patrolitem_named", violation_error_message="请填写看什么。"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PatrolPointQuerySet(RestrictedQuerySet):
    def current(self, on: date | None = None):
        """Return the points in force on a day (today when None)."""
        day = on or timezone.localdate()
        return self.filter(Q(until=None) | Q(until__gte=day), since__lte=day)

    def due(self, on: date | None = None):
        """Return those in force whose turn it is."""
        return self.current(on).filter(due_on__lte=on or timezone.localdate())

    def neglected(self, on: date | None = None):
        """Return those in force that were due a whole interval ago and still are."""
        day = on or timezone.localdate()
        return self.current(day).filter(due_on__lte=Sooner(models.Value(day), F("every")))

    def in_order(self):
        """Return them in the order of the round."""
        return self.order_by("grid", "order", "pk")

    def with_spot(self):
        """Return them with where each is on the map: ``x`` and ``y`` in degrees, None where nobody knows. It is the point's own place,
        else that of what it stands at."""
        places = ("", "premises__", "facility__", "entrance__")
        found = {
            name: Coalesce(*(f"{place}{column}" for place in places))
            for name, column in (("x", "longitude"), ("y", "latitude"))
        }
        return self.annotate(**found)

    def on_the_map(self):
        """Return those of which one knows where they are, with their ``x`` and ``y``."""
        return self.with_spot().filter(x__isnull=False, y__isnull=False)

    def off_the_map(self):
        """Return those of which nobody knows where they are."""
        return self.with_spot().filter(Q(x=None) | Q(y=None))


class Sooner(models.Func):
    """A day, so many days earlier."""

    template = "(%(expressions)s)"
    arg_joiner = " - "
    output_field = models.DateField()


class Standing(models.TextChoices):
    """How a point stands on a day: whether it was looked at, and whether its turn has come."""

    PAST = "past", "已停用"
    TODAY = "today", "今天已看"
    NEGLECTED = "neglected", "久未查看"
    DUE = "due", "到期未看"
    LATER = "later", "没到时间"


class PatrolPoint(Pointed):
    """Somewhere on the round (巡查点位). ``looked_on`` is the last day it was looked at, kept by the ticks, and ``due_on`` the day from
    which its turn comes again; the database derives it."""

    name = models.CharField("点位", max_length=60, help_text="例如：3 号楼地下车棚。")
    items = models.ManyToManyField(PatrolItem, verbose_name="看什么", blank=True, related_name="+")
    words = models.CharField("还要看", max_length=200, blank=True, help_text="清单里没有的，写在这里。")
    every = models.PositiveSmallIntegerField("几天看一次", default=1)
    order = models.PositiveSmallIntegerField(
        "巡查顺序", default=0, help_text="从小到大走，相同的按登记先后。"
    )
    facility = models.ForeignKey(
        Facility, models.PROTECT, null=True, blank=True, verbose_name="所在设施", related_name="patrol_points"
    )
    premises = models.ForeignKey(
        Premises, models.PROTECT, null=True, blank=True, verbose_name="所在场所", related_name="patrol_points"
    )
    entrance = models.ForeignKey(
        Entrance, models.PROTECT, null=True, blank=True, verbose_name="所在楼门", related_name="patrol_points"
    )
    since = models.DateField("启用日期", default=timezone.localdate)
    until = models.DateField(
        "停用日期", null=True, blank=True, help_text="到这一天为止。不再巡查的，填今天。"
    )
    looked_on = models.DateField("最近查看", null=True, editable=False)
    due_on = models.GeneratedField(
        expression=Coalesce(
            models.ExpressionWrapper(F("looked_on") + F("every"), output_field=models.DateField()), F("since")
        ),
        output_field=models.DateField(),
        db_persist=True,
        verbose_name="下次应看",
    )
    history = HistoricalRecords(excluded_fields=["looked_on", "due_on", *DERIVED])

    objects = PatrolPointQuerySet.as_manager()
    rule = Jurisdiction()

    class Meta:
        verbose_name = verbose_name_plural = "巡查点位"
        ordering = ["grid", "order", "pk"]
        permissions = [("look_patrolpoint", "巡查点位打勾"), ("export_patrolpoint", "导出巡查点位")]
        indexes = [
            models.Index(fields=["district_code", "grid", "order", "id"], name="patrolpoint_district"),
            models.Index(fields=["street_code", "grid", "order", "id"], name="patrolpoint_street"),
            models.Index(fields=["community_code", "grid", "order", "id"], name="patrolpoint_community"),
            models.Index(fields=["grid", "order", "id"], name="patrolpoint_grid"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["grid", "name"],
                condition=Q(until=None),
                name="patrolpoint_once",
                violation_error_message="这个网格里已有同名的点位。",
            ),
            models.CheckConstraint(
                condition=~Q(name=""), name="patrolpoint_named", violation_error_message="请填写点位。"
            ),
            models.CheckConstraint(
                condition=Q(every__gte=1, every__lte=366),
                name="patrolpoint_every",
                violation_error_message="几天看一次，请填 1 到 366。",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="patrolpoint_term",
                violation_error_message="停用日期不能早于启用日期。",
            ),
            models.CheckConstraint(
                condition=Q(facility=None, premises=None)
                | Q(facility=None, entrance=None)
                | Q(premises=None, entrance=None),
                name="patrolpoint_at_one",
                violation_error_message="所在设施、场所、楼门只选一个。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_current(self) -> bool:
        today = timezone.localdate()
        return self.since <= today and (self.until is None or self.until >= today)

    def standing(self, today: date | None = None) -> Standing:
        """Return how it stands on a day (today when None), as ``due`` and ``neglected`` count it."""
        day = today or timezone.localdate()
        if not (self.since <= day and (self.until is None or self.until >= day)):
            return Standing.PAST
        if self.looked_on == day:
            return Standing.TODAY
        if self.due_on <= day - timedelta(days=self.every):
            return Standing.NEGLECTED
        return Standing.DUE if self.due_on <= day else Standing.LATER

    @property
    def stands_at(self) -> Any:
        """What it stands at: a facility, premises or an entrance; None where it is none of these."""
        return self.facility or self.premises or self.entrance


class Patrol(Territorial):
    """One round (巡查) of one person in one grid, her own note. It begins with the first tick of a day; when it began and ended is what
    she writes down, if she does."""

    by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="巡查人", related_name="+")
    day = models.DateField("日期")
    began_at = models.TimeField("开始", null=True, blank=True)
    ended_at = models.TimeField("结束", null=True, blank=True)
    note = models.CharField("小结", max_length=300, blank=True)
    finished_at = models.DateTimeField("收工时间", null=True, editable=False)

    rule = OwnOnly(own=[Own("by", frozenset({"view"}), "本人的巡查")])

    class Meta:
        verbose_name = verbose_name_plural = "巡查"
        ordering = ["-day", "-pk"]
        indexes = [models.Index(fields=["by", "-day", "-id"], name="patrol_by")]
        constraints = [
            models.UniqueConstraint(
                fields=["by", "grid", "day"],
                condition=Q(finished_at=None),
                name="patrol_one_open",
                violation_error_message="这一天的巡查还没有收工。",
            ),
            models.CheckConstraint(
                condition=Q(began_at=None) | Q(ended_at=None) | Q(ended_at__gte=F("began_at")),
                name="patrol_ends_later",
                violation_error_message="结束时间不能早于开始时间。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} 巡查"


class PatrolTick(AppendOnly, Territorial):
    """One point looked at (巡查记录). It is written once and never changed; ``looked_at`` is when it was, as the phone noted it, and
    ``day`` its local day. A finding that was passed on keeps the matter it became."""

    class Outcome(models.TextChoices):
        FINE = "fine", "正常"
        MENDED = "mended", "有问题，当场处理好了"
        PASSED = "passed", "有问题，已上报"

    point = models.ForeignKey(PatrolPoint, models.PROTECT, verbose_name="点位", related_name="ticks")
    patrol = models.ForeignKey(Patrol, models.PROTECT, verbose_name="巡查", related_name="ticks")
    outcome = models.CharField("情况", max_length=8, choices=Outcome.choices)
    words = models.CharField("说明", max_length=500, blank=True)
    looked_at = models.DateTimeField("查看时间", default=timezone.now)
    day = models.DateField("日期")
    recorded_at = models.DateTimeField("记录时间", default=timezone.now)
    content_type = models.ForeignKey(
        ContentType, models.PROTECT, null=True, verbose_name="转为", related_name="+"
    )
    object_id = models.BigIntegerField("转为的事项", null=True)
    number = models.CharField("事项编号", max_length=40, blank=True)
    token = models.CharField("标识", max_length=60, unique=True, default=tick_token, editable=False)

    rule = Jurisdiction()

    class Meta:
        verbose_name = verbose_name_plural = "巡查记录"
        ordering = ["-day", "-pk"]
        permissions = [("export_patroltick", "导出巡查记录")]
        # The day and the point in one index: the list reads its order, the coverage of a span nothing else.
        indexes = [
            models.Index(
                fields=["district_code", "-day", "-id"], include=["point"], name="patroltick_district"
            ),
            models.Index(fields=["street_code", "-day", "-id"], include=["point"], name="patroltick_street"),
            models.Index(
                fields=["community_code", "-day", "-id"], include=["point"], name="patroltick_community"
            ),
            models.Index(fields=["grid", "-day", "-id"], include=["point"], name="patroltick_grid"),
            models.Index(
                fields=["content_type", "object_id"],
                name="patroltick_matter",
                condition=Q(content_type__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(looked_at__lte=F("recorded_at")),
                name="patroltick_not_ahead",
                violation_error_message="查看时间不能晚于现在。",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="mended") | ~Q(words=""),
                name="patroltick_mended_how",
                violation_error_message="请写明发现了什么、怎样处理的。",
            ),
            models.CheckConstraint(
                condition=Q(outcome="passed", content_type__isnull=False, object_id__isnull=False)
                | ~Q(outcome="passed") & Q(content_type=None, object_id=None),
                name="patroltick_passed_on",
                violation_error_message="上报的要连着它转成的事项。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.point} {self.day} {self.get_outcome_display()}"

    @property
    def matter(self) -> Matter | None:
        """The matter that it became, None where nothing was passed on. Costs a query."""
        return matter_of(self)


class PatrolPhoto(Photo):
    """A picture of what was mended on the spot; what was passed on has its pictures at the incident."""

    tick = models.ForeignKey(PatrolTick, models.PROTECT, verbose_name="巡查记录", related_name="photos")

    rule = Through("tick", view="view")

    class Meta(Photo.Meta):
        verbose_name = verbose_name_plural = "巡查照片"


def matter_of(row: Any) -> Matter | None:
    """Return the matter that a row with ``content_type`` and ``object_id`` became, None where it became none. Costs a query."""
    if row.content_type_id is None:
        return None
    return row.content_type.model_class()._base_manager.filter(pk=row.object_id).first()
