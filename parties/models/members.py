"""Party members, the duties they hold in their organisations, and hub households. Data is kept to what the work needs: who, in which
organisation, since when, how to be reached."""

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from simple_history.models import HistoricalRecords

from governance.models import User
from governance.models.base import DERIVED
from governance.models.people import PHONE
from governance.permissions import Jurisdiction, Own, RestrictedQuerySet
from parties.models.organisations import OfOrganisation, Organisation, PartyOrgType


def term(since: str = "since", until: str = "until") -> Func:
    """Return a term as a range of days, both ends counting, for constraints."""
    return Func(
        F(since), Coalesce(F(until), Value(date.max)), Value("[]", output_field=models.CharField()), function="daterange"
    )  # fmt: skip


def key_range(column: str) -> Func:
    """Return a key as a range of one number: it stands in for btree_gist, which an embedded PostgreSQL lacks."""
    return Func(F(column), F(column), Value("[]", output_field=models.CharField()), function="int8range")


class MemberQuerySet(RestrictedQuerySet):
    def on_roll(self):
        """Return those who are members of their organisation now."""
        return self.filter(left_on=None)

    def full(self):
        """Return the full members on the roll."""
        return self.on_roll().filter(stage=Member.Stage.FULL)

    def as_choices(self, user: User):
        """Return them in an order to choose from: by name where the person reads all the names, which the order would tell else."""
        masked = self.exclude(pk__in=Member.objects.restrict(user, "contact").values("pk")).exists()
        return self.order_by("pk") if masked else self.order_by("name", "pk")

    def with_place(self):
        """Load with each member what a line names of the organisations."""
        return self.select_related("organisation", "group").only(
            *(field.name for field in Member._meta.concrete_fields), "organisation__name", "group__name"
        )


class Member(OfOrganisation):
    """A member of the party, in one organisation at a time; ``group`` is the party group inside it."""

    class Stage(models.TextChoices):
        FULL = "full", "正式党员"
        PROBATIONARY = "probationary", "预备党员"

    class Mobility(models.TextChoices):
        HERE = "", "在本地"
        OUT = "out", "流出"
        IN = "in", "流入"

    class Leaving(models.TextChoices):
        TRANSFERRED = "transferred", "转出本区"
        DIED = "died", "去世"
        LEFT = "left", "出党"
        MISTAKEN = "mistaken", "登记有误"

    masked = {"name": "name", "phone": "phone"}

    group = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, verbose_name="党小组", related_name="group_members"
    )  # fmt: skip
    user = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="账号", related_name="party_memberships"
    )
    name = models.CharField("姓名", max_length=40)
    phone = models.CharField("手机号", max_length=11, blank=True, validators=[PHONE])
    stage = models.CharField("党员类别", max_length=12, choices=Stage.choices, default=Stage.FULL)
    joined_on = models.DateField("入党日期", null=True, blank=True)
    full_on = models.DateField("转正日期", null=True, blank=True)
    mobility = models.CharField("流动情况", max_length=4, choices=Mobility.choices, blank=True, default="")
    employer = models.CharField("工作单位", max_length=80, blank=True, help_text="在职党员填写。")
    since = models.DateField("转入日期", default=timezone.localdate)
    came_from = models.CharField("从哪里转来", max_length=120, blank=True)
    left_on = models.DateField("离开日期", null=True, blank=True, editable=False)
    leaving = models.CharField("离开原因", max_length=12, choices=Leaving.choices, blank=True, editable=False)
    went_to = models.CharField("转到哪里", max_length=120, blank=True, editable=False)
    history = HistoricalRecords(excluded_fields=["units", *DERIVED])

    objects = MemberQuerySet.as_manager()
    rule = Jurisdiction(own=[Own("user", frozenset({"view", "contact"}), "党员本人")], units="units")

    class Meta:
        verbose_name = verbose_name_plural = "党员"
        ordering = ["organisation_id", "pk"]
        permissions = [
            ("contact_member", "查看党员姓名和电话"),
            ("reveal_member", "查看党员脱敏信息"),
            ("export_member", "导出党员名册"),
        ]
        indexes = [
            models.Index(fields=["district_code", "organisation", "id"], name="member_district"),
            models.Index(fields=["street_code", "organisation", "id"], name="member_street"),
            models.Index(fields=["community_code", "organisation", "id"], name="member_community"),
            models.Index(fields=["grid", "organisation", "id"], name="member_grid"),
            models.Index(fields=["name"], name="member_name", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["phone"], name="member_phone", condition=~Q(phone="")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(left_on=None),
                name="member_in_one_organisation",
                violation_error_message="这个账号已在另一个党组织的名册上，一名党员同时只在一个党组织。",
            ),
            models.UniqueConstraint(
                fields=["name", "phone"],
                condition=Q(left_on=None) & ~Q(phone=""),
                name="member_once",
                violation_error_message="同名同手机号的党员已在名册上。换了党组织的，请办组织关系转接。",
            ),
            models.CheckConstraint(
                condition=~Q(name=""), name="member_named", violation_error_message="请填写姓名。"
            ),
            models.CheckConstraint(
                condition=Q(full_on=None) | Q(joined_on=None) | Q(full_on__gte=F("joined_on")),
                name="member_full_later",
                violation_error_message="转正日期不能早于入党日期。",
            ),
            models.CheckConstraint(
                condition=Q(left_on=None, leaving="") | Q(left_on__isnull=False) & ~Q(leaving=""),
                name="member_left_with_reason",
                violation_error_message="离开名册要写明日期和原因。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_on_roll(self) -> bool:
        return self.left_on is None

    def stand(self) -> None:
        super().stand()
        if self.group_id:
            self.units = [*self.units, self.group.unit_id]


class OfficerQuerySet(RestrictedQuerySet):
    def in_office(self, on: date | None = None):
        """Return the duties held on a day (today when None)."""
        day = on or timezone.localdate()
        return self.filter(Q(until=None) | Q(until__gte=day), since__lte=day)


class Officer(OfOrganisation):
    """A duty in an organisation for a term: secretary, deputy, committee member, a group's leader. The last day still counts."""

    class Duty(models.TextChoices):
        SECRETARY = "secretary", "书记"
        DEPUTY = "deputy", "副书记"
        ORGANISATION = "organisation", "组织委员"
        PUBLICITY = "publicity", "宣传委员"
        DISCIPLINE = "discipline", "纪检委员"
        MEMBER = "member", "委员"
        LEADER = "leader", "组长"

    class CommitteeDuty(models.TextChoices):
        """What somebody is in the residents' committee besides: cross-appointment (交叉任职), as its director 一肩挑."""

        NONE = "", "不兼任"
        DIRECTOR = "director", "兼居委会主任"
        DEPUTY = "deputy", "兼居委会副主任"
        MEMBER = "member", "兼居委会委员"

    member = models.ForeignKey(Member, models.PROTECT, verbose_name="党员", related_name="duties")
    duty = models.CharField("职务", max_length=12, choices=Duty.choices)
    committee_duty = models.CharField(
        "居委会职务", max_length=10, choices=CommitteeDuty.choices, blank=True, default=""
    )
    since = models.DateField("任职起", default=timezone.localdate)
    until = models.DateField("任职至", null=True, blank=True, help_text="留空表示到本届期满或另行免去。")
    document = models.CharField("任职文号", max_length=60, blank=True)
    post = models.OneToOneField(
        "governance.Post", models.PROTECT, null=True, blank=True, related_name="+", editable=False, verbose_name="岗位"
    )  # fmt: skip
    history = HistoricalRecords(excluded_fields=["units", *DERIVED])

    objects = OfficerQuerySet.as_manager()
    rule = Jurisdiction(own=[Own("member__user", frozenset({"view"}), "本人")], units="units")

    class Meta:
        verbose_name = verbose_name_plural = "党组织班子"
        ordering = ["organisation_id", "-since", "pk"]
        indexes = [models.Index(fields=["organisation", "until"], name="officer_organisation")]
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="officer_term",
                violation_error_message="任职截止日期不能早于开始日期。",
            ),
            ExclusionConstraint(
                name="officer_one_head",
                expressions=[
                    (key_range("organisation"), RangeOperators.OVERLAPS),
                    (term(), RangeOperators.OVERLAPS),
                ],
                condition=Q(duty__in=["secretary", "leader"]),
                violation_error_message="这段时间里已有书记（组长），请先把前任的任职截止日期填上。",
            ),
            ExclusionConstraint(
                name="officer_once",
                expressions=[
                    (key_range("organisation"), RangeOperators.OVERLAPS),
                    (key_range("member"), RangeOperators.OVERLAPS),
                    (term(), RangeOperators.OVERLAPS),
                ],
                violation_error_message="这名党员这段时间在这里已有职务。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation}{self.get_duty_display()}"

    @property
    def is_in_office(self) -> bool:
        today = timezone.localdate()
        return self.since <= today and (self.until is None or self.until >= today)

    @property
    def is_head(self) -> bool:
        return self.duty in (self.Duty.SECRETARY, self.Duty.LEADER)


#: The duty that leads each kind.
HEAD = {
    kind: Officer.Duty.LEADER if kind == PartyOrgType.GROUP else Officer.Duty.SECRETARY
    for kind in PartyOrgType
}


class HubHousehold(OfOrganisation):
    """A hub household (党员中心户): a member's home from which neighbours of the entrance are kept in touch with."""

    member = models.ForeignKey(Member, models.PROTECT, verbose_name="党员", related_name="hubs")
    entrance = models.ForeignKey(
        "grids.Entrance", models.PROTECT, null=True, blank=True, verbose_name="楼门", related_name="+"
    )
    household_count = models.PositiveSmallIntegerField("联系户数", null=True, blank=True)
    since = models.DateField("起", default=timezone.localdate)
    until = models.DateField("至", null=True, blank=True)
    history = HistoricalRecords(excluded_fields=["units", *DERIVED])

    class Meta:
        verbose_name = verbose_name_plural = "党员中心户"
        ordering = ["organisation_id", "pk"]
        indexes = [models.Index(fields=["organisation", "id"], name="hubhousehold_organisation")]
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(until=None),
                name="hubhousehold_once",
                violation_error_message="这名党员家已是党员中心户。",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="hubhousehold_term",
                violation_error_message="截止日期不能早于开始日期。",
            ),
        ]

    def __str__(self) -> str:
        return f"党员中心户 {self.entrance or self.grid}"
