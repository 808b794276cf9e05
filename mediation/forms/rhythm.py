"""The forms of the work's rhythm: a review's record, a month's bulletin, taking one back."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from governance.forms import day_field
from mediation.models import Bulletin, Centre, Review, Rhythm
from mediation.reports.rhythm import months


def words_field(label: str, most: int, missing: str, **options: Any) -> forms.CharField:
    """Return a field for some paragraphs."""
    return forms.CharField(
        label=label,
        max_length=most,
        widget=forms.Textarea({"rows": 6, "maxlength": most}),
        error_messages={"required": missing},
        **options,
    )


class CentreForm(forms.Form):
    """Whose it is: one of the person's own centres; where she has one, nothing is asked."""

    centre = forms.ModelChoiceField(
        label="矛调中心",
        queryset=Centre.objects.none(),
        empty_label=None,
        error_messages={"required": "请选择矛调中心。", "invalid_choice": "请选择您主持的矛调中心。"},
    )

    def __init__(self, *args: Any, centres: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["centre"].queryset = centres


class ReviewForm(CentreForm):
    rhythm = forms.ChoiceField(
        label="种类", choices=Rhythm.choices, error_messages={"invalid_choice": "请选择日研判或周调度。"}
    )
    on = day_field("日期", help_text="周调度填这一周里的任何一天。")
    attendees = forms.CharField(
        label="参加人员",
        max_length=Review._meta.get_field("attendees").max_length,
        error_messages={"required": "请填写参加人员。"},
    )
    points = words_field(
        "研判意见和安排",
        4000,
        "请写研判意见和安排。",
        help_text="只有本中心的主任和调解员能看。说到具体纠纷时写卷号，不写姓名；对某一件的意见在它的卷宗里用“研判”写。",
    )

    def clean_rhythm(self) -> Rhythm:
        return Rhythm(self.cleaned_data["rhythm"])


class BulletinForm(CentreForm):
    month = forms.TypedChoiceField(
        label="月份",
        coerce=date.fromisoformat,
        error_messages={"required": "请选择月份。", "invalid_choice": "请选择已经结束的月份。"},
    )
    situation = words_field(
        "基本情况",
        Bulletin._meta.get_field("situation").max_length,
        "请写基本情况。",
        help_text="按数字先写好了几句，请改成您的话。发给下级的人都能看，不写姓名和具体纠纷。",
    )
    demands = words_field("下一步要求", Bulletin._meta.get_field("demands").max_length, "请写下一步要求。")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Whose months these are is only known where there is one centre to choose.
        own = list(self.fields["centre"].queryset[:2])
        issued = (
            Bulletin.objects.in_force().filter(centre=own[0]) if len(own) == 1 else Bulletin.objects.none()
        )
        out = set(issued.values_list("month", flat=True))
        self.fields["month"].choices = [
            (str(first), f"{first.year}年{first.month}月{'（已签发）' if first in out else ''}")
            for first in months(timezone.localdate())
        ]
