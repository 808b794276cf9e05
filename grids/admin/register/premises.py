"""Premises and facilities at the desk."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse

from governance import masks
from governance.admin.desk import Card
from governance.admin.filters import PlaceFilter
from governance.admin.verbs import reveal_page, verb_page
from governance.templatetags import ui
from grids import visiting
from grids.admin.points import PointPages
from grids.admin.register.base import (
    DueFilter,
    KindFilter,
    RegisterAdmin,
    ThereFilter,
    visited,
    visits_panel,
)
from grids.forms.register import ClosingForm
from grids.models import Facility, Household, Premises
from grids.services import register


class PremisesKindFilter(KindFilter):
    title, parameter_name = "类别", "kind"


class SmallFilter(KindFilter):
    title, parameter_name, column = "九小场所", "small", "small"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("any", "全部九小场所"), *super().lookups(request, model_admin)]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen == "any":
            return queryset.exclude(small="")
        return queryset.filter(small=chosen) if chosen else queryset


@admin.register(Premises)
class PremisesAdmin(PointPages, RegisterAdmin):
    change_form_outer_before_template = "grids/desk_row.html"
    list_display = ("name", "kind_chip", "place", "where", "last_visit")
    list_filter = (DueFilter, PremisesKindFilter, SmallFilter, ThereFilter, PlaceFilter)
    search_fields = ("name", "address")
    search_help_text = "搜名称或地址"
    ordering = ("grid", "pk")
    autocomplete_fields = ("grid", "entrance")
    fieldsets = (
        (None, {"fields": (("name", "kind"), ("small", "staff_count"), ("grid", "entrance"), "address")}),
        ("联系人", {"fields": (("contact_name", "contact_phone"), "note")}),
        ("地图上的位置", {"fields": (("longitude", "latitude"),)}),
    )
    export_columns = [
        ("名称", 32, lambda row: row.name),
        ("类别", 14, lambda row: row.get_kind_display()),
        ("九小场所", 14, lambda row: row.get_small_display()),
        ("网格", 22, lambda row: row.grid.name),
        ("楼门", 26, lambda row: str(row.entrance or "")),
        ("地址", 28, lambda row: row.address),
        ("联系人", 10, lambda row: masks.name(row.contact_name)),
        ("联系电话", 16, lambda row: masks.phone(row.contact_phone)),
        ("从业人数", 10, lambda row: row.staff_count),
        ("最近走访", 14, lambda row: row.visited_on),
        ("注销日期", 14, lambda row: row.closed_on),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = (
            super().get_queryset(request).select_related("grid", "entrance__building").defer("grid__boundary")
        )
        return rows.with_clear(request.user)

    def places(self, request: HttpRequest, grids: type[models.Model]) -> QuerySet:
        return super().places(request, grids).filter(level__gte=12)

    def get_readonly_fields(self, request: HttpRequest, obj: Premises | None = None) -> tuple[str, ...]:
        if obj is None or request.user.may("contact", obj):
            return ()
        return ("contact_shown", "phone_shown")

    def get_fieldsets(self, request: HttpRequest, obj: Premises | None = None) -> Any:
        sets = super().get_fieldsets(request, obj)
        if obj is None or request.user.may("contact", obj):
            return sets
        return (sets[0], ("联系人", {"fields": (("contact_shown", "phone_shown"), "note")}), sets[2])

    def save_model(self, request: HttpRequest, obj: Premises, form: Any, change: bool) -> None:
        register.keep_premises(obj, by=request.user)

    @admin.display(description="类别", ordering="kind")
    def kind_chip(self, premises: Premises) -> str:
        return (
            ui.chip(premises.get_small_display(), "caution")
            if premises.small
            else ui.chip(premises.get_kind_display())
        )

    @admin.display(description="网格", ordering="grid")
    def place(self, premises: Premises) -> str:
        return premises.grid.name

    @admin.display(description="位置")
    def where(self, premises: Premises) -> str:
        return premises.address or str(premises.entrance or "")

    @admin.display(description="最近走访", ordering="visited_on")
    def last_visit(self, premises: Premises) -> str:
        return visited(premises)

    @admin.display(description="联系人")
    def contact_shown(self, premises: Premises) -> str:
        return masks.shown(premises, "contact_name")

    @admin.display(description="联系电话")
    def phone_shown(self, premises: Premises) -> str:
        return masks.shown(premises, "contact_phone")

    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "grids_premises"
        return [
            path("<int:object_id>/close/", view(self.close_view), name=f"{name}_close"),
            path("<int:object_id>/reveal/<slug:field>/", view(self.reveal_view), name=f"{name}_reveal"),
            *super().get_urls(),
        ]

    def state_of(self, request: HttpRequest, premises: Premises) -> str:
        if premises.is_current:
            return ""
        return f"{ui.cn_date(premises.closed_on)} 注销，原因：{premises.closing}。"

    def buttons(self, request: HttpRequest, premises: Premises) -> list[dict[str, Any]]:
        user, found = request.user, []
        if not user.may("contact", premises) and user.may("reveal", premises):
            found += [
                {"words": f"查看{words}", "url": self.link(premises, "reveal", field)}
                for field, words in (("contact_name", "联系人"), ("contact_phone", "联系电话"))
                if getattr(premises, field)
            ]
        if premises.is_current and user.may("change", premises):
            if premises.small:
                found.append({"words": "自查二维码", "url": reverse("premises_qr", args=[premises.pk])})
            found.append({"words": "注销场所", "url": self.link(premises, "close"), "danger": True})
        return found

    def panels(self, request: HttpRequest, premises: Premises) -> list[dict[str, Any]]:
        return [visits_panel(request, premises)]

    def close_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Take premises out of the register."""
        premises = self.changing(request, object_id)

        def run(given: dict[str, Any]) -> None:
            register.close_premises(premises, by=request.user, **given)

        return verb_page(
            self, request, title="注销场所", form=ClosingForm(request.POST or None), run=run, done="已注销。",
            back=self.link(premises), obj=premises, danger=True, hint="搬走、停业或登记有误的注销。",
        )  # fmt: skip

    def reveal_view(self, request: HttpRequest, object_id: int, field: str) -> HttpResponse:
        """Show one masked column in clear, once, for a reason that the access log keeps."""
        return reveal_page(self, request, self.reach(request, str(object_id)), field)

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return what is due for a visit, for those who have it visited."""
        if not request.user.may("add", self.model):
            return []
        before = visiting.due_before()
        households = Household.objects.restrict(request.user).due(before)
        return [
            Card(
                "该走访的住户", self.beside(Household, visits="due"), households, icon="door_front", calm="都走访过了", order=40
            ),
            Card(
                "该走访的场所", self.beside(Premises, visits="due"), Premises.objects.restrict(request.user).due(before),
                icon="storefront", calm="都走访过了", order=41,
            ),
        ]  # fmt: skip


@admin.register(Facility)
class FacilityAdmin(PointPages, RegisterAdmin):
    list_display = ("name", "kind", "place", "spot", "keeper", "state")
    list_filter = (PremisesKindFilter, ThereFilter, PlaceFilter)
    search_fields = ("name", "spot", "keeper")
    search_help_text = "搜名称、位置或管护单位"
    ordering = ("grid", "kind", "pk")
    autocomplete_fields = ("grid",)
    fieldsets = (
        (None, {"fields": (("name", "kind"), ("grid", "spot"), ("since", "closed_on"))}),
        ("管护", {"fields": (("keeper", "keeper_phone"), "note")}),
        ("地图上的位置", {"fields": (("longitude", "latitude"),)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("grid").defer("grid__boundary")

    def places(self, request: HttpRequest, grids: type[models.Model]) -> QuerySet:
        return super().places(request, grids).filter(level__gte=12)

    def save_model(self, request: HttpRequest, obj: Facility, form: Any, change: bool) -> None:
        register.keep_facility(obj, by=request.user)

    @admin.display(description="网格", ordering="grid")
    def place(self, facility: Facility) -> str:
        return facility.grid.name

    @admin.display(description="状态")
    def state(self, facility: Facility) -> str:
        return ui.chip("在用", "good") if facility.closed_on is None else ui.chip("已撤除")
