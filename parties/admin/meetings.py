"""The meetings of party organisations at the desk: the list, a meeting with who was there, planning one; its month, board and calendar are
in life.py."""

from types import SimpleNamespace
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from governance import masks
from governance.admin.choices import could_be_key
from governance.admin.desk import Card
from governance.admin.filters import ChoiceFilter, DayFilter, PlaceFilter, StatusFilter
from governance.admin.matters import MatterAdmin, link_to
from governance.admin.verbs import verb_page
from governance.templatetags import ui
from parties import frequency
from parties.admin.filters import OrganisationFilter
from parties.admin.life import LifePages
from parties.forms.meetings import MEETING_FORMS, MeetingForm
from parties.frequency import of_quorum
from parties.models import (
    Meeting,
    MeetingKind,
    MeetingStatus,
    Member,
    Organisation,
    kept_by,
)
from parties.services.meetings import plan_meeting

S = MeetingStatus


class MeetingKindFilter(ChoiceFilter):
    title, parameter_name = "类别", "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(MeetingKind.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(kinds__contains=[chosen]) if chosen else queryset


class WhenFilter(DayFilter):
    """When a meeting is or was; those whose day is over and that nobody recorded."""

    title, parameter_name, column = "开会时间", "when", "starts_at"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("coming", "还没开的"), ("unrecorded", "过了日子没记录"), ("month", "本月"), ("last_month", "上月"),
            ("year", "今年"),
        ]  # fmt: skip

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen, today = self.checked(), timezone.localdate()
        if chosen == "coming":
            return queryset.ongoing().filter(starts_at__gte=timezone.now())
        if chosen == "unrecorded":
            return queryset.unrecorded()
        if chosen is None:
            return queryset
        span = frequency.span_of(today, 12 if chosen == "year" else 1)
        span = span.before() if chosen == "last_month" else span
        return queryset.filter(starts_at__gte=span.start, starts_at__lt=span.end)


@admin.register(Meeting)
class MeetingAdmin(LifePages, MatterAdmin):
    add_action = "hold"
    #: What waits for its record has a card; what is planned is not urgent.
    action_forms = MEETING_FORMS
    main_actions = ("record", "supplement", "reschedule")
    change_list_template = "parties/desk_meetings.html"
    also_shown = ("organisation",)
    lines_clear = False
    list_display = (
        "heading",
        "status_chip",
        "light_badge",
        "kinds_shown",
        "organisation_name",
        "starts",
        "came",
    )
    list_filter = (WhenFilter, MeetingKindFilter, StatusFilter, PlaceFilter, OrganisationFilter)
    search_help_text = "搜编号、主题、党组织名称"
    ordering = ("-starts_at", "-pk")
    tones = {S.PLANNED: "brand", S.HELD: "good"}
    export_columns = [
        ("编号", 32, lambda row: row.number),
        ("党组织", 30, lambda row: row.organisation.name),
        ("类别", 20, lambda row: row.kind_words),
        ("主题", 32, lambda row: row.title),
        ("开始时间", 18, lambda row: row.starts_at),
        ("地点", 20, lambda row: row.place),
        ("主持人（讲课人）", 16, lambda row: row.host),
        ("状态", 10, lambda row: row.get_status_display()),
        ("应到", 8, lambda row: row.expected),
        ("实到", 8, lambda row: row.present),
        ("其他参加", 10, lambda row: row.others if row.status == S.HELD else None),
        ("会议记录", 60, lambda row: row.minutes),
    ]

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("search_terms", "organisation__units", "grid__boundary")

    @admin.display(description="类别")
    def kinds_shown(self, meeting: Meeting) -> str:
        return meeting.kind_words

    @admin.display(description="党组织", ordering="organisation")
    def organisation_name(self, meeting: Meeting) -> str:
        return meeting.organisation.name

    @admin.display(description="开会时间", ordering="starts_at")
    def starts(self, meeting: Meeting) -> str:
        return ui.cn_short(meeting.starts_at)

    @admin.display(description="到会")
    def came(self, meeting: Meeting) -> str:
        return f"{meeting.present} / {meeting.expected}" if meeting.status == S.HELD else ""

    def place(self, meeting: Meeting) -> str:
        return meeting.place_text

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {
            "month_url": self.link(None, "months"),
            "board_url": self.link(None, "board"),
            "add_url": self.link(None, "add") if self.has_add_permission(request) else "",
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    # --- page -------------------------------------------------------------------------------------------------------
    def facts(self, request: HttpRequest, meeting: Meeting) -> list[tuple[str, Any]]:
        """Return what a meeting was or is going to be."""
        held = meeting.status == S.HELD
        return [
            ("编号", meeting.number),
            ("党组织", link_to(self.link(None, "month", meeting.organisation_id), meeting.organisation.name)),
            ("类别", meeting.kind_words),
            ("主题", meeting.title),
            ("开始时间", ui.cn_datetime(meeting.starts_at)),
            ("时长", f"{meeting.lasts} 分钟"),
            ("地点", meeting.place),
            ("主持人（讲课人）", meeting.host),
            ("到会", f"应到 {meeting.expected} 人，实到 {meeting.present} 人" if held else ""),
            ("其他参加", f"{meeting.others} 人" if held and meeting.others else ""),
            ("会议记录", meeting.minutes),
        ]

    def panels(self, request: HttpRequest, meeting: Meeting, clear: bool) -> list[dict[str, Any]]:
        """Return who was there, names and reasons in clear to whom the members' names are open, and what is to be looked at."""
        if meeting.status != S.HELD:
            return []
        rows = list(meeting.attendances.restrict(request.user).select_related("member"))
        keys = [row.member_id for row in rows]
        known = set(
            Member.objects.restrict(request.user, "contact").filter(pk__in=keys).values_list("pk", flat=True)
        )
        lines = [
            SimpleNamespace(
                name=row.member.name if row.member_id in known else masks.name(row.member.name),
                state=row.state,
                words=row.get_state_display(),
                why=row.reason if row.member_id in known else "",
            )
            for row in rows
        ]
        groups = [
            (words, [line for line in lines if line.state == value])
            for value, words in (("leave", "请假"), ("absent", "缺席"), ("present", "到会"))
        ]
        return [
            {
                "title": "到会情况",
                "template": "parties/desk_attendance.html",
                "groups": [(words, people) for words, people in groups if people],
                "hints": of_quorum(meeting.kinds, rows),
            }
        ]

    # --- planning ---------------------------------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.may("hold", Meeting)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Plan a meeting of an organisation that the person keeps, or enter one that was held."""
        organisations = kept_by(request.user).order_by("grid", "kind", "pk")
        if not self.has_add_permission(request) or not organisations.exists():
            raise Http404
        given = request.GET.get("organisation", "")
        chosen = organisations.filter(pk=given).first() if could_be_key(given) else None
        chosen = chosen or organisations.first()
        form = MeetingForm(
            request.POST or None,
            organisations=organisations,
            initial={
                "organisation": chosen,
                "kinds": [request.GET.get("kind", "")],
                "place": chosen.address[:80],
            },
        )

        def run(asked: dict[str, Any]) -> str:
            meeting = plan_meeting(by=request.user, **asked)
            if meeting.is_past and meeting.is_open:
                self.message_user(
                    request, "已登记。这一天已经过去，请接着记录到会情况；日期填错的，可以改期。"
                )
                return self.link(meeting, "do", "record")
            self.message_user(request, "已安排。")
            return self.link(meeting)

        return verb_page(
            self,
            request,
            title="安排会议",
            form=form,
            run=run,
            button="安排",
            done="",
            back=self.link(None, "month", chosen.pk),
            hint="本月常规的几个会，可以在“本月”页面一次安排好。",
        )

    # --- desk -------------------------------------------------------------------------------------------------------
    def urgent_rows(self, request: HttpRequest) -> QuerySet:
        """Return what was held and is to be recorded by the person."""
        mine = kept_by(request.user).values("pk")
        return super().urgent_rows(request).unrecorded().filter(organisation__in=mine)

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return what has still to be held this month, and what was held and is not recorded."""
        user = request.user
        if not user.may("view", Meeting):
            return []
        owing = Organisation.objects.restrict(user).in_force().filter(frequency.behind_this_month())
        # Who keeps a branch or group keeps all that she sees; those above look at the list.
        mine = any(p.unit_id for p in user.posts_with("parties.hold_meeting"))
        there = self.link(None, "months") if mine else f"{self.organisations_url()}?life=month"
        late = Meeting.objects.restrict(user).unrecorded()
        return [
            Card(
                "本月还没开的会",
                there,
                owing,
                tone="caution",
                icon="event_upcoming",
                calm="该开的都开了",
                order=20,
            ),
            self.card(
                request,
                "过了日子没记录的会",
                "when=unrecorded",
                late,
                tone="danger",
                icon="edit_calendar",
                order=21,
            ),
        ]
