"""Registering a dispute at the desk."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from governance.forms import day_field
from grids.models import Grid
from mediation.flow.parties import PARTY_FIELDS
from mediation.forms.parties import amount_field, check_party, party_fields
from mediation.models import Category, Disputant, Grade, Origin, ScreeningReport
from mediation.services.registering import PartyData

#: prefix -> (side, heading, must be there).
SIDES = {
    "a_": (Disputant.Side.APPLICANT, "申请人", True),
    "b_": (Disputant.Side.RESPONDENT, "被申请人", True),
    "c_": (Disputant.Side.RESPONDENT, "另一被申请人", False),
}


@dataclass(frozen=True)
class FieldGroup:
    """Fields that stand together under a heading."""

    title: str
    fields: list[forms.BoundField]
    folded: bool = False

    @property
    def is_open(self) -> bool:
        """Whether something was typed there, or is wrong."""
        return any(each.errors or each.data for each in self.fields)


class FoundField(forms.ModelChoiceField):
    """One of the reports by which a dispute may have been found."""

    def label_from_instance(self, obj: ScreeningReport) -> str:
        return f"{obj}{f'　{obj.screening}' if obj.screening else ''}"


class RegisterForm(forms.Form):
    """A dispute as a centre's desk takes it down.

    ``places``: the nodes to choose from; ``reports``: those of the screenings by which it may have been found, None for whoever
    sees none.
    """

    grid = forms.ModelChoiceField(
        label="发生在哪里",
        queryset=Grid.objects.none(),
        empty_label="请选择",
        error_messages={
            "required": "请选择发生在哪里。",
            "invalid_choice": "请选择您管辖范围内的社区或网格。",
        },
    )
    category = forms.ChoiceField(
        label="类别", choices=[("", "请选择"), *Category.choices], error_messages={"required": "请选择类别。"}
    )
    grade = forms.ChoiceField(label="等级", choices=Grade.choices, initial=Grade.C)
    origin = forms.ChoiceField(
        label="来源方式",
        choices=[c for c in Origin.choices if c[0] != Origin.INCIDENT],
        initial=Origin.APPLIED,
        help_text="当事人申请的，申请人即为同意调解；其他的各方都要问。",
    )
    origin_number = forms.CharField(label="移送文号", required=False, max_length=60)
    found_in = FoundField(
        label="哪次排查发现的",
        queryset=ScreeningReport.objects.none(),
        required=False,
        empty_label="不是排查发现的",
        help_text="近 90 天的排查记录。排查发现、主动去调解的，来源方式选“主动调解”。",
        error_messages={"invalid_choice": "请选择您管辖范围内近 90 天的排查记录。"},
    )
    description = forms.CharField(
        label="纠纷简要情况",
        max_length=2000,
        widget=forms.Textarea({"rows": 5, "maxlength": 2000}),
        error_messages={"required": "请写明纠纷的简要情况。"},
    )
    requests = forms.CharField(
        label="请求事项",
        required=False,
        max_length=1000,
        widget=forms.Textarea({"rows": 3, "maxlength": 1000}),
    )
    occurred_on = day_field("发生日期", required=False)
    amount = amount_field()

    def __init__(self, *args: Any, places: Any, reports: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["grid"].queryset = places
        if reports is None:
            del self.fields["found_in"]
        else:
            self.fields["found_in"].queryset = reports
        for prefix, (_, _, required) in SIDES.items():
            for name, field in party_fields(prefix, required=required).items():
                self.fields[name] = field

    def groups(self) -> list[FieldGroup]:
        """Return the fields as the page groups them: the dispute, then each party; who need not be there is folded away."""
        bound = list(self)
        of_parties = {prefix: [each for each in bound if each.name.startswith(prefix)] for prefix in SIDES}
        rest = [each for each in bound if not each.name.startswith(tuple(SIDES))]
        return [
            FieldGroup("纠纷", rest),
            *(
                FieldGroup(heading, of_parties[prefix], folded=not required)
                for prefix, (_, heading, required) in SIDES.items()
            ),
        ]

    def clean_occurred_on(self) -> date | None:
        day = self.cleaned_data["occurred_on"]
        if day is not None and not 2000 <= day.year <= timezone.localdate().year:
            raise ValidationError("请填写过去的日期。")
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for prefix, (_, _, required) in SIDES.items():
            given = [name for name in PARTY_FIELDS if cleaned.get(prefix + name)]
            if given and not required and not cleaned.get(f"{prefix}name"):
                self.add_error(f"{prefix}name", "请填写姓名或名称。")
            check_party(self, cleaned, prefix)
        return cleaned

    def parties(self) -> list[PartyData]:
        """Return the parties that were typed."""
        cleaned, found = self.cleaned_data, []
        for prefix, (side, _, _) in SIDES.items():
            if cleaned.get(f"{prefix}name"):
                more = {name: cleaned[prefix + name] for name in PARTY_FIELDS}
                found.append(PartyData(side, more.pop("name"), more.pop("phone"), None, more))
        return found
