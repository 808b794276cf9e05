"""The filters of the list of disputes, and those that lead from the figures of screenings to their rows."""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest

from governance.admin.choices import could_be_key
from governance.admin.filters import ChoiceFilter, DayFilter
from mediation.models import Category, Grade, Screening, ScreeningReport
from mediation.reports.screening import COUNTED, FOUND

#: So many campaigns are offered; an address may name any other within reach.
MOST_OFFERED = 20


class FoundFilter(ChoiceFilter):
    """The disputes that a campaign found (``s12``), those of them that were settled (``s12.settled``), or those that one report
    found (``r5``). It stands on the list only when an address names one."""

    title, parameter_name = "排查发现", "found"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        named = self.named
        if not named:
            return []
        key, _, figure = named[1:].partition(".")
        model = {"s": Screening, "r": ScreeningReport}.get(named[0])
        if model is None or not could_be_key(key) or (figure and figure not in FOUND):
            raise IncorrectLookupParameters
        self.row = model.objects.restrict(request.user).filter(pk=key).first()
        if self.row is None:
            raise IncorrectLookupParameters
        self.figure = figure or "found"
        return [(named, f"{self.row} · {FOUND[self.figure].label}")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.checked() is None:
            return queryset
        via = "found_in__screening" if isinstance(self.row, Screening) else "found_in"
        return queryset.filter(FOUND[self.figure].when, **{via: self.row.pk})


class ScreeningFilter(ChoiceFilter):
    """The reports of one campaign, or of none."""

    title, parameter_name = "排查行动", "screening"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        named = self.named
        rows = Screening.objects.restrict(request.user)
        offered = {row.pk: row.name for row in rows.order_by("-since", "-pk")[:MOST_OFFERED]}
        if could_be_key(named) and int(named) not in offered:
            offered |= {row.pk: row.name for row in rows.filter(pk=named)}
        return [*((str(key), name) for key, name in offered.items()), ("none", "平时的排查")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen is None:
            return queryset
        return queryset.filter(screening=None if chosen == "none" else chosen)


class CountedFilter(ChoiceFilter):
    """The reports that counted something."""

    title, parameter_name = "防住了什么", "counted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, figure.label) for key, figure in COUNTED.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(COUNTED[chosen].when) if chosen else queryset


class ScreenedFilter(DayFilter):
    title, parameter_name, column = "排查日期", "day", "day"


class CategoryFilter(ChoiceFilter):
    title, parameter_name = "类别", "category"

    def lookups(self, request, model_admin):
        return Category.choices

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(category=chosen) if chosen else queryset


class GradeFilter(ChoiceFilter):
    title, parameter_name = "等级", "grade"

    def lookups(self, request, model_admin):
        return Grade.choices

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(grade=chosen) if chosen else queryset


class DutyFilter(ChoiceFilter):
    """What a file waits for, across the states."""

    title, parameter_name = "等什么", "wait"

    def lookups(self, request, model_admin):
        return [("consent", "等当事人答复"), ("follow_up", "到期回访"), ("mine", "我调解的")]

    def queryset(self, request, queryset):
        chosen = self.checked()
        if chosen == "consent":
            return queryset.waiting_for_consent()
        if chosen == "follow_up":
            return queryset.to_follow_up()
        return queryset.mediated_by(request.user) if chosen == "mine" else queryset
