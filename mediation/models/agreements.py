"""What the parties agree: versions of the agreement, its terms, who has confirmed it, and its confirmation by the court."""

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from governance.permissions import RestrictedQuerySet, Through
from mediation.models.disputes import Disputant, Dispute


class AgreementQuerySet(RestrictedQuerySet):
    def to_confirm(self, user):
        """Return the newest versions, not in effect, that a person has not confirmed for herself."""
        later = Agreement.objects.filter(dispute=OuterRef("dispute"), version__gt=OuterRef("version"))
        hers = Confirmation.objects.filter(agreement=OuterRef("pk"), disputant__user=user)
        return self.filter(~Exists(later), ~Exists(hers), effective_at=None, dispute__disputants__user=user)


class Agreement(models.Model):
    """One version of an agreement (调解协议). What was once put before the parties is never changed; what changes is a new
    version, which each party confirms anew (People's Mediation Law, articles 28 to 30)."""

    class Form(models.TextChoices):
        WRITTEN = "written", "书面"
        ORAL = "oral", "口头"

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="agreements", verbose_name="纠纷")
    version = models.PositiveSmallIntegerField("版本", editable=False)
    form = models.CharField("形式", max_length=8, choices=Form.choices, default=Form.WRITTEN)
    facts = models.TextField("纠纷主要事实和争议事项", max_length=3000)
    duties = models.TextField("各方当事人的责任", max_length=2000)
    copies = models.PositiveSmallIntegerField("份数", default=3)
    drafted_at = models.DateTimeField("拟定时间", default=timezone.now)
    drafted_by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="拟定人", related_name="+")
    signed_by = models.ForeignKey(
        "governance.User",
        models.PROTECT,
        null=True,
        verbose_name="签名的调解员",
        related_name="+",
        editable=False,
    )
    effective_at = models.DateTimeField("生效时间", null=True, editable=False)

    objects = AgreementQuerySet.as_manager()
    rule = Through("dispute", view="view", follow="follow")

    class Meta:
        verbose_name = verbose_name_plural = "调解协议"
        ordering = ["dispute", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["dispute", "version"],
                name="agreement_version",
                violation_error_message="这个版本已有。",
            ),
            models.CheckConstraint(
                condition=Q(effective_at=None) | Q(signed_by__isnull=False),
                name="agreement_signed",
                violation_error_message="协议须由调解员签名。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_form_display()}协议 第 {self.version} 版"


class TermQuerySet(RestrictedQuerySet):
    def unperformed(self, day):
        """Return what agreements in effect ask for by a day, and what was not done yet or not wholly, of open files."""
        return (
            self.exclude(state=Term.State.DONE)
            .filter(
                due_on__lte=day, agreement__effective_at__isnull=False, agreement__dispute__closed_at=None
            )
            .order_by("due_on", "pk")
        )

    def mediated_by(self, user):
        """Return the terms of the disputes that a person mediates now."""
        return self.filter(agreement__dispute__in=Dispute.objects.mediated_by(user))


class Term(models.Model):
    """One thing agreed, with way, place and deadline of its performance."""

    class State(models.TextChoices):
        PENDING = "pending", "待履行"
        PARTIAL = "partial", "部分履行"
        DONE = "done", "已履行"
        DEFAULTED = "defaulted", "没有履行"

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="terms", verbose_name="调解协议")
    order = models.PositiveSmallIntegerField("次序")
    content = models.CharField("内容", max_length=500)
    way = models.CharField("履行方式", max_length=200)
    place = models.CharField("履行地点", max_length=120)
    due_on = models.DateField("履行期限")
    amount = models.DecimalField("金额（元）", max_digits=14, decimal_places=2, null=True, blank=True)
    state = models.CharField(
        "履行", max_length=10, choices=State.choices, default=State.PENDING, editable=False
    )
    performed_on = models.DateField("履行日期", null=True, editable=False)

    objects = TermQuerySet.as_manager()
    rule = Through("agreement", view="view", follow="follow")

    class Meta:
        verbose_name = verbose_name_plural = "协议条款"
        ordering = ["agreement", "order"]
        indexes = [models.Index(fields=["due_on"], name="term_due", condition=~Q(state="done"))]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "order"], name="term_order", violation_error_message="次序重复。"
            )
        ]

    def __str__(self) -> str:
        return f"第 {self.order} 条"


class Confirmation(models.Model):
    """That one party has confirmed one version of an agreement."""

    class Means(models.TextChoices):
        PAGE = "page", "本人在手机上确认"
        PAPER = "paper", "签字的纸质协议"

    agreement = models.ForeignKey(
        Agreement, models.PROTECT, related_name="confirmations", verbose_name="调解协议"
    )
    disputant = models.ForeignKey(Disputant, models.PROTECT, related_name="+", verbose_name="当事人")
    means = models.CharField("方式", max_length=8, choices=Means.choices)
    at = models.DateTimeField("时间", default=timezone.now)
    by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="办理人", related_name="+")

    objects = RestrictedQuerySet.as_manager()
    rule = Through("agreement", view="view", follow="follow")

    class Meta:
        verbose_name = verbose_name_plural = "协议确认"
        ordering = ["agreement", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "disputant"],
                name="confirmation_once",
                violation_error_message="这位当事人已经确认过。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.disputant} {self.get_means_display()}"


class JudicialConfirmation(models.Model):
    """That the parties asked the court together to confirm their agreement, and what it said (司法确认; article 33)."""

    class Result(models.TextChoices):
        ASKED = "asked", "已申请"
        EFFECTIVE = "effective", "裁定有效"
        DISMISSED = "dismissed", "驳回申请"
        NOT_ACCEPTED = "not_accepted", "不予受理"
        WITHDRAWN = "withdrawn", "撤回申请"

    agreement = models.OneToOneField(
        Agreement, models.PROTECT, related_name="judicial", verbose_name="调解协议"
    )
    court = models.CharField("法院", max_length=60)
    asked_on = models.DateField("申请日期")
    asked_by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="办理人", related_name="+")
    result = models.CharField("结果", max_length=12, choices=Result.choices, default=Result.ASKED)
    ruling = models.CharField("裁定文号", max_length=60, blank=True)
    decided_on = models.DateField("裁定日期", null=True, blank=True)

    objects = RestrictedQuerySet.as_manager()
    rule = Through("agreement", view="view", follow="follow")

    class Meta:
        verbose_name = verbose_name_plural = "司法确认"
        ordering = ["-asked_on"]

    def __str__(self) -> str:
        return self.get_result_display()
