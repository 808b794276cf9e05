"""A table that somebody loads at once (批量导入), and what became of each of its rows. Each app has its own concrete classes;
governance/imports.py loads them.

Each kind of table has a batch model of its own, rather than one model with a column that says the kind: the permission rule asks
by model, so that who may load persons need not load buildings; a row holds a real foreign key to what it became; and the driver
needs no second way to tell what it has before it. A kind costs two models of a few lines.
"""

import secrets
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from governance.models.base import Territorial
from governance.permissions import Jurisdiction, Own, RestrictedQuerySet, Through


def import_path(batch: "TableImport", filename: str) -> str:
    """Return where a table waits until it is loaded; no page serves it."""
    return f"{batch._meta.app_label}/imports/{timezone.localdate():%Y/%m}/{secrets.token_urlsafe(18)}.table"


class ImportState(models.TextChoices):
    DRAFT = "draft", "待核对"
    QUEUED = "queued", "排队中"
    RUNNING = "running", "导入中"
    DONE = "done", "已完成"
    FAILED = "failed", "已中断"


class TableImport(Territorial):
    """One file, from the upload to its result. It stands at the place of its importer's post, of
    several at the one that holds them all.

    Concrete classes extend ``TableImport.Meta`` and name the permissions ``run_…`` and ``mend_…`` (``import_verbs``). One whose rows
    have a further outcome (``TableRow.Outcome``) adds a counter of that name.
    """

    by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="导入人", related_name="+")
    file = models.FileField("文件", upload_to=import_path, blank=True)
    file_name = models.CharField("文件名", max_length=100)
    headings = models.JSONField("表头", default=list)
    mapping = models.JSONField("对应关系", default=dict)
    total = models.PositiveIntegerField("行数", default=0)
    #: How many rows came to what, as far as the run has come; a list must not count thousands of rows for each line.
    new = models.PositiveIntegerField("新登记", default=0)
    repeated = models.PositiveIntegerField("以前已登记", default=0)
    refused = models.PositiveIntegerField("未导入", default=0)
    status = models.CharField("状态", max_length=8, choices=ImportState.choices, default=ImportState.DRAFT)
    attempts = models.PositiveSmallIntegerField("启动次数", default=0)
    created_at = models.DateTimeField("上传时间", default=timezone.now)
    started_at = models.DateTimeField("开始时间", null=True)
    touched_at = models.DateTimeField("最近进展", default=timezone.now)
    finished_at = models.DateTimeField("完成时间", null=True)

    objects = RestrictedQuerySet.as_manager()
    rule = Jurisdiction(own=[Own("by", frozenset({"view", "run", "mend"}), "本人的导入")])

    class Meta:
        abstract = True
        verbose_name = verbose_name_plural = "批量导入"
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["district_code", "-created_at"], name="%(class)s_district"),
            models.Index(fields=["street_code", "-created_at"], name="%(class)s_street"),
            models.Index(fields=["by", "-created_at"], name="%(class)s_by"),
            models.Index(
                fields=["touched_at"], name="%(class)s_open", condition=~Q(status__in=["done", "failed"])
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=ImportState.values),
                name="%(class)s_status_known",
                violation_error_message="批量导入没有这个状态。",
            ),
            models.CheckConstraint(
                condition=~Q(status="done") | Q(finished_at__isnull=False),
                name="%(class)s_finished",
                violation_error_message="已完成的导入须有完成时间。",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_under_way(self) -> bool:
        return self.status in (ImportState.QUEUED, ImportState.RUNNING)

    def origin(self) -> dict[str, Any]:
        """Return the columns, besides the importer, by which files have the same headings: those that the upload asks for."""
        return {}

    @property
    def origin_text(self) -> str:
        """Where the file is from, as people read it; empty where its kind does not ask."""
        shown = (
            getattr(self, f"get_{name}_display", lambda v=value: str(v))()
            for name, value in self.origin().items()
        )
        return "，".join(shown)

    @property
    def counts(self) -> list[tuple[str, str, int]]:
        """The outcomes of rows: (outcome, what it is called, how many rows)."""
        return [(value, label, getattr(self, value)) for value, label in self.row_model().Outcome.choices]

    @classmethod
    def row_model(cls) -> type["TableRow"]:
        """Return the model of the rows."""
        return cls._meta.get_field("rows").related_model


def import_verbs(name: str) -> list[tuple[str, str]]:
    """Return the permissions of a batch model of that (lower case) name."""
    return [(f"run_{name}", "核对和导入"), (f"mend_{name}", "下载未导入的行")]


class TableRow(models.Model):
    """What became of one row of a file, written together with what it made, so that a second run goes on after the last.

    Concrete classes add ``batch``, a foreign key with ``related_name="rows"`` and without an index, and the two columns that
    ``made`` and ``called`` name; their Meta adds ``outcome_told(…)``. One whose rows change what was there has an ``Outcome`` of
    its own with a further value, its own ``outcome`` column, and a counter of that name in the batch.
    """

    class Outcome(models.TextChoices):
        NEW = "new", "新登记"
        REPEATED = "repeated", "以前已登记"
        REFUSED = "refused", "未导入"

    #: The column that holds what the row became: a nullable foreign key. And the one that holds what the row is called in
    #: results: a text that may be blank, nobody's name in clear.
    made, called = "", ""

    line = models.PositiveIntegerField("行号")
    outcome = models.CharField("结果", max_length=8, choices=Outcome.choices)
    words = models.CharField("原因", max_length=500, blank=True)
    #: The cells of a refused row, encrypted, until they are mended or too old.
    cells = models.TextField("原内容", blank=True, editable=False)

    objects = RestrictedQuerySet.as_manager()
    rule = Through("batch", view="view")

    class Meta:
        abstract = True
        verbose_name = verbose_name_plural = "导入的行"
        ordering = ["batch", "line"]
        indexes = [models.Index(fields=["batch", "outcome", "line"], name="%(class)s_outcome")]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "line"], name="%(class)s_once", violation_error_message="这一行已经导入过。"
            )
        ]

    def __str__(self) -> str:
        return f"第 {self.line} 行"

    @property
    def title(self) -> str:
        """What the row is called."""
        return getattr(self, self.called)


def outcome_told(
    made: str, label: str, outcomes: tuple[str, ...] = ("new", "repeated")
) -> models.CheckConstraint:
    """Return the constraint that a row has either what it made (a column, and what it is called) or a reason."""
    return models.CheckConstraint(
        condition=Q(**{"outcome": "refused", made: None}) & ~Q(words="")
        | Q(**{"outcome__in": list(outcomes), f"{made}__isnull": False}),
        name="%(class)s_outcome_told",
        violation_error_message=f"导入的行要么有{label}，要么有未导入的原因。",
    )
