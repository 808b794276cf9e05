"""What comes in by the front door, and what the portal tells people."""

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils import timezone

from governance.models.base import Territorial
from governance.models.matters import Channel
from governance.models.people import PHONE
from governance.permissions import DistrictWide, Jurisdiction, Own, OwnOnly, RestrictedQuerySet


class Intake(Territorial):
    """One request as it came in, whatever it turned into. Source and the source's own id are unique together, so a
    repeat answers as the first time did."""

    source = models.CharField("来源系统", max_length=40)
    source_id = models.CharField("来源编号", max_length=100)
    channel = models.CharField("渠道", max_length=12, choices=Channel.choices)
    kind = models.CharField("类别", max_length=20)
    applicant = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="申请人账号", related_name="+"
    )
    applicant_name = models.CharField("申请人", max_length=40)
    applicant_phone = models.CharField("联系电话", max_length=11, validators=[PHONE])
    placed_by = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="代办人", related_name="+"
    )
    received_at = models.DateTimeField("收到时间", default=timezone.now)
    content_type = models.ForeignKey(
        ContentType, models.PROTECT, null=True, verbose_name="事项类别", related_name="+"
    )
    object_id = models.BigIntegerField("事项", null=True)
    number = models.CharField("事项编号", max_length=40, blank=True)
    title = models.CharField("标题", max_length=80, blank=True)
    referred_from = models.CharField("转自事项", max_length=40, blank=True)
    is_confidential = models.BooleanField("保密", default=False)
    matter = GenericForeignKey("content_type", "object_id")

    rule = Jurisdiction(
        when=Q(is_confidential=False),
        own=[
            Own("applicant", frozenset({"view"}), "申请人"),
            Own("placed_by", frozenset({"view"}), "代办人"),
        ],
    )

    class Meta:
        verbose_name = verbose_name_plural = "来件"
        ordering = ["-received_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_id"],
                name="intake_once",
                violation_error_message="这一来件已经收过。",
            ),
        ]
        indexes = [
            models.Index(fields=["applicant", "-received_at"]),
            models.Index(fields=["placed_by", "-received_at"]),
            models.Index(fields=["applicant_phone"]),
            models.Index(fields=["community_code", "-received_at"]),
            models.Index(fields=["content_type", "object_id"]),
            models.Index(fields=["number"], name="intake_number"),
            models.Index(
                fields=["referred_from"], name="intake_referred_from", condition=~models.Q(referred_from="")
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"{self.source} {self.source_id}"


class Notice(models.Model):
    """A message to one person inside the portal."""

    recipient = models.ForeignKey(
        "governance.User", models.CASCADE, verbose_name="收件人", related_name="notices"
    )
    title = models.CharField("标题", max_length=80)
    body = models.CharField("内容", max_length=300, blank=True)
    number = models.CharField("事项编号", max_length=40, blank=True)
    url = models.CharField("链接", max_length=200, blank=True)
    created_at = models.DateTimeField("时间", default=timezone.now)
    read_at = models.DateTimeField("已读", null=True)

    objects = RestrictedQuerySet.as_manager()
    rule = OwnOnly(own=[Own("recipient", frozenset({"view", "change"}), "收件人")])

    class Meta:
        verbose_name = verbose_name_plural = "通知"
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["recipient", "-created_at"]),
            models.Index(fields=["recipient"], condition=models.Q(read_at=None), name="notice_unread"),
        ]

    def __str__(self) -> str:
        return self.title


class TextMessage(models.Model):
    """A text message on its way to a phone: queued in the transaction of the change, sent by the worker."""

    class Status(models.TextChoices):
        QUEUED = "queued", "待发送"
        SENT = "sent", "已发送"
        FAILED = "failed", "发送失败"

    phone = models.CharField("手机号", max_length=11)
    body = models.CharField("内容", max_length=300)
    status = models.CharField("状态", max_length=8, choices=Status.choices, default=Status.QUEUED)
    created_at = models.DateTimeField("时间", default=timezone.now)
    sent_at = models.DateTimeField("发送时间", null=True)
    failure = models.CharField("失败原因", max_length=200, blank=True)

    objects = RestrictedQuerySet.as_manager()
    rule = DistrictWide()

    class Meta:
        verbose_name = verbose_name_plural = "短信"
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["-created_at"]),
            models.Index(fields=["phone", "-created_at"], name="textmessage_phone"),
        ]

    def __str__(self) -> str:
        return f"{self.phone[-4:]} {self.get_status_display()}"
