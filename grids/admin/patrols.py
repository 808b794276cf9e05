"""The points of the rounds at the desk, what was looked at, and the coverage of the points by place. No person in any of it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.http import urlencode
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from governance import audit, exports
from governance.admin.base import ReadOnlyAdmin, TerritorialAdmin
from governance.admin.choices import could_be_key
from governance.admin.desk import Card
from governance.admin.exporting import Exported
from governance.admin.filters import ChoiceFilter, PlaceFilter
from governance.admin.matters import link_to
from governance.admin.verbs import verb_page
from governance.forms import asked as sentences
from governance.models import AccessEvent
from governance.templatetags import ui
from governance.territory import GridLevel, asked_node
from grids.admin.patrol_map import map_of_points
from grids.admin.points import PointPages
from grids.models import Entrance, Facility, Grid, PatrolItem, PatrolPoint, PatrolTick, Premises
from grids.models.patrols import Standing
from grids.reach import top_of
from grids.reports import coverage
from grids.services import patrols
from grids.services.selfchecks import keep_line

#: What a point's chip says of how it stands.
TONES = {Standing.TODAY: "good", Standing.NEGLECTED: "caution", Standing.DUE: "info"}


class ListOfLines(TerritorialAdmin):
    """For the district's own lists of what to look at and to ask; each line says whether it is the system's own still."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # What was once asked stays in the records; it is taken out of use instead.
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        keep_line(obj, by=request.user)

    @admin.display(description="来源", ordering="is_default")
    def origin(self, row: Any) -> str:
        return ui.chip("系统默认") if row.is_default else ui.chip("本区制定", "info")

    @admin.display(description="状态", ordering="is_active")
    def state(self, row: Any) -> str:
        return ui.chip("启用", "good") if row.is_active else ui.chip("停用")


@admin.register(PatrolItem)
class PatrolItemAdmin(ListOfLines):
    list_display = ("code", "name", "hint", "order", "origin", "state")
    list_display_links = ("code", "name")
    search_fields = ("code", "name")
    search_help_text = "搜编号或内容"
    fields = (("code", "order", "is_active"), "name", "hint")


class TurnFilter(ChoiceFilter):
    """Those in force, unless others are asked for."""

    title, parameter_name, usual = "状态", "state", "在用的"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("due", "到期未看"),
            ("neglected", "久未查看"),
            ("today", "今天已看"),
            ("past", "已停用"),
            ("all", "全部"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen, today = self.checked(), timezone.localdate()
        if chosen is None:
            return queryset.current()
        return {
            "due": lambda rows: rows.due(),
            "neglected": lambda rows: rows.neglected(),
            "today": lambda rows: rows.current().filter(looked_on=today),
            "past": lambda rows: rows.filter(until__lt=today),
            "all": lambda rows: rows,
        }[chosen](queryset)


class SpotFilter(ChoiceFilter):
    """Those that no map can show."""

    title, parameter_name = "位置", "spot"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("none", "没有位置")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.off_the_map() if self.checked() else queryset


class CopyForm(forms.Form):
    """From which grid to which; both by their codes' names."""

    source = forms.ModelChoiceField(
        Grid.objects.none(),
        label="从哪个网格",
        empty_label="请选择",
        error_messages=sentences("请选择从哪个网格复制。"),
    )
    target = forms.ModelChoiceField(
        Grid.objects.none(),
        label="复制到",
        empty_label="请选择",
        error_messages=sentences("请选择复制到哪个网格。"),
    )

    def __init__(self, *args: Any, sources: QuerySet, targets: QuerySet, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, rows in (("source", sources), ("target", targets)):
            self.fields[name].queryset = rows.order_by("code").defer("boundary")
            self.fields[name].label_from_instance = lambda grid: f"{grid.name}（{grid.code}）"


@admin.register(PatrolPoint)
class PatrolPointAdmin(PointPages, Exported, TerritorialAdmin):
    change_list_template = "grids/desk_points.html"
    list_display = ("name", "place", "order", "turn", "looked", "state")
    list_filter = (TurnFilter, PlaceFilter, SpotFilter)
    search_fields = ("name", "words")
    search_help_text = "搜点位"
    ordering = ("grid", "order", "pk")
    autocomplete_fields = ("grid",)
    export_columns = [
        ("所在网格", 22, lambda row: str(row.grid)),
        ("点位", 28, lambda row: row.name),
        ("看什么", 40, lambda row: "、".join(item.name for item in row.items.all())),
        ("还要看", 28, lambda row: row.words),
        ("几天看一次", 10, lambda row: row.every),
        ("巡查顺序", 10, lambda row: row.order),
        ("最近查看", 14, lambda row: row.looked_on),
        ("下次应看", 14, lambda row: row.due_on),
        ("启用日期", 14, lambda row: row.since),
        ("停用日期", 14, lambda row: row.until),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request).select_related("grid").defer("grid__boundary")
        return rows.prefetch_related("items") if "export" in request.path else rows

    def get_fieldsets(self, request: HttpRequest, obj: PatrolPoint | None = None) -> list:
        """Return the parts of the form; where a point stands is chosen once its grid is known."""
        what = (None, {"fields": (("name", "grid"), ("every", "order"), ("since", "until"))})
        reads = obj is not None and not self.has_change_permission(request, obj)
        look = ("看什么", {"fields": ("looks_at" if reads else "items", "words")})
        where = [("longitude", "latitude")]
        if obj is not None:
            where.insert(0, ("facility", "premises", "entrance"))
        return [what, look, ("在哪里（选填）", {"fields": where})]

    @admin.display(description="看什么")
    def looks_at(self, point: PatrolPoint) -> str:
        return "、".join(item.name for item in point.items.all())

    def get_readonly_fields(self, request: HttpRequest, obj: PatrolPoint | None = None) -> tuple[str, ...]:
        return ("grid", "looks_at") if obj is not None else ()

    def get_form(
        self, request: HttpRequest, obj: PatrolPoint | None = None, change: bool = False, **kwargs: Any
    ):
        request.point_grid = obj.grid_id if obj is not None else None
        return super().get_form(request, obj, change, **kwargs)

    def places(self, request: HttpRequest, grids: Any) -> QuerySet:
        return super().places(request, grids).of_level(GridLevel.BASE)

    def related_choices(self, db_field: Any, request: HttpRequest) -> QuerySet | None:
        code = getattr(request, "point_grid", None)
        if db_field.name == "items":
            return PatrolItem.objects.filter(is_active=True)
        if db_field.name in ("facility", "premises"):
            model = {"facility": Facility, "premises": Premises}[db_field.name]
            return model.objects.restrict(request.user).current().filter(grid=code)
        if db_field.name == "entrance":
            return Entrance.objects.filter(grid=code).select_related("building").order_by("building", "name")
        return super().related_choices(db_field, request)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any):
        kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: PatrolPoint, form: Any, change: bool) -> None:
        patrols.keep_point(obj, by=request.user)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str):
        return super().get_search_results(request, queryset, search_term.replace("\x00", ""))

    @admin.display(description="所在网格", ordering="grid")
    def place(self, point: PatrolPoint) -> str:
        return str(point.grid)

    @admin.display(description="几天看一次", ordering="every")
    def turn(self, point: PatrolPoint) -> str:
        return "每天" if point.every == 1 else f"每 {point.every} 天"

    @admin.display(description="最近查看", ordering="looked_on")
    def looked(self, point: PatrolPoint) -> str:
        return date_format(point.looked_on) if point.looked_on else "还没看过"

    @admin.display(description="状态", ordering="due_on")
    def state(self, point: PatrolPoint) -> str:
        standing = point.standing()
        return ui.chip(standing.label, TONES.get(standing, "quiet"))

    # --- pages of its own ---------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view = self.admin_site.admin_view
        pages = (("coverage", self.coverage_view), ("copy", self.copy_view))
        return [
            *(path(f"{name}/", view(page), name=f"grids_patrolpoint_{name}") for name, page in pages),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        copies = self.link(None, "copy") if self.has_add_permission(request) else ""
        context = {"copy_url": copies, "coverage_url": self.link(None, "coverage")}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def copy_view(self, request: HttpRequest) -> HttpResponse:
        """Ask from which grid to which, and copy."""
        if not self.has_add_permission(request):
            raise Http404
        targets = self.places(request, Grid)
        with_points = PatrolPoint.objects.restrict(request.user).current().order_by().values("grid")
        form = CopyForm(
            request.POST or None, sources=Grid.objects.current().filter(pk__in=with_points), targets=targets
        )

        def run(given: dict[str, Any]) -> str:
            copied = patrols.copy_points(given["source"], given["target"], by=request.user)
            self.message_user(request, f"复制了 {copied} 个点位；同名的没有重复登记。")
            return f"{self.link(None, 'changelist')}?{urlencode({'place': given['target'].pk})}"

        return verb_page(
            self,
            request,
            title="复制点位",
            form=form,
            run=run,
            done="",
            back=self.link(None, "changelist"),
            hint="名称、看什么、几天一次和顺序照抄；所在的设施、场所、楼门和坐标不抄。",
            button="复制",
        )

    def coverage_view(self, request: HttpRequest) -> HttpResponse:
        """Show which points were looked at, by place (GET), or hand the table out (POST)."""
        return coverage_page(self, request)

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return the points that were long not looked at."""
        if not request.user.may("view", PatrolPoint):
            return []
        url = f"{self.link(None, 'changelist')}?state=neglected"
        rows = PatrolPoint.objects.restrict(request.user).neglected()
        return [
            Card("久未查看的点位", url, rows, tone="caution", icon="location_off", calm="都看过", order=60)
        ]


def coverage_page(admin: PatrolPointAdmin, request: HttpRequest) -> HttpResponse:
    """The table of coverage of one node, its numbers leading to their rows. 404 for who sees no points."""
    if not request.user.may("view", PatrolPoint):
        raise Http404
    top = top_of(request.user, "grids.view_patrolpoint")
    if not top:
        raise Http404
    node = asked_node(request.GET.get("in", ""), top)
    days = 30 if request.GET.get("days") == "30" else 7
    lines = coverage.table(request.user, node, days)
    places = Grid.objects.way_down(top, node)
    if request.method == "POST":
        return export_coverage(request, lines, days, places[-1][1] if places else "")
    points, ticks = admin.link(None, "changelist"), reverse("admin:grids_patroltick_changelist")

    def query(**changes: Any) -> str:
        return f"?{urlencode({'in': node, 'days': days} | changes)}"

    def cell(line: coverage.Line, key: str) -> dict[str, Any]:
        value, code = line.values[key], line.code or node
        behind = {
            "points": (points, {"place": code}),
            "today": (points, {"place": code, "state": "today"}),
            "waiting": (points, {"place": code, "state": "due"}),
            "neglected": (points, {"place": code, "state": "neglected"}),
            "found": (ticks, {"place": code, "days": days, "outcome": "found"}),
        }
        url = f"{behind[key][0]}?{urlencode(behind[key][1])}" if value and key in behind else ""
        return {"value": value, "url": url}

    request.current_app = admin.admin_site.name
    context = {
        **admin.admin_site.each_context(request),
        "title": "巡查覆盖",
        "opts": admin.model._meta,
        "places": [(query(**{"in": code}), name) for code, name in places],
        "switches": [
            (
                "时间",
                [(query(days=each), words, each == days) for each, words in coverage.SPANS.items()],
            )
        ],
        "by": "网格" if len(node) >= GridLevel.COMMUNITY else "地区",
        "columns": [*coverage.FIGURES.values(), "覆盖率"],
        "rows": [
            {
                "name": line.name,
                "url": query(**{"in": line.code}) if line.code and line.code != node else "",
                "cells": [
                    *(cell(line, key) for key in coverage.FIGURES),
                    {"value": "—" if line.share is None else f"{line.share}%", "url": ""},
                ],
            }
            for line in lines
        ],
        "takes": request.user.may("export", PatrolPoint),
        "notes": [
            "按点位数，不按人数：每 N 天看一次的点，N 天里有人看过就算看了一次，多看不多算。"
            "应看、看了和发现问题数到昨天为止；今天已看、到期未看、久未查看是现在的情况。"
            "久未查看：到了该看的日子，又过了一个周期还没人看。",
        ],
        "points": map_of_points(request.user, node),
        "here": query(),
        "back": points,
        "has_permission": True,
    }
    return TemplateResponse(request, "grids/desk_patrol_coverage.html", context)


def export_coverage(request: HttpRequest, lines: list[coverage.Line], days: int, place: str) -> HttpResponse:
    """Return the table as an Excel file; nobody is named in it. 404 for who may not take it. It is logged."""
    if not request.user.may("export", PatrolPoint):
        raise Http404
    columns: list[exports.Column] = [("地区", 22, lambda line: line.name)]
    columns += [
        (words, 12, lambda line, key=key: line.values[key]) for key, words in coverage.FIGURES.items()
    ]
    columns.append(("覆盖率（%）", 12, lambda line: "" if line.share is None else line.share))
    title = f"巡查覆盖 {coverage.SPANS[days]} {place}"
    data = exports.workbook("巡查覆盖", columns, lines)
    audit.record(AccessEvent.Kind.EXPORT, request.user, f"导出{title}（不含个人信息）", request=request)
    return exports.as_file(f"{title}.xlsx", data)


class OutcomeFilter(ChoiceFilter):
    title, parameter_name = "情况", "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("found", "有问题的"), *PatrolTick.Outcome.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen == "found":
            return queryset.exclude(outcome="fine")
        return queryset.filter(outcome=chosen) if chosen else queryset


class LookedFilter(ChoiceFilter):
    """The day on which it was looked at; the spans are those of the coverage, until yesterday."""

    title, parameter_name = "日期", "days"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        spans = [(str(days), f"{words}（到昨天）") for days, words in coverage.SPANS.items()]
        return [("today", "今天"), *spans]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen == "today":
            return queryset.filter(day=timezone.localdate())
        return queryset.filter(coverage.within(int(chosen))) if chosen else queryset


class PointFilter(ChoiceFilter):
    """The ticks of one point. It stands on the list only when an address names one."""

    title, parameter_name = "点位", "point"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if not could_be_key(self.named):
            return []
        found = PatrolPoint.objects.restrict(request.user).filter(pk=self.named).first()
        return [(self.named, found.name)] if found is not None else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(point=chosen) if chosen else queryset


@admin.register(PatrolTick)
class PatrolTickAdmin(Exported, ReadOnlyAdmin):
    list_display = ("when", "point_name", "place", "outcome_chip", "words", "became")
    list_display_links = ("when",)
    list_filter = (OutcomeFilter, LookedFilter, PlaceFilter, PointFilter)
    search_fields = ("words", "number", "point__name")
    search_help_text = "搜点位、说明或事件编号"
    ordering = ("-day", "-pk")
    fields = ("point_name", "place", "when", "outcome_chip", "words", "became", "pictures")
    readonly_fields = ("when", "point_name", "place", "outcome_chip", "became", "pictures")
    export_columns = [
        ("日期", 14, lambda row: row.day),
        ("所在网格", 22, lambda row: str(row.grid)),
        ("点位", 28, lambda row: row.point.name),
        ("情况", 22, lambda row: row.get_outcome_display()),
        ("说明", 40, lambda row: row.words),
        ("事件编号", 30, lambda row: row.number),
    ]
    TONES = {"fine": "good", "mended": "info", "passed": "caution"}

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request).select_related("grid", "point", "content_type")
        return rows.defer("grid__boundary")

    @admin.display(description="查看时间", ordering="day")
    def when(self, tick: PatrolTick) -> str:
        return ui.cn_short(tick.looked_at)

    @admin.display(description="点位")
    def point_name(self, tick: PatrolTick) -> str:
        return tick.point.name

    @admin.display(description="所在网格", ordering="grid")
    def place(self, tick: PatrolTick) -> str:
        return str(tick.grid)

    @admin.display(description="情况", ordering="outcome")
    def outcome_chip(self, tick: PatrolTick) -> str:
        return ui.chip(tick.get_outcome_display(), self.TONES[tick.outcome])

    @admin.display(description="事件")
    def became(self, tick: PatrolTick) -> str:
        return became(tick)

    @admin.display(description="照片")
    def pictures(self, tick: PatrolTick) -> str:
        return pictures(tick.photos.all())


def became(row: Any) -> str:
    """Return the number of the matter that a row became, as a link to its page at the desk, which asks for itself who may open it."""
    if row.content_type_id is None:
        return ""
    kind = row.content_type
    return link_to(reverse(f"admin:{kind.app_label}_{kind.model}_change", args=[row.object_id]), row.number)


def pictures(photos: Any) -> str:
    """Return links to a row's pictures."""
    return format_html_join(
        "　",
        '<a class="cg-link" href="{}">照片 {}</a>',
        ((photo.url, number) for number, photo in enumerate(photos, 1)),
    )
