"""Joint conferences of a district, a street or a community (联席会议): when, who chairs, about what, who came, what was said.

A conference has no flow: nobody waits for another with it and no clock runs. What it is, planned, held or recorded, follows from
its time and its minutes; whoever keeps it mends it, and every change stays in its history. What it resolved are tasks
(parties/models/tasks.py), and those have a flow.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from governance.models import Photo, Territorial, Unit
from governance.models.base import DERIVED
from governance.permissions import Jurisdiction, RestrictedQuerySet, Through
from governance.territory import GridLevel, level_of
from parties.models.joint import PartTimeMember

#: How a conference is called at its level.
LEVELS = {GridLevel.DISTRICT: "区级", GridLevel.STREET: "街道", GridLevel.COMMUNITY: "社区"}
MOST_ITEMS, LONGEST_ITEM = 20, 120


class ConferenceQuerySet(RestrictedQuerySet):
    def standing(self):
        """Return those that were not called off."""
        return self.filter(cancelled_on=None)

    def planned(self):
        """Return those that are still to be held."""
        return self.standing().filter(held_at__gt=timezone.now())

    def unrecorded(self):
        """Return those that were held and have no minutes yet."""
        return self.standing().filter(held_at__lte=timezone.now(), minutes="")

    def recorded(self):
        """Return those that were held and have minutes."""
        return self.standing().filter(held_at__lte=timezone.now()).exclude(minutes="")


class Conference(Territorial):
    """One joint conference; ``grid`` is the district, street or community whose it is, ``unit_ids`` the units asked to it."""

    title = models.CharField("会议名称", max_length=80)
    held_at = models.DateTimeField("会议时间")
    venue = models.CharField("地点", max_length=80)
    chair = models.CharField("主持人", max_length=40)
    agenda = ArrayField(models.CharField(max_length=LONGEST_ITEM), verbose_name="议题", size=MOST_ITEMS)
    minutes = models.TextField("会议记录", max_length=10_000, blank=True)
    cancelled_on = models.DateField("取消日期", null=True, editable=False)
    cancelled_why = models.CharField("取消原因", max_length=200, blank=True, editable=False)
    unit_ids = ArrayField(models.BigIntegerField(), default=list, editable=False, verbose_name="参会单位")
    opened_by = models.ForeignKey(
        "governance.User", models.PROTECT, verbose_name="登记人", related_name="+", editable=False
    )
    history = HistoricalRecords(excluded_fields=["unit_ids", *DERIVED])

    objects = ConferenceQuerySet.as_manager()
    rule = Jurisdiction(units="unit_ids")

    class Meta:
        verbose_name = verbose_name_plural = "联席会议"
        ordering = ["-held_at", "-pk"]
        permissions = [("export_conference", "导出联席会议")]
        indexes = [
            models.Index(fields=["district_code", "-held_at"], name="conference_district"),
            models.Index(fields=["street_code", "-held_at"], name="conference_street"),
            models.Index(fields=["community_code", "-held_at"], name="conference_community"),
            models.Index(fields=["grid", "-held_at"], name="conference_grid"),
            GinIndex(fields=["unit_ids"], name="conference_units"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(chair="") & ~Q(agenda=[]),
                name="conference_named",
                violation_error_message="请填写会议名称、主持人和议题。",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_on=None, cancelled_why="")
                | (Q(cancelled_on__isnull=False) & ~Q(cancelled_why="")),
                name="conference_cancelled_why",
                violation_error_message="取消的会议须写明原因。",
            ),
            models.UniqueConstraint(
                fields=["grid", "title", "held_at"],
                name="conference_once",
                violation_error_message="这次会议已经登记过。",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def level(self) -> str:
        return LEVELS.get(level_of(self.grid_id), "")

    @property
    def state(self) -> str:
        """What it is now: ``cancelled``, ``planned``, ``held`` or ``recorded``."""
        if self.cancelled_on is not None:
            return "cancelled"
        if self.held_at > timezone.now():
            return "planned"
        return "recorded" if self.minutes else "held"


class Invitation(models.Model):
    """Somebody who was asked to a conference: a part-time member, or a unit; whether she came."""

    conference = models.ForeignKey(
        Conference, models.CASCADE, related_name="invitations", verbose_name="联席会议"
    )
    member = models.ForeignKey(
        PartTimeMember, models.PROTECT, null=True, verbose_name="兼职委员", related_name="+"
    )
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, verbose_name="单位", related_name="+")
    present = models.BooleanField("到会", null=True)

    objects = RestrictedQuerySet.as_manager()
    rule = Through("conference", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "参会"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(member=None, unit__isnull=False) | Q(member__isnull=False, unit=None),
                name="invitation_one",
                violation_error_message="参会的是一位兼职委员，或者一个单位。",
            ),
            models.UniqueConstraint(
                fields=["conference", "member", "unit"],
                nulls_distinct=False,
                name="invitation_once",
                violation_error_message="已经在参会名单里。",
            ),
        ]

    def __str__(self) -> str:
        return str(self.member or self.unit)

    @property
    def words(self) -> str:
        return {None: "", True: "到会", False: "未到会"}[self.present]


class ConferencePhoto(Photo):
    """A picture of a conference, or a scan of its papers."""

    conference = models.ForeignKey(Conference, models.PROTECT, related_name="photos", verbose_name="联席会议")

    rule = Through("conference", view="view")

    class Meta(Photo.Meta):
        verbose_name = verbose_name_plural = "联席会议照片"
