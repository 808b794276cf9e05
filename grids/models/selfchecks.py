"""The shops' own safety checks (安全自查): what to look at by kind of premises, what was answered, and what is not yet mended."""

import secrets

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from governance.models import Photo
from governance.models.audit import AppendOnly
from governance.models.base import Territorial
from governance.models.matters import Matter
from governance.permissions import Jurisdiction, Reference, RestrictedQuerySet, Through
from grids.models.patrols import matter_of
from grids.models.premises import Premises

#: What a line of the checklist is for: all premises, or one of the nine kinds of small ones.
KINDS = [("", "所有场所"), *((value, label) for value, label in Premises.Small.choices if value)]


def check_token() -> str:
    """Return the name under which a self-check is sent, once or again."""
    return secrets.token_hex(16)


class ChecklistItemQuerySet(RestrictedQuerySet):
    def asked_of(self, premises: Premises):
        """Return what is asked of premises now: what is asked of all, and of their kind."""
        return self.filter(is_active=True, small__in=["", premises.small]).order_by("order", "code")


class ChecklistItem(models.Model):
    """One line of the checklist (自查项目). The district keeps the list; it begins with the system's own, which say so."""

    small = models.CharField("用于", max_length=14, choices=KINDS, blank=True, default="")
    code = models.CharField("编号", max_length=8, unique=True)
    words = models.CharField("应该怎样", max_length=80, help_text="一句话，看了就能答“是”或“不是”。")
    why = models.CharField("为什么、怎么改", max_length=200, blank=True)
    order = models.PositiveSmallIntegerField("排序", default=0)
    is_default = models.BooleanField("系统默认", default=False, editable=False)
    is_active = models.BooleanField("启用", default=True)
    history = HistoricalRecords()

    objects = ChecklistItemQuerySet.as_manager()
    rule = Reference()

    class Meta:
        verbose_name = verbose_name_plural = "自查项目"
        ordering = ["order", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["small", "words"],
                name="checklistitem_once",
                violation_error_message="这一类场所已有这一条。",
            ),
            models.CheckConstraint(
                condition=~Q(words=""), name="checklistitem_said", violation_error_message="请写明应该怎样。"
            ),
        ]

    def __str__(self) -> str:
        return self.words


class SelfCheck(AppendOnly, Territorial):
    """One self-check (安全自查) of premises, written once and never changed. ``by`` is who of the staff filled it in; without her it came
    by the code that hangs in the premises."""

    masked = {"checker": "name"}

    premises = models.ForeignKey(Premises, models.PROTECT, verbose_name="场所", related_name="selfchecks")
    checker = models.CharField("检查人", max_length=40)
    by = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="代填人", related_name="+"
    )
    checked_at = models.DateTimeField("自查时间", default=timezone.now)
    asked = models.PositiveSmallIntegerField("项数", default=0)
    wrong = models.PositiveSmallIntegerField("不合格项数", default=0)
    token = models.CharField("标识", max_length=60, unique=True, default=check_token, editable=False)

    rule = Jurisdiction()

    class Meta:
        verbose_name = verbose_name_plural = "安全自查"
        ordering = ["-checked_at", "-pk"]
        permissions = [("export_selfcheck", "导出安全自查")]
        indexes = [
            models.Index(fields=["district_code", "-checked_at", "-id"], name="selfcheck_district"),
            models.Index(fields=["street_code", "-checked_at", "-id"], name="selfcheck_street"),
            models.Index(fields=["community_code", "-checked_at", "-id"], name="selfcheck_community"),
            models.Index(fields=["grid", "-checked_at", "-id"], name="selfcheck_grid"),
            models.Index(fields=["premises", "-checked_at"], name="selfcheck_premises"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(checker=""),
                name="selfcheck_checker",
                violation_error_message="请填写检查人姓名。",
            ),
            models.CheckConstraint(
                condition=Q(asked__gte=1, wrong__lte=F("asked")),
                name="selfcheck_counted",
                violation_error_message="不合格的项数不能多于自查的项数。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.premises} {timezone.localtime(self.checked_at):%Y-%m-%d} 自查"

    @property
    def is_own(self) -> bool:
        """Whether the premises filled it in themselves."""
        return self.by_id is None


class SelfCheckAnswer(AppendOnly):
    """One answer; ``said`` is the line as it was asked, since the checklist may change."""

    check_of = models.ForeignKey(SelfCheck, models.PROTECT, verbose_name="自查", related_name="answers")
    item = models.ForeignKey(ChecklistItem, models.PROTECT, verbose_name="自查项目", related_name="+")
    said = models.CharField("问的是", max_length=80)
    is_ok = models.BooleanField("合格")
    words = models.CharField("说明", max_length=300, blank=True)

    rule = Through("check_of", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "自查回答"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["check_of", "item"],
                name="selfcheckanswer_once",
                violation_error_message="每一项只答一次。",
            ),
        ]

    def __str__(self) -> str:
        return self.said


class SelfCheckPhoto(Photo):
    """A picture of what is not as it should be."""

    may_be_kept = False

    answer = models.ForeignKey(SelfCheckAnswer, models.PROTECT, verbose_name="回答", related_name="photos")

    rule = Through("answer", view="view")

    class Meta(Photo.Meta):
        verbose_name = verbose_name_plural = "自查照片"


class HazardQuerySet(RestrictedQuerySet):
    def unmended(self):
        """Return what is still to be mended, in premises that are there."""
        return self.filter(mended_on=None, premises__closed_on=None)


class Hazard(Territorial):
    """Something in premises that a self-check found not to be as it should (隐患), until it is mended. A later self-check or a worker's
    look ends it; what cannot be settled there is passed on and keeps the matter it became."""

    premises = models.ForeignKey(Premises, models.PROTECT, verbose_name="场所", related_name="hazards")
    item = models.ForeignKey(ChecklistItem, models.PROTECT, verbose_name="自查项目", related_name="+")
    answer = models.ForeignKey(SelfCheckAnswer, models.PROTECT, verbose_name="怎样发现的", related_name="+")
    by_staff = models.BooleanField("工作人员发现", default=False)
    said = models.CharField("应该怎样", max_length=80)
    words = models.CharField("情况", max_length=300, blank=True)
    found_on = models.DateField("发现日期")
    mended_on = models.DateField("整改日期", null=True)
    mended_in = models.ForeignKey(
        SelfCheck, models.PROTECT, null=True, verbose_name="哪次自查已改", related_name="+"
    )
    mended_by = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="谁看过", related_name="+"
    )
    mending = models.CharField("怎样改的", max_length=300, blank=True)
    content_type = models.ForeignKey(
        ContentType, models.PROTECT, null=True, verbose_name="转为", related_name="+"
    )
    object_id = models.BigIntegerField("转为的事项", null=True)
    number = models.CharField("事项编号", max_length=40, blank=True)

    objects = HazardQuerySet.as_manager()
    rule = Jurisdiction()

    class Meta:
        verbose_name = verbose_name_plural = "场所隐患"
        ordering = ["-found_on", "-pk"]
        permissions = [("export_hazard", "导出场所隐患")]
        indexes = [
            *(
                models.Index(fields=[column, "-found_on", "-id"], name=f"hazard_{level}")
                for level, column in (
                    ("district", "district_code"),
                    ("street", "street_code"),
                    ("community", "community_code"),
                    ("grid", "grid"),
                )
            ),
            *(
                models.Index(
                    fields=[column, "-found_on", "-id"],
                    name=f"hazard_open_{level}",
                    condition=Q(mended_on=None),
                )
                for level, column in (
                    ("district", "district_code"),
                    ("street", "street_code"),
                    ("community", "community_code"),
                    ("grid", "grid"),
                )
            ),
            models.Index(fields=["premises", "-found_on"], name="hazard_premises"),
            models.Index(
                fields=["content_type", "object_id"],
                name="hazard_matter",
                condition=Q(content_type__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["premises", "item"],
                condition=Q(mended_on=None),
                name="hazard_once",
                violation_error_message="这一项已经登记，还没有整改。",
            ),
            models.CheckConstraint(
                condition=Q(mended_on=None, mended_in=None, mended_by=None, mending="")
                | Q(mended_on__gte=F("found_on"), mended_in__isnull=False)
                | Q(mended_on__gte=F("found_on"), mended_by__isnull=False) & ~Q(mending=""),
                name="hazard_mended_how",
                violation_error_message="整改了的要写明日期和怎样改的。",
            ),
            models.CheckConstraint(
                condition=Q(content_type=None, object_id=None)
                | Q(content_type__isnull=False, object_id__isnull=False),
                name="hazard_matter_whole",
                violation_error_message="上报的要连着它转成的事项。",
            ),
        ]

    def __str__(self) -> str:
        return self.said

    @property
    def is_open(self) -> bool:
        return self.mended_on is None

    @property
    def matter(self) -> Matter | None:
        """The matter that it became, None where it was not passed on. Costs a query."""
        return matter_of(self)
