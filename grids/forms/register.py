"""What is filled in at the desk besides the register's own columns."""

from typing import Any

from dateutil.relativedelta import relativedelta
from django import forms
from django.utils import timezone

from governance import parameters
from governance.forms import asked, day_field
from grids.models import CareNeed, Resident


class ClosingForm(forms.Form):
    """Why something is taken out of the register."""

    reason = forms.CharField(
        label="注销原因",
        max_length=100,
        help_text="例如：房屋拆除、停业搬走、登记有误。",
        error_messages=asked("请写明注销原因，例如“房屋拆除”。"),
    )


class LeavingForm(forms.Form):
    """Why a resident leaves the register."""

    leaving = forms.ChoiceField(
        label="原因", choices=[("", "请选择"), *Resident.Leaving.choices], error_messages=asked("请选择离开原因。")
    )  # fmt: skip


class CareNeedForm(forms.Form):
    """A care need that somebody agreed to."""

    class Nothing(forms.Form):
        """Nothing to fill in: only to be sure."""

        sure = forms.BooleanField(label="我确定要结束", error_messages=asked("请勾选“我确定要结束”。"))

    kind = forms.ChoiceField(
        label="需求类别", choices=[("", "请选择"), *CareNeed.Kind.choices], error_messages=asked("请选择需求类别。")
    )  # fmt: skip
    words = forms.CharField(
        label="具体情况",
        max_length=500,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text="只写帮助他需要知道的。",
    )
    purpose = forms.CharField(
        label="登记用途",
        max_length=100,
        help_text="例如：每周上门看望，代买药品。",
        error_messages=asked("请写明登记用途，例如“每周上门看望”。"),
    )
    consent = forms.ChoiceField(
        label="谁同意的", choices=[("", "请选择"), *CareNeed.Consent.choices], error_messages=asked("请选择谁同意的。")
    )  # fmt: skip
    consent_by = forms.CharField(
        label="监护人姓名", max_length=40, required=False, help_text="监护人同意的填写。"
    )
    consent_on = day_field("同意日期")
    until = day_field("到期日期", help_text="到期以后内容自动删除，还需要的请重新征得同意。")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        today = timezone.localdate()
        self.fields["consent_on"].initial = today
        self.fields["until"].initial = today + relativedelta(
            months=min(12, parameters.value("register.care_months"))
        )
