"""What else is in the grid: premises (shops, firms, the nine kinds of small ones, bodies that have a seat here) and facilities."""

import secrets
from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from governance.models.base import DERIVED, Territorial
from governance.models.people import TELEPHONE
from governance.permissions import Jurisdiction
from grids.models.households import VisitedQuerySet, in_order_of_visits
from grids.models.territory import Entrance


def premises_token() -> str:
    """Return the unguessable name in the QR code that hangs in premises."""
    return secrets.token_urlsafe(12)


class Pointed(Territorial):
    """Something at a point of the map, as far as one knows it."""

    longitude = models.FloatField("经度", null=True, blank=True)
    latitude = models.FloatField("纬度", null=True, blank=True)

    class Meta:
        abstract = True

    def clean(self) -> None:
        if (self.longitude is None) != (self.latitude is None):
            raise ValidationError({"latitude": "经度和纬度要一起填写，或都不填。"})
        if self.longitude is not None and not (abs(self.longitude) <= 180 and abs(self.latitude) <= 90):
            raise ValidationError({"longitude": "经度在 -180 到 180 之间，纬度在 -90 到 90 之间。"})


def in_order_of_checks(name: str, *columns: str) -> models.Index:
    """Return the index of the small premises that are there, the longest unchecked first."""
    return models.Index(
        *columns,
        F("checked_on").asc(nulls_first=True),
        "id",
        name=name,
        condition=Q(closed_on=None) & ~Q(small=""),
    )


class PremisesQuerySet(VisitedQuerySet):
    def checking(self):
        """Return those that are asked to check their safety themselves: the nine kinds of small premises."""
        return self.current().exclude(small="")

    def check_late(self, before: date):
        """Return those of them that last did so before that day, or never."""
        return self.checking().filter(Q(checked_on=None) | Q(checked_on__lt=before))

    def oldest_check_first(self):
        """Return them with what was never checked first, then the longest unchecked."""
        return self.order_by(F("checked_on").asc(nulls_first=True), "pk")


class Premises(Pointed):
    """A shop, firm or body with a seat in the grid (场所、组织), visited like a household."""

    class Kind(models.TextChoices):
        SHOP = "shop", "商户"
        FIRM = "firm", "企业"
        SOCIAL = "social", "社会组织"
        PUBLIC = "public", "机关事业单位"
        SCHOOL = "school", "学校幼儿园"
        CLINIC = "clinic", "医疗机构"
        PROPERTY = "property", "物业企业"
        OWNERS = "owners", "业主委员会"
        OTHER = "other", "其他"

    #: 九小场所: the customary list of the fire services.
    class Small(models.TextChoices):
        NONE = "", "不是九小场所"
        SCHOOL = "school", "小学校或幼儿园"
        HOSPITAL = "hospital", "小医院"
        STORE = "store", "小商店"
        EATERY = "eatery", "小餐饮"
        INN = "inn", "小旅馆"
        ENTERTAINMENT = "entertainment", "小歌舞娱乐"
        INTERNET = "internet", "小网吧"
        BATHHOUSE = "bathhouse", "小美容洗浴"
        WORKSHOP = "workshop", "小生产加工"

    masked = {"contact_name": "name", "contact_phone": "phone"}

    name = models.CharField("名称", max_length=80)
    kind = models.CharField("类别", max_length=10, choices=Kind.choices, default=Kind.SHOP)
    small = models.CharField("九小场所", max_length=14, choices=Small.choices, blank=True, default="")
    entrance = models.ForeignKey(
        Entrance, models.PROTECT, null=True, blank=True, verbose_name="楼门", related_name="premises"
    )
    address = models.CharField("地址", max_length=120, blank=True)
    contact_name = models.CharField("联系人", max_length=40, blank=True)
    contact_phone = models.CharField("联系电话", max_length=30, blank=True, validators=[TELEPHONE])
    staff_count = models.PositiveIntegerField("从业人数", null=True, blank=True)
    note = models.CharField("备注", max_length=200, blank=True)
    visited_on = models.DateField("最近走访", null=True, editable=False)
    closed_on = models.DateField("注销日期", null=True, blank=True, editable=False)
    closing = models.CharField("注销原因", max_length=100, blank=True, editable=False)
    checked_on = models.DateField("最近自查", null=True, editable=False)
    token = models.CharField("二维码标识", max_length=24, unique=True, default=premises_token, editable=False)
    history = HistoricalRecords(excluded_fields=["visited_on", "checked_on", "token", *DERIVED])

    objects = PremisesQuerySet.as_manager()
    rule = Jurisdiction()

    class Meta:
        verbose_name = verbose_name_plural = "场所和组织"
        ordering = ["grid", "pk"]
        permissions = [
            ("contact_premises", "查看场所联系人"),
            ("reveal_premises", "查看场所脱敏信息"),
            ("export_premises", "导出场所底册"),
        ]
        indexes = [
            in_order_of_visits("premises_due_grid", "grid"),
            in_order_of_visits("premises_due_community", "community_code"),
            in_order_of_visits("premises_due_street", "street_code"),
            in_order_of_visits("premises_due_district", "district_code"),
            models.Index(fields=["community_code", "grid", "id"], name="premises_community"),
            models.Index(fields=["street_code", "grid", "id"], name="premises_street"),
            models.Index(fields=["district_code", "grid", "id"], name="premises_district"),
            in_order_of_checks("premises_check_grid", "grid"),
            in_order_of_checks("premises_check_community", "community_code"),
            in_order_of_checks("premises_check_street", "street_code"),
            in_order_of_checks("premises_check_district", "district_code"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["grid", "name", "address"],
                condition=Q(closed_on=None),
                name="premises_once",
                violation_error_message="这个网格里已登记同名、同地址的场所。",
            ),
            models.CheckConstraint(
                condition=~Q(name=""), name="premises_named", violation_error_message="请填写名称。"
            ),
            models.CheckConstraint(
                condition=Q(closed_on=None, closing="") | Q(closed_on__isnull=False) & ~Q(closing=""),
                name="premises_closed_with_reason",
                violation_error_message="注销要写明日期和原因。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_current(self) -> bool:
        return self.closed_on is None


class Facility(Pointed):
    """Something that stands in the grid and is looked after: a hydrant, a charging shed, an exercise ground (设施)."""

    class Kind(models.TextChoices):
        FIRE = "fire", "消防设施"
        CHARGING = "charging", "充电设施"
        LIFT = "lift", "电梯"
        POWER = "power", "供电供热设施"
        GAS = "gas", "燃气设施"
        WATER = "water", "供水排水设施"
        WASTE = "waste", "垃圾投放点"
        FITNESS = "fitness", "健身活动设施"
        ACCESS = "access", "无障碍设施"
        NOTICE = "notice", "宣传公示栏"
        OTHER = "other", "其他"

    name = models.CharField("名称", max_length=80)
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    spot = models.CharField("位置", max_length=120, blank=True, help_text="例如：3 号楼东侧。")
    keeper = models.CharField("管护单位", max_length=80, blank=True)
    keeper_phone = models.CharField("管护电话", max_length=30, blank=True, validators=[TELEPHONE])
    checked_on = models.DateField("最近查看", null=True, blank=True, editable=False)
    since = models.DateField("登记日期", default=timezone.localdate)
    closed_on = models.DateField("撤除日期", null=True, blank=True)
    note = models.CharField("备注", max_length=200, blank=True)
    history = HistoricalRecords(excluded_fields=["checked_on", *DERIVED])

    objects = VisitedQuerySet.as_manager()
    rule = Jurisdiction()

    class Meta:
        verbose_name = verbose_name_plural = "设施"
        ordering = ["grid", "kind", "pk"]
        indexes = [
            models.Index(fields=["community_code", "grid", "kind", "id"], name="facility_community"),
            models.Index(fields=["street_code", "grid", "kind", "id"], name="facility_street"),
            models.Index(fields=["district_code", "grid", "kind", "id"], name="facility_district"),
            models.Index(fields=["grid", "kind", "id"], name="facility_grid"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["grid", "kind", "name", "spot"],
                condition=Q(closed_on=None),
                name="facility_once",
                violation_error_message="这个网格里已登记同名、同位置的设施。",
            ),
            models.CheckConstraint(
                condition=~Q(name=""), name="facility_named", violation_error_message="请填写名称。"
            ),
        ]

    def __str__(self) -> str:
        return self.name
