"""Joint conferences at the desk: the list, one conference with who came, what was said and what became of it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode

from governance.admin.base import Named, ReadOnlyAdmin
from governance.admin.desk import Card
from governance.admin.exporting import Exported
from governance.admin.filters import ChoiceFilter, DayFilter, PlaceFilter
from governance.admin.verbs import ReasonForm, verb_page
from governance.templatetags import ui
from grids.models import Grid
from parties.forms.conferences import ConferenceForm, RecordForm
from parties.models import Conference, ConferencePhoto, Invitation, PartTimeMember, Task
from parties.models.tasks import directs
from parties.services.conferences import (
    cancel_conference,
    keep_conference,
    members_at,
    record_conference,
    units_near,
)

STATES = {
    "planned": ("待召开", "brand"), "held": ("待记录", "caution"), "recorded": ("已记录", "good"), "cancelled": ("已取消", "quiet"),
}  # fmt: skip
ROWS = {
    "planned": lambda rows: rows.planned(), "held": lambda rows: rows.unrecorded(), "recorded": lambda rows: rows.recorded(),
    "cancelled": lambda rows: rows.exclude(cancelled_on=None),
}  # fmt: skip
MOST_LINES = 200


class StateFilter(ChoiceFilter):
    title, parameter_name = "状态", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, words) for key, (words, _) in STATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return ROWS[chosen](queryset) if chosen else queryset


class HeldFilter(DayFilter):
    """When a conference is or was held."""

    title, parameter_name = "会议日期", "held"
    column = "held_at"


def state_chip(conference: Conference) -> str:
    """Return what a conference is now, as a chip."""
    return ui.chip(*STATES[conference.state])


def of_each(rows: QuerySet) -> Coalesce:
    """Return how many of these rows each conference has."""
    counted = rows.filter(conference=OuterRef("pk")).order_by().values("conference").annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n")), 0)


@admin.register(Conference)
class ConferenceAdmin(Exported, ReadOnlyAdmin):
    list_display = ("heading", "state_shown", "level_shown", "place", "chair", "came", "resolved")
    list_display_links = ("heading",)
    list_filter = (StateFilter, PlaceFilter, HeldFilter)
    search_fields = ("title",)
    search_help_text = "搜会议名称里的字"
    ordering = ("-held_at", "-pk")
    export_columns = [
        ("会议", 34, lambda row: row.title),
        ("层级", 8, lambda row: row.level),
        ("所属", 22, lambda row: str(row.grid)),
        ("时间", 18, lambda row: row.held_at),
        ("地点", 24, lambda row: row.venue),
        ("主持人", 12, lambda row: row.chair),
        ("议题", 50, lambda row: "；".join(row.agenda)),
        ("状态", 10, lambda row: STATES[row.state][0]),
        ("应到", 8, lambda row: row.asked_count),
        ("实到", 8, lambda row: row.came_count if row.state == "recorded" else None),
        ("议定事项", 10, lambda row: row.tasks_count),
        ("已完成", 8, lambda row: row.done_count),
    ]  # fmt: skip

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request).select_related("grid").defer("grid__boundary")
        tasks = Task.objects.restrict(request.user).exclude(status="withdrawn")
        asked = Invitation.objects.all()
        return rows.annotate(
            asked_count=of_each(asked),
            came_count=of_each(asked.filter(present=True)),
            tasks_count=of_each(tasks),
            done_count=of_each(tasks.filter(status="done")),
        )

    @admin.display(description="会议 / 时间", ordering="held_at")
    def heading(self, conference: Conference) -> str:
        return format_html(
            '<span class="dk-heading">{}<small>{}</small></span>', conference.title, ui.cn_short(conference.held_at)
        )  # fmt: skip

    @admin.display(description="状态")
    def state_shown(self, conference: Conference) -> str:
        return state_chip(conference)

    @admin.display(description="层级")
    def level_shown(self, conference: Conference) -> str:
        return conference.level

    @admin.display(description="所属", ordering="grid")
    def place(self, conference: Conference) -> str:
        return str(conference.grid)

    @admin.display(description="应到 / 实到")
    def came(self, conference: Conference) -> str:
        came = conference.came_count if conference.state == "recorded" else "—"
        return f"{conference.asked_count} / {came}"

    @admin.display(description="议定事项")
    def resolved(self, conference: Conference) -> str:
        return (
            f"{conference.tasks_count} 项，完成 {conference.done_count} 项" if conference.tasks_count else ""
        )

    # --- addresses --------------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "parties_conference"
        return [
            path("<int:object_id>/mend/", view(self.mend_view), name=f"{name}_mend"),
            path("<int:object_id>/record/", view(self.record_view), name=f"{name}_record"),
            path("<int:object_id>/cancel/", view(self.cancel_view), name=f"{name}_cancel"),
            *super().get_urls(),
        ]

    # --- the page ---------------------------------------------------------------------------------------------------
    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show a conference."""
        if object_id is None:
            raise Http404
        conference, user = self.reach(request, object_id), request.user
        photos = list(ConferencePhoto.objects.restrict(user).filter(conference=conference))
        for number, photo in enumerate(photos, 1):
            photo.alt = f"会议照片 {number}"
        tasks = (
            Task.objects.restrict(user).filter(conference=conference).select_related("unit").order_by("pk")
        )
        task_admin = self.admin_site.get_model_admin(Task)
        facts = [
            ("层级", f"{conference.level}，{conference.grid}"),
            ("时间", ui.cn_datetime(conference.held_at)),
            ("地点", conference.venue),
            ("主持人", conference.chair),
            ("取消原因", conference.cancelled_why),
        ]
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": conference.title,
            "opts": self.model._meta,
            "original": Named(conference, conference.title),
            "conference": conference,
            "state": state_chip(conference),
            "facts": [(label, value) for label, value in facts if value],
            "buttons": self.buttons(request, conference),
            "came": self.came_lines(user, conference),
            "photos": photos,
            "tasks": [
                {
                    "task": task,
                    "url": task_admin.link(task),
                    "chip": ui.chip(task.get_status_display(), task_admin.tones.get(task.status, "quiet")),
                    "light": ui.light(task.light),
                }
                for task in tasks[:MOST_LINES]
            ],
            "back": self.link(None, "changelist"),
            "history": self.link(conference, "history"),
            "has_permission": True,
        }
        return TemplateResponse(request, "parties/desk_conference.html", context)

    def came_lines(self, user: Any, conference: Conference) -> list[tuple[str, str, str]]:
        """Return who was asked: (whether she came, who, from where). Part-time members are named to those who see their register;
        a unit that was asked too reads how many they are."""
        rows = (
            Invitation.objects.restrict(user).filter(conference=conference).select_related("member", "unit")
        )
        named = set(
            PartTimeMember.objects.restrict(user)
            .filter(pk__in=rows.order_by().values("member"))
            .values_list("pk", flat=True)
        )
        found, unnamed = [], {}
        for row in rows[:MOST_LINES]:
            words = row.words or "应到"
            if row.member_id is None:
                found.append((words, row.unit.name, ""))
            elif row.member_id in named:
                found.append((words, row.member.name, row.member.employer))
            else:
                unnamed[words] = unnamed.get(words, 0) + 1
        return found + [(words, f"兼职委员 {number} 名", "") for words, number in unnamed.items()]

    def buttons(self, request: HttpRequest, conference: Conference) -> list[dict[str, Any]]:
        """Return what the person may do with a conference now, the usual first."""
        user, state, found = request.user, conference.state, []
        if state == "cancelled" or not user.may("change", conference):
            return found
        if state in ("held", "recorded"):
            words = "记录会议" if state == "held" else "修改记录"
            found.append({"words": words, "url": self.link(conference, "record")})
            if directs(user, conference.grid_id):
                there = reverse("admin:parties_task_add")
                found.append(
                    {"words": "登记议定事项", "url": f"{there}?{urlencode({'conference': conference.pk})}"}
                )
        found.append({"words": "修改", "url": self.link(conference, "mend")})
        if state != "recorded":
            found.append({"words": "取消会议", "url": self.link(conference, "cancel"), "danger": True})
        return found

    # --- calling, mending, recording, calling off ---------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.may("add", Conference)

    def form_at(self, request: HttpRequest, place: str, **options: Any) -> ConferenceForm:
        """Return the form for a conference of a place."""
        members = PartTimeMember.objects.restrict(request.user)
        members = members.filter(pk__in=members_at(place).order_by().values("pk")).order_by("pk")
        return ConferenceForm(request.POST or None, members=members, units=units_near(place), **options)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Call a conference of the place that the address names, by default of the person's own."""
        if not self.has_add_permission(request):
            raise Http404
        own = {
            post.code
            for post in request.user.posts_with("parties.add_conference")
            if post.unit_id is None and len(post.code) <= 12
        }
        places = list(Grid.objects.current().filter(code__in=own).defer("boundary").order_by("code"))
        if not places:
            raise Http404
        place = next((each for each in places if each.code == request.GET.get("place")), places[0])
        form = self.form_at(request, place.code)
        asked = form.fields.get("members")
        if asked is not None:
            asked.initial = [member.pk for member in asked.queryset]

        def run(given: dict[str, Any]) -> str:
            units, members = given.pop("units"), given.pop("members", ())
            conference = Conference(grid=place, **given)
            return self.link(keep_conference(conference, by=request.user, units=units, members=members))

        switch = [(f"?{urlencode({'place': each.code})}", each.name, each is place) for each in places]
        return verb_page(
            self, request, title=f"召集{place}联席会议", form=form, run=run, button="登记会议",
            done="已登记，已通知参会单位。", back=self.link(None, "changelist"), template="parties/desk_place_form.html",
            extra={"switch": switch if len(switch) > 1 else []}, hint="已经开过的会也这样登记，再记录会议。",
        )  # fmt: skip

    def changing(self, request: HttpRequest, object_id: int, *states: str) -> Conference:
        """Return a conference in one of these states. Raises Http404 where the person may not change it, or it is in another."""
        conference = self.reach(request, str(object_id))
        if conference.state not in states or not request.user.may("change", conference):
            raise Http404
        return conference

    def mend_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        conference = self.changing(request, object_id, "planned", "held", "recorded")
        asked = list(conference.invitations.all())
        initial: dict[str, Any] = {
            "members": [row.member_id for row in asked if row.member_id],
            "units": [row.unit_id for row in asked if row.unit_id],
            "agenda": "\n".join(conference.agenda),
        }
        initial |= {name: getattr(conference, name) for name in ("title", "held_at", "venue", "chair")}
        form = self.form_at(request, conference.grid_id, initial=initial)
        # Who was asked stays among the choices, in office or not.
        for name, model in (("members", PartTimeMember), ("units", None)):
            if name in form.fields:
                field = form.fields[name]
                rows = (model or field.queryset.model)._default_manager.filter(
                    Q(pk__in=initial[name]) | Q(pk__in=field.queryset.order_by().values("pk"))
                )
                field.queryset = rows.order_by("pk")

        def run(given: dict[str, Any]) -> None:
            units, members = given.pop("units"), given.pop("members", ())
            for name, value in given.items():
                setattr(conference, name, value)
            keep_conference(conference, by=request.user, units=units, members=members)

        return verb_page(
            self, request, title="修改会议", form=form, run=run, done="已保存。", back=self.link(conference),
            obj=conference, button="保存",
        )  # fmt: skip

    def record_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        conference = self.changing(request, object_id, "held", "recorded")
        asked = conference.invitations.select_related("member", "unit")
        # Nobody is there before somebody says so.
        came = [row.pk for row in asked if row.present]
        form = RecordForm(
            request.POST or None,
            request.FILES or None,
            asked=asked,
            initial={"minutes": conference.minutes, "present": came},
        )

        def run(given: dict[str, Any]) -> None:
            present = given.pop("present", ())
            record_conference(conference, by=request.user, present=present, **given)

        return verb_page(
            self, request, title="记录会议", form=form, run=run, done="已记录。议定的事项请接着登记。",
            back=self.link(conference), obj=conference, button="保存记录",
        )  # fmt: skip

    def cancel_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        conference = self.changing(request, object_id, "planned", "held")
        form: forms.Form = ReasonForm(request.POST or None)
        form.fields["reason"].error_messages["required"] = "请填写理由。"

        def run(given: dict[str, Any]) -> None:
            cancel_conference(conference, by=request.user, **given)

        return verb_page(
            self, request, title="取消会议", form=form, run=run, done="已取消。", back=self.link(conference),
            obj=conference, danger=True, button="取消会议",
        )  # fmt: skip

    # --- desk -------------------------------------------------------------------------------------------------------
    def cards(self, request: HttpRequest) -> list[Card]:
        """Return what is to be written down, for those who call conferences."""
        if not request.user.may("add", Conference):
            return []
        rows = Conference.objects.restrict(request.user, "change").unrecorded()
        url = f"{self.link(None, 'changelist')}?state=held"
        return [Card("待记录的会议", url, rows, tone="caution", icon="edit_note", order=20)]
