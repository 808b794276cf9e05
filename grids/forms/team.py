"""What a clerk fills in about a grid's team and a hand-over. Decides what may be typed and chosen; the rules are the services'."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from governance.forms import asked, day_field
from governance.models.people import TELEPHONE
from grids.handover import Line
from grids.models import Entrance, TeamMember
from grids.models.team import WORKERS


class TeamForm(forms.ModelForm):
    """Somebody of a grid's team, new or mended. ``account`` is the login name of one that she has not yet."""

    account = forms.CharField(
        label="登录名",
        max_length=64,
        required=False,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
        help_text="工作人员账号的登录名，姓名要一致。专职、兼职网格员填了就有网格员岗位；没有账号的留空。",
    )

    class Meta:
        model = TeamMember
        fields = ["grid", "kind", "name", "duty", "employer", "phone", "consented_on", "since", "sort"]
        error_messages = {
            "name": {"required": "请填写姓名。"},
            "grid": {"required": "请选择网格。"},
            "kind": {"required": "请选择类别。"},
        }


class LeaveForm(forms.Form):
    """When somebody's service ends and why; of a grid worker, who takes over."""

    day = day_field("最后一天", help_text="当天仍在任。")
    reason = forms.CharField(label="原因", max_length=100, error_messages={"required": "请写明原因。"})
    taking = forms.ModelChoiceField(
        TeamMember.objects.none(), label="接手人", required=False, empty_label="还没有定",
        help_text="还没有定的，新网格员登记以后自动交给她；也可以以后指定。",
        error_messages={"invalid_choice": "请选择这个网格在任的网格员。"},
    )  # fmt: skip

    def __init__(self, *args: Any, takers: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["day"].initial = timezone.localdate()
        if takers is None:
            del self.fields["taking"]
        else:
            _offer_takers(self.fields["taking"], takers)


class TakerForm(forms.Form):
    """Who takes over."""

    taking = forms.ModelChoiceField(
        TeamMember.objects.none(), label="接手人", empty_label="请选择", error_messages=asked("请选择接手人。", "请选择这个网格在任的网格员。")
    )  # fmt: skip

    def __init__(self, *args: Any, takers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_takers(self.fields["taking"], takers)


def _offer_takers(field: forms.ModelChoiceField, takers: Any) -> None:
    field.queryset = takers
    field.label_from_instance = taker_words


def taker_words(member: TeamMember) -> str:
    """Return how somebody who could take over is offered, with what speaks against it."""
    parts = [member.get_kind_display()]
    if member.user_id is None:
        parts.append("没有账号，接不了在办的事件")
    if member.since > timezone.localdate():
        parts.append(f"{member.since:%-m月%-d日}到任")
    if member.until is not None:
        parts.append(f"任到{member.until:%-m月%-d日}")
    return f"{member.name}（{'，'.join(parts)}）"


class ReplaceForm(forms.Form):
    """Who comes in a grid worker's place, and from which day on."""

    name = forms.CharField(label="接替人姓名", max_length=40, error_messages={"required": "请填写姓名。"})
    kind = forms.ChoiceField(
        label="类别", choices=[(kind.value, kind.label) for kind in WORKERS], error_messages=asked("请选择类别。")
    )  # fmt: skip
    since = day_field("从哪天起", help_text="前一天是原网格员的最后一天。")
    account = forms.CharField(
        label="登录名", max_length=64, required=False, help_text="接替人的工作人员账号，填了就有网格员岗位。"
    )
    employer = forms.CharField(label="所在单位", max_length=80, required=False)
    phone = forms.CharField(
        label="工作电话", max_length=30, required=False, validators=[TELEPHONE], help_text="会公示。不要填个人手机号。"
    )  # fmt: skip
    reason = forms.CharField(label="原因", max_length=100, error_messages={"required": "请写明原因。"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["since"].initial = timezone.localdate() + timedelta(days=1)


class DoorsForm(forms.Form):
    """The doors that a micro-grid worker looks after."""

    entrances = forms.ModelMultipleChoiceField(
        Entrance.objects.none(), label="负责的楼门", required=False, widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "请选择这个网格里的楼门。", "invalid_pk_value": "请选择这个网格里的楼门。"},
    )  # fmt: skip

    def __init__(self, *args: Any, doors: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entrances"].queryset = doors


class HoldersForm(forms.Form):
    """As what the holders of posts are entered in the teams."""

    kind = forms.ChoiceField(
        label="登记为", choices=[(kind.value, kind.label) for kind in WORKERS], error_messages=asked("请选择类别。"),
        help_text="其中有不同的，登记以后逐个修改。",
    )  # fmt: skip


class ItemsForm(forms.Form):
    """The open items of a hand-over. ``takes``: which may be ticked off; ``remarks``: whether they may be remarked."""

    def __init__(self, *args: Any, lines: list[Line], takes: Any, remarks: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        for line in lines:
            key = line.item.pk
            if line.item.taken_at is not None:
                continue
            called = line.words or line.kind
            if takes(line):
                self.fields[f"item_{key}"] = forms.BooleanField(label=f"接手{called}", required=False)
            if remarks and line.matter is not None:
                self.fields[f"remark_{key}"] = forms.CharField(
                    label=f"{called}的移交说明", max_length=300, required=False, initial=line.remark,
                    widget=forms.Textarea({"rows": 2}), error_messages={"max_length": "移交说明最多 300 个字。"},
                )  # fmt: skip

    @property
    def ticked(self) -> list[int]:
        """The items that are ticked."""
        return [
            self._key(name) for name, value in self.cleaned_data.items() if name.startswith("item_") and value
        ]

    @property
    def remarks(self) -> dict[int, str]:
        """What is said of each item that may be remarked."""
        return {
            self._key(name): text for name, text in self.cleaned_data.items() if name.startswith("remark_")
        }

    @property
    def rows(self) -> list[tuple[Line, Any, Any]]:
        """Each line with its tick and its remark, where it has them."""
        return [
            (line, *(self[name] if (name := f"{part}_{line.item.pk}") in self.fields else None for part in ("item", "remark")))
            for line in self.lines
        ]  # fmt: skip

    def _key(self, name: str) -> int:
        return int(name.partition("_")[2])
