"""Sweeps at the desk: the list, one with what it covers and asks, how far it is (with a map), what it found, the report, who helps.

Every number and every list asks the rule of the targets, so that each sees her own part of a sweep.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.http import urlencode
from shapely.geometry import shape

from governance.admin.actions import dress
from governance.admin.base import Named
from governance.admin.desk import Card
from governance.admin.filters import ChoiceFilter, LightFilter, PlaceFilter, StatusFilter
from governance.admin.matters import MatterAdmin
from governance.admin.verbs import verb_page
from governance.models import User
from governance.permissions import rule_of
from governance.templatetags import ui
from governance.territory import COLUMN, GridLevel, asked_node, level_of
from grids.admin.boundaries import of_map
from grids.admin.sweep_results import SweepResults
from grids.forms.sweeps import FORMS, DrawUpForm, HelperForm, RewordForm, ScopeForm, question_set
from grids.models import Grid, Sweep, SweepHelper, SweepStatus, SweepTarget
from grids.questionnaire import KINDS
from grids.reach import top_of
from grids.reports.sweeps import Counts, counted, coverage, of_report, rolled_up, whole
from grids.services import sweeps as services

S = SweepStatus
#: Lines of one table, helpers shown.
MOST_LINES, MOST_HELPERS = 300, 100


class KindFilter(ChoiceFilter):
    title, parameter_name = "类别", "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Sweep.Kind.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(kind=chosen) if chosen else queryset


@admin.register(Sweep)
class SweepAdmin(SweepResults, MatterAdmin):
    """Sweeps."""

    add_action = "start"
    action_forms = FORMS
    main_actions = ("start", "remind")
    lines_clear = False
    tones = {S.DRAFT: "info", S.RUNNING: "danger", S.CLOSED: "good"}
    list_display = (
        "heading",
        "status_chip",
        "light_badge",
        "kind",
        "place",
        "due",
        "number_of",
        "covered",
        "drawn_up",
    )
    list_filter = (StatusFilter, KindFilter, LightFilter, PlaceFilter)
    search_help_text = "搜编号、名称或要求里的词"
    export_columns = [
        ("编号", 32, lambda row: row.number),
        ("名称", 30, lambda row: row.title),
        ("类别", 10, lambda row: row.get_kind_display()),
        ("查什么", 8, lambda row: row.get_about_display()),
        ("地点", 18, lambda row: str(row.grid)),
        ("状态", 10, lambda row: row.get_status_display()),
        ("启动时间", 18, lambda row: row.started_at),
        ("截止时间", 18, lambda row: row.deadline),
        ("结束时间", 18, lambda row: row.closed_at),
        ("总数", 10, lambda row: row.counts and row.counts.total),
        ("查到", 10, lambda row: row.counts and row.counts.done),
        ("不用查", 10, lambda row: row.counts and row.counts.exempt),
        ("没人在", 10, lambda row: row.counts and row.counts.absent),
        ("没查", 10, lambda row: row.counts and row.counts.left),
        ("有问题", 10, lambda row: row.counts and row.counts.findings),
    ]

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("search_terms", "grid__boundary")

    def fetch_besides(self, request: HttpRequest, rows: Iterable[Sweep]) -> None:
        """Count the person's own part of each sweep; of one that has ended and that she sees whole, it stands in the report."""
        for row in rows:
            row.counts = of_report(row) if row.report and self.sees_all(request, row) else None
        asked = [row for row in rows if row.counts is None and row.started_at is not None]
        if asked:
            targets = SweepTarget.objects.restrict(request.user).filter(sweep__in=[row.pk for row in asked])
            found = counted(targets, "sweep")
            for row in asked:
                row.counts = found.get(row.pk, Counts())

    @admin.display(description="总数")
    def number_of(self, sweep: Sweep) -> str:
        return f"{sweep.counts.total} {sweep.measure}" if sweep.counts else ""

    @admin.display(description="完成")
    def covered(self, sweep: Sweep) -> str:
        return f"{sweep.counts.percent}%" if sweep.counts else ""

    @admin.display(description="拟定", ordering="opened_at")
    def drawn_up(self, sweep: Sweep) -> str:
        return ui.cn_short(sweep.opened_at)

    # --- addresses --------------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        def of(page: str, view: Callable[..., HttpResponse], more: str = "") -> Any:
            return path(
                f"<int:object_id>/{page}/{more}", self.admin_site.admin_view(view), name=f"grids_sweep_{page}"
            )

        return [
            of("words", self.words_view),
            of("scope", self.scope_view),
            of("questions", self.questions_view),
            of("live", self.live_view),
            of("numbers", self.numbers_view),
            of("findings", self.findings_view),
            of("finding", self.finding_view, "<int:target>/"),
            of("report", self.report_view),
            of("paper", self.paper_view),
            of("table", self.table_view),
            of("helper", self.helper_view),
            of("release", self.release_view, "<int:helper>/"),
            *super().get_urls(),
        ]

    # --- one ----------------------------------------------------------------------------------------------------------
    def facts(self, request: HttpRequest, sweep: Sweep) -> list[tuple[str, Any]]:
        started = sweep.started_at is not None
        total = sweep.total if self.sees_all(request, sweep) else self.targets(request, sweep).count()
        length = (
            f"{sweep.hours // 24} 天" if sweep.hours % 24 == 0 and sweep.hours > 72 else f"{sweep.hours} 小时"
        )
        return [
            ("编号", sweep.number),
            ("类别", sweep.get_kind_display()),
            ("范围", sweep.selection_words()),
            ("要查", f"{total} {sweep.measure}" if started else ""),
            ("时限", "" if started else f"启动后 {length}"),
            ("启动时间", ui.cn_datetime(sweep.started_at) if started else ""),
            ("截止时间", ui.cn_datetime(sweep.deadline) if started else ""),
            ("结束时间", ui.cn_datetime(sweep.closed_at) if sweep.closed_at else ""),
            ("要求", sweep.description),
            ("发起人", sweep.placed_by),
        ]

    def background(self, request: HttpRequest, matter: Sweep, clear: bool = False) -> dict[str, Any]:
        """Return the facts, and above them how many it will be, or how far it is."""
        told = super().background(request, matter, clear) | {"lead": "grids/desk_sweep_lead.html"}
        links = {
            name: self.link(matter, name)
            for name in ("live", "findings", "report", "table", "scope", "questions", "words")
        }
        draft = matter.status == S.DRAFT
        mends = draft and request.user.may("start", matter)
        return told | {
            "links": links,
            "draft": draft,
            "mends": mends,
            "number": matter.selected().count() if mends else 0,
            "counts": None if draft else whole(coverage(self.targets(request, matter))),
            "exports": self.may_export(request, matter),
            "reads_report": matter.report is not None and self.sees_all(request, matter),
        }

    def panels(self, request: HttpRequest, matter: Sweep, clear: bool) -> list[dict[str, Any]]:
        """Return what is asked, and who helps."""
        questions = [{**each, "kind_words": KINDS[each["kind"]]} for each in matter.questions]
        panels = [{"title": "排查表", "template": "grids/desk_sweep_form.html", "questions": questions}]
        if matter.status == S.DRAFT or not request.user.may("view", SweepHelper):
            return panels
        rows = SweepHelper.objects.restrict(request.user).filter(sweep=matter).select_related("user", "grid")
        may_end = set(
            SweepHelper.objects.restrict(request.user, "delete")
            .filter(sweep=matter)
            .values_list("pk", flat=True)
        )
        helpers = [
            {"row": row, "url": self.link(matter, "release", row.pk) if row.pk in may_end else ""}
            for row in rows.defer("grid__boundary")[:MOST_HELPERS]
        ]
        url = (
            self.link(matter, "helper") if matter.is_running and request.user.may("add", SweepHelper) else ""
        )
        return [
            *panels,
            {"title": "帮手", "template": "grids/desk_sweep_helpers.html", "lines": helpers, "url": url},
        ]

    def targets(self, request: HttpRequest, sweep: Sweep, action: str = "view") -> Any:
        """Return the targets of a sweep within the person's reach."""
        return SweepTarget.objects.restrict(request.user, action).filter(sweep=sweep)

    def may_export(self, request: HttpRequest, sweep: Sweep) -> bool:
        return sweep.started_at is not None and request.user.may("export", SweepTarget)

    def frame(self, request: HttpRequest, sweep: Sweep, title: str, **more: Any) -> dict[str, Any]:
        """Return what each page of a sweep has."""
        request.current_app = self.admin_site.name
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.model._meta,
            "original": Named(sweep, self.row_title(sweep)),
            "sweep": sweep,
            "tone": self.tones.get(sweep.status, "quiet"),
            "back": self.link(sweep),
            "links": {
                name: self.link(sweep, name)
                for name in ("live", "numbers", "findings", "report", "paper", "table")
            },
            "exports": self.may_export(request, sweep),
            "has_permission": True,
            **more,
        }

    def started(self, request: HttpRequest, object_id: int) -> Sweep:
        """Return a sweep within reach that has started. Raises Http404."""
        sweep = self.reach(request, str(object_id))
        if sweep.started_at is None:
            raise Http404
        return sweep

    # --- drawing one up -----------------------------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.may("start", Sweep)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Draw one up; what it covers follows on its page."""
        if not self.has_add_permission(request):
            raise Http404
        form = DrawUpForm(request.POST or None, places=places_of(request.user))

        def run(values: dict[str, Any]) -> str:
            sweep = services.draw_up(by=request.user, **form.sweep_data())
            return self.link(sweep) if sweep.questions else self.link(sweep, "questions")

        return verb_page(
            self, request, title="发起排查", form=form, run=run, button="下一步", done="已拟定，还没有启动。请核对范围和排查表。",
            back=self.link(None, "changelist"), hint="先拟定，看清楚要查多少户，再启动。",
        )  # fmt: skip

    def drafted(self, request: HttpRequest, object_id: int) -> Sweep:
        """Return a draft that the person may change. Raises Http404."""
        sweep = self.reach(request, str(object_id))
        if sweep.status != S.DRAFT or not request.user.may("start", sweep):
            raise Http404
        return sweep

    def words_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Say what it is called, how long it takes and what is to be minded."""
        sweep = self.drafted(request, object_id)
        initial = {name: getattr(sweep, name) for name in ("title", "hours", "description")}
        form = RewordForm(request.POST if request.method == "POST" else None, initial=initial)

        def run(values: dict[str, Any]) -> None:
            services.reword(sweep, by=request.user, **values)

        return verb_page(
            self, request, title="改名称和时限", form=form, run=run, button="保存", done="已保存。", back=self.link(sweep), obj=sweep
        )  # fmt: skip

    def scope_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Say what it covers."""
        sweep = self.drafted(request, object_id)
        form = ScopeForm(request.POST if request.method == "POST" else None, sweep=sweep)

        def run(values: dict[str, Any]) -> None:
            services.narrow(sweep, by=request.user, **values)

        return verb_page(
            self, request, title="改范围", form=form, run=run, button="保存", done="已保存范围。", back=self.link(sweep), obj=sweep,
            hint=f"不选就是{sweep.grid}的全部{sweep.get_about_display()}。",
        )  # fmt: skip

    def questions_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Say what is asked; works without scripts, three empty questions at a time."""
        sweep = self.drafted(request, object_id)
        sent = request.method == "POST"
        formset = question_set(request.POST if sent else None, sweep=sweep)
        wrong: list[str] = []
        if sent and formset.is_valid():
            try:
                services.ask(sweep, by=request.user, questions=formset.questions())
            except ValidationError as refusal:
                wrong = refusal.messages
            else:
                more = "more" in request.POST
                self.message_user(request, "已保存，可以接着出题。" if more else "已保存排查表。")
                return HttpResponseRedirect(self.link(sweep, "questions") if more else self.link(sweep))
        for form in formset.forms:
            dress(form)
        wrong += formset.non_form_errors()
        context = self.frame(request, sweep, "排查表", formset=formset, wrong=wrong, media=self.media)
        return TemplateResponse(request, "grids/desk_sweep_questions.html", context)

    # --- how far it is ------------------------------------------------------------------------------------------------
    def numbers(self, request: HttpRequest, sweep: Sweep) -> dict[str, Any]:
        """Return the counts of the places right below the node that the address asks for, and of it as a whole."""
        top = self.top(request, sweep)
        node = asked_node(request.GET.get("in", ""), top)
        rows = self.targets(request, sweep)
        if node != sweep.grid_id:
            rows = rows.filter(**{COLUMN.get(level_of(node), "grid"): node})
        by_grid = coverage(rows)
        below = next((level for level in GridLevel if level > len(node)), GridLevel.BASE)
        found = rolled_up(by_grid, int(below))
        if request.GET.get("sort") == "behind":
            found = dict(sorted(found.items(), key=lambda each: (each[1].percent, each[0])))
        names = dict(Grid.objects.filter(code__in=found).values_list("code", "name"))
        lines = [
            {
                "code": code,
                "name": names.get(code, code),
                "counts": counts,
                "url": f"?{urlencode({'in': code})}" if len(code) < GridLevel.BASE else "",
            }
            for code, counts in list(found.items())[:MOST_LINES]
        ]
        return {
            "node": node,
            "top": top,
            "lines": lines,
            "whole": whole(by_grid),
            "still": sum(not counts.has_begun for counts in by_grid.values()),
            "grids": len(by_grid),
            "query": urlencode({key: request.GET[key] for key in ("in", "sort") if key in request.GET}),
        }

    def top(self, request: HttpRequest, sweep: Sweep) -> str:
        """Return the highest node of a sweep of which the person sees figures."""
        held = top_of(request.user, "grids.view_sweeptarget")
        return held if held.startswith(sweep.grid_id) and held else sweep.grid_id

    def live_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show how far it is, by place, in a table that renews itself and on a map."""
        sweep = self.started(request, object_id)
        told = self.numbers(request, sweep)
        node = told["node"]
        codes = [line["code"] for line in told["lines"]]
        drawn = Q(code__in=codes)
        if len(codes) < MOST_LINES:
            drawn |= self.idle(request, sweep, node)
        outlines = [
            (grid.code, grid.name, shape(grid.boundary), "area")
            for grid in Grid.objects.filter(drawn, boundary__isnull=False).order_by("code")
            if grid.boundary
        ]
        around = Grid.objects.filter(pk=node).first()
        context = self.frame(
            request,
            sweep,
            "排查进度",
            **told,
            places=[
                (f"?{urlencode({'in': code})}", name)
                for code, name in Grid.objects.way_down(told["top"], node)
            ],
            map=of_map(
                outlines, [], shape(around.boundary) if around is not None and around.boundary else None
            ),
            idle=any(code not in codes for code, *_ in outlines),
            made_up=Grid.objects.filter(drawn, boundary_made_up=True).exists(),
        )
        return TemplateResponse(request, "grids/desk_sweep_live.html", context)

    def idle(self, request: HttpRequest, sweep: Sweep, node: str) -> Q:
        """Return the condition that the grids right below a node meet which were there when the sweep ran and of which the person sees
        the figures, be there something to check or not."""
        day = timezone.localdate(sweep.closed_at) if sweep.closed_at else timezone.localdate()
        there = Q(parent=node, valid_from__lte=day) & (Q(valid_until=None) | Q(valid_until__gt=day))
        if request.user.is_superuser:
            return there
        seen = [(post.code, None) for post in request.user.posts_with("grids.view_sweeptarget")]
        return there & rule_of(Grid).nodes_q(seen) if seen else Q(pk__in=[])

    def numbers_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Answer with the part of that page that renews itself."""
        sweep = self.started(request, object_id)
        context = {
            "sweep": sweep,
            "links": {"numbers": self.link(sweep, "numbers")},
            **self.numbers(request, sweep),
        }
        return TemplateResponse(request, "grids/desk_sweep_numbers.html", context)

    # --- who helps ----------------------------------------------------------------------------------------------------
    def helper_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Name somebody who helps in one grid."""
        sweep = self.started(request, object_id)
        if not (sweep.is_running and request.user.may("add", SweepHelper)):
            raise Http404
        nodes = [(p.code, None) for p in request.user.posts_with("grids.add_sweephelper")]
        codes = set(self.targets(request, sweep).order_by().values_list("grid", flat=True).distinct())
        places = Grid.objects.filter(code__in=codes).defer("boundary").order_by("code")
        if not request.user.is_superuser:
            places = places.filter(rule_of(Grid).nodes_q(nodes))
        form = HelperForm(request.POST or None, places=places)

        def run(given: dict[str, Any]) -> None:
            services.name_helper(sweep, by=request.user, user=given["who"], grid=given["grid"])

        return verb_page(
            self, request, title="指定帮手", form=form, run=run, button="指定", done="已指定，已通知本人。", back=self.link(sweep),
            obj=sweep, hint="排查结束，权限自动收回。",
        )  # fmt: skip

    def release_view(self, request: HttpRequest, object_id: int, helper: int) -> HttpResponse:
        """End somebody's helping."""
        sweep = self.started(request, object_id)
        row = SweepHelper.objects.restrict(request.user, "delete").filter(sweep=sweep, pk=helper).first()
        if row is None:
            raise Http404
        if request.method == "POST":
            services.let_go(row, by=request.user)
            self.message_user(request, "已收回。已经填写的保留。")
        return HttpResponseRedirect(self.link(sweep))

    # --- desk ---------------------------------------------------------------------------------------------------------
    def cards(self, request: HttpRequest) -> list[Card]:
        """Return how many run now."""
        if not request.user.may("view", Sweep):
            return []
        rows = self.get_queryset(request).running()
        return [
            self.card(
                request, "进行中的排查", "status=running", rows, tone="danger", icon="checklist", order=5
            )
        ]


def places_of(user: User) -> QuerySet[Grid]:
    """Return where a person may start a sweep: her own places and those below, down to communities; base grids of a community."""
    rows = Grid.objects.current().defer("boundary").order_by("code")
    if user.is_superuser:
        return rows.filter(level__lte=GridLevel.COMMUNITY)
    codes = [post.code for post in user.posts_with("grids.start_sweep")]
    rows = rows.filter(rule_of(Grid).nodes_q((code, None) for code in codes)) if codes else rows.none()
    high = any(len(code) < GridLevel.COMMUNITY for code in codes)
    return rows.filter(level__lte=GridLevel.COMMUNITY) if high else rows
