"""Care plans (四色探视): whom the grid looks in on, how often, who does it, and what was found.

A colour is how often somebody agreed to be looked in on, nothing else: it says nothing about the person. A plan stands on a
consent with an end; when it ends, its people are told nothing more, and in time their names are deleted.
"""

from datetime import date, timedelta

from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, TruncDate
from django.utils import timezone

from governance import parameters
from governance.models.audit import AppendOnly
from governance.models.base import Territorial
from governance.models.matters import Matter
from governance.models.people import PHONE
from governance.models.sealed import SealedTextField
from governance.permissions import Jurisdiction, Own, RestrictedQuerySet, Through
from grids.models.households import CareNeed, Resident
from grids.models.visits import visit_token

#: A plan that somebody agreed to and that has not ended, by the database's own day.
RUNS = Q(ended_on=None, until__gte=TruncDate(Now()))
#: What a plan's responsible people and its neighbours may do while it runs. ``meet`` opens the resident's own name and phone,
#: ``contact`` those of the family and the neighbours.
CARING = frozenset({"view", "look", "meet", "contact"})
NEIGHBOURLY = frozenset({"view", "look", "meet"})


class CareColour(models.TextChoices):
    """How often: the days stand in the parameters (``days_of``)."""

    RED = "red", "红色"
    ORANGE = "orange", "橙色"
    YELLOW = "yellow", "黄色"
    GREEN = "green", "绿色"


def days_of(colour: str) -> int:
    """Return how many days lie between two look-ins of a colour, as the district has set it."""
    return parameters.value(f"care.{colour}_days")


def often(days: int) -> str:
    """Return a number of days between look-ins in words."""
    return "每天一次" if days == 1 else f"每 {days} 天一次"


def items_offered() -> list[str]:
    """Return what the district's plans usually look at, in its order."""
    return [each.strip() for each in parameters.value("care.items").split("、") if each.strip()]


class CarePlanQuerySet(RestrictedQuerySet):
    def open(self):
        """Return those that have not ended."""
        return self.filter(ended_on=None)

    def due(self, on: date):
        """Return those that are due on a day, or were before."""
        return self.open().filter(due_on__lte=on)

    def overdue(self, on: date):
        """Return those whose due day is past."""
        return self.open().filter(due_on__lt=on)

    def ending(self, by: date):
        """Return those whose consent ends no later than a day."""
        return self.open().filter(until__lte=by)

    def uncared(self):
        """Return those that nobody answers for."""
        carers = CareCarer.objects.filter(plan=models.OuterRef("pk"), until=None)
        return self.open().exclude(models.Exists(carers))

    def cared_for_by(self, user):
        """Return those in which somebody is responsible or a neighbour, and which run."""
        keys = {
            *CareCarer.objects.filter(user=user, until=None).values_list("plan", flat=True),
            *CareContact.objects.filter(user=user).values_list("plan", flat=True),
        }
        return self.filter(RUNS, pk__in=sorted(keys))

    def with_door(self):
        """Return them with what names the person and the door."""
        return self.select_related(
            "grid", "resident__household__entrance__building", "resident__household__grid"
        ).defer("grid__boundary", "resident__household__grid__boundary")


def day_indexes(name: str) -> list[models.Index]:
    """Return the indexes of the lists of open plans by place, the longest overdue first."""
    places = {
        "grid": "grid",
        "community": "community_code",
        "street": "street_code",
        "district": "district_code",
    }
    return [
        models.Index(fields=[column, "due_on", "id"], name=f"{name}_{place}", condition=Q(ended_on=None))
        for place, column in places.items()
    ]


class CarePlan(Territorial):
    """One resident's plan (探视计划), at the household's grid. ``every`` are the days that ``due_on`` was counted with, ``told`` how
    far up its being overdue has been told: 0 nobody, 1 the responsible, 2 the community, 3 the street."""

    Consent = CareNeed.Consent

    resident = models.ForeignKey(
        Resident, models.PROTECT, verbose_name="居民", related_name="care_plans", editable=False
    )
    colour = models.CharField("颜色", max_length=8, choices=CareColour.choices, editable=False)
    every = models.PositiveSmallIntegerField("几天一次", editable=False)
    purpose = models.CharField(
        "用途", max_length=100, help_text="例如：独自在家，约好每周看一次。不要写病情。"
    )
    items = ArrayField(models.CharField(max_length=20), verbose_name="看什么", default=list, size=12)
    consent = models.CharField("谁同意的", max_length=10, choices=Consent.choices)
    consent_by = models.CharField(
        "同意人", max_length=40, blank=True, help_text="监护人同意的，写监护人姓名。"
    )
    consent_on = models.DateField("同意日期", default=timezone.localdate)
    until = models.DateField("同意到哪天", help_text="到期自动结束，要继续须重新征得同意。")
    since = models.DateField("开始日期", default=timezone.localdate, editable=False)
    looked_in_on = models.DateField("最近看到", null=True, editable=False)
    due_on = models.DateField("下次到期", editable=False)
    told = models.PositiveSmallIntegerField("已告知层级", default=0, editable=False)
    ended_on = models.DateField("结束日期", null=True, editable=False)
    ending = models.CharField("结束原因", max_length=100, blank=True, editable=False)
    erased_on = models.DateField("清除日期", null=True, editable=False)
    by = models.ForeignKey(
        "governance.User", models.PROTECT, verbose_name="制定人", related_name="+", editable=False
    )

    objects = CarePlanQuerySet.as_manager()
    rule = Jurisdiction(
        own=[
            Own("carers__user", CARING, "探视责任人", when=RUNS & Q(carers__until=None)),
            Own("contacts__user", NEIGHBOURLY, "结对邻居", when=RUNS),
        ]
    )

    class Meta:
        verbose_name = verbose_name_plural = "探视计划"
        ordering = ["due_on", "pk"]
        permissions = [
            ("look_careplan", "记录探视"),
            ("meet_careplan", "查看探视居民姓名和电话"),
            ("contact_careplan", "查看探视联系人姓名和电话"),
            ("reveal_careplan", "查看探视计划脱敏信息"),
            ("count_careplan", "查看探视统计"),
            ("export_careplan", "导出探视计划"),
        ]
        indexes = [
            *day_indexes("careplan"),
            models.Index(fields=["due_on"], name="careplan_due", condition=Q(ended_on=None)),
            models.Index(fields=["until"], name="careplan_until", condition=Q(ended_on=None)),
            models.Index(
                fields=["ended_on"], name="careplan_unerased", condition=Q(ended_on__isnull=False, erased_on=None)
            ),
        ]  # fmt: skip
        constraints = [
            models.UniqueConstraint(
                fields=["resident"],
                condition=Q(ended_on=None),
                name="careplan_once",
                violation_error_message="这名居民已经有进行中的探视计划。",
            ),
            models.CheckConstraint(
                condition=Q(until__gte=F("consent_on")),
                name="careplan_term",
                violation_error_message="到期日期不能早于同意日期。",
            ),
            models.CheckConstraint(
                condition=Q(consent="person") | ~Q(consent_by="") | Q(erased_on__isnull=False),
                name="careplan_guardian_named",
                violation_error_message="监护人同意的，请写监护人姓名。",
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None, ending="") | Q(ended_on__isnull=False) & ~Q(ending=""),
                name="careplan_ended_with_reason",
                violation_error_message="结束要写明日期和原因。",
            ),
        ]

    def __str__(self) -> str:
        return f"探视计划 {self.pk}"

    @property
    def runs(self) -> bool:
        """Whether it has not ended and the consent still holds."""
        return self.ended_on is None and self.until >= timezone.localdate()

    @property
    def frequency(self) -> str:
        """How often, in words."""
        return often(self.every)

    @property
    def door(self) -> str:
        """The door and the room. Costs queries where ``with_door`` did not bring them."""
        return str(self.resident.household)

    @property
    def days_late(self) -> int:
        """How many days the due day is past; 0 where it is not."""
        return max(0, (timezone.localdate() - self.due_on).days) if self.ended_on is None else 0

    @property
    def late_words(self) -> str:
        """How late it is, in words."""
        return f"逾期 {self.days_late} 天"

    @property
    def due_words(self) -> str:
        """When it is due next, in words."""
        return f"{self.due_on.month}月{self.due_on.day}日到期"

    def next_due(self, days: int) -> date:
        """Return the due day under a frequency of so many days: counted from the last look-in, and never further in the past than
        it is already, so that asking for more does not make anybody late."""
        return max(
            (self.looked_in_on or self.since) + timedelta(days=days), min(self.due_on, timezone.localdate())
        )


class CareCarer(models.Model):
    """Somebody who answers for a plan (责任人), by account."""

    plan = models.ForeignKey(CarePlan, models.CASCADE, verbose_name="探视计划", related_name="carers")
    user = models.ForeignKey("governance.User", models.PROTECT, verbose_name="责任人", related_name="+")
    since = models.DateField("起", default=timezone.localdate)
    until = models.DateField("止", null=True)

    objects = RestrictedQuerySet.as_manager()
    rule = Through("plan", view="view", change="change")

    class Meta:
        verbose_name = verbose_name_plural = "探视责任人"
        ordering = ["pk"]
        indexes = [models.Index(fields=["user"], name="carecarer_user", condition=Q(until=None))]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "user"],
                condition=Q(until=None),
                name="carecarer_once",
                violation_error_message="这个人已经是责任人。",
            )
        ]

    def __str__(self) -> str:
        return str(self.user)


class CareContact(models.Model):
    """A neighbour who looks in (网格对子) or somebody of the family. ``user``: the neighbour's account, where there is one."""

    class Kind(models.TextChoices):
        NEIGHBOUR = "neighbour", "结对邻居"
        FAMILY = "family", "家人"

    masked = {"name": "name", "phone": "phone"}

    plan = models.ForeignKey(CarePlan, models.CASCADE, verbose_name="探视计划", related_name="contacts")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    name = models.CharField("姓名", max_length=40)
    phone = models.CharField("手机号", max_length=11, validators=[PHONE])
    relation = models.CharField("关系", max_length=20, blank=True, help_text="例如：女儿、对门。")
    user = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, blank=True, verbose_name="账号", related_name="+"
    )

    objects = RestrictedQuerySet.as_manager()
    rule = Through("plan", view="view", change="change", contact="contact", reveal="reveal")

    class Meta:
        verbose_name = verbose_name_plural = "探视联系人"
        ordering = ["kind", "pk"]
        indexes = [models.Index(fields=["user"], name="carecontact_user", condition=Q(user__isnull=False))]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "phone"],
                name="carecontact_once",
                violation_error_message="这个手机号已经登记过。",
            ),
            models.CheckConstraint(
                condition=~Q(name=""), name="carecontact_named", violation_error_message="请填写姓名。"
            ),
            models.CheckConstraint(
                condition=Q(user=None) | Q(kind="neighbour"),
                name="carecontact_account_of_neighbour",
                violation_error_message="只有结对邻居可以关联账号。",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CareVisit(models.Model):
    """One look-in (探视): written once. ``due_on`` is the due day that it answered, empty where it answered none (nobody met, or
    somebody was met that day already). The database refuses every change but the emptying of what was written."""

    class Way(models.TextChoices):
        DOOR = "door", "上门"
        PHONE = "phone", "打电话"
        NEIGHBOUR = "neighbour", "听邻居说"

    class Outcome(models.TextChoices):
        WELL = "well", "都好"
        NEEDS = "needs", "有需要"
        ABSENT = "absent", "没见到人"

    plan = models.ForeignKey(CarePlan, models.PROTECT, verbose_name="探视计划", related_name="look_ins")
    by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="探视人", related_name="+")
    way = models.CharField("方式", max_length=10, choices=Way.choices)
    outcome = models.CharField("情况", max_length=8, choices=Outcome.choices)
    items = ArrayField(models.CharField(max_length=20), verbose_name="看了什么", default=list)
    note = SealedTextField("说明", blank=True, max_length=500)
    visited_at = models.DateTimeField("探视时间", default=timezone.now)
    recorded_at = models.DateTimeField("记录时间", default=timezone.now)
    due_on = models.DateField("到期日", null=True, blank=True)
    token = models.CharField("标识", max_length=40, unique=True, default=visit_token)

    objects = RestrictedQuerySet.as_manager()
    rule = Through("plan", view="view", count="count")

    class Meta:
        verbose_name = verbose_name_plural = "探视记录"
        ordering = ["-visited_at", "-pk"]
        indexes = [
            models.Index(fields=["plan", "-visited_at", "-id"], name="carevisit_plan"),
            models.Index(fields=["due_on"], name="carevisit_due", condition=Q(due_on__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(visited_at__lte=F("recorded_at")),
                name="carevisit_not_ahead",
                violation_error_message="探视时间不能晚于现在。",
            )
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.visited_at):%Y-%m-%d %H:%M} 探视"

    @property
    def met(self) -> bool:
        """Whether the person was met or heard of."""
        return self.outcome != self.Outcome.ABSENT


class CareStep(AppendOnly):
    """What happened to a plan: opened, another colour with its reason, renewed, other people, a device, ended."""

    class Kind(models.TextChoices):
        OPENED = "opened", "制定计划"
        RECOLOURED = "recoloured", "调整颜色"
        RENEWED = "renewed", "续期"
        MENDED = "mended", "修改内容"
        PEOPLE = "people", "调整责任人和联系人"
        DEVICE = "device", "求助设备"
        ENDED = "ended", "结束"

    plan = models.ForeignKey(CarePlan, models.PROTECT, verbose_name="探视计划", related_name="steps")
    kind = models.CharField("事项", max_length=12, choices=Kind.choices)
    words = models.CharField("内容", max_length=120, blank=True)
    reason = models.CharField("理由", max_length=100, blank=True)
    by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="办理人", related_name="+")
    at = models.DateTimeField("时间", default=timezone.now)

    rule = Through("plan", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "探视计划变更"
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["plan", "-at", "-id"], name="carestep_plan")]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M} {self.get_kind_display()}"


class CareDevice(models.Model):
    """An SOS button (求助设备) that somebody agreed to have. It raises an SOS and reports nothing else. Its key is shown once; the
    database keeps a keyed digest."""

    plan = models.ForeignKey(CarePlan, models.PROTECT, verbose_name="探视计划", related_name="devices")
    serial = models.CharField("设备编号", max_length=40)
    spot = models.CharField("放在哪里", max_length=40, blank=True)
    consent = models.CharField("谁同意的", max_length=10, choices=CareNeed.Consent.choices)
    consent_on = models.DateField("同意日期", default=timezone.localdate)
    key_digest = models.CharField("密钥摘要", max_length=64, unique=True)
    bound_on = models.DateField("启用日期", default=timezone.localdate)
    unbound_on = models.DateField("停用日期", null=True, editable=False)
    heard_at = models.DateTimeField("最近一次求助", null=True, editable=False)
    flooded_at = models.DateTimeField("最近一次因太频繁被拒", null=True, editable=False)
    by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="登记人", related_name="+")

    objects = RestrictedQuerySet.as_manager()
    rule = Through("plan", view="view", change="change")

    class Meta:
        verbose_name = verbose_name_plural = "求助设备"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["serial"],
                condition=Q(unbound_on=None),
                name="caredevice_once",
                violation_error_message="这个编号的设备已在使用，请先在原来的计划里停用。",
            ),
            models.CheckConstraint(
                condition=~Q(serial=""),
                name="caredevice_numbered",
                violation_error_message="请填写设备编号。",
            ),
        ]

    def __str__(self) -> str:
        return self.serial

    @property
    def is_bound(self) -> bool:
        return self.unbound_on is None


class CareAlarm(AppendOnly):
    """One press of a device's button. ``first`` is the press whose incident and calls it belongs to, where the button was pressed
    again within a few minutes. Without a number, no incident could be opened: people were rung all the same."""

    device = models.ForeignKey(CareDevice, models.PROTECT, verbose_name="求助设备", related_name="alarms")
    plan = models.ForeignKey(CarePlan, models.PROTECT, verbose_name="探视计划", related_name="alarms")
    event_id = models.CharField("设备事件编号", max_length=64)
    at = models.DateTimeField("时间", default=timezone.now)
    first = models.ForeignKey(
        "self", models.PROTECT, null=True, verbose_name="同一次求助", related_name="again"
    )
    rung = models.PositiveSmallIntegerField("通知了几个人", default=0)
    content_type = models.ForeignKey(ContentType, models.PROTECT, null=True, related_name="+")
    object_id = models.BigIntegerField("事件", null=True)
    number = models.CharField("事件编号", max_length=40, blank=True)

    rule = Through("plan", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "求助记录"
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["plan", "-at", "-id"], name="carealarm_plan"),
            models.Index(fields=["device", "-at"], name="carealarm_device"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["device", "event_id"],
                name="carealarm_once",
                violation_error_message="这次求助已经收到。",
            )
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M} 求助"

    @property
    def matter(self) -> Matter | None:
        """The incident that it opened. Costs a query."""
        if self.content_type_id is None:
            return None
        return self.content_type.model_class()._base_manager.filter(pk=self.object_id).first()
