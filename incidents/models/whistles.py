"""A whistle (吹哨): a street calls departments to a matter that it cannot settle. Each called department has a slip (哨单) with
a clock of its own; what the first whistle does not settle goes to the district's heads by a second one."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from governance.models import Matter, MatterQuerySet, Photo, Step
from governance.models.people import Unit
from governance.permissions import (
    Jurisdiction,
    Published,
    Reference,
    RestrictedQuerySet,
    Through,
    holders,
    nearest_holders,
)
from governance.territory import GridLevel, lineage
from incidents.models.incidents import Incident


class Aspect(models.TextChoices):
    """The five aspects in which one may blow."""

    DISPUTE = "dispute", "矛盾排查"
    SERVICE = "service", "服务群众"
    ENFORCEMENT = "enforcement", "综合执法"
    KEY_WORK = "keywork", "重点工作"
    EMERGENCY = "emergency", "应急处置"


class Colour(models.TextChoices):
    """How soon departments must be there and have settled it; the times are parameters."""

    RED = "red", "红色"
    YELLOW = "yellow", "黄色"
    BLUE = "blue", "蓝色"


class WhistleSituation(models.Model):
    """A situation (情形) in which a street may blow, with its usual colour and leading department. A default list ships with
    the portal and says so; a district's own replaces it."""

    aspect = models.CharField("方面", max_length=12, choices=Aspect.choices)
    code = models.CharField("编号", max_length=8, unique=True)
    name = models.CharField("情形", max_length=40, unique=True)
    colour = models.CharField("响应", max_length=6, choices=Colour.choices, default=Colour.BLUE)
    lead = models.ForeignKey(
        "governance.Unit", models.PROTECT, null=True, blank=True, verbose_name="牵头部门", related_name="+"
    )
    is_active = models.BooleanField("启用", default=True)
    order = models.PositiveSmallIntegerField("排序", default=0)
    history = HistoricalRecords()

    objects = RestrictedQuerySet.as_manager()
    rule = Reference()

    class Meta:
        verbose_name = verbose_name_plural = "吹哨情形"
        ordering = ["order", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(colour__in=Colour.values),
                name="situation_colour",
                violation_error_message="响应只有红色、黄色、蓝色。",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Round(models.IntegerChoices):
    FIRST = 1, "一次哨"
    SECOND = 2, "二次哨"


class WhistleStatus(models.TextChoices):
    DRAFT = "draft", "待吹哨"
    CALLED = "called", "待区级报到"
    BLOWN = "blown", "办理中"
    VERIFYING = "verifying", "待核实"
    FAILED = "failed", "未通过"
    CLOSED = "closed", "已办结"
    RAISED = "raised", "已二次吹哨"
    DECLINED = "declined", "不吹哨"
    WITHDRAWN = "withdrawn", "已撤回"


class SlipStatus(models.TextChoices):
    SENT = "sent", "待签收"
    RECEIVED = "received", "待报到"
    ARRIVED = "arrived", "已报到"
    HANDLING = "handling", "办理中"
    OBJECTED = "objected", "异议待裁"
    FED_BACK = "fed_back", "已反馈"
    ACCEPTED = "accepted", "已认可"
    FAILED = "failed", "未通过"
    RELEASED = "released", "免责"
    WITHDRAWN = "withdrawn", "已撤回"


S = SlipStatus
#: The department has not answered yet.
UNANSWERED = frozenset({S.SENT, S.RECEIVED, S.ARRIVED, S.HANDLING, S.OBJECTED})
#: No duty of the department's (any more).
OFF = frozenset({S.RELEASED, S.WITHDRAWN})


class WhistleQuerySet(MatterQuerySet):
    def blown(self):
        """Return the whistles that were blown, by street or to the district, whatever came of them."""
        return self.filter(blown_at__isnull=False)


class Whistle(Matter):
    """One whistle: what is the matter, where, how urgent, which departments are called, and what came of it.

    ``unit`` leads; ``unit_ids`` are the departments that have a slip of it, who may therefore read it.
    """

    prefix = "CS"
    masked = {}

    applicant_name = models.CharField("提请人", max_length=40, blank=True)
    applicant_phone = models.CharField("联系电话", max_length=11, blank=True)
    status = models.CharField("状态", max_length=16, choices=WhistleStatus.choices, editable=False)
    round = models.PositiveSmallIntegerField("哨次", choices=Round.choices, default=Round.FIRST)
    parent = models.OneToOneField(
        "self", models.PROTECT, null=True, verbose_name="一次哨", related_name="second", editable=False
    )
    situation = models.ForeignKey(
        WhistleSituation, models.PROTECT, verbose_name="情形", related_name="whistles"
    )
    colour = models.CharField("响应", max_length=6, choices=Colour.choices)
    assisting = models.ManyToManyField(
        "governance.Unit", verbose_name="配合部门", related_name="+", blank=True
    )
    unit_ids = ArrayField(models.BigIntegerField(), verbose_name="被吹哨部门", default=list, editable=False)
    incidents = models.ManyToManyField(Incident, verbose_name="关联事件", related_name="whistles", blank=True)
    blown_at = models.DateTimeField("吹哨时间", null=True, editable=False)
    blown_by = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="吹哨人", related_name="+", editable=False
    )
    answered_at = models.DateTimeField("区级报到时间", null=True, editable=False)
    answered_by = models.ForeignKey(
        "governance.User",
        models.PROTECT,
        null=True,
        verbose_name="报到领导",
        related_name="+",
        editable=False,
    )
    verified_at = models.DateTimeField("核实时间", null=True, editable=False)
    verified_by = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="核实人", related_name="+", editable=False
    )
    result = models.CharField("核实结果", max_length=1000, blank=True, editable=False)

    objects = WhistleQuerySet.as_manager()
    rule = Jurisdiction(
        units="unit_ids",
        published=[
            Published(frozenset({"count"}), when=Q(blown_at__isnull=False), label="公开的统计"),
        ],
    )

    class Meta(Matter.Meta):
        verbose_name = verbose_name_plural = "吹哨"
        permissions = [
            ("propose_whistle", "提请吹哨"),
            ("blow_whistle", "吹哨"),
            ("answer_whistle", "二次哨报到"),
            ("verify_whistle", "核实吹哨"),
            ("export_whistle", "导出吹哨"),
            ("count_whistle", "公开统计"),
        ]
        indexes = [
            *Matter.Meta.indexes,
            models.Index(fields=["street_code", "blown_at"], name="whistle_blown_street"),
            GinIndex(fields=["unit_ids"], name="whistle_units"),
        ]
        constraints = [
            *Matter.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=WhistleStatus.values),
                name="whistle_status_known",
                violation_error_message="吹哨没有这个状态。",
            ),
            models.CheckConstraint(
                condition=Q(colour__in=Colour.values),
                name="whistle_colour_known",
                violation_error_message="响应只有红色、黄色、蓝色。",
            ),
            models.CheckConstraint(
                condition=Q(round=1, parent=None) | Q(round=2, parent__isnull=False),
                name="whistle_second_of_a_first",
                violation_error_message="二次哨须接着一次哨，一次哨前面没有别的哨。",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "declined", "withdrawn"])
                | Q(blown_at__isnull=False, blown_by__isnull=False),
                name="whistle_blown_by_someone",
                violation_error_message="吹响的哨须有吹哨人和时间。",
            ),
            models.CheckConstraint(
                condition=~Q(status="closed")
                | Q(verified_at__isnull=False, verified_by__isnull=False) & ~Q(result=""),
                name="whistle_closed_with_result",
                violation_error_message="办结的哨须有核实人和结果。",
            ),
        ]

    def get_absolute_url(self) -> str:
        # Whoever has to do with a whistle works at the desk.
        return self.get_desk_url()

    def search_text(self) -> str:
        return f"{self.title} {self.description} {self.situation.name}"

    def audience(self, key: str) -> list:
        if key == "proposer":
            return [self.placed_by] if self.placed_by_id else []
        if key == "heads":
            return list(nearest_holders("incidents.blow_whistle", self.grid_id))
        if key == "verifiers":
            return list(nearest_holders("incidents.verify_whistle", self.grid_id[: GridLevel.STREET]))
        if key == "answerers":
            return list(holders("incidents.answer_whistle", self.grid_id[: GridLevel.DISTRICT]))
        if key == "turn":
            # Whose turn it is now.
            turn = {WhistleStatus.CALLED: "answerers", WhistleStatus.VERIFYING: "verifiers"}
            return self.audience(turn.get(self.status, "heads"))
        return super().audience(key)


class WhistleStep(Step):
    """A step of a whistle."""

    matter = models.ForeignKey(Whistle, models.PROTECT, related_name="steps", verbose_name="吹哨")

    rule = Through("matter", view="view")

    class Meta(Step.Meta):
        verbose_name = verbose_name_plural = "吹哨记录"


class WhistlePhoto(Photo):
    """A picture of what the whistle is about, or of how it was found when the street looked."""

    class Stage(models.TextChoices):
        BLOWN = "blown", "吹哨"
        VERIFIED = "verified", "核实"

    whistle = models.ForeignKey(Whistle, models.PROTECT, related_name="photos", verbose_name="吹哨")
    stage = models.CharField("环节", max_length=8, choices=Stage.choices, default=Stage.BLOWN)

    rule = Through("whistle", view="view")

    class Meta(Photo.Meta):
        verbose_name = verbose_name_plural = "吹哨照片"


class SlipQuerySet(MatterQuerySet):
    def for_page(self):
        """Load what a slip's line shows."""
        return self.select_related("unit", "whistle", "whistle__situation").with_place()

    def of_units(self, units: list[int]):
        """Return the slips on which these departments still have to do something."""
        return self.ongoing().filter(unit__in=units, status__in=UNANSWERED - {S.OBJECTED})

    def unanswered(self):
        """Return the slips whose department has not fed back."""
        return self.filter(status__in=UNANSWERED)


class WhistleSlip(Matter):
    """One department's part in a whistle: when it took the call in, when its people were there, what it did.

    ``unit`` is the department. Its clock runs to ``report_by`` until somebody has reported in, then to ``settle_by``.
    """

    class Part(models.TextChoices):
        LEAD = "lead", "牵头"
        ASSIST = "assist", "配合"

    prefix = "SD"
    masked = {}

    applicant_name = models.CharField("吹哨人", max_length=40, blank=True)
    applicant_phone = models.CharField("联系电话", max_length=11, blank=True)
    unit = models.ForeignKey("governance.Unit", models.PROTECT, verbose_name="部门", related_name="+")
    status = models.CharField("状态", max_length=16, choices=SlipStatus.choices, editable=False)
    whistle = models.ForeignKey(Whistle, models.PROTECT, verbose_name="吹哨", related_name="slips")
    part = models.CharField("职责", max_length=6, choices=Part.choices)

    report_by = models.DateTimeField("报到时限", editable=False)
    settle_by = models.DateTimeField("办结时限", editable=False)
    received_at = models.DateTimeField("签收时间", null=True, editable=False)
    received_by = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="签收人", related_name="+", editable=False
    )
    arrived_at = models.DateTimeField("报到时间", null=True, editable=False)
    arrived_by = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="登记人", related_name="+", editable=False
    )
    reporter = models.CharField("报到人", max_length=40, blank=True, editable=False)
    on_site = models.BooleanField("到现场", null=True, editable=False)
    fed_back_at = models.DateTimeField("反馈时间", null=True, editable=False)
    fed_back_by = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="反馈人", related_name="+", editable=False
    )
    feedback = models.CharField("反馈", max_length=1000, blank=True, editable=False)
    objection = models.CharField("异议", max_length=1000, blank=True, editable=False)
    overruled = models.BooleanField("异议不成立", default=False, editable=False)

    objects = SlipQuerySet.as_manager()
    rule = Jurisdiction(unit="unit", published=[Published(frozenset({"count"}), label="公开的统计")])

    class Meta(Matter.Meta):
        verbose_name = verbose_name_plural = "哨单"
        permissions = [
            ("handle_whistleslip", "办理哨单"),
            ("arbitrate_whistleslip", "裁定哨单异议"),
            ("supervise_whistleslip", "催办哨单"),
            ("verify_whistleslip", "核实哨单"),
            ("export_whistleslip", "导出哨单"),
            ("count_whistleslip", "公开统计"),
        ]
        indexes = [
            *Matter.Meta.indexes,
            models.Index(fields=["street_code", "unit", "settle_by"], name="whistleslip_evaluated"),
            models.Index(
                fields=["unit", "due_at"], name="whistleslip_unit_open", condition=Q(closed_at=None)
            ),
        ]
        constraints = [
            *Matter.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=SlipStatus.values),
                name="whistleslip_status_known",
                violation_error_message="哨单没有这个状态。",
            ),
            models.UniqueConstraint(
                fields=["whistle", "unit"],
                condition=Q(closed_at=None),
                name="whistleslip_once",
                violation_error_message="这个部门在这次吹哨里还有没办完的哨单。",
            ),
            models.UniqueConstraint(
                fields=["whistle"],
                condition=Q(part="lead", closed_at=None),
                name="whistleslip_one_lead",
                violation_error_message="一次吹哨只有一个牵头部门。",
            ),
            models.CheckConstraint(
                condition=Q(settle_by__gte=F("report_by")),
                name="whistleslip_settle_after_report",
                violation_error_message="办结时限不能早于报到时限。",
            ),
            models.CheckConstraint(
                condition=Q(arrived_at=None, on_site=None)
                | Q(arrived_at__isnull=False, on_site__isnull=False),
                name="whistleslip_arrived_how",
                violation_error_message="报到要写明是否到现场。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["fed_back", "accepted", "failed"])
                | Q(fed_back_at__isnull=False, fed_back_by__isnull=False),
                name="whistleslip_fed_back",
                violation_error_message="已反馈的哨单须有反馈人和时间。",
            ),
        ]

    def get_absolute_url(self) -> str:
        return self.get_desk_url()

    def gist(self, *, place: bool = True) -> str:
        return f"{self.unit}，{self.place_text}" if place else str(self.unit)

    @property
    def was_punctual(self) -> bool:
        """Whether its people were there, and it fed back, within the times set."""
        return (
            self.arrived_at is not None
            and self.arrived_at <= self.report_by
            and self.fed_back_at is not None
            and self.fed_back_at <= self.settle_by
        )

    def is_of(self, user) -> bool:
        """Say whether this person answers for the slip's department."""
        return any(post.unit_id == self.unit_id for post in user.posts_with("incidents.handle_whistleslip"))

    def audience(self, key: str) -> list:
        if key == "department":
            people = holders("incidents.handle_whistleslip", self.grid_id, unit_id=self.unit_id)
            return [person for person in people if self.is_of(person)]
        if key == "street":
            return list(nearest_holders("incidents.verify_whistleslip", self.grid_id[: GridLevel.STREET]))
        if key == "arbiters":
            return list(holders("incidents.arbitrate_whistleslip", self.grid_id[: GridLevel.DISTRICT]))
        if key == "turn":
            return self.audience("arbiters" if self.status == S.OBJECTED else "department")
        return super().audience(key)


class WhistleSlipStep(Step):
    """A step of a slip."""

    matter = models.ForeignKey(WhistleSlip, models.PROTECT, related_name="steps", verbose_name="哨单")

    rule = Through("matter", view="view")

    class Meta(Step.Meta):
        verbose_name = verbose_name_plural = "哨单记录"


class SlipPhoto(Photo):
    """A picture that a department's people took on site, or of the result."""

    class Stage(models.TextChoices):
        ARRIVED = "arrived", "报到"
        FED_BACK = "fed_back", "反馈"

    slip = models.ForeignKey(WhistleSlip, models.PROTECT, related_name="photos", verbose_name="哨单")
    stage = models.CharField("环节", max_length=8, choices=Stage.choices, default=Stage.ARRIVED)

    rule = Through("slip", view="view")

    class Meta(Photo.Meta):
        verbose_name = verbose_name_plural = "哨单照片"


def departments_over(code: str) -> models.QuerySet:
    """Return the departments that a street at the grid ``code`` may call."""
    return Unit.objects.filter(
        is_active=True, kind=Unit.Kind.DEPARTMENT, grid__in=lineage(code[: GridLevel.STREET])
    ).order_by("code")
