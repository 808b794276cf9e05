"""The forms of whistles and slips, at the desk."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from governance.forms import ActionForm, PhotosField, yes_no
from governance.models import Matter, Unit
from governance.permissions import rule_of
from governance.territory import GridLevel
from grids.models import Grid
from incidents.flow import whistle_clocks
from incidents.models import Aspect, Colour, Incident, SlipStatus, WhistleSituation
from incidents.models.whistles import departments_over
from incidents.services.whistles import MOST_INCIDENTS

MOST_PHOTOS = 6
#: Between the numbers of several incidents.
_BETWEEN = re.compile(r"[\s,，;；、]+")


def grouped_situations(rows: Iterable[WhistleSituation]) -> list[tuple[str, list[tuple[int, str]]]]:
    """Return situations under the names of their aspects, each with its usual colour and department, as a select shows them."""
    groups: dict[str, list[tuple[int, str]]] = {}
    for situation in rows:
        lead = f"，{situation.lead}" if situation.lead_id else ""
        words = f"{situation.name}（{situation.get_colour_display()}{lead}）"
        groups.setdefault(Aspect(situation.aspect).label, []).append((situation.pk, words))
    return list(groups.items())


class SituationField(forms.ModelChoiceField):
    """One situation in use."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "情形")
        errors = {"required": "请选择情形。", "invalid_choice": "这个情形已停用，请另选。"}
        super().__init__(queryset=WhistleSituation.objects.none(), error_messages=errors, **options)

    def offer(self, user: Any) -> None:
        """Offer the situations in use."""
        self.queryset = WhistleSituation.objects.restrict(user).filter(is_active=True).select_related("lead")
        self.choices = [("", "请选择"), *grouped_situations(self.queryset)]


class UnitField(forms.ModelChoiceField):
    """One department."""

    def __init__(self, **options: Any) -> None:
        errors = {"required": "请选择部门。", "invalid_choice": "这个部门已停用或不在本区域内，请另选。"}
        super().__init__(queryset=Unit.objects.none(), error_messages=errors, **options)


class UnitsField(forms.ModelMultipleChoiceField):
    """Several departments."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options: Any) -> None:
        errors = {
            "required": "请选择部门。",
            "invalid_choice": "所选的部门已停用或不在本区域内，请另选。",
            "invalid_pk_value": "所选的部门不能识别，请另选。",
            "invalid_list": "请选择部门。",
        }
        super().__init__(queryset=Unit.objects.none(), error_messages=errors, **options)


def colour_field(**options: Any) -> forms.ChoiceField:
    """Return the field of how urgent it is; left open, it is the situation's own."""
    return forms.ChoiceField(
        label="响应",
        required=False,
        error_messages={"invalid_choice": "请选择红色、黄色或蓝色。"},
        **options,
    )


def colour_choices() -> list[tuple[str, str]]:
    """Return the colours with their limits."""
    return [
        ("", "按情形的默认响应"),
        *((value, f"{label}（{whistle_clocks.limits_text(value)}）") for value, label in Colour.choices),
    ]


class CallFields(forms.Form):
    """What is the matter, how urgent, and which departments are called."""

    situation = SituationField(help_text="括号里是默认的响应和牵头部门，下面两项留空就照此办理。")
    colour = colour_field()
    lead = UnitField(label="牵头部门", required=False, empty_label="按情形的默认部门")
    assisting = UnitsField(label="配合部门", required=False)

    def offer(self, user: Any, code: str) -> None:
        """Offer what may be chosen at a place."""
        self.fields["situation"].offer(user)
        self.fields["colour"].choices = colour_choices()
        departments = departments_over(code)
        self.fields["lead"].queryset = self.fields["assisting"].queryset = departments

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        situation = cleaned.get("situation")
        if situation is not None and cleaned.get("lead") is None and "lead" not in self.errors:
            if situation.lead is None or not situation.lead.is_active:
                self.add_error("lead", "这个情形没有默认的牵头部门，请选择。")
            else:
                cleaned["lead"] = situation.lead
        if cleaned.get("lead") is not None:
            cleaned["assisting"] = [
                unit for unit in cleaned.get("assisting") or [] if unit != cleaned["lead"]
            ]
        return cleaned


class WhistleForm(CallFields):
    """A whistle, blown or proposed."""

    grid = forms.ModelChoiceField(
        label="地点",
        queryset=Grid.objects.none(),
        empty_label="请选择",
        error_messages={
            "required": "请选择地点。",
            "invalid_choice": "请选择您管辖范围内的街道或社区。",
        },
    )
    description = forms.CharField(
        label="情况和要求",
        max_length=1500,
        widget=forms.Textarea(
            {
                "rows": 5,
                "maxlength": 1500,
                "placeholder": "例如：3 号楼前水管爆裂三天，120 户停水，物业和社区修不了，请派人抢修。",
            }
        ),
        help_text="部门看得到。不要写居民的姓名、电话和门牌。",
        error_messages={"required": "请写明是什么情况、要部门做什么。"},
    )
    incidents = forms.CharField(
        label="关联事件",
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 2, "maxlength": 2000}),
        help_text=f"填事件编号，几件用空格隔开，最多 {MOST_INCIDENTS} 件。结果会告诉这些事件的报告人。",
    )
    photos = PhotosField(max_files=MOST_PHOTOS)

    field_order = ("situation", "grid", "description", "colour", "lead", "assisting", "incidents", "photos")

    def __init__(self, *args: Any, user: Any, places: Any, **options: Any) -> None:
        self.user = user
        super().__init__(*args, **options)
        self.fields["grid"].queryset = places
        first = places.first()
        self.offer(user, first.code if first is not None else "")
        if len(self.fields["grid"].choices) == 2:  # the empty one, and hers
            self.fields["grid"].initial = first.pk

    def clean_incidents(self) -> list[Incident]:
        numbers = [each.upper() for each in _BETWEEN.split(self.cleaned_data["incidents"]) if each]
        if len(numbers) > MOST_INCIDENTS:
            raise ValidationError(f"一次最多关联 {MOST_INCIDENTS} 件事件。")
        if any("\0" in number for number in numbers):
            raise ValidationError("事件编号不能识别，请核对。")
        found = {
            each.number: each for each in Incident.objects.restrict(self.user).filter(number__in=numbers)
        }
        strange = [number[:40] for number in dict.fromkeys(numbers) if number not in found]
        if strange:
            raise ValidationError(f"您的管辖范围内没有编号为{'、'.join(strange[:3])}的事件，请核对。")
        return list(found.values())


class BlowForm(ActionForm, CallFields):
    """A proposal as the head blows it: what was proposed, to be corrected."""

    field_order = ("version", "situation", "colour", "lead", "assisting")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer(self.user, self.matter.grid_id)

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {
            "situation": matter.situation_id,
            "colour": matter.colour,
            "lead": matter.unit_id,
            "assisting": list(matter.assisting.values_list("pk", flat=True)),
        }


class AnswerForm(ActionForm):
    """What the district's head says, and to which departments."""

    note_first = True

    lead = UnitField(label="由哪个部门再办", required=False, empty_label="不另派部门，直接请街道核实")
    assisting = UnitsField(label="配合部门", required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        departments = departments_over(self.matter.grid_id)
        self.fields["lead"].queryset = self.fields["assisting"].queryset = departments
        self.order_fields(["version", "note", "lead", "assisting"])

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {"lead": matter.unit_id}


class CallMoreForm(ActionForm):
    """Which further departments are called."""

    note_label = "说明"

    units = UnitsField(label="增派部门")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        there = self.matter.slips.ongoing().values("unit")
        self.fields["units"].queryset = departments_over(self.matter.grid_id).exclude(pk__in=there)


class WhistleVerifyForm(ActionForm):
    """What the street found on the spot, with a picture."""

    photos = PhotosField(
        max_files=MOST_PHOTOS, label="现场照片", required=True,
        error_messages={"required": "请上传现场核实的照片。"},
    )  # fmt: skip


class FailForm(WhistleVerifyForm):
    """What was not settled, and by whose part."""

    failed = UnitsField(label="哪些部门没有办到位", required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        slips = self.matter.slips.filter(status=SlipStatus.FED_BACK).values("unit")
        self.fields["failed"].queryset = Unit.objects.filter(pk__in=slips)
        if not slips:
            del self.fields["failed"]
        self.order_fields(["version", "failed", "photos", "note"])

    def clean_failed(self) -> Any:
        chosen = self.cleaned_data["failed"]
        if not chosen:
            raise ValidationError("请选择哪些部门没有办到位。")
        return chosen


class ArriveForm(ActionForm):
    """Who has come, and whether on site. Where she stands is not asked."""

    note_label, note_help = "说明", "例如：带了几个人、什么设备。"

    who = forms.CharField(
        label="报到人", max_length=40, help_text="到场的是谁，例如：管网科 王工。",
        error_messages={"required": "请写报到人。"},
    )  # fmt: skip
    on_site = yes_no("是否到现场", "已到现场", "不在现场，已联系街道")
    photos = PhotosField(max_files=MOST_PHOTOS)

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {"who": str(user)}


class FeedBackForm(ActionForm):
    """What was done."""

    photos = PhotosField(max_files=MOST_PHOTOS)


#: action -> form.
WHISTLE_FORMS: dict[str, type[ActionForm]] = {
    "blow": BlowForm,
    "answer": AnswerForm,
    "call_more": CallMoreForm,
    "verify_pass": WhistleVerifyForm,
    "verify_fail": FailForm,
}
SLIP_FORMS: dict[str, type[ActionForm]] = {"arrive": ArriveForm, "feed_back": FeedBackForm}


def places_of(user: Any, permission: str) -> Any:
    """Return the streets and communities where somebody holds this permission (proposing or blowing)."""
    levels = [GridLevel.STREET, GridLevel.COMMUNITY]
    current = Grid.objects.current().filter(level__in=levels).defer("boundary").order_by("code")
    if user.is_superuser:
        return current
    nodes = [(post.code, None) for post in user.posts_with(permission)]
    return current.filter(rule_of(Grid).nodes_q(nodes)) if nodes else current.none()
