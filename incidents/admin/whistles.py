"""The whistles at the desk: the list, a whistle with its departments, blowing and proposing, and the list of situations."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from governance.admin.base import TerritorialAdmin
from governance.admin.desk import Card, Urgent
from governance.admin.filters import ChoiceFilter, DayFilter, LightFilter, PlaceFilter, StatusFilter
from governance.admin.matters import MatterAdmin, link_to
from governance.admin.verbs import verb_page
from governance.models import Unit
from governance.templatetags import ui
from incidents.cards import TONES as INCIDENT_TONES
from incidents.flow import whistle_clocks
from incidents.forms.whistles import WHISTLE_FORMS, WhistleForm, places_of
from incidents.models import (
    Aspect,
    Colour,
    Incident,
    Round,
    SlipStatus,
    Whistle,
    WhistleSituation,
    WhistleSlip,
    WhistleStatus,
)
from incidents.services.whistles import blow_whistle, propose_whistle

S = WhistleStatus
COLOUR_TONES = {Colour.RED: "danger", Colour.YELLOW: "caution", Colour.BLUE: "info"}
SLIP_TONES = {
    SlipStatus.SENT: "brand",
    SlipStatus.RECEIVED: "caution",
    SlipStatus.ARRIVED: "info",
    SlipStatus.HANDLING: "info",
    SlipStatus.OBJECTED: "danger",
    SlipStatus.FED_BACK: "caution",
    SlipStatus.ACCEPTED: "good",
    SlipStatus.FAILED: "danger",
}


class ColourFilter(ChoiceFilter):
    title, parameter_name = "响应", "colour"
    path = "colour"

    def lookups(self, request, model_admin):
        return Colour.choices

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(**{self.path: chosen}) if chosen else queryset


class AspectFilter(ChoiceFilter):
    title, parameter_name = "方面", "aspect"

    def lookups(self, request, model_admin):
        return Aspect.choices

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(situation__aspect=chosen) if chosen else queryset


class RoundFilter(ChoiceFilter):
    title, parameter_name = "哨次", "round"

    def lookups(self, request, model_admin):
        return [(str(value), label) for value, label in Round.choices]

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(round=chosen) if chosen else queryset


class DepartmentFilter(ChoiceFilter):
    """One department; whoever works for one is not asked."""

    title, parameter_name = "部门", "unit"

    def lookups(self, request, model_admin):
        if any(post.unit_id is not None for post in request.user.posts_in_force):
            return []
        rows = Unit.objects.restrict(request.user).filter(kind=Unit.Kind.DEPARTMENT)
        return [(str(key), name) for key, name in rows.order_by("code").values_list("pk", "name")[:200]]

    def queryset(self, request, queryset):
        chosen = self.checked()
        if not chosen:
            return queryset
        if queryset.model is Whistle:
            return queryset.filter(unit_ids__contains=[int(chosen)])
        return queryset.filter(unit=chosen)


def colour_chip(colour: str) -> str:
    """Return a colour as a chip: the word says it, the tone repeats it."""
    return ui.chip(Colour(colour).label, COLOUR_TONES[Colour(colour)])


@admin.register(Whistle)
class WhistleAdmin(MatterAdmin):
    add_action = "propose"
    action_forms = WHISTLE_FORMS
    main_actions = ("blow", "answer", "verify_pass", "blow_again")
    also_shown = ("situation", "unit")
    list_display = (
        "heading", "status_chip", "light_badge", "colour_badge", "place", "departments", "due", "opened",
    )  # fmt: skip
    list_filter = (
        StatusFilter, LightFilter, ColourFilter, AspectFilter, RoundFilter, DepartmentFilter, PlaceFilter, DayFilter,
    )  # fmt: skip
    search_help_text = "搜编号、情形或情况里的词"
    tones = {
        S.DRAFT: "brand",
        S.CALLED: "danger",
        S.BLOWN: "info",
        S.VERIFYING: "caution",
        S.FAILED: "danger",
        S.CLOSED: "good",
    }
    export_columns = [
        ("编号", 32, lambda row: row.number),
        ("哨次", 8, lambda row: row.get_round_display()),
        ("方面", 10, lambda row: row.situation.get_aspect_display()),
        ("情形", 28, lambda row: row.situation.name),
        ("响应", 8, lambda row: row.get_colour_display()),
        ("状态", 12, lambda row: row.get_status_display()),
        ("地点", 24, lambda row: str(row.grid)),
        ("牵头部门", 18, lambda row: row.unit),
        ("部门数", 8, lambda row: len(row.slips.all())),
        ("已报到", 8, lambda row: sum(slip.arrived_at is not None for slip in row.slips.all())),
        ("情况", 40, lambda row: row.description),
        ("提交时间", 18, lambda row: row.opened_at),
        ("吹哨时间", 18, lambda row: row.blown_at),
        ("核实时间", 18, lambda row: row.verified_at),
        ("核实结果", 40, lambda row: row.result),
    ]

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest):
        slips = WhistleSlip.objects.restrict(request.user).exclude(
            status__in=[SlipStatus.RELEASED, SlipStatus.WITHDRAWN]
        )
        return super().get_queryset(request).prefetch_related(Prefetch("slips", slips.order_by("pk")))

    @admin.display(description="响应", ordering="colour")
    def colour_badge(self, whistle: Whistle) -> str:
        return colour_chip(whistle.colour)

    @admin.display(description="部门")
    def departments(self, whistle: Whistle) -> str:
        slips = list(whistle.slips.all())
        name = whistle.unit.name if whistle.unit_id else ""
        if not slips:
            return name
        came = sum(slip.arrived_at is not None for slip in slips)
        return f"{name} · 报到 {came}/{len(slips)}"

    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        blows = request.user.may("blow", Whistle)
        return super().changelist_view(request, {"subtitle": "", "blows": blows, **(extra_context or {})})

    # --- page -------------------------------------------------------------------------------------------------------
    def continued(self, whistle: Whistle) -> Whistle:
        """Return the second whistle where one was blown."""
        return Whistle.objects.filter(parent=whistle).first() or whistle

    def facts(self, request: HttpRequest, whistle: Whistle) -> list[tuple[str, Any]]:
        """Return what the whistle is about."""
        return [
            ("编号", whistle.number),
            ("哨次", whistle.get_round_display()),
            ("情形", f"{whistle.situation.get_aspect_display()} · {whistle.situation.name}"),
            ("响应", f"{whistle.get_colour_display()}，{whistle_clocks.limits_text(whistle.colour)}"),
            ("地点", self.place(whistle)),
            ("情况和要求", whistle.description),
            ("牵头部门", whistle.unit),
            (
                "拟配合部门",
                "、".join(unit.name for unit in whistle.assisting.all()) if not whistle.blown_at else "",
            ),
            ("提请人", whistle.placed_by if whistle.placed_by_id != whistle.blown_by_id else ""),
            ("提交时间", ui.cn_datetime(whistle.opened_at)),
            ("吹哨", f"{whistle.blown_by}　{ui.cn_datetime(whistle.blown_at)}" if whistle.blown_at else ""),
            (
                "区级报到",
                f"{whistle.answered_by}　{ui.cn_datetime(whistle.answered_at)}"
                if whistle.answered_at
                else "",
            ),
            (
                "核实",
                f"{whistle.verified_by}　{ui.cn_datetime(whistle.verified_at)}\n{whistle.result}"
                if whistle.verified_at
                else "",
            ),
        ]

    def panels(self, request: HttpRequest, whistle: Whistle, clear: bool) -> list[dict[str, Any]]:
        """Return the departments with a clock each, the other round, and the incidents behind it."""
        slips = WhistleSlip.objects.restrict(request.user).filter(whistle=whistle).for_page().order_by("pk")
        panels = []
        if whistle.blown_at and (lines := [slip_line(slip) for slip in slips]):
            panels.append({"title": "部门", "template": "incidents/desk_slips.html", "lines": lines})
        rounds = Whistle.objects.restrict(request.user).filter(pk=whistle.parent_id).order_by("pk")
        rounds |= Whistle.objects.restrict(request.user).filter(parent=whistle)
        if found := list(rounds):
            panels.append(
                {
                    "title": "前后哨",
                    "template": "incidents/desk_whistles.html",
                    "lines": [whistle_line(each) for each in found],
                }
            )
        if lines := incident_lines(request, whistle):
            panels.append({"title": "关联事件", "template": "incidents/desk_behind.html", "lines": lines})
        return panels

    # --- blowing ----------------------------------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.may("propose", Whistle) or request.user.may("blow", Whistle)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context=None) -> HttpResponse:
        """Blow, or, for whoever may not, propose to the street's heads. ``incident`` in the address fills the form."""
        if not self.has_add_permission(request):
            raise Http404
        blows = request.user.may("blow", Whistle)
        places = places_of(request.user, "incidents.blow_whistle" if blows else "incidents.propose_whistle")
        form = WhistleForm(
            request.POST or None, request.FILES or None, user=request.user, places=places,
            initial=self.from_incident(request),
        )  # fmt: skip
        verb = blow_whistle if blows else propose_whistle

        def run(given: dict[str, Any]) -> str:
            return self.link(verb(by=request.user, **given))

        return verb_page(
            self,
            request,
            title="吹哨" if blows else "提请吹哨",
            form=form,
            run=run,
            button="吹哨" if blows else "提请吹哨",
            done="已吹哨，部门已收到哨单。" if blows else "已提请，请街道领导决定。",
            back=self.link(None, "changelist"),
            hint="街道自己办不了、要部门来办的，才吹哨。"
            + ("提交后部门立即收到哨单，时限开始计算。" if blows else "由街道主要领导决定是否吹哨。"),
        )

    def from_incident(self, request: HttpRequest) -> dict[str, Any]:
        """Return what an incident that the address names puts into the form."""
        number = request.GET.get("incident", "")[:40].replace("\0", "")
        incident = Incident.objects.restrict(request.user).filter(number=number).first() if number else None
        if incident is None:
            return {}
        return {
            "incidents": incident.number,
            "grid": incident.community_code,
            "description": "　".join(filter(None, (incident.title, incident.where, incident.description)))[
                :1500
            ],
        }

    # --- desk -------------------------------------------------------------------------------------------------------
    def urgent(self, request: HttpRequest, most: int = 10) -> list[Urgent]:
        """Return, for who can do something about them, the whistles that wait for the street or the district; what departments
        owe stands there by their slips."""
        if not any(request.user.may(action, Whistle) for action in ("blow", "verify", "answer")):
            return []
        return [each for each in super().urgent(request, most * 2) if each.matter.status != S.BLOWN][:most]

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return what waits for a head to decide, for the street's look, and for the district's answer."""
        asked = (
            ("blow", "待吹哨", S.DRAFT, "brand", "campaign", 6),
            ("blow", "待二次吹哨", S.FAILED, "danger", "campaign", 7),
            ("answer", "二次哨待报到", S.CALLED, "danger", "campaign", 6),
            ("verify", "待核实的哨", S.VERIFYING, "caution", "fact_check", 8),
        )
        return [
            self.card(
                request,
                label,
                f"status={status}",
                Whistle.objects.restrict(request.user, action).filter(status=status),
                tone=tone,
                icon=icon,
                order=order,
            )
            for action, label, status, tone, icon, order in asked
            if request.user.may(action, Whistle)
        ]


@admin.register(WhistleSituation)
class WhistleSituationAdmin(TerritorialAdmin):
    list_display = ("code", "name", "aspect", "colour_badge", "lead", "state")
    list_display_links = ("code", "name")
    list_select_related = ("lead",)
    list_filter = ("aspect", "colour", ("is_active", admin.BooleanFieldListFilter))
    search_fields = ("code", "name")
    search_help_text = "搜编号或情形"
    autocomplete_fields = ("lead",)
    fields = (("code", "order"), "name", ("aspect", "colour"), "lead", "is_active")

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        # What was once blown stays in the records; a situation is taken out of use instead.
        return False

    @admin.display(description="响应", ordering="colour")
    def colour_badge(self, situation: WhistleSituation) -> str:
        return colour_chip(situation.colour)

    @admin.display(description="状态", ordering="is_active")
    def state(self, situation: WhistleSituation) -> str:
        return ui.chip("启用", "good") if situation.is_active else ui.chip("停用")


# --- lines of panels -----------------------------------------------------------------------------------------------------
def slip_line(slip: WhistleSlip) -> dict[str, Any]:
    """Return a slip as the table of a whistle's departments shows it."""
    steps = []
    if slip.received_at:
        steps.append({"words": f"签收 {ui.cn_short(slip.received_at)}", "late": ""})
    if slip.arrived_at:
        site = "到现场" if slip.on_site else "未到现场"
        words = f"报到 {ui.cn_short(slip.arrived_at)}，{slip.reporter}，{site}"
        steps.append({"words": words, "late": "迟到" if slip.arrived_at > slip.report_by else ""})
    if slip.fed_back_at:
        words = f"反馈 {ui.cn_short(slip.fed_back_at)}"
        steps.append({"words": words, "late": "超时" if slip.fed_back_at > slip.settle_by else ""})
    return {
        "what": link_to(reverse("admin:incidents_whistleslip_change", args=[slip.pk]), slip.unit.name),
        "part": slip.get_part_display(),
        "chip": ui.chip(slip.get_status_display(), SLIP_TONES.get(slip.status, "quiet")),
        "light": ui.light(slip.light),
        "due": ui.cn_short(slip.due_at) if slip.is_open else "",
        "steps": steps,
        "words": slip.feedback or (f"异议：{slip.objection}" if slip.objection else ""),
    }


def whistle_line(whistle: Whistle) -> dict[str, Any]:
    """Return a whistle as one line of a table."""
    return {
        "what": link_to(reverse("admin:incidents_whistle_change", args=[whistle.pk]), whistle.title),
        "round": whistle.get_round_display(),
        "colour": colour_chip(whistle.colour),
        "chip": ui.chip(whistle.get_status_display(), WhistleAdmin.tones.get(whistle.status, "quiet")),
        "at": ui.cn_short(whistle.blown_at or whistle.opened_at),
    }


def incident_lines(request: HttpRequest, whistle: Whistle) -> list[dict[str, Any]]:
    """Return the incidents behind a whistle that the person may see."""
    rows = Incident.objects.restrict(request.user).filter(whistles=whistle).for_page().order_by("pk")
    return [
        {
            "what": link_to(reverse("admin:incidents_incident_change", args=[row.pk]), row.title),
            "where": row.where,
            "chip": ui.chip(row.get_status_display(), INCIDENT_TONES.get(row.status, "quiet")),
            "at": ui.cn_short(row.opened_at),
        }
        for row in rows[:50]
    ]


def may_call(user: Any, code: str) -> str:
    """Return what somebody may do about a place, "吹哨" or "提请吹哨", in words; empty where neither."""
    for permission, words in (("incidents.blow_whistle", "吹哨"), ("incidents.propose_whistle", "提请吹哨")):
        if user.is_superuser or any(
            post.unit_id is None and code.startswith(post.code) for post in user.posts_with(permission)
        ):
            return words
    return ""
