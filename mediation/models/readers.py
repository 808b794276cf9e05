"""Who else has a file open, and the pictures in it: those called in, superiors who were shown it once, evidence and signed sheets."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from governance.models import AppendOnly, Photo
from governance.permissions import RestrictedQuerySet, Through
from mediation.models.disputes import Dispute


class Guest(models.Model):
    """Somebody of another unit who was called in to this file alone (会诊、邀请协助), until she is let go."""

    dispute = models.ForeignKey(Dispute, models.CASCADE, related_name="guests", verbose_name="纠纷")
    user = models.ForeignKey("governance.User", models.PROTECT, verbose_name="受邀人", related_name="+")
    body = models.CharField("单位", max_length=60, blank=True)
    since = models.DateTimeField("起", default=timezone.now)
    until = models.DateTimeField("止", null=True)

    objects = RestrictedQuerySet.as_manager()
    rule = Through("dispute", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "受邀人"
        ordering = ["dispute", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dispute", "user"],
                condition=Q(until=None),
                name="guest_once",
                violation_error_message="已经邀请了这个人。",
            )
        ]

    def __str__(self) -> str:
        return str(self.user)


class Viewing(AppendOnly):
    """That a superior was shown one file, for a reason and a time (调阅); its director was told."""

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="viewings", verbose_name="纠纷")
    user = models.ForeignKey("governance.User", models.PROTECT, verbose_name="调阅人", related_name="+")
    reason = models.CharField("理由", max_length=200)
    at = models.DateTimeField("时间", default=timezone.now)
    until = models.DateTimeField("可看至")

    rule = Through("dispute", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "调阅记录"
        ordering = ["-at"]
        indexes = [models.Index(fields=["user", "until"], name="viewing_running")]

    def __str__(self) -> str:
        return f"{self.user} {timezone.localtime(self.at):%Y-%m-%d %H:%M}"


class DisputePhoto(Photo):
    """A picture that belongs to a file: evidence, or a signed sheet that was scanned back."""

    may_be_kept = False

    class Kind(models.TextChoices):
        EVIDENCE = "evidence", "证据"
        IDENTITY = "identity", "身份证明"
        SIGNED = "signed", "签字的文书"
        PERFORMED = "performed", "履行凭证"

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="photos", verbose_name="纠纷")
    kind = models.CharField("材料", max_length=10, choices=Kind.choices, default=Kind.EVIDENCE)
    words = models.CharField("说明", max_length=60, blank=True)

    rule = Through("dispute", view="view")

    class Meta(Photo.Meta):
        verbose_name = verbose_name_plural = "卷宗照片"
