"""Visits to households and premises, what they found, and what the grid does about it: two of the grid's three lists
(需求清单, 项目清单; the register is the households, residents, premises and facilities themselves)."""

import secrets

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from governance.models import Photo
from governance.models.base import DERIVED, Territorial
from governance.models.matters import Matter
from governance.permissions import Jurisdiction, RestrictedQuerySet, Through
from grids.models.households import Household
from grids.models.premises import Premises


def visit_token() -> str:
    """Return the name under which a phone sends a visit, once or again."""
    return secrets.token_hex(16)


class Visit(Territorial):
    """One visit (走访) to a household or to premises. It is written once and never changed; ``visited_at`` is when it was, as the
    phone noted it, ``recorded_at`` when it arrived."""

    class Way(models.TextChoices):
        DOOR = "door", "上门"
        PHONE = "phone", "打电话"
        ONLINE = "online", "线上联系"

    class Outcome(models.TextChoices):
        MET = "met", "见到人了"
        ABSENT = "absent", "没人在"
        DECLINED = "declined", "不方便"

    household = models.ForeignKey(
        Household, models.PROTECT, null=True, verbose_name="住户", related_name="visits"
    )
    premises = models.ForeignKey(
        Premises, models.PROTECT, null=True, verbose_name="场所", related_name="visits"
    )
    by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="走访人", related_name="+")
    way = models.CharField("方式", max_length=8, choices=Way.choices, default=Way.DOOR)
    outcome = models.CharField("结果", max_length=10, choices=Outcome.choices)
    note = models.CharField("情况", max_length=500, blank=True)
    visited_at = models.DateTimeField("走访时间", default=timezone.now)
    recorded_at = models.DateTimeField("记录时间", default=timezone.now)
    token = models.CharField("标识", max_length=40, unique=True, default=visit_token, editable=False)

    rule = Jurisdiction()

    class Meta:
        verbose_name = verbose_name_plural = "走访记录"
        ordering = ["-visited_at", "-pk"]
        permissions = [("export_visit", "导出走访记录")]
        indexes = [
            models.Index(fields=["district_code", "-visited_at", "-id"], name="visit_district"),
            models.Index(fields=["street_code", "-visited_at", "-id"], name="visit_street"),
            models.Index(fields=["community_code", "-visited_at", "-id"], name="visit_community"),
            models.Index(fields=["grid", "-visited_at", "-id"], name="visit_grid"),
            models.Index(fields=["by", "-visited_at"], name="visit_by"),
            models.Index(fields=["household", "-visited_at"], name="visit_household"),
            models.Index(fields=["premises", "-visited_at"], name="visit_premises"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(household=None, premises__isnull=False)
                | Q(household__isnull=False, premises=None),
                name="visit_to_one",
                violation_error_message="一次走访要么是一户，要么是一个场所。",
            ),
            models.CheckConstraint(
                condition=Q(visited_at__lte=F("recorded_at")),
                name="visit_not_ahead",
                violation_error_message="走访时间不能晚于现在。",
            ),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.visited_at):%Y-%m-%d %H:%M} 走访"

    @property
    def target(self) -> Household | Premises:
        """What was visited."""
        return self.household if self.household_id else self.premises


class VisitPhoto(Photo):
    """A picture taken at a visit; nobody's browser keeps it."""

    may_be_kept = False

    visit = models.ForeignKey(Visit, models.PROTECT, verbose_name="走访", related_name="photos")

    rule = Through("visit", view="view")

    class Meta(Photo.Meta):
        verbose_name = verbose_name_plural = "走访照片"


class ProjectQuerySet(RestrictedQuerySet):
    def late(self):
        """Return those that should have been done before today."""
        return self.filter(done_on=None, planned_until__lt=timezone.localdate())


class Project(Territorial):
    """Something that the grid sets out to do for the needs it found (项目清单)."""

    title = models.CharField("项目", max_length=80)
    description = models.TextField("内容", max_length=1000, blank=True)
    lead = models.CharField("牵头", max_length=80, blank=True, help_text="牵头的人或单位。")
    since = models.DateField("立项日期", default=timezone.localdate)
    planned_until = models.DateField("计划完成", null=True, blank=True)
    done_on = models.DateField("完成日期", null=True, blank=True)
    result = models.CharField("成效", max_length=300, blank=True)
    history = HistoricalRecords(excluded_fields=DERIVED)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "网格项目"
        ordering = ["-since", "-pk"]
        permissions = [("export_project", "导出项目清单")]
        indexes = [
            models.Index(fields=["district_code", "-since", "-id"], name="project_district"),
            models.Index(fields=["street_code", "-since", "-id"], name="project_street"),
            models.Index(fields=["community_code", "-since", "-id"], name="project_community"),
            models.Index(fields=["grid", "-since", "-id"], name="project_grid"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(title=""), name="project_titled", violation_error_message="请填写项目名称。"
            ),
            models.CheckConstraint(
                condition=Q(planned_until=None) | Q(planned_until__gte=F("since")),
                name="project_planned_later",
                violation_error_message="计划完成日期不能早于立项日期。",
            ),
            models.CheckConstraint(
                condition=Q(done_on=None, result="") | Q(done_on__gte=F("since")) & ~Q(result=""),
                name="project_done_with_result",
                violation_error_message="完成的项目要写完成日期（不早于立项）和成效。",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_late(self) -> bool:
        return (
            self.done_on is None
            and self.planned_until is not None
            and self.planned_until < timezone.localdate()
        )


class NeedQuerySet(RestrictedQuerySet):
    def waiting(self):
        """Return those that nobody has arranged yet: neither met, nor handed on, nor part of a project."""
        return self.filter(settled_on=None, content_type=None, project=None)


class Need(Territorial):
    """What somebody in the grid needs (需求清单), found at a visit or told otherwise. It was handed on through the front door and
    follows that matter, is part of a project, or waits; which of these is told by its columns."""

    household = models.ForeignKey(
        Household, models.PROTECT, null=True, blank=True, verbose_name="住户", related_name="needs"
    )
    premises = models.ForeignKey(
        Premises, models.PROTECT, null=True, blank=True, verbose_name="场所", related_name="needs"
    )
    visit = models.ForeignKey(
        Visit, models.PROTECT, null=True, blank=True, verbose_name="走访", related_name="needs", editable=False
    )  # fmt: skip
    words = models.CharField("需求", max_length=500)
    by = models.ForeignKey(
        "governance.User", models.PROTECT, verbose_name="记录人", related_name="+", editable=False
    )
    noted_at = models.DateTimeField("记录时间", default=timezone.now, editable=False)
    content_type = models.ForeignKey(
        ContentType, models.PROTECT, null=True, verbose_name="转为", related_name="+", editable=False
    )
    object_id = models.BigIntegerField("转为的事项", null=True, editable=False)
    number = models.CharField("编号", max_length=40, blank=True, editable=False)
    project = models.ForeignKey(
        Project, models.PROTECT, null=True, blank=True, verbose_name="列入项目", related_name="needs"
    )
    settled_on = models.DateField("解决日期", null=True, blank=True, editable=False)
    settlement = models.CharField("怎样解决的", max_length=300, blank=True, editable=False)
    history = HistoricalRecords(excluded_fields=DERIVED)

    objects = NeedQuerySet.as_manager()
    rule = Jurisdiction()

    class Meta:
        verbose_name = verbose_name_plural = "需求"
        ordering = ["-noted_at", "-pk"]
        permissions = [("export_need", "导出需求清单")]
        indexes = [
            models.Index(fields=["district_code", "-noted_at", "-id"], name="need_district"),
            models.Index(fields=["street_code", "-noted_at", "-id"], name="need_street"),
            models.Index(fields=["community_code", "-noted_at", "-id"], name="need_community"),
            models.Index(fields=["grid", "-noted_at", "-id"], name="need_grid"),
            models.Index(
                fields=["content_type", "object_id"],
                name="need_handed_on",
                condition=Q(content_type__isnull=False, settled_on=None),
            ),
            models.Index(
                fields=["community_code", "-noted_at", "-id"],
                name="need_waiting",
                condition=Q(settled_on=None, content_type=None, project=None),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(words=""), name="need_said", violation_error_message="请写明需求。"
            ),
            models.CheckConstraint(
                condition=Q(settled_on=None, settlement="") | Q(settled_on__isnull=False) & ~Q(settlement=""),
                name="need_settled_with_words",
                violation_error_message="解决了的要写明日期和怎样解决的。",
            ),
        ]

    def __str__(self) -> str:
        return self.words[:30]

    @property
    def matter(self) -> Matter | None:
        """The matter that it became, None where it was not handed on. Costs a query."""
        if self.content_type_id is None:
            return None
        return self.content_type.model_class()._base_manager.filter(pk=self.object_id).first()
