"""Residents at the desk, and what care they agreed to."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse

from governance import masks
from governance.admin.base import cleaned
from governance.admin.choices import could_be_key
from governance.admin.filters import ChoiceFilter, PlaceFilter
from governance.admin.verbs import reveal_page, verb_page
from governance.templatetags import ui
from grids.admin.register.base import (
    MOST_LINES,
    RegisterAdmin,
)
from grids.forms.register import CareNeedForm, LeavingForm
from grids.models import CareNeed, CarePlan, Household, Resident
from grids.services import register


class LivingFilter(ChoiceFilter):
    """Who lives here, unless others are asked for."""

    title, parameter_name, usual = "状态", "state", "在册"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("left", "已离开"), ("all", "全部")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen == "all":
            return queryset
        return queryset.exclude(left_on=None) if chosen == "left" else queryset.current()


@admin.register(Resident)
class ResidentAdmin(RegisterAdmin):
    change_form_outer_before_template = "grids/desk_row.html"
    list_display = ("heading", "home", "relation", "phone_shown", "standing", "state")
    list_display_links = ("heading",)
    list_filter = (LivingFilter, PlaceFilter)
    search_fields = ("name",)
    search_help_text = "搜姓名、手机号或门牌号"
    ordering = ("household", "pk")
    autocomplete_fields = ("household",)
    fieldsets = (
        (None, {"fields": ("household", ("name", "phone"), ("relation", "born_on"), ("standing", "since"))}),
        ("登记依据", {"fields": (("ground", "informed_on"),)}),
    )
    export_columns = [
        ("网格", 22, lambda row: row.grid.name),
        ("住户", 26, lambda row: str(row.household)),
        ("姓名", 10, lambda row: masks.name(row.name)),
        ("手机号", 16, lambda row: masks.phone(row.phone)),
        ("与户主关系", 10, lambda row: row.get_relation_display()),
        ("出生年份", 10, lambda row: row.born_on.year if row.born_on else ""),
        ("户籍", 14, lambda row: row.get_standing_display()),
        ("登记依据", 14, lambda row: row.get_ground_display()),
        ("告知日期", 14, lambda row: row.informed_on),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return the residents within reach, each with ``clear``: whether name and phone are open to the person."""
        rows = super().get_queryset(request).select_related("grid", "household__entrance__building")
        return rows.defer("grid__boundary").with_clear(request.user)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> Any:
        """Search by room, and by name and phone where these are open: a search over masked names would tell them."""
        text = cleaned(search_term).strip()
        if not text:
            return queryset, False
        named = Q(name__startswith=text) | Q(phone=text)
        return queryset.filter(Q(household__room__startswith=text) | Q(named, clear=True)), False

    def related_choices(self, db_field: Any, request: HttpRequest) -> Any:
        if db_field.name == "household":
            rows = Household.objects.restrict(request.user, "change").current()
            return rows.select_related("entrance__building")
        return super().related_choices(db_field, request)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        given = request.GET.get("household", "")
        return {"household": given if could_be_key(given) else None}

    def get_readonly_fields(self, request: HttpRequest, obj: Resident | None = None) -> tuple[str, ...]:
        # What is masked is not shown by a form either.
        if obj is None or request.user.may("contact", obj):
            return ()
        return ("heading", "phone_shown", "born_shown")

    def get_fieldsets(self, request: HttpRequest, obj: Resident | None = None) -> Any:
        sets = super().get_fieldsets(request, obj)
        if obj is None or request.user.may("contact", obj):
            return sets
        first = ("household", ("heading", "phone_shown"), ("relation", "born_shown"), ("standing", "since"))
        return ((None, {"fields": first}), *sets[1:])

    def save_model(self, request: HttpRequest, obj: Resident, form: Any, change: bool) -> None:
        register.keep_resident(obj, by=request.user)

    def row_title(self, resident: Resident) -> str:
        return masks.shown(resident, "name", clear=getattr(resident, "clear", False))

    @admin.display(description="姓名")
    def heading(self, resident: Resident) -> str:
        return self.row_title(resident)

    @admin.display(description="住户", ordering="household")
    def home(self, resident: Resident) -> str:
        return str(resident.household)

    @admin.display(description="手机号")
    def phone_shown(self, resident: Any) -> str:
        return masks.shown(resident, "phone", clear=getattr(resident, "clear", False))

    @admin.display(description="出生日期")
    def born_shown(self, resident: Any) -> str:
        return masks.shown(resident, "born_on", clear=getattr(resident, "clear", False))

    @admin.display(description="状态")
    def state(self, resident: Resident) -> str:
        if resident.is_current:
            return ui.chip("在册", "good")
        return ui.chip(f"已离开：{resident.get_leaving_display()}")

    # --- what is done besides ---------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "grids_resident"
        return [
            path("<int:object_id>/leave/", view(self.leave_view), name=f"{name}_leave"),
            path("<int:object_id>/care/", view(self.care_view), name=f"{name}_care"),
            path("<int:object_id>/reveal/<slug:field>/", view(self.reveal_view), name=f"{name}_reveal"),
            *super().get_urls(),
        ]

    def buttons(self, request: HttpRequest, resident: Resident) -> list[dict[str, Any]]:
        user, found = request.user, []
        if not user.may("contact", resident) and user.may("reveal", resident):
            found += [
                {"words": f"查看{words}", "url": self.link(resident, "reveal", field)}
                for field, words in (("name", "姓名"), ("phone", "手机号"), ("born_on", "出生日期"))
                if getattr(resident, field)
            ]
        if not resident.is_current or not user.may("change", resident):
            return found
        if user.may("care", resident):
            found.append({"words": "登记关爱需求", "url": self.link(resident, "care")})
        if user.may("add", CarePlan) and not CarePlan.objects.open().filter(resident=resident).exists():
            found.append({"words": "订探视计划", "url": self.beside(CarePlan, "add", resident=resident.pk)})
        return [*found, {"words": "离开", "url": self.link(resident, "leave"), "danger": True}]

    def state_of(self, request: HttpRequest, resident: Resident) -> str:
        if not resident.is_current:
            return f"{ui.cn_date(resident.left_on)} 离开，原因：{resident.get_leaving_display()}。"
        return ""

    def panels(self, request: HttpRequest, resident: Resident) -> list[dict[str, Any]]:
        if not request.user.may("care", resident):
            return []
        return [
            {
                "title": "关爱需求",
                "lines": [
                    (
                        reverse("admin:grids_careneed_change", args=[need.pk]),
                        need.get_kind_display(),
                        f"到 {ui.cn_date(need.until)}" if need.is_in_force else "已结束",
                    )
                    for need in resident.care_needs.order_by("ended_on", "pk")[:MOST_LINES]
                ],
                "none": "没有登记。本人或监护人同意了才登记。",
            }
        ]

    def leave_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Note that a resident has left."""
        resident = self.changing(request, object_id)

        def run(given: dict[str, Any]) -> None:
            register.leave(resident, by=request.user, **given)

        return verb_page(
            self, request, title="离开", form=LeavingForm(request.POST or None), run=run, done="已记下。",
            back=self.link(resident), obj=resident, danger=True,
            hint="离开以后关爱需求的内容立即删除，其余信息到保存期满删除。",
        )  # fmt: skip

    def care_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Record a care need that somebody agreed to."""
        resident = self.changing(request, object_id)
        if not request.user.may("care", resident):
            raise Http404

        def run(given: dict[str, Any]) -> None:
            register.keep_care_need(CareNeed(resident=resident, **given), by=request.user)

        return verb_page(
            self, request, title="登记关爱需求", form=CareNeedForm(request.POST or None), run=run, done="已登记。",
            back=self.link(resident), obj=resident,
            hint="要本人（不能表达的由监护人）同意，写明用来做什么、到哪天为止。内容加密保存，每次查看都记入访问日志。",
        )  # fmt: skip

    def reveal_view(self, request: HttpRequest, object_id: int, field: str) -> HttpResponse:
        """Show one masked column in clear, once, for a reason that the access log keeps."""
        return reveal_page(self, request, self.reach(request, str(object_id)), field)


@admin.register(CareNeed)
class CareNeedAdmin(RegisterAdmin):
    """Reached from a resident's page; the list is of those that end soon first."""

    change_form_outer_before_template = "grids/desk_row.html"
    list_display = ("heading", "home", "consent_shown", "until", "state")
    list_display_links = ("heading",)
    list_filter = ()
    ordering = ("until", "pk")
    fields = ("heading", "home", "purpose", ("consent_shown", "consent_on"), ("until", "ended_on"))
    readonly_fields = ("heading", "home", "purpose", "consent_shown", "consent_on", "until", "ended_on")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = (
            super().get_queryset(request).filter(ended_on=None)
            if self.is_list(request)
            else super().get_queryset(request)
        )
        # The words stay where they are until somebody asks for them.
        return rows.defer("words").select_related("resident__household__entrance__building")

    @staticmethod
    def is_list(request: HttpRequest) -> bool:
        match = request.resolver_match
        return match is not None and (match.url_name or "").endswith("_changelist")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def row_title(self, need: CareNeed) -> str:
        return f"{need.get_kind_display()}（{masks.name(need.resident.name)}）"

    @admin.display(description="需求")
    def heading(self, need: CareNeed) -> str:
        return self.row_title(need)

    @admin.display(description="住户")
    def home(self, need: CareNeed) -> str:
        return str(need.resident.household)

    @admin.display(description="谁同意的")
    def consent_shown(self, need: CareNeed) -> str:
        return need.get_consent_display()

    @admin.display(description="状态")
    def state(self, need: CareNeed) -> str:
        return ui.chip("有效", "good") if need.is_in_force else ui.chip("已结束")

    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "grids_careneed"
        return [
            path("<int:object_id>/end/", view(self.end_view), name=f"{name}_end"),
            path("<int:object_id>/reveal/<slug:field>/", view(self.reveal_view), name=f"{name}_reveal"),
            *super().get_urls(),
        ]

    def buttons(self, request: HttpRequest, need: CareNeed) -> list[dict[str, Any]]:
        if need.ended_on is not None:
            return []
        words = {"words": "查看具体情况", "url": self.link(need, "reveal", "words")}
        return [
            *([words] if need.is_in_force else []),
            {"words": "查看居民", "url": reverse("admin:grids_resident_change", args=[need.resident_id])},
            {"words": "结束并删除内容", "url": self.link(need, "end"), "danger": True},
        ]

    def end_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """End a care need, as when the consent is taken back."""
        need = self.reach(request, str(object_id))
        if need.ended_on is not None:
            raise Http404

        def run(given: dict[str, Any]) -> str:
            register.end_care_need(need, by=request.user)
            return reverse("admin:grids_resident_change", args=[need.resident_id])

        return verb_page(
            self, request, title="结束关爱需求", form=CareNeedForm.Nothing(request.POST or None), run=run,
            done="已结束，内容已删除。", back=self.link(need), obj=need, danger=True, button="结束并删除内容",
            hint="本人撤回同意，或者不再需要的，结束以后内容立即删除，不能恢复。",
        )  # fmt: skip

    def reveal_view(self, request: HttpRequest, object_id: int, field: str) -> HttpResponse:
        """Show the words once, for a reason that the access log keeps; from the day after the consent's last to nobody."""
        need = self.reach(request, str(object_id))
        if not need.is_in_force:
            raise Http404
        return reveal_page(self, request, need, field)
