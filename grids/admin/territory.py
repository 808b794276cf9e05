"""The clerk's pages for grids, buildings and doors: what they show, and the way to retire a grid and to print a notice."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.http import urlencode

from governance import drafts
from governance.admin.base import TerritorialAdmin, put_error
from governance.admin.choices import could_be_key
from governance.admin.filters import ChoiceFilter, PlaceFilter
from governance.permissions import EVERYTHING, NOTHING, rule_of
from governance.territory import GridLevel
from grids import services
from grids.admin.boundaries import BoundaryPages
from grids.admin.editing import EditingPages
from grids.admin.points import PointPages
from grids.admin.team import team_of
from grids.forms import GridForm, RetireForm
from grids.models import Building, Entrance, Grid, Handover, TeamMember
from grids.notice import HOTLINE
from grids.reports import team as reports


def is_stored(row: models.Model) -> bool:
    """Say whether the row is in the database; a refused new grid has its key, the code, already."""
    return not row._state.adding


class InForce(admin.SimpleListFilter):
    title = "状态"
    parameter_name = "in_force"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "使用中"), ("no", "已停用")]

    def queryset(self, request: HttpRequest, rows: models.QuerySet) -> models.QuerySet:
        if self.value() in ("yes", "no"):
            return rows.filter(valid_until__isnull=self.value() == "yes")
        return rows


class Level(admin.SimpleListFilter):
    title = "层级"
    parameter_name = "level"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(int(level)), level.label) for level in GridLevel]

    def queryset(self, request: HttpRequest, rows: models.QuerySet) -> models.QuerySet:
        levels = {str(int(level)): level for level in GridLevel}
        return rows.of_level(levels[self.value()]) if self.value() in levels else rows


class Lacking(ChoiceFilter):
    """Base grids in use whose team lacks somebody."""

    title, parameter_name = "队伍", "team"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(reports.LACKING.items()) if request.user.may("view", TeamMember) else []

    def queryset(self, request: HttpRequest, rows: models.QuerySet) -> models.QuerySet:
        chosen = self.checked()
        return reports.lacking(rows, chosen) if chosen else rows


class DirectoryAdmin(TerritorialAdmin):
    """For the public directory of places. Everyone may look up every row, but a clerk's list is of her own jurisdiction."""

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        rows = super().get_queryset(request)
        match = request.resolver_match
        if match is None or not (match.url_name or "").endswith("_changelist") or request.user.is_superuser:
            return rows
        reached = rule_of(self.model).jurisdiction(self.model, request.user, "view")
        if reached is EVERYTHING:
            return rows
        return rows.none() if reached is NOTHING else rows.filter(reached)


@admin.register(Grid)
class GridAdmin(EditingPages, BoundaryPages, DirectoryAdmin):
    form = GridForm
    list_display = ("code", "name", "level_name", "kind", "household_count", "phone", "state", "sheet")
    list_display_links = ("code", "name")
    list_filter = (Level, "kind", InForce, Lacking, PlaceFilter)
    search_fields = ("code__startswith", "name")
    search_help_text = "按编码开头或名称查找"
    fieldsets = (
        (None, {"fields": ("code", "name", "kind", "household_count")}),
        ("对外公示", {"fields": ("extent", "phone", "supervision_phone", "sheet", "team")}),
        ("启用与停用", {"fields": ("valid_from", "valid_until", "heirs")}),
    )
    readonly_fields = ("valid_until", "heirs", "sheet", "team", "retirement")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        # A boundary is larger than all the other columns together, and no list or form shows it.
        return super().get_queryset(request).defer("boundary")

    def get_readonly_fields(self, request: HttpRequest, obj: Grid | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else ("code", "valid_from", *self.readonly_fields)

    def get_fieldsets(self, request: HttpRequest, obj: Grid | None = None) -> list:
        """Return the parts of the form; the way to retire a grid is shown to those who may."""
        sets = super().get_fieldsets(request, obj)
        if obj is None or obj.is_retired or not self.has_change_permission(request, obj):
            return sets
        return [*sets[:-1], (sets[-1][0], {"fields": (*sets[-1][1]["fields"], "retirement")})]

    def has_delete_permission(self, request: HttpRequest, obj: Grid | None = None) -> bool:
        # A code must never come back, so a grid is retired instead.
        return False

    @admin.display(description="层级", ordering="level")
    def level_name(self, grid: Grid) -> str:
        return grid.grid_level.label

    @admin.display(description="状态", ordering="valid_until")
    def state(self, grid: Grid) -> str:
        return f"{date_format(grid.valid_until)} 停用" if grid.is_retired else "使用中"

    @admin.display(description="承接网格")
    def heirs(self, grid: Grid) -> str:
        return (
            "、".join(f"{heir.name}（{heir.code}）" for heir in grid.successors.all())
            if is_stored(grid)
            else ""
        )

    @admin.display(description="停用网格")
    def retirement(self, grid: Grid) -> str:
        return format_html(
            '<a class="text-primary-600 underline" href="{}">选择承接网格并停用</a>',
            reverse("admin:grids_grid_retire", args=[grid.pk]),
        )

    @admin.display(description="公示牌")
    def sheet(self, grid: Grid) -> str:
        if not is_stored(grid):
            return ""
        return format_html(
            '<a class="text-primary-600 underline" href="{}">查看和打印</a>',
            reverse("grid_notice", args=[grid.pk]),
        )

    @admin.display(description="网格队伍")
    def team(self, grid: Grid) -> str:
        if not is_stored(grid) or len(grid.code) < GridLevel.COMMUNITY:
            return ""
        return format_html(
            '<a class="text-primary-600 underline" href="{}">查看和登记</a>',
            reverse("admin:grids_grid_team", args=[grid.pk]),
        )

    def get_form(self, request: HttpRequest, obj: Grid | None = None, change: bool = False, **kwargs: Any):
        # What an empty phone comes to is grids/notice.py's.
        hints = {
            "phone": "留空则用上级网格的。",
            "supervision_phone": f"留空则用上级网格的；上级都没有时用 {HOTLINE}。",
        }
        return super().get_form(request, obj, change, **{"help_texts": hints, **kwargs})

    def save_model(self, request: HttpRequest, grid: Grid, form: Any, change: bool) -> None:
        services.save_grid(grid)

    # --- retiring -----------------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        retire = path(
            "<path:object_id>/retire/", self.admin_site.admin_view(self.retire), name="grids_grid_retire"
        )
        team = path(
            "<path:object_id>/team/", self.admin_site.admin_view(self.team_view), name="grids_grid_team"
        )
        return [retire, team, *super().get_urls()]

    # --- the team -----------------------------------------------------------------------------------------------------
    def team_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show who works in a grid, with the ways to enter somebody, and what is being handed over there."""
        grid = self.reach(request, object_id)
        user = request.user
        if not user.may("view", TeamMember) or not reports.grids_of(user).filter(pk=grid.pk).exists():
            raise Http404
        handovers = Handover.objects.restrict(user).filter(grid=grid.pk).select_related("leaving", "taking")
        add = reverse("admin:grids_teammember_add")
        adds = user.may("add", TeamMember) and not grid.is_retired and len(grid.code) >= GridLevel.COMMUNITY
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": f"{grid} · 网格队伍",
            "opts": self.model._meta,
            "original": grid,
            "grid": grid,
            **team_of(request, grid),
            "handovers": handovers[:10],
            "add_url": f"{add}?{urlencode({'grid': grid.pk})}" if adds else "",
            "sheet_url": reverse("grid_notice", args=[grid.pk]),
            "list_url": f"{reverse('admin:grids_teammember_changelist')}?{urlencode({'place': grid.pk})}",
            "back": self.link(grid),
            "has_permission": True,
        }
        return TemplateResponse(request, "grids/desk_team.html", context)

    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for successors and a reason, and retire the grid."""
        grid = self.reach(request, object_id)
        if not self.has_change_permission(request, grid):
            raise PermissionDenied
        form = RetireForm(request.POST or drafts.take(request, request.path), grid=grid, user=request.user)
        if request.method == "POST" and form.is_valid():
            try:
                done = services.retire_grid(
                    grid, form.cleaned_data["successors"], request.user, form.cleaned_data["reason"]
                )
            except ValidationError as refusal:
                put_error(form, refusal)
            else:
                messages.success(
                    request,
                    f"“{grid}”已停用，{done.moved} 栋楼、{done.matters} 件未办结事项、{done.posts} 个岗位随之移交。",
                )
                if done.left:
                    messages.warning(request, f"还有 {done.left} 栋楼留在“{grid}”，请逐栋改到承接网格。")
                return HttpResponseRedirect(self.link(grid))
        context = {
            **self.admin_site.each_context(request),
            "title": f"停用网格：{grid}",
            "opts": self.model._meta,
            "original": grid,
            "grid": grid,
            "form": form,
            "back": self.link(grid),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "grids/retire.html", context)


@admin.register(Building)
class BuildingAdmin(DirectoryAdmin):
    list_display = ("name", "compound", "grid", "door_count")
    ordering = ("grid", "compound", "name")
    list_select_related = ("grid",)
    search_fields = ("name", "compound", "grid__name")
    search_help_text = "按楼栋、小区或网格名称查找"
    fields = ("compound", "name", "grid")
    autocomplete_fields = ("grid",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        return super().get_queryset(request).defer("grid__boundary").annotate(doors=Count("entrances"))

    def places(self, request: HttpRequest, grids: type[models.Model]) -> models.QuerySet:
        return super().places(request, grids).of_level(GridLevel.BASE)

    @admin.display(description="楼门数", ordering="doors")
    def door_count(self, building: Any) -> int:
        return building.doors

    def save_model(self, request: HttpRequest, building: Building, form: Any, change: bool) -> None:
        services.save_building(building, by=request.user)


@admin.register(Entrance)
class EntranceAdmin(PointPages, DirectoryAdmin):
    list_display = ("__str__", "grid", "household_count", "printed")
    list_select_related = ("grid", "building")
    search_fields = ("building__compound", "building__name", "name")
    search_help_text = "按小区、楼栋或楼门查找"
    fields = ("building", "name", "household_count", "printed", ("longitude", "latitude"))
    readonly_fields = ("printed",)
    autocomplete_fields = ("building",)
    point_of = "building"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        return super().get_queryset(request).defer("grid__boundary")

    def get_readonly_fields(self, request: HttpRequest, obj: Entrance | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else ("building", *self.readonly_fields)

    def related_choices(self, db_field: Any, request: HttpRequest) -> models.QuerySet | None:
        if db_field.name == "building":
            return Building.objects.restrict(request.user, "change")
        return super().related_choices(db_field, request)

    def point_grid(self, request: HttpRequest, key: str) -> Grid | None:
        buildings = Building.objects.restrict(request.user, "change")
        building = (
            buildings.filter(pk=key).select_related("grid").only("grid").first()
            if could_be_key(key)
            else None
        )
        return building.grid if building is not None else None

    @admin.display(description="二维码")
    def printed(self, entrance: Entrance) -> str:
        if not is_stored(entrance):
            return ""
        return format_html(
            '<a class="text-primary-600 underline" href="{}">查看和打印</a>',
            reverse("entrance_qr", args=[entrance.pk]),
        )
