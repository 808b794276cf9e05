"""The forms of secretaries' projects, at the desk."""

import re
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from governance.forms import ActionForm, PhotosField, day_field
from governance.models import Matter
from parties.flow.projects import MOST_STEPS
from parties.models import Milestone, Organisation
from parties.services.projects import years

MOST_PHOTOS = 6
#: A planned step as it is typed: the day, then what is done.
STEP = re.compile(
    r"\s*(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?\s*[ ,，、:：]?\s*(\S.*?)\s*$"
)


class StepsField(forms.CharField):
    """Planned steps, one a line: a day and what is done."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label="实施步骤",
            max_length=2000,
            widget=forms.Textarea(
                {
                    "rows": 5,
                    "maxlength": 2000,
                    "placeholder": "2026-12-10 入户了解情况\n2026-12-25 议事会商定办法",
                }
            ),
            help_text=f"一行一步，先写日期再写做什么，最多 {MOST_STEPS} 步。",
            error_messages={"required": "请写明实施步骤。"},
            **options,
        )

    def clean(self, value: Any) -> list[tuple[date, str]]:
        found = []
        for number, line in enumerate(super().clean(value).splitlines(), 1):
            if not line.strip():
                continue
            match = STEP.match(line)
            try:
                day = date(*(int(part) for part in match.groups()[:3])) if match else None
            except ValueError:
                day = None
            if day is None or not 2000 <= day.year <= 2100:
                raise ValidationError(f"第 {number} 行请先写日期，例如“2026-12-10 入户了解情况”。")
            if len(match.group(4)) > 120:
                raise ValidationError(f"第 {number} 行太长，每一步不超过 120 字。")
            found.append((day, match.group(4)))
        return found


class ProjectWords(forms.Form):
    """What the project is."""

    title = forms.CharField(label="项目名称", max_length=60, error_messages={"required": "请填写项目名称。"})
    description = forms.CharField(
        label="要达到的目标",
        max_length=1000,
        widget=forms.Textarea({"rows": 4, "maxlength": 1000}),
        help_text="要解决什么问题，做到什么程度算完成。",
        error_messages={"required": "请填写要达到的目标。"},
    )
    until = day_field("计划完成")
    steps = StepsField()


class ProjectForm(ProjectWords):
    """A new project."""

    organisation = forms.ModelChoiceField(
        label="党组织",
        queryset=Organisation.objects.none(),
        empty_label="请选择",
        error_messages=dict.fromkeys(("required", "invalid_choice"), "请选择您担任书记的党组织。"),
    )
    year = forms.TypedChoiceField(
        label="年度",
        coerce=int,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "请选择年度。"),
    )

    field_order = ("organisation", "year", "title", "description", "until", "steps")

    def __init__(self, *args: Any, organisations: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["organisation"].queryset = organisations
        self.fields["year"].choices = [(str(year), f"{year} 年") for year in years()]


class AmendProjectForm(ActionForm, ProjectWords):
    """The corrected project; what is done of the plan stays, the rest is written anew."""

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        left = matter.milestones.filter(done_on=None)
        return {
            "title": matter.title,
            "description": matter.description,
            "until": matter.until,
            "steps": "\n".join(f"{step.due_on:%Y-%m-%d} {step.words}" for step in left),
        }


class TickOffForm(ActionForm):
    """Which step is done, when, how, with pictures."""

    milestone = forms.ModelChoiceField(
        label="步骤",
        queryset=Milestone.objects.none(),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "请选择还没有完成的步骤。"),
    )
    done_on = day_field("完成日期")
    photos = PhotosField(max_files=MOST_PHOTOS)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["milestone"]
        field.queryset = Milestone.objects.restrict(self.user).filter(project=self.matter, done_on=None)
        field.label_from_instance = lambda step: f"{step.due_on:%Y-%m-%d} {step.words}"

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        first = matter.milestones.filter(done_on=None).first()
        return {"milestone": first.pk if first else None, "done_on": timezone.localdate()}


class ReportForm(ActionForm):
    """What came of it, with pictures."""

    note_first = True
    photos = PhotosField(max_files=MOST_PHOTOS)


PROJECT_FORMS: dict[str, type[ActionForm]] = {
    "amend": AmendProjectForm,
    "tick_off": TickOffForm,
    "report": ReportForm,
}
