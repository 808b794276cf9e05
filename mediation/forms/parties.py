"""What a party answers on her phone: whom she would have as mediator, the agreement that she was shown, how content she is."""

from typing import Any

from django import forms

from governance.forms import ActionForm
from mediation.flow.agreeing import newest
from mediation.flow.handling import mediators_for
from mediation.models import Mediator

#: So many mediators are offered, the nearest first.
MOST_MEDIATORS = 30
SATISFACTION = [(5, "非常满意"), (4, "满意"), (3, "一般"), (2, "不满意"), (1, "很不满意")]


class MediatorField(forms.ModelChoiceField):
    """A mediator by name, with what she knows best and which tongues she speaks."""

    def label_from_instance(self, mediator: Mediator) -> str:
        labels = dict(Mediator._meta.get_field("specialities").base_field.choices)
        knows = "、".join(labels[key] for key in mediator.specialities if key in labels)
        return " · ".join(filter(None, (str(mediator.user), str(mediator.grid), knows, mediator.languages)))


class ChooseMediatorForm(ActionForm):
    """Whom a party would have, or whom not."""

    mediator = MediatorField(
        Mediator.objects.none(),
        label="想请谁调解",
        required=False,
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
        self.fields["mediator"].queryset = rows.filter(pk__in=[each.pk for each in near])


class ConfirmForm(ActionForm):
    """A party's confirmation of the version that she was shown."""

    agreement = forms.IntegerField(
        widget=forms.HiddenInput,
        min_value=1,
        max_value=10_000,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), "页面已过期，请返回后重新打开。"
        ),
    )
    read = forms.BooleanField(
        label="每一条都看过，我同意",
        error_messages={"required": "请先看过每一条，再打开“我同意”。"},
    )

    def first_values(self, matter: Any, user: Any) -> dict[str, Any]:
        last = newest(matter)
        return {"agreement": last.version if last is not None else None}

    def flow_data(self) -> dict[str, Any]:
        return {"agreement": self.cleaned_data["agreement"]}


class RateForm(ActionForm):
    """How content a party is."""

    satisfaction = forms.TypedChoiceField(
        label="您对调解满意吗",
        choices=SATISFACTION,
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择满意度。", "invalid_choice": "请选择满意度。"},
    )
    note_label = "想说的话"


PARTY_FORMS: dict[str, type[ActionForm]] = {
    "choose_mediator": ChooseMediatorForm,
    "confirm": ConfirmForm,
    "rate": RateForm,
}
