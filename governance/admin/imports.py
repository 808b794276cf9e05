"""Loading a table at the desk: upload, look over, progress, and the result that stays. An app's admin says the words and shows
the first rows; governance/imports.py does the work."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from governance import imports, masks
from governance.admin.actions import dress
from governance.admin.base import Named, ReadOnlyAdmin
from governance.admin.filters import ChoiceFilter
from governance.admin.verbs import verb_page
from governance.exports import as_file
from governance.forms import tell
from governance.importers import Importer, importer_of, reach_of
from governance.models import ImportState, TableImport
from governance.tables import USUAL, Limits
from governance.templatetags import ui

TONES = {
    ImportState.DRAFT: "caution",
    ImportState.QUEUED: "info",
    ImportState.RUNNING: "info",
    ImportState.DONE: "good",
    ImportState.FAILED: "danger",
}
#: The chips of outcomes; one that an app adds is information.
OUTCOMES = {"new": "good", "repeated": "quiet", "refused": "danger"}
ROWS = 50
TABLE = ".xlsx,.csv,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


# --- forms --------------------------------------------------------------------------------------------------------------
class TableForm(forms.Form):
    """A table to load."""

    file = forms.FileField(
        label="表格文件",
        widget=forms.FileInput({"accept": TABLE}),
        error_messages=dict.fromkeys(("required", "missing", "invalid"), "请选择要上传的表格。")
        | {"empty": "文件是空的。", "max_length": "文件名太长，请改短一些。"},
        max_length=200,
    )

    def __init__(self, *args: Any, limits: Limits = USUAL, **options: Any) -> None:
        super().__init__(*args, **options)
        self.limits = limits
        self.fields["file"].help_text = f".xlsx 或 .csv，不超过 {limits.megabytes} MB、{limits.rows} 行。"

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        self.limits.refuse_bytes(file.size)
        return file


class MappingForm(forms.Form):
    """Which column of the file means which of the importer's."""

    def __init__(self, *args: Any, batch: TableImport, **options: Any) -> None:
        super().__init__(*args, initial=batch.mapping, **options)
        columns = [(name, name) for name in batch.headings]
        for each in importer_of(batch).columns:
            self.fields[each.key] = forms.ChoiceField(
                label=each.label,
                required=each.needed,
                choices=[("", "请选择" if each.needed else "没有这一列"), *columns],
                error_messages={
                    "required": f"请选择哪一列是{each.label}。",
                    "invalid_choice": "文件里没有这一列，请重新选择。",
                },
            )
        dress(self)


class StateFilter(ChoiceFilter):
    title, parameter_name = "状态", "state"

    def lookups(self, request, model_admin):
        return list(ImportState.choices)

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(status=chosen) if chosen else queryset


class TableImportAdmin(ReadOnlyAdmin):
    """The pages of one kind of table. A subclass is registered for the batch model and says the words, and ``preview``."""

    list_display = ("file_name", "state", "importer_name", "counts", "uploaded")
    list_display_links = ("file_name",)
    list_select_related = ("by",)
    list_filter = (StateFilter,)
    search_fields = ("file_name",)
    search_help_text = "搜文件名"
    ordering = ("-created_at", "-pk")
    empty_hint = "可以上传一张表，先核对再导入。"

    #: The form of the upload; its fields besides ``file`` are the batch's further columns.
    upload_form: type[TableForm] = TableForm
    #: What the upload says above and below its form: how the file comes to be, in sentences of which each is a paragraph.
    upload_hint = "先核对，看清每一行会怎样，再开始导入。"
    upload_notes: tuple[str, ...] = ()
    #: Tables in which a value can be looked up: (address, what is in it).
    lookup: tuple[Any, str] | None = None
    #: What is said of rows that were taken in before.
    known_words = "以前已登记，跳过"
    #: The headings of ``preview``, and what stands in place of what the person may not open.
    preview_headings: tuple[str, ...] = ()
    out_of_reach = "不在您的管辖范围内"
    #: What the table of refused rows holds that is nobody else's affair.
    personal = "姓名和电话"

    def preview(self, rows: list[Any]) -> list[list[Any]]:
        """Return the first checked rows as the page shows them: a cell for each of ``preview_headings``, persons masked."""
        raise NotImplementedError

    def made_title(self, made: models.Model) -> str:
        """Return what is written on the link to what a row became."""
        return self.admin_site.get_model_admin(type(made)).row_title(made)

    @property
    def importer(self) -> Importer:
        return importer_of(self.model)

    # --- list -----------------------------------------------------------------------------------------------------------
    @admin.display(description="状态", ordering="status")
    def state(self, batch: TableImport) -> str:
        return ui.chip(batch.get_status_display(), TONES[batch.status])

    @admin.display(description="导入人")
    def importer_name(self, batch: TableImport) -> str:
        return masks.person(batch.by)

    @admin.display(description="结果")
    def counts(self, batch: TableImport) -> str:
        if batch.status == ImportState.DRAFT:
            return f"共 {batch.total} 行，还没有导入"
        return "，".join(f"{label} {number}" for _, label, number in batch.counts)

    @admin.display(description="上传时间", ordering="created_at")
    def uploaded(self, batch: TableImport) -> str:
        return ui.cn_short(batch.created_at)

    # --- addresses ------------------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view, prefix = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("template/", view(self.template_view), name=f"{prefix}_template"),
            *(
                path(f"<int:object_id>/{name}/", view(page), name=f"{prefix}_{name}")
                for name, page in (
                    ("columns", self.columns_view),
                    ("run", self.run_view),
                    ("progress", self.progress_view),
                    ("refused", self.refused_view),
                    ("discard", self.discard_view),
                )
            ),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(reach_of(request.user, self.importer.permission))

    def runs(self, request: HttpRequest, batch: TableImport) -> bool:
        """Say whether the person may go on with an import."""
        return self.has_add_permission(request) and request.user.may("run", batch)

    def mine(self, request: HttpRequest, object_id: int) -> TableImport:
        """Return an import that the person may go on with. Raises Http404 for any other."""
        batch = self.reach(request, str(object_id))
        if not self.runs(request, batch):
            raise Http404
        return batch

    # --- uploading ------------------------------------------------------------------------------------------------------
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context=None) -> HttpResponse:
        """Take a file, and lead to looking it over."""
        if not self.has_add_permission(request):
            raise Http404
        sent = request.method == "POST"

        def run(given: dict[str, Any]) -> HttpResponse:
            file, origin = given["file"], {name: value for name, value in given.items() if name != "file"}
            try:
                batch = imports.open_import(
                    self.importer, request.user, file_name=file.name, data=file.read(), **origin
                )
            except PermissionDenied:
                raise Http404 from None
            return HttpResponseRedirect(self.link(batch))

        return verb_page(
            self,
            request,
            title=f"批量导入{self.importer.noun}",
            form=self.upload_form(
                request.POST if sent else None,
                request.FILES if sent else None,
                limits=self.importer.limits,
            ),
            run=run,
            done="",
            back=self.link(None, "changelist"),
            hint=self.upload_hint,
            button="上传核对",
            template="governance/desk_import_new.html",
            extra={
                "template_url": self.link(None, "template"),
                "lookup": self.lookup,
                "notes": self.upload_notes,
            },
        )

    def template_view(self, request: HttpRequest) -> HttpResponse:
        """Hand out an empty table that says what belongs in it."""
        if not self.has_add_permission(request):
            raise Http404
        return as_file(f"{self.importer.noun}导入模板.xlsx", imports.template(self.importer))

    # --- one file -------------------------------------------------------------------------------------------------------
    def changeform_view(
        self, request: HttpRequest, object_id=None, form_url: str = "", extra_context=None
    ) -> HttpResponse:
        """Show a file as far as it has come: to be looked over, under way, or with its result."""
        batch = self.reach(request, object_id)
        if batch.status == ImportState.DRAFT:
            return self.look_over(request, batch)
        return self.result(request, batch)

    def look_over(self, request: HttpRequest, batch: TableImport, form: MappingForm | None = None):
        """Show which column means what, the first rows as they were understood, and every row that is wrong."""
        form = form or MappingForm(None, batch=batch)
        told, problem = None, ""
        missing = [
            each.label for each in self.importer.columns if each.needed and each.key not in batch.mapping
        ]
        if not missing and not form.errors:
            try:
                told = imports.check(batch)
            except ValidationError as refusal:
                problem = "".join(refusal.messages)
        first = told.first if told else []
        shown = self.preview([row for _, _, row in first]) if first else []
        known = [bool(told.repeated and self.importer.known(batch, [row])) for _, _, row in first]
        context = {
            "form": form,
            "missing": "、".join(missing),
            "told": told,
            "first": [
                (line, name, cells, there)
                for (line, name, _), cells, there in zip(first, shown, known, strict=True)
            ],
            "preview_headings": self.preview_headings,
            "known_words": self.known_words,
            "more": told.wrong - len(told.problems) if told else 0,
            "problem": problem,
        }
        return self.page(request, batch, "governance/desk_import_check.html", context)

    def result(self, request: HttpRequest, batch: TableImport) -> HttpResponse:
        """Show how far it has come, and what became of the rows, the refused ones first."""
        model = self.importer.row
        chosen = request.GET.get("outcome", "")
        chosen = chosen if chosen in model.Outcome.values else "refused" if batch.refused else "new"
        rows = model.objects.restrict(request.user).filter(batch=batch, outcome=chosen).order_by("line")
        page = Paginator(rows.select_related(model.made), ROWS).get_page(request.GET.get("p"))
        context = {
            **self.progress(batch),
            "mends": batch.refused and imports.may_mend(batch, request.user),
            "lines": self.lines(request, page.object_list),
            "made_heading": model._meta.get_field(model.made).verbose_name,
            "out_of_reach": self.out_of_reach,
            "personal": self.personal,
            "page_obj": page,
            "chosen": chosen,
            "keep_days": imports.KEEP_CELLS.days,
        }
        return self.page(request, batch, "governance/desk_import_result.html", context)

    def lines(self, request: HttpRequest, rows: models.QuerySet) -> list[dict[str, Any]]:
        """Return rows with what they became, as far as the person may open it."""
        made = self.importer.row._meta.get_field(self.importer.row.made)
        target = made.related_model
        keys = {getattr(row, made.attname) for row in rows} - {None}
        opened = set(target.objects.restrict(request.user).filter(pk__in=keys).values_list("pk", flat=True))
        page = f"admin:{target._meta.app_label}_{target._meta.model_name}_change"
        return [
            {
                "row": row,
                "name": self.made_title(getattr(row, made.name)) if open_to else "",
                "url": reverse(page, args=[getattr(row, made.attname)]) if open_to else "",
            }
            for row in rows
            for open_to in [getattr(row, made.attname) in opened]
        ]

    def page(self, request: HttpRequest, batch: TableImport, template: str, context: dict) -> HttpResponse:
        request.current_app = self.admin_site.name
        row = self.importer.row
        context = {
            **self.admin_site.each_context(request),
            "title": f"{self.model._meta.verbose_name} {batch.file_name}",
            "opts": self.model._meta,
            "original": Named(batch, f"“{batch.file_name}”"),
            "batch": batch,
            "tone": TONES[batch.status],
            "importer": masks.person(batch.by),
            "runs": self.runs(request, batch),
            "lookup": self.lookup,
            "row_heading": row._meta.get_field(row.called).verbose_name,
            "back": self.link(None, "changelist"),
            **{f"{name}_url": self.link(batch, name) for name in ("columns", "run", "refused", "discard")},
            **context,
        }
        return TemplateResponse(request, template, context)

    def progress(self, batch: TableImport) -> dict[str, Any]:
        """Return how far a file has come, and whether it seems to have stopped."""
        done = sum(number for *_, number in batch.counts)
        return {
            "batch": batch,
            "tone": TONES[batch.status],
            "outcomes": [(*each, OUTCOMES.get(each[0], "info")) for each in batch.counts],
            "done": done,
            "percent": done * 100 // batch.total if batch.total else 100,
            "progress_url": self.link(batch, "progress"),
            "stalled": batch.is_under_way and batch.touched_at <= timezone.now() - imports.STALLED,
        }

    def progress_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Answer with the bar alone, for the page that asks every other second; tell it to load anew when all is done."""
        batch = self.reach(request, str(object_id))
        response = render(request, "governance/desk_import_bar.html", self.progress(batch))
        if not batch.is_under_way and request.headers.get("HX-Request"):
            response.headers["HX-Refresh"] = "true"
        return response

    # --- verbs ----------------------------------------------------------------------------------------------------------
    def columns_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Keep which column means what, and look the file over anew."""
        batch = self.mine(request, object_id)
        if request.method != "POST" or batch.status != ImportState.DRAFT:
            return HttpResponseRedirect(self.link(batch))
        form = MappingForm(request.POST, batch=batch)
        if form.is_valid():
            try:
                imports.set_mapping(batch, form.cleaned_data)
            except ValidationError as refusal:
                tell(form, refusal)
        if form.errors:
            return self.look_over(request, batch, form)
        self.message_user(request, "已按新的对应关系重新核对。")
        return HttpResponseRedirect(self.link(batch))

    def run_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Start the run, or start again one that broke off."""
        batch = self.mine(request, object_id)
        if request.method == "POST":
            try:
                imports.start(batch, request.user)
            except ValidationError as refusal:
                self.message_user(request, "".join(refusal.messages), messages.ERROR)
        return HttpResponseRedirect(self.link(batch))

    def discard_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Delete a file that was not loaded."""
        batch = self.mine(request, object_id)
        if request.method != "POST":
            return HttpResponseRedirect(self.link(batch))
        try:
            imports.discard(batch)
        except ValidationError as refusal:
            self.message_user(request, "".join(refusal.messages), messages.ERROR)
            return HttpResponseRedirect(self.link(batch))
        self.message_user(request, "已删除，没有导入。")
        return HttpResponseRedirect(self.link(None, "changelist"))

    def refused_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Hand out the rows that were refused, to be mended and sent again."""
        batch = self.reach(request, str(object_id))
        if request.method != "POST":
            return HttpResponseRedirect(self.link(batch))
        try:
            data = imports.refused_table(batch, request.user, request=request)
        except PermissionDenied:
            raise Http404 from None
        except ValidationError as refusal:
            self.message_user(request, "".join(refusal.messages), messages.ERROR)
            return HttpResponseRedirect(self.link(batch))
        return as_file(f"未导入-{batch.file_name.rpartition('.')[0] or batch.file_name}.xlsx", data)
