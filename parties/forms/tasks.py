"""The forms of tasks, at the desk."""

from typing import Any

from django import forms
from django.utils import timezone

from governance.forms import ActionForm, PhotosField, asked, day_field
from governance.models import Unit
from grids.models import Grid
from parties.forms.conferences import SeveralField
from parties.services.tasks import helping_units, lead_units, next_serial, years

MOST_PHOTOS = 6


class ResolutionForm(forms.Form):
    """What a conference resolved: who answers for it, until when."""

    title = forms.CharField(
        label="事项",
        max_length=80,
        widget=forms.TextInput({"placeholder": "例如：解决 3 号楼前夜间照明"}),
        error_messages={"required": "请填写事项。"},
    )
    unit = forms.ModelChoiceField(
        label="责任单位",
        queryset=Unit.objects.none(),
        empty_label="请选择",
        error_messages=asked("请选择责任单位。", "这个单位已停用或不在您的范围里，请另选。"),
    )
    owner = forms.CharField(
        label="责任人", max_length=40, required=False, help_text="姓名和职务，没有定就不填。"
    )
    due_on = day_field("完成期限")
    description = forms.CharField(
        label="要求", max_length=2000, required=False, widget=forms.Textarea({"rows": 4, "maxlength": 2000})
    )
    helpers = SeveralField("配合单位", help_text="配合单位能看到这项任务，填写配合情况。")

    def __init__(self, *args: Any, place: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["unit"].queryset = lead_units(place)
        self.fields["helpers"].queryset = helping_units(place)


class KeyTaskForm(ResolutionForm):
    """A key task of the year."""

    setter = forms.ModelChoiceField(
        label="交办层级",
        queryset=Grid.objects.none(),
        empty_label=None,
        error_messages=asked("请选择交办层级。"),
    )
    year = forms.TypedChoiceField(label="年度", coerce=int, error_messages=asked("请选择年度。"))
    serial = forms.IntegerField(
        label="序号",
        min_value=1,
        max_value=9999,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), "请填写 1 到 9999 的序号。"
        ),
    )
    area = forms.CharField(
        label="工作领域",
        max_length=20,
        widget=forms.TextInput({"placeholder": "例如：民生服务"}),
        help_text="统计按它分类，同一领域写法要一致。",
        error_messages={"required": "请填写工作领域。"},
    )
    field_order = ["setter", "year", "serial", "area"]

    def __init__(self, *args: Any, place: str, setters: Any, **options: Any) -> None:
        super().__init__(*args, place=place, **options)
        self.fields["title"].label = "任务"
        self.fields["title"].widget.attrs["placeholder"] = "例如：完成老旧楼道照明改造"
        self.fields["setter"].queryset = setters
        self.fields["setter"].initial = place
        self.fields["year"].choices = [(str(year), f"{year} 年") for year in years()]
        this = timezone.localdate().year
        self.fields["year"].initial, self.fields["serial"].initial = str(this), next_serial(place, this)


class ProgressForm(ActionForm):
    """How far it has come, or what came of it, with pictures or scans."""

    note_first = True

    photos = PhotosField(max_files=MOST_PHOTOS, label="照片或扫描件")


class ExtendForm(ActionForm):
    """Until when it may take."""

    due_on = day_field("延长到")


TASK_FORMS: dict[str, type[ActionForm]] = {
    "progress": ProgressForm,
    "report": ProgressForm,
    "extend": ExtendForm,
}
