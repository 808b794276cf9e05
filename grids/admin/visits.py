"""Visits, needs and projects at the desk, and how far the visits have come."""

from typing import Any

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode

from governance import masks
from governance.admin.base import ReadOnlyAdmin, cleaned
from governance.admin.desk import Card
from governance.admin.exporting import Exported
from governance.admin.filters import ChoiceFilter, DayFilter, PlaceFilter
from governance.admin.verbs import verb_page
from governance.permissions import permission
from governance.templatetags import ui
from governance.territory import GridLevel, asked_node
from grids import visiting
from grids.admin.register import RegisterAdmin
from grids.forms.lists import HandOnForm, ListUnderForm, NewNeedForm, SettleForm
from grids.models import Grid, Household, Need, Premises, Project, Visit
from grids.reach import top_of
from grids.services import visits as services
from grids.services.visits import Found

#: Lines of the coverage: a street has some dozens of communities, a community some dozens of grids.
MOST_LINES = 200


class VisitedFilter(DayFilter):
    title, parameter_name, column = "走访时间", "day", "visited_at"


class OutcomeFilter(ChoiceFilter):
    title, parameter_name = "结果", "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Visit.Outcome.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(outcome=chosen) if chosen else queryset


class CoveragePages:
    """How many of each place's households and premises were visited within the time."""

    def get_urls(self) -> list:
        page = path("coverage/", self.admin_site.admin_view(self.coverage_view), name="grids_visit_coverage")
        return [page, *super().get_urls()]

    def coverage_view(self, request: HttpRequest) -> HttpResponse:
        """Show the places right below one, each with what was visited; ``in`` goes down."""
        top = top_of(request.user, permission(Visit, "view"))
        if not self.has_view_permission(request) or not top:
            raise Http404
        here = asked_node(request.GET.get("in", ""), top)
        below = Grid.objects.current().children_of(here).defer("boundary").order_by("code")[:MOST_LINES]
        whole = Grid.objects.filter(code=here).defer("boundary").first()
        if whole is None:
            raise Http404
        rows = [*visiting.coverage(request.user, [whole]), *visiting.coverage(request.user, below)]
        own = self.link(None, "coverage")
        context = {
            **self.admin_site.each_context(request),
            "title": "走访覆盖",
            "opts": self.model._meta,
            "months": visiting.parameters.value("visits.months"),
            "places": [(f"{own}?in={code}", name) for code, name in Grid.objects.all().way_down(top, here)],
            "lines": [
                {
                    "row": row,
                    "url": f"{own}?in={row.grid.code}"
                    if row.grid.code != here and len(row.grid.code) < GridLevel.BASE
                    else "",
                    "cells": [
                        self.cell(Household, row.grid.code, row.households_visited, row.households),
                        self.cell(Premises, row.grid.code, row.premises_visited, row.premises),
                    ],
                }
                for row in rows
            ],
            "back": self.link(None, "changelist"),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "grids/desk_coverage.html", context)

    @staticmethod
    def cell(model: Any, code: str, done: int, total: int) -> dict[str, Any]:
        """Return one cell: what was visited of how many, and the list of what was not."""
        address = reverse(f"admin:grids_{model._meta.model_name}_changelist")
        query = urlencode({"visits": "due", "place": code})
        return {
            "done": done, "total": total, "left": total - done, "url": f"{address}?{query}",
            "share": round(100 * done / total) if total else None,
        }  # fmt: skip


@admin.register(Visit)
class VisitAdmin(CoveragePages, Exported, ReadOnlyAdmin):
    list_display = ("when", "target_name", "place", "outcome_chip", "way", "worker", "note_short")
    list_display_links = ("when",)
    list_filter = (VisitedFilter, OutcomeFilter, PlaceFilter)
    ordering = ("-visited_at", "-pk")
    fields = (
        "when",
        "target_name",
        "place",
        "outcome_chip",
        "way",
        "worker",
        "note",
        "recorded",
        "pictures",
        "needs_found",
    )
    readonly_fields = fields
    change_list_template = "grids/desk_visits.html"
    export_columns = [
        ("走访时间", 18, lambda row: ui.cn_short(row.visited_at)),
        ("网格", 22, lambda row: row.grid.name),
        ("走访的户或场所", 30, lambda row: str(row.target)),
        ("结果", 10, lambda row: row.get_outcome_display()),
        ("方式", 10, lambda row: row.get_way_display()),
        ("走访人", 10, lambda row: masks.person(row.by)),
        ("情况", 40, lambda row: row.note),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request)
        return rows.select_related("grid", "by", "household__entrance__building", "premises").defer(
            "grid__boundary"
        )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(
            request, {"coverage_url": self.link(None, "coverage"), **(extra_context or {})}
        )

    def row_title(self, visit: Visit) -> str:
        return f"{ui.cn_short(visit.visited_at)} 走访{visit.target}"

    @admin.display(description="走访时间", ordering="visited_at")
    def when(self, visit: Visit) -> str:
        return ui.cn_short(visit.visited_at)

    @admin.display(description="记录时间")
    def recorded(self, visit: Visit) -> str:
        return ui.cn_short(visit.recorded_at)

    @admin.display(description="走访了")
    def target_name(self, visit: Visit) -> str:
        return str(visit.target)

    @admin.display(description="网格", ordering="grid")
    def place(self, visit: Visit) -> str:
        return visit.grid.name

    @admin.display(description="结果", ordering="outcome")
    def outcome_chip(self, visit: Visit) -> str:
        return ui.chip(visit.get_outcome_display(), "good" if visit.outcome == Visit.Outcome.MET else "quiet")

    @admin.display(description="走访人")
    def worker(self, visit: Visit) -> str:
        return masks.person(visit.by)

    @admin.display(description="情况")
    def note_short(self, visit: Visit) -> str:
        return visit.note[:30] + ("…" if len(visit.note) > 30 else "")

    @admin.display(description="照片")
    def pictures(self, visit: Visit) -> str:
        return format_html_join(
            " ",
            '<a class="dk-link" href="{}">照片 {}</a>',
            ((photo.url, number) for number, photo in enumerate(visit.photos.all(), 1)),
        )

    @admin.display(description="发现的需求")
    def needs_found(self, visit: Visit) -> str:
        return "；".join(need.words for need in visit.needs.all())


class NeedStateFilter(ChoiceFilter):
    """What waits, unless others are asked for."""

    title, parameter_name, usual = "状态", "state", "没解决的"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("waiting", "还没安排的"), ("handed", "已转办的"), ("listed", "列入项目的"), ("settled", "已解决的"), ("all", "全部"),
        ]  # fmt: skip

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return {
            None: lambda rows: rows.filter(settled_on=None),
            "waiting": lambda rows: rows.waiting(),
            "handed": lambda rows: rows.exclude(content_type=None),
            "listed": lambda rows: rows.exclude(project=None),
            "settled": lambda rows: rows.exclude(settled_on=None),
            "all": lambda rows: rows,
        }[chosen](queryset)


@admin.register(Need)
class NeedAdmin(RegisterAdmin):
    form = NewNeedForm
    change_form_outer_before_template = "grids/desk_row.html"
    list_display = ("heading", "place", "target_name", "state", "noted", "worker")
    list_display_links = ("heading",)
    list_filter = (NeedStateFilter, PlaceFilter)
    search_fields = ("words", "number")
    search_help_text = "搜需求里的字或转办编号"
    ordering = ("-noted_at", "-pk")
    autocomplete_fields = ("grid",)
    fields = ("grid", "words")
    shown = (
        "words_shown",
        "place",
        "target_name",
        "noted",
        "worker",
        "state",
        "matter_shown",
        "project_shown",
        "settlement",
    )
    export_columns = [
        ("记录时间", 18, lambda row: ui.cn_short(row.noted_at)),
        ("网格", 22, lambda row: row.grid.name),
        ("谁的", 30, lambda row: str(row.household or row.premises or "")),
        ("需求", 50, lambda row: row.words),
        ("转为", 26, lambda row: became(row)),
        ("列入项目", 26, lambda row: row.project.title if row.project_id else ""),
        ("解决日期", 14, lambda row: row.settled_on),
        ("怎样解决的", 40, lambda row: row.settlement),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = (
            super()
            .get_queryset(request)
            .select_related("grid", "by", "project", "household__entrance__building", "premises")
        )
        return rows.defer("grid__boundary")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> Any:
        text = cleaned(search_term).strip()
        return (queryset.filter(Q(words__icontains=text) | Q(number=text)) if text else queryset), False

    def get_fields(self, request: HttpRequest, obj: Need | None = None) -> Any:
        return self.fields if obj is None else self.shown

    def get_readonly_fields(self, request: HttpRequest, obj: Need | None = None) -> Any:
        return () if obj is None else self.shown

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # What was written down stays; what becomes of it has pages of its own.
        return False

    def save_model(self, request: HttpRequest, obj: Need, form: Any, change: bool) -> None:
        kept = services.note_need(Found(obj.words), None, by=request.user, grid=obj.grid)
        obj.pk, obj._state.adding = kept.pk, False

    def row_title(self, need: Need) -> str:
        return need.words[:30]

    @admin.display(description="需求")
    def heading(self, need: Need) -> str:
        return self.row_title(need)

    @admin.display(description="需求")
    def words_shown(self, need: Need) -> str:
        return need.words

    @admin.display(description="网格", ordering="grid")
    def place(self, need: Need) -> str:
        return need.grid.name

    @admin.display(description="谁的")
    def target_name(self, need: Need) -> str:
        return str(need.household or need.premises or "网格里的")

    @admin.display(description="记录时间", ordering="noted_at")
    def noted(self, need: Need) -> str:
        return ui.cn_short(need.noted_at)

    @admin.display(description="记录人")
    def worker(self, need: Need) -> str:
        return masks.person(need.by)

    @admin.display(description="转为")
    def matter_shown(self, need: Need) -> str:
        return became(need)

    @admin.display(description="列入项目")
    def project_shown(self, need: Need) -> str:
        return need.project.title if need.project_id else ""

    @admin.display(description="状态")
    def state(self, need: Need) -> str:
        if need.settled_on is not None:
            return ui.chip("已解决", "good")
        if need.content_type_id is not None:
            return format_html("{} {}", ui.chip("已转办", "info"), need.number)
        return ui.chip("列入项目", "info") if need.project_id else ui.chip("还没安排", "caution")

    # --- what is done with it ---------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "grids_need"
        return [
            path("<int:object_id>/hand-on/", view(self.hand_on_view), name=f"{name}_hand_on"),
            path("<int:object_id>/settle/", view(self.settle_view), name=f"{name}_settle"),
            path("<int:object_id>/project/", view(self.project_view), name=f"{name}_project"),
            *super().get_urls(),
        ]

    def buttons(self, request: HttpRequest, need: Need) -> list[dict[str, Any]]:
        found = []
        matter = need.matter
        if matter is not None and request.user.may("view", matter):
            kind = ContentType.objects.get_for_model(matter)
            url = reverse(f"admin:{kind.app_label}_{kind.model}_change", args=[matter.pk])
            found.append({"words": "查看转办的事项", "url": url})
        if (
            need.settled_on is not None
            or need.content_type_id is not None
            or not request.user.may("change", need)
        ):
            return found
        return [
            *found,
            {"words": "转办", "url": self.link(need, "hand_on")},
            {"words": "改列项目" if need.project_id else "列入项目", "url": self.link(need, "project")},
            {"words": "已经解决", "url": self.link(need, "settle")},
        ]

    def open_need(self, request: HttpRequest, object_id: int) -> Need:
        """Return a need that waits. Raises Http404 for any other, and one that the person may not change."""
        need = self.reach(request, str(object_id))
        if (
            need.settled_on is not None
            or need.content_type_id is not None
            or not request.user.may("change", need)
        ):
            raise Http404
        return need

    def hand_on_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Hand a need on to the app that sees to it."""
        need = self.open_need(request, object_id)

        def run(given: dict[str, Any]) -> None:
            services.hand_on(
                need, Found(need.words, given["to"], given["name"], given["phone"]), by=request.user
            )

        hint = "转办以后在那边办理，这里只看进展。"
        if need.visit_id is not None and need.visit.photos.exists():
            hint += "转为事件的，走访时拍的照片一起带过去。"
        return verb_page(
            self, request, title="转办", form=HandOnForm(request.POST or None, user=request.user), run=run, done="已转办。",
            back=self.link(need), obj=need, hint=hint,
        )  # fmt: skip

    def settle_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Note how a need was met."""
        need = self.open_need(request, object_id)

        def run(given: dict[str, Any]) -> None:
            services.settle(need, by=request.user, **given)

        return verb_page(
            self, request, title="已经解决", form=SettleForm(request.POST or None), run=run, done="已记下。",
            back=self.link(need), obj=need,
        )  # fmt: skip

    def project_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Put a need under a project, or take it out."""
        need = self.open_need(request, object_id)
        codes = need.grid.lineage()
        projects = Project.objects.restrict(request.user).filter(done_on=None, grid__in=codes)
        form = ListUnderForm(request.POST or None, projects=projects, initial={"project": need.project_id})

        def run(given: dict[str, Any]) -> None:
            services.list_under(need, given["project"], by=request.user)

        return verb_page(
            self, request, title="列入项目", form=form, run=run, done="已保存。", back=self.link(need), obj=need,
            hint="没有合适的项目，先到“网格项目”里立项。",
        )  # fmt: skip

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return the needs that nobody has arranged yet, for those who may."""
        if not request.user.may("change", Need):
            return []
        rows = Need.objects.restrict(request.user, "change").waiting()
        url = f"{self.link(None, 'changelist')}?state=waiting"
        return [Card("还没安排的需求", url, rows, icon="list_alt", tone="caution", calm="都安排了", order=42)]


def became(need: Need) -> str:
    """Return what a need became: its number; of what is confidential, that it was handed on."""
    return need.number or ("已转办（编号不公开）" if need.content_type_id is not None else "")


class ProjectStateFilter(ChoiceFilter):
    title, parameter_name = "状态", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "进行中"), ("late", "过了计划日期"), ("done", "已完成")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return {
            None: lambda rows: rows,
            "open": lambda rows: rows.filter(done_on=None),
            "late": lambda rows: rows.late(),
            "done": lambda rows: rows.exclude(done_on=None),
        }[chosen](queryset)


@admin.register(Project)
class ProjectAdmin(RegisterAdmin):
    change_form_outer_before_template = "grids/desk_row.html"
    list_display = ("title", "place", "lead", "since", "planned_until", "state")
    list_filter = (ProjectStateFilter, PlaceFilter)
    search_fields = ("title", "lead")
    search_help_text = "搜项目名称或牵头的人"
    ordering = ("-since", "-pk")
    autocomplete_fields = ("grid",)
    fieldsets = (
        (None, {"fields": ("title", ("grid", "lead"), "description", ("since", "planned_until"))}),
        ("完成情况", {"fields": (("done_on", "result"),)}),
    )
    export_columns = [
        ("项目", 30, lambda row: row.title),
        ("网格", 22, lambda row: row.grid.name),
        ("牵头", 20, lambda row: row.lead),
        ("内容", 50, lambda row: row.description),
        ("立项日期", 14, lambda row: row.since),
        ("计划完成", 14, lambda row: row.planned_until),
        ("完成日期", 14, lambda row: row.done_on),
        ("成效", 40, lambda row: row.result),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("grid").defer("grid__boundary")

    def get_readonly_fields(self, request: HttpRequest, obj: Project | None = None) -> tuple[str, ...]:
        return ("grid",) if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        services.keep_project(obj, by=request.user)

    @admin.display(description="网格", ordering="grid")
    def place(self, project: Project) -> str:
        return project.grid.name

    @admin.display(description="状态")
    def state(self, project: Project) -> str:
        if project.done_on is not None:
            return ui.chip("已完成", "good")
        return ui.chip("过了计划日期", "caution") if project.is_late else ui.chip("进行中", "info")

    def panels(self, request: HttpRequest, project: Project) -> list[dict[str, Any]]:
        rows = project.needs.restrict(request.user).order_by("-noted_at")[:50]
        return [
            {
                "title": "列入的需求",
                "lines": [
                    (
                        reverse("admin:grids_need_change", args=[need.pk]),
                        need.words[:40],
                        ui.cn_short(need.noted_at),
                    )
                    for need in rows
                ],
                "none": "还没有需求列入。在需求清单里点“列入项目”。",
            }
        ]
