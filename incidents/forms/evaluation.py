"""The forms of evaluations, at the desk."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from governance import parameters
from governance.forms import ActionForm, day_field
from governance.models import Unit
from grids.models import Grid
from incidents.flow import scoring
from incidents.flow.evaluation import community_of
from incidents.forms.whistles import UnitField, UnitsField
from incidents.models import CommunityScore, Deduction


def whole_number(label: str, low: int, high: int, **options: Any) -> forms.IntegerField:
    """Return a field for a whole number between two bounds, in one sentence when it is not."""
    return forms.IntegerField(
        label=label,
        min_value=low,
        max_value=high,
        widget=forms.NumberInput({"inputmode": "numeric"}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), f"请填写 {low} 到 {high} 的整数。"
        ),
        **options,
    )


class OpenForm(forms.Form):
    """A new evaluation."""

    grid = forms.ModelChoiceField(
        label="街道",
        queryset=Grid.objects.none(),
        empty_label="请选择",
        error_messages={"required": "请选择街道。", "invalid_choice": "请选择您管辖的街道。"},
    )
    period_from = day_field("考评期起", help_text="当天也算。")
    period_until = day_field("考评期止", help_text="当天也算，须是今天以前。")
    units = UnitsField(label="考评哪些部门", required=False, help_text="一个都不选，就考评区里的所有部门。")

    def __init__(self, *args: Any, places: Any, departments: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["grid"].queryset = places
        self.fields["units"].queryset = departments
        # The quarter before this one, as it is usually asked for.
        today = timezone.localdate()
        last = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1) - timedelta(days=1)
        self.fields["period_from"].initial = last.replace(month=last.month - 2, day=1)
        self.fields["period_until"].initial = last
        for name, words in (("period_from", "请填写考评期起。"), ("period_until", "请填写考评期止。")):
            self.fields[name].error_messages["required"] = words
        if len(self.fields["grid"].choices) == 2:  # the empty one, and hers
            self.fields["grid"].initial = places.first().pk


class PointsAndWords(forms.MultiWidget):
    """A number and a line of words, side by side."""

    def __init__(self, name: str) -> None:
        super().__init__(
            {
                "points": forms.NumberInput(
                    {
                        "min": 0, "max": 100, "inputmode": "numeric", "placeholder": "0–100",
                        "aria-label": f"{name}得分",
                    }
                ),
                "words": forms.TextInput(
                    {"maxlength": 200, "placeholder": "说明", "aria-label": f"{name}说明", "autocomplete": "off"}
                ),
            }
        )  # fmt: skip

    def decompress(self, value: Any) -> list[Any]:
        return list(value) if value else [None, None]


class PointsField(forms.MultiValueField):
    """What a community gives one department; left empty, it says nothing of it."""

    def __init__(self, unit: Unit, **options: Any) -> None:
        points = whole_number("", 0, 100, required=False)
        words = forms.CharField(
            required=False, max_length=200, error_messages={"max_length": "说明不超过 200 字。"}
        )
        super().__init__(
            (points, words),
            widget=PointsAndWords(unit.name),
            label=unit.name,
            required=False,
            require_all_fields=False,
            **options,
        )

    def compress(self, values: list[Any]) -> tuple[int | None, str]:
        return (values[0], values[1] or "") if values else (None, "")


class GiveForm(ActionForm):
    """What one community gives the departments, all in one."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.units = {f"unit_{unit.pk}": unit for unit in scoring.parties(self.matter)}
        code = community_of(self.user, self.matter)
        before = {
            row.unit_id: (row.points, row.words)
            for row in CommunityScore.objects.restrict(self.user).filter(evaluation=self.matter, grid=code)
        }
        for name, unit in self.units.items():
            self.fields[name] = PointsField(unit, initial=before.get(unit.pk))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        below, given = parameters.value("evaluation.words_below"), 0
        for name in self.units:
            points, words = cleaned.get(name) or (None, "")
            given += points is not None
            if points is None and words and name not in self.errors:
                self.add_error(name, "写了说明，请也打分。")
            elif points is not None and points < below and not words.strip():
                self.add_error(name, f"打 {below} 分以下的，请写说明。")
        if not given and not self.errors:
            self.add_error(None, "请至少给一个部门打分。")
        return cleaned

    def flow_data(self) -> dict[str, Any]:
        rows = ((unit, *(self.cleaned_data.get(name) or (None, ""))) for name, unit in self.units.items())
        return {"given": [row for row in rows if row[1] is not None]}


class OneDepartmentForm(ActionForm):
    """An action about one department's score."""

    unit = UnitField(label="部门", empty_label="请选择")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=self.matter.scores.values("unit")).order_by(
            "code"
        )
        self.fields["note"].max_length = 200
        self.fields["note"].widget.attrs["maxlength"] = 200


class DeductForm(OneDepartmentForm):
    """How many points are taken off."""

    points = whole_number("扣几分", 1, 100)


class AdjustForm(OneDepartmentForm):
    """What satisfaction is adjusted to."""

    value = whole_number(
        "满意度调整为", 0, 100, required=False, help_text="0 到 100。留空是取消以前的调整，按回访数据计算。"
    )


class LiftForm(ActionForm):
    """Which deduction is taken back."""

    deduction = forms.ModelChoiceField(
        label="撤销哪一笔",
        queryset=Deduction.objects.none(),
        empty_label="请选择",
        error_messages={"required": "请选择要撤销的扣分。", "invalid_choice": "这笔扣分已经撤销，请另选。"},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["deduction"]
        field.queryset = Deduction.objects.filter(score__evaluation=self.matter).select_related("score__unit")
        field.label_from_instance = lambda row: f"{row.score.unit}：{row}"


class AnswerScoreForm(forms.Form):
    """A department's answer to its result."""

    words = forms.CharField(
        label="答复",
        max_length=1000,
        widget=forms.Textarea({"rows": 5, "maxlength": 1000}),
        help_text="街道看得到。提交后不能改，可以再写一条。",
        error_messages={"required": "请写答复。", "max_length": "答复不超过 1000 字。"},
    )


EVALUATION_FORMS: dict[str, type[ActionForm]] = {
    "give": GiveForm,
    "deduct": DeductForm,
    "adjust": AdjustForm,
    "lift": LiftForm,
}
