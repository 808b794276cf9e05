"""Loading a file of tickets at the desk: upload, look over, progress, and the result that stays."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import path, reverse, reverse_lazy
from django.utils import timezone

from governance import masks
from governance.admin.base import Named, ReadOnlyAdmin
from governance.admin.filters import ChoiceFilter
from governance.admin.verbs import verb_page
from governance.exports import as_file
from governance.forms import tell
from governance.templatetags import ui
from grids.models import Grid
from incidents.admin.forms import ImportForm, MappingForm
from incidents.models import ImportRow, ImportState, IncidentImport
from incidents.services import imports
from incidents.services.tickets import FIELDS, Ticket

TONES = {
    ImportState.DRAFT: "caution",
    ImportState.QUEUED: "info",
    ImportState.RUNNING: "info",
    ImportState.DONE: "good",
    ImportState.FAILED: "danger",
}
OUTCOMES = {"new": "good", "repeated": "quiet", "refused": "danger"}
ROWS = 50
#: Where the classes can be looked up.
CATALOGUE = reverse_lazy("admin:incidents_minorclass_download")


class StateFilter(ChoiceFilter):
    title, parameter_name = "状态", "state"

    def lookups(self, request, model_admin):
        return list(ImportState.choices)

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(status=chosen) if chosen else queryset


@admin.register(IncidentImport)
class IncidentImportAdmin(ReadOnlyAdmin):
    list_display = ("file_name", "state", "source", "importer", "counts", "uploaded")
    list_display_links = ("file_name",)
    list_select_related = ("by",)
    list_filter = (StateFilter,)
    search_fields = ("file_name",)
    search_help_text = "搜文件名"
    ordering = ("-created_at", "-pk")

    # --- list -----------------------------------------------------------------------------------------------------------
    @admin.display(description="状态", ordering="status")
    def state(self, batch: IncidentImport) -> str:
        return ui.chip(batch.get_status_display(), TONES[batch.status])

    @admin.display(description="导入人")
    def importer(self, batch: IncidentImport) -> str:
        return masks.person(batch.by)

    @admin.display(description="结果")
    def counts(self, batch: IncidentImport) -> str:
        if batch.status == ImportState.DRAFT:
            return f"共 {batch.total} 行，还没有导入"
        return f"新登记 {batch.new}，重复 {batch.repeated}，未导入 {batch.refused}"

    @admin.display(description="上传时间", ordering="created_at")
    def uploaded(self, batch: IncidentImport) -> str:
        return ui.cn_short(batch.created_at)

    # --- addresses ------------------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view = self.admin_site.admin_view
        return [
            path("template/", view(self.template_view), name="incidents_incidentimport_template"),
            *(
                path(f"<int:object_id>/{name}/", view(page), name=f"incidents_incidentimport_{name}")
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
        return request.user.has_perm("incidents.import_incident")

    def mine(self, request: HttpRequest, object_id: int) -> IncidentImport:
        """Return an import that the person may go on with. Raises Http404 for any other."""
        batch = self.reach(request, str(object_id))
        if not (self.has_add_permission(request) and request.user.may("run", batch)):
            raise Http404
        return batch

    # --- uploading ------------------------------------------------------------------------------------------------------
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context=None) -> HttpResponse:
        """Take a file, and lead to looking it over."""
        if not self.has_add_permission(request):
            raise Http404
        sent = request.method == "POST"

        def run(given: dict[str, Any]) -> HttpResponse:
            file = given["file"]
            try:
                batch = imports.open_import(
                    request.user, source=given["source"], file_name=file.name, data=file.read()
                )
            except PermissionDenied:
                raise Http404 from None
            return HttpResponseRedirect(self.link(batch))

        return verb_page(
            self,
            request,
            title="批量导入工单",
            form=ImportForm(request.POST if sent else None, request.FILES if sent else None),
            run=run,
            done="",
            back=self.link(None, "changelist"),
            hint="上传热线或上级系统导出的工单表格。先核对，看清每一行会怎样，再开始导入。",
            button="上传核对",
            template="incidents/desk_import_new.html",
            extra={"template_url": self.link(None, "template"), "catalogue_url": CATALOGUE},
        )

    def template_view(self, request: HttpRequest) -> HttpResponse:
        """Hand out an empty table that says what belongs in it."""
        if not self.has_add_permission(request):
            raise Http404
        return as_file("工单导入模板.xlsx", imports.template())

    # --- one file -------------------------------------------------------------------------------------------------------
    def changeform_view(
        self, request: HttpRequest, object_id=None, form_url: str = "", extra_context=None
    ) -> HttpResponse:
        """Show a file as far as it has come: to be looked over, under way, or with its result."""
        batch = self.reach(request, object_id)
        if batch.status == ImportState.DRAFT:
            return self.look_over(request, batch)
        return self.result(request, batch)

    def look_over(self, request: HttpRequest, batch: IncidentImport, form: MappingForm | None = None):
        """Show which column means what, the first rows as they were understood, and every row that is wrong."""
        runs = self.has_add_permission(request) and request.user.may("run", batch)
        form = form or MappingForm(None, batch=batch)
        told, problem = None, ""
        missing = [each.label for each in FIELDS if each.needed and each.key not in batch.mapping]
        if not missing and not form.errors:
            try:
                told = imports.check(batch)
            except ValidationError as refusal:
                problem = "".join(refusal.messages)
        context = {
            "form": form,
            "runs": runs,
            "missing": "、".join(missing),
            "told": told,
            "first": _shown(told.first) if told else [],
            "catalogue_url": CATALOGUE,
            "more": told.wrong - len(told.problems) if told else 0,
            "problem": problem,
        }
        return self.page(request, batch, "incidents/desk_import_check.html", context)

    def result(self, request: HttpRequest, batch: IncidentImport) -> HttpResponse:
        """Show how far it has come, and what became of the rows, the refused ones first."""
        chosen = request.GET.get("outcome", "")
        chosen = chosen if chosen in ImportRow.Outcome.values else "refused" if batch.refused else "new"
        rows = ImportRow.objects.restrict(request.user).filter(batch=batch, outcome=chosen).order_by("line")
        page = Paginator(rows.select_related("incident"), ROWS).get_page(request.GET.get("p"))
        opened = imports.reachable(page.object_list, request.user)
        lines = [
            {
                "line": row.line,
                "ticket": row.ticket,
                "words": row.words,
                "number": row.incident.number if row.incident_id in opened else "",
                "url": reverse("admin:incidents_incident_change", args=[row.incident_id])
                if row.incident_id in opened
                else "",
            }
            for row in page.object_list
        ]
        context = {
            **self.progress(batch),
            "runs": self.has_add_permission(request) and request.user.may("run", batch),
            "mends": batch.refused and request.user.may("mend", batch),
            "lines": lines,
            "page_obj": page,
            "chosen": chosen,
            "outcomes": [(value, label, getattr(batch, value)) for value, label in ImportRow.Outcome.choices],
            "keep_days": imports.KEEP_CELLS.days,
        }
        return self.page(request, batch, "incidents/desk_import_result.html", context)

    def page(self, request: HttpRequest, batch: IncidentImport, template: str, context: dict) -> HttpResponse:
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": batch.file_name,
            "opts": self.model._meta,
            "original": Named(batch, batch.file_name),
            "batch": batch,
            "tone": TONES[batch.status],
            "importer": masks.person(batch.by),
            "back": self.link(None, "changelist"),
            **{f"{name}_url": self.link(batch, name) for name in ("columns", "run", "refused", "discard")},
            **context,
        }
        return TemplateResponse(request, template, context)

    def progress(self, batch: IncidentImport) -> dict[str, Any]:
        """Return how far a file has come, and whether it seems to have stopped."""
        done = batch.new + batch.repeated + batch.refused
        return {
            "batch": batch,
            "tone": TONES[batch.status],
            "done": done,
            "percent": done * 100 // batch.total if batch.total else 100,
            "progress_url": self.link(batch, "progress"),
            "stalled": batch.is_under_way and batch.touched_at <= timezone.now() - imports.STALLED,
        }

    def progress_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Answer with the bar alone, for the page that asks every other second; tell it to load anew when all is done."""
        batch = self.reach(request, str(object_id))
        response = render(request, "incidents/desk_import_bar.html", self.progress(batch))
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


def _shown(tickets: list[Ticket]) -> list[dict[str, Any]]:
    """Return rows as the page shows them, persons masked."""
    codes = {ticket.grid_code for ticket in tickets}
    names = dict(Grid.objects.filter(pk__in=codes).values_list("code", "name"))
    return [_line(ticket, names.get(ticket.grid_code, ticket.grid_code)) for ticket in tickets]


def _line(ticket: Ticket, grid: str) -> dict[str, Any]:
    data = ticket.data
    return {
        "line": ticket.line,
        "number": ticket.number,
        "minor": data["minor_class"].name,
        "grid": grid,
        "spot": data["spot"],
        "words": data["description"][:60],
        "name": masks.name(data["applicant_name"]),
        "phone": masks.phone(data["applicant_phone"]),
        "at": data["captured_at"],
        "urgent": data["is_urgent"],
    }
