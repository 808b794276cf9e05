"""The incident desk: the list with lights, dispatching, and taking a report down for somebody who calls."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.fields.related import RelatedField
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils import timezone

from governance import masks
from governance.admin.desk import Card
from governance.admin.filters import (
    ChannelFilter,
    ChoiceFilter,
    DayFilter,
    LightFilter,
    PlaceFilter,
    StatusFilter,
)
from governance.admin.matters import MatterAdmin, link_to
from governance.templatetags import ui
from grids import origins
from incidents.admin import intake
from incidents.admin.figures import FigureFilter
from incidents.admin.whistles import may_call, whistle_line
from incidents.cards import TONES, sent_to
from incidents.forms.actions import INCIDENT_FORMS
from incidents.likeness import alike_of
from incidents.models import Incident, MajorClass, Whistle
from incidents.models.incidents import AT_DESK, IN_HAND
from incidents.models.incidents import IncidentStatus as S


class MajorFilter(ChoiceFilter):
    title, parameter_name = "大类", "major"

    def lookups(self, request, model_admin):
        return [(str(key), name) for key, name in MajorClass.objects.values_list("pk", "name")]

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(minor_class__major=chosen) if chosen else queryset


class WaitFilter(ChoiceFilter):
    """What an incident waits for, across the states."""

    title, parameter_name = "等什么", "wait"

    def lookups(self, request, model_admin):
        return [
            ("desk", "待受理或派遣"),
            ("me", "等我处置"),
            ("unreceived", "接收超时"),
            ("supervised", "督办中"),
            ("returned", "被退回过"),
        ]

    def queryset(self, request, queryset):
        chosen = self.checked()
        if chosen == "desk":
            return queryset.ongoing().filter(status__in=AT_DESK)
        if chosen == "me":
            units = sorted({post.unit_id for post in request.user.posts_in_force if post.unit_id is not None})
            return queryset.of_assignee(request.user, units)
        if chosen == "unreceived":
            return queryset.unreceived()
        if chosen == "supervised":
            return queryset.ongoing().filter(supervised_at__isnull=False)
        if chosen == "returned":
            return queryset.ongoing().filter(returns__gt=0)
        return queryset


class CallbackFilter(ChoiceFilter):
    """What was closed so lately that its reporter can be called back, and whether she was."""

    title, parameter_name = "回访", "callback"

    def lookups(self, request, model_admin):
        return [("due", "待回访"), ("missed", "没联系上")]

    def queryset(self, request, queryset):
        chosen = self.checked()
        if chosen == "due":
            return queryset.to_call_back()
        return queryset.not_reached() if chosen == "missed" else queryset


def origin_of(incident: Incident, user: Any) -> str:
    """Return where a patrol or a self-check found it, as a link for who may open that."""
    came = origins.origin(incident, user)
    return "" if came is None else link_to(came.url, came.words) if came.url else came.words


@admin.register(Incident)
class IncidentAdmin(MatterAdmin):
    add_action = "report"
    action_forms = INCIDENT_FORMS
    bulk_actions = ("accept", "dispatch", "verify_pass", "supervise", "extend")
    main_actions = (
        "receive", "handle", "verify_pass", "take_up", "dispatch", "designate", "rate", "call_back",
    )  # fmt: skip
    also_shown = ("minor_class", "unit", "worker")
    read_in_line = (
        (),
        {
            "minor_class": ("id", "name", "major"),
            "minor_class__major": ("id", "name"),
            "unit": ("id", "name"),
            "worker": ("id", "name", "username"),
        },
    )
    list_display = (
        "heading", "status_chip", "light_badge", "place", "who", "channel", "due", "opened",
    )  # fmt: skip
    list_filter = (
        FigureFilter,
        StatusFilter,
        LightFilter,
        WaitFilter,
        CallbackFilter,
        PlaceFilter,
        MajorFilter,
        ChannelFilter,
        DayFilter,
    )
    tones = TONES
    export_columns = [
        ("编号", 32, lambda row: row.number),
        ("大类", 12, lambda row: row.minor_class.major.name),
        ("小类", 16, lambda row: row.minor_class.name),
        ("状态", 10, lambda row: row.get_status_display()),
        ("网格", 24, lambda row: str(row.grid)),
        ("位置", 24, lambda row: row.spot),
        ("情况", 40, lambda row: row.description),
        ("来源", 12, lambda row: row.get_channel_display()),
        ("报告人", 10, lambda row: masks.shown(row, "applicant_name")),
        ("承办", 18, lambda row: row.assignee),
        ("提交时间", 18, lambda row: row.opened_at),
        ("受理时间", 18, lambda row: row.accepted_at),
        ("派遣时间", 18, lambda row: row.dispatched_at),
        ("接收时间", 18, lambda row: row.received_at),
        ("处置完成", 18, lambda row: row.handled_at),
        ("办结时间", 18, lambda row: row.closed_at),
        ("退回次数", 8, lambda row: row.returns),
        ("满意度", 10, lambda row: row.get_satisfaction_display() if row.satisfaction else ""),
    ]

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).select_related("minor_class__major")

    @admin.display(description="承办", ordering="unit")
    def who(self, incident: Incident) -> str:
        return incident.assignee

    # --- taking a report down -----------------------------------------------------------------------------------------
    def related_choices(self, db_field: RelatedField, request: HttpRequest) -> QuerySet | None:
        """Return where an incident may be reported: nodes and doors in use within reach of the permission to report."""
        if db_field.name == "entrance":
            return intake.doors(request.user)
        return super().related_choices(db_field, request)

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.alike_view)
        return [path("alike/", view, name="incidents_incident_alike"), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.may(self.add_action, Incident)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context=None) -> HttpResponse:
        return intake.take_down(self, request)

    def alike_view(self, request: HttpRequest) -> HttpResponse:
        return intake.alike_part(self, request)

    # --- page -------------------------------------------------------------------------------------------------------
    def facts(self, request: HttpRequest, incident: Incident) -> list[tuple[str, Any]]:
        """Return what the incident is about."""
        rated = (
            f"{incident.get_satisfaction_display()}，{'已解决' if incident.solved else '没有解决'}　{incident.rating_words}"
            if incident.satisfaction
            else ""
        )
        marks = [
            word
            for word, on in (
                ("危及安全", incident.is_urgent),
                ("督办中", incident.supervised_at),
                ("裁定指派", incident.designated),
                (f"退回 {incident.returns} 次", incident.returns),
                (f"整改 {incident.rework} 次", incident.rework),
                (f"重办 {incident.reopened} 次", incident.reopened),
            )
            if on
        ]
        return [
            ("编号", incident.number),
            (
                "类别",
                f"{incident.minor_class.major.name} · {incident.minor_class.name}（{incident.minor_class.limit_text}）",
            ),
            ("地点", incident.where),
            ("情况", incident.description),
            ("来源", incident.get_channel_display()),
            ("出处", origin_of(incident, request.user)),
            ("代报人", incident.placed_by),
            ("提交时间", ui.cn_datetime(incident.opened_at)),
            ("发现时间", ui.cn_datetime(incident.captured_at)),
            ("承办", incident.assignee),
            ("责任人", incident.responsible if incident.is_open else ""),
            ("接收时限", ui.cn_datetime(incident.receive_by) if incident.status == S.DISPATCHED else ""),
            (
                "联系时限",
                ui.cn_datetime(incident.respond_by) if incident.is_open and not incident.responded_at else "",
            ),
            ("已联系", ui.cn_datetime(incident.responded_at)),
            ("挂账至", ui.cn_date(incident.backlog_until) if incident.status == S.BACKLOG else ""),
            ("标记", "、".join(marks)),
            ("办结时间", ui.cn_datetime(incident.closed_at)),
            ("评价", rated),
            ("公开", f"已公开　{incident.public_words}" if incident.published_at else ""),
        ]

    def offered(self, incident: Incident, user: Any) -> list[SimpleNamespace]:
        """Return the buttons, and, for who may call departments to it, the way to the whistle's form."""
        buttons = super().offered(incident, user)
        for button in buttons:
            if button.name == "publish" and incident.published_at:
                button.label = "改公开说明"
        words = may_call(user, incident.grid_id) if incident.is_open else ""
        if words:
            url = f"{reverse('admin:incidents_whistle_add')}?incident={incident.number}"
            hint = "街道自己办不了的，请部门来办"
            buttons.append(SimpleNamespace(label=words, hint=hint, danger=False, url=url, bare=False))
        return buttons

    def step_labels(self, steps: list[Any]) -> dict[int, str]:
        return sent_to(steps)

    def panels(self, request: HttpRequest, incident: Incident, clear: bool) -> list[dict[str, Any]]:
        """Return the incidents that may be the same thing, while somebody decides, those that belong together with this one, and
        the whistles blown for it."""
        within = Incident.objects.restrict(request.user).for_page()
        together = [
            *(("主件（并案）", row) for row in within.filter(pk=incident.merged_into_id)),
            *(("并入本件", row) for row in within.filter(merged_into=incident).order_by("pk")[:50]),
            *(("主件（拆分）", row) for row in within.filter(pk=incident.part_of_id)),
            *(("拆分的一件", row) for row in within.filter(part_of=incident).order_by("pk")[:20]),
        ]
        alike = []
        if incident.status in AT_DESK and incident.part_of_id is None:
            alike = [("、".join(each.reasons), each.incident) for each in alike_of(incident, request.user)]
        whistles = Whistle.objects.restrict(request.user).filter(incidents=incident).order_by("pk")[:20]
        blown = [whistle_line(whistle) for whistle in whistles]
        panels = (
            [{"title": "吹哨", "template": "incidents/desk_whistles.html", "lines": blown}] if blown else []
        )
        return panels + [
            {
                "title": title,
                "template": "incidents/desk_together.html",
                "head": head,
                "lines": [self.line(how, row) for how, row in rows],
            }
            for title, head, rows in (("可能是同一件事", "像在哪里", alike), ("关联事件", "关系", together))
            if rows
        ]

    def line(self, how: str, row: Incident) -> dict[str, Any]:
        """Return one line of a panel of other incidents."""
        return {
            "how": how,
            "what": link_to(reverse("admin:incidents_incident_change", args=[row.pk]), row.title),
            "where": row.where,
            "chip": ui.chip(row.get_status_display(), self.tones.get(row.status, "quiet")),
            "at": ui.cn_short(row.opened_at),
        }

    # --- desk -------------------------------------------------------------------------------------------------------
    def cards(self, request: HttpRequest) -> list[Card]:
        """Return what waits, what is late, what is new."""
        if not request.user.may("view", Incident):
            return []
        now = timezone.localtime()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        rows = Incident.objects.restrict(request.user, "view")
        units = sorted({post.unit_id for post in request.user.posts_in_force if post.unit_id is not None})
        asked = [
            ("接收超时", "wait=unreceived", rows.unreceived(now), "danger", "notification_important", 12),
            ("事件超期", "light=red", rows.red(now), "danger", "error", 21),
            ("事件将到期", "light=yellow", rows.yellow(now), "caution", "warning", 31),
            ("待核查", "status=handled", rows.ongoing().filter(status=S.HANDLED), "info", "fact_check", 32),
            (
                "今日事件",
                "opened=today",
                rows.filter(opened_at__gte=midnight, opened_at__lt=midnight + timedelta(days=1)),
                "info",
                "today",
                41,
            ),
        ]
        if request.user.may("callback", Incident):
            asked.append(("待回访", "callback=due", rows.to_call_back(now), "info", "call", 33))
        # Only those who do something about them: a department's people never see them, an arbiter looks for other things.
        if request.user.may("dispatch", Incident) or request.user.may("report", Incident):
            desk = rows.ongoing().filter(status__in=AT_DESK)
            asked.append(("事件待派遣", "wait=desk", desk, "brand", "move_to_inbox", 11))
        if request.user.may("arbitrate", Incident):
            disputed = rows.ongoing().filter(status=S.DISPUTED)
            asked.append(("待裁定", "status=disputed", disputed, "brand", "gavel", 6))
        if units:
            asked.insert(
                0, ("等本单位处置", "wait=me", rows.of_assignee(request.user, units).filter(status__in=IN_HAND),
                    "brand", "assignment_ind", 5),
            )  # fmt: skip
        return [
            self.card(request, label, query, found, tone=tone, icon=icon, order=order)
            for label, query, found, tone, icon, order in asked
        ]
