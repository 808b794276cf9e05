"""A service order, the places claimed on it, and the hours that came of it."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.urls import reverse
from django.utils import timezone

from governance.models import AppendOnly, Matter, MatterQuerySet, Photo, Step, Territorial
from governance.models.people import PHONE
from governance.permissions import (
    Jurisdiction,
    Own,
    Published,
    RestrictedQuerySet,
    Through,
    holders,
    nearest_holders,
)
from volunteers.models.menu import ServiceItem
from volunteers.models.people import Volunteer


class OrderStatus(models.TextChoices):
    PLACED = "placed", "待受理"
    RETURNED = "returned", "待补充"
    OPEN = "open", "待接单"
    ASSIGNED = "assigned", "已派单"
    CLAIMED = "claimed", "已接单"
    SERVING = "serving", "服务中"
    SERVED = "served", "待确认"
    CONFIRMED = "confirmed", "待评价"
    RATED = "rated", "已完成"
    REJECTED = "rejected", "不予受理"
    CANCELLED = "cancelled", "已取消"


#: While an order is in one of these, it is being served or sought for, and both sides of a held claim may call each other.
RUNNING = frozenset({OrderStatus.OPEN, OrderStatus.ASSIGNED, OrderStatus.CLAIMED, OrderStatus.SERVING})


class ClaimStatus(models.TextChoices):
    INVITED = "invited", "待本人同意"
    HELD = "held", "已接单"
    WAITING = "waiting", "候补中"
    OFFERED = "offered", "候补待确认"
    SERVED = "served", "已服务"
    RELEASED = "released", "已退出"
    DECLINED = "declined", "已谢绝"
    EXPIRED = "expired", "逾期未确认"
    ABSENT = "absent", "未到场"
    VOID = "void", "随单取消"


#: Claims that take up a place of the order.
TAKING = ("invited", "held", "offered", "served")
#: Claims that still mean something to the volunteer; she has at most one of these on an order.
LIVE = ("invited", "held", "waiting", "offered", "served")


#: Claims that keep a place for a volunteer who has not agreed yet.
ASKED = ("invited", "offered")
#: Claims of volunteers who were asked, or wait, and have not agreed.
SOUGHT_AFTER = ("invited", "waiting", "offered")


class OrderQuerySet(MatterQuerySet):
    def open_to_claims(self):
        """Return the orders with a free place that anyone in reach may take."""
        return self.filter(status=OrderStatus.OPEN, taken__lt=F("places"))

    def for_page(self):
        """Load what an order's line shows, so that query counts stay flat, and no more: each table that is joined on top
        costs the planner more than the rows themselves."""
        return self.select_related("item").with_place()


class Order(Matter):
    """A request for a service of the menu, for someone, at a place, in a window of time."""

    prefix = "DD"
    masked = {
        "applicant_name": "name",
        "applicant_phone": "phone",
        "beneficiary_name": "name",
        "beneficiary_phone": "phone",
        "address": "address",
    }

    status = models.CharField("状态", max_length=16, choices=OrderStatus.choices, editable=False)
    item = models.ForeignKey(ServiceItem, models.PROTECT, verbose_name="服务项目", related_name="orders")
    beneficiary = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, blank=True, verbose_name="受助人账号", related_name="+"
    )
    beneficiary_name = models.CharField("受助人", max_length=40)
    beneficiary_phone = models.CharField("受助人电话", max_length=11, validators=[PHONE])
    address = models.CharField(
        "门牌号", max_length=100, blank=True, help_text="楼门以内的门牌，例如 301 室。"
    )
    wanted_from = models.DateTimeField("希望开始")
    wanted_until = models.DateTimeField("希望结束")
    places = models.PositiveSmallIntegerField("需要人数", default=1)
    taken = models.PositiveSmallIntegerField("已接人数", default=0, editable=False)
    published_to = models.CharField("接单范围", max_length=15, blank=True, editable=False)
    open_since = models.DateTimeField("开放接单时间", null=True, editable=False)
    code = models.CharField("签到码", max_length=6, editable=False)
    rating = models.PositiveSmallIntegerField("评分", null=True, editable=False)
    rating_words = models.CharField("评价", max_length=500, blank=True, editable=False)
    complaint_open = models.BooleanField("有待答复的投诉", default=False, editable=False)

    objects = OrderQuerySet.as_manager()
    rule = Jurisdiction(
        unit="unit",
        own=[
            Own(
                "applicant",
                frozenset({"view", "contact", "amend", "cancel", "confirm", "rate", "complain", "code"}),
                "点单人",
            ),
            Own(
                "beneficiary",
                frozenset({"view", "contact", "cancel", "confirm", "rate", "complain", "code"}),
                "受助人",
            ),
            Own("placed_by", frozenset({"view", "complain"}), "代办人"),
            Own("placed_by", frozenset({"contact", "amend", "cancel"}), "代办人", when=Q(closed_at=None)),
            Own(
                "claims__volunteer__applicant",
                frozenset({"view", "claim", "answer"}),
                "接单志愿者",
                when=Q(claims__status__in=LIVE),
            ),
            # Name, phone and door are open to the volunteer only between acceptance and completion.
            Own(
                "claims__volunteer__applicant",
                frozenset({"contact", "serve"}),
                "服务中的志愿者",
                when=Q(claims__status="held", status__in=["open", "assigned", "claimed", "serving"]),
            ),
            Own(
                "claims__volunteer__applicant",
                frozenset({"show"}),
                "完成服务的志愿者",
                when=Q(claims__status="served"),
            ),
        ],
        published=[
            Published(
                frozenset({"view", "claim"}),
                when=Q(status__in=["open", "claimed"]),
                to="published_to",
                holding="seek",
                label="接单大厅",
            ),
        ],
    )

    class Meta(Matter.Meta):
        verbose_name = verbose_name_plural = "服务订单"
        permissions = [
            ("dispatch_order", "派单"),
            ("seek_order", "浏览接单大厅"),
            ("claim_order", "接单"),
            ("answer_order", "答复派单"),
            ("serve_order", "签到签退"),
            ("show_order", "晒单"),
            ("muster_order", "队内派人"),
            ("amend_order", "补充点单"),
            ("cancel_order", "取消点单"),
            ("confirm_order", "确认服务"),
            ("rate_order", "评价服务"),
            ("complain_order", "投诉"),
            ("code_order", "查看签到码"),
            ("place_order", "代居民点单"),
            ("contact_order", "查看联系方式"),
            ("reveal_order", "查看脱敏信息"),
            ("export_order", "导出订单"),
        ]
        indexes = [
            *Matter.Meta.indexes,
            models.Index(
                fields=["published_to", "wanted_from"],
                name="order_hall",
                condition=Q(status__in=["open", "claimed"]),
            ),
            models.Index(fields=["beneficiary", "-opened_at"], name="order_beneficiary"),
            models.Index(fields=["placed_by", "-opened_at"], name="order_placed_by"),
            models.Index(fields=["item", "status"], name="order_item_status"),
            models.Index(
                fields=["community_code"], name="order_complaints", condition=Q(complaint_open=True)
            ),
        ]
        constraints = [
            *Matter.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=OrderStatus.values),
                name="order_status_known",
                violation_error_message="订单没有这个状态。",
            ),
            models.CheckConstraint(
                condition=Q(places__gte=1, places__lte=50),
                name="order_places",
                violation_error_message="需要人数在 1 到 50 之间。",
            ),
            models.CheckConstraint(
                condition=Q(taken__lte=F("places")),
                name="order_not_oversold",
                violation_error_message="名额已满。",
            ),
            models.CheckConstraint(
                condition=Q(wanted_until__gt=F("wanted_from")),
                name="order_window",
                violation_error_message="希望结束的时间要晚于开始的时间。",
            ),
            models.CheckConstraint(
                condition=Q(rating=None) | Q(rating__gte=1, rating__lte=5),
                name="order_rating",
                violation_error_message="评分在 1 到 5 之间。",
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("order", args=[self.number])

    def search_text(self) -> str:
        return f"{self.title} {self.description} {self.item.name}"

    def masked_text(self) -> str:
        return f"{self.applicant_name} {self.beneficiary_name}"

    @property
    def is_full(self) -> bool:
        return self.taken >= self.places

    def places_text(self, asked: int) -> str:
        """Return how many are needed and have agreed; ``asked`` of the taken places are kept for volunteers who have not."""
        text = f"需要 {self.places} 人，已接 {self.taken - asked} 人"
        return f"{text}，已请 {asked} 人待答复" if asked else text

    def gist(self, *, place: bool = True) -> str:
        start, end = timezone.localtime(self.wanted_from), timezone.localtime(self.wanted_until)
        when = f"{start.month}月{start.day}日 {start:%H:%M}-{end:%H:%M}"
        return f"{when}，{self.place_text}" if place else when

    def audience(self, key: str) -> list:
        if key == "beneficiary":
            return [self.beneficiary] if self.beneficiary_id else []
        if key == "dispatchers":
            return list(nearest_holders("volunteers.dispatch_order", self.grid_id))
        if key == "team":
            return (
                list(holders("volunteers.muster_order", self.grid_id, unit_id=self.unit_id))
                if self.unit_id
                else []
            )
        if key == "served":
            claims = self.claims.filter(status="served").select_related("volunteer__applicant")
            return [claim.volunteer.applicant for claim in claims]
        if key == "volunteers":
            claims = self.claims.filter(status__in=("held", "invited", "offered")).select_related(
                "volunteer__applicant"
            )
            return [claim.volunteer.applicant for claim in claims]
        return super().audience(key)


class OrderStep(Step):
    """A step of an order."""

    matter = models.ForeignKey(Order, models.PROTECT, related_name="steps", verbose_name="订单")

    rule = Through("matter", view="view")

    class Meta(Step.Meta):
        verbose_name = verbose_name_plural = "订单记录"


class OrderPhoto(Photo):
    """A picture that belongs to an order: taken when it was placed."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="photos", verbose_name="订单")

    rule = Through("order", view="view", add="amend")

    class Meta(Photo.Meta):
        verbose_name = verbose_name_plural = "订单照片"


class Claim(models.Model):
    """One volunteer's place on one order, from invitation or claim to the end of service."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="claims", verbose_name="订单")
    volunteer = models.ForeignKey(Volunteer, models.PROTECT, related_name="claims", verbose_name="志愿者")
    status = models.CharField("状态", max_length=10, choices=ClaimStatus.choices)
    window = DateTimeRangeField("服务时段")
    created_at = models.DateTimeField("时间", default=timezone.now)
    queued_at = models.DateTimeField("候补时间", null=True)
    offer_until = models.DateTimeField("保留至", null=True)
    checked_in_at = models.DateTimeField("签到", null=True)
    checked_out_at = models.DateTimeField("签退", null=True)
    entered_later = models.CharField("补录理由", max_length=200, blank=True)
    half_hours = models.PositiveSmallIntegerField("时长", null=True, help_text="半小时数")

    objects = RestrictedQuerySet.as_manager()
    rule = Through("order", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "接单"
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["volunteer", "status", "-id"]),
            models.Index(fields=["order", "status", "queued_at"]),
            models.Index(fields=["offer_until"], name="claim_offers", condition=Q(status="offered")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=ClaimStatus.values),
                name="claim_status_known",
                violation_error_message="接单没有这个状态。",
            ),
            models.UniqueConstraint(
                fields=["order", "volunteer"],
                name="claim_once",
                condition=Q(status__in=LIVE),
                violation_error_message="您已经接了这一单。",
            ),
            # A number range stands in for btree_gist: nobody holds two orders at one time.
            ExclusionConstraint(
                name="claim_one_at_a_time",
                expressions=[
                    (
                        Func(F("volunteer"), F("volunteer"), Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    ("window", RangeOperators.OVERLAPS),
                ],
                condition=Q(status="held"),
                violation_error_message="这段时间您已经接了另一单。",
            ),
            models.CheckConstraint(
                condition=Q(checked_out_at=None) | Q(checked_out_at__gte=F("checked_in_at")),
                name="claim_out_after_in",
                violation_error_message="签退不能早于签到。",
            ),
            models.CheckConstraint(
                condition=~Q(status="offered") | Q(offer_until__isnull=False),
                name="claim_offer_ends",
                violation_error_message="候补名额须有保留时间。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.volunteer} {self.get_status_display()}"


class HoursEntry(AppendOnly, Territorial):
    """One line of the hours ledger. Hours are earned once for each claim; corrections are lines of their own."""

    class Kind(models.TextChoices):
        EARN = "earn", "服务"
        ADJUST = "adjust", "更正"

    volunteer = models.ForeignKey(Volunteer, models.PROTECT, related_name="hours", verbose_name="志愿者")
    claim = models.ForeignKey(Claim, models.PROTECT, null=True, related_name="hours", verbose_name="接单")
    kind = models.CharField("类别", max_length=8, choices=Kind.choices, default=Kind.EARN)
    half_hours = models.SmallIntegerField("半小时数")
    reason = models.CharField("理由", max_length=200, blank=True)
    entered_by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="记录人", related_name="+")
    at = models.DateTimeField("时间", default=timezone.now)

    objects = RestrictedQuerySet.as_manager()
    rule = Jurisdiction(own=[Own("volunteer__applicant", frozenset({"view"}), "志愿者本人")])

    class Meta:
        verbose_name = verbose_name_plural = "服务时长"
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["volunteer", "-at"]),
            models.Index(fields=["community_code", "-at"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["claim"],
                name="hours_once",
                condition=Q(kind="earn"),
                violation_error_message="这次服务的时长已经记过。",
            ),
            models.CheckConstraint(
                condition=Q(kind="adjust") & ~Q(reason="")
                | Q(kind="earn", claim__isnull=False, half_hours__gte=0),
                name="hours_reasoned",
                violation_error_message="更正时长须写明理由。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.volunteer} {self.half_hours / 2:g} 小时"
