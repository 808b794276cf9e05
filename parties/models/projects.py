"""A secretary's project (书记项目): one thing that a secretary takes upon herself for a year, approved by the superior, carried out in steps that
are ticked off, and accepted by the superior at its end."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from governance.models import Matter, MatterQuerySet, Photo, Step, User
from governance.permissions import RestrictedQuerySet, Through, nearest_holders
from parties.models.organisations import OfOrganisation, Organisation, PartyOrgType


class ProjectStatus(models.TextChoices):
    PROPOSED = "proposed", "待批准"
    RETURNED = "returned", "待修改"
    RUNNING = "running", "实施中"
    REPORTED = "reported", "待验收"
    DONE = "done", "已验收"
    WITHDRAWN = "withdrawn", "已撤销"


class SecretaryProject(OfOrganisation, Matter):
    """One project. ``description`` is what it is to reach, ``placed_by`` the secretary who answers for it."""

    prefix = "SJ"
    masked = {}

    applicant_name = models.CharField("申请人", max_length=40, blank=True)
    applicant_phone = models.CharField("联系电话", max_length=11, blank=True)
    status = models.CharField("状态", max_length=16, choices=ProjectStatus.choices, editable=False)
    year = models.PositiveSmallIntegerField("年度")
    until = models.DateField("计划完成")
    result = models.CharField("成效", max_length=1000, blank=True, editable=False)

    objects = MatterQuerySet.as_manager()

    class Meta(Matter.Meta):
        verbose_name = verbose_name_plural = "书记项目"
        permissions = [
            ("propose_secretaryproject", "申报和实施书记项目"),
            ("decide_secretaryproject", "批准和验收书记项目"),
            ("export_secretaryproject", "导出书记项目"),
        ]
        # The name that the class gives one of the usual indexes is longer than a database takes.
        indexes = [
            *(each for each in Matter.Meta.indexes if not each.name.endswith("_open_community")),
            models.Index(
                fields=["community_code", "due_at"],
                name="project_open_community",
                condition=Q(closed_at=None),
            ),
            models.Index(fields=["organisation", "-opened_at"], name="project_organisation"),
        ]
        constraints = [
            *Matter.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=ProjectStatus.values),
                name="project_status_known",
                violation_error_message="书记项目没有这个状态。",
            ),
            models.CheckConstraint(
                condition=Q(year__gte=2000, year__lte=2100),
                name="project_year",
                violation_error_message="年度要在 2000 到 2100 之间。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["reported", "done"]) | ~Q(result=""),
                name="project_reported_with_result",
                violation_error_message="报请验收的项目要写明成效。",
            ),
        ]

    def get_absolute_url(self) -> str:
        return self.get_desk_url()

    def concerns(self, person: Any) -> bool:
        return False

    def is_of(self, user: User) -> bool:
        """Say whether a person carries the project out: she keeps the organisation's affairs by a post of its unit or of its place."""
        return carries(user, self.organisation)

    def is_decided_by(self, user: User) -> bool:
        """Say whether a person approves and accepts it for the superior; never her own."""
        return user.pk != self.placed_by_id and self.organisation.is_decided_by(user)

    def audience(self, key: str) -> list[User]:
        if key == "secretary":
            return [self.placed_by] if self.placed_by_id else []
        if key == "superior":
            parent = self.organisation.parent
            code, unit = (parent.grid_id, parent.unit_id) if parent is not None else (self.grid_id, None)
            people = nearest_holders("parties.decide_secretaryproject", code, unit_id=unit)
            return [person for person in people if self.is_decided_by(person)]
        return super().audience(key)


def carries(user: User, organisation: Organisation) -> bool:
    """Say whether a person proposes and carries out an organisation's projects: a secretary of the organisation itself, by a post of its
    unit, or by a post of its very place for the committee that leads the place."""
    if user.is_superuser:
        return True
    return any(
        post.unit_id == organisation.unit_id
        or (
            post.unit_id is None
            and post.code == organisation.grid_id
            and organisation.kind <= PartyOrgType.COMMITTEE
        )
        for post in user.posts_with("parties.propose_secretaryproject")
    )


class SecretaryProjectStep(Step):
    """A step of the flow of a project."""

    matter = models.ForeignKey(
        SecretaryProject, models.PROTECT, related_name="steps", verbose_name="书记项目"
    )

    objects = RestrictedQuerySet.as_manager()
    rule = Through("matter", view="view")

    class Meta(Step.Meta):
        verbose_name = verbose_name_plural = "书记项目记录"


class Milestone(models.Model):
    """One planned step of a project: by when, and once it is done, when and with which words."""

    project = models.ForeignKey(
        SecretaryProject, models.PROTECT, related_name="milestones", verbose_name="书记项目"
    )
    words = models.CharField("步骤", max_length=120)
    due_on = models.DateField("计划日期")
    done_on = models.DateField("完成日期", null=True, editable=False)
    told = models.CharField("完成情况", max_length=500, blank=True, editable=False)

    objects = RestrictedQuerySet.as_manager()
    rule = Through("project", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "项目步骤"
        ordering = ["due_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(words=""), name="milestone_words", violation_error_message="请写明步骤。"
            ),
            models.CheckConstraint(
                condition=Q(done_on=None) | ~Q(told=""),
                name="milestone_done_with_words",
                violation_error_message="请写明完成情况。",
            ),
        ]

    def __str__(self) -> str:
        return self.words

    @property
    def light(self) -> str:
        """``off`` once done, ``red`` when its day has passed, else ``green``."""
        if self.done_on is not None:
            return "off"
        return "red" if self.due_on < timezone.localdate() else "green"


class ProjectPhoto(Photo):
    """A picture of a project: of one of its steps, or of its result."""

    project = models.ForeignKey(
        SecretaryProject, models.PROTECT, related_name="photos", verbose_name="书记项目"
    )
    milestone = models.ForeignKey(
        Milestone, models.PROTECT, null=True, related_name="photos", verbose_name="项目步骤"
    )

    rule = Through("project", view="view")

    class Meta(Photo.Meta):
        verbose_name = verbose_name_plural = "书记项目照片"
