"""Tasks at the desk: the list, a task, setting one, the cards."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.http import urlencode

from governance.admin.choices import could_be_key
from governance.admin.desk import Card, Urgent
from governance.admin.filters import ChoiceFilter, LightFilter, PlaceFilter, StatusFilter
from governance.admin.matters import MatterAdmin, link_to
from governance.admin.verbs import verb_page
from governance.models import Unit
from governance.templatetags import ui
from grids.models import Grid
from parties.admin.task_figures import AreaFilter, FigureFilter, NodeFilter, UnitFilter, figures_view
from parties.forms.tasks import TASK_FORMS, KeyTaskForm, ResolutionForm
from parties.models import Conference, Task, TaskStatus
from parties.models.tasks import directs
from parties.services.tasks import set_task, set_tasks_at

S = TaskStatus


class YearFilter(ChoiceFilter):
    title, parameter_name = "年度", "year"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = Task.objects.restrict(request.user).order_by("-year").values_list("year", flat=True)
        return [(str(year), f"{year} 年") for year in found.distinct()[:20]]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(year=int(chosen)) if chosen else queryset


class KindFilter(ChoiceFilter):
    title, parameter_name = "类别", "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Task.Kind.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(kind=chosen) if chosen else queryset


class DutyFilter(ChoiceFilter):
    """What the person's unit answers for, and what her place has set."""

    title, parameter_name = "我的", "duty"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("handle", "本单位负责的"), ("direct", "本级交办的")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return of_duty(queryset, chosen, request.user) if chosen else queryset


def of_duty(rows: QuerySet, duty: str, user: Any) -> QuerySet:
    """Return those of the tasks with which a person has to do in one of the two parts."""
    return rows.handled_by(user) if duty == "handle" else rows.set_by(user)


@admin.register(Task)
class TaskAdmin(MatterAdmin):
    add_action = "direct"
    action_forms = TASK_FORMS
    change_list_template = "governance/desk_counted.html"
    main_actions = ("receive", "report", "verify_pass", "assist")
    also_shown = ("unit", "setter")
    lines_clear = False
    list_display = ("heading", "status_chip", "light_badge", "source_shown", "place", "unit", "due")
    list_filter = (
        DutyFilter, YearFilter, KindFilter, StatusFilter, LightFilter, PlaceFilter, FigureFilter, UnitFilter, AreaFilter, NodeFilter,
    )  # fmt: skip
    search_help_text = "搜编号、任务或要求里的词"
    tones = {S.ASSIGNED: "brand", S.HANDLING: "info", S.REPORTED: "caution", S.DONE: "good"}
    export_columns = [
        ("编号", 32, lambda row: row.number),
        ("类别", 10, lambda row: row.get_kind_display()),
        ("年度", 8, lambda row: row.year),
        ("序号", 8, lambda row: row.serial),
        ("工作领域", 14, lambda row: row.area),
        ("任务", 36, lambda row: row.title),
        ("要求", 40, lambda row: row.description),
        ("交办", 16, lambda row: str(row.setter)),
        ("落实地点", 18, lambda row: str(row.grid)),
        ("责任单位", 20, lambda row: row.unit),
        ("责任人", 16, lambda row: row.owner),
        ("状态", 10, lambda row: row.get_status_display()),
        ("完成期限", 14, lambda row: row.due_on),
        ("延期次数", 10, lambda row: row.extensions),
        ("工作措施", 40, lambda row: row.measures),
        ("完成情况", 40, lambda row: row.result),
        ("报告完成日期", 14, lambda row: row.reported_on),
        ("核实时间", 18, lambda row: row.closed_at if row.status == S.DONE else None),
    ]  # fmt: skip

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return the tasks within reach; the desk, which asks for them twice, asks the rule once."""
        if "_tasks_seen" not in request.__dict__:
            rows = super().get_queryset(request).defer("search_terms", "grid__boundary", "setter__boundary")
            request.__dict__["_tasks_seen"] = rows
        return request.__dict__["_tasks_seen"].all()

    @admin.display(description="出自", ordering="serial")
    def source_shown(self, task: Task) -> str:
        return f"{task.year} 年第 {task.serial} 项 · {task.area}" if task.serial else "联席会议"

    @admin.display(description="完成期限", ordering="due_on")
    def due(self, task: Task) -> str:
        return f"{task.due_on:%Y-%m-%d}"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(
            request, {"figures_url": self.link(None, "figures"), **(extra_context or {})}
        )

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.figures_view)
        return [path("figures/", view, name="parties_task_figures"), *super().get_urls()]

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        return figures_view(self, request)

    # --- page -------------------------------------------------------------------------------------------------------
    def facts(self, request: HttpRequest, task: Task) -> list[tuple[str, Any]]:
        """Return what the task is about. The conference behind it is a link to whoever may view that."""
        behind: Any = ""
        if task.conference_id:
            behind, there = str(task.conference), task.conference
            if request.user.may("view", there):
                behind = link_to(reverse("admin:parties_conference_change", args=[there.pk]), behind)
        helpers = Unit.objects.filter(pk__in=set(task.unit_ids) - {task.unit_id}).order_by("code")
        return [
            ("编号", task.number),
            ("出自", task.source),
            ("联席会议", behind),
            ("工作领域", task.area),
            ("交办", task.setter),
            ("落实地点", self.place(task)),
            ("责任单位", task.unit),
            ("责任人", task.owner),
            ("配合单位", "、".join(unit.name for unit in helpers)),
            ("要求", task.description),
            (
                "完成期限",
                f"{ui.cn_date(task.due_on)}{f'（延期 {task.extensions} 次）' if task.extensions else ''}",
            ),
            ("工作措施", task.measures),
            ("完成情况", task.result),
            ("报告完成", ui.cn_date(task.reported_on) if task.reported_on else ""),
            ("交办时间", ui.cn_datetime(task.opened_at)),
            ("交办人", task.placed_by),
            ("核实时间", ui.cn_datetime(task.closed_at) if task.status == S.DONE else ""),
        ]

    # --- setting one ------------------------------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(set_tasks_at(request.user))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Set a key task, or what the conference resolved that the address names."""
        asked = request.GET.get("conference", "")
        if asked:
            return self.resolve_view(request, asked)
        codes = set_tasks_at(request.user)
        if not codes:
            raise Http404
        setters = Grid.objects.current().filter(code__in=codes).defer("boundary").order_by("code")
        given = request.POST.get("setter") or request.GET.get("place", "")
        place = given if given in codes else codes[0]
        form = KeyTaskForm(request.POST or None, place=place, setters=setters)
        switch = [(f"?{urlencode({'place': each.code})}", each.name, each.code == place) for each in setters]

        def run(values: dict[str, Any]) -> str:
            return self.link(set_task(by=request.user, **values))

        return verb_page(
            self, request, title="交办年度重点任务", form=form, run=run, button="交办", done="已交办，已通知责任单位和配合单位。",
            back=self.link(None, "changelist"), template="parties/desk_place_form.html",
            extra={"switch": switch if len(switch) > 1 else []},
        )  # fmt: skip

    def resolve_view(self, request: HttpRequest, asked: str) -> HttpResponse:
        """Register what a conference resolved."""
        rows = Conference.objects.restrict(request.user).select_related("grid")
        conference = rows.filter(pk=asked).first() if could_be_key(asked) else None
        if conference is None or not directs(request.user, conference.grid_id):
            raise Http404
        back = reverse("admin:parties_conference_change", args=[conference.pk])
        form = ResolutionForm(request.POST or None, place=conference.grid_id)

        def run(values: dict[str, Any]) -> str:
            set_task(by=request.user, conference=conference, **values)
            return back

        return verb_page(
            self, request, title="登记议定事项", form=form, run=run, button="登记", done="已登记，已通知责任单位和配合单位。",
            back=back, hint=f"{conference.title}（{ui.cn_date(conference.held_at)}）",
        )  # fmt: skip

    # --- desk -------------------------------------------------------------------------------------------------------
    def duties(self, request: HttpRequest) -> set[str]:
        """Return in which of the two parts this person has something to do with tasks."""
        user = request.user
        found = {"handle"} if user.may("handle", Task) else set()
        return found | {"direct"} if set_tasks_at(user) else found

    def urgent(self, request: HttpRequest, most: int = 10) -> list[Urgent]:
        return super().urgent(request, most) if self.duties(request) else []

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return what waits for the units, and for whoever set the tasks."""
        duties = self.duties(request)
        asked = (
            ("handle", "待接收任务", "status=assigned", S.ASSIGNED, "brand", "assignment", 22),
            ("handle", "推进中的任务", "status=handling", S.HANDLING, "info", "assignment", 23),
            ("direct", "待核实任务", "status=reported", S.REPORTED, "caution", "fact_check", 22),
            ("direct", "我交办的任务超期", "light=red", None, "danger", "error", 24),
        )
        cards, seen = [], self.get_queryset(request).ongoing() if duties else None
        for duty, label, query, status, tone, icon, order in asked:
            if duty in duties:
                rows = of_duty(seen, duty, request.user)
                rows = rows.filter(status=status) if status else rows.red()
                query = f"{query}&duty={duty}"
                cards.append(self.card(request, label, query, rows, tone=tone, icon=icon, order=order))
        return cards
