"""The filters of the party organisation's lists."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from governance.admin.choices import could_be_key
from governance.admin.filters import ChoiceFilter
from parties import frequency, hints
from parties.models import BranchForm, Organisation, PartyOrgType


class KindFilter(ChoiceFilter):
    title, parameter_name = "类别", "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), label) for value, label in PartyOrgType.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(kind=int(chosen)) if chosen else queryset


class FormFilter(ChoiceFilter):
    title, parameter_name = "支部类型", "form"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(BranchForm.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(form=chosen) if chosen else queryset


class InForceFilter(ChoiceFilter):
    """Those in force, unless others are asked for."""

    title, parameter_name, usual = "状态", "state", "在用"
    ended = "已撤销、合并"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("ended", self.ended), ("all", "全部")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen == "all":
            return queryset
        return queryset.exclude(ended_on=None) if chosen == "ended" else queryset.in_force()


class LackingFilter(ChoiceFilter):
    """Those that have a hint, and those whose term is over or ends within half a year."""

    title, parameter_name = "提示", "hint"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("any", "有提示的"),
            ("headless", "没有书记（组长）"),
            ("over", "届满没换届"),
            ("soon", "半年内届满"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen, today = self.checked(), timezone.localdate()
        return {
            "any": lambda rows: rows.filter(hints.lacking(today)),
            "headless": lambda rows: rows.filter(headed=False).exclude(kind=PartyOrgType.STREET_COMMITTEE),
            "over": lambda rows: rows.filter(term_until__lt=today),
            "soon": lambda rows: rows.filter(term_until__gte=today, term_until__lte=today + hints.SOON),
        }.get(chosen, lambda rows: rows)(queryset)


class LifeFilter(ChoiceFilter):
    """Those that are behind with a kind of meeting in the present period or the last one: the lists behind the board's numbers."""

    title, parameter_name = "组织生活", "life"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        kinds = frequency.asked_kinds()
        return [
            ("month", "本月还有没开的"),
            *((f"{kind}.now", f"本期没开{kind.label}") for kind in kinds),
            *((f"{kind}.last", f"上期没开{kind.label}") for kind in kinds),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen is None:
            return queryset
        if chosen == "month":
            return queryset.filter(frequency.behind_this_month())
        kind, when = chosen.split(".")
        span = frequency.now_of(kind)
        return queryset.filter(frequency.behind(kind, span if when == "now" else span.before()))


class OrganisationFilter(ChoiceFilter):
    """The rows of one organisation and of all below it. It stands on a list only when an address names one."""

    title, parameter_name = "党组织", "org"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        named = self.named
        if not could_be_key(named):
            return []
        self.found = Organisation.objects.restrict(request.user).filter(pk=named).first()
        return [(named, self.found.name)] if self.found is not None else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.checked() is None:
            return queryset
        return queryset.filter(Q(units__contains=[self.found.unit_id]))
