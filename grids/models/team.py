"""Who works in a grid: the leader, full-time and part-time grid workers, resident staff, micro-grid workers, volunteers and others
(1+3+4+N 工作队伍). The register is the one truth about names, work phones and terms; what an account may do there is its post's."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Now, TruncDate
from django.db.models.lookups import GreaterThanOrEqual
from django.utils import timezone
from simple_history.models import HistoricalRecords

from governance.models import User
from governance.models.base import DERIVED, Territorial
from governance.models.people import TELEPHONE
from governance.permissions import Jurisdiction, Own, Published, RestrictedQuerySet
from governance.territory import GridLevel


class Kind(models.TextChoices):
    LEADER = "leader", "网格长"
    FULL_TIME = "full_time", "专职网格员"
    PART_TIME = "part_time", "兼职网格员"
    MICRO = "micro", "微网格员"
    RESIDENT = "resident", "驻格力量"
    VOLUNTEER = "volunteer", "志愿者"
    OTHER = "other", "其他力量"


#: The role of a grid worker's post.
ROLE = "grid_worker"
#: Grid workers: with an account they hold the post of one.
WORKERS = (Kind.FULL_TIME, Kind.PART_TIME)
#: Named in the notice by duty; everybody else only with her consent.
BY_DUTY = (Kind.LEADER, *WORKERS, Kind.RESIDENT)
#: At a base grid and nowhere else.
AT_BASE = (*WORKERS, Kind.MICRO)

PUBLIC = Q(kind__in=BY_DUTY) | Q(consented_on__isnull=False)
#: By the database's clock.
TODAY = TruncDate(Now())
ON_DUTY = Q(since__lte=TODAY) & (Q(until=None) | Q(until__gte=TODAY))


class TeamQuerySet(RestrictedQuerySet):
    def in_office(self, on: date | None = None):
        """Return those whose term includes the day (today when None)."""
        day = on or timezone.localdate()
        return self.filter(since__lte=day).filter(Q(until=None) | Q(until__gte=day))

    def serving(self):
        """Return those in office today whose account, where they have one, is not stopped."""
        return self.in_office().filter(Q(user=None) | Q(user__is_active=True))

    def workers(self):
        """Return the full-time and part-time grid workers."""
        return self.filter(kind__in=WORKERS)


class TeamMember(Territorial):
    """Somebody of a grid's team, for a term. The last day still counts; until it is known there is none."""

    Kind = Kind

    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    name = models.CharField("姓名", max_length=40)
    duty = models.CharField(
        "身份", max_length=40, blank=True, help_text="例如：驻格干部、驻格民警、驻格党员；楼门长。会公示。"
    )
    employer = models.CharField("所在单位", max_length=80, blank=True)
    phone = models.CharField(
        "工作电话",
        max_length=30,
        blank=True,
        validators=[TELEPHONE],
        help_text="会公示。不要填个人手机号；留空的，公示网格的公开电话。",
    )
    user = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="账号", related_name="+", editable=False
    )
    consented_on = models.DateField(
        "本人同意公示的日期",
        null=True,
        blank=True,
        help_text="网格长、网格员、驻格力量因职务公示，不用填。其他人填了才公示。",
    )
    entrances = models.ManyToManyField(
        "grids.Entrance",
        verbose_name="负责的楼门",
        blank=True,
        related_name="team",
        help_text="微网格员填写。",
    )
    since = models.DateField("任职起", default=timezone.localdate)
    until = models.DateField("任职至", null=True, blank=True, editable=False)
    sort = models.PositiveSmallIntegerField("排序", default=10, help_text="同一类里数字小的在前。")
    post = models.OneToOneField(
        "governance.Post", models.PROTECT, null=True, blank=True, related_name="+", editable=False, verbose_name="岗位"
    )  # fmt: skip
    history = HistoricalRecords(excluded_fields=DERIVED, m2m_fields=[entrances])

    masked = {"name": "name", "phone": "phone"}
    objects = TeamQuerySet.as_manager()
    rule = Jurisdiction(
        own=[Own("user", frozenset({"view", "contact"}), "本人", when=ON_DUTY)],
        published=[Published(frozenset({"read"}), when=PUBLIC & ON_DUTY, label="网格公示")],
    )

    class Meta:
        verbose_name = verbose_name_plural = "网格队伍"
        ordering = ["grid", "sort", "pk"]
        permissions = [
            ("contact_teammember", "联系网格队伍"),
            ("reveal_teammember", "写明理由后查看网格队伍的姓名和电话"),
            ("export_teammember", "导出网格队伍"),
        ]
        indexes = [
            models.Index(fields=["district_code", "grid", "sort", "id"], name="teammember_district"),
            models.Index(fields=["street_code", "grid", "sort", "id"], name="teammember_street"),
            models.Index(fields=["community_code", "grid", "sort", "id"], name="teammember_community"),
            models.Index(fields=["grid", "sort", "id"], name="teammember_grid"),
            models.Index(fields=["until"], condition=Q(until__isnull=False), name="teammember_until"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(name=""), name="teammember_named", violation_error_message="请填写姓名。"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=Kind.values),
                name="teammember_kind",
                violation_error_message="请选择类别。",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="teammember_term",
                violation_error_message="最后一天不能早于任职起。",
            ),
            models.CheckConstraint(
                condition=Q(GreaterThanOrEqual(Length("grid"), int(GridLevel.COMMUNITY))),
                name="teammember_place",
                violation_error_message="请选择社区或基础网格。",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=AT_BASE) | Q(GreaterThanOrEqual(Length("grid"), int(GridLevel.BASE))),
                name="teammember_base",
                violation_error_message="网格员和微网格员要登记在基础网格。",
            ),
            models.CheckConstraint(
                condition=Q(post=None) | Q(kind__in=WORKERS, user__isnull=False),
                name="teammember_post",
                violation_error_message="只有专职、兼职网格员有网格员岗位。",
            ),
            models.UniqueConstraint(
                fields=["grid", "kind", "name", "phone"],
                condition=Q(until=None),
                name="teammember_once",
                violation_error_message="这里已登记同一类别、同名的人，请核对是不是同一个人；确实同名的，请填不同的电话。",
            ),
            models.UniqueConstraint(
                fields=["grid", "user"],
                condition=Q(until=None, user__isnull=False),
                name="teammember_account_once",
                violation_error_message="这个账号在这个网格已登记过，请先办结原来那一条。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grid}{self.get_kind_display()}"

    @property
    def is_worker(self) -> bool:
        return self.kind in WORKERS

    @property
    def is_in_office(self) -> bool:
        today = timezone.localdate()
        return self.since <= today and (self.until is None or self.until >= today)

    @property
    def is_public(self) -> bool:
        """Whether the notice names her."""
        return self.is_in_office and (self.kind in BY_DUTY or self.consented_on is not None)
