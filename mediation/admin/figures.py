"""The page of mediation's figures at the desk, the table that leaves it, and the filter by which a number opens its rows."""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode

from governance import audit, exports
from governance.admin.actions import dress
from governance.admin.filters import ChoiceFilter
from governance.models import AccessEvent
from governance.period_forms import USUAL, PeriodForm, asked_period
from governance.territory import GridLevel, asked_node
from grids.models import Grid
from mediation.admin.scope import top_of_counts
from mediation.models import Dispute, ScreeningReport
from mediation.reports import COLUMNS, Asked, Line, rows_of, table
from mediation.reports.table import BREAKDOWNS, OF_REPORTS


def read(request: HttpRequest, given: Any) -> tuple[Asked, PeriodForm, str, str]:
    """Return what an address asks for, the form of its period, the usual period's key, and the top of the person's reach. What
    it asks wrongly is left out."""
    period, form, key = asked_period(given)
    top = top_of_counts(request.user)
    by = given.get("by") if given.get("by") in BREAKDOWNS else "category"
    return Asked(period, asked_node(given.get("in", ""), top), by), form, key, top


def query(asked: Asked, **changes: Any) -> str:
    """Return the part of an address that asks for this, with something else asked for."""
    parts = {"since": asked.period.since, "until": asked.period.until, "in": asked.node, "by": asked.by}
    return urlencode({name: value for name, value in (parts | changes).items() if value not in (None, "")})


def figure_of(asked: Asked, column: str, key: str) -> str:
    """Return a number's name, by which a list opens the rows that it counts."""
    return ".".join((column, key, str(asked.period.since), str(asked.period.until), asked.node, asked.by))


class FigureFilter(ChoiceFilter):
    """The rows that one number counts. It stands on a list only when an address names a number."""

    title, parameter_name = "指标", "figure"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        named = self.used_parameters.get(self.parameter_name)
        if not named:
            return []
        try:
            self.column, self.key, since, until, node, by = named.split(".")
            given = {"since": since, "until": until, "in": node, "by": by}
            self.asked, form, _, _ = read(request, given)
            if not form.is_valid() or self.asked.by != by or self.asked.node != node:
                raise IncorrectLookupParameters
            words = COLUMNS[self.column].label
            if COLUMNS[self.column].of is not model_admin.model:
                raise IncorrectLookupParameters
        except (ValueError, KeyError) as wrong:
            raise IncorrectLookupParameters from wrong
        return [(named, f"{words} · {self.asked.period}")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.checked() is None:
            return queryset
        return rows_of(queryset, self.asked, self.column, self.key)


def figures_view(admin: Any, request: HttpRequest) -> HttpResponse:
    """Show the table (GET), or hand it out (POST). 404 for whoever may count no disputes."""
    if not request.user.may("count", Dispute):
        raise Http404
    asked, form, key, top = read(request, request.GET)
    lines = table(request.user, asked)
    places = dict(Grid.objects.way_down(top, asked.node))
    if request.method == "POST":
        return export(request, asked, lines, places.get(asked.node, ""))
    opens = request.user.may("view", Dispute)
    there = {
        Dispute: reverse("admin:mediation_dispute_changelist") if opens else "",
        ScreeningReport: reverse("admin:mediation_screeningreport_changelist")
        if request.user.may("view", ScreeningReport)
        else "",
    }
    rows = [
        {
            "name": line.name,
            "url": f"?{query(asked, **{'in': line.key})}"
            if asked.by == "place" and line.key and line.key != asked.node and len(line.key) < GridLevel.BASE
            else "",
            "rate": line.rate,
            "cells": [
                {
                    "value": "" if line.values[name] is None else line.values[name],
                    "url": f"{there[column.of]}?{urlencode({'figure': figure_of(asked, name, line.key or '')})}"
                    if there[column.of] and line.values[name]
                    else "",
                }
                for name, column in COLUMNS.items()
            ],
        }
        for line in lines
    ]
    request.current_app = admin.admin_site.name
    context = {
        **admin.admin_site.each_context(request),
        "title": "调解统计",
        "asked": asked,
        "form": dress(form),
        "usual": [
            (f"?{urlencode({'period': name, 'in': asked.node, 'by': asked.by})}", words, name == key)
            for name, (words, _) in USUAL.items()
        ],
        "places": [(f"?{query(asked, **{'in': code})}", name) for code, name in places.items()],
        "breakdowns": [
            (f"?{query(asked, by=by)}", words, by == asked.by) for by, words in BREAKDOWNS.items()
        ],
        "by": BREAKDOWNS[asked.by],
        "columns": list(COLUMNS.values()),
        "rows": rows,
        "opens": opens,
        "undivided": asked.by not in OF_REPORTS,
        "here": f"?{query(asked)}",
    }
    return TemplateResponse(request, "mediation/desk_figures.html", context)


def export(request: HttpRequest, asked: Asked, lines: list[Line], place: str) -> HttpResponse:
    """Return the table as an Excel file in the customary columns; nothing in it is personal. It is logged."""
    columns: list[exports.Column] = [(BREAKDOWNS[asked.by], 22, lambda line: line.name)]
    for key, column in COLUMNS.items():
        columns.append((column.label, 12, lambda line, key=key: _number(line.values[key])))
        if key == "settled":
            columns.append(("成功率（%）", 12, lambda line: "" if line.rate is None else line.rate))
    title = f"人民调解统计表 {place} {asked.period}"
    data = exports.workbook("人民调解统计表", columns, lines)
    audit.record(AccessEvent.Kind.EXPORT, request.user, f"导出{title}（不含个人信息）", request=request)
    return exports.as_file(f"{title}.xlsx", data)


def _number(value: Any) -> int | float | None:
    return value if value is None or isinstance(value, int) else float(value)
