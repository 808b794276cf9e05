"""Firms, social organisations and shops without a party organisation of their own, which a branch looks after (兜底管理)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from governance.models import Territorial
from governance.models.base import DERIVED
from governance.permissions import Jurisdiction, RestrictedQuerySet
from parties.models.organisations import Organisation


class CoveredUnitQuerySet(RestrictedQuerySet):
    def current(self):
        """Return those that are still there."""
        return self.filter(until=None)

    def uncovered(self):
        """Return those that no organisation looks after."""
        return self.current().filter(organisation=None)


class CoveredUnit(Territorial):
    """One of them, at the grid where it is; ``organisation`` is the one that looks after it, empty until one does."""

    class Kind(models.TextChoices):
        FIRM = "firm", "非公企业"
        SOCIAL = "social", "社会组织"
        SHOP = "shop", "商户"

    name = models.CharField("名称", max_length=80)
    kind = models.CharField("类别", max_length=8, choices=Kind.choices)
    address = models.CharField("地址", max_length=120, blank=True)
    staff_count = models.PositiveIntegerField("从业人数", null=True, blank=True)
    member_count = models.PositiveIntegerField("党员人数", null=True, blank=True)
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="兜底党组织",
        related_name="covered_units",
    )
    units = ArrayField(models.BigIntegerField(), default=list, editable=False, verbose_name="隶属路径")
    instructor = models.CharField("党建指导员", max_length=40, blank=True)
    since = models.DateField("兜底起", null=True, blank=True)
    until = models.DateField(
        "不再需要兜底", null=True, blank=True, help_text="搬走、注销或者自己建了党组织。"
    )
    note = models.CharField("备注", max_length=200, blank=True)
    history = HistoricalRecords(excluded_fields=["units", *DERIVED])

    objects = CoveredUnitQuerySet.as_manager()
    rule = Jurisdiction(units="units")

    class Meta:
        verbose_name = verbose_name_plural = "兜底管理单位"
        ordering = ["grid", "pk"]
        permissions = [("export_coveredunit", "导出兜底管理单位")]
        indexes = [
            models.Index(fields=["district_code", "grid", "id"], name="coveredunit_district"),
            models.Index(fields=["street_code", "grid", "id"], name="coveredunit_street"),
            models.Index(fields=["community_code", "grid", "id"], name="coveredunit_community"),
            models.Index(fields=["grid", "id"], name="coveredunit_grid"),
            models.Index(fields=["organisation", "id"], name="coveredunit_organisation"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["grid", "name"],
                condition=Q(until=None),
                name="coveredunit_once",
                violation_error_message="这个网格里已登记同名单位。",
            ),
            models.CheckConstraint(
                condition=~Q(name=""),
                name="coveredunit_named",
                violation_error_message="请填写名称。",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(since=None) | Q(until__gte=F("since")),
                name="coveredunit_term",
                violation_error_message="截止日期不能早于兜底开始的日期。",
            ),
            models.CheckConstraint(
                condition=Q(organisation=None, since=None)
                | Q(organisation__isnull=False, since__isnull=False),
                name="coveredunit_since_when",
                violation_error_message="请一起填写兜底党组织和开始日期。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args, **kwargs):
        self.units = self.organisation.units if self.organisation_id else []
        if self.organisation_id and self.since is None:
            self.since = timezone.localdate()
        if not self.organisation_id:
            self.since = None
        return super().save(*args, **kwargs)
