"""Recording a visit on a phone: one form for all that can be visited behind a door, so that it works without a network too."""

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms

from governance import intake
from governance.forms import PhotosField, captured_field, phone_field
from governance.models import User
from grids.models import Household, Premises, Visit
from grids.services.visits import Found

MOST_PHOTOS = 3


def key_of(target: Household | Premises) -> str:
    """Return how a form names what is visited."""
    return f"{'h' if isinstance(target, Household) else 'p'}{target.pk}"


def findings_field() -> forms.ChoiceField:
    """Return the field that says where a need is handed on to; empty is the list alone."""
    return forms.ChoiceField(
        label="转到哪里",
        required=False,
        error_messages={"invalid_choice": "这一项现在不能选，请另选。"},
        help_text="不选的只记入需求清单，社区看得到。",
    )


def offer_findings(form: forms.Form, user: User, name: str = "to") -> None:
    """Offer in a form's field what a need can be handed on to."""
    form.fields[name].choices = [("", "只记入需求清单"), *intake.findings(user)]


class NeedFields(forms.Form):
    """A need in words, where it goes, and whom to call back."""

    words = forms.CharField(
        label="有什么需求",
        max_length=500,
        required=False,
        widget=forms.Textarea({"rows": 2, "maxlength": 500, "placeholder": "例如：厨房水龙头漏水，想请人修"}),
    )
    to = findings_field()
    name = forms.CharField(
        label="姓名",
        max_length=40,
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "maxlength": 40}),
    )
    phone = phone_field(
        "手机号", required=False, help_text="转为志愿服务的要填；办这件事的人要能联系到居民。"
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        asked, said = cleaned.get("to") or cleaned.get("phone"), cleaned.get("words", "").strip()
        if asked and not said and "words" not in self.errors:
            self.add_error("words", "请写明有什么需求。")
        return cleaned

    @property
    def found(self) -> Found | None:
        """What was found, None where nothing was."""
        given = self.cleaned_data
        if not given.get("words", "").strip():
            return None
        return Found(given["words"], given["to"], given["name"], given["phone"])


class VisitForm(NeedFields):
    """One visit. ``targets``: what can be visited here."""

    token = forms.CharField(widget=forms.HiddenInput({"data-token": ""}), max_length=60, required=False)
    captured_at = captured_field("走访时间", at_sending=True)
    target = forms.ChoiceField(
        label="哪一户",
        widget=forms.RadioSelect,
        error_messages={"required": "请先点一户。", "invalid_choice": "这一户不在这里，请重新选择。"},
    )
    way = forms.ChoiceField(
        label="方式",
        choices=Visit.Way.choices,
        initial=Visit.Way.DOOR,
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": "请选择方式。"},
    )
    note = forms.CharField(
        label="备注",
        max_length=500,
        required=False,
        help_text="不要写健康、收入等个人的敏感情况。",
        widget=forms.Textarea({"rows": 2, "maxlength": 500}),
    )
    photos = PhotosField(max_files=MOST_PHOTOS)

    def __init__(
        self, *args: Any, user: User, targets: Iterable[Household | Premises], **options: Any
    ) -> None:
        initial = {"token": uuid.uuid4().hex} | (options.pop("initial", None) or {})
        super().__init__(*args, initial=initial, **options)
        self.targets = {key_of(each): each for each in targets}
        self.fields["target"].choices = [(key, str(each)) for key, each in self.targets.items()]
        offer_findings(self, user)

    def visit_data(self) -> dict[str, Any]:
        """Return what ``record_visit`` takes from the form, besides the outcome."""
        given = self.cleaned_data
        return {
            "target": self.targets[given["target"]],
            "token": given["token"] or uuid.uuid4().hex,
            "way": given["way"] or Visit.Way.DOOR,
            "note": given["note"],
            "visited_at": given["captured_at"],
            "found": self.found,
            "photos": given["photos"],
        }
