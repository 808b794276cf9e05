"""The forms of screenings: a campaign, a report at the desk, and a report on a phone."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from governance.forms import day_field
from governance.periods import EARLIEST
from mediation.models import Screening, ScreeningReport
from mediation.models.screening import MOST, MOST_TIMES

NO_NAMES = "只写情况和数字，不写姓名、电话和门牌。"
#: (cases, people) that belong together, and what they are called.
PAIRS = (
    ("crime_cases", "crime_people", "防止民转刑"),
    ("petition_cases", "petition_people", "防止群体性上访"),
)


def number_field(label: str, most: int = MOST, *, least: int = 0, **options: Any) -> forms.IntegerField:
    """Return a field for a number that was counted; left empty it is the least one."""
    words = "不能是负数。" if least == 0 else f"至少是 {least}。"
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        required=False,
        initial=least,
        widget=forms.NumberInput({"inputmode": "numeric"}),
        error_messages={
            "invalid": "请填写整数。",
            "min_value": words,
            "max_value": f"不能超过 {most:,}，请检查。",
        },
        **options,
    )


#: What a report counts, besides how often somebody went out.
NUMBERS = (
    "households", "prevented", "crime_cases", "crime_people", "petition_cases", "petition_people",
)  # fmt: skip


class ScreeningForm(forms.ModelForm):
    """A campaign. What it says that cannot be is said at the field; the service looks again."""

    since = day_field("开始日期")
    until = day_field("结束日期")

    class Meta:
        model = Screening
        fields = ("name", "grid", "since", "until", "focus")
        widgets = {"focus": forms.Textarea({"rows": 5, "maxlength": 1000})}
        help_texts = {"focus": "写给下面的人看：哪几类矛盾，哪些地方，多长时间走一遍。不写姓名。"}
        error_messages = {"name": {"required": "请填写名称，例如“双百排查”。"}}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", "结束日期不能早于开始日期。")
        return cleaned


class ReportForm(forms.ModelForm):
    """A report of a screening."""

    day = day_field("排查日期", initial=timezone.localdate)
    times = number_field("排查次数", MOST_TIMES, least=1, help_text="走了几次，一般是 1。")
    households = number_field("走访户数")
    prevented = number_field("预防纠纷（件）", help_text="还没闹起来就化解了的。")
    crime_cases = number_field("防止民转刑（件）")
    crime_people = number_field("防止民转刑（人）")
    petition_cases = number_field("防止群体性上访（件）")
    petition_people = number_field("防止群体性上访（人）")
    #: Which showing of the form it was; the report keeps it as its token.
    mark = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    class Meta:
        model = ScreeningReport
        fields = (
            "grid", "screening", "day", "times", "households", "prevented",
            "crime_cases", "crime_people", "petition_cases", "petition_people", "words",
        )  # fmt: skip
        widgets = {"words": forms.Textarea({"rows": 3, "maxlength": 500})}
        help_texts = {"words": NO_NAMES}

    def clean_day(self) -> date:
        day = self.cleaned_data["day"]
        if not EARLIEST <= day <= timezone.localdate():
            raise ValidationError(f"请填写 {EARLIEST.year} 年以后、不晚于今天的日期。")
        return day

    def clean_mark(self) -> str | None:
        return self.cleaned_data["mark"] or None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        # A number that was left empty is the least one.
        for name, field in self.fields.items():
            if isinstance(field, forms.IntegerField) and name in cleaned and cleaned[name] is None:
                cleaned[name] = field.min_value
        told = [name for name in self.fields if name in NUMBERS and cleaned.get(name)]
        if not self.errors and not told and not cleaned.get("words"):
            self.add_error("words", "还什么都没有填：户数、件数和情况，至少填一项。")
        for cases, people, label in PAIRS:
            many, heads = cleaned.get(cases), cleaned.get(people)
            if many is None or heads is None:
                continue
            if many and heads < many:
                self.add_error(people, f"{label}的人数不能少于件数（{many} 件）。")
            elif heads and not many:
                self.add_error(cases, f"填了{label}的人数，请填件数。")
        return cleaned


class PhoneReportForm(ReportForm):
    """A report as a mediator writes it on her phone: four fields, the rest folded away.

    ``places``: the nodes to choose from; ``screenings``: the campaigns.
    """

    #: What is asked of everyone.
    first = ("grid", "households", "prevented", "words")

    def __init__(self, *args: Any, places: Any, screenings: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        grid, screening = self.fields["grid"], self.fields["screening"]
        grid.queryset, screening.queryset = places, screenings
        grid.label, grid.empty_label = "在哪里", "请选择"
        screening.empty_label = "平时的排查"
        grid.error_messages |= {
            "required": "请选择在哪里。",
            "invalid_choice": "请选择您管辖范围内的社区或网格。",
        }
        screening.error_messages["invalid_choice"] = "请选择已经开始的排查行动。"
        for name in ("households", "prevented"):
            # Nothing to be wiped out before one types; empty is none.
            self.initial[name] = None
            self.fields[name].widget.attrs["placeholder"] = "0"

    @property
    def rest(self) -> list[forms.BoundField]:
        """The fields that are folded away."""
        return [each for each in self.visible_fields() if each.name not in self.first]

    @property
    def is_open(self) -> bool:
        """Whether something folded away is wrong."""
        return any(each.errors for each in self.rest)
