"""Reviewing showcases: the story, its photos side by side, the consent, and the order it came of."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from governance.admin.desk import Card
from governance.admin.filters import DayFilter, PlaceFilter, ScopeFilter, StatusFilter
from governance.admin.matters import MatterAdmin, link_to
from governance.templatetags import ui
from volunteers.models import Showcase
from volunteers.models.showcases import ShowcaseStatus as S


@admin.register(Showcase)
class ShowcaseAdmin(MatterAdmin):
    list_display = (
        "heading",
        "status_chip",
        "light_badge",
        "item",
        "place",
        "consent",
        "opened",
    )
    list_filter = (ScopeFilter, StatusFilter, PlaceFilter, DayFilter)
    also_shown = ("order__item",)
    bulk_actions = ("approve",)
    tones = {S.SUBMITTED: "brand", S.RETURNED: "caution", S.PUBLISHED: "good"}
    on_desk = False
    search_help_text = "搜编号、标题或故事里的词"

    @admin.display(description="服务项目")
    def item(self, showcase: Showcase) -> str:
        return showcase.order.item.name

    def facts(self, request: HttpRequest, showcase: Showcase) -> list[tuple[str, Any]]:
        """Return what the reviewer weighs: the story, the consent and the order behind it."""
        order = showcase.order
        agreed = showcase.get_consent_display(), ui.cn_date(showcase.consent_at)
        behind = order.number
        if request.user.may("view", order):
            behind = link_to(reverse("admin:volunteers_order_change", args=[order.pk]), order.number)
        return [
            ("编号", showcase.number),
            ("服务项目", order.item),
            ("服务订单", behind),
            ("地点", showcase.grid),
            ("受助人同意", "，".join(filter(None, agreed))),
            ("墙上署名", showcase.signature or "一位志愿者"),
            ("提交时间", ui.cn_datetime(showcase.opened_at)),
            ("故事", showcase.description),
        ]

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return the showcases that wait for review."""
        if not request.user.may("review", Showcase):
            return []
        rows = Showcase.objects.restrict(request.user, "review").filter(status=S.SUBMITTED)
        return [
            self.card(
                request, "晒单待审核", "status=submitted", rows, tone="brand", icon="photo_library", order=70
            )
        ]
