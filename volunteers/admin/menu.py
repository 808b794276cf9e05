"""The service menu, the skills it takes, and the stations it is offered from."""

from django.contrib import admin
from django.http import HttpRequest

from governance.admin.base import TerritorialAdmin
from governance.admin.filters import PlaceFilter, ScopeFilter
from governance.templatetags import ui
from volunteers.models import ServiceItem, Skill, Station


@admin.register(Skill)
class SkillAdmin(TerritorialAdmin):
    list_display = ("name", "needs_licence")
    search_fields = ("name",)
    fields = ("name", "needs_licence")


@admin.register(ServiceItem)
class ServiceItemAdmin(TerritorialAdmin):
    list_display = (
        "code",
        "name",
        "category",
        "usual_minutes",
        "two_volunteers",
        "at_home",
        "state",
        "order",
    )
    list_display_links = ("code", "name")
    list_filter = ("category", ("is_active", admin.BooleanFieldListFilter))
    search_fields = ("code", "name", "summary")
    fields = (
        ("code", "name"), "category", "summary", "skills", ("usual_minutes", "order"),
        ("two_volunteers", "at_home", "is_active"),
    )  # fmt: skip
    autocomplete_fields = ("skills",)

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        # A dish that was once ordered stays in the records; it is taken off the menu instead.
        return False

    @admin.display(description="状态", ordering="is_active")
    def state(self, item: ServiceItem) -> str:
        return ui.chip("上架", "good") if item.is_active else ui.chip("已下架")


@admin.register(Station)
class StationAdmin(TerritorialAdmin):
    list_display = ("name", "kind", "grid", "address", "phone", "hours", "state")
    list_select_related = ("grid",)
    list_filter = (ScopeFilter, "kind", PlaceFilter)
    search_fields = ("name", "address")
    search_help_text = "搜名称或地址"
    fields = ("name", "kind", "grid", "address", "phone", "hours", "is_active")
    autocomplete_fields = ("grid",)

    @admin.display(description="状态", ordering="is_active")
    def state(self, station: Station) -> str:
        return ui.chip("启用", "good") if station.is_active else ui.chip("停用")
