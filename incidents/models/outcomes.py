"""How incidents ended, in lines that never change: closings, and the calls back that ask how content the reporter is."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from governance.models import AppendOnly, Territorial
from governance.models.matters import Channel
from governance.permissions import Jurisdiction, Published, RestrictedQuerySet
from incidents.models.catalogue import MinorClass
from incidents.models.incidents import Incident, Satisfaction


class Closing(AppendOnly, Territorial):
    """One closing of an incident, as it was then. Figures for past days count these lines, so they never change, whatever
    becomes of the incident; one that is opened again and closed again has two."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="closings", verbose_name="事件")
    at = models.DateTimeField("结案时间", default=timezone.now)
    opened_at = models.DateTimeField("提交时间")
    handled_at = models.DateTimeField("处置完成时间")
    due_at = models.DateTimeField("处置时限", null=True)
    on_time = models.BooleanField("按时")
    minor_class = models.ForeignKey(MinorClass, models.PROTECT, verbose_name="小类", related_name="+")
    unit = models.ForeignKey(
        "governance.Unit", models.PROTECT, null=True, verbose_name="承办单位", related_name="+"
    )
    worker = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="承办网格员", related_name="+"
    )
    channel = models.CharField("来源", max_length=12, choices=Channel.choices)
    verified_by = models.ForeignKey(
        "governance.User", models.PROTECT, verbose_name="核查人", related_name="+"
    )

    objects = RestrictedQuerySet.as_manager()
    rule = Jurisdiction(unit="unit", published=[Published(frozenset({"count"}), label="公开的统计")])

    class Meta:
        verbose_name = verbose_name_plural = "结案记录"
        ordering = ["-at", "-pk"]
        permissions = [("count_closing", "公开统计")]
        indexes = [
            models.Index(fields=["district_code", "at"], name="closing_district"),
            models.Index(fields=["street_code", "at"], name="closing_street"),
            models.Index(fields=["community_code", "at"], name="closing_community"),
            models.Index(fields=["unit", "at"], name="closing_unit", condition=Q(unit__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(at__gte=F("opened_at")),
                name="closing_after_opening",
                violation_error_message="结案时间不能早于提交时间。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.incident} {timezone.localtime(self.at):%Y-%m-%d %H:%M}"


class Callback(AppendOnly, Territorial):
    """One call back to the reporter after the closing (回访): whether she was reached, whether it is solved, how content she
    is. The rates of resolution and satisfaction count these lines."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="callbacks", verbose_name="事件")
    at = models.DateTimeField("回访时间", default=timezone.now)
    by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="回访人", related_name="+")
    reached = models.BooleanField("联系上了")
    solved = models.BooleanField("诉求已解决", null=True)
    satisfaction = models.PositiveSmallIntegerField("满意度", null=True, choices=Satisfaction.choices)
    counted = models.BooleanField("纳入考核", default=True)
    words = models.CharField("回访内容", max_length=500, blank=True)
    minor_class = models.ForeignKey(MinorClass, models.PROTECT, verbose_name="小类", related_name="+")
    unit = models.ForeignKey(
        "governance.Unit", models.PROTECT, null=True, verbose_name="承办单位", related_name="+"
    )
    channel = models.CharField("来源", max_length=12, choices=Channel.choices)

    objects = RestrictedQuerySet.as_manager()
    rule = Jurisdiction(unit="unit", published=[Published(frozenset({"count"}), label="公开的统计")])

    class Meta:
        verbose_name = verbose_name_plural = "回访记录"
        ordering = ["-at", "-pk"]
        permissions = [("count_callback", "公开统计")]
        indexes = [
            models.Index(fields=["district_code", "at"], name="callback_district"),
            models.Index(fields=["street_code", "at"], name="callback_street"),
            models.Index(fields=["community_code", "at"], name="callback_community"),
            models.Index(fields=["unit", "at"], name="callback_unit", condition=Q(unit__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(reached=False, solved=None, satisfaction=None)
                | Q(reached=True, solved__isnull=False, satisfaction__isnull=False),
                name="callback_answered",
                violation_error_message="联系上了就要记下是否解决和满意度；没联系上就都不填。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.incident} {timezone.localtime(self.at):%Y-%m-%d %H:%M}"
