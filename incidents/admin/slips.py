"""The slips at the desk: what a department has to do, and what an arbiter has to decide."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from governance.admin.desk import Card, Urgent
from governance.admin.filters import DayFilter, LightFilter, PlaceFilter, StatusFilter
from governance.admin.matters import MatterAdmin, link_to
from governance.templatetags import ui
from incidents.admin.whistles import (
    SLIP_TONES,
    ColourFilter,
    DepartmentFilter,
    colour_chip,
    incident_lines,
)
from incidents.flow import whistle_clocks
from incidents.forms.whistles import SLIP_FORMS
from incidents.models import SlipStatus, WhistlePhoto, WhistleSlip

S = SlipStatus


class WhistleColourFilter(ColourFilter):
    path = "whistle__colour"


@admin.register(WhistleSlip)
class WhistleSlipAdmin(MatterAdmin):
    action_forms = SLIP_FORMS
    main_actions = ("receive", "arrive", "take_on", "feed_back")
    bulk_actions = ("receive", "urge")
    also_shown = ("unit", "whistle", "whistle__situation")
    list_display = (
        "heading", "status_chip", "light_badge", "department", "colour_badge", "place", "due", "opened",
    )  # fmt: skip
    list_filter = (StatusFilter, LightFilter, WhistleColourFilter, DepartmentFilter, PlaceFilter, DayFilter)
    search_help_text = "搜编号、情形或情况里的词"
    tones = SLIP_TONES
    export_columns = [
        ("编号", 32, lambda row: row.number),
        ("吹哨", 32, lambda row: row.whistle.number),
        ("情形", 28, lambda row: row.title),
        ("响应", 8, lambda row: row.whistle.get_colour_display()),
        ("部门", 18, lambda row: row.unit),
        ("职责", 8, lambda row: row.get_part_display()),
        ("状态", 12, lambda row: row.get_status_display()),
        ("地点", 24, lambda row: str(row.grid)),
        ("吹哨时间", 18, lambda row: row.opened_at),
        ("签收时间", 18, lambda row: row.received_at),
        ("报到时限", 18, lambda row: row.report_by),
        ("报到时间", 18, lambda row: row.arrived_at),
        ("到现场", 8, lambda row: row.on_site),
        ("办结时限", 18, lambda row: row.settle_by),
        ("反馈时间", 18, lambda row: row.fed_back_at),
        ("反馈", 40, lambda row: row.feedback),
        ("异议", 40, lambda row: row.objection),
    ]

    def urgent_title(self, slip: WhistleSlip) -> str:
        return f"{slip.title} · {slip.unit}"

    # --- list -------------------------------------------------------------------------------------------------------
    @admin.display(description="部门", ordering="unit")
    def department(self, slip: WhistleSlip) -> str:
        return f"{slip.unit}（{slip.get_part_display()}）"

    @admin.display(description="响应", ordering="whistle__colour")
    def colour_badge(self, slip: WhistleSlip) -> str:
        return colour_chip(slip.whistle.colour)

    # --- page -------------------------------------------------------------------------------------------------------
    def facts(self, request: HttpRequest, slip: WhistleSlip) -> list[tuple[str, Any]]:
        """Return what the department is called to, and how far it is."""
        whistle = slip.whistle
        behind: Any = whistle.number
        if request.user.may("view", whistle):
            behind = link_to(reverse("admin:incidents_whistle_change", args=[whistle.pk]), whistle.number)
        late_in = "，超时" if slip.arrived_at and slip.arrived_at > slip.report_by else ""
        late_out = "，超时" if slip.fed_back_at and slip.fed_back_at > slip.settle_by else ""
        site = "到现场" if slip.on_site else "未到现场"
        return [
            ("编号", slip.number),
            ("吹哨", behind),
            ("部门", f"{slip.unit}（{slip.get_part_display()}）"),
            ("情形", f"{whistle.situation.get_aspect_display()} · {whistle.situation.name}"),
            ("响应", f"{whistle.get_colour_display()}，{whistle_clocks.limits_text(whistle.colour)}"),
            ("地点", self.place(slip)),
            ("情况和要求", slip.description),
            ("吹哨时间", ui.cn_datetime(slip.opened_at)),
            ("签收", ui.cn_datetime(slip.received_at)),
            ("报到时限", ui.cn_datetime(slip.report_by)),
            (
                "报到",
                f"{ui.cn_datetime(slip.arrived_at)}{late_in}，{slip.reporter}，{site}"
                if slip.arrived_at
                else "",
            ),
            ("办结时限", ui.cn_datetime(slip.settle_by)),
            (
                "反馈",
                f"{ui.cn_datetime(slip.fed_back_at)}{late_out}\n{slip.feedback}" if slip.fed_back_at else "",
            ),
            ("异议", f"{slip.objection}{'（不成立）' if slip.overruled else ''}" if slip.objection else ""),
            ("办结时间", ui.cn_datetime(slip.closed_at)),
        ]

    def panels(self, request: HttpRequest, slip: WhistleSlip, clear: bool) -> list[dict[str, Any]]:
        """Return the street's pictures, and those incidents behind the whistle that the person may see."""
        panels = []
        pictures = list(WhistlePhoto.objects.restrict(request.user).filter(whistle=slip.whistle_id))
        for number, picture in enumerate(pictures, 1):
            picture.alt = f"街道的照片 {number}"
        if pictures:
            panels.append(
                {"title": "街道的照片", "template": "incidents/desk_pictures.html", "pictures": pictures}
            )
        if lines := incident_lines(request, slip.whistle):
            panels.append({"title": "关联事件", "template": "incidents/desk_behind.html", "lines": lines})
        return panels

    # --- desk -------------------------------------------------------------------------------------------------------
    def urgent(self, request: HttpRequest, most: int = 10) -> list[Urgent]:
        """Return, for who can do something about them, the slips whose deadlines come first."""
        asked = ("handle", "arbitrate", "supervise")
        return (
            super().urgent(request, most)
            if any(request.user.may(action, WhistleSlip) for action in asked)
            else []
        )

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return what a department has not taken in or reported in to, and the objections to decide."""
        asked = (
            ("handle", "待签收哨单", S.SENT, "danger", "campaign", 2),
            ("handle", "待报到", S.RECEIVED, "brand", "directions_run", 3),
            ("handle", "哨单办理中", S.HANDLING, "info", "engineering", 4),
            ("arbitrate", "待裁异议", S.OBJECTED, "danger", "gavel", 9),
        )
        return [
            self.card(
                request,
                label,
                f"status={status}",
                WhistleSlip.objects.restrict(request.user, action).filter(status=status),
                tone=tone,
                icon=icon,
                order=order,
            )
            for action, label, status, tone, icon, order in asked
            if request.user.may(action, WhistleSlip)
        ]
