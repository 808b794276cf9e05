"""A dispute and its case file: the parties, who mediates, who was called in, and the steps."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from governance.confidential import Confidential
from governance.models import Matter, MatterQuerySet, Step, User
from governance.models.people import PHONE
from governance.permissions import Own, RestrictedQuerySet, Through
from mediation.models.centres import Category, Centre, Mediator


class DisputeStatus(models.TextChoices):
    REGISTERED = "registered", "待受理"
    ACCEPTED = "accepted", "待指定调解员"
    MEDIATING = "mediating", "调解中"
    SENT = "sent", "待接收"
    AGREED = "agreed", "履行中"
    CLOSED = "closed", "已结案"
    TERMINATED = "terminated", "已终止"
    GUIDED = "guided", "已引导"
    DECLINED = "declined", "不予受理"
    WITHDRAWN = "withdrawn", "已撤回"
    ARCHIVED = "archived", "已归档"


S = DisputeStatus
#: The file is with a centre and work goes on.
LIVE = frozenset({S.REGISTERED, S.ACCEPTED, S.MEDIATING, S.SENT, S.AGREED})
#: Mediation has ended, with or without an agreement, and the file is not sealed yet.
ENDED = frozenset({S.CLOSED, S.TERMINATED, S.GUIDED})


class Grade(models.TextChoices):
    """How hard it is (A 重大, B 较大, C 一般)."""

    A = "A", "A 级（重大）"
    B = "B", "B 级（较大）"
    C = "C", "C 级（一般）"


class Origin(models.TextChoices):
    """From where a dispute came; the customary table counts 申请, 主动 and 委托移送 apart."""

    APPLIED = "applied", "当事人申请"
    INITIATIVE = "initiative", "主动调解"
    POLICE = "police", "公安移送"
    COURT = "court", "法院委托"
    GOVERNMENT = "government", "部门移送"
    PETITION = "petition", "信访移送"
    HOTLINE = "hotline", "热线转来"
    INCIDENT = "incident", "事件转来"


#: Handed over by another body.
TRANSFERRED = (
    Origin.POLICE,
    Origin.COURT,
    Origin.GOVERNMENT,
    Origin.PETITION,
    Origin.HOTLINE,
    Origin.INCIDENT,
)


class Outcome(models.TextChoices):
    WRITTEN = "written", "书面协议"
    ORAL = "oral", "口头协议"
    REFUSED = "refused", "当事人拒绝调解"
    WITHDRAWN = "withdrawn", "当事人撤回"
    FAILED = "failed", "调解不成"
    OVERDUE = "overdue", "逾期未达成协议"
    UNSUITABLE = "unsuitable", "不宜继续调解"
    ARBITRATION = "arbitration", "引导仲裁"
    REVIEW = "review", "引导行政复议、裁决"
    COURT = "court", "引导诉讼"


#: Mediation came to nothing.
TERMINATIONS = (Outcome.REFUSED, Outcome.WITHDRAWN, Outcome.FAILED, Outcome.OVERDUE, Outcome.UNSUITABLE)
#: The parties were shown another way.
GUIDES = (Outcome.ARBITRATION, Outcome.REVIEW, Outcome.COURT)
AGREEMENTS = (Outcome.WRITTEN, Outcome.ORAL)


class Consultation(models.TextChoices):
    """The five consultations (五诊)."""

    ROUNDS = "rounds", "巡诊"
    INQUIRY = "inquiry", "问诊"
    JOINT = "joint", "会诊"
    SPECIAL = "special", "专诊"
    RETURN = "return", "复诊"


class Retention(models.TextChoices):
    """For how long a sealed file is kept; the years are parameters."""

    SHORT = "short", "短期"
    MEDIUM = "medium", "中期"
    LONG = "long", "长期"


class DisputeQuerySet(MatterQuerySet):
    def for_page(self):
        """Load what a dispute's line shows."""
        return self.select_related("centre").with_place()

    def mediated_by(self, user):
        """Return the disputes that a person mediates now."""
        return self.filter(pk__in=Mediation.objects.filter(mediator__user=user, until=None).values("dispute"))

    def to_follow_up(self, on=None):
        """Return the disputes whose day of a visit has come."""
        return self.filter(follow_up_on__lte=on or timezone.localdate())

    def waiting_for_consent(self):
        """Return those that wait for a party's word."""
        waiting = Disputant.objects.filter(consent=Disputant.Consent.ASKED).values("dispute")
        return self.filter(status=S.REGISTERED, pk__in=waiting)

    def of_party(self, user):
        """Return the disputes to which a person is a party."""
        return self.filter(pk__in=Disputant.objects.filter(user=user).values("dispute"))

    def at_centre(self):
        """Return the disputes that wait for the director of a centre."""
        return self.filter(status__in=[S.REGISTERED, S.ACCEPTED, S.SENT])


class Dispute(Matter):
    """A dispute (矛盾纠纷) with all that its case file (卷宗) says of itself.

    ``grid`` is where it arose, ``seat`` the node of the centre that keeps the file: who may open it is asked of the seat.
    """

    prefix = "JF"

    # What another app refers here may have nobody behind it yet.
    applicant_name = models.CharField("申请人", max_length=60, blank=True)
    applicant_phone = models.CharField("联系电话", max_length=11, blank=True, validators=[PHONE])
    status = models.CharField("状态", max_length=16, choices=DisputeStatus.choices, editable=False)
    category = models.CharField("类别", max_length=16, choices=Category.choices)
    grade = models.CharField("等级", max_length=1, choices=Grade.choices, default=Grade.C)
    origin = models.CharField("来源方式", max_length=12, choices=Origin.choices, default=Origin.APPLIED)
    origin_number = models.CharField("移送文号", max_length=60, blank=True)
    requests = models.TextField("请求事项", max_length=1000, blank=True)
    occurred_on = models.DateField("发生日期", null=True, blank=True)
    people_count = models.PositiveIntegerField("涉及人数", default=2)
    amount = models.DecimalField("涉及金额（元）", max_digits=14, decimal_places=2, null=True, blank=True)
    has_minor = models.BooleanField("涉及未成年人", default=False)
    is_public = models.BooleanField("公开调解", default=False)

    # --- where the file is ---
    centre = models.ForeignKey(Centre, models.PROTECT, related_name="disputes", verbose_name="矛调中心")
    seat = models.ForeignKey(
        "grids.Grid", models.PROTECT, related_name="+", verbose_name="卷宗所在", editable=False
    )
    sent_from = models.ForeignKey(
        Centre, models.PROTECT, null=True, related_name="+", verbose_name="上送单位", editable=False
    )
    case_number = models.CharField("卷号", max_length=60, unique=True, null=True, editable=False)
    found_in = models.ForeignKey(
        "mediation.ScreeningReport",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="disputes",
        verbose_name="排查发现",
        editable=False,
    )

    # --- how it went ---
    accepted_at = models.DateTimeField("受理时间", null=True, editable=False)
    informed_at = models.DateTimeField("权利义务告知时间", null=True, editable=False)
    outcome = models.CharField("结果", max_length=12, choices=Outcome.choices, blank=True, editable=False)
    ended_at = models.DateTimeField("调解结束时间", null=True, editable=False)
    extensions = models.PositiveSmallIntegerField("延期次数", default=0, editable=False)
    follow_up_on = models.DateField("回访日期", null=True, editable=False)
    supervised_at = models.DateTimeField("督办时间", null=True, editable=False)
    consultation = models.CharField(
        "调解方式", max_length=10, choices=Consultation.choices, blank=True, editable=False
    )
    told_at = models.DateTimeField("超期提醒时间", null=True, editable=False)

    objects = DisputeQuerySet.as_manager()
    rule = Confidential(
        seat="seat",
        keeper="direct",
        # Figures are for the territory; that somebody may ask to be shown one file, or lets it be erased, opens none.
        figures=frozenset({"count", "inspect", "register", "erase"}),
        party="disputants__user",
        theirs=frozenset({"follow", "answer", "count", "register"}),
        own=[
            Own(
                "mediations__mediator__user",
                frozenset({"view", "record", "mediate", "contact"}),
                "调解员",
                when=Q(mediations__until=None),
            ),
            Own("disputants__user", frozenset({"follow", "answer"}), "当事人"),
            Own("placed_by", frozenset({"view", "record"}), "登记人", when=Q(status="registered")),
            Own("viewings__user", frozenset({"view"}), "经登记调阅", when=Q(viewings__until__gt=Now())),
        ],
    )

    class Meta(Matter.Meta):
        verbose_name = verbose_name_plural = "矛盾纠纷"
        permissions = [
            ("register_dispute", "登记纠纷"),
            ("record_dispute", "记录当事人意见"),
            ("direct_dispute", "受理、指派和结案"),
            ("mediate_dispute", "调解"),
            ("follow_dispute", "了解进展"),
            ("answer_dispute", "当事人答复"),
            ("contact_dispute", "查看联系方式"),
            ("reveal_dispute", "查看脱敏信息"),
            ("export_dispute", "导出卷宗"),
            ("count_dispute", "统计纠纷"),
            ("inspect_dispute", "调阅卷宗"),
            ("supervise_dispute", "督办"),
            ("erase_dispute", "批准销毁卷宗"),
        ]
        indexes = [
            *Matter.Meta.indexes,
            models.Index(fields=["seat", "-opened_at", "-id"], name="dispute_seat"),
            models.Index(fields=["seat", "due_at"], name="dispute_open_seat", condition=Q(closed_at=None)),
            models.Index(
                fields=["placed_by"], name="dispute_registered_by", condition=Q(status="registered")
            ),
            models.Index(
                fields=["follow_up_on"], name="dispute_follow_up", condition=Q(follow_up_on__isnull=False)
            ),
            # The table counts what was accepted or ended in a period: a month of a history of years.
            models.Index(
                fields=["accepted_at"], name="dispute_accepted", condition=Q(accepted_at__isnull=False)
            ),
            models.Index(fields=["ended_at"], name="dispute_ended", condition=Q(ended_at__isnull=False)),
        ]
        constraints = [
            *Matter.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=DisputeStatus.values),
                name="dispute_status_known",
                violation_error_message="纠纷没有这个状态。",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["registered", "declined", "withdrawn", "terminated", "archived", "sent"]
                )
                | Q(case_number__isnull=False, accepted_at__isnull=False),
                name="dispute_accepted_numbered",
                violation_error_message="受理的纠纷须有卷号。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["agreed", "closed", "terminated", "guided"]) | ~Q(outcome=""),
                name="dispute_has_outcome",
                violation_error_message="调解结束须写明结果。",
            ),
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gte=0),
                name="dispute_amount",
                violation_error_message="金额不能是负数。",
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("dispute", args=[self.number])

    def search_text(self) -> str:
        return f"{self.title} {self.description} {self.get_category_display()} {self.case_number or ''}"

    def masked_text(self) -> str:
        return " ".join(
            [self.applicant_name, *self.disputants.order_by("pk").values_list("name", flat=True)]
            if self.pk
            else [self.applicant_name]
        )

    def indexed_words(self) -> tuple[str, ...]:
        # The parties are other rows: whoever amends one (mediation/flow/parties.py) makes the index anew.
        return (self.title, self.description, self.applicant_name)

    def gist(self, *, place: bool = True) -> str:
        # Not even to which door it belongs: a notice lies open on a phone.
        return self.get_category_display()

    @cached_property
    def party_keys(self) -> set[int]:
        """The keys of the parties' accounts, as they were when first asked of this object."""
        return set(self.disputants.exclude(user=None).values_list("user", flat=True))

    def concerns(self, person: Any) -> bool:
        # Whoever registered it does so at the desk.
        return person.pk == self.applicant_id or person.pk in self.party_keys

    def audience(self, key: str) -> list[User]:
        """Return the users whom ``key`` means; who keeps the file hears nothing as such of her own dispute."""
        if key == "disputants":
            return list(User.objects.filter(is_active=True, pk__in=self.disputants.values("user")))
        parties = set(self.disputants.exclude(user=None).values_list("user", flat=True))
        return [user for user in self._office(key) if user.pk not in parties]

    def _office(self, key: str) -> list[User]:
        if key == "mediators":
            return list(
                User.objects.filter(
                    is_active=True, pk__in=self.mediations.filter(until=None).values("mediator__user")
                )
            )
        if key == "directors":
            return directors_at(self.seat_id)
        if key == "guests":
            return list(
                User.objects.filter(is_active=True, pk__in=self.guests.filter(until=None).values("user"))
            )
        if key == "placed_by":
            return [self.placed_by] if self.placed_by_id else []
        return super().audience(key)


def directors() -> Any:
    """Return the posts of those who direct a centre today."""
    from governance.models import Post

    return Post.objects.in_force().filter(
        unit=None,
        role__permissions__codename="direct_dispute",
        role__permissions__content_type__app_label="mediation",
    )


def directors_at(code: str) -> list[User]:
    """Return those who direct the centre at a node; a post above is another centre's."""
    posts = directors().filter(grid=code)
    return list(User.objects.filter(is_active=True, pk__in=posts.values("user")).order_by("pk"))


class DisputeStep(Step):
    matter = models.ForeignKey(Dispute, models.PROTECT, related_name="steps", verbose_name="纠纷")

    objects = RestrictedQuerySet.as_manager()
    rule = Through("matter", view="view")

    class Meta(Step.Meta):
        verbose_name = verbose_name_plural = "纠纷办理记录"


class Disputant(models.Model):
    """A party to a dispute (当事人)."""

    class Side(models.TextChoices):
        APPLICANT = "applicant", "申请人"
        RESPONDENT = "respondent", "被申请人"
        THIRD = "third", "第三人"

    class Consent(models.TextChoices):
        ASKED = "asked", "待答复"
        AGREED = "agreed", "同意调解"
        REFUSED = "refused", "拒绝调解"

    class Means(models.TextChoices):
        PHONE_PAGE = "page", "本人在手机上答复"
        CALL = "call", "电话"
        FACE = "face", "当面"
        PAPER = "paper", "书面"

    dispute = models.ForeignKey(Dispute, models.CASCADE, related_name="disputants", verbose_name="纠纷")
    side = models.CharField("地位", max_length=12, choices=Side.choices)
    user = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, blank=True, verbose_name="账号", related_name="+"
    )
    name = models.CharField("姓名或名称", max_length=60)
    is_body = models.BooleanField("单位", default=False)
    phone = models.CharField("联系电话", max_length=11, blank=True, validators=[PHONE])
    sex = models.CharField("性别", max_length=1, blank=True, choices=[("F", "女"), ("M", "男")])
    birth_year = models.PositiveSmallIntegerField("出生年份", null=True, blank=True)
    ethnicity = models.CharField("民族", max_length=20, blank=True)
    occupation = models.CharField("职业或职务", max_length=40, blank=True)
    address = models.CharField("住址或地址", max_length=120, blank=True)
    is_minor = models.BooleanField("未成年人", default=False)
    guardian = models.CharField("监护人", max_length=60, blank=True)
    agent = models.CharField("委托代理人", max_length=60, blank=True)
    agent_power = models.CharField("代理权限", max_length=120, blank=True)
    consent = models.CharField(
        "调解意愿", max_length=8, choices=Consent.choices, default=Consent.ASKED, editable=False
    )
    consent_means = models.CharField(
        "答复方式", max_length=8, choices=Means.choices, blank=True, editable=False
    )
    consent_at = models.DateTimeField("答复时间", null=True, editable=False)
    satisfaction = models.PositiveSmallIntegerField("满意度", null=True, editable=False)
    rating_words = models.CharField("评价", max_length=500, blank=True, editable=False)
    masked = {"name": "name", "phone": "phone", "address": "address"}

    objects = RestrictedQuerySet.as_manager()
    rule = Through(
        "dispute", view="view", follow="follow", contact="contact", reveal="reveal", change="record"
    )

    class Meta:
        verbose_name = verbose_name_plural = "当事人"
        ordering = ["dispute", "pk"]
        permissions = [("reveal_disputant", "查看脱敏信息")]
        indexes = [
            models.Index(fields=["user"], name="disputant_user", condition=Q(user__isnull=False)),
            models.Index(fields=["phone"], name="disputant_phone", condition=~Q(phone="")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(is_minor=True) | ~Q(guardian=""),
                name="disputant_minor_guarded",
                violation_error_message="未成年人须填写监护人。",
            ),
            models.CheckConstraint(
                condition=Q(consent="asked", consent_at=None)
                | ~Q(consent="asked") & Q(consent_at__isnull=False),
                name="disputant_consent_dated",
                violation_error_message="调解意愿须有答复时间。",
            ),
            models.UniqueConstraint(
                fields=["dispute", "user"],
                condition=Q(user__isnull=False),
                name="disputant_user_once",
                violation_error_message="这个人已经是当事人。",
            ),
        ]

    def __str__(self) -> str:
        return self.get_side_display()


class Mediation(models.Model):
    """That somebody mediates a dispute, from when to when (指定或选定的调解员)."""

    dispute = models.ForeignKey(Dispute, models.CASCADE, related_name="mediations", verbose_name="纠纷")
    mediator = models.ForeignKey(Mediator, models.PROTECT, related_name="mediations", verbose_name="调解员")
    is_lead = models.BooleanField("主调解员", default=False)
    is_chosen = models.BooleanField("当事人选定", default=False)
    since = models.DateTimeField("起", default=timezone.now)
    until = models.DateTimeField("止", null=True)

    objects = RestrictedQuerySet.as_manager()
    rule = Through("dispute", view="view", follow="follow")

    class Meta:
        verbose_name = verbose_name_plural = "调解员指定"
        ordering = ["dispute", "-is_lead", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dispute", "mediator"],
                condition=Q(until=None),
                name="mediation_once",
                violation_error_message="这位调解员已在办这件纠纷。",
            ),
            models.UniqueConstraint(
                fields=["dispute"],
                condition=Q(until=None, is_lead=True),
                name="mediation_one_lead",
                violation_error_message="一件纠纷只有一名主调解员。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mediator}"
