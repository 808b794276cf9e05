"""The forms of an incident's actions, the same on the phone and at the desk."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.html import format_html

from governance import intake
from governance.forms import ActionForm, PhotosField, captured_field, day_field, yes_no
from governance.models import Matter
from governance.templatetags import ui
from governance.territory import GridLevel
from grids.models import Grid
from incidents.forms.choices import AssigneeField, MinorField
from incidents.likeness import alike_of
from incidents.models import Incident, Satisfaction

MOST_PHOTOS = 6


class ClassForm(ActionForm):
    """The class and the danger, to be corrected while it is at the desk."""

    of_one = ("minor_class", "is_urgent")

    minor_class = MinorField()
    is_urgent = forms.BooleanField(
        label="危及生命财产安全", required=False, help_text="勾选后须在 15 分钟内接收。"
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["minor_class"].offer(self.user)

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {"minor_class": matter.minor_class_id, "is_urgent": matter.is_urgent}


class DispatchForm(ClassForm):
    """To whom it is given."""

    note_label, note_help = "交代", "承办人会看到，报告人也会看到。"

    to = AssigneeField()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["to"].offer(self.matter)
        self.order_fields(["version", "to", "minor_class", "is_urgent", "note"])

    def flow_data(self) -> dict[str, Any]:
        given = super().flow_data()
        return given | self.fields["to"].data(given.pop("to"))


class DesignateForm(ActionForm):
    """To whom the arbiter gives it."""

    to = AssigneeField(label="指定承办")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["to"].offer(self.matter)

    def flow_data(self) -> dict[str, Any]:
        return self.fields["to"].data(self.cleaned_data["to"])


class MergeForm(ActionForm):
    """Into which one: those that look alike come first; any other by its number."""

    lead = forms.ChoiceField(label="可能是同一件事", required=False, widget=forms.RadioSelect)
    number = forms.CharField(
        label="或填写编号", required=False, max_length=40, help_text="并入后，这位报告人仍会收到主件的进展。"
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        found = alike_of(self.matter, self.user)
        self.fields["lead"].choices = [
            (
                each.incident.number,
                format_html(
                    '<b class="cg-choice__name">{}</b> {} {} <small class="cg-choice__why">{}　{}</small>',
                    each.incident.title, each.incident.where, each.incident.get_status_display(),
                    ui.cn_short(each.incident.opened_at), "、".join(each.reasons),
                ),
            )
            for each in found
        ]  # fmt: skip
        if not found:
            del self.fields["lead"]
            self.fields["number"].label = "并入哪一件（编号）"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        number = (cleaned.get("number") or "").strip().upper() or cleaned.get("lead")
        cleaned["chosen"] = None
        if not number:
            raise ValidationError({"number": "请选择或填写并入哪一件。"})
        cleaned["chosen"] = (
            Incident.objects.restrict(self.user, "dispatch").filter(number=number).first()
            if "\0" not in number
            else None
        )
        if cleaned["chosen"] is None:
            raise ValidationError({"number": "您的管辖范围内没有这个编号的事件，请核对。"})
        return cleaned

    def flow_data(self) -> dict[str, Any]:
        return {"lead": self.cleaned_data["chosen"]}


class SplitForm(ActionForm):
    """Up to three parts, each with its class and words."""

    PARTS = (1, 2, 3)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for number in self.PARTS:
            minor = self.fields[f"class_{number}"] = MinorField(
                label=f"第 {number} 件的类别", required=number == 1
            )
            self.fields[f"words_{number}"] = forms.CharField(
                label=f"第 {number} 件要办什么",
                required=number == 1,
                max_length=500,
                widget=forms.Textarea({"rows": 2, "maxlength": 500}),
                error_messages={"required": "请写明要办什么。"},
            )
            minor.offer(self.user)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for number in self.PARTS[1:]:
            minor, words = cleaned.get(f"class_{number}"), cleaned.get(f"words_{number}")
            if bool(minor) != bool(words):
                name = f"words_{number}" if minor else f"class_{number}"
                self.add_error(name, "类别和要办的事要一起填写。")
        return cleaned

    def flow_data(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        parts = [(cleaned.get(f"class_{n}"), cleaned.get(f"words_{n}")) for n in self.PARTS]
        return {"parts": [(minor, words) for minor, words in parts if minor]}


class ReferForm(ActionForm):
    """To which of the other apps, and to what of it."""

    to = forms.ChoiceField(
        label="转到",
        error_messages={"required": "请选择转到哪里。", "invalid_choice": "请选择转到哪里。"},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["to"].choices = [("", "请选择"), *intake.referrals("incident")]


class RelocateForm(ActionForm):
    """The community where it really is."""

    grid = forms.ModelChoiceField(
        queryset=Grid.objects.none(),
        label="实际所在社区",
        empty_label="请选择",
        error_messages={"required": "请选择社区。", "invalid_choice": "请选择启用的社区。"},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["grid"]
        rows = Grid.objects.restrict(self.user).current().of_level(GridLevel.COMMUNITY).defer("boundary")
        field.queryset = rows.filter(district_code=self.matter.grid_id[: GridLevel.DISTRICT])
        groups: dict[str, list[tuple[str, str]]] = {}
        for grid in field.queryset.select_related("parent").defer("boundary", "parent__boundary"):
            groups.setdefault(str(grid.parent), []).append((grid.pk, grid.name))
        field.choices = [("", "请选择"), *groups.items()]


class OnTheSpotForm(ActionForm):
    """What somebody writes where she stands, with pictures and the time at which they were taken."""

    captured_at = captured_field()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("captured_at"):
            # A phone's clock may be a little fast.
            cleaned["captured_at"] = min(cleaned["captured_at"], timezone.now())
        return cleaned


class DoneForm(OnTheSpotForm):
    """What was done, with pictures."""

    note_label = "处置情况"

    photos = PhotosField(max_files=MOST_PHOTOS, label="处置后的照片")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        photos = self.fields["photos"]
        photos.required = self.matter.minor_class.needs_photo
        photos.error_messages["required"] = "这一类事件办结须有处置后的照片，请拍照上传。"
        self.fields["note"].required = True
        self.fields["note"].error_messages["required"] = "请填写处置情况。"


class VerifyForm(OnTheSpotForm):
    """What was found on the spot."""

    note_label = "核查情况"

    photos = PhotosField(max_files=MOST_PHOTOS, label="现场照片")


class PutOffForm(ActionForm):
    """Until when it is put off."""

    until = day_field("复查日期", help_text="到这一天再看能不能办。")

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {"until": timezone.localdate() + timedelta(days=30)}


class AskExtensionForm(ActionForm):
    """How much more time."""

    hours = forms.IntegerField(
        label="需要延长多少工作小时",
        min_value=1,
        max_value=400,
        widget=forms.NumberInput({"inputmode": "numeric"}),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "请填写 1 到 400 的整数。"),
    )


def satisfaction_field(**options: Any) -> forms.TypedChoiceField:
    """Return the field of how content the reporter is."""
    return forms.TypedChoiceField(
        label="是否满意",
        choices=Satisfaction.choices,
        coerce=int,
        empty_value=None,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择是否满意。", "invalid_choice": "请选择是否满意。"},
        **options,
    )


class RateForm(ActionForm):
    """The reporter's answer."""

    note_label = "想说的话"

    solved = yes_no("问题解决了吗", "解决了", "没有解决")
    satisfaction = satisfaction_field()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["note"].max_length = 500
        self.fields["note"].widget.attrs["maxlength"] = 500


class CallBackForm(ActionForm):
    """What was heard on the phone."""

    note_label = "回访内容"

    reached = yes_no("是否联系上", "联系上了", "没有联系上")
    solved = yes_no("诉求是否解决", "解决了", "没有解决", required=False)
    satisfaction = satisfaction_field(required=False)
    counted = forms.BooleanField(
        label="纳入考核", required=False, initial=True, help_text="不纳入考核的要在回访内容里写明原因。"
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("reached"):
            for name, words in (("solved", "请选择诉求是否解决。"), ("satisfaction", "请选择是否满意。")):
                if cleaned.get(name) is None and name not in self.errors:
                    self.add_error(name, words)
        return cleaned


class SupplementForm(OnTheSpotForm):
    """More words and pictures."""

    note_label = "补充说明"

    photos = PhotosField(max_files=MOST_PHOTOS)


class PublishForm(ActionForm):
    """What everyone may read."""

    public_words = forms.CharField(
        label="公开说明",
        required=False,
        max_length=200,
        widget=forms.Textarea({"rows": 3, "maxlength": 200}),
        help_text="所有人都能看到。不要写人名、电话和门牌；留空只公开类别、社区和进度。",
    )

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {"public_words": matter.public_words}


INCIDENT_FORMS: dict[str, type[ActionForm]] = {
    "accept": ClassForm,
    "dispatch": DispatchForm,
    "designate": DesignateForm,
    "merge": MergeForm,
    "split": SplitForm,
    "refer": ReferForm,
    "relocate": RelocateForm,
    "handle": DoneForm,
    "handle_oneself": DoneForm,
    "verify_pass": VerifyForm,
    "verify_fail": VerifyForm,
    "put_off": PutOffForm,
    "ask_extension": AskExtensionForm,
    "rate": RateForm,
    "call_back": CallBackForm,
    "supplement": SupplementForm,
    "publish": PublishForm,
}
