"""What the desk's lists of a grid's register share."""

from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from governance import masks
from governance.admin.base import TerritorialAdmin
from governance.admin.exporting import Exported
from governance.admin.filters import ChoiceFilter
from governance.permissions import permission, rule_of
from governance.templatetags import ui
from grids import visiting
from grids.models import Entrance, Grid, Household, Premises

#: Lines of a panel beside a form.
MOST_LINES = 50


class DueFilter(ChoiceFilter):
    """What has not been visited for too long, and what was."""

    title, parameter_name = "走访", "visits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("due", "该走访的"), ("never", "没有走访过"), ("done", "按期走访过")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen, before = self.checked(), visiting.due_before()
        return {
            None: lambda: queryset,
            "due": lambda: queryset.due(before),
            "never": lambda: queryset.current().filter(visited_on=None),
            "done": lambda: queryset.current().filter(visited_on__gte=before),
        }[chosen]()


class ThereFilter(ChoiceFilter):
    """What is there, unless what is no more is asked for."""

    title, parameter_name, usual = "状态", "state", "在册"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("closed", "已注销"), ("all", "全部")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen == "all":
            return queryset
        return queryset.exclude(closed_on=None) if chosen == "closed" else queryset.filter(closed_on=None)


class KindFilter(ChoiceFilter):
    """One of the kinds of a column, which subclasses name."""

    column = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (value, label) for value, label in model_admin.model._meta.get_field(self.column).choices if value
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(**{self.column: chosen}) if chosen else queryset


def visited(row: Household | Premises) -> str:
    """Return the day of the last visit, marked where it is too long ago."""
    if not row.is_current:
        return ui.chip(f"{ui.cn_date(row.closed_on)} 注销")
    if row.visited_on is None:
        return ui.chip("没有走访过", "caution")
    words = ui.cn_date(row.visited_on)
    return ui.chip(words, "caution") if row.visited_on < visiting.due_before() else words


class RegisterAdmin(Exported, TerritorialAdmin):
    """What the lists of the register share."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (
            obj is None or getattr(obj, "is_current", True)
        )

    def doors(self, request: HttpRequest) -> QuerySet:
        """Return the doors behind which the person may put a row of this model."""
        doors = Entrance.objects.select_related("building").filter(grid__valid_until=None)
        if request.user.is_superuser:
            return doors
        needed = {permission(self.model, action) for action in (self.add_action, "change")}
        nodes = [
            (p.code, None)
            for p in request.user.posts_in_force
            if needed & p.permissions and p.unit_id is None
        ]
        return doors.filter(rule_of(Entrance).nodes_q(nodes)) if nodes else doors.none()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with the grid, where the person has only one."""
        given = super().get_changeform_initial_data(request)
        found = list(self.places(request, Grid).values_list("pk", flat=True)[:2])
        return {"grid": found[0], **given} if len(found) == 1 else given

    def related_choices(self, db_field: Any, request: HttpRequest) -> Any:
        return (
            self.doors(request) if db_field.name == "entrance" else super().related_choices(db_field, request)
        )

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show or save the row; above the form stands what may be done with it besides, and what belongs to it."""
        context = dict(extra_context or {})
        row = self.get_object(request, object_id) if object_id is not None else None
        if row is not None and request.method == "GET":
            context |= {
                "buttons": self.buttons(request, row), "state": self.state_of(request, row), "panels": self.panels(request, row)
            }  # fmt: skip
        return super().changeform_view(request, object_id, form_url, context)

    def buttons(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:
        """Return what the person may do with a row besides mending its columns: words, url, danger."""
        return []

    def state_of(self, request: HttpRequest, row: Any) -> str:
        """Return what is to be known of a row at once."""
        return ""

    def panels(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:
        """Return what belongs to a row: title, lines of (url, words, small), what is said of none."""
        return []

    def changing(self, request: HttpRequest, object_id: int) -> Any:
        """Return a row in force. Raises Http404 for one that the person may not change."""
        row = self.reach(request, str(object_id))
        if not row.is_current or not request.user.may("change", row):
            raise Http404
        return row

    def beside(self, model: type[models.Model], page: str = "changelist", **query: Any) -> str:
        """Return the address of another model's page, with a query."""
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")
        return f"{address}?{urlencode(query)}" if query else address


def visits_panel(request: HttpRequest, row: Household | Premises) -> dict[str, Any]:
    """Return the last visits to a row, as a panel beside its form."""
    rows = row.visits.restrict(request.user).select_related("by").order_by("-visited_at", "-pk")[:10]
    return {
        "title": "走访记录",
        "lines": [
            (
                reverse("admin:grids_visit_change", args=[visit.pk]),
                f"{ui.cn_short(visit.visited_at)} {visit.get_outcome_display()}",
                masks.person(visit.by),
            )
            for visit in rows
        ],
        "none": "还没有走访过。",
    }


def needs_panel(request: HttpRequest, row: Household | Premises) -> dict[str, Any]:
    """Return the last needs of a row, as a panel beside its form."""
    rows = row.needs.restrict(request.user).order_by("-pk")[:10]
    return {
        "title": "需求",
        "lines": [
            (reverse("admin:grids_need_change", args=[need.pk]), need.words[:40], need.number or "需求清单")
            for need in rows
        ],
        "none": "还没有记过需求。",
    }
