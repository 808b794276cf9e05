"""Volunteers and their teams. A volunteer's registration is a matter: applied for, approved, suspended by its flow."""

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from governance.models import Matter, Step, Territorial, Unit
from governance.models.base import DERIVED
from governance.models.people import PHONE
from governance.permissions import Jurisdiction, Own, Published, RestrictedQuerySet, Through
from volunteers.models.menu import Skill, Station

#: A week in 21 parts, as "1m" Monday morning … "7e" Sunday evening.
WEEK_PARTS = [
    (f"{day}{part}", f"周{'一二三四五六日'[day - 1]}{label}")
    for day in range(1, 8)
    for part, label in (("m", "上午"), ("a", "下午"), ("e", "晚上"))
]


def week_parts_of(start, end) -> set[str]:
    """Return the parts of the week that a time window touches (local time; morning until 12, afternoon until 18)."""
    start, end = timezone.localtime(start), timezone.localtime(end)
    hours = {start.hour, max(start.hour, end.hour - (end.minute == 0))}
    return {f"{start.isoweekday()}{'m' if hour < 12 else 'a' if hour < 18 else 'e'}" for hour in hours}


class Team(Territorial):
    """A volunteer team. Orders go to its unit, so that its leader's post reaches just what the team was given."""

    unit = models.OneToOneField(
        Unit, models.PROTECT, verbose_name="单位", related_name="team", editable=False
    )
    name = models.CharField("队名", max_length=60)
    station = models.ForeignKey(
        Station, models.PROTECT, null=True, blank=True, verbose_name="所属站点", related_name="teams"
    )
    about = models.CharField("简介", max_length=200, blank=True)
    is_active = models.BooleanField("启用", default=True)
    history = HistoricalRecords(excluded_fields=DERIVED)

    rule = Jurisdiction(
        unit="unit", published=[Published(frozenset({"view"}), when=Q(is_active=True), label="公开的队伍")]
    )

    class Meta:
        verbose_name = verbose_name_plural = "志愿服务队"
        ordering = ["grid", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["grid", "name"], name="team_once", violation_error_message="这里已有同名队伍。"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class VolunteerStatus(models.TextChoices):
    APPLIED = "applied", "待审核"
    ACTIVE = "active", "在册"
    SUSPENDED = "suspended", "暂停服务"
    REFUSED = "refused", "未通过"
    LEFT = "left", "已退出"


class Volunteer(Matter):
    """A registered volunteer: who she is, what she can do, when and how far she goes. The number is hers for life."""

    class Reach(models.TextChoices):
        COMMUNITY = "community", "本社区"
        STREET = "street", "本街道"
        DISTRICT = "district", "全区"

    prefix = "ZY"
    masked = {
        "applicant_name": "name",
        "applicant_phone": "phone",
        "guardian_name": "name",
        "guardian_phone": "phone",
        "birth_date": "birthday",
    }

    status = models.CharField("状态", max_length=16, choices=VolunteerStatus.choices, editable=False)
    birth_date = models.DateField("出生日期")
    skills = models.ManyToManyField(Skill, verbose_name="技能", blank=True, related_name="volunteers")
    free_times = ArrayField(
        models.CharField(max_length=2, choices=WEEK_PARTS),
        verbose_name="可服务时间",
        default=list,
        blank=True,
    )
    reach = models.CharField("服务范围", max_length=10, choices=Reach.choices, default=Reach.STREET)
    guardian_name = models.CharField("监护人", max_length=40, blank=True)
    guardian_phone = models.CharField("监护人电话", max_length=11, blank=True, validators=[PHONE])
    guardian_consent_at = models.DateTimeField("监护人同意时间", null=True, blank=True)
    consented_at = models.DateTimeField("信息使用同意时间", default=timezone.now, editable=False)
    history = HistoricalRecords(
        excluded_fields=["search_terms", *DERIVED],
        m2m_fields=[skills],
    )

    rule = Jurisdiction(
        own=[Own("applicant", frozenset({"view", "change", "contact", "leave"}), "志愿者本人")]
    )

    class Meta(Matter.Meta):
        verbose_name = verbose_name_plural = "志愿者"
        permissions = [
            ("approve_volunteer", "审核志愿者"),
            ("suspend_volunteer", "暂停志愿者"),
            ("leave_volunteer", "志愿者退出"),
            ("contact_volunteer", "查看志愿者联系方式"),
            ("reveal_volunteer", "查看志愿者脱敏信息"),
            ("export_volunteer", "导出志愿者"),
        ]
        constraints = [
            *Matter.Meta.constraints,
            models.UniqueConstraint(
                fields=["applicant"],
                name="volunteer_once",
                condition=~Q(status__in=["refused", "left"]),
                violation_error_message="您已经登记为志愿者。",
            ),
            models.CheckConstraint(
                condition=Q(status__in=VolunteerStatus.values),
                name="volunteer_status_known",
                violation_error_message="志愿者没有这个状态。",
            ),
        ]

    def __str__(self) -> str:
        return self.applicant_name

    def search_text(self) -> str:
        return self.description

    def masked_text(self) -> str:
        return self.applicant_name

    def age_on(self, day: date | None = None) -> int:
        """Return the age in full years on a day (today when None)."""
        day = day or timezone.localdate()
        born = self.birth_date
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("volunteer_me")

    def audience(self, key: str) -> list:
        if key == "approvers":
            from governance.permissions import nearest_holders

            return list(nearest_holders("volunteers.approve_volunteer", self.grid_id))
        return super().audience(key)


class VolunteerStep(Step):
    """A step in a volunteer's registration."""

    matter = models.ForeignKey(Volunteer, models.PROTECT, related_name="steps", verbose_name="志愿者")

    rule = Through("matter", view="view")

    class Meta(Step.Meta):
        verbose_name = verbose_name_plural = "志愿者登记记录"


class Membership(models.Model):
    """A volunteer in a team."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships", verbose_name="队伍")
    volunteer = models.ForeignKey(
        Volunteer, models.CASCADE, related_name="memberships", verbose_name="志愿者"
    )
    joined_on = models.DateField("加入日期", default=timezone.localdate)
    left_on = models.DateField("退出日期", null=True, blank=True)

    objects = RestrictedQuerySet.as_manager()
    rule = Through("team", view="change", add="change", change="change", delete="change")

    class Meta:
        verbose_name = verbose_name_plural = "队员"
        constraints = [
            models.UniqueConstraint(
                fields=["team", "volunteer"],
                name="membership_once",
                condition=Q(left_on=None),
                violation_error_message="这位志愿者已在队中。",
            ),
            models.CheckConstraint(
                condition=Q(left_on=None) | Q(left_on__gte=models.F("joined_on")),
                name="membership_term",
                violation_error_message="退出日期不能早于加入日期。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team} · {self.volunteer}"
