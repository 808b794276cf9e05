"""The page of the tasks' figures, the table that leaves it, and the filters by which a number opens its rows."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.http import urlencode

from governance import audit, exports
from governance.admin.choices import could_be_key
from governance.admin.filters import ChoiceFilter
from governance.models import AccessEvent, Unit
from governance.territory import GridLevel, asked_node
from grids.models import Grid
from grids.reach import top_of
from parties.models import Task
from parties.reports.tasks import BREAKDOWNS, FIGURES, Asked, Line, condition, table


class FigureFilter(ChoiceFilter):
    """What one figure counts. Like the filters below, it stands on the list only when an address names a value of it."""

    title, parameter_name = "指标", "figure"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(self.named, FIGURES[self.named])] if self.named in FIGURES else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(condition(chosen, timezone.now())) if chosen else queryset


class UnitFilter(ChoiceFilter):
    """The tasks for which one unit answers."""

    title, parameter_name = "责任单位", "unit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if not could_be_key(self.named):
            return []
        found = Unit.objects.restrict(request.user).filter(pk=self.named).first()
        return [(self.named, found.name)] if found is not None else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(unit=chosen) if chosen else queryset


class AreaFilter(ChoiceFilter):
    """The tasks of one field of work; ``-`` those without."""

    title, parameter_name = "工作领域", "area"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        named = self.named[:20]
        return [(named, "没有填" if named == "-" else named)] if named else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(area="" if chosen == "-" else chosen) if chosen else queryset


class NodeFilter(ChoiceFilter):
    """The tasks at one very node, and none below it."""

    title, parameter_name = "本级", "node"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        named = self.named
        known = named.isascii() and named.isdigit() and len(named) in GridLevel.values
        found = Grid.objects.filter(pk=named).only("code", "name").first() if known else None
        return [(named, found.name)] if found is not None else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(grid=chosen) if chosen else queryset


def read(request: HttpRequest) -> tuple[Asked, str, list[int]]:
    """Return what an address asks for, the top of the person's reach and the years with tasks. What is asked wrongly is left out."""
    top = top_of(request.user, "parties.view_task")
    if not top:
        raise Http404
    this, given = timezone.localdate().year, request.GET
    found = (
        Task.objects.restrict(request.user).order_by("-year").values_list("year", flat=True).distinct()[:10]
    )
    years = sorted({*found, this}, reverse=True)
    year = given.get("year", "")
    return Asked(
        year=int(year) if year.isascii() and year.isdigit() and len(year) == 4 and int(year) in years else this,
        kind=given.get("kind") if given.get("kind") in Task.Kind.values else "",
        node=asked_node(given.get("in", ""), top)[: GridLevel.COMMUNITY],
        by=given.get("by") if given.get("by") in BREAKDOWNS else "place",
    ), top, years  # fmt: skip


def query(asked: Asked, **changes: Any) -> str:
    """Return the part of an address that asks for this, with something else asked for."""
    parts = {"year": asked.year, "kind": asked.kind, "in": asked.node, "by": asked.by} | changes
    return f"?{urlencode({name: value for name, value in parts.items() if value != ''})}"


def rows_url(there: str, asked: Asked, line: Line, key: str) -> str:
    """Return the address of the list behind a number."""
    parts: dict[str, Any] = {"figure": key, "year": asked.year, "place": asked.node}
    if asked.kind:
        parts["kind"] = asked.kind
    if line.key and asked.by == "place":
        parts |= {"node": line.key} if line.exact else {"place": line.key}
    elif line.name != "合计" or line.key:
        parts[asked.by] = line.key or "-"
    return f"{there}?{urlencode(parts)}"


def figures_view(admin: Any, request: HttpRequest) -> HttpResponse:
    """Show the table (GET), or hand it out (POST). 404 for whoever may view no tasks."""
    if not request.user.may("view", Task):
        raise Http404
    asked, top, years = read(request)
    lines, places = table(request.user, asked), Grid.objects.way_down(top, asked.node)
    if request.method == "POST":
        return export(request, asked, lines, places[-1][1] if places else "")
    there = admin.link(None, "changelist")
    request.current_app = admin.admin_site.name
    context = {
        **admin.admin_site.each_context(request),
        "title": "任务统计",
        "opts": admin.model._meta,
        "places": [(query(asked, **{"in": code}), name) for code, name in places],
        "switches": [
            ("年度", [(query(asked, year=year), f"{year} 年", year == asked.year) for year in years]),
            ("类别", [
                (query(asked, kind=kind), words, kind == asked.kind)
                for kind, words in [("", "全部"), *Task.Kind.choices]
            ]),
            ("按什么分", [(query(asked, by=by), words, by == asked.by) for by, words in BREAKDOWNS.items()]),
        ],
        "by": BREAKDOWNS[asked.by],
        "columns": [*FIGURES.values(), "完成率"],
        "rows": [
            {
                "name": line.name,
                "url": query(asked, **{"in": line.key})
                if asked.by == "place" and line.key and line.key != asked.node and len(line.key) < GridLevel.COMMUNITY
                else "",
                "cells": [
                    *(
                        {"value": line.values[key], "url": rows_url(there, asked, line, key) if line.values[key] else ""}
                        for key in FIGURES
                    ),
                    {"value": "—" if line.share is None else f"{line.share}%", "url": ""},
                ],
            }
            for line in lines
        ],
        "notes": [
            "撤回的不算。按期完成：在完成期限（延过期的按延长后的）当天或以前报告完成，并已核实。"
            "超期未完成：期限已过还没有报告完成的；报告了等核实的不算。完成率是已完成占任务的百分比。",
        ],
        "here": query(asked),
        "back": there,
        "has_permission": True,
    }  # fmt: skip
    return TemplateResponse(request, "governance/desk_figures.html", context)


def export(request: HttpRequest, asked: Asked, lines: list[Line], place: str) -> HttpResponse:
    """Return the table as an Excel file; nothing in it is personal. It is logged."""
    columns: list[exports.Column] = [(BREAKDOWNS[asked.by], 22, lambda line: line.name)]
    columns += [(words, 12, lambda line, key=key: line.values[key]) for key, words in FIGURES.items()]
    columns.append(("完成率（%）", 12, lambda line: "" if line.share is None else line.share))
    kind = dict(Task.Kind.choices).get(asked.kind, "重点任务和议定事项")
    title = f"{asked.year}年{kind}统计 {place}"
    data = exports.workbook("任务统计", columns, lines)
    audit.record(AccessEvent.Kind.EXPORT, request.user, f"导出{title}（不含个人信息）", request=request)
    return exports.as_file(f"{title}.xlsx", data)
