"""Volunteers, their teams, and their hours."""

from types import SimpleNamespace
from typing import Any

from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from unfold.admin import TabularInline

from governance import masks
from governance.admin.base import ReadOnlyAdmin, TerritorialAdmin, cleaned
from governance.admin.choices import RestrictedChoices
from governance.admin.desk import Card
from governance.admin.filters import (
    ChoiceFilter,
    DayFilter,
    LightFilter,
    PlaceFilter,
    ScopeFilter,
    StatusFilter,
)
from governance.admin.matters import MatterAdmin
from governance.admin.verbs import verb_page
from governance.models import User
from governance.permissions import permitted_actions
from governance.templatetags import ui
from volunteers.admin.forms import DeskGuardianForm, HoursForm
from volunteers.models import HoursEntry, Membership, Skill, Team, Volunteer
from volunteers.models.people import WEEK_PARTS, VolunteerStatus
from volunteers.services.hours import adjust_hours
from volunteers.services.registration import record_guardian
from volunteers.services.teams import create_team, update_team


class SkillFilter(ChoiceFilter):
    title, parameter_name = "技能", "skill"

    def lookups(self, request, model_admin):
        return [(str(key), name) for key, name in Skill.objects.values_list("pk", "name")]

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(skills=chosen) if chosen else queryset


@admin.register(Volunteer)
class VolunteerAdmin(MatterAdmin):
    list_display = (
        "heading",
        "phone",
        "status_chip",
        "place",
        "skill_names",
        "reach",
        "opened",
    )
    list_filter = (StatusFilter, PlaceFilter, SkillFilter, LightFilter, DayFilter)
    bulk_actions = ("approve",)
    on_desk = False
    search_help_text = "搜姓名、编号或电话后四位"
    tones = {
        VolunteerStatus.APPLIED: "brand",
        VolunteerStatus.ACTIVE: "good",
        VolunteerStatus.SUSPENDED: "caution",
        VolunteerStatus.REFUSED: "danger",
    }
    export_columns = [
        ("编号", 32, lambda volunteer: volunteer.number),
        ("姓名", 10, lambda volunteer: masks.shown(volunteer, "applicant_name")),
        ("电话", 16, lambda volunteer: masks.shown(volunteer, "applicant_phone")),
        ("状态", 10, lambda volunteer: volunteer.get_status_display()),
        ("网格", 24, lambda volunteer: str(volunteer.grid)),
        ("服务范围", 10, lambda volunteer: volunteer.get_reach_display()),
        ("登记时间", 18, lambda volunteer: volunteer.opened_at),
    ]

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).prefetch_related("skills")

    def row_title(self, volunteer: Volunteer) -> str:
        return masks.shown(volunteer, "applicant_name", clear=getattr(volunteer, "clear", False))

    def choice_title(self, volunteer: Volunteer) -> str:
        return f"{self.row_title(volunteer)} · {volunteer.number}"

    @admin.display(description="姓名 / 编号", ordering="number")
    def heading(self, volunteer: Volunteer) -> str:
        return super().heading(volunteer)

    @admin.display(description="电话")
    def phone(self, volunteer: Volunteer) -> str:
        return masks.shown(volunteer, "applicant_phone")

    @admin.display(description="技能")
    def skill_names(self, volunteer: Volunteer) -> str:
        return "、".join(skill.name for skill in volunteer.skills.all())

    def facts(self, request: HttpRequest, volunteer: Volunteer) -> list[tuple[str, Any]]:
        """Return what the community needs to know of a volunteer; never more than she registered."""
        words = dict(WEEK_PARTS)
        ledger = HoursEntry.objects.restrict(request.user).filter(volunteer=volunteer)
        hours = ledger.aggregate(total=Sum("half_hours"))["total"] or 0
        teams = Team.objects.restrict(request.user).filter(
            memberships__volunteer=volunteer, memberships__left_on=None
        )
        return [
            ("编号", volunteer.number),
            ("地点", self.place(volunteer)),
            ("年龄", f"{volunteer.age_on()} 岁"),
            ("技能", "、".join(skill.name for skill in volunteer.skills.all()) or "未登记"),
            (
                "可服务时间",
                "、".join(words[part] for part in volunteer.free_times if part in words) or "未登记",
            ),
            ("服务范围", volunteer.get_reach_display()),
            ("所在队伍", "、".join(team.name for team in teams)),
            ("累计时长", f"{hours / 2:g} 小时"),
            ("监护人同意", ui.cn_datetime(volunteer.guardian_consent_at)),
            ("申请时间", ui.cn_datetime(volunteer.opened_at)),
            ("说明", volunteer.description),
        ]

    # --- the guardian of a minor ------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.guardian_view)
        name = "volunteers_volunteer_guardian"
        return [path("<int:object_id>/guardian/", view, name=name), *super().get_urls()]

    def may_record_guardian(self, volunteer: Volunteer, user: User) -> bool:
        """Whether the person reviews this registration, and it is that of a minor."""
        minor = volunteer.age_on() < 18 and volunteer.status not in Volunteer.flow.final
        return minor and "approve" in permitted_actions(user, volunteer, {"approve"})

    def offered(self, volunteer: Volunteer, user: User) -> list[SimpleNamespace]:
        """Return the table's buttons, and for a minor the one that adds the guardian."""
        buttons = super().offered(volunteer, user)
        if self.may_record_guardian(volunteer, user):
            words = "补录监护人" if volunteer.guardian_consent_at is None else "更正监护人"
            url = self.link(volunteer, "guardian")
            buttons.append(SimpleNamespace(label=words, hint="", danger=False, url=url, bare=False))
        return buttons

    def guardian_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Put down a minor's guardian and when that person agreed."""
        volunteer = self.reach(request, str(object_id))
        if not self.may_record_guardian(volunteer, request.user):
            raise Http404

        def run(given: dict[str, Any]) -> None:
            record_guardian(
                volunteer,
                by=request.user,
                name=given["guardian_name"],
                phone=given["guardian_phone"],
                consent_at=given["guardian_consent_at"],
                how=given["how"],
            )

        return verb_page(
            self,
            request,
            title="补录监护人",
            form=DeskGuardianForm(request.POST or None),
            run=run,
            done="已保存监护人的同意。",
            back=self.link(volunteer),
            obj=volunteer,
            hint="未满 18 周岁参加志愿服务，须经监护人同意。请先和监护人核实。",
        )

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return the applications that wait for review."""
        if not request.user.may("approve", Volunteer):
            return []
        rows = Volunteer.objects.restrict(request.user, "approve").filter(status=VolunteerStatus.APPLIED)
        return [
            self.card(
                request, "志愿者待审核", "status=applied", rows, tone="brand", icon="how_to_reg", order=60
            )
        ]


class MembershipInline(RestrictedChoices, TabularInline):
    """The members of a team."""

    model = Membership
    fields = ("volunteer", "joined_on", "left_on")
    autocomplete_fields = ("volunteer",)
    extra = 0
    per_page = 20
    hide_title = True
    verbose_name = verbose_name_plural = "队员"

    def get_queryset(self, request: HttpRequest):
        rows = Membership.objects.restrict(request.user, "view")
        return rows.select_related("volunteer", "team").order_by("left_on", "joined_on", "pk")

    def related_choices(self, db_field, request: HttpRequest):
        if db_field.name == "volunteer":
            return Volunteer.objects.restrict(request.user, "view").filter(status=VolunteerStatus.ACTIVE)
        return super().related_choices(db_field, request)

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        # Who once served in a team stays in its record; she leaves it on a day.
        return False


@admin.register(Team)
class TeamAdmin(TerritorialAdmin):
    list_display = ("name", "grid", "station", "members", "state")
    also_shown = ("station",)
    list_filter = (ScopeFilter, PlaceFilter, ("is_active", admin.BooleanFieldListFilter))
    search_fields = ("name",)
    search_help_text = "搜队名"
    fields = ("name", "grid", "station", "about", "is_active")
    autocomplete_fields = ("grid", "station")
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest):
        staying = Count("memberships", filter=Q(memberships__left_on=None))
        return super().get_queryset(request).annotate(member_count=staying)

    def get_inlines(self, request: HttpRequest, obj: Team | None):
        return self.inlines if obj is not None and self.has_change_permission(request, obj) else ()

    def save_model(self, request: HttpRequest, obj: Team, form, change: bool) -> None:
        """Save through the services, which keep the team's unit in step."""
        obj._history_user = request.user
        if change:
            update_team(obj)
            return
        given = form.cleaned_data
        made = create_team(
            by=request.user,
            grid=given["grid"],
            name=given["name"],
            station=given["station"],
            about=given["about"],
            is_active=given["is_active"],
        )
        obj.__dict__.update(made.__dict__)

    @admin.display(description="队员")
    def members(self, team: Team) -> str:
        return f"{team.member_count} 人"

    @admin.display(description="状态", ordering="is_active")
    def state(self, team: Team) -> str:
        return ui.chip("启用", "good") if team.is_active else ui.chip("停用")


class EnteredFilter(DayFilter):
    title, parameter_name, column = "时间", "day", "at"


class EntryFilter(ChoiceFilter):
    title, parameter_name = "类别", "kind"

    def lookups(self, request, model_admin):
        return list(HoursEntry.Kind.choices)

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(kind=chosen) if chosen else queryset


@admin.register(HoursEntry)
class HoursEntryAdmin(ReadOnlyAdmin):
    """The ledger, and the one way to correct it: a line of its own."""

    form = HoursForm
    list_display = ("entered", "person", "number", "kind_chip", "hours_text", "reason", "recorder", "grid")
    list_display_links = ("entered",)
    list_select_related = ("volunteer", "entered_by", "grid")
    list_filter = (EntryFilter, PlaceFilter, EnteredFilter)
    search_fields = ("volunteer__number",)
    search_help_text = "搜志愿者的姓名或编号"
    fields = ("entered", "person", "number", "kind_chip", "hours_text", "reason", "recorder", "grid")
    readonly_fields = ("entered", "person", "number", "kind_chip", "hours_text", "recorder")
    autocomplete_fields = ("volunteer",)

    def related_choices(self, db_field, request: HttpRequest):
        """Return what the list of volunteers shows, so that a name is open in the box where it is open there."""
        if db_field.name == "volunteer":
            return self.admin_site.get_model_admin(Volunteer).get_queryset(request)
        return super().related_choices(db_field, request)

    def get_queryset(self, request: HttpRequest):
        """Return the lines within reach, each with ``clear``: whether the volunteer's name is open to the person."""
        known = Volunteer.objects.restrict(request.user, "contact")
        clear = Exists(known.filter(pk=OuterRef("volunteer_id")))
        return super().get_queryset(request).annotate(clear=clear)

    def get_search_results(self, request: HttpRequest, queryset, search_term: str):
        """Search by number, and by name where names are shown."""
        text = cleaned(search_term).strip()
        named_so = Volunteer.objects.restrict(request.user, "contact").filter(applicant_name__icontains=text)
        found = Q(volunteer__number__icontains=text) | Q(volunteer__in=named_so.values("pk"))
        return (queryset.filter(found) if text else queryset), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.may("add", HoursEntry)

    def get_fields(self, request: HttpRequest, obj: HoursEntry | None = None):
        return ("volunteer", "hours", "reason") if obj is None else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: HoursEntry | None = None):
        return () if obj is None else self.readonly_fields

    def get_form(self, request: HttpRequest, obj=None, change: bool = False, **kwargs: Any):
        if obj is not None:
            kwargs["fields"] = []
        return super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: HoursEntry, form: HoursForm, change: bool) -> None:
        given = form.cleaned_data
        made = adjust_hours(
            given["volunteer"], int(given["hours"] * 2), by=request.user, reason=given["reason"]
        )
        obj.__dict__.update(made.__dict__)

    def row_title(self, obj: HoursEntry) -> str:
        return f"{self.person(obj)} {obj.half_hours / 2:g} 小时"

    @admin.display(description="时间", ordering="at")
    def entered(self, entry: HoursEntry) -> str:
        return ui.cn_short(entry.at)

    @admin.display(description="志愿者")
    def person(self, entry: HoursEntry) -> str:
        return masks.shown(entry.volunteer, "applicant_name", clear=getattr(entry, "clear", False))

    @admin.display(description="记录人")
    def recorder(self, entry: HoursEntry) -> str:
        return masks.person(entry.entered_by)

    @admin.display(description="志愿者编号")
    def number(self, entry: HoursEntry) -> str:
        return entry.volunteer.number

    @admin.display(description="类别", ordering="kind")
    def kind_chip(self, entry: HoursEntry) -> str:
        return ui.chip(entry.get_kind_display(), "info" if entry.kind == "adjust" else "quiet")

    @admin.display(description="时长", ordering="half_hours")
    def hours_text(self, entry: HoursEntry) -> str:
        return (
            f"{entry.half_hours / 2:+g} 小时" if entry.kind == "adjust" else f"{entry.half_hours / 2:g} 小时"
        )
