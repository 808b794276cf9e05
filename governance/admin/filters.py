"""The filters that lists share: state, light, place within reach, day, channel, and whose rows.

A value that a filter does not offer shows the list without filters instead of an error.
"""

from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, QuerySet
from django.utils import timezone

from governance.models.matters import Channel
from governance.permissions import EVERYTHING, NOTHING, rule_of
from governance.territory import COLUMN, GridLevel, level_of, lineage


class ChoiceFilter(SimpleListFilter):
    """A filter whose value must be one that it offers."""

    #: What the first choice is called, where a list begins with fewer rows than all: then "all" is a choice of its own.
    usual = ""

    @property
    def named(self) -> str:
        """What the address asks of this filter, as text; empty for nothing."""
        return str(self.used_parameters.get(self.parameter_name) or "")

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": self.usual} if self.usual else first
        yield from others

    def checked(self) -> str | None:
        """Return the chosen value, None when nothing is chosen.

        Raises IncorrectLookupParameters for a value that is not offered.
        """
        chosen = self.value()
        if chosen is None or chosen == "":
            return None
        if chosen not in {str(value) for value, _ in self.lookup_choices}:
            raise IncorrectLookupParameters
        return chosen


class StatusFilter(ChoiceFilter):
    """The matter's state."""

    title, parameter_name = "状态", "status"

    def lookups(self, request, model_admin) -> list[tuple[str, str]]:
        return [("ongoing", "未办结"), *model_admin.model._meta.get_field("status").choices]

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen is None:
            return queryset
        if chosen == "ongoing":
            return queryset.ongoing()
        # Whoever asks for a state that is not a last one is led to the index of what is unfinished.
        rows = queryset if chosen in queryset.model.flow.final else queryset.ongoing()
        return rows.filter(status=chosen)


class LightFilter(ChoiceFilter):
    """The deadline's light; computed from the deadline as the page is asked for."""

    title, parameter_name = "时限灯", "light"

    def lookups(self, request, model_admin) -> list[tuple[str, str]]:
        return [("red", "红·已超期"), ("yellow", "黄·将到期"), ("green", "绿·正常"), ("paused", "已暂停计时")]

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        chosen, now = self.checked(), timezone.now()
        if chosen == "red":
            return queryset.red(now)
        if chosen == "yellow":
            return queryset.yellow(now)
        if chosen == "green":
            return queryset.ongoing().filter(paused_at=None, yellow_at__gt=now)
        if chosen == "paused":
            return queryset.ongoing().filter(paused_at__isnull=False)
        return queryset


class PlaceFilter(ChoiceFilter):
    """A node within reach: first the nodes of the person's posts and what lies right below, then step by step down."""

    title, parameter_name = "地点", "place"

    def lookups(self, request, model_admin) -> list[tuple[str, str]]:
        # The code that the address already names is looked up along with its neighbours, so one query serves all.
        named = self.named
        named = named if named.isascii() and named.isdigit() and len(named) in GridLevel.values else ""
        codes = {post.code for post in request.user.posts_in_force}
        tops = codes or ({named[:6]} if named else set())
        above = (
            {code for code in lineage(named) if any(code.startswith(top) for top in tops)} if named else set()
        )
        Grid = apps.get_model("grids", "Grid")
        below = {named} if above else tops
        wanted = Q(code__in=tops | above) | Q(parent_id__in=below)
        if request.user.is_superuser and not tops:
            wanted = Q(parent_id=None)
        rows = Grid.objects.filter(wanted).order_by("code")
        return [
            (g.code, f"{'　' * max(0, len(g.code) // 3 - 2)}{g.name}")
            for g in rows.only("code", "name")[:200]
        ]

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen is None:
            return queryset
        column = COLUMN.get(level_of(chosen), getattr(rule_of(queryset.model), "base", "grid"))
        return queryset.filter(**{column: chosen})


class ChannelFilter(ChoiceFilter):
    """By which way a matter came in."""

    title, parameter_name = "来源", "channel"

    def lookups(self, request, model_admin) -> list[tuple[str, str]]:
        return list(Channel.choices)

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset if chosen is None else queryset.filter(channel=chosen)


class DayFilter(ChoiceFilter):
    """When a matter came in, counted in local days."""

    title, parameter_name = "提交日期", "opened"
    column = "opened_at"

    def lookups(self, request, model_admin) -> list[tuple[str, str]]:
        return [("today", "今天"), ("week", "近 7 天"), ("month", "近 30 天"), ("year", "今年以来")]

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen is None:
            return queryset
        midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        since = {
            "today": midnight,
            "week": midnight - timedelta(days=6),
            "month": midnight - timedelta(days=29),
            "year": midnight.replace(month=1, day=1),
        }[chosen]
        return queryset.filter(**{f"{self.column}__gte": since})


class ScopeFilter(ChoiceFilter):
    """Whose rows: those that the person's posts reach, or everything that is public too. Begins with the former."""

    title, parameter_name, usual = "范围", "scope", "我的管辖范围"

    def lookups(self, request, model_admin) -> list[tuple[str, str]]:
        return [("all", "全部公开的")]

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        if self.checked() == "all" or request.user.is_superuser:
            return queryset
        reached = rule_of(queryset.model).jurisdiction(queryset.model, request.user, "view")
        if reached is EVERYTHING:
            return queryset
        return queryset.none() if reached is NOTHING else queryset.filter(reached)
