"""A sweep (排查): every household, or every one of the premises, of a place is looked at with a form until a deadline.

A sweep is a matter; what is to be looked at is a list of targets that is laid out once, as it starts. A target has no state of its
own: whether it is left, done, or nobody was there follows from its outcome.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Exists, F, OuterRef, Q, Value, Window
from django.db.models.functions import Concat, Length, RowNumber
from django.urls import reverse
from django.utils import timezone

from governance.models import Matter, MatterQuerySet, Photo, Post, Step, User
from governance.models.base import DERIVED, Territorial
from governance.permissions import Jurisdiction, Own, Published, RestrictedQuerySet, Through
from governance.territory import COLUMN, GridLevel, level_of, lineage
from grids.models.households import Household
from grids.models.premises import Premises
from grids.models.territory import Building, Grid


class SweepStatus(models.TextChoices):
    DRAFT = "draft", "待启动"
    RUNNING = "running", "进行中"
    CLOSED = "closed", "已结束"
    CALLED_OFF = "called_off", "已取消"


class SweepQuerySet(MatterQuerySet):
    def running(self):
        """Return those that run now."""
        return self.filter(status=SweepStatus.RUNNING)

    def answered_by(self, user: User):
        """Return the running ones in which something lies within this person's reach to look at."""
        targets = SweepTarget.objects.restrict(user, "answer").filter(sweep=OuterRef("pk"))
        return self.running().filter(Exists(targets))


class Sweep(Matter):
    """One sweep. ``grid`` is the place that is swept, ``selection`` narrows what is looked at there, ``form`` is what is asked
    (grids/questionnaire.py). ``report`` is what had come of it when it was closed."""

    class Kind(models.TextChoices):
        EMERGENCY = "emergency", "应急排查"
        SURVEY = "survey", "日常摸排"

    class About(models.TextChoices):
        HOUSEHOLDS = "households", "住户"
        PREMISES = "premises", "场所"

    prefix = "PC"
    masked = {}

    applicant_name = models.CharField("申请人", max_length=40, blank=True)
    applicant_phone = models.CharField("联系电话", max_length=11, blank=True)
    status = models.CharField("状态", max_length=16, choices=SweepStatus.choices, editable=False)
    kind = models.CharField("类别", max_length=10, choices=Kind.choices, default=Kind.EMERGENCY)
    about = models.CharField("查什么", max_length=12, choices=About.choices, default=About.HOUSEHOLDS)
    selection = models.JSONField("范围", default=dict, editable=False)
    form = models.JSONField("排查表", default=dict, editable=False)
    hours = models.PositiveIntegerField("时限（小时）")
    started_at = models.DateTimeField("启动时间", null=True, editable=False)
    deadline = models.DateTimeField("截止时间", null=True, editable=False)
    half_at = models.DateTimeField("过半时间", null=True, editable=False)
    half_told = models.BooleanField("已作过半提醒", default=False, editable=False)
    told_for = models.DateTimeField("已提醒的截止时间", null=True, editable=False)
    total = models.PositiveIntegerField("总数", default=0, editable=False)
    report = models.JSONField("排查结果", null=True, editable=False)

    objects = SweepQuerySet.as_manager()
    #: Whoever works at or below the place that is swept sees a sweep once it has started.
    rule = Jurisdiction(
        own=[Own("helpers__user", frozenset({"view"}), "参加这次排查", when=Q(status="running"))],
        published=[
            Published(
                frozenset({"view"}),
                when=Q(status__in=["running", "closed"]),
                to="grid",
                holding="view",
                label="在本网格进行的排查",
            )
        ],
    )

    class Meta(Matter.Meta):
        verbose_name = verbose_name_plural = "网格排查"
        permissions = [("start_sweep", "启动和结束排查"), ("export_sweep", "导出排查清单")]
        indexes = [
            *Matter.Meta.indexes,
            models.Index(fields=["deadline"], name="sweep_running", condition=Q(status="running")),
        ]
        constraints = [
            *Matter.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=SweepStatus.values),
                name="sweep_status_known",
                violation_error_message="排查没有这个状态。",
            ),
            models.CheckConstraint(
                condition=Q(hours__gte=1, hours__lte=24 * 90),
                name="sweep_hours",
                violation_error_message="时限要在 1 小时到 90 天之间。",
            ),
            models.CheckConstraint(
                condition=Q(started_at=None, deadline=None, half_at=None)
                | Q(started_at__isnull=False, half_at__isnull=False, deadline__gt=F("started_at")),
                name="sweep_deadline_later",
                violation_error_message="截止时间要晚于启动时间。",
            ),
            models.CheckConstraint(
                condition=~Q(status="closed") | Q(report__isnull=False),
                name="sweep_closed_with_report",
                violation_error_message="结束的排查须有结果。",
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("my_sweeps")

    def concerns(self, person: Any) -> bool:
        return False

    @property
    def measure(self) -> str:
        """What its targets are counted in."""
        return "户" if self.about == self.About.HOUSEHOLDS else "个"

    @property
    def report_title(self) -> str:
        """What its report is called."""
        return f"{self.title}报告" if self.title.endswith(("排查", "摸排")) else f"{self.title}排查报告"

    @property
    def is_running(self) -> bool:
        return self.status == SweepStatus.RUNNING

    @property
    def questions(self) -> list[dict[str, Any]]:
        return self.form.get("questions", [])

    # --- what is looked at ----------------------------------------------------------------------------------------------
    def selected(self) -> RestrictedQuerySet:
        """Return the rows of the register that it covers, as they are now."""
        chosen = self.selection
        place = COLUMN.get(level_of(self.grid_id), "grid")
        model = Household if self.about == self.About.HOUSEHOLDS else Premises
        rows = model._base_manager.filter(closed_on=None, **{place: self.grid_id})
        # A premise may be registered at a community; it is looked at from a base grid.
        rows = rows.filter(grid__level=GridLevel.BASE) if model is Premises else rows
        for column, key in (("use", "uses"), ("kind", "kinds"), ("small", "smalls")):
            if chosen.get(key) and hasattr(model, column):
                rows = rows.filter(**{f"{column}__in": chosen[key]})
        if chosen.get("grids"):
            within = Q()
            for code in chosen["grids"]:
                within |= Q(**{COLUMN.get(level_of(code), "grid"): code})
            rows = rows.filter(within)
        if chosen.get("buildings"):
            rows = rows.filter(entrance__building__in=chosen["buildings"])
        return rows

    def selection_words(self) -> str:
        """Return what it covers, in words. Two queries at most."""
        chosen, said = self.selection, []
        if names := list(
            Grid.objects.filter(code__in=chosen.get("grids") or [])
            .order_by("code")
            .values_list("name", flat=True)
        ):
            said.append("、".join(names))
        if buildings := Building.objects.filter(pk__in=chosen.get("buildings") or []).order_by("name"):
            said.append("、".join(str(each) for each in buildings))
        for key, choices, word in (
            ("uses", Household.Use, "住房情况"),
            ("kinds", Premises.Kind, "场所类别"),
            ("smalls", Premises.Small, "九小场所"),
        ):
            if chosen.get(key):
                known = dict(choices.choices)
                said.append(f"{word}：{'、'.join(known.get(each, each) for each in chosen[key])}")
        return f"{self.grid}的{'，'.join(said)}" if said else f"{self.grid}的全部{self.get_about_display()}"


class SweepStep(Step):
    """A step of a sweep."""

    matter = models.ForeignKey(Sweep, models.PROTECT, related_name="steps", verbose_name="排查")

    objects = RestrictedQuerySet.as_manager()
    rule = Through("matter", view="view")

    class Meta(Step.Meta):
        verbose_name = verbose_name_plural = "排查办理记录"


class SweepHelper(Territorial):
    """Somebody without a post who helps with a sweep in one base grid, for as long as it runs."""

    sweep = models.ForeignKey(Sweep, models.PROTECT, related_name="helpers", verbose_name="排查")
    user = models.ForeignKey("governance.User", models.PROTECT, related_name="+", verbose_name="人员")
    by = models.ForeignKey(
        "governance.User", models.PROTECT, related_name="+", verbose_name="指定人", editable=False
    )
    since = models.DateTimeField("指定时间", default=timezone.now, editable=False)

    rule = Jurisdiction()

    class Meta:
        verbose_name = verbose_name_plural = "排查帮手"
        ordering = ["grid", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["sweep", "grid", "user"],
                name="sweephelper_once",
                violation_error_message="这个人已经在这个网格帮忙。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.grid} {self.user}"


class Outcome(models.TextChoices):
    LEFT = "", "没查"
    DONE = "done", "查到了"
    ABSENT = "absent", "没人在"
    EXEMPT = "exempt", "不用查"


#: What may still be looked at.
STILL = ("", "absent")


class SweepTargetQuerySet(RestrictedQuerySet):
    def still(self):
        """Return those that may still be looked at."""
        return self.filter(outcome__in=STILL)

    def free_for(self, user: User, now: datetime):
        """Return those that nobody else has in hand."""
        return self.filter(Q(taken_until=None) | Q(taken_until__lte=now) | Q(taken_by=user))

    def lay_out(self, sweep: Sweep) -> int:
        """Make the list of a sweep, in one statement. Returns how long it is."""
        households = sweep.about == Sweep.About.HOUSEHOLDS
        door = "entrance__building__compound", "entrance__building__name", "entrance__name"
        name = "room" if households else "name"
        # A number stands in each of these: the shorter text comes first, so that 2号楼 stands before 10号楼.
        order = [door[0], Length(door[1]), door[1], Length(door[2]), door[2], Length(name), name, "pk"]
        rows = (
            sweep.selected()
            .order_by()
            .annotate(
                of_sweep=Value(sweep.pk, models.BigIntegerField()),
                place=Concat(*door) if households else Concat(*door, "address"),
                door=Window(RowNumber(), partition_by=["grid"], order_by=order),
            )
        )
        rows = rows.values_list("of_sweep", "pk", "grid", "place", name, "door")
        sql, values = rows.query.sql_with_params()
        key = "household_id" if households else "premises_id"
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {self.model._meta.db_table} (sweep_id, {key}, grid_id, place, name, position) {sql}",
                values,
            )
            return cursor.rowcount


class SweepTarget(Territorial):
    """One household, or one of the premises, on the list of a sweep, with what came of it.

    ``place`` and ``name`` are the door as it is read aloud, ``position`` its place in the walk through the grid. ``taken_by`` has it in
    hand until ``taken_until``. ``tokens`` are the sendings that were taken in, ``version`` counts them. ``earlier`` keeps what was
    answered before, and what somebody else sent when it was done already.
    """

    grid = models.ForeignKey(
        "grids.Grid", models.PROTECT, verbose_name="所在网格", related_name="+", db_index=False
    )
    sweep = models.ForeignKey(
        Sweep, models.PROTECT, verbose_name="排查", related_name="targets", db_index=False
    )
    household = models.ForeignKey(
        Household, models.PROTECT, null=True, verbose_name="住户", related_name="+", db_index=False
    )
    premises = models.ForeignKey(
        Premises, models.PROTECT, null=True, verbose_name="场所", related_name="+", db_index=False
    )
    place = models.CharField("楼门", max_length=280)
    name = models.CharField("门牌号或名称", max_length=80)
    position = models.PositiveIntegerField("顺序")
    outcome = models.CharField(
        "结果", max_length=8, choices=Outcome.choices, blank=True, default="", db_default=""
    )
    answers = models.JSONField("回答", null=True)
    is_finding = models.BooleanField("有问题", default=False, db_default=False)
    words = models.CharField("说明", max_length=500, blank=True, default="", db_default="")
    done_at = models.DateTimeField("查的时间", null=True)
    recorded_at = models.DateTimeField("收到时间", null=True)
    done_by = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="排查人", related_name="+", db_index=False
    )
    taken_by = models.ForeignKey(
        "governance.User",
        models.PROTECT,
        null=True,
        verbose_name="正在办理",
        related_name="+",
        db_index=False,
    )
    taken_until = models.DateTimeField("办理到", null=True)
    version = models.PositiveIntegerField("版本", default=0, db_default=0)
    tokens = ArrayField(models.CharField(max_length=40), null=True)
    earlier = models.JSONField("以前的回答", null=True)

    objects = SweepTargetQuerySet.as_manager()
    rule = Jurisdiction(
        own=[
            Own(
                "sweep__helpers__user",
                frozenset({"view", "answer"}),
                "参加这次排查",
                when=Q(sweep__helpers__grid=F("grid"), sweep__status="running"),
            )
        ]
    )

    class Meta:
        verbose_name = verbose_name_plural = "排查对象"
        ordering = ["grid", "position"]
        permissions = [("answer_sweeptarget", "排查时填写"), ("export_sweeptarget", "导出排查记录")]
        indexes = [
            # What the figures of a running sweep count stands in the index, jurisdiction and all.
            models.Index(
                fields=["sweep", "grid", "outcome", "is_finding"],
                include=DERIVED,
                name="sweeptarget_coverage",
            ),
            models.Index(
                fields=["sweep", "-recorded_at", "-id"],
                name="sweeptarget_finding",
                condition=Q(is_finding=True),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["sweep", "household"],
                condition=Q(household__isnull=False),
                name="sweeptarget_household_once",
                violation_error_message="这一户已经在名单里。",
            ),
            models.UniqueConstraint(
                fields=["sweep", "premises"],
                condition=Q(premises__isnull=False),
                name="sweeptarget_premises_once",
                violation_error_message="这个场所已经在名单里。",
            ),
            models.CheckConstraint(
                condition=Q(household__isnull=False, premises=None)
                | Q(household=None, premises__isnull=False),
                name="sweeptarget_of_one",
                violation_error_message="排查的要么是一户，要么是一个场所。",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", done_at=None, done_by=None, answers__isnull=True, is_finding=False)
                | Q(outcome__in=["done", "absent", "exempt"], done_at__isnull=False, done_by__isnull=False),
                name="sweeptarget_done_by_somebody",
                violation_error_message="查过的要写明谁在什么时候查的。",
            ),
            models.CheckConstraint(
                condition=Q(is_finding=False) | Q(outcome="done"),
                name="sweeptarget_finding_done",
                violation_error_message="查到了才能有问题。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place}{self.name}" if self.household_id else f"{self.name}（{self.place}）"

    @property
    def is_still(self) -> bool:
        """Whether it may still be looked at."""
        return self.outcome in STILL

    def is_held_from(self, user: User, now: datetime) -> bool:
        """Say whether somebody else has it in hand."""
        return self.taken_until is not None and self.taken_until > now and self.taken_by_id != user.pk


class SweepPhoto(Photo):
    """A picture of what a sweep found; nobody's browser keeps it."""

    may_be_kept = False

    target = models.ForeignKey(SweepTarget, models.PROTECT, verbose_name="排查对象", related_name="photos")

    rule = Through("target", view="view")

    class Meta(Photo.Meta):
        verbose_name = verbose_name_plural = "排查照片"


def answerers(codes: Iterable[str]) -> models.QuerySet[User]:
    """Return the active people who answer by a post in one of these base grids, or in the community above one."""
    places = {node for code in codes for node in lineage(code)[2:]}
    return _posted(places, "answer_sweeptarget")


def starters(codes: Iterable[str]) -> models.QuerySet[User]:
    """Return the active people who start sweeps, by a post at one of these very places."""
    return _posted(set(codes), "start_sweep")


def _posted(places: set[str], codename: str) -> models.QuerySet[User]:
    posts = Post.objects.in_force().filter(
        grid__in=places,
        unit=None,
        role__permissions__codename=codename,
        role__permissions__content_type__app_label="grids",
    )
    return User.objects.filter(is_active=True, pk__in=posts.values("user")).order_by("pk")
