"""Whom a party would have as mediator, as she says it on her phone."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Case, QuerySet, Value, When

from governance.forms import ActionForm
from mediation.flow.handling import mediators_for
from mediation.models import Category, Mediator

#: So many mediators are offered, the nearest first.
MOST_MEDIATORS = 30


def in_this_order(found: Sequence[Mediator], rows: QuerySet | None = None) -> QuerySet:
    """Return a queryset of these mediators, of ``rows``, in the order in which they are given."""
    rows = Mediator.objects.all() if rows is None else rows
    if not found:
        return rows.none()
    order = Case(*[When(pk=row.pk, then=Value(place)) for place, row in enumerate(found)])
    return rows.filter(pk__in=[row.pk for row in found]).order_by(order)


class MediatorField(forms.ModelChoiceField):
    """A mediator by name, with what she knows best and which tongues she speaks."""

    def label_from_instance(self, mediator: Mediator) -> str:
        knows = "、".join(Category(key).label for key in mediator.specialities)
        return " · ".join(filter(None, (str(mediator.user), str(mediator.grid), knows, mediator.languages)))


class ChooseMediatorForm(ActionForm):
    """Whom a party would have, or whom not."""

    mediator = MediatorField(
        Mediator.objects.none(),
        label="想请谁调解",
        required=False,
        blank=True,
        empty_label="由矛调中心安排",
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "这位调解员现在不在名册上，请另选。"},
    )
    note_label = "补充说明"
    note_help = "不希望由谁调解，也写在这里，例如他和对方是亲戚。"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = self.matter.category
        rows = mediators_for(self.matter).restrict(self.user).select_related("user", "grid")
        near = sorted(
            rows.defer("grid__boundary")[:200],
            key=lambda each: (-len(each.grid_id), known not in each.specialities, each.pk),
        )[:MOST_MEDIATORS]
        self.fields["mediator"].queryset = in_this_order(near, rows)
