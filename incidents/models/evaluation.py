"""The evaluation of departments from below (下考上): what each street says of each department for a period, with the counts that
every figure is made of. What is published is frozen, by the database too."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from governance.models import AppendOnly, Matter, Post, Step, Territorial, User
from governance.permissions import (
    Jurisdiction,
    Published,
    RestrictedQuerySet,
    Through,
    holders,
    nearest_holders,
)


class EvaluationStatus(models.TextChoices):
    DRAFT = "draft", "待启动"
    SCORING = "scoring", "社区打分"
    REVIEW = "review", "街道复核"
    PUBLISHED = "published", "已公布"
    WITHDRAWN = "withdrawn", "已作废"


class Band(models.TextChoices):
    EXCELLENT = "excellent", "优秀"
    GOOD = "good", "良好"
    FAIR = "fair", "一般"


class Evaluation(Matter):
    """One street's evaluation of the departments for one period.

    Weights, thresholds and the share in the yearly appraisal are those that were in force when it was opened.
    """

    prefix = "PJ"
    masked = {}

    applicant_name = models.CharField("发起人", max_length=40, blank=True)
    applicant_phone = models.CharField("联系电话", max_length=11, blank=True)
    status = models.CharField("状态", max_length=16, choices=EvaluationStatus.choices, editable=False)
    period_from = models.DateField("考评期起")
    period_until = models.DateField("考评期止")

    # --- how it is computed ---
    weight_completion = models.PositiveSmallIntegerField("办结率权重", editable=False)
    weight_satisfaction = models.PositiveSmallIntegerField("满意度权重", editable=False)
    weight_felt = models.PositiveSmallIntegerField("服务感受权重", editable=False)
    excellent_from = models.PositiveSmallIntegerField("优秀线", editable=False)
    good_from = models.PositiveSmallIntegerField("良好线", editable=False)
    share = models.PositiveSmallIntegerField("占年度考核比重", editable=False)

    # --- how often the street blew ---
    whistles = models.PositiveIntegerField("本街道一次哨", default=0, editable=False)
    incidents = models.PositiveIntegerField("本街道事件", default=0, editable=False)
    district_whistles = models.PositiveIntegerField("全区一次哨", default=0, editable=False)
    district_incidents = models.PositiveIntegerField("全区事件", default=0, editable=False)
    published_at = models.DateTimeField("公布时间", null=True, editable=False)
    published_by = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="公布人", related_name="+", editable=False
    )

    rule = Jurisdiction(
        published=[
            # The street's communities give their scores while it asks for them, and go on seeing that they did.
            Published(frozenset({"give"}), Q(status="scoring"), "grid", "give", "请本社区打分"),
            Published(
                frozenset({"view"}),
                Q(status__in=["scoring", "review", "published"]),
                "grid",
                "give",
                "本社区参加打分",
            ),
        ]
    )

    class Meta(Matter.Meta):
        verbose_name = verbose_name_plural = "部门考评"
        permissions = [
            ("score_evaluation", "组织考评"),
            ("give_evaluation", "社区打分"),
            ("publish_evaluation", "公布考评"),
        ]
        constraints = [
            *Matter.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=EvaluationStatus.values),
                name="evaluation_status_known",
                violation_error_message="考评没有这个状态。",
            ),
            models.CheckConstraint(
                condition=Q(period_until__gte=F("period_from")),
                name="evaluation_period",
                violation_error_message="考评期止不能早于考评期起。",
            ),
            models.UniqueConstraint(
                fields=["grid", "period_from", "period_until"],
                condition=~Q(status="withdrawn"),
                name="evaluation_once",
                violation_error_message="这个街道已有同一考评期的考评。",
            ),
            models.CheckConstraint(
                condition=Q(weight_completion__gt=0) | Q(weight_satisfaction__gt=0) | Q(weight_felt__gt=0),
                name="evaluation_weighs_something",
                violation_error_message="三项权重不能都是 0。",
            ),
            models.CheckConstraint(
                condition=Q(excellent_from__gt=F("good_from")),
                name="evaluation_bands",
                violation_error_message="优秀线要高于良好线。",
            ),
            models.CheckConstraint(
                condition=~Q(status="published") | Q(published_at__isnull=False, published_by__isnull=False),
                name="evaluation_published_by_someone",
                violation_error_message="公布的考评须有公布人和时间。",
            ),
        ]

    def get_absolute_url(self) -> str:
        return self.get_desk_url()

    @property
    def period(self) -> str:
        """The period in words: 2026年7月1日至9月30日."""
        first, last = self.period_from, self.period_until
        year = "" if first.year == last.year else f"{last.year}年"
        return f"{first.year}年{first.month}月{first.day}日至{year}{last.month}月{last.day}日"

    def communities(self) -> models.QuerySet:
        """Return the people who may give a score for one of the street's communities."""
        posts = Post.objects.in_force().filter(
            street_code=self.grid_id,
            unit=None,
            role__permissions__codename="give_evaluation",
            role__permissions__content_type__app_label="incidents",
        )
        return User.objects.filter(is_active=True, pk__in=posts.values("user")).order_by("pk")

    def audience(self, key: str) -> list:
        if key == "communities":
            return list(self.communities())
        if key == "street":
            return list(nearest_holders("incidents.score_evaluation", self.grid_id))
        if key == "heads":
            return list(nearest_holders("incidents.publish_evaluation", self.grid_id))
        if key == "turn":
            return self.audience("communities" if self.status == EvaluationStatus.SCORING else "street")
        return super().audience(key)


class EvaluationStep(Step):
    """A step of an evaluation."""

    matter = models.ForeignKey(Evaluation, models.PROTECT, related_name="steps", verbose_name="部门考评")

    rule = Through("matter", view="view")

    class Meta(Step.Meta):
        verbose_name = verbose_name_plural = "考评记录"


class EvaluationScore(Territorial):
    """What one street says of one department: three parts, each by its counts, less the deductions.

    A part without a denominator does not count; its weight falls to the others. Without any part there is no total.
    """

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="scores", verbose_name="部门考评")
    unit = models.ForeignKey("governance.Unit", models.PROTECT, verbose_name="部门", related_name="+")

    completion_total = models.PositiveIntegerField("到期哨单", default=0)
    completion_done = models.PositiveIntegerField("按时办结并认可", default=0)
    #: The very slips that the two numbers count.
    slip_keys = ArrayField(models.BigIntegerField(), verbose_name="到期哨单编号", default=list)
    done_keys = ArrayField(models.BigIntegerField(), verbose_name="办结哨单编号", default=list)
    satisfaction_answered = models.PositiveIntegerField("回访和评价", default=0)
    satisfaction_satisfied = models.PositiveIntegerField("满意和基本满意", default=0)
    satisfaction_adjusted = models.PositiveSmallIntegerField("满意度调整为", null=True, blank=True)
    satisfaction_reason = models.CharField("调整理由", max_length=200, blank=True)
    felt_count = models.PositiveIntegerField("打分社区", default=0)
    felt_sum = models.PositiveIntegerField("打分合计", default=0)
    deducted = models.PositiveSmallIntegerField("扣分", default=0)
    total = models.DecimalField("总分", max_digits=4, decimal_places=1, null=True)
    band = models.CharField("等次", max_length=10, choices=Band.choices, blank=True)
    published_at = models.DateTimeField("公布时间", null=True)

    objects = RestrictedQuerySet.as_manager()
    #: A department finds its own, once it is out; the street and the district all along.
    rule = Jurisdiction(unit="unit", unit_when=Q(published_at__isnull=False))

    class Meta:
        verbose_name = verbose_name_plural = "考评结果"
        ordering = ["-evaluation__period_until", "grid", "unit__code"]
        permissions = [
            ("answer_evaluationscore", "答复考评结果"),
            ("export_evaluationscore", "导出考评结果"),
        ]
        indexes = [
            models.Index(fields=["district_code", "unit"], name="evaluationscore_district"),
            models.Index(fields=["street_code", "unit"], name="evaluationscore_street"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["evaluation", "unit"],
                name="evaluationscore_once",
                violation_error_message="这个部门已在本次考评里。",
            ),
            models.CheckConstraint(
                condition=Q(completion_done__lte=F("completion_total"))
                & Q(satisfaction_satisfied__lte=F("satisfaction_answered"))
                & Q(felt_sum__lte=F("felt_count") * 100),
                name="evaluationscore_parts_of_wholes",
                violation_error_message="分子不能大于分母。",
            ),
            models.CheckConstraint(
                condition=Q(satisfaction_adjusted=None, satisfaction_reason="")
                | Q(satisfaction_adjusted__lte=100) & ~Q(satisfaction_reason=""),
                name="evaluationscore_adjusted_with_reason",
                violation_error_message="调整满意度须在 0 到 100 之间，并写明理由。",
            ),
            models.CheckConstraint(
                condition=Q(total=None) | Q(total__gte=0, total__lte=100),
                name="evaluationscore_total",
                violation_error_message="总分在 0 到 100 之间。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grid} · {self.unit} · {self.evaluation.period}"

    @property
    def is_published(self) -> bool:
        return self.published_at is not None


class Deduction(models.Model):
    """Points taken off a department's score, never without a reason."""

    score = models.ForeignKey(
        EvaluationScore, models.PROTECT, related_name="deductions", verbose_name="考评结果"
    )
    points = models.PositiveSmallIntegerField("扣分")
    reason = models.CharField("理由", max_length=200)
    by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="登记人", related_name="+")
    at = models.DateTimeField("登记时间", default=timezone.now)

    objects = RestrictedQuerySet.as_manager()
    rule = Through("score", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "考评扣分"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(points__gte=1, points__lte=100),
                name="deduction_points",
                violation_error_message="一次扣 1 到 100 分。",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""), name="deduction_reason", violation_error_message="扣分须写明理由。"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.points} 分：{self.reason}"


class CommunityScore(Territorial):
    """How one community felt served by one department. No department reads it; only the mean of all is told."""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="given", verbose_name="部门考评")
    unit = models.ForeignKey("governance.Unit", models.PROTECT, verbose_name="部门", related_name="+")
    points = models.PositiveSmallIntegerField("打分")
    words = models.CharField("说明", max_length=200, blank=True)
    by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="打分人", related_name="+")
    at = models.DateTimeField("打分时间", default=timezone.now)

    objects = RestrictedQuerySet.as_manager()
    rule = Jurisdiction()

    class Meta:
        verbose_name = verbose_name_plural = "社区打分"
        ordering = ["grid", "unit__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["evaluation", "unit", "grid"],
                name="communityscore_once",
                violation_error_message="本社区已给这个部门打过分。",
            ),
            models.CheckConstraint(
                condition=Q(points__lte=100),
                name="communityscore_points",
                violation_error_message="打分在 0 到 100 之间。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grid} · {self.unit} · {self.points}"


class AnswerLine(AppendOnly):
    """What a department answers to its published result. Nothing in the result changes by it."""

    score = models.ForeignKey(
        EvaluationScore, models.PROTECT, related_name="answers", verbose_name="考评结果"
    )
    words = models.CharField("答复", max_length=1000)
    by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="答复人", related_name="+")
    at = models.DateTimeField("答复时间", default=timezone.now)

    rule = Through("score", view="view", add="answer")

    class Meta:
        verbose_name = verbose_name_plural = "考评答复"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.words[:40]


def answerers_of(score: EvaluationScore) -> list[User]:
    """Return the department's people who may answer to its result."""
    people = holders("incidents.answer_evaluationscore", score.grid_id, unit_id=score.unit_id)
    return [p for p in people if any(post.unit_id == score.unit_id for post in p.posts_in_force)]
