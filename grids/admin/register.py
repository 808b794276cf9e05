"""The register of a grid at the desk: households, residents with their care needs, premises, facilities."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.http import urlencode

from governance import masks
from governance.admin.base import TerritorialAdmin, cleaned
from governance.admin.choices import could_be_key
from governance.admin.desk import Card
from governance.admin.exporting import Exported
from governance.admin.filters import ChoiceFilter, PlaceFilter
from governance.admin.verbs import reveal_page, verb_page
from governance.permissions import permission, rule_of
from governance.templatetags import ui
from grids import visiting
from grids.forms.register import CareNeedForm, ClosingForm, LeavingForm
from grids.models import CareNeed, CarePlan, Entrance, Facility, Household, Premises, Resident
from grids.services import register

#: Lines of a panel beside a form.
MOST_LINES = 50


class DueFilter(ChoiceFilter):
    """What has not been visited for too long, and what was."""

    title, parameter_name = "走访", "visits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("due", "该走访的"), ("never", "没有走访过"), ("done", "按期走访过")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen, before = self.checked(), visiting.due_before()
        return {
            None: lambda: queryset,
            "due": lambda: queryset.due(before),
            "never": lambda: queryset.current().filter(visited_on=None),
            "done": lambda: queryset.current().filter(visited_on__gte=before),
        }[chosen]()


class ThereFilter(ChoiceFilter):
    """What is there, unless what is no more is asked for."""

    title, parameter_name, usual = "状态", "state", "在册"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("closed", "已注销"), ("all", "全部")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen == "all":
            return queryset
        return queryset.exclude(closed_on=None) if chosen == "closed" else queryset.filter(closed_on=None)


class KindFilter(ChoiceFilter):
    """One of the kinds of a column, which subclasses name."""

    column = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (value, label) for value, label in model_admin.model._meta.get_field(self.column).choices if value
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(**{self.column: chosen}) if chosen else queryset


class UseFilter(KindFilter):
    title, parameter_name, column = "住房情况", "use", "use"


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


def visited(row: Household | Premises) -> str:
    """Return the day of the last visit, marked where it is too long ago."""
    if not row.is_current:
        return ui.chip(f"{ui.cn_date(row.closed_on)} 注销")
    if row.visited_on is None:
        return ui.chip("没有走访过", "caution")
    words = ui.cn_date(row.visited_on)
    return ui.chip(words, "caution") if row.visited_on < visiting.due_before() else words


class RegisterAdmin(Exported, TerritorialAdmin):
    """What the lists of the register share."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (
            obj is None or getattr(obj, "is_current", True)
        )

    def doors(self, request: HttpRequest) -> QuerySet:
        """Return the doors behind which the person may put a row of this model."""
        doors = Entrance.objects.select_related("building").filter(grid__valid_until=None)
        if request.user.is_superuser:
            return doors
        needed = {permission(self.model, action) for action in (self.add_action, "change")}
        nodes = [
            (p.code, None)
            for p in request.user.posts_in_force
            if needed & p.permissions and p.unit_id is None
        ]
        return doors.filter(rule_of(Entrance).nodes_q(nodes)) if nodes else doors.none()

    def related_choices(self, db_field: Any, request: HttpRequest) -> Any:
        return (
            self.doors(request) if db_field.name == "entrance" else super().related_choices(db_field, request)
        )

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show or save the row; above the form stands what may be done with it besides, and what belongs to it."""
        context = dict(extra_context or {})
        row = self.get_object(request, object_id) if object_id is not None else None
        if row is not None and request.method == "GET":
            context |= {
                "buttons": self.buttons(request, row), "state": self.state_of(request, row), "panels": self.panels(request, row)
            }  # fmt: skip
        return super().changeform_view(request, object_id, form_url, context)

    def buttons(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:
        """Return what the person may do with a row besides mending its columns: words, url, danger."""
        return []

    def state_of(self, request: HttpRequest, row: Any) -> str:
        """Return what is to be known of a row at once."""
        return ""

    def panels(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:
        """Return what belongs to a row: title, lines of (url, words, small), what is said of none."""
        return []

    def changing(self, request: HttpRequest, object_id: int) -> Any:
        """Return a row in force. Raises Http404 for one that the person may not change."""
        row = self.reach(request, str(object_id))
        if not row.is_current or not request.user.may("change", row):
            raise Http404
        return row

    def beside(self, model: type[models.Model], page: str = "changelist", **query: Any) -> str:
        """Return the address of another model's page, with a query."""
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")
        return f"{address}?{urlencode(query)}" if query else address


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
    ordering = ("entrance", "room")
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
        # A street sees how many there are nowhere: it has no resident.
        counted = Q(residents__left_on=None) if request.user.may("view", Resident) else Q(pk__in=())
        return rows.annotate(heads=Count("residents", filter=counted))

    def get_readonly_fields(self, request: HttpRequest, obj: Household | None = None) -> tuple[str, ...]:
        # A household that moves to another door is another household.
        return ("entrance",) if obj is not None else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        given = request.GET.get("entrance", "")
        return {"entrance": given if could_be_key(given) else None}

    def save_model(self, request: HttpRequest, obj: Household, form: Any, change: bool) -> None:
        register.keep_household(obj, by=request.user)

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
        return [*found, visits_panel(request, household)]

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


def visits_panel(request: HttpRequest, row: Household | Premises) -> dict[str, Any]:
    """Return the last visits to a row, as a panel beside its form."""
    rows = row.visits.restrict(request.user).select_related("by").order_by("-visited_at", "-pk")[:10]
    return {
        "title": "走访记录",
        "lines": [
            (
                reverse("admin:grids_visit_change", args=[visit.pk]),
                f"{ui.cn_short(visit.visited_at)} {visit.get_outcome_display()}",
                masks.person(visit.by),
            )
            for visit in rows
        ],
        "none": "还没有走访过。",
    }


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
        return [
            {"words": "查看具体情况", "url": self.link(need, "reveal", "words")},
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
        """Show the words once, for a reason that the access log keeps."""
        need = self.reach(request, str(object_id))
        if need.ended_on is not None:
            raise Http404
        return reveal_page(self, request, need, field)


@admin.register(Premises)
class PremisesAdmin(RegisterAdmin):
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
class FacilityAdmin(RegisterAdmin):
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
