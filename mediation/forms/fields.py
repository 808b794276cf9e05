"""What the forms of a dispute's actions share: fields of a few choices, and the parties to choose from."""

from typing import Any

from django import forms

from governance.forms import ActionForm
from mediation.models import (
    Disputant,
    Dispute,
)

MOST_PHOTOS = 9


def chosen(label: str, choices: Any, words: str, **options: Any) -> forms.ChoiceField:
    """Return a field of a few choices, all in sight."""
    return forms.ChoiceField(
        label=label,
        choices=choices,
        widget=forms.RadioSelect,
        error_messages={"required": words, "invalid_choice": words},
        **options,
    )


class RowField(forms.ModelChoiceField):
    """One of a few rows of the dispute's own."""

    def __init__(self, label: str, words: str, **options: Any) -> None:
        super().__init__(
            queryset=None,
            label=label,
            empty_label=None,
            widget=forms.RadioSelect,
            error_messages={"required": words, "invalid_choice": words},
            **options,
        )


class PartyField(RowField):
    """One of the dispute's parties."""

    def __init__(self, label: str = "当事人", **options: Any) -> None:
        super().__init__(label, "请选择当事人。", **options)

    def label_from_instance(self, obj: Disputant) -> str:
        return f"{obj.get_side_display()}　{obj.name}"


class PartiesField(forms.ModelMultipleChoiceField):
    """Several of the dispute's parties."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, label: str, **options: Any) -> None:
        words = f"请选择{label}。"
        errors = dict.fromkeys(("required", "invalid_choice", "invalid_pk_value", "list"), words)
        super().__init__(queryset=None, label=label, error_messages=errors, **options)

    def label_from_instance(self, obj: Disputant) -> str:
        return f"{obj.get_side_display()}　{obj.name}"


class DisputeForm(ActionForm):
    """What the forms of a dispute share: its parties to choose from."""

    matter: Dispute

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            if isinstance(field, PartyField | PartiesField):
                field.queryset = self.matter.disputants.order_by("pk")
