"""What is filled in at the desk for the lists of needs and projects."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from governance.forms import asked
from governance.models import User
from grids.forms.visits import NeedFields, offer_findings
from grids.models import Need, Project


class NewNeedForm(forms.ModelForm):
    """A need that somebody told of, not found at a visit."""

    class Meta:
        model = Need
        fields = ("grid", "words")
        widgets = {"words": UnfoldAdminTextareaWidget({"rows": 3})}
        error_messages = {
            "grid": asked("请选择网格。", "请选择您管理的网格。"),
            "words": {"required": "请写明需求。"},
        }


class HandOnForm(NeedFields):
    """Where a need goes, and whom to call back."""

    words = None

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        offer_findings(self, user)
        self.fields["to"].required = True
        self.fields["to"].choices = [("", "请选择"), *self.fields["to"].choices[1:]]
        self.fields["to"].error_messages["required"] = "请选择转到哪里。"
        self.fields["to"].help_text = ""

    def clean(self) -> dict[str, Any]:
        return forms.Form.clean(self) or self.cleaned_data


class SettleForm(forms.Form):
    """How a need was met."""

    settlement = forms.CharField(
        label="怎样解决的",
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
        error_messages=asked("请写明怎样解决的。"),
    )


class ListUnderForm(forms.Form):
    """Under which project a need comes; none takes it out."""

    project = forms.ModelChoiceField(
        Project.objects.none(),
        label="网格项目",
        required=False,
        empty_label="不列入项目",
        error_messages={"invalid_choice": "请选择这个网格还没完成的项目。"},
    )

    def __init__(self, *args: Any, projects: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["project"].queryset = projects
