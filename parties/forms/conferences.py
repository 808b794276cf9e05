"""The forms of joint conferences, at the desk."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from governance.forms import PhotosField, moment_field
from parties.models.conferences import LONGEST_ITEM, MOST_ITEMS
from parties.services.conferences import MOST_PHOTOS


class SeveralField(forms.ModelMultipleChoiceField):
    """Several rows, all in sight."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, label: str, **options: Any) -> None:
        words = f"请重新选择{label}。"
        errors = dict.fromkeys(("required", "invalid_choice", "invalid_pk_value", "list"), words)
        super().__init__(queryset=None, label=label, required=False, error_messages=errors, **options)


class ConferenceForm(forms.Form):
    """When, where, who chairs, about what, and who is asked."""

    title = forms.CharField(
        label="会议名称",
        max_length=80,
        widget=forms.TextInput({"placeholder": "例如：三季度社区党建联席会议"}),
        error_messages={"required": "请填写会议名称。"},
    )
    held_at = moment_field("会议时间")
    venue = forms.CharField(label="地点", max_length=80, error_messages={"required": "请填写地点。"})
    chair = forms.CharField(label="主持人", max_length=40, error_messages={"required": "请填写主持人。"})
    agenda = forms.CharField(
        label="议题",
        max_length=3000,
        widget=forms.Textarea({"rows": 5}),
        help_text=f"一行一个议题，最多 {MOST_ITEMS} 个。",
        error_messages={"required": "请填写议题。"},
    )
    members = SeveralField("参会的兼职委员")
    units = SeveralField("参会的单位", help_text="参会的部门能看到这次会议；开会以前会收到通知。")

    def __init__(self, *args: Any, members: Any, units: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["held_at"].error_messages["required"] = "请填写会议时间。"
        self.fields["members"].queryset, self.fields["units"].queryset = members, units
        if not members.exists():
            del self.fields["members"]

    def clean_agenda(self) -> list[str]:
        items = [line.strip() for line in self.cleaned_data["agenda"].splitlines() if line.strip()]
        if len(items) > MOST_ITEMS:
            raise ValidationError(f"最多 {MOST_ITEMS} 个议题，请合并。")
        if any(len(item) > LONGEST_ITEM for item in items):
            raise ValidationError(f"一个议题不超过 {LONGEST_ITEM} 字，请写短一些。")
        if not items:
            raise ValidationError("请填写议题。")
        return items


class RecordForm(forms.Form):
    """What was said, and who came."""

    present = SeveralField("到会的")
    minutes = forms.CharField(
        label="会议记录",
        max_length=10_000,
        widget=forms.Textarea({"rows": 10}),
        help_text="议了什么、定了什么。议定的事项另外登记，才能跟到底。",
        error_messages={"required": "请填写会议记录。"},
    )
    photos = PhotosField(max_files=MOST_PHOTOS, label="照片或扫描件")

    def __init__(self, *args: Any, asked: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["present"].queryset = asked
        if not asked.exists():
            del self.fields["present"]
