"""Who serves a community besides its own: organisations and members in service who registered with it (双报到), and units paired with it
(结对共建)."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from simple_history.models import HistoricalRecords

from governance.models import Matter, MatterQuerySet, Step, Territorial, User
from governance.models.base import DERIVED
from governance.models.people import PHONE
from governance.permissions import Jurisdiction, Own, RestrictedQuerySet, Through, nearest_holders
from parties.models.organisations import Organisation


class RegistrationStatus(models.TextChoices):
    APPLIED = "applied", "待社区接收"
    RETURNED = "returned", "待补充"
    ACCEPTED = "accepted", "已报到"
    WITHDRAWN = "withdrawn", "已撤回"
    ENDED = "ended", "已结束"


class DualRegistration(Matter):
    """One registration with the community ``grid`` lies in. For a member in service ``applicant`` is herself; for an organisation, whoever
    speaks for it."""

    class Kind(models.TextChoices):
        MEMBER = "member", "在职党员"
        ORGANISATION = "organisation", "单位党组织"

    prefix = "BD"
    masked = {"applicant_name": "name", "applicant_phone": "phone"}

    applicant_name = models.CharField("姓名（联系人）", max_length=40)
    status = models.CharField("状态", max_length=16, choices=RegistrationStatus.choices, editable=False)
    kind = models.CharField("报到类别", max_length=12, choices=Kind.choices)
    employer = models.CharField("单位", max_length=80)
    affiliation = models.CharField("所在党组织", max_length=80)
    offers = models.CharField("能为社区做什么", max_length=300, blank=True)

    objects = MatterQuerySet.as_manager()
    rule = Jurisdiction(
        own=[
            Own("applicant", frozenset({"view", "contact", "amend", "leave"}), "报到人"),
            Own("placed_by", frozenset({"view"}), "登记人"),
        ]
    )

    class Meta(Matter.Meta):
        verbose_name = verbose_name_plural = "双报到"
        permissions = [
            ("record_dualregistration", "代为登记报到"),
            ("accept_dualregistration", "接收报到"),
            ("amend_dualregistration", "补充报到信息"),
            ("leave_dualregistration", "撤回或结束本人的报到"),
            ("contact_dualregistration", "查看联系方式"),
            ("reveal_dualregistration", "查看脱敏信息"),
            ("export_dualregistration", "导出双报到"),
        ]
        # The name that the class gives one of the usual indexes is longer than a database takes.
        indexes = [
            *(each for each in Matter.Meta.indexes if not each.name.endswith("_open_community")),
            models.Index(
                fields=["community_code", "due_at"],
                name="checkin_open_community",
                condition=Q(closed_at=None),
            ),
            models.Index(fields=["community_code", "kind", "status"], name="checkin_counted"),
        ]
        constraints = [
            *Matter.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=RegistrationStatus.values),
                name="dualregistration_status_known",
                violation_error_message="报到没有这个状态。",
            ),
            models.UniqueConstraint(
                fields=["applicant"],
                condition=Q(kind="member", status__in=["applied", "returned", "accepted"]),
                name="dualregistration_one_home",
                violation_error_message="您已在社区报到。搬家的，请先结束原来的报到。",
            ),
            models.UniqueConstraint(
                fields=["community_code", "employer", "affiliation"],
                condition=Q(kind="organisation", status__in=["applied", "returned", "accepted"]),
                name="dualregistration_once",
                violation_error_message="这个党组织已在这个社区报到。",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("checkin_page", args=[self.number])

    def search_text(self) -> str:
        return f"{self.employer} {self.affiliation} {self.offers}"

    def masked_text(self) -> str:
        return self.applicant_name

    def audience(self, key: str) -> list[User]:
        if key == "receivers":
            return list(nearest_holders("parties.accept_dualregistration", self.grid_id))
        return super().audience(key)


class DualRegistrationStep(Step):
    """A step of a registration."""

    matter = models.ForeignKey(DualRegistration, models.PROTECT, related_name="steps", verbose_name="双报到")

    objects = RestrictedQuerySet.as_manager()
    rule = Through("matter", view="view")

    class Meta(Step.Meta):
        verbose_name = verbose_name_plural = "双报到记录"


class PairingQuerySet(RestrictedQuerySet):
    def current(self, on=None):
        """Return the pairings that hold on a day (today when None)."""
        day = on or timezone.localdate()
        return self.filter(since__lte=day, until__gte=day).filter(Q(ended_on=None) | Q(ended_on__gt=day))


class Pairing(Territorial):
    """An agreement of a unit with the community it stands at: for how long, whom to call, and the three lists (需求、资源、项目)."""

    masked = {"contact_name": "name", "contact_phone": "phone"}

    name = models.CharField("结对单位", max_length=80)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, verbose_name="结对的党组织", related_name="pairings",
        help_text="社区这一边的党组织，没有就不选。",
    )  # fmt: skip
    contact_name = models.CharField("联系人", max_length=40, blank=True)
    contact_phone = models.CharField("联系电话", max_length=11, blank=True, validators=[PHONE])
    since = models.DateField("协议起", default=timezone.localdate)
    until = models.DateField("协议至")
    needs = models.TextField("需求清单", max_length=1000, blank=True, help_text="社区需要什么，一行一条。")
    resources = models.TextField(
        "资源清单", max_length=1000, blank=True, help_text="单位能提供什么，一行一条。"
    )
    projects = models.TextField("项目清单", max_length=1000, blank=True, help_text="一起做什么，一行一条。")
    ended_on = models.DateField(
        "提前结束日期", null=True, blank=True, help_text="提前结束的才填，这一天起不再结对。"
    )
    end_reason = models.CharField("提前结束的原因", max_length=200, blank=True)
    history = HistoricalRecords(excluded_fields=DERIVED)

    objects = PairingQuerySet.as_manager()
    rule = Jurisdiction()

    class Meta:
        verbose_name = verbose_name_plural = "结对共建"
        ordering = ["grid", "-since", "pk"]
        permissions = [
            ("contact_pairing", "查看联系方式"),
            ("export_pairing", "导出结对共建"),
        ]
        indexes = [
            models.Index(fields=["district_code", "grid", "-since"], name="pairing_district"),
            models.Index(fields=["street_code", "grid", "-since"], name="pairing_street"),
            models.Index(fields=["community_code", "-since"], name="pairing_community"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(name=""), name="pairing_named", violation_error_message="请填写结对单位。"
            ),
            models.CheckConstraint(
                condition=Q(until__gte=F("since")),
                name="pairing_term",
                violation_error_message="协议截止日期不能早于开始日期。",
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None, end_reason="") | (Q(ended_on__gte=F("since")) & ~Q(end_reason="")),
                name="pairing_ended_with_reason",
                violation_error_message="提前结束的，请一起填写日期和原因；日期不能早于协议开始。",
            ),
            models.UniqueConstraint(
                fields=["grid", "name"],
                condition=Q(ended_on=None),
                name="pairing_once",
                violation_error_message="这里已与同名单位结对。续签的请修改协议日期。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def holds(self) -> bool:
        """Whether it holds today."""
        today = timezone.localdate()
        return self.since <= today <= self.until and (self.ended_on is None or self.ended_on > today)
