"""What a clerk fills in to change the territory. Decides what may be typed and chosen; the rules are the services'."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from governance.territory import parent_code
from grids.models import Grid


class GridForm(forms.ModelForm):
    """A grid to add or change; the code tells the parent, which must be there and in force."""

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        above = parent_code(code)
        if above is not None and not Grid.objects.current().filter(code=above).exists():
            raise forms.ValidationError(f"上级网格 {above} 不存在或已停用，请先添加上级网格。")
        return code


class RetireForm(forms.Form):
    """Which grids take over, and why. Offered are grids in force of the same level in the same street (a street's in the
    same district) that the person may change."""

    successors = forms.ModelMultipleChoiceField(
        Grid.objects.none(),
        label="承接网格",
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={"required": "请选择承接网格，未办结的事项要由它接续。"},
    )
    reason = forms.CharField(
        label="停用理由",
        min_length=4,
        max_length=60,
        strip=True,
        widget=UnfoldAdminTextInputWidget,
        help_text="例如：两个网格合并。理由会记入修改历史。",
        error_messages={"min_length": "请写明停用理由（至少 4 个字）。"},
    )

    def __init__(self, *args: Any, grid: Grid, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        around = grid.code[:9] if len(grid.code) > 9 else grid.code[:6]
        self.fields["successors"].queryset = (
            Grid.objects.restrict(user, "change")
            .current()
            .filter(code__startswith=around, level=len(grid.code))
            .exclude(code=grid.code)
            .defer("boundary")
        )
        self.fields["successors"].label_from_instance = lambda other: f"{other.name}（{other.code}）"
