"""The forms of joint committees and part-time members, at the desk."""

from typing import Any

from django import forms
from django.utils import timezone

from governance.forms import day_field, phone_field
from parties.forms.organisations import organisation_field, reason_field
from parties.models import JointCommittee, PartTimeMember


class CommitteeForm(forms.Form):
    """A joint committee, new or mended."""

    organisation = organisation_field(
        "党组织", help_text="街道选街道党工委，设大工委；社区选社区党委（党总支、党支部），设大党委。"
    )
    established_on = day_field("成立日期")
    document = forms.CharField(label="成立文号", max_length=60, required=False)
    note = forms.CharField(label="备注", max_length=200, required=False)

    def __init__(self, *args: Any, organisations: Any = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["established_on"].initial = timezone.localdate()
        if organisations is None:
            del self.fields["organisation"]
        else:
            self.fields["organisation"].queryset = organisations


class EndForm(forms.Form):
    """When a committee ends, and why."""

    day = day_field("撤销日期")
    reason = reason_field()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["day"].initial = timezone.localdate()


class PartTimeForm(forms.Form):
    """A part-time member, new or mended. ``closed``: without the phone, which whoever fills it in may not read."""

    name = forms.CharField(label="姓名", max_length=40, error_messages={"required": "请填写姓名。"})
    employer = forms.CharField(
        label="所在单位", max_length=80, error_messages={"required": "请填写所在单位。"}
    )
    duty = forms.CharField(label="单位职务", max_length=40, required=False, help_text="例如：党支部书记。")
    phone = phone_field("手机号", required=False, help_text="用来联系开会；列表上只显示前三位和后四位。")
    since = day_field("任职起")
    until = day_field("任职至", required=False, help_text="留空表示未定。当日仍任职。")
    recommended_on = day_field("单位推荐日期", required=False)
    agreed_on = day_field("党员会议通过日期", required=False, help_text="社区党员大会或党员代表会议。")
    approved_on = day_field("街道批准日期", required=False)
    filed_on = day_field("区里备案日期", required=False)
    document = forms.CharField(label="批准文号", max_length=60, required=False)

    def __init__(self, *args: Any, closed: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["since"].initial = timezone.localdate()
        if closed:
            del self.fields["phone"]


def values_of(row: JointCommittee | PartTimeMember, form: type[forms.Form]) -> dict[str, Any]:
    """Return what a form shows of a row."""
    return {name: getattr(row, name) for name in form.base_fields if name != "organisation"}
