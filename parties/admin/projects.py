"""Secretaries' projects at the desk."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from governance.admin.desk import Card
from governance.admin.filters import ChoiceFilter, LightFilter, PlaceFilter, StatusFilter
from governance.admin.matters import MatterAdmin
from governance.admin.verbs import verb_page
from governance.templatetags import ui
from parties.admin.filters import OrganisationFilter
from parties.forms.projects import PROJECT_FORMS, ProjectForm
from parties.models import ProjectStatus, SecretaryProject
from parties.services.projects import own_organisations, propose

S = ProjectStatus


class YearFilter(ChoiceFilter):
    title, parameter_name = "年度", "year"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = SecretaryProject.objects.restrict(request.user).order_by("-year")
        return [(str(year), f"{year} 年") for year in found.values_list("year", flat=True).distinct()[:20]]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(year=int(chosen)) if chosen else queryset


@admin.register(SecretaryProject)
class SecretaryProjectAdmin(MatterAdmin):
    add_action = "propose"
    action_forms = PROJECT_FORMS
    main_actions = ("approve", "accept", "tick_off", "report", "amend")
    also_shown = ("organisation", "placed_by")
    lines_clear = on_desk = False
    list_display = (
        "heading", "status_chip", "light_badge", "organisation_name", "secretary", "progress", "until", "due",
    )  # fmt: skip
    list_filter = (YearFilter, StatusFilter, LightFilter, PlaceFilter, OrganisationFilter)
    search_help_text = "搜编号、名称或目标里的词"
    tones = {
        S.PROPOSED: "brand",
        S.RETURNED: "caution",
        S.RUNNING: "info",
        S.REPORTED: "caution",
        S.DONE: "good",
    }
    export_columns = [
        ("编号", 32, lambda row: row.number),
        ("年度", 8, lambda row: row.year),
        ("项目", 32, lambda row: row.title),
        ("党组织", 30, lambda row: row.organisation.name),
        ("书记", 10, lambda row: str(row.placed_by)),
        ("目标", 40, lambda row: row.description),
        ("步骤", 10, lambda row: f"{row.steps_done}/{row.steps_all}"),
        ("计划完成", 14, lambda row: row.until),
        ("状态", 10, lambda row: row.get_status_display()),
        ("成效", 40, lambda row: row.result),
        ("办结时间", 18, lambda row: row.closed_at),
    ]

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request)
        return rows.annotate(
            steps_all=Count("milestones"), steps_done=Count("milestones", filter=~Q(milestones__done_on=None))
        )

    @admin.display(description="党组织", ordering="organisation")
    def organisation_name(self, project: SecretaryProject) -> str:
        return project.organisation.name

    @admin.display(description="书记")
    def secretary(self, project: SecretaryProject) -> str:
        return str(project.placed_by)

    @admin.display(description="步骤")
    def progress(self, project: SecretaryProject) -> str:
        return f"{project.steps_done} / {project.steps_all}"

    # --- page -------------------------------------------------------------------------------------------------------
    def facts(self, request: HttpRequest, project: SecretaryProject) -> list[tuple[str, Any]]:
        return [
            ("编号", project.number),
            ("年度", f"{project.year} 年"),
            ("党组织", project.organisation.name),
            ("书记", project.placed_by),
            ("目标", project.description),
            ("计划完成", ui.cn_date(project.until)),
            ("成效", project.result),
            ("申报时间", ui.cn_datetime(project.opened_at)),
            ("办结时间", ui.cn_datetime(project.closed_at)),
        ]

    def panels(self, request: HttpRequest, project: SecretaryProject, clear: bool) -> list[dict[str, Any]]:
        steps = list(project.milestones.all())
        return [{"title": "实施步骤", "template": "parties/desk_milestones.html", "milestones": steps}]

    # --- proposing --------------------------------------------------------------------------------------------------
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Propose a project of one of the organisations that the person leads."""
        if not self.has_add_permission(request):
            raise Http404
        organisations = own_organisations(request.user)
        initial = {"organisation": organisations.first()}
        form = ProjectForm(request.POST or None, organisations=organisations, initial=initial)
        return verb_page(
            self,
            request,
            title="申报书记项目",
            form=form,
            run=lambda given: self.link(propose(by=request.user, **given)),
            button="申报",
            done="已申报，等上级党组织批准。",
            back=self.link(None, "changelist"),
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.may("propose", SecretaryProject) and own_organisations(request.user).exists()

    # --- desk -------------------------------------------------------------------------------------------------------
    def cards(self, request: HttpRequest) -> list[Card]:
        user, cards = request.user, []
        if user.may("decide", SecretaryProject):
            rows = SecretaryProject.objects.restrict(user, "decide").exclude(placed_by=user)
            for label, status, tone in (
                ("待批准的书记项目", S.PROPOSED, "brand"),
                ("待验收的书记项目", S.REPORTED, "caution"),
            ):
                cards.append(self.card(request, label, f"status={status}", rows.filter(status=status), tone=tone, icon="emoji_flags", order=19))  # fmt: skip
        elif user.may("propose", SecretaryProject):
            rows = SecretaryProject.objects.restrict(user, "propose").ongoing().filter(status=S.RUNNING)
            cards.append(self.card(request, "实施中的书记项目", "status=running", rows, tone="info", icon="emoji_flags", order=19))  # fmt: skip
        return cards
