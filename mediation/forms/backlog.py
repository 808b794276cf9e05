"""The forms of backlog matters, at the desk."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from governance.forms import ActionForm, PhotosField, asked, day_field
from governance.models import Unit
from grids.models import Grid
from mediation.models import Dispute
from mediation.services.backlog import leading_units, years

MOST_PHOTOS = 6
#: Said wherever words of one's own are asked for.
NOBODY = "不写当事人的姓名、电话和住址。"


class BacklogForm(forms.Form):
    """Which old problem, where, who leads and until when."""

    title = forms.CharField(
        label="标题",
        max_length=60,
        help_text=f"一句话说清是什么问题。{NOBODY}",
        widget=forms.TextInput({"placeholder": "例如：3 号楼外墙渗水多年未修"}),
        error_messages={"required": "请填写标题。"},
    )
    grid = forms.ModelChoiceField(
        label="社区",
        queryset=Grid.objects.none(),
        empty_label="请选择",
        help_text="协办的是这个社区所在的街道。",
        error_messages=asked("请选择社区。", "请选择您管辖范围内的社区。"),
    )
    description = forms.CharField(
        label="来龙去脉",
        max_length=2000,
        widget=forms.Textarea({"rows": 5, "maxlength": 2000}),
        help_text=f"什么时候起、为什么没有解决、群众要求什么。{NOBODY}",
        error_messages={"required": "请写明来龙去脉。"},
    )
    year = forms.TypedChoiceField(label="年度", coerce=int, error_messages=asked("请选择年度。"))
    supervisor = forms.CharField(
        label="市级督办单位", max_length=60, error_messages={"required": "请填写市级督办单位。"}
    )
    unit = forms.ModelChoiceField(
        label="区级主办单位",
        queryset=Unit.objects.none(),
        empty_label="请选择",
        error_messages=asked("请选择主办单位。", "这个单位已停用或不在本区，请另选。"),
    )
    due_on = day_field("办结期限")
    dispute = forms.CharField(
        label="关联纠纷的编号",
        max_length=40,
        required=False,
        help_text="没有就不填。看不了那份卷宗的人，看不到关联的是哪一件。",
    )

    def __init__(self, *args: Any, user: Any, places: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        self.fields["grid"].queryset = places
        self.fields["year"].choices = [(str(year), f"{year} 年") for year in years()]
        self.fields["year"].initial = str(timezone.localdate().year)
        first = places.first()
        self.fields["unit"].queryset = leading_units(first.code) if first else Unit.objects.none()

    def clean_dispute(self) -> Dispute | None:
        number = self.cleaned_data["dispute"].strip().upper()
        if not number:
            return None
        found = Dispute.objects.restrict(self.user).filter(number=number).first()
        if found is None:
            raise ValidationError("没有这个编号的纠纷，或者您不能查看。")
        return found


class SettleForm(ActionForm):
    """What came of it, with pictures or scans."""

    note_first = True
    note_help = NOBODY

    photos = PhotosField(max_files=MOST_PHOTOS, label="照片或扫描件")


class ExtendForm(ActionForm):
    """Until when it may take."""

    due_on = day_field("延长到")


BACKLOG_FORMS: dict[str, type[ActionForm]] = {"settle": SettleForm, "extend": ExtendForm}
