"""Going out to look for disputes before anyone applies (矛盾纠纷排查): campaigns, and what was found and prevented on the way.
Figures and a few words; no party is named here."""

from datetime import date, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from simple_history.models import HistoricalRecords

from governance.models import Territorial
from governance.models.base import DERIVED
from governance.permissions import Jurisdiction, Own, Published, RestrictedQuerySet
from governance.territory import lineage

#: Whoever wrote a report may mend it for so long; later its director does.
MENDABLE = timedelta(days=31)
#: One report is one person's day, or a few; more is a slip of the finger.
MOST_TIMES, MOST = 999, 99_999


class ScreeningQuerySet(RestrictedQuerySet):
    def running(self, on: date | None = None):
        """Return the campaigns that run on a day (today when None)."""
        day = on or timezone.localdate()
        return self.filter(since__lte=day, until__gte=day)

    def covering(self, code: str):
        """Return the campaigns in whose place a node lies."""
        return self.filter(grid__in=lineage(code))


class Screening(Territorial):
    """A campaign (排查行动) such as 双百排查: which place is gone through, from when to when, and what is looked for."""

    name = models.CharField("名称", max_length=60)
    since = models.DateField("开始日期")
    until = models.DateField("结束日期")
    focus = models.TextField("排查重点", max_length=1000, blank=True)
    opened_by = models.ForeignKey(
        "governance.User", models.PROTECT, verbose_name="发起人", related_name="+", editable=False
    )
    opened_at = models.DateTimeField("发起时间", default=timezone.now, editable=False)
    history = HistoricalRecords(excluded_fields=DERIVED)

    objects = ScreeningQuerySet.as_manager()
    rule = Jurisdiction(
        published=[Published(frozenset({"view"}), to="grid", holding="view", label="下发到本地的排查行动")]
    )

    class Meta:
        verbose_name = verbose_name_plural = "排查行动"
        ordering = ["-since", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(name=""), name="screening_named", violation_error_message="请填写名称。"
            ),
            models.CheckConstraint(
                condition=Q(until__gte=F("since")),
                name="screening_dates",
                violation_error_message="结束日期不能早于开始日期。",
            ),
            models.UniqueConstraint(
                fields=["grid", "name", "since"],
                name="screening_once",
                violation_error_message="这里已有同一天开始的同名行动。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_running(self) -> bool:
        return self.since <= timezone.localdate() <= self.until


class ScreeningReportQuerySet(RestrictedQuerySet):
    def for_page(self):
        """Load what a report's line shows."""
        return self.select_related("grid", "screening", "reported_by").defer("grid__boundary")

    def newest(self):
        """Return the reports, the last day first."""
        return self.order_by("-day", "-pk")


def number(label: str, most: int = MOST, *, least: int = 0, default: int = 0) -> models.PositiveIntegerField:
    """Return a column of a number that was counted."""
    too_few = "不能是负数。" if least == 0 else f"至少是 {least}。"
    return models.PositiveIntegerField(
        label,
        default=default,
        validators=[
            MinValueValidator(least, too_few),
            MaxValueValidator(most, f"不能超过 {most:,}，请检查。"),
        ],
    )


def together(cases: str, people: str, name: str, words: str) -> models.CheckConstraint:
    """Return the constraint that people belong to cases: none without one, and no fewer than there are cases."""
    return models.CheckConstraint(
        condition=Q(**{cases: 0, people: 0}) | Q(**{f"{cases}__gt": 0, f"{people}__gte": F(cases)}),
        name=name,
        violation_error_message=words,
    )


class ScreeningReport(Territorial):
    """What one round of looking came to (排查记录), at a community or one of its base grids.

    ``seat`` is the node of the centre whose people went out, ``committee`` the mediator's own: by them the table is broken down.
    """

    screening = models.ForeignKey(
        Screening, models.PROTECT, null=True, blank=True, related_name="reports", verbose_name="排查行动"
    )
    seat = models.ForeignKey(
        "grids.Grid", models.PROTECT, related_name="+", verbose_name="哪一级中心", editable=False
    )
    committee = models.ForeignKey(
        "mediation.Committee",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="人民调解委员会",
        editable=False,
    )
    day = models.DateField("排查日期", default=timezone.localdate)
    times = number("排查次数", MOST_TIMES, least=1, default=1)
    households = number("走访户数")
    prevented = number("预防纠纷（件）")
    crime_cases = number("防止民转刑（件）")
    crime_people = number("防止民转刑（人）")
    petition_cases = number("防止群体性上访（件）")
    petition_people = number("防止群体性上访（人）")
    words = models.CharField("情况", max_length=500, blank=True)
    reported_by = models.ForeignKey(
        "governance.User", models.PROTECT, verbose_name="记录人", related_name="+", editable=False
    )
    reported_at = models.DateTimeField("记录时间", default=timezone.now, editable=False)
    #: What the form that was sent carries, so that one sent twice is kept once.
    token = models.CharField("表单编号", max_length=40, null=True, editable=False)
    history = HistoricalRecords(excluded_fields=[*DERIVED, "token"])

    objects = ScreeningReportQuerySet.as_manager()
    rule = Jurisdiction(
        own=[
            Own(
                "reported_by",
                frozenset({"view", "change", "delete"}),
                "记录人",
                when=Q(reported_at__gt=Now() - MENDABLE),
            )
        ]
    )

    class Meta:
        verbose_name = verbose_name_plural = "排查记录"
        ordering = ["-day", "-pk"]
        indexes = [
            models.Index(fields=["community_code", "-day", "-id"], name="screened_community"),
            models.Index(fields=["street_code", "-day", "-id"], name="screened_street"),
            models.Index(fields=["district_code", "-day", "-id"], name="screened_district"),
            models.Index(fields=["screening", "community_code"], name="screened_in_campaign"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(times__gte=1),
                name="screening_report_times",
                violation_error_message="排查次数至少是 1。",
            ),
            together(
                "crime_cases",
                "crime_people",
                "screening_report_crimes",
                "防止民转刑的人数不能少于件数；没有件数的，人数也是 0。",
            ),
            together(
                "petition_cases",
                "petition_people",
                "screening_report_petitions",
                "防止群体性上访的人数不能少于件数；没有件数的，人数也是 0。",
            ),
            models.UniqueConstraint(
                fields=["reported_by", "token"],
                name="screening_report_once",
                violation_error_message="这一条刚才已经保存过了。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.grid.name}"
