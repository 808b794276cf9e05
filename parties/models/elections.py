"""Elections of an organisation's new term (换届), each with its file: who stood, who was entitled, the ballots and their votes; and which
reminders of the end of a term are out.

Somebody may be left out of the count of those entitled for a reason from a list. What the list does not name is not written down.
"""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import GreaterThanOrEqual
from django.utils import timezone

from governance.models import Matter, MatterQuerySet, Step, User
from governance.permissions import Jurisdiction, RestrictedQuerySet, Through, nearest_holders
from parties.models.members import Member, Officer
from parties.models.organisations import OfOrganisation


class ElectionStatus(models.TextChoices):
    PREPARING = "preparing", "准备中"
    REQUESTED = "requested", "请示待批"
    NOMINATING = "nominating", "推荐候选人"
    PROPOSED = "proposed", "候选人待批"
    READY = "ready", "待选举"
    SHORT = "short", "名额未选满"
    ELECTED = "elected", "待委员会选举"
    COUNTED = "counted", "待报结果"
    REPORTED = "reported", "结果待批"
    CLOSED = "closed", "已换届"
    WITHDRAWN = "withdrawn", "已撤回"


#: Where the superior has to say something; in every other open state it is the organisation's turn.
WITH_SUPERIOR = frozenset({ElectionStatus.REQUESTED, ElectionStatus.PROPOSED, ElectionStatus.REPORTED})


#: Steps by which somebody makes the result, which another approves.
RUNNING = ("nominate", "write_in", "hold", "repeat", "fewer", "divide", "recount")


class Election(OfOrganisation, Matter):
    """One election. ``reported_by`` is whoever last reported something to the superior, and so does not decide about it."""

    prefix = "HJ"
    masked = {}

    class Meeting(models.TextChoices):
        MEMBERS = "members", "党员大会"
        CONGRESS = "congress", "党员代表大会"

    applicant_name = models.CharField("申请人", max_length=40, blank=True)
    applicant_phone = models.CharField("联系电话", max_length=11, blank=True)
    status = models.CharField("状态", max_length=16, choices=ElectionStatus.choices, editable=False)
    meeting = models.CharField("会议", max_length=8, choices=Meeting.choices, default=Meeting.MEMBERS)
    has_committee = models.BooleanField("设委员会", default=True)
    seats = models.PositiveSmallIntegerField("委员（书记）名额")
    deputies = models.PositiveSmallIntegerField("副书记名额", default=0)
    planned_on = models.DateField("计划选举日期")
    #: The end of the present term as it was when this was opened: a shift is measured from it.
    term_ends = models.DateField("本届届满日期", null=True, blank=True, editable=False)
    asked_day = models.DateField("申请改到", null=True, blank=True, editable=False)
    asked_by = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, verbose_name="申请人", related_name="+"
    )
    shifted = models.BooleanField("已批准延期或提前", default=False, editable=False)
    explanation = models.CharField("差额不足的说明", max_length=300, blank=True, editable=False)
    consent = models.CharField("减少名额的情况", max_length=300, blank=True, editable=False)
    committee_attended = models.PositiveSmallIntegerField("委员会到会", null=True, blank=True, editable=False)
    secretary_votes = models.PositiveSmallIntegerField("书记得票", null=True, blank=True, editable=False)
    document = models.CharField("批复文号", max_length=60, blank=True, editable=False)
    reported_by = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, verbose_name="报请人", related_name="+"
    )

    objects = MatterQuerySet.as_manager()
    rule = Jurisdiction(units="units")

    class Meta(Matter.Meta):
        verbose_name = verbose_name_plural = "换届选举"
        permissions = [
            ("hold_election", "组织换届选举"),
            ("decide_election", "审批换届选举"),
            ("export_election", "导出换届选举"),
        ]
        indexes = [
            *Matter.Meta.indexes,
            models.Index(fields=["organisation", "-opened_at"], name="election_organisation"),
        ]
        constraints = [
            *Matter.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=ElectionStatus.values),
                name="election_status_known",
                violation_error_message="换届没有这个状态。",
            ),
            models.UniqueConstraint(
                fields=["organisation"],
                condition=Q(closed_at=None),
                name="election_one_under_way",
                violation_error_message="这个党组织正在换届，办完或撤回以后才能再开始。",
            ),
            models.CheckConstraint(
                condition=Q(has_committee=True, deputies=0, seats__gte=1) | Q(has_committee=False, seats=1),
                name="election_seats",
                violation_error_message="设委员会的填委员名额；不设的书记一名，另填副书记名额。",
            ),
        ]

    def get_absolute_url(self) -> str:
        return self.get_desk_url()

    def concerns(self, person: Any) -> bool:
        return False

    def search_text(self) -> str:
        return f"{self.title} {self.description}"

    @property
    def by_congress(self) -> bool:
        return self.meeting == self.Meeting.CONGRESS

    @property
    def contests(self) -> dict[str, int]:
        """What is voted on in the meeting: the duty stood for -> seats."""
        if self.has_committee:
            return {Officer.Duty.MEMBER: self.seats}
        asked = {Officer.Duty.SECRETARY: self.seats}
        return asked | {Officer.Duty.DEPUTY: self.deputies} if self.deputies else asked

    def is_decided_by(self, user: User, asked_by: int | None = None) -> bool:
        """Say whether a person decides about what ``asked_by`` (whoever reported, when None) asks for here: for the superior, and
        neither asked for it herself, nor had a hand in the votes, nor stands."""
        return (
            (asked_by or self.reported_by_id) != user.pk
            and self.organisation.is_decided_by(user)
            and not self.is_run_by(user)
            and not self.candidates.filter(member__user=user).exists()
        )

    def is_run_by(self, user: User) -> bool:
        """Say whether a person put candidates forward or registered votes."""
        return self.steps.filter(actor=user, action__in=RUNNING).exists()

    def audience(self, key: str) -> list[User]:
        if key == "own":
            return own_people(self.organisation)
        if key == "superior":
            return superiors_of(self.organisation)
        return super().audience(key)


def own_people(organisation: Any) -> list[User]:
    """Return those who hold an organisation's elections: its own people where it has some, else those nearest above."""
    return list(nearest_holders("parties.hold_election", organisation.grid_id, unit_id=organisation.unit_id))


def superiors_of(organisation: Any) -> list[User]:
    """Return those who decide about an organisation's elections, nearest first; nobody for one without a superior."""
    above = organisation.parent
    if above is None:
        return []
    return list(nearest_holders("parties.decide_election", above.grid_id, unit_id=above.unit_id))


class ElectionStep(Step):
    """A step of an election."""

    matter = models.ForeignKey(Election, models.PROTECT, related_name="steps", verbose_name="换届选举")

    objects = RestrictedQuerySet.as_manager()
    rule = Through("matter", view="view")

    class Meta(Step.Meta):
        verbose_name = verbose_name_plural = "换届记录"


class Candidate(models.Model):
    """Somebody who stands: for the committee, or for secretary or deputy where there is none. ``office`` is what she became."""

    election = models.ForeignKey(Election, models.PROTECT, related_name="candidates", verbose_name="换届选举")
    member = models.ForeignKey(Member, models.PROTECT, related_name="candidacies", verbose_name="党员")
    duty = models.CharField("参选职务", max_length=12, choices=Officer.Duty.choices)
    words = models.CharField("推荐意见", max_length=200, blank=True)
    written_in = models.BooleanField("另选人", default=False)
    elected = models.BooleanField("当选", default=False)
    office = models.CharField("当选职务", max_length=12, choices=Officer.Duty.choices, blank=True)

    objects = RestrictedQuerySet.as_manager()
    rule = Through("election", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "候选人"
        ordering = ["duty", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["election", "member"],
                name="candidate_once",
                violation_error_message="这名党员已是候选人。",
            ),
            models.CheckConstraint(
                condition=Q(office="") | Q(elected=True),
                name="candidate_office_elected",
                violation_error_message="只有当选的人有当选职务。",
            ),
        ]

    def __str__(self) -> str:
        return f"候选人 {self.pk}"


class LeftOut(models.Model):
    """A member who is left out of the count of those entitled to attend, for a reason of the list."""

    class Reason(models.TextChoices):
        AWAY = "away", "长期外出"
        UNABLE = "unable", "生活不能自理"
        OTHER = "other", "其他按规定不计入"

    election = models.ForeignKey(Election, models.PROTECT, related_name="left_out", verbose_name="换届选举")
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name="党员")
    reason = models.CharField("原因", max_length=8, choices=Reason.choices)

    objects = RestrictedQuerySet.as_manager()
    rule = Through("election", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "不计入应到会的党员"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["election", "member"],
                name="leftout_once",
                violation_error_message="这名党员已不计入应到会。",
            ),
        ]

    def __str__(self) -> str:
        return self.get_reason_display()


class Ballot(models.Model):
    """One ballot of the meeting: how many were entitled and there, and the papers; the first is number 1, a repeat the next."""

    election = models.ForeignKey(Election, models.PROTECT, related_name="ballots", verbose_name="换届选举")
    number = models.PositiveSmallIntegerField("第几次投票")
    held_on = models.DateField("选举日期")
    entitled = models.PositiveIntegerField("应到会")
    left_out = models.PositiveIntegerField("不计入", default=0)
    attended = models.PositiveIntegerField("实到会")
    given = models.PositiveIntegerField("发出选票")
    returned = models.PositiveIntegerField("收回选票")
    valid = models.PositiveIntegerField("有效选票")

    objects = RestrictedQuerySet.as_manager()
    rule = Through("election", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "投票"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["election", "number"],
                name="ballot_number",
                violation_error_message="这次投票已登记。",
            ),
            models.CheckConstraint(
                condition=Q(attended__lte=F("entitled"), entitled__gte=1)
                & Q(GreaterThanOrEqual(F("attended") * 5, F("entitled") * 4)),
                name="ballot_quorum",
                violation_error_message="实到会人数不超过应到会人数，且不少于五分之四。",
            ),
            models.CheckConstraint(
                condition=Q(given__lte=F("attended"), returned__lte=F("given"), valid__lte=F("returned")),
                name="ballot_papers",
                violation_error_message="发出、收回、有效选票数要依次不超过前一个数。",
            ),
        ]

    def __str__(self) -> str:
        return f"第 {self.number} 次投票"


class Vote(models.Model):
    """How many votes somebody got in one ballot."""

    ballot = models.ForeignKey(Ballot, models.PROTECT, related_name="votes", verbose_name="投票")
    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="votes", verbose_name="候选人")
    number = models.PositiveIntegerField("得票")

    objects = RestrictedQuerySet.as_manager()
    rule = Through("ballot", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "得票"
        ordering = ["-number", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["ballot", "candidate"], name="vote_once", violation_error_message="得票已登记。"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} 票"


class TermReminder(OfOrganisation):
    """That the end of a term was told of: half a year ahead, a month ahead, or when it was over. Once each for one end."""

    class Stage(models.TextChoices):
        HALF_YEAR = "half", "届满前半年"
        MONTH = "month", "届满前一个月"
        OVER = "over", "已届满"

    term_until = models.DateField("届满日期")
    stage = models.CharField("提醒", max_length=8, choices=Stage.choices)
    at = models.DateTimeField("提醒时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "换届提醒"
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "term_until", "stage"],
                name="termreminder_once",
                violation_error_message="已提醒过。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_stage_display()} {self.term_until}"
