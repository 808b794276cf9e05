"""The rhythm of the work: what a centre talks over each day and each week (日研判、周调度), and what it tells each month (月通报)."""

from datetime import date, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from governance.confidential import Confidential
from governance.models.base import DERIVED, Territorial
from governance.periods import Period
from governance.permissions import Jurisdiction, Published, RestrictedQuerySet
from mediation.models.centres import Centre


class Rhythm(models.TextChoices):
    DAY = "day", "日研判"
    WEEK = "week", "周调度"

    def period(self, on: date) -> Period:
        """Return the days that it covers: the day itself, or its week from Monday to Sunday."""
        if self is Rhythm.DAY:
            return Period(on, on)
        monday = on - timedelta(days=on.weekday())
        return Period(monday, monday + timedelta(days=6))


class Review(Territorial):
    """What a centre talked over (研判记录). It may speak of single cases, so it stays with the centre: no post above reads it.

    ``figures``: the table's total line as it was then, column -> number.
    """

    centre = models.ForeignKey(Centre, models.PROTECT, related_name="reviews", verbose_name="矛调中心")
    rhythm = models.CharField("种类", max_length=4, choices=Rhythm.choices)
    since = models.DateField("从")
    until = models.DateField("到")
    attendees = models.CharField("参加人员", max_length=200)
    points = models.TextField("研判意见和安排", max_length=4000)
    figures = models.JSONField("数字", default=dict, editable=False)
    held_by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="主持人", related_name="+")
    held_at = models.DateTimeField("记录时间", auto_now_add=True)
    history = HistoricalRecords(excluded_fields=DERIVED)

    rule = Confidential(seat="grid", keeper="view", figures=frozenset())

    class Meta:
        verbose_name = verbose_name_plural = "研判记录"
        ordering = ["-since", "-pk"]
        indexes = [models.Index(fields=["grid", "-since", "-id"], name="review_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["centre", "rhythm", "since"],
                name="review_once",
                violation_error_message="这一天（周）的研判已经记录，请在原记录上修改。",
            ),
            models.CheckConstraint(
                condition=Q(until__gte=F("since")),
                name="review_days",
                violation_error_message="截止日期不能早于起始日期。",
            ),
            models.CheckConstraint(
                condition=Q(rhythm__in=Rhythm.values),
                name="review_rhythm",
                violation_error_message="请选择日研判或周调度。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_rhythm_display()} {self.period}"

    @property
    def period(self) -> Period:
        return Period(self.since, self.until)


class BulletinQuerySet(RestrictedQuerySet):
    def in_force(self):
        """Return those that were not withdrawn."""
        return self.filter(withdrawn_at=None)


class Bulletin(Territorial):
    """The figures of a centre's month with its judgement on them (月通报): no names, no single case.

    Posts above read it as everything below them; posts at or below its place read it because it is addressed to them.
    ``figures``: ``total``, ``before`` (the month before), each column -> number, and ``categories`` and ``places``, lists of
    name and numbers, as they were when it was issued.
    """

    centre = models.ForeignKey(Centre, models.PROTECT, related_name="bulletins", verbose_name="矛调中心")
    month = models.DateField("月份")
    number = models.PositiveSmallIntegerField("期号")
    situation = models.TextField("基本情况", max_length=2000)
    demands = models.TextField("下一步要求", max_length=2000)
    figures = models.JSONField("数字", default=dict)
    issued_by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="签发人", related_name="+")
    issued_at = models.DateTimeField("签发时间")
    withdrawn_at = models.DateTimeField("撤回时间", null=True)
    withdrawn_by = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="撤回人", related_name="+"
    )
    withdrawn_reason = models.CharField("撤回理由", max_length=200, blank=True)

    objects = BulletinQuerySet.as_manager()
    rule = Jurisdiction(
        published=[Published(frozenset({"view"}), to="grid", holding="view", label="发给下级的通报")]
    )

    class Meta:
        verbose_name = verbose_name_plural = "月通报"
        ordering = ["-month", "-issued_at", "-pk"]
        indexes = [
            models.Index(fields=["-month", "-issued_at", "-id"], name="bulletin_newest"),
            models.Index(fields=["grid"], name="bulletin_grid"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["centre", "month"],
                condition=Q(withdrawn_at=None),
                name="bulletin_one_in_force",
                violation_error_message="这个月的通报已经签发。内容有误的，先撤回再重新签发。",
            ),
            models.CheckConstraint(
                condition=Q(month__day=1),
                name="bulletin_month",
                violation_error_message="月份请填当月一日。",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | ~Q(withdrawn_reason=""),
                name="bulletin_withdrawn_why",
                violation_error_message="撤回须写明理由。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.centre} {self.month.year}年第{self.number}期"

    @property
    def period(self) -> Period:
        return month_of(self.month)

    def get_absolute_url(self) -> str:
        return reverse("admin:mediation_bulletin_change", args=[self.pk])


def month_of(day: date) -> Period:
    """Return the whole month in which a day lies."""
    first = day.replace(day=1)
    return Period(first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1))


def ready_figures(values: dict[str, Any]) -> dict[str, Any]:
    """Return a line's numbers as they can be kept: amounts as text."""
    return {name: value if isinstance(value, int) else str(value) for name, value in values.items()}
