"""The catalogue of classes."""

from django.contrib import admin
from django.http import HttpRequest

from governance.admin.base import TerritorialAdmin
from governance.templatetags import ui
from incidents.models import MajorClass, MinorClass


@admin.register(MajorClass)
class MajorClassAdmin(TerritorialAdmin):
    list_display = ("code", "name", "order")
    list_display_links = ("code", "name")
    search_fields = ("code", "name")
    fields = ("code", "name", "order")

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False


@admin.register(MinorClass)
class MinorClassAdmin(TerritorialAdmin):
    list_display = (
        "code",
        "name",
        "major",
        "limit_text",
        "receipt",
        "door",
        "unit",
        "needs_photo",
        "is_public",
        "state",
    )
    list_display_links = ("code", "name")
    list_select_related = ("major", "unit")
    list_filter = (
        "major",
        "receipt",
        "door",
        ("is_public", admin.BooleanFieldListFilter),
        ("is_active", admin.BooleanFieldListFilter),
    )
    search_fields = ("code", "name", "keywords")
    search_help_text = "搜编号、名称或关键词"
    autocomplete_fields = ("major", "unit")
    fields = (
        ("code", "name"), ("major", "order"), ("receipt", "door"), ("limit", "limit_unit", "yellow_percent"), "unit",
        ("needs_photo", "is_public", "is_active"), "keywords",
    )  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        # A class that was once reported under stays in the records; it is taken out of use instead.
        return False

    @admin.display(description="处置时限")
    def limit_text(self, minor: MinorClass) -> str:
        return minor.limit_text

    @admin.display(description="状态", ordering="is_active")
    def state(self, minor: MinorClass) -> str:
        return ui.chip("启用", "good") if minor.is_active else ui.chip("停用")
