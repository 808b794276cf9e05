"""Who lives in the grid: households behind a door, residents in them, and what care somebody has agreed to.

No more is kept than the work needs: no identity number, no label of anybody as a risk. A resident is entered on a stated ground
and has been told of it; what is sensitive stands in a row of its own, encrypted, with a purpose, a consent and an end.
"""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.utils import timezone
from simple_history.models import HistoricalRecords

from governance.models.base import DERIVED, Territorial
from governance.models.people import PHONE
from governance.models.sealed import SealedTextField
from governance.permissions import Jurisdiction, RestrictedQuerySet, Through
from grids.models.territory import Entrance


def in_order_of_visits(name: str, *columns: str) -> models.Index:
    """Return the index of a due list: what is there, in these columns' places, the longest unvisited first."""
    return models.Index(
        *columns, F("visited_on").asc(nulls_first=True), "id", name=name, condition=Q(closed_on=None)
    )


def in_order_of_doors(name: str, column: str) -> models.Index:
    """Return the index of a list from door to door in a column's place, 101 before 1001."""
    return models.Index(column, "entrance", Length("room"), "room", name=name)


class VisitedQuerySet(RestrictedQuerySet):
    """Rows that are visited: households and premises."""

    def current(self):
        """Return those that are there."""
        return self.filter(closed_on=None)

    def due(self, before: date):
        """Return those that were last visited before that day, or never."""
        return self.current().filter(Q(visited_on=None) | Q(visited_on__lt=before))

    def oldest_first(self):
        """Return them in the order of a due list: what was never visited, then the longest unvisited."""
        return self.order_by(F("visited_on").asc(nulls_first=True), "pk")


class Household(Territorial):
    """One household (户) behind a door; it lies where the door lies. ``visited_on`` is the day of the last visit that met
    somebody, kept by the visits."""

    class Use(models.TextChoices):
        OWN = "own", "自住"
        LET = "let", "出租"
        GROUP = "group", "集体居住"
        VACANT = "vacant", "空置"
        OTHER = "other", "其他"

    entrance = models.ForeignKey(Entrance, models.PROTECT, verbose_name="楼门", related_name="households")
    room = models.CharField("门牌号", max_length=20, help_text="例如 301。")
    use = models.CharField("住房情况", max_length=8, choices=Use.choices, default=Use.OWN)
    note = models.CharField(
        "备注", max_length=200, blank=True, help_text="方便走访的提示，例如“下午在家”。不要写个人的敏感情况。"
    )
    visited_on = models.DateField("最近走访", null=True, editable=False)
    closed_on = models.DateField("注销日期", null=True, blank=True, editable=False)
    closing = models.CharField("注销原因", max_length=100, blank=True, editable=False)
    history = HistoricalRecords(excluded_fields=["visited_on", *DERIVED])

    objects = VisitedQuerySet.as_manager()
    rule = Jurisdiction()

    class Meta:
        verbose_name = verbose_name_plural = "住户"
        ordering = ["entrance", Length("room"), "room"]
        permissions = [("export_household", "导出住户底册")]
        indexes = [
            in_order_of_visits("household_due_grid", "grid"),
            in_order_of_visits("household_due_community", "community_code"),
            in_order_of_visits("household_due_street", "street_code"),
            in_order_of_visits("household_due_district", "district_code"),
            in_order_of_doors("household_grid", "grid"),
            in_order_of_doors("household_community", "community_code"),
            in_order_of_doors("household_street", "street_code"),
            in_order_of_doors("household_district", "district_code"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["entrance", "room"],
                condition=Q(closed_on=None),
                name="household_once",
                violation_error_message="这个楼门里已有同一门牌号的住户。",
            ),
            models.CheckConstraint(
                condition=~Q(room=""), name="household_room", violation_error_message="请填写门牌号。"
            ),
            models.CheckConstraint(
                condition=Q(closed_on=None, closing="") | Q(closed_on__isnull=False) & ~Q(closing=""),
                name="household_closed_with_reason",
                violation_error_message="注销要写明日期和原因。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entrance}{self.room}"

    @property
    def is_current(self) -> bool:
        return self.closed_on is None


class ResidentQuerySet(RestrictedQuerySet):
    def current(self):
        """Return those who live here now."""
        return self.filter(left_on=None)


class Resident(Territorial):
    """Somebody who lives in a household, as far as the work needs to know."""

    class Relation(models.TextChoices):
        HEAD = "head", "户主"
        SPOUSE = "spouse", "配偶"
        CHILD = "child", "子女"
        PARENT = "parent", "父母"
        GRANDCHILD = "grandchild", "孙辈"
        TENANT = "tenant", "租户"
        OTHER = "other", "其他"

    class Standing(models.TextChoices):
        HERE = "here", "户籍在本社区"
        ELSEWHERE = "elsewhere", "户籍在外"
        UNKNOWN = "", "没有登记"

    class Ground(models.TextChoices):
        """Why the data may be kept (个人信息保护法 articles 13, 31 and 34)."""

        CONSENT = "consent", "本人同意"
        GUARDIAN = "guardian", "监护人同意"
        DUTY = "duty", "履行法定职责"

    class Leaving(models.TextChoices):
        MOVED = "moved", "搬走"
        DIED = "died", "去世"
        MISTAKEN = "mistaken", "登记有误"
        WITHDRAWN = "withdrawn", "撤回同意"

    masked = {"name": "name", "phone": "phone", "born_on": "birthday"}

    household = models.ForeignKey(Household, models.PROTECT, verbose_name="住户", related_name="residents")
    name = models.CharField("姓名", max_length=40)
    phone = models.CharField("手机号", max_length=11, blank=True, validators=[PHONE])
    born_on = models.DateField("出生日期", null=True, blank=True)
    relation = models.CharField("与户主关系", max_length=12, choices=Relation.choices, default=Relation.OTHER)
    standing = models.CharField("户籍", max_length=10, choices=Standing.choices, blank=True, default="")
    ground = models.CharField("登记依据", max_length=10, choices=Ground.choices, default=Ground.CONSENT)
    informed_on = models.DateField(
        "告知日期", default=timezone.localdate, help_text="哪天当面或书面告知了登记的用途。"
    )
    since = models.DateField("入住日期", null=True, blank=True)
    left_on = models.DateField("离开日期", null=True, blank=True, editable=False)
    leaving = models.CharField("离开原因", max_length=10, choices=Leaving.choices, blank=True, editable=False)
    history = HistoricalRecords(excluded_fields=DERIVED)

    objects = ResidentQuerySet.as_manager()
    rule = Jurisdiction()

    class Meta:
        verbose_name = verbose_name_plural = "居民"
        ordering = ["household", "pk"]
        permissions = [
            ("contact_resident", "查看居民姓名和电话"),
            ("reveal_resident", "查看居民脱敏信息"),
            ("care_resident", "登记和查看关爱需求"),
            ("export_resident", "导出居民底册"),
        ]
        indexes = [
            models.Index(fields=["community_code", "household", "id"], name="resident_community"),
            models.Index(fields=["grid", "household", "id"], name="resident_grid"),
            models.Index(fields=["street_code", "household", "id"], name="resident_street"),
            models.Index(fields=["name"], name="resident_name", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["phone"], name="resident_phone", condition=~Q(phone="")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["household", "name", "phone"],
                condition=Q(left_on=None),
                name="resident_once",
                violation_error_message="这户里已登记同名同手机号的居民。",
            ),
            models.CheckConstraint(
                condition=~Q(name=""), name="resident_named", violation_error_message="请填写姓名。"
            ),
            models.CheckConstraint(
                condition=Q(left_on=None, leaving="") | Q(left_on__isnull=False) & ~Q(leaving=""),
                name="resident_left_with_reason",
                violation_error_message="离开要写明日期和原因。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_current(self) -> bool:
        return self.left_on is None


class CareNeedQuerySet(RestrictedQuerySet):
    def in_force(self, on: date | None = None):
        """Return what is agreed to on a day (today when None)."""
        return self.filter(ended_on=None, until__gte=on or timezone.localdate())


class CareNeed(models.Model):
    """What care somebody needs (关爱需求): recorded with her own or her guardian's consent, for a purpose, until a day.

    It is sensitive (个人信息保护法 article 28): its words are encrypted and shown to nobody without a line in the access log.
    When it ends, its words are deleted.
    """

    class Kind(models.TextChoices):
        OLD_AGE = "old_age", "高龄"
        ALONE = "alone", "独居"
        EMPTY_NEST = "empty_nest", "空巢"
        DISABLED = "disabled", "失能"
        DEMENTIA = "dementia", "失智"
        BEREAVED = "bereaved", "失独"
        DISABILITY = "disability", "残疾"
        ILLNESS = "illness", "大病慢病"
        HARDSHIP = "hardship", "生活困难"
        CHILD = "child", "困境儿童"
        MATERNITY = "maternity", "孕产"
        OTHER = "other", "其他"

    class Consent(models.TextChoices):
        PERSON = "person", "本人同意"
        GUARDIAN = "guardian", "监护人同意"

    masked = {"words": "hidden"}

    resident = models.ForeignKey(Resident, models.CASCADE, verbose_name="居民", related_name="care_needs")
    kind = models.CharField("需求类别", max_length=12, choices=Kind.choices)
    words = SealedTextField("具体情况", blank=True)
    purpose = models.CharField("登记用途", max_length=100, help_text="例如：每周上门看望，代买药品。")
    consent = models.CharField("谁同意的", max_length=10, choices=Consent.choices)
    consent_by = models.CharField(
        "同意人", max_length=40, blank=True, help_text="监护人同意的，写监护人姓名。"
    )
    consent_on = models.DateField("同意日期", default=timezone.localdate)
    until = models.DateField("到期日期", help_text="到期以后内容自动删除，还需要的请重新征得同意。")
    ended_on = models.DateField("提前结束", null=True, blank=True, editable=False)
    by = models.ForeignKey(
        "governance.User", models.PROTECT, verbose_name="登记人", related_name="+", editable=False
    )

    objects = CareNeedQuerySet.as_manager()
    rule = Through("resident", view="care", change="care", add="care", reveal="care")

    class Meta:
        verbose_name = verbose_name_plural = "关爱需求"
        ordering = ["resident", "pk"]
        indexes = [models.Index(fields=["until"], name="careneed_until", condition=Q(ended_on=None))]
        constraints = [
            models.UniqueConstraint(
                fields=["resident", "kind"],
                condition=Q(ended_on=None),
                name="careneed_once",
                violation_error_message="这一类需求已经登记，请修改原来的那一条。",
            ),
            models.CheckConstraint(
                condition=Q(until__gte=F("consent_on")),
                name="careneed_term",
                violation_error_message="到期日期不能早于同意日期。",
            ),
            models.CheckConstraint(
                condition=Q(consent="person") | ~Q(consent_by=""),
                name="careneed_guardian_named",
                violation_error_message="监护人同意的，请写监护人姓名。",
            ),
            models.CheckConstraint(
                condition=~Q(purpose=""),
                name="careneed_purpose",
                violation_error_message="请写明登记用途。",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def is_in_force(self) -> bool:
        return self.ended_on is None and self.until >= timezone.localdate()

    @property
    def may_be_revealed(self) -> bool:
        """Whether its words may be looked at: until the last day of the consent."""
        return self.is_in_force
