"""The systems that send incidents: their switch, rate and key, and the log of what they were answered."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from governance.admin.base import Named, ReadOnlyAdmin, TerritorialAdmin
from governance.admin.desk import Card
from governance.admin.filters import ChoiceFilter, DayFilter
from governance.admin.verbs import ReasonForm, verb_page
from governance.templatetags import ui
from incidents.models import Source, SourceCall
from incidents.services import sources


def midnight():
    """Return the beginning of today."""
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


@admin.register(Source)
class SourceAdmin(TerritorialAdmin):
    change_form_outer_before_template = "incidents/desk_source_tools.html"
    list_display = ("name", "key", "channel", "switch", "rate", "last_used", "calls_today", "refused_today")
    list_display_links = ("name",)
    search_fields = ("key", "name")
    search_help_text = "搜标识或名称"
    list_filter = (("is_active", admin.BooleanFieldListFilter),)
    fields = (("key", "name"), ("channel", "per_minute"), "is_active")

    # --- list ---------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest):
        today = SourceCall.objects.filter(source=OuterRef("pk"), at__gte=midnight()).order_by()

        def number(rows: Any) -> Any:
            return Coalesce(Subquery(rows.values("source").annotate(n=Count("pk")).values("n")), 0)

        return (
            super()
            .get_queryset(request)
            .annotate(calls_number=number(today), refused_number=number(today.filter(answer__gte=400)))
        )

    @admin.display(description="状态", ordering="is_active")
    def switch(self, source: Source) -> str:
        return ui.chip("启用", "good") if source.is_active else ui.chip("停用", "danger")

    @admin.display(description="每分钟最多", ordering="per_minute")
    def rate(self, source: Source) -> str:
        return f"{source.per_minute} 次"

    @admin.display(description="最近来件", ordering="last_used_at")
    def last_used(self, source: Source) -> str:
        return ui.cn_short(source.last_used_at) or "从未"

    @admin.display(description="今日来件")
    def calls_today(self, source: Source) -> int:
        return source.calls_number

    @admin.display(description="今日被拒")
    def refused_today(self, source: Source) -> Any:
        return ui.chip(str(source.refused_number), "caution") if source.refused_number else 0

    # --- the form -----------------------------------------------------------------------------------------------------
    def formfield_for_choice_field(self, db_field, request: HttpRequest, **kwargs: Any):
        if db_field.name == "channel":
            kwargs["choices"] = [(each.value, each.label) for each in sources.CHANNELS]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Source | None = None) -> tuple[str, ...]:
        # What came in carries the key for good.
        return ("key",) if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Source, form, change: bool) -> None:
        """Save by the services, which keep the account and the access log in step."""
        if change:
            sources.change_source(obj, request.user, request=request)
            return
        made, request.new_key = sources.create_source(
            obj.key,
            obj.name,
            obj.channel,
            request.user,
            per_minute=obj.per_minute,
            is_active=obj.is_active,
            request=request,
        )
        obj.pk, obj.account, obj.key_made_at = made.pk, made.account, made.key_made_at
        obj._state.adding = False

    def response_add(self, request: HttpRequest, obj: Source, post_url_continue=None) -> HttpResponse:
        return self.key_page(request, obj, request.new_key)

    def changeform_view(
        self, request: HttpRequest, object_id=None, form_url: str = "", extra_context=None
    ) -> HttpResponse:
        context = {"key_url": "", **(extra_context or {})}
        if object_id is not None:
            source = self.get_object(request, object_id)
            if source is not None and self.has_change_permission(request, source):
                context |= {
                    "key_url": self.link(source, "key"),
                    "key_made_at": source.key_made_at,
                    "calls_url": f"{SourceCallAdmin.address()}?source={source.pk}",
                }
        return super().changeform_view(request, object_id, form_url, context)

    # --- the key ------------------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.key_view)
        return [path("<int:object_id>/key/", view, name="incidents_source_key"), *super().get_urls()]

    def key_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Make a new key for a reason that the access log keeps, and show it, once."""
        source = self.reach(request, str(object_id))
        if not self.has_change_permission(request, source):
            raise Http404
        return verb_page(
            self,
            request,
            title="生成新密钥",
            form=ReasonForm(request.POST or None),
            run=lambda given: self.key_page(
                request, source, sources.renew_key(source, request.user, given["reason"], request=request)
            ),
            done="",
            back=self.link(source),
            obj=source,
            hint="旧密钥立即失效，对方系统换上新密钥以前不能来件。新密钥只显示一次。",
            danger=True,
        )

    def key_page(self, request: HttpRequest, source: Source, secret: str) -> HttpResponse:
        """Show a new key. It is kept nowhere, so this page is the only one that ever shows it."""
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": "新密钥",
            "subtitle": source.name,
            "opts": self.model._meta,
            "original": Named(source, source.name),
            "source": source,
            "secret": secret,
            "address": request.build_absolute_uri("/api/v1/sources/incidents"),
            "back": self.link(source),
        }
        return TemplateResponse(request, "incidents/desk_source_key.html", context)

    # --- the desk -----------------------------------------------------------------------------------------------------
    def cards(self, request: HttpRequest) -> list[Card]:
        """Return how many calls were refused today, for whoever looks after the sources."""
        if not request.user.may("change", Source):
            return []
        rows = SourceCall.objects.restrict(request.user).filter(at__gte=midnight(), answer__gte=400)
        url = f"{SourceCallAdmin.address()}?answer=refused&day=today"
        return [Card("今日被拒的来件", url, rows, tone="caution", icon="sensors", order=30)]


class SourceFilter(ChoiceFilter):
    title, parameter_name = "来源系统", "source"

    def lookups(self, request, model_admin):
        return [(str(key), name) for key, name in Source.objects.values_list("pk", "name")[:100]]

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(source=chosen) if chosen else queryset


class AnswerFilter(ChoiceFilter):
    title, parameter_name = "结果", "answer"

    def lookups(self, request, model_admin):
        return [
            ("new", "新登记"),
            ("done", "重复或查询"),
            ("refused", "被拒"),
            ("often", "太频繁"),
            ("broken", "系统出错"),
        ]

    def queryset(self, request, queryset):
        narrow = {
            "new": {"answer": 201},
            "done": {"answer": 200},
            "refused": {"answer__gte": 400},
            "often": {"answer": 429},
            "broken": {"answer__gte": 500},
        }
        chosen = self.checked()
        return queryset.filter(**narrow[chosen]) if chosen else queryset


class CalledFilter(DayFilter):
    title, parameter_name, column = "时间", "day", "at"


@admin.register(SourceCall)
class SourceCallAdmin(ReadOnlyAdmin):
    list_display = ("when", "source", "answer_chip", "reference", "words")
    list_display_links = ("when",)
    list_select_related = ("source",)
    list_filter = (SourceFilter, AnswerFilter, CalledFilter)
    search_fields = ("reference",)
    search_help_text = "搜来源编号"
    fields = ("when", "source", "answer_chip", "reference", "words")
    readonly_fields = ("when", "answer_chip")

    @staticmethod
    def address() -> str:
        """Return the address of the list."""
        return admin.site._registry[SourceCall].link(None, "changelist")

    @admin.display(description="时间", ordering="at")
    def when(self, call: SourceCall) -> str:
        return f"{timezone.localtime(call.at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="应答", ordering="answer")
    def answer_chip(self, call: SourceCall) -> str:
        if call.answer < 400:
            return ui.chip("新登记" if call.answer == 201 else "已答复", "good")
        word = {401: "密钥不对", 403: "已停用", 404: "没有找到", 413: "太大", 429: "太频繁"}.get(
            call.answer, "系统出错" if call.answer >= 500 else "内容有误"
        )
        return ui.chip(f"{word} {call.answer}", "danger" if call.answer >= 500 else "caution")
