"""Registering as a volunteer, and keeping one's own registration."""

from typing import Any

from django import forms

from governance.forms import day_field, phone_field
from volunteers.models import Skill, Volunteer
from volunteers.models.people import WEEK_PARTS


class PreferencesForm(forms.Form):
    """What a volunteer can do, when, and how far she goes."""

    skills = forms.ModelMultipleChoiceField(
        queryset=Skill.objects.none(),
        label="我会什么",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="没有专长也欢迎。电工、护士等须持证。",
        error_messages={"invalid_choice": "请从列表中选择技能。", "invalid_pk_value": "请从列表中选择技能。"},
    )
    free_times = forms.MultipleChoiceField(
        label="什么时候有空",
        choices=WEEK_PARTS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="只用来推荐合适的单，不选也可以接单。",
        error_messages={"invalid_choice": "请从表中选择时间。"},
    )
    reach = forms.ChoiceField(
        label="愿意去多远",
        choices=Volunteer.Reach.choices,
        widget=forms.RadioSelect,
        initial=Volunteer.Reach.STREET,
    )
    description = forms.CharField(
        label="自我介绍",
        max_length=500,
        required=False,
        widget=forms.Textarea(
            {"rows": 3, "maxlength": 500, "placeholder": "例如：退休电工，每周二、四上午有空。"}
        ),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["skills"].queryset = Skill.objects.order_by("name")

    @property
    def week(self) -> list[tuple[str, list[Any]]]:
        """The 21 boxes as a table: (day, boxes for morning, afternoon and evening)."""
        boxes = list(self["free_times"])
        return [(f"周{'一二三四五六日'[day]}", boxes[day * 3 : day * 3 + 3]) for day in range(7)]


class GuardianForm(forms.Form):
    """Who answers for a volunteer under 18; she fills it in with her guardian beside her."""

    guardian_name = forms.CharField(
        label="监护人姓名",
        max_length=40,
        widget=forms.TextInput({"autocomplete": "off", "maxlength": 40}),
        error_messages={"required": "请填写监护人姓名。"},
    )
    guardian_phone = phone_field("监护人电话", error_messages={"required": "请填写监护人电话。"})
    guardian_consent = forms.BooleanField(
        label="监护人已在场并同意",
        help_text="社区审核时会给监护人打电话核实。",
        error_messages={"required": "须由监护人同意，请和监护人一起填写。"},
    )


class RegistrationForm(PreferencesForm):
    """The application."""

    name = forms.CharField(
        label="真实姓名", max_length=40, widget=forms.TextInput({"autocomplete": "name", "maxlength": 40})
    )
    birth_date = day_field("出生日期", help_text="未满 18 周岁须由监护人同意。")
    guardian_name = forms.CharField(
        label="监护人姓名",
        max_length=40,
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "maxlength": 40}),
    )
    guardian_phone = phone_field("监护人电话", required=False)
    guardian_consent = forms.BooleanField(
        label="监护人已在场并同意", required=False, help_text="社区审核时会给监护人打电话核实。"
    )
    consent = forms.BooleanField(
        label="我已阅读并同意",
        error_messages={"required": "请阅读信息使用说明，同意后才能登记。"},
    )

    field_order = [
        "name",
        "birth_date",
        "guardian_name",
        "guardian_phone",
        "guardian_consent",
        "skills",
        "free_times",
        "reach",
        "description",
        "consent",
    ]
