"""The forms by which the tree changes, at the desk."""

from typing import Any

from django import forms
from django.utils import timezone

from governance.forms import asked, day_field
from grids.models import Entrance, Grid
from parties.models import BranchForm, Member, Officer, Organisation, PartyOrgType


def document_field() -> forms.CharField:
    """Return the field for a document's number."""
    return forms.CharField(
        label="批复文号", max_length=60, required=False, help_text="例如：和街党发〔2026〕12 号。没有就不填。"
    )


def organisation_field(label: str, **options: Any) -> forms.ModelChoiceField:
    """Return a field to choose an organisation; its choices are the form's to set."""
    return forms.ModelChoiceField(
        label=label,
        queryset=Organisation.objects.none(),
        empty_label="请选择",
        error_messages=asked(f"请选择{label}。", "没有这个党组织，或者您不能选它。"),
        **options,
    )


def theme_day_field() -> forms.IntegerField:
    """Return the field for the fixed day of each month."""
    words = "请填 1 到 28 的整数，每个月都有这一天。"
    return forms.IntegerField(
        label="主题党日（每月几号）",
        required=False,
        min_value=1,
        max_value=28,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), words),
    )


#: A term is the superior's to set.
TERM = ("term_from", "term_until")


class KeepForm(forms.Form):
    """What an organisation says of itself; its term only for whoever decides about it."""

    phone = forms.CharField(label="联系电话", max_length=30, required=False)
    address = forms.CharField(label="活动场所", max_length=120, required=False)
    theme_day = theme_day_field()
    term_from = day_field("本届起", required=False)
    term_until = day_field("本届至", required=False, help_text="留空按规定的年数从本届起推算。")

    def __init__(self, *args: Any, decides: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not decides:
            for name in TERM:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        since, until = given.get("term_from"), given.get("term_until")
        if "term_from" in given and "term_until" in given:
            if since is None and until is not None:
                self.add_error("term_from", "本届的起止日期要一起填，或都不填。")
            elif until is not None and until <= since:
                self.add_error("term_until", "本届的截止日期要晚于开始日期。")
        return given


class SetUpForm(forms.Form):
    """A new organisation below a superior."""

    parent = organisation_field("上级党组织", help_text="新的党组织设在它下面，由它批准。")
    kind = forms.TypedChoiceField(
        label="类别", coerce=int, choices=[("", "请选择"), *PartyOrgType.choices], error_messages=asked("请选择类别。")
    )  # fmt: skip
    form = forms.ChoiceField(
        label="支部类型",
        required=False,
        choices=[("", "不是党支部"), *BranchForm.choices],
        error_messages=asked("请选择支部类型。"),
    )
    name = forms.CharField(
        label="名称",
        max_length=60,
        widget=forms.TextInput({"placeholder": "例如：和苑家园社区第一网格党支部"}),
        error_messages={"required": "请填写名称。"},
    )
    grid = forms.ModelChoiceField(
        label="所在网格",
        queryset=Grid.objects.none(),
        empty_label="请选择",
        help_text="覆盖几个网格的，选它们共同的上一级。几个支部可以在同一个网格。",
        error_messages=asked("请选择网格。", "请选择您管辖范围内的网格。"),
    )
    entrance = forms.ModelChoiceField(
        label="楼门",
        queryset=Entrance.objects.none(),
        required=False,
        empty_label="不限楼门",
        help_text="楼门党小组选它的楼门。",
        error_messages=asked("请选择楼门。", "没有这个楼门，请重新选择。"),
    )
    established_on = day_field("成立日期")
    document = document_field()
    address = forms.CharField(label="活动场所", max_length=120, required=False)
    phone = forms.CharField(label="联系电话", max_length=30, required=False)
    theme_day = theme_day_field()

    def __init__(self, *args: Any, parents: Any, grids: Any, entrances: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["parent"].queryset = parents
        self.fields["grid"].queryset = grids
        self.fields["entrance"].queryset = entrances
        self.fields["established_on"].initial = timezone.localdate()

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if "kind" in given and "form" in given:
            branch = given["kind"] == PartyOrgType.BRANCH
            if branch and not given["form"]:
                self.add_error("form", "党支部请选择支部类型。")
            elif not branch and given["form"]:
                self.add_error("form", "不是党支部的，不选支部类型。")
        return given


class ChangeForm(forms.Form):
    """The day and the document of a change."""

    day = day_field("日期")
    document = document_field()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["day"].initial = timezone.localdate()


class RenameForm(ChangeForm):
    """Another name."""

    name = forms.CharField(label="新名称", max_length=60, error_messages={"required": "请填写新名称。"})
    field_order = ["name"]


class MoveForm(ChangeForm):
    """Another superior."""

    parent = organisation_field("新的上级党组织")
    field_order = ["parent"]

    def __init__(self, *args: Any, parents: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["parent"].queryset = parents


def reason_field() -> forms.CharField:
    """Return the field for why."""
    return forms.CharField(
        label="理由", max_length=200, widget=forms.Textarea({"rows": 3}), error_messages={"required": "请填写理由。"}
    )  # fmt: skip


class MergeForm(ChangeForm):
    """Into which other organisation, and why."""

    into = organisation_field("并入")
    reason = reason_field()
    field_order = ["into"]

    def __init__(self, *args: Any, others: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["into"].queryset = others


class DissolveForm(ChangeForm):
    """Why it is dissolved."""

    reason = reason_field()
    field_order = ["reason"]


class DutyForm(forms.Form):
    """Who gets which duty, from when until when."""

    member = forms.ModelChoiceField(
        label="党员",
        queryset=Member.objects.none(),
        empty_label="请选择",
        error_messages=asked("请选择党员。", "请选择本党组织名册上的党员。"),
    )
    duty = forms.ChoiceField(label="职务", error_messages=asked("请选择职务。"))
    committee_duty = forms.ChoiceField(
        label="居委会职务",
        required=False,
        choices=Officer.CommitteeDuty.choices,
        help_text="书记兼居委会主任，就是一肩挑；班子成员兼居委会职务，计入交叉任职。",
        error_messages=asked("请选择居委会职务。"),
    )
    since = day_field("任职起")
    until = day_field("任职至", required=False, help_text="留空表示到另行免去为止。当日仍任职。")
    document = forms.CharField(label="任职文号", max_length=60, required=False)

    def __init__(
        self, *args: Any, organisation: Organisation, members: Any, named: Any, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        group = organisation.kind == PartyOrgType.GROUP
        self.fields["member"].queryset = members
        self.fields["member"].label_from_instance = named
        self.fields["duty"].choices = [
            (value, label) for value, label in Officer.Duty.choices if (value == Officer.Duty.LEADER) == group
        ]
        self.fields["since"].initial = timezone.localdate()
        self.fields["until"].initial = None if group else organisation.term_until
        if group:
            del self.fields["committee_duty"]


class EndDutyForm(forms.Form):
    """Until when, and why."""

    day = day_field("任职至")
    reason = reason_field()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["day"].initial = timezone.localdate()
