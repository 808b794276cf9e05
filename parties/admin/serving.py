"""Registrations with a community (双报到) and pairings with it (结对共建), at the desk."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from governance import masks
from governance.admin.base import TerritorialAdmin
from governance.admin.desk import Card
from governance.admin.exporting import Exported
from governance.admin.filters import ChoiceFilter, DayFilter, LightFilter, PlaceFilter, StatusFilter
from governance.admin.matters import MatterAdmin
from governance.admin.verbs import verb_page
from governance.permissions import permission, rule_of
from governance.templatetags import ui
from governance.territory import GridLevel
from grids.models import Grid
from parties.forms.serving import CHECKIN_FORMS, RecordForm
from parties.models import DualRegistration, Member, Organisation, Pairing, RegistrationStatus
from parties.services.serving import counted, keep_pairing, register

S = RegistrationStatus


class RegistrationKindFilter(ChoiceFilter):
    title, parameter_name = "类别", "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(DualRegistration.Kind.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(kind=chosen) if chosen else queryset


@admin.register(DualRegistration)
class DualRegistrationAdmin(MatterAdmin):
    add_action = "record"
    action_forms = CHECKIN_FORMS
    on_desk = False
    change_list_template = "parties/desk_checkins.html"
    main_actions = ("accept",)
    list_display = (
        "heading", "kind_chip", "status_chip", "light_badge", "place", "person", "affiliation", "opened",
    )  # fmt: skip
    list_filter = (RegistrationKindFilter, StatusFilter, LightFilter, PlaceFilter, DayFilter)
    search_help_text = "搜编号、姓名、单位或党组织"
    tones = {S.APPLIED: "brand", S.RETURNED: "caution", S.ACCEPTED: "good"}
    export_columns = [
        ("编号", 32, lambda row: row.number),
        ("类别", 12, lambda row: row.get_kind_display()),
        ("姓名（联系人）", 14, lambda row: masks.shown(row, "applicant_name")),
        ("单位", 28, lambda row: row.employer),
        ("所在党组织", 28, lambda row: row.affiliation),
        ("社区网格", 24, lambda row: str(row.grid)),
        ("能做什么", 40, lambda row: row.offers),
        ("状态", 12, lambda row: row.get_status_display()),
        ("报到时间", 18, lambda row: row.opened_at),
    ]

    @admin.display(description="类别", ordering="kind")
    def kind_chip(self, row: DualRegistration) -> str:
        return ui.chip(
            row.get_kind_display(), "info" if row.kind == DualRegistration.Kind.MEMBER else "quiet"
        )

    @admin.display(description="姓名（联系人）")
    def person(self, row: DualRegistration) -> str:
        return masks.shown(row, "applicant_name", clear=row.clear)

    def facts(self, request: HttpRequest, row: DualRegistration) -> list[tuple[str, Any]]:
        return [
            ("编号", row.number),
            ("类别", row.get_kind_display()),
            ("社区", self.place(row)),
            ("单位", row.employer),
            ("所在党组织", row.affiliation),
            ("本区名册", self.on_the_roll(request, row)),
            ("能做什么", row.offers),
            ("报到时间", ui.cn_datetime(row.opened_at)),
            ("登记人", row.placed_by),
            ("结束时间", ui.cn_datetime(row.closed_at)),
        ]

    def on_the_roll(self, request: HttpRequest, row: DualRegistration) -> str:
        """Return where the roll of the person's own reach has a member of this name and phone: what there is to check against."""
        if row.kind != DualRegistration.Kind.MEMBER or not row.is_open:
            return ""
        found = (
            Member.objects.restrict(request.user)
            .on_roll()
            .filter(name=row.applicant_name, phone=row.applicant_phone)
            .select_related("organisation")
            .first()
        )
        return found.organisation.name if found else "您管理的名册上没有这个姓名和电话，请向所在党组织核对"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list; above it, how many each community has."""
        found = counted(request.user) if request.user.may("view", DualRegistration) else []
        context = {"counted": found, "counted_url": f"{self.link(None, 'changelist')}?status=accepted&place="}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def places(self, request: HttpRequest) -> QuerySet:
        """Return the communities and grids for which the person may write a registration down."""
        needed = permission(DualRegistration, "record")
        rows = (
            Grid.objects.current().filter(level__gte=GridLevel.COMMUNITY).defer("boundary").order_by("code")
        )
        if request.user.is_superuser:
            return rows
        nodes = [(p.code, None) for p in request.user.posts_with(needed)]
        return rows.filter(rule_of(Grid).nodes_q(nodes)) if nodes else rows.none()

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Write down a registration for others, as after a visit or a meeting."""
        if not self.has_add_permission(request):
            raise Http404
        form = RecordForm(request.POST or None, places=self.places(request))
        return verb_page(
            self,
            request,
            title="登记报到",
            form=form,
            run=lambda given: self.link(register(by=request.user, **given)),
            button="登记",
            done="已登记，核对以后请接收。",
            back=self.link(None, "changelist"),
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.may("record", DualRegistration)

    def cards(self, request: HttpRequest) -> list[Card]:
        if not request.user.may("accept", DualRegistration):
            return []
        rows = DualRegistration.objects.restrict(request.user, "accept").filter(status=S.APPLIED)
        return [self.card(request, "待接收的报到", "status=applied", rows, tone="brand", icon="how_to_reg", order=18)]  # fmt: skip


class HoldsFilter(ChoiceFilter):
    """Those that hold, unless others are asked for."""

    title, parameter_name, usual = "协议", "state", "协议期内的"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("over", "已结束的"), ("soon", "三个月内到期的"), ("all", "全部")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen, today = self.checked(), timezone.localdate()
        if chosen == "all":
            return queryset
        current = queryset.current()
        if chosen == "over":
            return queryset.filter(Q(until__lt=today) | Q(ended_on__lte=today))
        if chosen == "soon":
            return current.filter(until__lte=today + timedelta(days=92))
        return queryset.filter(Q(ended_on=None) | Q(ended_on__gt=today), until__gte=today)


@admin.register(Pairing)
class PairingAdmin(Exported, TerritorialAdmin):
    list_display = ("name", "place", "organisation_name", "contact", "since", "until", "state")
    list_filter = (HoldsFilter, PlaceFilter)
    search_fields = ("name",)
    search_help_text = "搜单位名称"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("name", "grid"),
                    "organisation",
                    ("since", "until"),
                    ("contact_name", "contact_phone"),
                )
            },
        ),
        ("三张清单", {"fields": ("needs", "resources", "projects")}),
        ("提前结束", {"fields": (("ended_on", "end_reason"),)}),
    )
    autocomplete_fields = ("grid", "organisation")
    ordering = ("grid", "-since", "pk")
    export_columns = [
        ("结对单位", 30, lambda row: row.name),
        ("社区网格", 24, lambda row: str(row.grid)),
        ("结对的党组织", 28, lambda row: row.organisation.name if row.organisation_id else ""),
        ("协议起", 14, lambda row: row.since),
        ("协议至", 14, lambda row: row.until),
        ("需求清单", 40, lambda row: row.needs),
        ("资源清单", 40, lambda row: row.resources),
        ("项目清单", 40, lambda row: row.projects),
        ("提前结束", 14, lambda row: row.ended_on),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return the pairings within reach, each with ``clear``: whether whom to call is open to the person."""
        rows = super().get_queryset(request).select_related("grid", "organisation")
        return rows.defer("grid__boundary", "organisation__units").with_clear(request.user)

    def get_fieldsets(self, request: HttpRequest, obj: Pairing | None = None) -> Any:
        """Return the form; whom to call stands there in clear, so only for those to whom it is open."""
        if obj is None or request.user.may("contact", obj):
            return super().get_fieldsets(request, obj)
        words, lists, end = self.fieldsets
        return ((None, {"fields": (*words[1]["fields"][:-1], "contact")}), lists, end)

    def get_readonly_fields(self, request: HttpRequest, obj: Pairing | None = None) -> tuple[str, ...]:
        return ("grid", "contact") if obj is not None else ("contact",)

    def related_choices(self, db_field: Any, request: HttpRequest) -> Any:
        if db_field.name == "organisation":
            return Organisation.objects.restrict(request.user).in_force()
        return super().related_choices(db_field, request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Pairing, form: Any, change: bool) -> None:
        keep_pairing(obj, by=request.user)

    @admin.display(description="社区网格", ordering="grid")
    def place(self, pairing: Pairing) -> str:
        return str(pairing.grid)

    @admin.display(description="结对的党组织", ordering="organisation")
    def organisation_name(self, pairing: Pairing) -> str:
        return pairing.organisation.name if pairing.organisation_id else ""

    @admin.display(description="联系人")
    def contact(self, pairing: Pairing) -> str:
        clear = getattr(pairing, "clear", False)
        shown = (masks.shown(pairing, name, clear=clear) for name in ("contact_name", "contact_phone"))
        return " ".join(part for part in shown if part)

    @admin.display(description="状态")
    def state(self, pairing: Pairing) -> str:
        return ui.chip("协议期内", "good") if pairing.holds else ui.chip("已结束")
