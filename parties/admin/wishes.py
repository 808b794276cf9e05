"""The small wishes at the desk: reviewing, publishing, following them until they are fulfilled."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from governance import masks
from governance.admin.desk import Card, Urgent
from governance.admin.filters import (
    ChannelFilter,
    ChoiceFilter,
    DayFilter,
    LightFilter,
    PlaceFilter,
    StatusFilter,
)
from governance.admin.matters import MatterAdmin
from governance.templatetags import ui
from parties.flow.wishes import services
from parties.forms.wishes import WISH_FORMS
from parties.models import MicroWish, WishStatus

S = WishStatus


class ClaimedByFilter(ChoiceFilter):
    """For whom it was claimed."""

    title, parameter_name = "认领", "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("member", "党员"), ("organisation", "党组织"), ("unit", "结对单位")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return {
            "member": lambda rows: rows.filter(claimer__isnull=False, organisation=None),
            "organisation": lambda rows: rows.filter(organisation__isnull=False),
            "unit": lambda rows: rows.filter(pairing__isnull=False),
        }.get(chosen, lambda rows: rows)(queryset)


@admin.register(MicroWish)
class MicroWishAdmin(MatterAdmin):
    action_forms = WISH_FORMS
    main_actions = ("publish", "assign_unit")
    also_shown = ("pairing", "claimer")
    lines_clear = False
    list_display = (
        "heading", "status_chip", "light_badge", "place", "person", "claimed_by", "due", "opened",
    )  # fmt: skip
    list_filter = (StatusFilter, LightFilter, PlaceFilter, ClaimedByFilter, ChannelFilter, DayFilter)
    tones = {
        S.ASKED: "brand",
        S.RETURNED: "caution",
        S.PUBLISHED: "info",
        S.CLAIMED: "good",
        S.FULFILLED: "good",
        S.REFUSED: "danger",
    }
    export_columns = [
        ("编号", 32, lambda row: row.number),
        ("心愿", 28, lambda row: row.title),
        ("简介", 40, lambda row: row.summary),
        ("社区网格", 24, lambda row: str(row.grid)),
        ("许愿人", 10, lambda row: masks.shown(row, "applicant_name")),
        ("状态", 10, lambda row: row.get_status_display()),
        ("认领", 20, lambda row: claimed_by(row)),
        ("来源", 12, lambda row: row.get_channel_display()),
        ("提出时间", 18, lambda row: row.opened_at),
        ("办结时间", 18, lambda row: row.closed_at),
        ("感谢的话", 40, lambda row: row.thanks),
    ]

    @admin.display(description="许愿人")
    def person(self, wish: MicroWish) -> str:
        return masks.shown(wish, "applicant_name")

    @admin.display(description="认领")
    def claimed_by(self, wish: MicroWish) -> str:
        return claimed_by(wish)

    def facts(self, request: HttpRequest, wish: MicroWish) -> list[tuple[str, Any]]:
        """Return what the wish is about; for which organisation it was claimed is for the party's people."""
        organisation = (
            wish.organisation
            if request.user.may("view", type(wish).organisation.field.related_model)
            else None
        )
        return [
            ("编号", wish.number),
            ("地点", self.place(wish)),
            ("来源", wish.get_channel_display()),
            ("提出时间", ui.cn_datetime(wish.opened_at)),
            ("居民的话", wish.description),
            ("公布的简介", wish.summary),
            ("转为", dict(services()).get(wish.service, "") if wish.service else ""),
            ("认领", claimed_by(wish)),
            ("认领党组织", organisation),
            ("感谢的话", wish.thanks),
            ("办结时间", ui.cn_datetime(wish.closed_at)),
        ]

    def urgent(self, request: HttpRequest, most: int = 10) -> list[Urgent]:
        """Return the wishes whose deadlines come first, to those who review them: no other post has anything to do with one."""
        return super().urgent(request, most) if request.user.may("review", MicroWish) else []

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return what waits for the reviewers."""
        if not request.user.may("review", MicroWish):
            return []
        rows = MicroWish.objects.restrict(request.user, "review").ongoing()
        return [
            self.card(request, "待审核的微心愿", "status=asked", rows.filter(status=S.ASKED), tone="brand", icon="star", order=16),
            self.card(request, "待认领的微心愿", "status=published", rows.filter(status=S.PUBLISHED), tone="info", icon="star", order=17),
        ]  # fmt: skip


def claimed_by(wish: MicroWish) -> str:
    """Return who has claimed a wish, as lists say it."""
    if wish.pairing_id:
        return wish.pairing.name
    return f"党员 {masks.person(wish.claimer)}" if wish.claimer_id else ""
