"""The backlog matters under supervision at the desk: the list with the year's communities, a matter, and putting one under
supervision."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from governance.admin.desk import Card, Urgent
from governance.admin.filters import ChoiceFilter, LightFilter, PlaceFilter, StatusFilter
from governance.admin.matters import MatterAdmin, link_to
from governance.admin.verbs import verb_page
from governance.templatetags import ui
from governance.territory import GridLevel
from grids.models import Grid
from mediation.forms.backlog import BACKLOG_FORMS, BacklogForm
from mediation.models import Backlog, BacklogStatus
from mediation.models.backlog import stands_at
from mediation.services.backlog import open_backlog, taken_up, usual_number

S = BacklogStatus


class YearFilter(ChoiceFilter):
    """The year for which a matter was taken up."""

    title, parameter_name = "年度", "year"

    def lookups(self, request, model_admin):
        found = Backlog.objects.restrict(request.user).order_by("-year").values_list("year", flat=True)
        return [(str(year), f"{year} 年") for year in found.distinct()[:20]]

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(year=int(chosen)) if chosen else queryset


@admin.register(Backlog)
class BacklogAdmin(MatterAdmin):
    add_action = "direct"
    action_forms = BACKLOG_FORMS
    change_list_template = "mediation/desk_backlogs.html"
    main_actions = ("receive", "settle", "verify_pass", "close", "assist")
    also_shown = ("unit",)
    list_display = (
        "heading", "status_chip", "light_badge", "year", "place", "unit", "street", "due",
    )  # fmt: skip
    list_filter = (YearFilter, StatusFilter, LightFilter, PlaceFilter)
    search_help_text = "搜编号、标题或情况里的词"
    tones = {
        S.ASSIGNED: "brand",
        S.HANDLING: "info",
        S.SETTLED: "caution",
        S.VERIFIED: "good",
        S.CLOSED: "good",
    }
    export_columns = [
        ("编号", 32, lambda row: row.number),
        ("年度", 8, lambda row: row.year),
        ("标题", 32, lambda row: row.title),
        ("社区", 24, lambda row: str(row.grid)),
        ("市级督办单位", 24, lambda row: row.supervisor),
        ("区级主办单位", 20, lambda row: row.unit),
        ("协办街道", 18, lambda row: row.street_name),
        ("状态", 10, lambda row: row.get_status_display()),
        ("挂牌时间", 18, lambda row: row.opened_at),
        ("办结期限", 18, lambda row: row.due_at),
        ("化解措施", 40, lambda row: row.measures),
        ("化解结果", 40, lambda row: row.result),
        ("挂销时间", 18, lambda row: row.closed_at if row.status == S.CLOSED else None),
    ]

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet:
        street = Grid.objects.filter(code=OuterRef("street_code")).order_by().values("name")[:1]
        return super().get_queryset(request).annotate(street_name=Subquery(street))

    @admin.display(description="协办街道", ordering="street_code")
    def street(self, backlog: Backlog) -> str:
        return backlog.street_name

    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        """Show the list; to the district, the communities that the year has taken up above it."""
        context = {"subtitle": "", **(extra_context or {})}
        if stands_at(GridLevel.DISTRICT, request.user, "view"):
            year = timezone.localdate().year
            context |= {"year": year, "taken": taken_up(request.user, year), "usual": usual_number()}
            context["year_url"] = f"{self.link(None, 'changelist')}?year={year}&place="
        return super().changelist_view(request, context)

    # --- page -------------------------------------------------------------------------------------------------------
    def facts(self, request: HttpRequest, backlog: Backlog) -> list[tuple[str, Any]]:
        """Return what the matter is about. The dispute behind it shows only to whoever may view that."""
        behind: Any = ""
        if backlog.dispute_id and request.user.may("view", backlog.dispute):
            behind = link_to(backlog.dispute.get_desk_url(), backlog.dispute.number)
        return [
            ("编号", backlog.number),
            ("年度", f"{backlog.year} 年"),
            ("社区", self.place(backlog)),
            ("市级督办", backlog.supervisor),
            ("区级主办", backlog.unit),
            ("街道协办", backlog.street_name),
            ("来龙去脉", backlog.description),
            ("关联纠纷", behind),
            ("化解措施", backlog.measures),
            ("化解结果", backlog.result),
            ("挂牌时间", ui.cn_datetime(backlog.opened_at)),
            ("挂牌人", backlog.placed_by),
            ("办结期限", ui.cn_date(backlog.due_at) if backlog.due_at else ""),
            ("挂销时间", ui.cn_datetime(backlog.closed_at) if backlog.status == S.CLOSED else ""),
        ]

    # --- putting one under supervision ------------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        return stands_at(GridLevel.DISTRICT, request.user, "direct")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context=None) -> HttpResponse:
        """Put an old problem under supervision. How many communities the year has already is said, and stops nobody."""
        if not self.has_add_permission(request):
            raise Http404
        places = (
            self.places(request, Grid).filter(level=GridLevel.COMMUNITY).defer("boundary").order_by("code")
        )
        form = BacklogForm(request.POST or None, user=request.user, places=places)
        year, usual = timezone.localdate().year, usual_number()
        taken = taken_up(request.user, year)
        so_far = f"（{'、'.join(each.name for each in taken)}）" if taken else ""

        def run(given: dict[str, Any]) -> str:
            backlog = open_backlog(by=request.user, **given)
            chosen = len(taken_up(request.user, backlog.year))
            if chosen > usual:
                words = f"{backlog.year} 年度已选 {chosen} 个社区，一般是 {usual} 个，请核对。"
                self.message_user(request, words, level="warning")
            return self.link(backlog)

        return verb_page(
            self,
            request,
            title="挂牌督办",
            form=form,
            run=run,
            button="挂牌督办",
            done="已挂牌，已通知主办单位和街道。",
            back=self.link(None, "changelist"),
            hint=f"{year} 年度已选 {len(taken)} 个社区{so_far}，一般每年选 {usual} 个。多选不拦，只提示。",
        )

    # --- desk -------------------------------------------------------------------------------------------------------
    def duties(self, request: HttpRequest) -> set[str]:
        """Return in which of the three parts this person has something to do with backlog matters."""
        user = request.user
        found = {"handle"} if user.may("handle", Backlog) else set()
        if stands_at(GridLevel.DISTRICT, user, "direct"):
            found.add("direct")
        return found | {"assist"} if stands_at(GridLevel.STREET, user, "assist") else found

    def urgent(self, request: HttpRequest, most: int = 10) -> list[Urgent]:
        return super().urgent(request, most) if self.duties(request) else []

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return what waits for the lead unit, the district and the street."""
        duties = self.duties(request)
        asked = (
            ("handle", "待接收积案", "status=assigned", S.ASSIGNED, "brand", "flag", 12),
            ("handle", "积案化解中", "status=handling", S.HANDLING, "info", "flag", 13),
            ("direct", "待核实积案", "status=settled", S.SETTLED, "caution", "fact_check", 12),
            ("direct", "待挂销积案", "status=verified", S.VERIFIED, "good", "task_alt", 13),
            ("direct", "积案超期", "light=red", None, "danger", "error", 14),
            ("assist", "协办的积案", "status=ongoing", None, "info", "flag", 15),
        )
        cards = []
        for action, label, query, status, tone, icon, order in asked:
            if action in duties:
                rows = Backlog.objects.restrict(request.user, action).ongoing()
                rows = rows.red() if query == "light=red" else rows.filter(status=status) if status else rows
                cards.append(self.card(request, label, query, rows, tone=tone, icon=icon, order=order))
        return cards
