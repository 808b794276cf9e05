"""Self-checks of premises at the desk: the checklist, what was answered, what is to be mended, who is late, and the figures."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode

from governance import audit, exports, masks, parameters
from governance.admin.base import ReadOnlyAdmin
from governance.admin.choices import could_be_key
from governance.admin.desk import Card
from governance.admin.exporting import Exported
from governance.admin.filters import ChoiceFilter, DayFilter, PlaceFilter
from governance.admin.paging import MOST
from governance.models import AccessEvent
from governance.slices import page_of
from governance.templatetags import ui
from governance.territory import GridLevel, asked_node
from grids.admin.patrols import ListOfLines, became, pictures
from grids.models import ChecklistItem, Grid, Hazard, Premises, SelfCheck, SelfCheckAnswer
from grids.models.selfchecks import KINDS
from grids.reach import top_of
from grids.reports import selfchecks as figures
from grids.reports.coverage import place


class ForFilter(ChoiceFilter):
    title, parameter_name = "用于", "for"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", KINDS[0][1]), *KINDS[1:]]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(small="" if chosen == "all" else chosen) if chosen else queryset


@admin.register(ChecklistItem)
class ChecklistItemAdmin(ListOfLines):
    list_display = ("code", "words", "small", "order", "origin", "state")
    list_display_links = ("code", "words")
    list_filter = (ForFilter,)
    search_fields = ("code", "words")
    search_help_text = "搜编号或内容"
    fields = (("code", "order", "is_active"), "small", "words", "why")


class SmallFilter(ChoiceFilter):
    """The kind of small premises."""

    title, parameter_name, column = "九小场所", "small", "premises__small"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return KINDS[1:]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(**{self.column: chosen}) if chosen else queryset


class PremisesFilter(ChoiceFilter):
    """What belongs to one shop. It stands on the list only when an address names one."""

    title, parameter_name = "场所", "premises"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if not could_be_key(self.named):
            return []
        found = Premises.objects.restrict(request.user).filter(pk=self.named).first()
        return [(self.named, found.name)] if found is not None else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(premises=chosen) if chosen else queryset


class CheckedFilter(DayFilter):
    title, parameter_name, column = "自查日期", "day", "checked_at"


class ResultFilter(ChoiceFilter):
    title, parameter_name = "结果", "result"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("wrong", "有不合格的"), ("fine", "都合格")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen is None:
            return queryset
        return queryset.filter(wrong=0) if chosen == "fine" else queryset.exclude(wrong=0)


class WayFilter(ChoiceFilter):
    title, parameter_name = "谁填的", "way"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("own", "店家自查"), ("staff", "工作人员代填")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(by__isnull=chosen == "own") if chosen else queryset


def way(check: SelfCheck) -> str:
    """Return in words who filled it in."""
    return "店家自查" if check.is_own else "工作人员代填"


@admin.register(SelfCheck)
class SelfCheckAdmin(Exported, ReadOnlyAdmin):
    list_display = ("when", "shop", "kind", "place", "result", "way_words", "checker_masked")
    list_display_links = ("when",)
    list_filter = (ResultFilter, CheckedFilter, SmallFilter, WayFilter, PlaceFilter, PremisesFilter)
    search_fields = ("premises__name",)
    search_help_text = "搜场所名称"
    ordering = ("-checked_at", "-pk")
    fields = ("shop", "kind", "place", "when", "result", "way_words", "checker_masked", "answers_told")
    readonly_fields = fields
    export_columns = [
        ("自查时间", 18, lambda row: row.checked_at),
        ("场所", 28, lambda row: row.premises.name),
        ("九小场所", 14, lambda row: row.premises.get_small_display()),
        ("所在网格", 22, lambda row: str(row.grid)),
        ("项数", 8, lambda row: row.asked),
        ("不合格", 8, lambda row: row.wrong),
        ("谁填的", 14, way),
        ("检查人", 10, lambda row: masks.shown(row, "checker")),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request).select_related("grid", "premises")
        return rows.defer("grid__boundary")

    def get_urls(self) -> list:
        view = self.admin_site.admin_view
        pages = (("figures", self.figures_view), ("late", self.late_view))
        return [
            *(path(f"{name}/", view(page), name=f"grids_selfcheck_{name}") for name, page in pages),
            *super().get_urls(),
        ]

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        """Show the figures by place or kind (GET), or hand them out (POST)."""
        return figures_page(self, request)

    def late_view(self, request: HttpRequest) -> HttpResponse:
        """Show the premises that are late (GET), or hand them out (POST)."""
        return late_page(self, request)

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return the small premises that are late."""
        if not (request.user.may("view", SelfCheck) and request.user.may("view", Premises)):
            return []
        rows = Premises.objects.restrict(request.user).check_late(figures.late_before())
        url = reverse("admin:grids_selfcheck_late")
        return [
            Card("逾期未自查的场所", url, rows, tone="caution", icon="storefront", calm="都查过", order=61)
        ]

    @admin.display(description="自查时间", ordering="checked_at")
    def when(self, check: SelfCheck) -> str:
        return ui.cn_short(check.checked_at)

    @admin.display(description="场所")
    def shop(self, check: SelfCheck) -> str:
        return check.premises.name

    @admin.display(description="九小场所")
    def kind(self, check: SelfCheck) -> str:
        return check.premises.get_small_display()

    @admin.display(description="所在网格", ordering="grid")
    def place(self, check: SelfCheck) -> str:
        return str(check.grid)

    @admin.display(description="结果", ordering="wrong")
    def result(self, check: SelfCheck) -> str:
        words = f"{check.asked} 项，{check.wrong} 项不合格" if check.wrong else f"{check.asked} 项都合格"
        return ui.chip(words, "caution" if check.wrong else "good")

    @admin.display(description="谁填的")
    def way_words(self, check: SelfCheck) -> str:
        return way(check)

    @admin.display(description="检查人")
    def checker_masked(self, check: SelfCheck) -> str:
        return masks.shown(check, "checker")

    @admin.display(description="逐项")
    def answers_told(self, check: SelfCheck) -> str:
        rows = SelfCheckAnswer.objects.filter(check_of=check).prefetch_related("photos").order_by("pk")
        return format_html(
            '<ol class="dk-answers">{}</ol>',
            format_html_join(
                "",
                "<li>{} {} {} {}</li>",
                (
                    (
                        ui.chip("是", "good") if row.is_ok else ui.chip("不是", "caution"),
                        row.said,
                        f"（{row.words}）" if row.words else "",
                        pictures(row.photos.all()),
                    )
                    for row in rows
                ),
            ),
        )


class MendedFilter(ChoiceFilter):
    """What is still to be mended, unless other is asked for."""

    title, parameter_name, usual = "整改", "state", "待整改"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("passed", "待整改，已上报"),
            ("lately", "近 30 天整改"),
            ("mended", "已整改"),
            ("all", "全部"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return {
            None: lambda rows: rows.unmended(),
            "passed": lambda rows: rows.unmended().filter(content_type__isnull=False),
            "lately": lambda rows: rows.filter(figures.lately_mended()),
            "mended": lambda rows: rows.filter(mended_on__isnull=False),
            "all": lambda rows: rows,
        }[self.checked()](queryset)


@admin.register(Hazard)
class HazardAdmin(Exported, ReadOnlyAdmin):
    list_display = ("found", "shop", "said", "words", "place", "state", "became_what")
    list_display_links = ("found",)
    list_filter = (MendedFilter, SmallFilter, PlaceFilter, PremisesFilter)
    search_fields = ("premises__name", "said", "words", "number")
    search_help_text = "搜场所、内容或事件编号"
    ordering = ("-found_on", "-pk")
    fields = (
        "shop", "kind", "place", "said", "words", "found", "finder", "pictures_told", "state", "mending_told", "became_what",
        "look",
    )  # fmt: skip
    readonly_fields = fields
    export_columns = [
        ("发现日期", 14, lambda row: row.found_on),
        ("场所", 28, lambda row: row.premises.name),
        ("九小场所", 14, lambda row: row.premises.get_small_display()),
        ("所在网格", 22, lambda row: str(row.grid)),
        ("应该怎样", 40, lambda row: row.said),
        ("情况", 40, lambda row: row.words),
        ("整改日期", 14, lambda row: row.mended_on),
        ("怎样改的", 30, lambda row: row.mending),
        ("事件编号", 30, lambda row: row.number),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request).select_related("grid", "premises", "content_type")
        return rows.defer("grid__boundary")

    def get_fields(self, request: HttpRequest, obj: Hazard | None = None) -> Any:
        """Return the parts of the page; the way to look again is shown to who may, while it is open."""
        looks = obj is not None and obj.is_open and request.user.may("change", obj)
        return self.fields if looks else self.fields[:-1]

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return what is still to be mended."""
        if not request.user.may("view", Hazard):
            return []
        rows = Hazard.objects.restrict(request.user).unmended()
        url = self.link(None, "changelist")
        return [Card("待整改的场所隐患", url, rows, tone="caution", icon="warning", calm="都改了", order=62)]

    @admin.display(description="发现日期", ordering="found_on")
    def found(self, hazard: Hazard) -> str:
        return date_format(hazard.found_on)

    @admin.display(description="场所")
    def shop(self, hazard: Hazard) -> str:
        return hazard.premises.name

    @admin.display(description="九小场所")
    def kind(self, hazard: Hazard) -> str:
        return hazard.premises.get_small_display()

    @admin.display(description="所在网格", ordering="grid")
    def place(self, hazard: Hazard) -> str:
        return str(hazard.grid)

    @admin.display(description="谁发现的")
    def finder(self, hazard: Hazard) -> str:
        return "工作人员检查" if hazard.by_staff else "店家自查"

    @admin.display(description="照片")
    def pictures_told(self, hazard: Hazard) -> str:
        return pictures(hazard.answer.photos.all())

    @admin.display(description="整改", ordering="mended_on")
    def state(self, hazard: Hazard) -> str:
        if hazard.is_open:
            return ui.chip("待整改", "caution")
        return ui.chip(f"{date_format(hazard.mended_on)} 已整改", "good")

    @admin.display(description="怎样改的")
    def mending_told(self, hazard: Hazard) -> str:
        return hazard.mending or ("" if hazard.is_open else "之后的自查已合格")

    @admin.display(description="事件")
    def became_what(self, hazard: Hazard) -> str:
        return became(hazard)

    @admin.display(description="再去看了")
    def look(self, hazard: Hazard) -> str:
        return format_html(
            '<a class="cg-link" href="{}">记整改，或上报</a>', reverse("hazard_look", args=[hazard.pk])
        )


def asked_place(request: HttpRequest, perm: str) -> tuple[str, str]:
    """Return the node that an address asks for and the top of the person's reach. 404 for who reaches none."""
    top = top_of(request.user, perm)
    if not top:
        raise Http404
    return asked_node(request.GET.get("in", ""), top), top


def figures_page(admin: SelfCheckAdmin, request: HttpRequest) -> HttpResponse:
    """The figures of one node by place or kind, the numbers leading to their rows. 404 for who sees no self-checks."""
    if not request.user.may("view", SelfCheck):
        raise Http404
    node, top = asked_place(request, "grids.view_selfcheck")
    by = request.GET.get("by") if request.GET.get("by") in figures.BREAKDOWNS else "place"
    lines, places = figures.table(request.user, node, by), Grid.objects.way_down(top, node)
    if request.method == "POST":
        return export_figures(request, lines, by, places[-1][1] if places else "")
    late, hazards = reverse("admin:grids_selfcheck_late"), reverse("admin:grids_hazard_changelist")

    def query(**changes: Any) -> str:
        return f"?{urlencode({'in': node, 'by': by} | changes)}"

    def cell(line: figures.Line, key: str) -> dict[str, Any]:
        value = line.values[key]
        where = {"place": line.key or node} if by == "place" else {"place": node}
        small = {"small": line.key} if by == "small" and line.key else {}
        inside = {"in": where["place"], **small}
        behind = {
            "late": (late, {**inside, "which": "late"}),
            "never": (late, {**inside, "which": "never"}),
            "open": (hazards, {**where, **small}),
            "passed": (hazards, {**where, **small, "state": "passed"}),
            "mended": (hazards, {**where, **small, "state": "lately"}),
        }
        opens = value and key in behind and not (by == "small" and not line.key and key in OF_ALL_KINDS)
        return {"value": value, "url": f"{behind[key][0]}?{urlencode(behind[key][1])}" if opens else ""}

    request.current_app = admin.admin_site.name
    context = {
        **admin.admin_site.each_context(request),
        "title": "安全自查统计",
        "opts": admin.model._meta,
        "places": [(query(**{"in": code}), name) for code, name in places],
        "switches": [
            ("按什么分", [(query(by=key), words, key == by) for key, words in figures.BREAKDOWNS.items()])
        ],
        "by": figures.BREAKDOWNS[by],
        "columns": [*figures.FIGURES.values(), "按期率"],
        "rows": [
            {
                "name": line.name,
                "url": query(**{"in": line.key})
                if by == "place" and line.key and line.key != node and len(line.key) < GridLevel.BASE
                else "",
                "cells": [
                    *(cell(line, key) for key in figures.FIGURES),
                    {"value": "—" if line.share is None else f"{line.share}%", "url": ""},
                ],
            }
            for line in lines
        ],
        "takes": request.user.may("export", SelfCheck),
        "notes": [
            f"九小场所每 {parameters.value('selfcheck.days')} 天自查一次（运行参数可改）。其他场所也可以自查，不算逾期；"
            "按地区看时，它们的隐患也在“未整改”里。"
        ],
        "here": query(),
        "back": admin.link(None, "changelist"),
        "has_permission": True,
    }
    return TemplateResponse(request, "grids/desk_figures.html", context)


#: By kind, the total counts the nine kinds alone, and no list does.
OF_ALL_KINDS = frozenset({"open", "passed", "mended"})


def export_figures(request: HttpRequest, lines: list[figures.Line], by: str, where: str) -> HttpResponse:
    """Return the table as an Excel file; nobody is named in it. 404 for who may not take it. It is logged."""
    if not request.user.may("export", SelfCheck):
        raise Http404
    columns: list[exports.Column] = [(figures.BREAKDOWNS[by], 22, lambda line: line.name)]
    columns += [(words, 12, lambda line, key=key: line.values[key]) for key, words in figures.FIGURES.items()]
    columns.append(("按期率（%）", 12, lambda line: "" if line.share is None else line.share))
    title = f"安全自查统计 {where}"
    data = exports.workbook("安全自查统计", columns, lines)
    audit.record(AccessEvent.Kind.EXPORT, request.user, f"导出{title}（不含个人信息）", request=request)
    return exports.as_file(f"{title}.xlsx", data)


#: Which of the late ones are asked for.
WHICH = {"": "全部", "late": "逾期", "never": "没自查过"}


def late_page(admin: SelfCheckAdmin, request: HttpRequest) -> HttpResponse:
    """The small premises whose self-check is late, the longest first (GET), or as a table (POST). 404 for who sees no premises."""
    if not (request.user.may("view", Premises) and request.user.may("view", SelfCheck)):
        raise Http404
    node, top = asked_place(request, "grids.view_premises")
    which = request.GET.get("which") if request.GET.get("which") in WHICH else ""
    small = request.GET.get("small") if request.GET.get("small") in dict(KINDS) else ""
    rows = Premises.objects.restrict(request.user).check_late(figures.late_before()).filter(place(node))
    rows = rows.filter(small=small) if small else rows
    if which:
        rows = rows.filter(checked_on__isnull=which == "never")
    rows = rows.oldest_check_first().select_related("grid").defer("grid__boundary")
    if request.method == "POST":
        return export_late(request, rows)

    def query(**changes: Any) -> str:
        parts = {"in": node, "which": which, "small": small} | changes
        return f"?{urlencode({name: value for name, value in parts.items() if value})}"

    page = page_of(rows, request.GET.get("page"), 50)
    today = timezone.localdate()
    for row in page:
        row.days = (today - row.checked_on).days if row.checked_on else None
    request.current_app = admin.admin_site.name
    places = Grid.objects.way_down(top, node)
    context = {
        **admin.admin_site.each_context(request),
        "title": "逾期未自查的场所",
        "opts": admin.model._meta,
        "places": [(query(**{"in": code}), name) for code, name in places],
        "below": [
            (query(**{"in": code}), name)
            for code, name in Grid.objects.current()
            .children_of(node)
            .order_by("code")
            .values_list("code", "name")[:200]
        ],
        "switches": [("状态", [(query(which=key), words, key == which) for key, words in WHICH.items()])],
        "small": dict(KINDS)[small] if small else "",
        "without_small": query(small=""),
        "page": page,
        "more": f"{query()}&page=",
        "days": parameters.value("selfcheck.days"),
        "takes": request.user.may("export", SelfCheck),
        "changes": request.user.may("change", Premises),
        "here": query(),
        "back": admin.link(None, "changelist"),
        "has_permission": True,
    }
    return TemplateResponse(request, "grids/desk_late.html", context)


def export_late(request: HttpRequest, rows: QuerySet) -> HttpResponse:
    """Return the late premises as an Excel file, without who is their contact. 404 for who may not take it. It is logged."""
    if not request.user.may("export", SelfCheck):
        raise Http404
    columns: list[exports.Column] = [
        ("场所", 28, lambda row: row.name),
        ("九小场所", 14, lambda row: row.get_small_display()),
        ("所在网格", 22, lambda row: str(row.grid)),
        ("地址", 28, lambda row: row.address),
        ("最近自查", 14, lambda row: row.checked_on or "没自查过"),
    ]
    found = list(rows[: min(MOST * 2, parameters.value("exports.most_rows"))])
    data = exports.workbook("逾期未自查的场所", columns, found)
    audit.record(
        AccessEvent.Kind.EXPORT, request.user, f"导出逾期未自查的场所 {len(found)} 行（不含个人信息）", request=request
    )  # fmt: skip
    return exports.as_file("逾期未自查的场所.xlsx", data)
