"""Care plans in figures at the desk: how many of each colour, and how many due days were kept, by place."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from governance import audit, exports
from governance.models import AccessEvent
from governance.territory import GridLevel, asked_node
from grids.models import CarePlan, Grid
from grids.reach import top_of
from grids.reports import care as figures


def figures_page(desk: Any, request: HttpRequest) -> HttpResponse:
    """Show numbers by place (GET), or hand the table out (POST). Nobody is named and no plan is opened from it."""
    top = top_of(request.user, "grids.count_careplan")
    if not top or not request.user.may("count", CarePlan):
        raise Http404
    node = asked_node(request.GET.get("in", ""), top)
    if len(node) > GridLevel.COMMUNITY or not Grid.objects.filter(pk=node).exists():
        node = top
    lines, places = figures.table(request.user, node), Grid.objects.way_down(top, node)
    if request.method == "POST":
        title = f"四色探视统计 {places[-1][1] if places else ''}"
        columns: list[exports.Column] = [("地区", 22, lambda line: line.name)]
        columns += [
            (words, 12, lambda line, key=key: line.values[key]) for key, words in figures.FIGURES.items()
        ]
        columns.append(("按时率（%）", 12, lambda line: line.rate))
        audit.record(AccessEvent.Kind.EXPORT, request.user, f"导出{title}（不含个人信息）", request=request)
        data = exports.workbook("四色探视统计", columns, lines)
        return exports.as_file(f"{title} {timezone.localdate():%Y%m%d}.xlsx", data)
    opens = len(node) < GridLevel.COMMUNITY
    request.current_app = desk.admin_site.name
    context = {
        **desk.admin_site.each_context(request),
        "title": "四色探视统计",
        "opts": desk.model._meta,
        "places": [(f"?{urlencode({'in': code})}", name) for code, name in places],
        "by": "地区",
        "columns": [*figures.FIGURES.values(), "按时率"],
        "rows": [
            {
                "name": line.name,
                "url": f"?{urlencode({'in': line.code})}"
                if opens and line.code != node and len(line.code) <= GridLevel.COMMUNITY
                else "",
                "cells": [
                    *({"value": line.values[key]} for key in figures.FIGURES),
                    {"value": "—" if line.rate is None else f"{line.rate}%"},
                ],
            }
            for line in lines
        ],
        "notes": [
            f"按时率＝近 {figures.DAYS} 天里到期的次数中，到期当天或之前见到人的。只看次数，不排名。",
            "颜色只是约定的探视频率。这里只有数字，没有姓名。",
        ],
        "here": f"?{urlencode({'in': node})}",
        "back": desk.link(None, "changelist")
        if request.user.may("view", CarePlan)
        else reverse("admin:index"),
        "has_permission": True,
    }
    return TemplateResponse(request, "governance/desk_figures.html", context)
