"""How the list of care plans is narrowed: colour, how a plan stands today, who answers for it."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from governance import masks
from governance.admin.filters import ChoiceFilter
from governance.models import User
from grids.models import CareCarer, CareColour, CarePlan

#: A consent that ends within so many days is worth a look.
SOON = timedelta(days=30)


class ColourFilter(ChoiceFilter):
    title, parameter_name = "颜色", "colour"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(CareColour.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(colour=chosen) if chosen else queryset


class StandFilter(ChoiceFilter):
    """How a plan stands today; those that run, unless others are asked for."""

    title, parameter_name, usual = "进度", "state", "进行中"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("overdue", "已逾期"),
            ("today", "今天到期"),
            ("ending", "同意 30 天内到期"),
            ("uncared", "没有责任人"),
            ("ended", "已结束"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        today = timezone.localdate()
        return {
            None: lambda rows: rows.open(),
            "overdue": lambda rows: rows.overdue(today),
            "today": lambda rows: rows.open().filter(due_on=today),
            "ending": lambda rows: rows.ending(today + SOON),
            "uncared": lambda rows: rows.uncared(),
            "ended": lambda rows: rows.exclude(ended_on=None),
        }[self.checked()](queryset)


class CarerFilter(ChoiceFilter):
    """Whose plans: of those who answer for one within reach."""

    title, parameter_name = "责任人", "carer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        reached = CarePlan.objects.restrict(request.user).open().order_by()
        carers = CareCarer.objects.filter(until=None, plan__in=reached.values("pk")).order_by()
        people = User.objects.filter(pk__in=carers.values("user")).order_by("name", "pk")[:200]
        return [(str(person.pk), masks.person(person)) for person in people]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen is None:
            return queryset
        return queryset.filter(
            Exists(CareCarer.objects.filter(plan=OuterRef("pk"), user=int(chosen), until=None))
        )
