"""The papers of a case file as they were issued, and the sealed file."""

import secrets
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from governance.permissions import RestrictedQuerySet, Through
from mediation.models.disputes import Dispute, Retention


def paper_token() -> str:
    """Return an unguessable name for a stored document."""
    return secrets.token_urlsafe(18)


def paper_path(paper: "Paper", filename: str) -> str:
    """Return where a document is stored."""
    return f"mediation/paper/{timezone.localdate():%Y/%m}/{paper.token}.docx"


class PaperQuerySet(RestrictedQuerySet):
    def within_reach(self, user: Any):
        """Return the papers that ``user`` may have: all of a file that she may view, and of one to which she is a party those
        that are meant for her."""
        for_her = (
            self.restrict(user, "follow").filter(kind__in=FOR_PARTIES).values("pk")
            if user.is_authenticated
            else self.none().values("pk")
        )
        return self.filter(Q(pk__in=self.restrict(user).values("pk")) | Q(pk__in=for_her))


class Paper(models.Model):
    """A document of the file that was issued: who took it out, when, and what exactly it said."""

    class Kind(models.TextChoices):
        """In the customary order of a file."""

        COVER = "cover", "卷宗封面和目录"
        APPLICATION = "application", "人民调解申请书"
        ACCEPTANCE = "acceptance", "人民调解受理登记表"
        RIGHTS = "rights", "权利义务告知书"
        AUTHORISATION = "authorisation", "授权委托书"
        INQUIRY = "inquiry", "调查记录"
        SESSION = "session", "调解记录"
        AGREEMENT = "agreement", "人民调解协议书"
        ORAL = "oral", "口头协议登记表"
        RECEIPT = "receipt", "履行情况记录"
        FOLLOW_UP = "follow_up", "回访记录"
        JUDICIAL = "judicial", "司法确认申请书"
        TERMINATION = "termination", "终止调解通知书"
        CLOSING = "closing", "结案报告"
        BACK = "back", "卷宗封底"
        VOLUME = "volume", "整卷（合订本）"

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="papers", verbose_name="纠纷")
    kind = models.CharField("文书", max_length=16, choices=Kind.choices)
    token = models.CharField("标识", max_length=32, unique=True, default=paper_token, editable=False)
    file = models.FileField("文件", upload_to=paper_path, max_length=120)
    pages = models.PositiveSmallIntegerField("页数", editable=False)
    sha256 = models.CharField("摘要", max_length=64, editable=False)
    #: The copy that belongs to the sealed file.
    is_sealed = models.BooleanField("封存件", default=False, editable=False)
    issued_at = models.DateTimeField("出具时间", default=timezone.now)
    issued_by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="出具人", related_name="+")

    objects = PaperQuerySet.as_manager()
    rule = Through("dispute", view="view", follow="follow")

    class Meta:
        verbose_name = verbose_name_plural = "卷内文书"
        ordering = ["dispute", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dispute", "kind", "sha256", "is_sealed"],
                name="paper_once",
                violation_error_message="这份文书已经出具。",
            ),
            models.UniqueConstraint(
                fields=["dispute", "kind"],
                condition=Q(is_sealed=True),
                name="paper_one_sealed",
                violation_error_message="封存的文书每种一份。",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


#: What a party may have of her own file: the notices that are served on her, and what she has signed.
FOR_PARTIES = (Paper.Kind.RIGHTS, Paper.Kind.AGREEMENT, Paper.Kind.TERMINATION)


class ArchiveQuerySet(RestrictedQuerySet):
    def erasing(self):
        """Return the archives whose erasure was asked for and not decided."""
        return self.exclude(erase_asked_at=None).filter(erase_approved_at=None)


class Archive(models.Model):
    """A sealed file (归档): what was in it, by hashes of every row, picture and document, and for how long it is kept.

    From here on the database refuses every change to the file's rows, until its erasure was asked for by one person and
    approved by another. ``manifest`` holds hashes and no content.
    """

    dispute = models.OneToOneField(
        Dispute, models.PROTECT, related_name="archive", verbose_name="纠纷", editable=False
    )
    sealed_at = models.DateTimeField("封存时间", editable=False)
    sealed_by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="立卷人", related_name="+")
    pages = models.PositiveIntegerField("页数", editable=False)
    retention = models.CharField("保管期限", max_length=8, choices=Retention.choices)
    keep_until = models.DateField("保管至")
    manifest = models.JSONField("封存清单", editable=False)
    sha256 = models.CharField("封存摘要", max_length=64, editable=False)
    hold_reason = models.CharField("暂停销毁的原因", max_length=200, blank=True)
    held_at = models.DateTimeField("暂停销毁时间", null=True, editable=False)
    held_by = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="暂停销毁的人", related_name="+"
    )
    erase_asked_at = models.DateTimeField("申请销毁时间", null=True, editable=False)
    erase_asked_by = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="申请销毁的人", related_name="+"
    )
    erase_reason = models.CharField("销毁理由", max_length=200, blank=True)
    erase_approved_at = models.DateTimeField("批准销毁时间", null=True, editable=False)
    erase_approved_by = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="批准销毁的人", related_name="+"
    )
    erased_on = models.DateField("销毁日期", null=True, editable=False)

    objects = ArchiveQuerySet.as_manager()
    rule = Through("dispute", view="view", export="export", change="direct", erase="erase")

    class Meta:
        verbose_name = verbose_name_plural = "卷宗档案"
        ordering = ["-sealed_at"]
        indexes = [
            models.Index(
                fields=["erase_asked_at"],
                name="archive_erasing",
                condition=Q(erase_asked_at__isnull=False, erase_approved_at=None),
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(hold_reason="", held_at=None, held_by=None)
                | ~Q(hold_reason="") & Q(held_at__isnull=False, held_by__isnull=False),
                name="archive_hold",
                violation_error_message="暂停销毁须写明原因。",
            ),
            models.CheckConstraint(
                condition=Q(erase_asked_at=None, erase_asked_by=None, erase_reason="")
                | ~Q(erase_reason="") & Q(erase_asked_at__isnull=False, erase_asked_by__isnull=False),
                name="archive_erasure_asked",
                violation_error_message="申请销毁须写明理由。",
            ),
            models.CheckConstraint(
                condition=Q(erase_approved_at=None, erase_approved_by=None)
                | Q(
                    erase_approved_at__isnull=False,
                    erase_approved_by__isnull=False,
                    erase_asked_by__isnull=False,
                    hold_reason="",
                )
                & ~Q(erase_approved_by=F("erase_asked_by")),
                name="archive_erasure_by_two",
                violation_error_message="销毁由一人申请、另一人批准，暂停销毁的不能批准。",
            ),
            models.CheckConstraint(
                condition=Q(erased_on=None)
                | Q(erased_on__gt=F("keep_until"), erase_approved_at__isnull=False),
                name="archive_erased_in_time",
                violation_error_message="保管期限未满，不能销毁。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dispute.case_number or self.dispute.number}"

    @property
    def is_expired(self) -> bool:
        """Whether the time for which it is kept has passed."""
        return timezone.localdate() > self.keep_until
