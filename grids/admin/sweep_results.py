"""What came of a sweep, at the desk: what it found and where that goes, the report, the tables."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from governance import audit, exports, intake, masks, parameters
from governance.admin.verbs import verb_page
from governance.forms import asked
from governance.models import AccessEvent, Intake, Matter, User
from governance.sheets import DOCX
from governance.slices import page_of
from grids.forms.sweeps import FindingForm
from grids.models import Sweep, SweepTarget
from grids.questionnaire import in_words
from grids.reports.sweep_paper import report_paper
from grids.services import sweeps as services

#: Findings of one page.
FINDINGS = 20

#: What a table may hold: the words, and which rows.
TABLES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "findings": ("有问题的", lambda rows: rows.filter(is_finding=True)),
    "left": ("没查到的", lambda rows: rows.still()),
    "all": ("全部", lambda rows: rows),
}


class TableForm(forms.Form):
    """Which rows are taken away, and what for."""

    which = forms.ChoiceField(
        label="导出哪些",
        choices=[(key, words) for key, (words, _) in TABLES.items()],
        initial="findings",
        widget=forms.RadioSelect,
        error_messages=asked("请选择导出哪些。"),
    )
    reason = forms.CharField(
        label="导出用途",
        min_length=4,
        max_length=200,
        error_messages={"required": "请写明导出用途。", "min_length": "请写明导出用途（至少 4 个字）。"},
    )


class SweepResults:
    """The pages of the web admin of sweeps that show what came of one (grids/admin/sweeps.py)."""

    # --- findings -----------------------------------------------------------------------------------------------------
    def findings_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show what was found, the newest first, with what became of it."""
        sweep = self.started(request, object_id)
        rows = self.found(request, sweep)
        page = page_of(
            rows.prefetch_related("photos").order_by("-recorded_at", "-pk"), request.GET.get("page"), FINDINGS
        )
        came = intake.became("sweep", [str(row.pk) for row in page])
        matters = within_reach(came.values(), request.user)
        hands_on = bool(intake.findings(request.user, seen=True))
        lines = [
            {
                "row": row,
                "said": in_words(sweep.form, row.answers),
                "beside": [each for each in row.earlier or [] if each.get("refused")],
                "is_handed_on": str(row.pk) in came,
                "matter": matters.get(str(row.pk)),
                "hand_on": self.link(sweep, "finding", row.pk) if hands_on else "",
            }
            for row in page
        ]
        context = self.frame(request, sweep, "发现的问题", page=page, rows=lines)
        return TemplateResponse(request, "grids/desk_sweep_findings.html", context)

    def found(self, request: HttpRequest, sweep: Sweep) -> Any:
        """Return what a sweep found within the person's reach."""
        rows = self.targets(request, sweep).filter(is_finding=True)
        return rows.select_related("grid", "done_by", "household", "premises").defer("grid__boundary")

    def finding_view(self, request: HttpRequest, object_id: int, target: int) -> HttpResponse:
        """Hand on what was found at one door."""
        sweep = self.started(request, object_id)
        row = self.found(request, sweep).filter(pk=target).first()
        groups = intake.findings(request.user, seen=True)
        if row is None or not groups or intake.became("sweep", [str(row.pk)]):
            raise Http404
        row.sweep = sweep
        form = FindingForm(request.POST or None, groups=groups, initial={"words": services.words_of(row)})

        def run(given: dict[str, Any]) -> None:
            services.hand_on(row, by=request.user, **given)

        return verb_page(
            self, request, title="转办", form=form, run=run, done="已转办，照片一起转去了。", button="转办",
            back=self.link(sweep, "findings"), obj=sweep, hint=f"{row}。转办以后在那边办理，这里看得到进展。",
        )  # fmt: skip

    # --- the report and the tables --------------------------------------------------------------------------------------
    def closed(self, request: HttpRequest, object_id: int) -> Sweep:
        """Return an ended sweep of which the person sees all. Raises Http404."""
        sweep = self.reach(request, str(object_id))
        if sweep.report is None or not self.sees_all(request, sweep):
            raise Http404
        return sweep

    def sees_all(self, request: HttpRequest, sweep: Sweep) -> bool:
        """Say whether the person sees every place of a sweep: whose post stands at its place or above."""
        user = request.user
        return user.is_superuser or any(
            post.unit_id is None and sweep.grid_id.startswith(post.code)
            for post in user.posts_with("grids.view_sweeptarget")
        )

    def report_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show the report of an ended sweep, as it was frozen."""
        sweep = self.closed(request, object_id)
        note = sweep.steps.filter(action="close").values_list("note", flat=True).first() or ""
        context = self.frame(
            request, sweep, "排查报告", report=sweep.report, note=note, scope=sweep.selection_words()
        )
        return TemplateResponse(request, "grids/desk_sweep_report.html", context)

    def paper_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Hand out the report as a Word document."""
        sweep = self.closed(request, object_id)
        note = sweep.steps.filter(action="close").values_list("note", flat=True).first() or ""
        audit.record(
            AccessEvent.Kind.EXPORT, request.user, f"下载排查报告 {sweep.number}", obj=sweep, request=request
        )
        return exports.as_file(f"{sweep.report_title}.docx", report_paper(sweep, note), DOCX)

    def table_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask for a reason, then hand out the rows with their answers as an Excel table; both may speak of persons."""
        sweep = self.started(request, object_id)
        if not self.may_export(request, sweep):
            raise Http404
        form = TableForm(request.POST or None)

        def run(given: dict[str, Any]) -> HttpResponse:
            rows = (
                self.targets(request, sweep, "export")
                .select_related("grid", "done_by")
                .defer("grid__boundary")
            )
            rows = TABLES[given["which"]][1](rows).order_by("grid", "position")
            most = parameters.value("exports.most_rows")
            found = list(rows[: most + 1])
            if len(found) > most:
                raise ValidationError(f"超过一次导出的上限（{most:,} 行），请选少一些，或由各社区分别导出。")
            if not found:
                raise ValidationError("没有可以导出的记录。")
            data = exports.workbook("排查记录", table_columns(sweep), found)
            audit.record(
                AccessEvent.Kind.EXPORT, request.user, f"导出排查记录 {sweep.number} {len(found)} 行", obj=sweep,
                reason=given["reason"], request=request,
            )  # fmt: skip
            return exports.as_file(f"{sweep.title}.xlsx", data)

        return verb_page(
            self, request, title="导出排查记录", form=form, run=run, button="导出", done="", back=self.link(sweep), obj=sweep,
            hint="表里有填写的内容，可能涉及个人，请妥善保管。用途记入访问日志。",
        )  # fmt: skip


def within_reach(came: Any, user: User) -> dict[str, Matter]:
    """Return the matters of entries that a person may see, by the entries' own ids. One query for each kind of matter."""
    entries: dict[int, list[Intake]] = {}
    for each in came:
        entries.setdefault(each.content_type_id, []).append(each)
    found: dict[str, Matter] = {}
    for kind, rows in entries.items():
        model = ContentType.objects.get_for_id(kind).model_class()
        reached = model.objects.restrict(user).in_bulk([row.object_id for row in rows])
        found |= {row.source_id: reached[row.object_id] for row in rows if row.object_id in reached}
    return found


def table_columns(sweep: Sweep) -> list[exports.Column]:
    """Return the columns of the table of a sweep's rows: where, what came of it, each question."""

    def answer_to(key: str) -> Callable[[SweepTarget], Any]:
        return lambda row: (row.answers or {}).get(key, "")

    return [
        ("网格", 18, lambda row: row.grid.name),
        ("楼门", 28, lambda row: row.place),
        ("门牌号或名称", 18, lambda row: row.name),
        ("结果", 10, lambda row: row.get_outcome_display()),
        ("有问题", 8, lambda row: row.is_finding),
        *((each["label"], 16, answer_to(each["key"])) for each in sweep.questions),
        ("说明", 36, lambda row: row.words),
        ("查的时间", 18, lambda row: row.done_at),
        ("排查人", 12, lambda row: masks.person(row.done_by) if row.done_by else ""),
    ]
