"""Loading a file of tickets at the desk: its words, and how the first tickets are shown."""

from typing import Any

from django.contrib import admin
from django.urls import reverse_lazy
from django.utils.html import format_html

from governance import masks
from governance.admin.imports import TableImportAdmin
from governance.templatetags import ui
from grids.models import Grid
from incidents.admin.forms import ImportForm
from incidents.models import Incident, IncidentImport
from incidents.services.tickets import Ticket


@admin.register(IncidentImport)
class IncidentImportAdmin(TableImportAdmin):
    list_display = ("file_name", "state", "source", "importer_name", "counts", "uploaded")
    upload_form = ImportForm
    upload_hint = "上传热线或上级系统导出的工单表格。先核对，看清每一行会怎样，再开始导入。"
    upload_notes = (
        "热线系统导出的表格一般可以直接上传：列的名称和次序不同没关系，下一步再对应。",
        "同一工单编号只登记一次，重复上传不会多出事件。",
    )
    lookup = (reverse_lazy("admin:incidents_minorclass_download"), "事件目录")
    preview_headings = ("小类", "社区或网格", "位置", "内容", "来电人", "时间")
    out_of_reach = "由别处办理"

    def made_title(self, made: Incident) -> str:
        return made.number

    def preview(self, rows: list[Ticket]) -> list[list[Any]]:
        names = dict(Grid.objects.filter(pk__in={row.grid_code for row in rows}).values_list("code", "name"))
        return [_cells(row, names.get(row.grid_code, row.grid_code)) for row in rows]


def _cells(ticket: Ticket, grid: str) -> list[Any]:
    data = ticket.data
    minor, who = data["minor_class"].name, masks.name(data["applicant_name"])
    return [
        format_html("{} {}", minor, ui.chip("危及安全", "danger")) if data["is_urgent"] else minor,
        grid,
        data["spot"],
        data["description"][:60],
        format_html("{}<br>{}", who, masks.phone(data["applicant_phone"])),
        ui.cn_short(data["captured_at"]),
    ]
