"""The lines that figures count, as lists: closings and calls back. Read only; each leads to its incident, where what was said
stands for those who may read it."""

from django.contrib import admin
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html

from governance import masks
from governance.admin.base import ReadOnlyAdmin
from governance.admin.filters import ChannelFilter, ChoiceFilter, DayFilter, PlaceFilter
from governance.admin.matters import link_to
from governance.models.matters import PLACE_NAMES
from governance.templatetags import ui
from incidents.admin.figures import FigureFilter, figures_view
from incidents.models import Callback, Closing, Incident
from incidents.models.incidents import SATISFIED


class ClosedFilter(DayFilter):
    title, column = "结案日期", "at"
    parameter_name = "at"


class CalledFilter(DayFilter):
    title, column = "回访日期", "at"
    parameter_name = "at"


class OnTimeFilter(ChoiceFilter):
    title, parameter_name = "时限", "on_time"

    def lookups(self, request, model_admin):
        return [("yes", "按时办结"), ("no", "超时办结")]

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(on_time=chosen == "yes") if chosen else queryset


class AnswerFilter(ChoiceFilter):
    title, parameter_name = "结果", "answer"

    def lookups(self, request, model_admin):
        return [
            ("unsolved", "没有解决"),
            ("unsatisfied", "不满意"),
            ("satisfied", "满意和基本满意"),
            ("missed", "没联系上"),
            ("uncounted", "不纳入考核"),
        ]

    def queryset(self, request, queryset):
        asked = {
            "unsolved": {"solved": False},
            "unsatisfied": {"satisfaction__lt": SATISFIED},
            "satisfied": {"satisfaction__gte": SATISFIED},
            "missed": {"reached": False},
            "uncounted": {"counted": False},
        }
        chosen = self.checked()
        return queryset.filter(**asked[chosen]) if chosen else queryset


class LineAdmin(ReadOnlyAdmin):
    """What the two lists have in common."""

    search_fields = ("incident__number",)
    search_help_text = "搜事件编号"
    ordering = ("-at", "-pk")

    def get_queryset(self, request: HttpRequest):
        """Return the lines within reach, each with ``reached``: whether its incident, as it is now, is within reach too."""
        names = [f"grid__{name}" for name in PLACE_NAMES["grid"]]
        seen = Incident.objects.restrict(request.user, "view").filter(pk=OuterRef("incident"))
        rows = (
            super()
            .get_queryset(request)
            .select_related("incident", "grid", "minor_class", "unit", *self.also)
        )
        return rows.annotate(opens=Exists(seen)).only(
            *self.columns,
            *names,
            "incident__number",
            "minor_class__name",
            "unit__name",
            *(f"{name}__name" for name in self.also),
            *(f"{name}__is_staff" for name in self.also),
            *(f"{name}__username" for name in self.also),
        )

    @admin.display(description="事件 / 编号")
    def heading(self, line) -> str:
        title = line.minor_class
        if line.opens:
            title = link_to(reverse("admin:incidents_incident_change", args=[line.incident_id]), title)
        return format_html('<span class="dk-heading">{}<small>{}</small></span>', title, line.incident.number)

    def row_title(self, line) -> str:
        return f"{line.minor_class} {ui.cn_short(line.at)}"

    @admin.display(description="来源")
    def way(self, line) -> str:
        return line.get_channel_display()


@admin.register(Closing)
class ClosingAdmin(LineAdmin):
    """Closings: what the rates of completion count."""

    also = ("worker",)
    columns = ("at", "opened_at", "handled_at", "due_at", "on_time", "channel", "incident", "grid", "worker")
    list_display = ("heading", "closed", "timely", "grid", "who", "way", "opened", "handled", "due")
    list_display_links = ("closed",)
    list_filter = (FigureFilter, OnTimeFilter, PlaceFilter, ChannelFilter, ClosedFilter)
    fields = readonly_fields = (
        "heading",
        "closed",
        "timely",
        "grid",
        "who",
        "way",
        "opened",
        "handled",
        "due",
    )

    def get_urls(self) -> list:
        """Return the list's addresses and that of the figures, which would light up two entries of the sidebar elsewhere."""
        view = self.admin_site.admin_view(self.figures_view)
        return [path("figures/", view, name="incidents_figures"), *super().get_urls()]

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        return figures_view(self, request)

    @admin.display(description="结案", ordering="at")
    def closed(self, closing: Closing) -> str:
        return ui.cn_short(closing.at)

    @admin.display(description="时限")
    def timely(self, closing: Closing) -> str:
        return ui.chip("按时", "good") if closing.on_time else ui.chip("超时", "danger")

    @admin.display(description="承办")
    def who(self, closing: Closing) -> str:
        return str(closing.worker or closing.unit or "")

    @admin.display(description="上报")
    def opened(self, closing: Closing) -> str:
        return ui.cn_short(closing.opened_at)

    @admin.display(description="处置完成")
    def handled(self, closing: Closing) -> str:
        return ui.cn_short(closing.handled_at)

    @admin.display(description="处置时限")
    def due(self, closing: Closing) -> str:
        return ui.cn_short(closing.due_at)


@admin.register(Callback)
class CallbackAdmin(LineAdmin):
    """Calls back and answers: what the rates of resolution and satisfaction count. What was said is read at the incident."""

    also = ("by",)
    columns = ("at", "reached", "solved", "satisfaction", "counted", "channel", "incident", "grid", "by")
    list_display = ("heading", "called", "answer", "content", "grid", "unit", "way", "caller", "assessed")
    list_display_links = ("called",)
    list_filter = (FigureFilter, AnswerFilter, PlaceFilter, ChannelFilter, CalledFilter)
    fields = readonly_fields = (
        "heading", "called", "answer", "content", "grid", "unit", "way", "caller", "assessed",
    )  # fmt: skip

    @admin.display(description="回访", ordering="at")
    def called(self, callback: Callback) -> str:
        return ui.cn_short(callback.at)

    @admin.display(description="是否解决")
    def answer(self, callback: Callback) -> str:
        if not callback.reached:
            return ui.chip("没联系上")
        return ui.chip("已解决", "good") if callback.solved else ui.chip("没有解决", "danger")

    @admin.display(description="满意度")
    def content(self, callback: Callback) -> str:
        return callback.get_satisfaction_display() or ""

    @admin.display(description="回访人")
    def caller(self, callback: Callback) -> str:
        # A reporter who answered on her phone is named as everybody is whose contact is not open.
        return masks.person(callback.by)

    @admin.display(description="考核")
    def assessed(self, callback: Callback) -> str:
        return "纳入" if callback.counted else "不纳入"
