"""A file of another system's tickets that somebody loads at once (批量导入), and what became of each of its rows."""

import secrets

from django.db import models
from django.db.models import Q
from django.utils import timezone

from governance.models import Territorial
from governance.models.matters import Channel
from governance.permissions import Jurisdiction, Own, RestrictedQuerySet, Through
from incidents.models.incidents import Incident


def import_path(batch: "IncidentImport", filename: str) -> str:
    """Return where an uploaded file waits until it is loaded; no page serves it."""
    return f"incidents/imports/{timezone.localdate():%Y/%m}/{secrets.token_urlsafe(18)}.table"


class ImportState(models.TextChoices):
    DRAFT = "draft", "待核对"
    QUEUED = "queued", "排队中"
    RUNNING = "running", "导入中"
    DONE = "done", "已完成"
    FAILED = "failed", "已中断"


class IncidentImport(Territorial):
    """One file, from the upload to its result. It stands at the place of its importer's post, of
    several at the one that holds them all."""

    #: From which systems files come: each ticket is known by its system's number.
    SOURCES = ((Channel.HOTLINE.value, Channel.HOTLINE.label), (Channel.UPPER.value, Channel.UPPER.label))

    by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="导入人", related_name="+")
    source = models.CharField("来源", max_length=12, choices=SOURCES, default=Channel.HOTLINE)
    file = models.FileField("文件", upload_to=import_path, blank=True)
    file_name = models.CharField("文件名", max_length=100)
    headings = models.JSONField("表头", default=list)
    mapping = models.JSONField("对应关系", default=dict)
    total = models.PositiveIntegerField("行数", default=0)
    #: How many rows came to what, as far as the run has come; a list must not count five thousand rows for each line.
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
        verbose_name = verbose_name_plural = "批量导入"
        ordering = ["-created_at", "-pk"]
        permissions = [("run_incidentimport", "核对和导入"), ("mend_incidentimport", "下载未导入的行")]
        indexes = [
            models.Index(fields=["district_code", "-created_at"], name="incidentimport_district"),
            models.Index(fields=["street_code", "-created_at"], name="incidentimport_street"),
            models.Index(fields=["by", "-created_at"], name="incidentimport_by"),
            models.Index(
                fields=["touched_at"], name="incidentimport_open", condition=~Q(status__in=["done", "failed"])
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=ImportState.values),
                name="incidentimport_status_known",
                violation_error_message="批量导入没有这个状态。",
            ),
            models.CheckConstraint(
                condition=~Q(status="done") | Q(finished_at__isnull=False),
                name="incidentimport_finished",
                violation_error_message="已完成的导入须有完成时间。",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_under_way(self) -> bool:
        return self.status in (ImportState.QUEUED, ImportState.RUNNING)


class ImportRow(models.Model):
    """What became of one row of a file, written together with its incident, so that a second run goes on after the last."""

    class Outcome(models.TextChoices):
        NEW = "new", "新登记"
        REPEATED = "repeated", "以前已登记"
        REFUSED = "refused", "未导入"

    batch = models.ForeignKey(
        IncidentImport, models.CASCADE, related_name="rows", verbose_name="批量导入", db_index=False
    )
    line = models.PositiveIntegerField("行号")
    ticket = models.CharField("工单编号", max_length=100, blank=True)
    outcome = models.CharField("结果", max_length=8, choices=Outcome.choices)
    words = models.CharField("原因", max_length=500, blank=True)
    incident = models.ForeignKey(Incident, models.PROTECT, null=True, verbose_name="事件", related_name="+")
    #: The cells of a refused row, encrypted, until they are mended or too old.
    cells = models.TextField("原内容", blank=True, editable=False)

    objects = RestrictedQuerySet.as_manager()
    rule = Through("batch", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "导入的行"
        ordering = ["batch", "line"]
        indexes = [models.Index(fields=["batch", "outcome", "line"], name="importrow_outcome")]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "line"], name="importrow_once", violation_error_message="这一行已经导入过。"
            ),
            models.CheckConstraint(
                condition=Q(outcome="refused", incident=None) & ~Q(words="")
                | Q(outcome__in=["new", "repeated"], incident__isnull=False),
                name="importrow_outcome_told",
                violation_error_message="导入的行要么有事件，要么有未导入的原因。",
            ),
        ]

    def __str__(self) -> str:
        return f"第 {self.line} 行"
