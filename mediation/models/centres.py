"""Where mediation takes place and who does it: centres with their rooms, committees with their members, mediators, and the days on
which departments sit in."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from governance.models import Territorial
from governance.models.base import DERIVED
from governance.permissions import Jurisdiction, Own, Published, RestrictedQuerySet, Through


class Category(models.TextChoices):
    """The eighteen categories of the customary monthly table, in its order."""

    FAMILY = "family", "婚姻家庭"
    NEIGHBOURS = "neighbours", "邻里"
    HOUSING = "housing", "房屋宅基地"
    CONTRACT = "contract", "合同"
    BUSINESS = "business", "生产经营"
    DAMAGES = "damages", "损害赔偿"
    LAND = "land", "山林土地"
    EXPROPRIATION = "expropriation", "征地拆迁"
    POLLUTION = "pollution", "环境污染"
    LABOUR = "labour", "劳动争议"
    CONSUMER = "consumer", "消费"
    MEDICAL = "medical", "医疗"
    TRAFFIC = "traffic", "道路交通事故"
    PROPERTY = "property", "物业"
    TOURISM = "tourism", "旅游"
    INTELLECTUAL = "intellectual", "知识产权"
    INTERNET = "internet", "互联网"
    OTHER = "other", "其他"


class Centre(Territorial):
    """A mediation centre (矛调中心) of a community, a street or the district. There is one in use at each place."""

    name = models.CharField("名称", max_length=60)
    short_name = models.CharField(
        "卷号简称", max_length=20, help_text="写进卷号，例如“和苑”：(2026)和苑人调字第1号。"
    )
    address = models.CharField("地址", max_length=120, blank=True)
    phone = models.CharField("电话", max_length=30, blank=True)
    hours = models.CharField("开放时间", max_length=80, blank=True)
    is_active = models.BooleanField("启用", default=True)
    history = HistoricalRecords(excluded_fields=DERIVED)

    rule = Jurisdiction(published=[Published(frozenset({"view"}), label="公开的调解组织")])

    class Meta:
        verbose_name = verbose_name_plural = "矛调中心"
        ordering = ["grid"]
        constraints = [
            models.UniqueConstraint(
                fields=["grid"],
                condition=Q(is_active=True),
                name="centre_one_in_use",
                violation_error_message="这里已有启用的矛调中心。",
            ),
            models.UniqueConstraint(
                fields=["short_name"],
                name="centre_short_name",
                violation_error_message="这个卷号简称已被使用，请另取，免得卷号重复。",
            ),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(short_name=""),
                name="centre_named",
                violation_error_message="请填写名称和卷号简称。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def level(self) -> str:
        """Whose centre it is, in words: 区级, 街道级, 社区级."""
        return self.grid.grid_level.label.removesuffix("网格")


class Room(models.Model):
    """A room of a centre, or a specialised workshop of it (个人调解工作室、专业调解室)."""

    centre = models.ForeignKey(Centre, models.CASCADE, related_name="rooms", verbose_name="矛调中心")
    name = models.CharField("名称", max_length=60)
    categories = ArrayField(
        models.CharField(max_length=16, choices=Category.choices),
        default=list,
        blank=True,
        verbose_name="专长类别",
    )
    is_active = models.BooleanField("启用", default=True)

    objects = RestrictedQuerySet.as_manager()
    rule = Through("centre", view="view", add="change", change="change", delete="change")

    class Meta:
        verbose_name = verbose_name_plural = "调解室"
        ordering = ["centre", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["centre", "name"],
                name="room_once",
                violation_error_message="这个中心已有同名的调解室。",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Committee(Territorial):
    """A people's mediation committee (人民调解委员会)."""

    class Kind(models.TextChoices):
        COMMUNITY = "community", "社区"
        VILLAGE = "village", "村"
        STREET = "street", "街道"
        TOWN = "town", "乡镇"
        ENTERPRISE = "enterprise", "企事业单位"
        TRADE = "trade", "行业性、专业性"

    name = models.CharField("名称", max_length=80)
    kind = models.CharField("类型", max_length=12, choices=Kind.choices)
    centre = models.ForeignKey(
        Centre, models.PROTECT, null=True, blank=True, related_name="committees", verbose_name="所在矛调中心"
    )
    term_from = models.DateField("本届起")
    term_until = models.DateField("本届至")
    is_mixed = models.BooleanField("多民族居住地区", default=False)
    notified_on = models.DateField("通报法院日期", null=True, blank=True)
    is_active = models.BooleanField("启用", default=True)
    history = HistoricalRecords(excluded_fields=DERIVED)

    rule = Jurisdiction(published=[Published(frozenset({"view"}), label="公开的调解组织")])

    class Meta:
        verbose_name = verbose_name_plural = "人民调解委员会"
        ordering = ["grid", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(term_until__gt=F("term_from")),
                name="committee_term",
                violation_error_message="本届的截止日期要晚于开始日期。",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A member of a mediation committee in its present term."""

    class Duty(models.TextChoices):
        DIRECTOR = "director", "主任"
        DEPUTY = "deputy", "副主任"
        MEMBER = "member", "委员"

    committee = models.ForeignKey(
        Committee, models.CASCADE, related_name="members", verbose_name="人民调解委员会"
    )
    name = models.CharField("姓名", max_length=40)
    duty = models.CharField("职务", max_length=10, choices=Duty.choices, default=Duty.MEMBER)
    is_woman = models.BooleanField("妇女委员", default=False)
    is_minority = models.BooleanField("少数民族委员", default=False)
    history = HistoricalRecords()

    objects = RestrictedQuerySet.as_manager()
    rule = Through("committee", view="view", add="change", change="change", delete="change")

    class Meta:
        verbose_name = verbose_name_plural = "调委会委员"
        ordering = ["committee", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["committee"],
                condition=Q(duty="director"),
                name="member_one_director",
                violation_error_message="一个调委会只有一名主任。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.get_duty_display()}）"


class MediatorQuerySet(RestrictedQuerySet):
    def in_office(self, on=None):
        """Return the mediators whose term includes the day (today when None)."""
        day = on or timezone.localdate()
        return self.filter(
            Q(until=None) | Q(until__gte=day), since__lte=day, is_active=True, user__is_active=True
        )


class Mediator(Territorial):
    """A people's mediator (人民调解员): a committee's member, or somebody it has engaged."""

    user = models.ForeignKey("governance.User", models.PROTECT, verbose_name="账号", related_name="mediators")
    committee = models.ForeignKey(
        Committee, models.PROTECT, related_name="mediators", verbose_name="人民调解委员会"
    )
    specialities = ArrayField(
        models.CharField(max_length=16, choices=Category.choices),
        default=list,
        blank=True,
        verbose_name="专长类别",
    )
    languages = models.CharField("语言", max_length=60, blank=True, help_text="例如：天津话、手语。")
    is_full_time = models.BooleanField("专职", default=False)
    is_invited = models.BooleanField("法院特邀调解员", default=False)
    since = models.DateField("聘任起", default=timezone.localdate)
    until = models.DateField("聘任至", null=True, blank=True)
    phone = models.CharField("公开电话", max_length=30, blank=True)
    is_active = models.BooleanField("在岗", default=True)
    history = HistoricalRecords(excluded_fields=DERIVED)

    objects = MediatorQuerySet.as_manager()
    rule = Jurisdiction(
        own=[Own("user", frozenset({"view"}), "本人")],
        published=[Published(frozenset({"view"}), when=Q(is_active=True), label="公开的调解员名册")],
    )

    class Meta:
        verbose_name = verbose_name_plural = "人民调解员"
        ordering = ["grid", "pk"]
        permissions = [("export_mediator", "导出调解员名册")]
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="mediator_term",
                violation_error_message="聘任截止日期不能早于开始日期。",
            ),
            models.UniqueConstraint(
                fields=["user", "committee"],
                condition=Q(is_active=True),
                name="mediator_once_in_a_committee",
                violation_error_message="这位调解员已在这个调委会的名册上。",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class Relation(models.Model):
    """Somebody to whom a mediator stands so near that she does not mediate between her and others."""

    class Kind(models.TextChoices):
        KIN = "kin", "近亲属"
        HOUSEHOLD = "household", "同户居住"
        INTEREST = "interest", "利害关系"

    mediator = models.ForeignKey(
        Mediator, models.CASCADE, related_name="relations", verbose_name="人民调解员"
    )
    kind = models.CharField("关系", max_length=10, choices=Kind.choices)
    name = models.CharField("姓名", max_length=40)
    phone = models.CharField("手机号", max_length=11, blank=True)
    masked = {"name": "name", "phone": "phone"}

    objects = RestrictedQuerySet.as_manager()
    rule = Through("mediator", view="change", add="change", change="change", delete="change")

    class Meta:
        verbose_name = verbose_name_plural = "须回避的关系"
        ordering = ["mediator", "pk"]

    def __str__(self) -> str:
        return self.get_kind_display()


class Weekday(models.IntegerChoices):
    MONDAY = 0, "周一"
    TUESDAY = 1, "周二"
    WEDNESDAY = 2, "周三"
    THURSDAY = 3, "周四"
    FRIDAY = 4, "周五"
    SATURDAY = 5, "周六"
    SUNDAY = 6, "周日"


class DutyShift(models.Model):
    """On which weekday a department sits in at a centre (驻点轮值): shown to residents as who is there today."""

    centre = models.ForeignKey(Centre, models.CASCADE, related_name="shifts", verbose_name="矛调中心")
    weekday = models.PositiveSmallIntegerField("星期", choices=Weekday.choices)
    body = models.CharField("单位", max_length=60, help_text="例如：区人民法院。")
    business = models.CharField("受理什么", max_length=120, blank=True)
    begins = models.TimeField("几点开始")
    ends = models.TimeField("几点结束")
    room = models.ForeignKey(
        Room, models.SET_NULL, null=True, blank=True, verbose_name="调解室", related_name="+"
    )

    objects = RestrictedQuerySet.as_manager()
    rule = Through("centre", view="view", add="change", change="change", delete="change")

    class Meta:
        verbose_name = verbose_name_plural = "轮值安排"
        ordering = ["centre", "weekday", "begins", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__gt=F("begins")),
                name="shift_hours",
                violation_error_message="结束时间要晚于开始时间。",
            ),
            models.UniqueConstraint(
                fields=["centre", "weekday", "body", "begins"],
                name="shift_once",
                violation_error_message="这一天这个时段已排了这个单位。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.body}"
