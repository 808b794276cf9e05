"""What branches look after, at the desk: firms, social organisations and shops, and hub households."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from governance.admin.base import TerritorialAdmin
from governance.admin.exporting import Exported
from governance.admin.filters import ChoiceFilter, PlaceFilter
from governance.templatetags import ui
from parties.admin.filters import OrganisationFilter
from parties.models import CoveredUnit, HubHousehold, Member, Organisation, PartyOrgType
from parties.services.coverage import keep_covered, keep_hub


class CoveredKindFilter(ChoiceFilter):
    title, parameter_name = "类别", "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(CoveredUnit.Kind.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(kind=chosen) if chosen else queryset


class StandingFilter(ChoiceFilter):
    """Those that are there, unless others are asked for."""

    title, parameter_name, usual = "落实", "state", "现有的"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("uncovered", "没有落实兜底的"),
            ("covered", "已落实的"),
            ("past", "不再需要的"),
            ("all", "全部"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return {
            None: lambda rows: rows.current(),
            "uncovered": lambda rows: rows.uncovered(),
            "covered": lambda rows: rows.current().exclude(organisation=None),
            "past": lambda rows: rows.exclude(until=None),
            "all": lambda rows: rows,
        }[chosen](queryset)


@admin.register(CoveredUnit)
class CoveredUnitAdmin(Exported, TerritorialAdmin):
    list_display = ("name", "kind_chip", "place", "organisation_name", "instructor", "since")
    list_filter = (CoveredKindFilter, StandingFilter, PlaceFilter, OrganisationFilter)
    search_fields = ("name", "address")
    search_help_text = "搜名称或地址"
    fieldsets = (
        (None, {"fields": (("name", "kind"), ("grid", "address"), ("staff_count", "member_count"))}),
        ("兜底管理", {"fields": (("organisation", "instructor"), ("since", "until"), "note")}),
    )
    autocomplete_fields = ("grid", "organisation")
    ordering = ("grid", "pk")
    export_columns = [
        ("名称", 32, lambda row: row.name),
        ("类别", 10, lambda row: row.get_kind_display()),
        ("所在网格", 22, lambda row: str(row.grid)),
        ("地址", 28, lambda row: row.address),
        ("从业人数", 10, lambda row: row.staff_count),
        ("党员人数", 10, lambda row: row.member_count),
        ("兜底党组织", 30, lambda row: row.organisation.name if row.organisation_id else ""),
        ("党建指导员", 12, lambda row: row.instructor),
        ("兜底起", 14, lambda row: row.since),
        ("不再需要", 14, lambda row: row.until),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request).select_related("grid", "organisation")
        return rows.defer("grid__boundary", "organisation__units", "units")

    def get_readonly_fields(self, request: HttpRequest, obj: CoveredUnit | None = None) -> tuple[str, ...]:
        return ("grid",) if obj is not None else ()

    def related_choices(self, db_field: Any, request: HttpRequest) -> Any:
        if db_field.name == "organisation":
            rows = Organisation.objects.restrict(request.user).in_force()
            return rows.filter(kind__lt=PartyOrgType.GROUP)
        return super().related_choices(db_field, request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: CoveredUnit, form: Any, change: bool) -> None:
        keep_covered(obj, by=request.user)

    @admin.display(description="类别", ordering="kind")
    def kind_chip(self, covered: CoveredUnit) -> str:
        tones = {"firm": "info", "social": "caution"}
        return ui.chip(covered.get_kind_display(), tones.get(covered.kind, "quiet"))

    @admin.display(description="所在网格", ordering="grid")
    def place(self, covered: CoveredUnit) -> str:
        return str(covered.grid)

    @admin.display(description="兜底党组织", ordering="organisation_id")
    def organisation_name(self, covered: CoveredUnit) -> str:
        if covered.until is not None:
            return ui.chip("不再需要")
        return covered.organisation.name if covered.organisation_id else ui.chip("没有落实", "caution")


@admin.register(HubHousehold)
class HubHouseholdAdmin(TerritorialAdmin):
    list_display = ("heading", "organisation_name", "door", "household_count", "since", "state")
    list_filter = (PlaceFilter, OrganisationFilter)
    search_fields = ("organisation__name",)
    search_help_text = "搜党组织名称"
    fields = ("organisation", "member", ("entrance", "household_count"), ("since", "until"))
    autocomplete_fields = ("organisation", "member", "entrance")
    ordering = ("organisation_id", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request).select_related("member", "organisation", "entrance__building")
        return rows.defer("organisation__units", "member__units", "units")

    def get_readonly_fields(self, request: HttpRequest, obj: HubHousehold | None = None) -> tuple[str, ...]:
        return ("organisation", "heading") if obj is not None else ()

    def get_fields(self, request: HttpRequest, obj: HubHousehold | None = None) -> Any:
        return ("organisation", "heading", *self.fields[2:]) if obj is not None else self.fields

    def related_choices(self, db_field: Any, request: HttpRequest) -> Any:
        if db_field.name == "member":
            return Member.objects.restrict(request.user, "change").on_roll()
        if db_field.name == "organisation":
            return Organisation.objects.restrict(request.user).in_force()
        return super().related_choices(db_field, request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: HubHousehold, form: Any, change: bool) -> None:
        keep_hub(obj, by=request.user)

    def row_title(self, hub: HubHousehold) -> str:
        return f"党员中心户 {self.heading(hub)}"

    @admin.display(description="党员")
    def heading(self, hub: HubHousehold) -> str:
        # A hub household has its plate at the door.
        return hub.member.name

    @admin.display(description="党组织", ordering="organisation_id")
    def organisation_name(self, hub: HubHousehold) -> str:
        return hub.organisation.name

    @admin.display(description="楼门", ordering="entrance")
    def door(self, hub: HubHousehold) -> str:
        return str(hub.entrance or "")

    @admin.display(description="状态")
    def state(self, hub: HubHousehold) -> str:
        return ui.chip("在用", "good") if hub.until is None else ui.chip("已结束")
