"""The forms of the roll, at the desk."""

from typing import Any

from django import forms
from django.utils import timezone

from governance.forms import asked, day_field
from parties.forms.organisations import organisation_field
from parties.models import Member


class MemberForm(forms.ModelForm):
    """A member, new or mended."""

    class Meta:
        model = Member
        fields = (
            "organisation", "group", "name", "phone", "stage", "joined_on", "full_on", "mobility", "employer", "since",
            "came_from",
        )  # fmt: skip
        error_messages = {
            "name": {"required": "请填写姓名。"},
            "organisation": asked("请选择党组织。", "请选择您管理的党组织。"),
            "group": asked("", "请选择所选党支部的党小组。"),
        }
        help_texts = {
            "phone": "用来联系本人；没有权限看的人只看到前三位和后四位。",
            "came_from": "从外地、外系统转入的，写明原党组织和介绍信编号。",
        }


class StrikeOffForm(forms.Form):
    """Why and when a member leaves the roll."""

    leaving = forms.ChoiceField(
        label="原因", choices=[("", "请选择"), *Member.Leaving.choices], error_messages=asked("请选择离开的原因。")
    )  # fmt: skip
    went_to = forms.CharField(
        label="转到哪里",
        max_length=120,
        required=False,
        help_text="转出本区的，写明接收的党组织和介绍信编号。",
    )
    day = day_field("离开日期")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["day"].initial = timezone.localdate()


class TransferForm(forms.Form):
    """To which organisation."""

    target = organisation_field("转入党组织", help_text="按名称里的字查找，例如“第1网格”。")
    note = forms.CharField(
        label="说明",
        max_length=500,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text="例如：已搬到那边居住。",
    )

    def __init__(self, *args: Any, targets: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["target"].queryset = targets


class AccountForm(forms.Form):
    """Which account is a member's."""

    account = forms.CharField(
        label="登录名或手机号",
        max_length=64,
        help_text="工作人员填登录名，居民填已验证的手机号。账号的姓名要和党员一致。",
        error_messages={"required": "请填写登录名或手机号。"},
    )
