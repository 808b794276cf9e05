"""What the bodies of an incident's actions hold besides version and note, and how the flow takes it. What is wrong is told in
the sentences of the forms (incidents/forms/actions.py)."""

from collections.abc import Callable
from typing import Any

from django import forms
from rest_framework import serializers

from governance import intake
from governance.api import fields
from governance.api.photos import photos_field
from governance.models import User
from governance.territory import GridLevel
from grids.models import Grid
from incidents.forms.actions import MOST_PHOTOS
from incidents.forms.choices import AssigneeField
from incidents.models import Incident, MinorClass, Satisfaction

MISSING = "请填写这一项。"
WHOM = "派给谁：assignees 里的 id，如 w12（网格员）、u3（单位）。"


def minor_field(**options: Any) -> fields.KeyField:
    """Return a field for a class in use, by its code."""
    sentences = {"does_not_exist": "这个类别已停用，请另选。", "required": "请选择类别。"}
    return fields.KeyField(
        "code",
        queryset=MinorClass.objects.filter(is_active=True).select_related("major"),
        error_messages=sentences,
        help_text="小类编号。",
        **options,
    )


class PartSerializer(serializers.Serializer):
    """One part of what is split: its class, and what is to be done."""

    minor_class = minor_field()
    words = fields.words(500, error_messages=dict.fromkeys(("required", "blank"), "请写明要办什么。"))


def _note(label: str) -> Callable[[], serializers.Field]:
    sentence = f"请填写{label}。"
    return lambda: serializers.CharField(
        max_length=1000, error_messages=dict.fromkeys(("required", "blank"), sentence), help_text=f"{label}。"
    )


def _to() -> serializers.Field:
    sentences = dict.fromkeys(("required", "blank"), "请选择派给谁。")
    return fields.words(24, help_text=WHOM, error_messages=sentences)


def _hours() -> serializers.Field:
    sentences = dict.fromkeys(("invalid", "min_value", "max_value"), "请填写 1 到 400 的整数。")
    sentences["required"] = MISSING
    return serializers.IntegerField(
        min_value=1, max_value=400, help_text="工作小时。", error_messages=sentences
    )


def _satisfaction(**options: Any) -> serializers.Field:
    sentences = dict.fromkeys(("required", "invalid_choice"), "请选择是否满意。")
    return serializers.ChoiceField(choices=Satisfaction.choices, error_messages=sentences, **options)


def _yes_no(sentence: str, **options: Any) -> serializers.Field:
    return serializers.BooleanField(
        error_messages=dict.fromkeys(("required", "invalid", "null"), sentence), **options
    )


CLASS = {
    "minor_class": lambda: minor_field(required=False),
    "is_urgent": lambda: serializers.BooleanField(required=False, help_text="危及生命财产安全。"),
}
PHOTOS = {"photos": lambda: photos_field(MOST_PHOTOS)}
ACTIONS = {
    "accept": CLASS,
    "dispatch": {"to": _to, **CLASS},
    "designate": {"to": _to},
    "merge": {
        "lead": lambda: fields.KeyField(
            "number",
            queryset=Incident.objects.all(),
            action="dispatch",
            help_text="并入哪一件（编号）；similar 里是可能的。",
            error_messages={
                "required": "请选择或填写并入哪一件。",
                "does_not_exist": "您的管辖范围内没有这个编号的事件，请核对。",
            },
        )
    },
    "split": {"parts": lambda: PartSerializer(many=True, allow_empty=False, min_length=1, max_length=9)},
    "refer": {
        "to": lambda: fields.words(
            60,
            help_text="转到哪里：referrals 里的 id。",
            error_messages=dict.fromkeys(("required", "blank"), "请选择转到哪里。"),
        )
    },
    "relocate": {
        "grid": lambda: fields.KeyField(
            "code",
            queryset=Grid.objects.current().filter(level__gte=GridLevel.COMMUNITY).defer("boundary"),
            help_text="实际所在的社区或基础网格。",
            error_messages={"required": "请选择社区。", "does_not_exist": "请选择启用的社区。"},
        )
    },
    "handle": PHOTOS,
    "handle_oneself": {"note": _note("处置情况"), **PHOTOS},
    "verify_pass": PHOTOS,
    "verify_fail": {"note": _note("核查情况"), **PHOTOS},
    "put_off": {
        "until": lambda: serializers.DateField(
            help_text="复查日期。",
            error_messages={"required": MISSING, "invalid": "请填写日期，例如 2026-11-22。"},
        )
    },
    "ask_extension": {"hours": _hours},
    "extend": {"hours": _hours},
    "rate": {
        "solved": lambda: _yes_no("请选择问题解决了吗。"),
        "satisfaction": _satisfaction,
        "note": lambda: fields.words(500, required=False, help_text="想说的话。"),
    },
    "call_back": {
        "reached": lambda: _yes_no("请选择是否联系上。"),
        "solved": lambda: _yes_no("请选择诉求是否解决。", required=False, allow_null=True),
        "satisfaction": lambda: _satisfaction(required=False, allow_null=True),
        "counted": lambda: serializers.BooleanField(default=True, help_text="纳入考核。"),
    },
    "supplement": PHOTOS,
    "publish": {"public_words": lambda: fields.words(200, required=False, help_text="公开说明。")},
}
#: The actions that pictures come with.
WITH_PICTURES = frozenset(name for name, body in ACTIONS.items() if "photos" in body)


def data_for(incident: Incident, name: str, by: User, data: dict[str, Any]) -> dict[str, Any]:
    """Return what the flow takes, from the checked body. Raises the framework's ValidationError, field by field."""
    if name in ("dispatch", "designate"):
        field = AssigneeField()
        field.offer(incident)
        try:
            return {**data, **field.data(field.clean(data.pop("to")))}
        except forms.ValidationError as wrong:
            raise serializers.ValidationError({"to": wrong.messages}) from None
    if name == "split":
        return {"parts": [(part["minor_class"], part["words"]) for part in data["parts"]]}
    if name == "refer" and data["to"] not in {
        key for _, some in intake.referrals("incident") for key, _ in some
    }:
        raise serializers.ValidationError({"to": ["请选择转到哪里。"]})
    if name == "relocate" and data["grid"].district_code != incident.grid_id[: GridLevel.DISTRICT]:
        raise serializers.ValidationError({"grid": ["请选择启用的社区。"]})
    return data
