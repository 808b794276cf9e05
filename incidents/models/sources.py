"""Where incidents come from by machine: hotlines, higher levels, devices, apps that speak Open311."""

from django.db import models
from django.utils import timezone

from governance.models import AppendOnly
from governance.models.matters import Channel
from governance.permissions import DistrictWide, RestrictedQuerySet


class Source(models.Model):
    """One system that may send incidents: its account and key, how often it may send, and whether it may now."""

    key = models.SlugField("标识", max_length=30, unique=True, help_text="写进来件编号，启用后不要改。")
    name = models.CharField("来源系统", max_length=60, unique=True)
    channel = models.CharField("渠道", max_length=12, choices=Channel.choices, default=Channel.DEVICE)
    account = models.OneToOneField(
        "governance.User",
        models.PROTECT,
        verbose_name="系统账号",
        related_name="incident_source",
        editable=False,
    )
    is_active = models.BooleanField("启用", default=True)
    per_minute = models.PositiveSmallIntegerField(
        "每分钟最多", default=60, help_text="次。超过的会被拒绝，对方过一会儿再发。"
    )
    key_digest = models.CharField("密钥摘要", max_length=64, blank=True, editable=False)
    key_made_at = models.DateTimeField("密钥生成时间", null=True, editable=False)
    last_used_at = models.DateTimeField("最近一次来件", null=True, editable=False)

    objects = RestrictedQuerySet.as_manager()
    rule = DistrictWide()

    class Meta:
        verbose_name = verbose_name_plural = "来源系统"
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(
                fields=["key_digest"],
                name="source_key_once",
                condition=~models.Q(key_digest=""),
                violation_error_message="密钥重复，请重新生成。",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SourceCall(AppendOnly):
    """One request of a source, as it was answered: for the log of the system administrator. No personal data."""

    source = models.ForeignKey(Source, models.PROTECT, verbose_name="来源系统", related_name="calls")
    at = models.DateTimeField("时间", default=timezone.now)
    reference = models.CharField("来源编号", max_length=100, blank=True)
    answer = models.PositiveSmallIntegerField("应答", help_text="HTTP 状态")
    words = models.CharField("结果", max_length=200, blank=True)

    objects = RestrictedQuerySet.as_manager()
    rule = DistrictWide()

    class Meta:
        verbose_name = verbose_name_plural = "接口日志"
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["source", "-at"], name="sourcecall_source"),
            models.Index(fields=["-at", "-id"], name="sourcecall_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {timezone.localtime(self.at):%Y-%m-%d %H:%M:%S} {self.answer}"
