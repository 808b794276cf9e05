"""What the forms of a dispute's actions share: fields of a few choices, and the parties to choose from."""

from typing import Any

from django import forms
from django.utils.functional import cached_property

from governance import masks
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


class OfParties:
    """Names parties as whoever fills in the form may read them: ``clear`` says whether in full."""

    clear = False

    def label_from_instance(self, obj: Disputant) -> str:
        """Return a party's side and name; of two whose masked names are alike the phones tell which is which."""
        told = [masks.shown(obj, "name", clear=self.clear)]
        if not self.clear and obj.phone:
            told.append(masks.shown(obj, "phone"))
        return "　".join([obj.get_side_display(), *told])


class PartyField(OfParties, RowField):
    """One of the dispute's parties."""

    def __init__(self, label: str = "当事人", **options: Any) -> None:
        super().__init__(label, "请选择当事人。", **options)


class PartiesField(OfParties, forms.ModelMultipleChoiceField):
    """Several of the dispute's parties."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, label: str, **options: Any) -> None:
        words = f"请选择{label}。"
        errors = dict.fromkeys(("required", "invalid_choice", "invalid_pk_value", "list"), words)
        super().__init__(queryset=None, label=label, error_messages=errors, **options)


class DisputeForm(ActionForm):
    """What the forms of a dispute share: its parties to choose from."""

    matter: Dispute

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            if isinstance(field, OfParties):
                field.queryset, field.clear = self.matter.disputants.order_by("pk"), self.clear

    @cached_property
    def clear(self) -> bool:
        """Whether the parties' names and phones are open to whoever fills in the form, without a logged look."""
        return self.user.may("contact", self.matter)
