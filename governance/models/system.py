"""Settings that a district changes at run time, and the marks that keep machines honest."""

from django.db import models
from django.utils import timezone

from governance.permissions import DistrictWide, OwnOnly, RestrictedQuerySet


class Parameter(models.Model):
    """A value the district has set in place of the labelled default in governance/parameters.py."""

    key = models.CharField("参数", max_length=60, primary_key=True)
    value = models.JSONField("取值")
    changed_at = models.DateTimeField("修改时间", auto_now=True)

    objects = RestrictedQuerySet.as_manager()
    rule = DistrictWide()

    class Meta:
        verbose_name = verbose_name_plural = "运行参数"
        ordering = ["key"]

    def __str__(self) -> str:
        return self.key


class Heartbeat(models.Model):
    """When a machine last showed that it works; /healthz reads it."""

    name = models.CharField("名称", max_length=40, primary_key=True)
    at = models.DateTimeField("时间", default=timezone.now)

    objects = RestrictedQuerySet.as_manager()
    rule = DistrictWide()

    class Meta:
        verbose_name = verbose_name_plural = "运行心跳"

    def __str__(self) -> str:
        return self.name


class IdempotencyKey(models.Model):
    """The answer to a request that created something, kept so that a resent request gets the same one."""

    user = models.ForeignKey("governance.User", models.CASCADE, related_name="+", verbose_name="调用人")
    key = models.CharField("幂等键", max_length=80)
    fingerprint = models.CharField("请求摘要", max_length=64)
    status = models.PositiveSmallIntegerField("应答状态", null=True)
    body = models.JSONField("应答", null=True)
    created_at = models.DateTimeField("时间", default=timezone.now)

    objects = RestrictedQuerySet.as_manager()
    rule = OwnOnly()

    class Meta:
        verbose_name = verbose_name_plural = "接口幂等键"
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_once"),
        ]
        indexes = [models.Index(fields=["created_at"])]

    def __str__(self) -> str:
        return self.key
