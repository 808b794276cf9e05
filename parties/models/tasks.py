"""A task (工作任务): what a joint conference resolved (议定事项), or a key task of a year (年度重点任务); who answers for it, until
when, what came of it. One model, because one kind of work is done with both."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from governance.models import Matter, MatterQuerySet, Photo, Step, Unit, User
from governance.models.people import OF_THE_PLACE, acts_for, people_of
from governance.permissions import Jurisdiction, RestrictedQuerySet, Through, nearest_holders
from governance.territory import covers
from parties.models.conferences import Conference


class TaskStatus(models.TextChoices):
    ASSIGNED = "assigned", "待接收"
    HANDLING = "handling", "推进中"
    REPORTED = "reported", "待核实"
    DONE = "done", "已完成"
    WITHDRAWN = "withdrawn", "已撤回"


class TaskQuerySet(MatterQuerySet):
    def counted(self):
        """Return what figures count; what was withdrawn is none of it."""
        return self.exclude(status=TaskStatus.WITHDRAWN)

    def handled_by(self, user: User):
        """Return the tasks whose unit a person acts for (``Task.is_of``), among these."""
        posts = user.posts_with("parties.handle_task")
        units = {post.unit_id for post in posts if post.unit_id is not None}
        codes = {post.code for post in posts if post.unit_id is None}
        return self.filter(Q(unit__in=units) | Q(unit__kind__in=OF_THE_PLACE, unit__grid__in=codes))

    def set_by(self, user: User):
        """Return the tasks that a person's own places set, among these: those of which she is told that they are done."""
        return self.filter(
            setter__in={post.code for post in user.posts_with("parties.direct_task") if post.unit_id is None}
        )


class Task(Matter):
    """One task. ``setter`` is the node that set it and looks whether it is done, ``grid`` where it is carried out, at or below
    that; ``unit`` answers for it, the others of ``unit_ids`` assist. ``due_on`` is its last day, also while no clock runs."""

    class Kind(models.TextChoices):
        RESOLUTION = "resolution", "议定事项"
        KEY = "key", "重点任务"

    prefix = "RW"
    masked = {}

    applicant_name = models.CharField("申请人", max_length=40, blank=True)
    applicant_phone = models.CharField("联系电话", max_length=11, blank=True)
    unit = models.ForeignKey("governance.Unit", models.PROTECT, verbose_name="责任单位", related_name="+")
    unit_ids = ArrayField(
        models.BigIntegerField(), default=list, editable=False, verbose_name="责任和配合单位"
    )
    status = models.CharField("状态", max_length=16, choices=TaskStatus.choices, editable=False)
    setter = models.ForeignKey("grids.Grid", models.PROTECT, verbose_name="交办层级", related_name="+")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    conference = models.ForeignKey(
        Conference, models.PROTECT, null=True, blank=True, verbose_name="联席会议", related_name="tasks"
    )
    year = models.PositiveSmallIntegerField("年度")
    serial = models.PositiveSmallIntegerField("任务序号", null=True, blank=True)
    area = models.CharField("工作领域", max_length=20, blank=True)
    owner = models.CharField("责任人", max_length=40, blank=True)
    due_on = models.DateField("完成期限")
    extensions = models.PositiveSmallIntegerField("延期次数", default=0, editable=False)
    reminded_for = models.DateField("已提醒的期限", null=True, editable=False)
    measures = models.CharField("工作措施", max_length=1000, blank=True, editable=False)
    result = models.CharField("完成情况", max_length=1000, blank=True, editable=False)
    reported_on = models.DateField("报告完成日期", null=True, editable=False)
    reported_by = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="报告人", related_name="+", editable=False
    )

    objects = TaskQuerySet.as_manager()
    rule = Jurisdiction(units="unit_ids")

    class Meta(Matter.Meta):
        verbose_name = verbose_name_plural = "重点任务和议定事项"
        permissions = [
            ("direct_task", "交办、核实和撤回任务"),
            ("handle_task", "承办任务"),
            ("export_task", "导出任务"),
        ]
        indexes = [
            *Matter.Meta.indexes,
            GinIndex(fields=["unit_ids"], name="task_units"),
            models.Index(fields=["year", "grid"], name="task_year"),
            models.Index(fields=["conference"], name="task_conference"),
        ]
        constraints = [
            *Matter.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=TaskStatus.values),
                name="task_status_known",
                violation_error_message="任务没有这个状态。",
            ),
            models.CheckConstraint(
                condition=Q(kind="resolution", conference__isnull=False, serial=None)
                | (Q(kind="key", conference=None, serial__isnull=False) & ~Q(area="")),
                name="task_kind",
                violation_error_message="议定事项出自一次联席会议；重点任务有序号和工作领域。",
            ),
            models.CheckConstraint(
                condition=Q(year__gte=2000, year__lte=2100),
                name="task_year_known",
                violation_error_message="年度要在 2000 到 2100 之间。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["reported", "done"])
                | (~Q(result="") & Q(reported_on__isnull=False, reported_by__isnull=False)),
                name="task_done_with_result",
                violation_error_message="完成的任务须写明完成情况。",
            ),
            models.CheckConstraint(
                condition=Q(unit_ids__contains=[F("unit")]),
                name="task_unit_among_units",
                violation_error_message="责任单位要在参与的单位里。",
            ),
            models.UniqueConstraint(
                fields=["setter", "year", "serial"],
                condition=~Q(status="withdrawn"),
                name="task_serial_once",
                violation_error_message="这一年已有这个序号的重点任务，请换一个序号。",
            ),
            models.UniqueConstraint(
                fields=["conference", "title"],
                condition=Q(conference__isnull=False) & ~Q(status="withdrawn"),
                name="task_resolved_once",
                violation_error_message="这次会议已有同样的议定事项。",
            ),
        ]

    def get_absolute_url(self) -> str:
        # Whoever has to do with it works at the desk.
        return self.get_desk_url()

    def concerns(self, person: Any) -> bool:
        return False

    def search_text(self) -> str:
        return f"{self.title} {self.description} {self.area}"

    @property
    def source(self) -> str:
        """What kind of task it is, in words: the number in its year, or the resolution of a conference."""
        return f"{self.year} 年重点任务第 {self.serial} 项" if self.serial else "联席会议议定事项"

    # --- whose ------------------------------------------------------------------------------------------------------
    def is_of(self, user: User) -> bool:
        """Say whether this person acts for the unit that answers for it."""
        return acts_for(user, self.unit, "parties.handle_task")

    def is_assisted_by(self, user: User) -> bool:
        """Say whether this person acts for one of the other units."""
        others = set(self.unit_ids) - {self.unit_id}
        held = {post.unit_id for post in user.posts_with("parties.handle_task")}
        if others & held:
            return True
        # An office of the place is acted for by a post of the place.
        return bool(others) and None in held and any(
            acts_for(user, unit, "parties.handle_task") for unit in Unit.objects.filter(pk__in=others)
        )  # fmt: skip

    def is_set_by(self, user: User) -> bool:
        """Say whether this person decides for whoever set it: a post of that place, or above it, of no unit; not who holds a post
        of the unit that answers for it."""
        if any(post.unit_id == self.unit_id for post in user.posts_in_force):
            return False
        return directs(user, self.setter_id)

    def audience(self, key: str) -> list[User]:
        if key == "lead":
            return list(people_of(self.unit, "parties.handle_task", self.grid_id))
        if key == "helpers":
            others = Unit.objects.filter(pk__in=set(self.unit_ids) - {self.unit_id})
            return [p for unit in others for p in people_of(unit, "parties.handle_task", self.grid_id)]
        if key == "setter":
            # Whoever set it; where she has gone, those who decide there now.
            opener = self.placed_by
            if opener is not None and opener.is_active and self.is_set_by(opener):
                return [opener]
            people = nearest_holders("parties.direct_task", self.setter_id)
            return [person for person in people if self.is_set_by(person)]
        return super().audience(key)


def directs(user: User, code: str) -> bool:
    """Say whether a person sets tasks for a place, by a post of no unit at or above it."""
    return user.is_superuser or any(
        post.unit_id is None and covers(post.code, code) for post in user.posts_with("parties.direct_task")
    )


class TaskStep(Step):
    """A step of a task."""

    matter = models.ForeignKey(Task, models.PROTECT, related_name="steps", verbose_name="任务")

    objects = RestrictedQuerySet.as_manager()
    rule = Through("matter", view="view")

    class Meta(Step.Meta):
        verbose_name = verbose_name_plural = "任务办理记录"


class TaskPhoto(Photo):
    """A picture or a scan that shows how far a task has come."""

    class Stage(models.TextChoices):
        PROGRESS = "progress", "进展"
        RESULT = "result", "完成"

    task = models.ForeignKey(Task, models.PROTECT, related_name="photos", verbose_name="任务")
    stage = models.CharField("环节", max_length=8, choices=Stage.choices, default=Stage.PROGRESS)

    rule = Through("task", view="view")

    class Meta(Photo.Meta):
        verbose_name = verbose_name_plural = "任务佐证"
