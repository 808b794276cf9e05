"""Screenings at the desk: campaigns with the page of what they came to, and the reports."""

import uuid
from types import SimpleNamespace
from typing import Any

from django.contrib import admin
from django.db.models import Count, Model, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from unfold.widgets import UnfoldAdminSelect2Widget

from governance import audit, exports, masks
from governance.admin.actions import dress
from governance.admin.base import Named, TerritorialAdmin
from governance.admin.choices import could_be_key
from governance.admin.filters import ChoiceFilter, PlaceFilter
from governance.models import AccessEvent
from governance.permissions import rule_of
from governance.templatetags import ui
from governance.territory import GridLevel, asked_node
from grids.models import Grid
from mediation.admin.figures import FigureFilter
from mediation.admin.filters import CountedFilter, ScreenedFilter, ScreeningFilter
from mediation.forms.screening import NO_NAMES, ReportForm, ScreeningForm
from mediation.models import Dispute, Screening, ScreeningReport
from mediation.reports.screening import FIGURES, FOUND, Line, Progress, progress, top_of
from mediation.services.screening import keep_report, keep_screening


def list_of(model: type[Model], **asked: Any) -> str:
    """Return the address of a model's list with these filters on."""
    return f"{reverse(f'admin:mediation_{model._meta.model_name}_changelist')}?{urlencode(asked)}"


class Choosing:
    """Places and campaigns are chosen from boxes that can be searched."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["widget"] = UnfoldAdminSelect2Widget
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        field.empty_label = "请选择" if field.required else "平时的排查，不属于哪个行动"
        return field


class Dressed:
    """Gives a form's own fields the theme's classes; boxes to choose from have them."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        boxes = ("grid", "screening")
        dress(SimpleNamespace(fields={name: each for name, each in self.fields.items() if name not in boxes}))


class DeskScreeningForm(Dressed, ScreeningForm):
    """A campaign as the desk shows it."""


class DeskReportForm(Dressed, ReportForm):
    """A report as the desk shows it."""


# --- campaigns ----------------------------------------------------------------------------------------------------------
class RunningFilter(ChoiceFilter):
    title, parameter_name = "进行到哪", "running"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", "正在进行"), ("past", "已结束"), ("soon", "还没开始")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen, today = self.checked(), timezone.localdate()
        if chosen == "now":
            return queryset.running(today)
        within = {"past": {"until__lt": today}, "soon": {"since__gt": today}}
        return queryset.filter(**within[chosen]) if chosen else queryset


@admin.register(Screening)
class ScreeningAdmin(Choosing, TerritorialAdmin):
    form = DeskScreeningForm
    list_display = ("heading", "state", "place", "span", "reports_number")
    list_display_links = None
    list_filter = (RunningFilter, PlaceFilter)
    search_fields = ("name",)
    search_help_text = "搜名称"
    fields = ("name", "grid", ("since", "until"), "focus")

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the campaigns, each with how many of its reports the person sees."""
        seen = rule_of(ScreeningReport).q(ScreeningReport, request.user, "view")
        reports = ScreeningReport.objects.filter(seen, screening=OuterRef("pk")).order_by()
        number = Subquery(reports.values("screening").annotate(number=Count("pk")).values("number"))
        rows = super().get_queryset(request).select_related("grid").defer("grid__boundary")
        return rows.annotate(reports_count=Coalesce(number, 0))

    @admin.display(description="名称", ordering="name")
    def heading(self, screening: Screening) -> str:
        url = self.link(screening, "progress")
        return format_html('<a class="dk-link" href="{}">{}</a>', url, screening.name)

    @admin.display(description="状态", ordering="since")
    def state(self, screening: Screening) -> str:
        return state_chip(screening)

    @admin.display(description="地区", ordering="grid")
    def place(self, screening: Screening) -> str:
        return str(screening.grid)

    @admin.display(description="日期", ordering="until")
    def span(self, screening: Screening) -> str:
        return span_words(screening)

    @admin.display(description="排查记录")
    def reports_number(self, screening: Screening) -> str:
        if not screening.reports_count:
            return "还没有"
        url = list_of(ScreeningReport, screening=screening.pk)
        return format_html('<a class="dk-link" href="{}">{} 条</a>', url, screening.reports_count)

    # --- the form -----------------------------------------------------------------------------------------------------
    def places(self, request: HttpRequest, grids: Any) -> Any:
        return super().places(request, grids).filter(level__lte=int(GridLevel.STREET)).defer("boundary")

    def get_readonly_fields(self, request: HttpRequest, obj: Screening | None = None) -> tuple[str, ...]:
        # Reports were written for this place.
        return ("grid",) if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Screening, form: Any, change: bool) -> None:
        keep_screening(obj, by=request.user)

    def response_add(self, request: HttpRequest, obj: Screening, post_url_continue: Any = None) -> Any:
        super().response_add(request, obj, post_url_continue)
        return HttpResponseRedirect(self.link(obj, "progress"))

    # --- what it came to ----------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.progress_view)
        return [
            path("<int:object_id>/progress/", view, name="mediation_screening_progress"),
            *super().get_urls(),
        ]

    def progress_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show what a campaign came to by place (GET), or hand the table out (POST)."""
        screening, user = self.reach(request, str(object_id)), request.user
        top = top_of(user, screening)
        node = asked_node(request.GET.get("in", ""), top)
        if len(node) > GridLevel.COMMUNITY:
            node = top
        found = progress(user, screening, node)
        counts = user.may("count", Dispute)
        places = dict(Grid.objects.way_down(top, node))
        if request.method == "POST":
            return self.hand_out(request, screening, found, places.get(node, ""), counts)
        columns = {key: figure for key, figure in FIGURES.items() if counts or key not in FOUND}
        deeper = len(node) < GridLevel.STREET
        lines = found.by_street() if deeper else found.communities
        opens = {
            Dispute: counts and user.may("view", Dispute),
            ScreeningReport: user.may("view", ScreeningReport),
        }
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": screening.name,
            "opts": self.model._meta,
            "original": Named(screening, screening.name),
            "screening": screening,
            "state": state_chip(screening),
            "span": span_words(screening),
            "places": [(f"?{urlencode({'in': code})}", name) for code, name in places.items()],
            "columns": [figure.label for figure in columns.values()],
            "rows": [
                self.row(
                    screening, line, columns, opens, "" if line is found.total or not deeper else line.code
                )
                for line in (found.total, *lines)
            ],
            "by": "街道" if deeper else "社区",
            "found": found,
            "counts": counts,
            "opens": opens[Dispute],
            "back": self.link(None, "changelist"),
            "change_url": self.link(screening) if self.has_change_permission(request, screening) else "",
            "history_url": self.link(screening, "history"),
            "reports_url": list_of(ScreeningReport, screening=screening.pk),
            "report_url": f"{reverse('admin:mediation_screeningreport_add')}?{urlencode({'screening': screening.pk})}"
            if screening.since <= timezone.localdate() and user.may("add", ScreeningReport)
            else "",
            "here": f"?{urlencode({'in': node})}",
        }
        return TemplateResponse(request, "mediation/desk_screening.html", context)

    def row(
        self, screening: Screening, line: Line, columns: dict, opens: dict, inside: str
    ) -> dict[str, Any]:
        """Return one line of the page, each number with the address of its rows; ``inside``: the place that the name opens."""
        cells = []
        for key in columns:
            value, model = line.values[key], Dispute if key in FOUND else ScreeningReport
            asked = (
                {"found": f"s{screening.pk}.{key}"}
                if key in FOUND
                else {"screening": screening.pk, "counted": key}
            )
            url = list_of(model, **asked, place=line.code) if value and opens[model] else ""
            cells.append({"value": value, "url": url})
        return {"line": line, "cells": cells, "url": f"?{urlencode({'in': inside})}" if inside else ""}

    def hand_out(
        self, request: HttpRequest, screening: Screening, found: Progress, place: str, counts: bool
    ) -> HttpResponse:
        """Return the communities as an Excel file; nothing in it is personal. It is logged."""
        columns: list[exports.Column] = [
            ("街道", 18, lambda line: found.streets.get(line.code[: GridLevel.STREET], "")),
            ("社区", 22, lambda line: line.name),
            ("是否上报", 10, lambda line: f"{line.reported}/{line.communities}" if line is found.total
             else "已上报" if line.reported else "未上报"),
        ]  # fmt: skip
        columns += [
            (figure.label, 14, lambda line, key=key: line.values[key])
            for key, figure in FIGURES.items()
            if counts or key not in FOUND
        ]
        title = f"{screening.name} {place}排查情况"
        data = exports.workbook(screening.name, columns, [found.total, *found.communities])
        words = f"导出{title}（不含个人信息）"
        audit.record(AccessEvent.Kind.EXPORT, request.user, words, request=request)
        return exports.as_file(f"{title} {timezone.localdate():%Y%m%d}.xlsx", data)


def state_chip(screening: Screening) -> str:
    """Return how far a campaign has come, as a chip."""
    if screening.is_running:
        return ui.chip("正在进行", "good")
    return ui.chip("还没开始", "info") if screening.since > timezone.localdate() else ui.chip("已结束")


def span_words(screening: Screening) -> str:
    """Return from when to when a campaign goes."""
    return f"{ui.cn_date(screening.since)} 至 {ui.cn_date(screening.until)}"


# --- reports ------------------------------------------------------------------------------------------------------------
@admin.register(ScreeningReport)
class ScreeningReportAdmin(Choosing, TerritorialAdmin):
    form = DeskReportForm
    change_form_outer_before_template = "mediation/desk_report.html"
    list_display = ("heading", "campaign", "times", "households", "prevented", "crimes", "petitions", "by")
    list_display_links = ("heading",)
    list_filter = (FigureFilter, ScreeningFilter, CountedFilter, PlaceFilter, ScreenedFilter)
    search_fields = ("grid__name",)
    search_help_text = "搜地点"
    fieldsets = (
        (None, {"fields": (("grid", "screening"), ("day", "times"), ("households", "prevented"))}),
        (
            "防止激化",
            {"fields": (("crime_cases", "crime_people"), ("petition_cases", "petition_people"))},
        ),
        (None, {"fields": ("words", "mark")}),
    )
    ordering = ("-day", "-pk")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).for_page()

    # --- list -------------------------------------------------------------------------------------------------------
    @admin.display(description="日期 / 地点", ordering="day")
    def heading(self, report: ScreeningReport) -> str:
        return format_html(
            '<span class="dk-heading">{}<small>{}</small></span>', report.grid.name, f"{report.day:%Y-%m-%d}"
        )

    @admin.display(description="排查行动", ordering="screening")
    def campaign(self, report: ScreeningReport) -> str:
        return report.screening.name if report.screening_id else "平时的排查"

    @admin.display(description="防止民转刑", ordering="crime_cases")
    def crimes(self, report: ScreeningReport) -> str:
        return cases_words(report.crime_cases, report.crime_people)

    @admin.display(description="防止群体性上访", ordering="petition_cases")
    def petitions(self, report: ScreeningReport) -> str:
        return cases_words(report.petition_cases, report.petition_people)

    @admin.display(description="记录人")
    def by(self, report: ScreeningReport) -> str:
        return masks.person(report.reported_by)

    # --- the form -----------------------------------------------------------------------------------------------------
    def places(self, request: HttpRequest, grids: Any) -> Any:
        return super().places(request, grids).filter(level__gte=int(GridLevel.COMMUNITY)).defer("boundary")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Return the campaign that the address names, the place where there is just one, and the form's own mark."""
        held = {p.code for p in request.user.posts_in_force if len(p.code) == GridLevel.COMMUNITY}
        asked = request.GET.get("screening", "")
        return {
            "screening": asked if could_be_key(asked) else None,
            "grid": held.pop() if len(held) == 1 else None,
            "mark": uuid.uuid4().hex,
        }

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # What a dispute was found by stays.
        return super().has_delete_permission(request, obj) and not obj.disputes.exists()

    def save_model(self, request: HttpRequest, obj: ScreeningReport, form: Any, change: bool) -> None:
        if not change:
            obj.token = form.cleaned_data.get("mark")
        kept, _ = keep_report(obj, by=request.user)
        obj.pk = kept.pk

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show or save a report; on its page stands the way to register what it found."""
        context = {"hint": f"记数字和情况。{NO_NAMES}", **(extra_context or {})}
        report = self.get_object(request, object_id) if object_id is not None else None
        if report is not None and request.method == "GET":
            context |= self.found(request, report)
        return super().changeform_view(request, object_id, form_url, context)

    def found(self, request: HttpRequest, report: ScreeningReport) -> dict[str, Any]:
        """Return what was registered of a report, as far as the person sees it, and the way to register more."""
        user, context = request.user, {"by": masks.person(report.reported_by), "report": report}
        if user.may("count", Dispute):
            context["found"] = Dispute.objects.restrict(user, "count").filter(found_in=report).count()
        if user.may("view", Dispute):
            context["found_url"] = list_of(Dispute, found=f"r{report.pk}")
            context["opened"] = Dispute.objects.restrict(user).filter(found_in=report).count()
        if user.may("register", Dispute):
            add = reverse("admin:mediation_dispute_add")
            context["register_url"] = f"{add}?{urlencode({'found_in': report.pk})}"
        return context


def cases_words(cases: int, people: int) -> str:
    """Return cases and people as a list shows them."""
    return f"{cases} 件 {people} 人" if cases else ""
