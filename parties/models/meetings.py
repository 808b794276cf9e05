"""The life of party organisations: meetings of every kind (三会一课, 主题党日, 组织生活会, 民主评议), planned and recorded, with who was
there, pictures and scans. One meeting may count for several kinds, as a theme day that holds a lecture does."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from governance.models import Matter, MatterQuerySet, Photo, Step, User
from governance.permissions import RestrictedQuerySet, Through, holders
from parties.models.members import Member
from parties.models.organisations import OfOrganisation, Organisation, PartyOrgType

T = PartyOrgType


class MeetingKind(models.TextChoices):
    ASSEMBLY = "assembly", "党员大会"
    COUNCIL = "council", "支委会"
    GROUP = "group", "党小组会"
    LECTURE = "lecture", "党课"
    THEME_DAY = "theme_day", "主题党日"
    LIFE = "life", "组织生活会"
    REVIEW = "review", "民主评议"


class MeetingStatus(models.TextChoices):
    PLANNED = "planned", "已安排"
    HELD = "held", "已记录"
    CANCELLED = "cancelled", "已取消"


class MeetingQuerySet(MatterQuerySet):
    def counting(self):
        """Return the meetings that were held and recorded."""
        return self.filter(status=MeetingStatus.HELD)

    def standing(self):
        """Return the meetings that are planned or were held."""
        return self.exclude(status=MeetingStatus.CANCELLED)

    def unrecorded(self, now: datetime | None = None):
        """Return planned meetings whose day is over."""
        midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        return self.ongoing().filter(starts_at__lt=midnight)


class Meeting(OfOrganisation, Matter):
    """One meeting of an organisation. ``title`` is its topic, ``expected`` and ``present`` count the roll of that day."""

    prefix = "HY"
    masked = {}

    applicant_name = models.CharField("申请人", max_length=40, blank=True)
    applicant_phone = models.CharField("联系电话", max_length=11, blank=True)
    status = models.CharField("状态", max_length=16, choices=MeetingStatus.choices, editable=False)
    kinds = ArrayField(models.CharField(max_length=10, choices=MeetingKind.choices), verbose_name="类别")
    starts_at = models.DateTimeField("开始时间")
    lasts = models.PositiveSmallIntegerField("时长（分钟）", default=90)
    place = models.CharField("地点", max_length=80, blank=True)
    host = models.CharField("主持人（讲课人）", max_length=40, blank=True)
    minutes = models.TextField("会议记录", max_length=4000, blank=True, editable=False)
    others = models.PositiveSmallIntegerField("其他参加人数", default=0, editable=False)
    expected = models.PositiveSmallIntegerField("应到", null=True, editable=False)
    present = models.PositiveSmallIntegerField("实到", null=True, editable=False)

    objects = MeetingQuerySet.as_manager()

    class Meta(Matter.Meta):
        verbose_name = verbose_name_plural = "组织生活"
        ordering = ["-starts_at", "-pk"]
        permissions = [
            ("hold_meeting", "安排和记录组织生活"),
            ("export_meeting", "导出组织生活"),
        ]
        indexes = [
            *Matter.Meta.indexes,
            models.Index(fields=["organisation", "starts_at"], name="meeting_organisation"),
            models.Index(
                fields=["organisation", "starts_at"], name="meeting_held", condition=Q(status="held")
            ),
            models.Index(fields=["community_code", "-starts_at", "-id"], name="meeting_community_day"),
            models.Index(fields=["street_code", "-starts_at", "-id"], name="meeting_street_day"),
            models.Index(fields=["district_code", "-starts_at", "-id"], name="meeting_district_day"),
            models.Index(fields=["starts_at"], name="meeting_planned", condition=Q(closed_at=None)),
        ]
        constraints = [
            *Matter.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=MeetingStatus.values),
                name="meeting_status_known",
                violation_error_message="组织生活没有这个状态。",
            ),
            models.CheckConstraint(
                condition=Q(kinds__len__gte=1, kinds__contained_by=MeetingKind.values),
                name="meeting_kinds_known",
                violation_error_message="请选择类别。",
            ),
            models.CheckConstraint(
                condition=~Q(status="held")
                | Q(expected__isnull=False, present__isnull=False, present__lte=F("expected")),
                name="meeting_held_with_numbers",
                violation_error_message="记录了的会要有应到和实到人数，实到不多于应到。",
            ),
        ]

    @property
    def kind_words(self) -> str:
        """The kinds in words, in their usual order."""
        return words_of(self.kinds)

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.lasts)

    @property
    def is_past(self) -> bool:
        """Whether it has begun by now."""
        return self.starts_at <= timezone.now()

    @property
    def place_text(self) -> str:
        return self.place or str(self.grid)

    def gist(self, *, place: bool = True) -> str:
        when = timezone.localtime(self.starts_at)
        words = f"{when.month}月{when.day}日 {when:%H:%M}"
        return f"{words} {self.place}".strip() if place else words

    def get_absolute_url(self) -> str:
        # Whoever plans and records works at the desk.
        return self.get_desk_url()

    def concerns(self, person: Any) -> bool:
        return False

    def search_text(self) -> str:
        return f"{self.title} {self.organisation.name} {self.kind_words} {self.place} {self.host}"

    def indexed_words(self) -> tuple[str, ...]:
        return (*super().indexed_words(), self.place, self.host, *self.kinds)

    def is_kept_by(self, user: User) -> bool:
        """Say whether a person plans and records for this organisation."""
        return keeps_life(user, self.organisation)

    def audience(self, key: str) -> list[User]:
        if key == "keepers":
            found = {}
            for unit in self.organisation.units[-2:]:
                people = holders("parties.hold_meeting", self.grid_id, unit_id=unit)
                found |= {each.pk: each for each in people if keeps_life(each, self.organisation)}
            return list(found.values())
        return super().audience(key)


def words_of(kinds: Iterable[str]) -> str:
    """Return kinds in words, in their usual order."""
    chosen = set(kinds)
    return "、".join(kind.label for kind in MeetingKind if kind in chosen)


def keeps_life(user: User, organisation: Organisation) -> bool:
    """Say whether a person plans and records an organisation's meetings: whoever holds a post of its unit or of the unit of
    the branch whose group it is; of what a place's own committee is, whoever holds a post of that very place."""
    if user.is_superuser:
        return True
    return any(
        _covers(post.code, post.unit_id, organisation) for post in user.posts_with("parties.hold_meeting")
    )


def _covers(code: str, unit: int | None, organisation: Organisation) -> bool:
    if unit is None:
        return organisation.grid_id == code and organisation.kind < T.BRANCH
    own = organisation.units[-2:] if organisation.kind == T.GROUP else organisation.units[-1:]
    return unit in own and organisation.grid_id.startswith(code)


def kept_by(user: User):
    """Return the organisations in force of which a person plans and records the meetings: ``keeps_life`` as a condition."""
    rows = Organisation.objects.restrict(user).in_force()
    if user.is_superuser:
        return rows
    mine = Q(pk__in=())
    for post in user.posts_with("parties.hold_meeting"):
        if post.unit_id is None:
            mine |= Q(grid=post.code, kind__lt=T.BRANCH)
        else:
            mine |= Q(unit=post.unit_id) | Q(kind=T.GROUP, parent__unit=post.unit_id)
    return rows.filter(mine)


class Attendance(models.Model):
    """Whether one who was expected came. ``votes`` is whether she had a vote that day."""

    class State(models.TextChoices):
        PRESENT = "present", "到会"
        LEAVE = "leave", "请假"
        ABSENT = "absent", "缺席"

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="attendances", verbose_name="组织生活")
    member = models.ForeignKey(Member, models.PROTECT, related_name="attendances", verbose_name="党员")
    state = models.CharField("到会情况", max_length=8, choices=State.choices, default=State.PRESENT)
    reason = models.CharField("请假事由", max_length=60, blank=True)
    votes = models.BooleanField("有表决权", default=True)

    objects = RestrictedQuerySet.as_manager()
    rule = Through("meeting", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "到会情况"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "member"],
                name="attendance_once",
                violation_error_message="这名党员的到会情况已登记。",
            ),
            models.CheckConstraint(
                condition=~Q(state="leave") | ~Q(reason=""),
                name="attendance_leave_with_reason",
                violation_error_message="请假的要写明事由。",
            ),
        ]

    def __str__(self) -> str:
        return self.get_state_display()


class MeetingStep(Step):
    """A step of a meeting."""

    matter = models.ForeignKey(Meeting, models.PROTECT, related_name="steps", verbose_name="组织生活")

    objects = RestrictedQuerySet.as_manager()
    rule = Through("matter", view="view")

    class Meta(Step.Meta):
        verbose_name = verbose_name_plural = "组织生活办理记录"


class MeetingPhoto(Photo):
    """A picture of a meeting, or a scan of its signatures."""

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="photos", verbose_name="组织生活")

    rule = Through("meeting", view="view")

    class Meta(Photo.Meta):
        verbose_name = verbose_name_plural = "组织生活照片"
