"""Joint committees (大工委 at a street, 大党委 at a community) and their part-time members, who come from the units of the place.

A part-time member takes no post and stays a member where she is: recommended, agreed to by the community's party meeting, approved
by the street, filed with the district. Each of these is a day on her row, kept with its history; nobody waits here for another.
"""

import re
from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from governance.models.base import DERIVED
from governance.models.people import PHONE
from governance.permissions import Jurisdiction, RestrictedQuerySet
from governance.territory import GridLevel
from parties.models.organisations import OfOrganisation, PartyOrgType

#: The days by which a part-time member gets her seat, in their order: column -> words.
WAY = {
    "recommended_on": "推荐",
    "agreed_on": "党员会议通过",
    "approved_on": "街道批准",
    "filed_on": "区里备案",
}


#: How the official names of communities end; their joint committee is the community's and not the residents' committee's.
COMMUNITY_END = re.compile("(社区)?(居民委员会|居委会)$")


class JointQuerySet(RestrictedQuerySet):
    def in_force(self, on: date | None = None):
        """Return those that have not ended by a day (today when None)."""
        return self.filter(Q(ended_on=None) | Q(ended_on__gt=on or timezone.localdate()))


class JointCommittee(OfOrganisation):
    """A joint committee of a street's or a community's party organisation, one in force each."""

    established_on = models.DateField("成立日期", default=timezone.localdate)
    document = models.CharField("成立文号", max_length=60, blank=True)
    note = models.CharField("备注", max_length=200, blank=True)
    ended_on = models.DateField("撤销日期", null=True, blank=True, editable=False)
    history = HistoricalRecords(excluded_fields=["units", *DERIVED])

    objects = JointQuerySet.as_manager()
    rule = Jurisdiction(units="units")

    class Meta:
        verbose_name = verbose_name_plural = "大工委和大党委"
        ordering = ["grid", "pk"]
        permissions = [("export_jointcommittee", "导出大工委和大党委")]
        indexes = [
            models.Index(fields=["district_code", "grid"], name="jointcommittee_district"),
            models.Index(fields=["street_code", "grid"], name="jointcommittee_street"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"],
                condition=Q(ended_on=None),
                name="jointcommittee_once",
                violation_error_message="这个党组织已经有大工委（大党委）。",
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(ended_on__gte=F("established_on")),
                name="jointcommittee_ended_later",
                violation_error_message="撤销日期不能早于成立日期。",
            ),
        ]

    def __str__(self) -> str:
        return f"{COMMUNITY_END.sub('社区', str(self.grid))}{self.kind}"

    @property
    def kind(self) -> str:
        """What it is called at its level."""
        return "大工委" if len(self.grid_id) == GridLevel.STREET else "大党委"

    @property
    def is_ended(self) -> bool:
        return self.ended_on is not None and self.ended_on <= timezone.localdate()


def may_have_one() -> Q:
    """Return the condition on organisations that may have a joint committee: a street's committee, and what stands for a
    community right below it."""
    return Q(kind=PartyOrgType.STREET_COMMITTEE) | Q(
        parent_kind=PartyOrgType.STREET_COMMITTEE, kind__lt=PartyOrgType.GROUP, grid=F("community_code")
    )


class PartTimeQuerySet(RestrictedQuerySet):
    def in_office(self, on: date | None = None):
        """Return those whose time includes a day (today when None); the last day still counts."""
        day = on or timezone.localdate()
        return self.filter(Q(until=None) | Q(until__gte=day), since__lte=day)

    def with_place(self):
        """Load with each what a line names of the committee."""
        return self.select_related("committee", "grid").defer("grid__boundary", "committee__units", "units")


class PartTimeMember(OfOrganisation):
    """A part-time member of a joint committee: who, from which unit, since when, and by which way."""

    masked = {"phone": "phone"}

    committee = models.ForeignKey(
        JointCommittee, models.PROTECT, verbose_name="大工委（大党委）", related_name="members"
    )
    name = models.CharField("姓名", max_length=40)
    employer = models.CharField("所在单位", max_length=80)
    duty = models.CharField("单位职务", max_length=40, blank=True)
    phone = models.CharField("手机号", max_length=11, blank=True, validators=[PHONE])
    since = models.DateField("任职起", default=timezone.localdate)
    until = models.DateField("任职至", null=True, blank=True, help_text="留空表示未定。当日仍任职。")
    recommended_on = models.DateField("单位推荐日期", null=True, blank=True)
    agreed_on = models.DateField("党员会议通过日期", null=True, blank=True)
    approved_on = models.DateField("街道批准日期", null=True, blank=True)
    filed_on = models.DateField("区里备案日期", null=True, blank=True)
    document = models.CharField("批准文号", max_length=60, blank=True)
    history = HistoricalRecords(excluded_fields=["units", *DERIVED])

    objects = PartTimeQuerySet.as_manager()
    rule = Jurisdiction(units="units")

    class Meta:
        verbose_name = verbose_name_plural = "兼职委员"
        ordering = ["committee", "pk"]
        permissions = [
            ("contact_parttimemember", "查看兼职委员的手机号"),
            ("reveal_parttimemember", "写明理由后查看兼职委员的手机号"),
            ("export_parttimemember", "导出兼职委员"),
        ]
        indexes = [
            models.Index(fields=["district_code", "committee"], name="parttimemember_district"),
            models.Index(fields=["street_code", "committee"], name="parttimemember_street"),
            models.Index(fields=["community_code", "committee"], name="parttimemember_community"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(employer=""),
                name="parttimemember_named",
                violation_error_message="请填写姓名和所在单位。",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="parttimemember_term",
                violation_error_message="任职至不能早于任职起。",
            ),
            models.UniqueConstraint(
                fields=["committee", "name", "employer", "since"],
                name="parttimemember_once",
                violation_error_message="这位兼职委员已经登记过。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.employer}）"

    @property
    def is_in_office(self) -> bool:
        today = timezone.localdate()
        return self.since <= today and (self.until is None or self.until >= today)

    def stand(self) -> None:
        """Take the committee's organisation, and its place and path."""
        self.organisation_id = self.committee.organisation_id
        super().stand()
