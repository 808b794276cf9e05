"""Households at the desk."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Length
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path

from governance import masks
from governance.admin.choices import could_be_key
from governance.admin.filters import PlaceFilter
from governance.admin.verbs import verb_page
from governance.permissions import rule_of
from governance.templatetags import ui
from grids.admin.register.base import (
    MOST_LINES,
    DueFilter,
    KindFilter,
    RegisterAdmin,
    ThereFilter,
    needs_panel,
    visited,
    visits_panel,
)
from grids.forms.register import ClosingForm
from grids.models import Household, Resident
from grids.services import register


class UseFilter(KindFilter):
    title, parameter_name, column = "住房情况", "use", "use"


@admin.register(Household)
class HouseholdAdmin(RegisterAdmin):
    change_form_outer_before_template = "grids/desk_row.html"
    list_display = ("heading", "place", "use_chip", "people", "last_visit")
    list_display_links = ("heading",)
    list_filter = (DueFilter, UseFilter, ThereFilter, PlaceFilter)
    search_fields = ("room", "entrance__name", "entrance__building__name", "entrance__building__compound")
    search_help_text = "搜小区、楼栋或门牌号"
    fields = (("entrance", "room"), ("use", "note"))
    autocomplete_fields = ("entrance",)
    # 101 comes before 1001.
    ordering = ("entrance", Length("room"), "room")
    export_columns = [
        ("网格", 22, lambda row: row.grid.name),
        ("小区楼栋", 22, lambda row: str(row.entrance.building)),
        ("楼门", 10, lambda row: row.entrance.name),
        ("门牌号", 10, lambda row: row.room),
        ("住房情况", 10, lambda row: row.get_use_display()),
        ("在册人数", 10, lambda row: row.heads),
        ("最近走访", 14, lambda row: row.visited_on),
        ("注销日期", 14, lambda row: row.closed_on),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = (
            super().get_queryset(request).select_related("grid", "entrance__building").defer("grid__boundary")
        )
        # A street sees how many there are nowhere: it has no resident. Counted for the rows of the page, not before they are chosen.
        reached = rule_of(Resident).q(Resident, request.user, "view")
        living = Resident.objects.filter(reached, household=OuterRef("pk"), left_on=None).order_by()
        number = living.values("household").annotate(number=Count("pk", distinct=True)).values("number")
        return rows.annotate(heads=Coalesce(Subquery(number), 0))

    def get_readonly_fields(self, request: HttpRequest, obj: Household | None = None) -> tuple[str, ...]:
        # A household that moves to another door is another household.
        return ("entrance",) if obj is not None else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        given = request.GET.get("entrance", "")
        return {"entrance": given if could_be_key(given) else None}

    def save_model(self, request: HttpRequest, obj: Household, form: Any, change: bool) -> None:
        register.keep_household(obj, by=request.user)

    def response_add(
        self, request: HttpRequest, obj: Household, post_url_continue: Any = None
    ) -> HttpResponse:
        """Go on to the household, where the people who live there are entered."""
        if {"_continue", "_addanother", "_popup"} & set(request.POST):
            return super().response_add(request, obj, post_url_continue)
        self.message_user(request, f"已登记{obj}。接着可以登记住在这里的人。", messages.SUCCESS)
        return HttpResponseRedirect(self.link(obj))

    @admin.display(description="住户", ordering="entrance")
    def heading(self, household: Household) -> str:
        return str(household)

    @admin.display(description="网格", ordering="grid")
    def place(self, household: Household) -> str:
        return household.grid.name

    @admin.display(description="住房情况", ordering="use")
    def use_chip(self, household: Household) -> str:
        tones = {"let": "info", "vacant": "quiet", "group": "caution"}
        return ui.chip(household.get_use_display(), tones.get(household.use, "good"))

    @admin.display(description="在册人数")
    def people(self, household: Any) -> int:
        return household.heads

    @admin.display(description="最近走访", ordering="visited_on")
    def last_visit(self, household: Household) -> str:
        return visited(household)

    def get_urls(self) -> list:
        view = self.admin_site.admin_view
        return [
            path("<int:object_id>/close/", view(self.close_view), name="grids_household_close"),
            *super().get_urls(),
        ]

    def state_of(self, request: HttpRequest, household: Household) -> str:
        if household.is_current:
            return ""
        return f"{ui.cn_date(household.closed_on)} 注销，原因：{household.closing}。"

    def buttons(self, request: HttpRequest, household: Household) -> list[dict[str, Any]]:
        user, found = request.user, []
        if not household.is_current or not user.may("change", household):
            return found
        if user.may("add", Resident):
            found.append({"words": "登记居民", "url": self.beside(Resident, "add", household=household.pk)})
        return [*found, {"words": "注销住户", "url": self.link(household, "close"), "danger": True}]

    def panels(self, request: HttpRequest, household: Household) -> list[dict[str, Any]]:
        user, found = request.user, []
        if user.may("view", Resident):
            rows = household.residents.restrict(user).current().with_clear(user)[:MOST_LINES]
            found.append(
                {
                    "title": "住在这里的人",
                    "lines": [
                        (
                            self.beside(Resident, "changelist") + f"{row.pk}/change/",
                            masks.shown(row, "name", clear=row.clear),
                            row.get_relation_display(),
                        )
                        for row in rows
                    ],
                    "none": "还没有登记居民。",
                }
            )
        return [*found, visits_panel(request, household), needs_panel(request, household)]

    def close_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Take a household out of the register."""
        household = self.changing(request, object_id)

        def run(given: dict[str, Any]) -> None:
            register.close_household(household, by=request.user, **given)

        return verb_page(
            self, request, title="注销住户", form=ClosingForm(request.POST or None), run=run, done="已注销。",
            back=self.link(household), obj=household, danger=True,
            hint="房屋拆除、合并或登记有误的才注销，住在这里的人随之离开；只是没人住的，把住房情况改成“空置”。",
        )  # fmt: skip
