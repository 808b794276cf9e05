"""What mediators do with a dispute and write down: inquiries, sessions, their own notes, and visits afterwards."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from governance.permissions import Own, OwnOnly, RestrictedQuerySet, Through
from mediation.models.disputes import Disputant, Dispute


class Inquiry(models.Model):
    """An investigation record (调查记录)."""

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="inquiries", verbose_name="纠纷")
    at = models.DateTimeField("调查时间")
    place = models.CharField("地点", max_length=120)
    asked = models.CharField("被调查人", max_length=60)
    relation = models.CharField("与当事人的关系", max_length=60, blank=True)
    record = models.TextField("记录", max_length=4000)
    by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="调查人", related_name="+")
    masked = {"asked": "name"}

    objects = RestrictedQuerySet.as_manager()
    rule = Through("dispute", view="view", contact="contact")

    class Meta:
        verbose_name = verbose_name_plural = "调查记录"
        ordering = ["dispute", "at", "pk"]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d} 调查记录"


class SessionMode(models.TextChoices):
    JOINT = "joint", "面对面"
    SEPARATE = "separate", "背对背"


class SessionQuerySet(RestrictedQuerySet):
    def planned(self):
        """Return the sessions that are still to be held, or to be written down."""
        return self.filter(state=Session.State.PLANNED).order_by("starts_at", "pk")

    def mediated_by(self, user):
        """Return the sessions of the disputes that a person mediates now."""
        return self.filter(dispute__in=Dispute.objects.mediated_by(user))


class Session(models.Model):
    """One session of mediation: planned, then held or called off (调解记录)."""

    class State(models.TextChoices):
        PLANNED = "planned", "已安排"
        HELD = "held", "已进行"
        CANCELLED = "cancelled", "已取消"

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="sessions", verbose_name="纠纷")
    mode = models.CharField("方式", max_length=8, choices=SessionMode.choices, default=SessionMode.JOINT)
    state = models.CharField(
        "状态", max_length=10, choices=State.choices, default=State.PLANNED, editable=False
    )
    starts_at = models.DateTimeField("时间")
    ends_at = models.DateTimeField("结束时间", null=True, blank=True)
    place = models.CharField("地点", max_length=120)
    invited = models.ManyToManyField(Disputant, verbose_name="请谁参加", related_name="+")
    present = models.ManyToManyField(Disputant, verbose_name="到场当事人", related_name="+", blank=True)
    others = models.CharField("其他参加人", max_length=200, blank=True)
    record = models.TextField("调解记录", max_length=4000, blank=True)
    by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="记录人", related_name="+")

    objects = SessionQuerySet.as_manager()
    rule = Through("dispute", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "调解记录"
        ordering = ["dispute", "starts_at", "pk"]
        indexes = [
            models.Index(fields=["starts_at"], name="session_planned", condition=Q(state="planned")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                name="session_ends_later",
                violation_error_message="结束时间要晚于开始时间。",
            ),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(mode="separate") | ~Q(record=""),
                name="session_recorded",
                violation_error_message="请写调解记录。",
            ),
            models.CheckConstraint(
                condition=Q(mode="joint") | Q(record=""),
                name="session_separate_kept_apart",
                violation_error_message="背对背调解的内容写在调解员本人的备忘里。",
            ),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.starts_at):%Y-%m-%d %H:%M} {self.get_mode_display()}"


class PrivateNote(models.Model):
    """What a mediator was told in a separate session: hers alone, and no part of the file."""

    session = models.ForeignKey(Session, models.PROTECT, related_name="notes", verbose_name="调解记录")
    author = models.ForeignKey("governance.User", models.PROTECT, verbose_name="调解员", related_name="+")
    words = models.TextField("备忘", max_length=4000)
    at = models.DateTimeField("时间", default=timezone.now)

    objects = RestrictedQuerySet.as_manager()
    rule = OwnOnly(own=[Own("author", frozenset({"view", "change"}), "本人")])

    class Meta:
        verbose_name = verbose_name_plural = "背对背备忘"
        ordering = ["session", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "author"],
                name="note_once",
                violation_error_message="这次谈话已有您的备忘。",
            )
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M}"


class FollowUp(models.Model):
    """A visit after the agreement (回访记录)."""

    class Performance(models.TextChoices):
        PENDING = "pending", "尚未到期"
        PARTIAL = "partial", "部分履行"
        DONE = "done", "已履行"
        DEFAULTED = "defaulted", "没有履行"

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="follow_ups", verbose_name="纠纷")
    at = models.DateTimeField("回访时间")
    visited = models.ForeignKey(Disputant, models.PROTECT, verbose_name="被回访人", related_name="+")
    performance = models.CharField("履行情况", max_length=10, choices=Performance.choices)
    is_satisfied = models.BooleanField("是否满意")
    #: 错调、激化、隐患.
    has_risk = models.BooleanField("有激化或其他隐患", default=False)
    measures = models.CharField("措施", max_length=500, blank=True)
    words = models.TextField("回访记录", max_length=2000)
    by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="回访人", related_name="+")

    objects = RestrictedQuerySet.as_manager()
    rule = Through("dispute", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "回访记录"
        ordering = ["dispute", "at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(has_risk=True) | ~Q(measures=""),
                name="follow_up_measures",
                violation_error_message="有隐患的，请写明采取的措施。",
            )
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d} 回访"
