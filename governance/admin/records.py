"""What is only read: the access log, superuser modes, case-by-case shares, what came in, text messages, heartbeats."""

import re
from datetime import datetime

from django.contrib import admin
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from governance import health, intake, masks
from governance.admin.base import ReadOnlyAdmin, by_name, cleaned
from governance.admin.desk import Card
from governance.admin.filters import ChannelFilter, ChoiceFilter, DayFilter, PlaceFilter
from governance.models import AccessEvent, Elevation, Heartbeat, Intake, Share, TextMessage
from governance.templatetags import ui


class HappenedFilter(DayFilter):
    title, parameter_name, column = "时间", "day", "at"


class KindFilter(ChoiceFilter):
    title, parameter_name = "事项", "kind"

    def lookups(self, request, model_admin):
        return list(AccessEvent.Kind.choices)

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(kind=chosen) if chosen else queryset


@admin.register(AccessEvent)
class AccessEventAdmin(ReadOnlyAdmin):
    list_display = ("when", "kind_chip", "person", "summary", "reason", "address")
    list_display_links = ("when",)
    list_select_related = ("actor",)
    list_filter = (KindFilter, HappenedFilter)
    search_fields = ("summary", "reason")
    search_help_text = "搜工作人员的姓名、登录名，或内容、理由"
    fields = ("when", "kind_chip", "person", "summary", "reason", "content_type", "object_pk", "address")
    readonly_fields = ("when", "kind_chip", "person")

    def get_search_results(self, request: HttpRequest, queryset, search_term: str):
        """Search by what was done and why, and by name where names are shown."""
        text = cleaned(search_term).strip()
        found = by_name(text, "actor__") | Q(summary__icontains=text) | Q(reason__icontains=text)
        return (queryset.filter(found) if text else queryset), False

    @admin.display(description="操作人")
    def person(self, event: AccessEvent) -> str:
        return masks.person(event.actor) if event.actor_id else ""

    TONES = {"login_failed": "danger", "reveal": "caution", "export": "caution", "elevate": "danger"}

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return today's looks, exports and failed sign-ins, for the auditor."""
        if not request.user.may("view", AccessEvent):
            return []
        midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        rows = self.get_queryset(request).filter(at__gte=midnight)
        here = self.link(None, "changelist")
        return [
            Card(
                label,
                f"{here}?kind={kind}&day=today",
                rows.filter(kind=kind),
                icon=icon,
                order=order,
                tone=tone,
            )
            for order, (kind, label, icon, tone) in enumerate(
                [
                    ("reveal", "今天查看个人信息", "visibility", "caution"),
                    ("export", "今天导出", "download", "caution"),
                    ("login_failed", "今天登录失败", "lock", "danger"),
                    ("appoint", "今天任命", "badge", "info"),
                ],
                start=10,
            )
        ]

    @admin.display(description="时间", ordering="at")
    def when(self, event: AccessEvent) -> str:
        return f"{timezone.localtime(event.at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="事项", ordering="kind")
    def kind_chip(self, event: AccessEvent) -> str:
        return ui.chip(event.get_kind_display(), self.TONES.get(event.kind, "quiet"))


@admin.register(Elevation)
class ElevationAdmin(ReadOnlyAdmin):
    list_display = ("user", "reason", "started_at", "until", "ended_at", "state")
    list_select_related = ("user",)
    search_fields = ("user__name", "user__username", "reason")
    fields = ("user", "reason", "started_at", "until", "ended_at")

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return the superuser modes that are on now."""
        if not request.user.may("view", Elevation):
            return []
        rows = self.get_queryset(request).running()
        return [
            Card(
                "正在运行的超级管理模式",
                self.link(None, "changelist"),
                rows,
                tone="danger",
                icon="key",
                order=5,
            )
        ]

    @admin.display(description="状态")
    def state(self, elevation: Elevation) -> str:
        running = elevation.ended_at is None and elevation.until > timezone.now()
        return ui.chip("进行中", "danger") if running else ui.chip("已结束")


@admin.register(Share)
class ShareAdmin(ReadOnlyAdmin):
    list_display = ("person", "content_type", "object_pk", "reason", "giver", "given_at", "ended_at")
    list_display_links = ("person",)
    list_select_related = ("user", "given_by", "content_type")
    search_fields = ("reason",)
    search_help_text = "搜工作人员的姓名、登录名，或理由"
    readonly_fields = ("person", "giver", "ender")
    fields = (
        "person",
        "content_type",
        "object_pk",
        "actions",
        "reason",
        "giver",
        "given_at",
        "ender",
        "ended_at",
    )

    def get_search_results(self, request: HttpRequest, queryset, search_term: str):
        """Search by reason, and by name where names are shown."""
        text = cleaned(search_term).strip()
        found = by_name(text, "user__") | by_name(text, "given_by__") | Q(reason__icontains=text)
        return (queryset.filter(found) if text else queryset), False

    @admin.display(description="被授权人")
    def person(self, share: Share) -> str:
        return masks.person(share.user)

    @admin.display(description="授权人")
    def giver(self, share: Share) -> str:
        return masks.person(share.given_by) if share.given_by_id else ""

    @admin.display(description="收回人")
    def ender(self, share: Share) -> str:
        return masks.person(share.ended_by) if share.ended_by_id else ""


class ReceivedFilter(DayFilter):
    title, parameter_name, column = "收到时间", "received", "received_at"


@admin.register(Intake)
class IntakeAdmin(ReadOnlyAdmin):
    list_display = ("number_or_id", "title", "kind_name", "channel", "grid", "name_masked", "received")
    list_select_related = ("grid",)
    list_filter = (ChannelFilter, PlaceFilter, ReceivedFilter)
    search_fields = ("number", "title")
    search_help_text = "搜编号或标题"
    ordering = ("-received_at", "-pk")
    fields = (
        "number_or_id", "title", "kind_name", "channel", "source", "grid", "name_masked", "phone_masked", "received",
        "referred_from",
    )  # fmt: skip
    readonly_fields = ("number_or_id", "kind_name", "name_masked", "phone_masked", "received")

    @admin.display(description="编号", ordering="number")
    def number_or_id(self, came: Intake) -> str:
        return came.number or came.source_id

    @admin.display(description="类别", ordering="kind")
    def kind_name(self, came: Intake) -> str:
        return intake.kinds().get(came.kind, came.kind)

    @admin.display(description="申请人")
    def name_masked(self, came: Intake) -> str:
        return masks.name(came.applicant_name)

    @admin.display(description="联系电话")
    def phone_masked(self, came: Intake) -> str:
        return masks.phone(came.applicant_phone)

    @admin.display(description="收到时间", ordering="received_at")
    def received(self, came: Intake) -> str:
        return ui.cn_short(came.received_at)


class SentFilter(ChoiceFilter):
    title, parameter_name = "状态", "status"

    def lookups(self, request, model_admin):
        return list(TextMessage.Status.choices)

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(status=chosen) if chosen else queryset


@admin.register(TextMessage)
class TextMessageAdmin(ReadOnlyAdmin):
    list_display = ("created", "phone_masked", "text", "state", "failure")
    list_display_links = ("created",)
    list_filter = (SentFilter,)
    fields = ("created", "phone_masked", "text", "state", "sent_at", "failure")
    readonly_fields = ("created", "phone_masked", "text", "state")

    TONES = {"sent": "good", "failed": "danger", "queued": "info"}

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return the messages that did not go out, for the system administrator."""
        if not request.user.may("view", TextMessage):
            return []
        rows, here = self.get_queryset(request), self.link(None, "changelist")
        return [
            Card(
                "发送失败的短信",
                f"{here}?status=failed",
                rows.filter(status="failed"),
                tone="danger",
                icon="sms_failed",
                order=10,
            ),
            Card(
                "等待发送的短信",
                f"{here}?status=queued",
                rows.filter(status="queued"),
                icon="schedule_send",
                order=20,
            ),
        ]

    @admin.display(description="时间", ordering="created_at")
    def created(self, message: TextMessage) -> str:
        return ui.cn_short(message.created_at)

    @admin.display(description="手机号")
    def phone_masked(self, message: TextMessage) -> str:
        return masks.phone(message.phone)

    @admin.display(description="内容")
    def text(self, message: TextMessage) -> str:
        """The words, without the code that would sign its reader in as someone else."""
        return re.sub(r"\d{4,8}", "******", message.body) if "验证码" in message.body else message.body

    @admin.display(description="状态", ordering="status")
    def state(self, message: TextMessage) -> str:
        return ui.chip(message.get_status_display(), self.TONES[message.status])


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    """The table of what must run, in place of a list of rows: what never ran has no row."""

    fields = ("machine", "at", "state")
    readonly_fields = ("machine", "state")

    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        """Show every machine that must run, when it last showed itself, and whether that is recent enough."""
        if not self.has_view_permission(request):
            raise Http404
        beats = {beat.name: beat for beat in self.get_queryset(request)}
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": self.model._meta.verbose_name_plural,
            "opts": self.model._meta,
            "lines": [
                {
                    "name": health.MACHINES.get(name, name),
                    "duty": health.DUTIES.get(name, ""),
                    "at": beats[name].at if name in beats else None,
                    "state": state_chip(name, beats[name].at if name in beats else None),
                    "url": self.link(beats[name]) if name in beats else "",
                }
                for name in [*health.MACHINES, *sorted(beats.keys() - health.MACHINES.keys())]
            ],
            **(extra_context or {}),
        }
        return TemplateResponse(request, "governance/desk_heartbeats.html", context)

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return how many machines are late or never ran, for the system administrator."""
        if not request.user.may("view", Heartbeat):
            return []
        return [
            Card(
                label="运行异常",
                url=self.link(None, "changelist"),
                count=str(len(health.ailing())),
                tone="danger",
                icon="monitor_heart",
                calm="都在运行",
                order=5,
            )
        ]

    def row_title(self, beat: Heartbeat) -> str:
        return health.MACHINES.get(beat.name, beat.name)

    @admin.display(description="名称")
    def machine(self, beat: Heartbeat) -> str:
        return self.row_title(beat)

    @admin.display(description="状态")
    def state(self, beat: Heartbeat) -> str:
        return state_chip(beat.name, beat.at)


def state_chip(name: str, at: datetime | None) -> str:
    """Return in words whether a machine that last showed itself ``at`` works."""
    state = health.state_of(name, at, timezone.now())
    if state == "ok":
        return ui.chip("正常", "good")
    if state == "never":
        return ui.chip("从未运行", "danger")
    minutes = int(health.allowed_age(name).total_seconds() // 60)
    words = f"{minutes // 60} 小时" if minutes >= 120 else f"{minutes} 分钟"
    return ui.chip(f"超过 {words}没有动静", "danger")
