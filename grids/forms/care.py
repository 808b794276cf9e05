"""The forms of care plans: what is typed and chosen at the desk and on the phone; the rules are the services'."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from governance.forms import Need, NeedsFields, asked, day_field, phone_field
from governance.models import User
from grids.models import CareColour, CareContact, CarePlan, CareVisit
from grids.models.care import days_of, items_offered, often
from grids.services.care.plans import MOST_ITEMS, Agreement, Contact

#: Rows for contacts on the page of a new plan.
CONTACT_ROWS = 3


def reason_field(label: str = "理由", help_text: str = "") -> forms.CharField:
    """Return a field for a reason."""
    return forms.CharField(
        label=label,
        min_length=2,
        max_length=100,
        help_text=help_text,
        error_messages={"required": f"请填写{label}。", "min_length": f"请把{label}写清楚一些。"},
    )


def colour_choices() -> list[tuple[str, str]]:
    """Return the colours with what they mean in this district."""
    return [(colour.value, f"{colour.label}（{often(days_of(colour))}）") for colour in CareColour]


class ItemsFields(forms.Form):
    """What is looked at: some of what the district's plans look at, and one's own."""

    items = forms.MultipleChoiceField(
        label="看什么", required=False, widget=forms.CheckboxSelectMultiple, choices=()
    )
    others = forms.CharField(
        label="还要看什么", max_length=200, required=False, help_text="每项不超过 20 个字，几项之间用顿号隔开。不要写病情。"
    )  # fmt: skip

    def __init__(self, *args: Any, items: list[str] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        offered = items_offered()
        self.fields["items"].choices = [(each, each) for each in offered]
        chosen = offered[:MOST_ITEMS] if items is None else items
        self.fields["items"].initial = [each for each in chosen if each in offered]
        self.fields["others"].initial = "、".join(each for each in chosen if each not in offered)

    def chosen(self) -> list[str]:
        """Return the checked items, once each."""
        typed = self.cleaned_data["others"].replace("，", "、").replace(",", "、").split("、")
        return [*self.cleaned_data["items"], *typed]


class AgreementFields(forms.Form):
    """Who agreed, on which day, until which day."""

    consent = forms.ChoiceField(
        label="谁同意的",
        choices=CarePlan.Consent.choices,
        widget=forms.RadioSelect,
        error_messages=asked("请选择谁同意的。"),
    )
    consent_by = forms.CharField(
        label="监护人姓名", max_length=40, required=False, help_text="监护人同意的才填。"
    )
    consent_on = day_field("同意日期")
    until = day_field("同意到哪天", help_text="到期自动结束，要继续须重新征得同意。")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        today = timezone.localdate()
        self.fields["consent"].initial = CarePlan.Consent.PERSON
        self.fields["consent_on"].initial = today
        self.fields["until"].initial = today + timedelta(days=180)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("consent") == CarePlan.Consent.GUARDIAN and not given.get("consent_by", "x").strip():
            self.add_error("consent_by", "监护人同意的，请写监护人姓名。")
        return given

    def agreement(self) -> Agreement:
        """Return what was agreed to."""
        given = self.cleaned_data
        guardian = given["consent_by"].strip() if given["consent"] == CarePlan.Consent.GUARDIAN else ""
        return Agreement(until=given["until"], on=given["consent_on"], guardian=guardian)


class CarersField(forms.ModelMultipleChoiceField):
    """Who answers for a plan, of those who can."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            User.objects.none(),
            label="责任人",
            widget=forms.CheckboxSelectMultiple,
            error_messages={
                "required": "请至少选一位责任人。",
                "invalid_choice": "请选择这个网格的网格员或社区工作人员。",
                "invalid_pk_value": "请选择这个网格的网格员或社区工作人员。",
            },
            **options,
        )


class PlanForm(ItemsFields, AgreementFields):
    """A new plan, without its contacts."""

    colour = forms.ChoiceField(
        label="颜色", choices=(), widget=forms.RadioSelect, error_messages=asked("请选择颜色。"),
        help_text="颜色只说多久看一次，不是给人贴标签。",
    )  # fmt: skip
    purpose = forms.CharField(
        label="用途",
        max_length=100,
        help_text="例如：独自在家，约好每周看一次。不要写病情。",
        error_messages={"required": "请填写用途。"},
    )
    carers = CarersField()

    field_order = (
        "colour",
        "purpose",
        "carers",
        "items",
        "others",
        "consent",
        "consent_by",
        "consent_on",
        "until",
    )

    def __init__(self, *args: Any, able: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["colour"].choices = colour_choices()
        self.fields["carers"].queryset = able


class MendForm(ItemsFields):
    """What a plan is for and what is looked at."""

    purpose = forms.CharField(label="用途", max_length=100, error_messages={"required": "请填写用途。"})
    field_order = ("purpose", "items", "others")


class ColourForm(forms.Form):
    """Another colour, and why."""

    colour = forms.ChoiceField(
        label="改成", choices=(), widget=forms.RadioSelect, error_messages=asked("请选择颜色。")
    )
    reason = reason_field(help_text="例如：家人已搬来同住。不要写病情。")

    def __init__(self, *args: Any, now: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["colour"].choices = [each for each in colour_choices() if each[0] != now]


class CarersForm(forms.Form):
    """Who answers for a plan."""

    carers = CarersField()

    def __init__(self, *args: Any, able: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["carers"].queryset = able


class ContactForm(forms.Form):
    """A neighbour or somebody of the family."""

    kind = forms.ChoiceField(
        label="类别",
        choices=CareContact.Kind.choices,
        initial=CareContact.Kind.FAMILY,
        error_messages=asked("请选择类别。"),
    )
    name = forms.CharField(label="姓名", max_length=40, error_messages={"required": "请填写姓名。"})
    phone = phone_field("手机号", error_messages={"required": "请填写手机号。"})
    relation = forms.CharField(label="关系", max_length=20, required=False, help_text="例如：女儿、对门。")

    def contact(self) -> Contact:
        """Return it as typed."""
        given = self.cleaned_data
        return Contact(given["kind"], given["name"], given["phone"], given["relation"])


ContactFormSet = forms.formset_factory(
    ContactForm, extra=CONTACT_ROWS, max_num=CONTACT_ROWS, absolute_max=CONTACT_ROWS, validate_max=True
)


class EndForm(forms.Form):
    """Why a plan ends."""

    reason = reason_field("原因", "例如：本人不再需要。不要写病情。")


class DeviceForm(forms.Form):
    """An SOS button and the consent to it."""

    serial = forms.CharField(label="设备编号", max_length=40, error_messages={"required": "请填写设备编号。"})
    spot = forms.CharField(label="放在哪里", max_length=40, required=False, help_text="例如：床头。")
    consent = forms.ChoiceField(
        label="谁同意的", choices=CarePlan.Consent.choices, widget=forms.RadioSelect,
        initial=CarePlan.Consent.PERSON, error_messages=asked("请选择谁同意的。"),
    )  # fmt: skip
    consent_on = day_field("同意日期")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["consent_on"].initial = timezone.localdate()


class LookForm(NeedsFields):
    """A look-in, on the phone: two taps where all is well."""

    token = forms.CharField(
        label="标识",
        widget=forms.HiddenInput({"data-token": ""}), max_length=40, min_length=8,
        error_messages=asked("页面已过期，请重新打开。"),
    )  # fmt: skip
    captured_at = forms.DateTimeField(
        label="时间", required=False, widget=forms.HiddenInput({"data-captured": ""})
    )
    outcome = forms.ChoiceField(
        label="情况怎么样",
        choices=CareVisit.Outcome.choices,
        widget=forms.RadioSelect,
        error_messages=asked("请选择情况。"),
    )
    way = forms.ChoiceField(
        label="怎么看的", choices=CareVisit.Way.choices, widget=forms.RadioSelect, initial=CareVisit.Way.DOOR,
        error_messages=asked("请选择怎么看的。"),
    )  # fmt: skip
    items = forms.MultipleChoiceField(
        label="看了什么", choices=(), required=False, widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(
        label="说明", max_length=500, required=False, widget=forms.Textarea({"rows": 2, "maxlength": 500}),
        help_text="有需要的，写明需要什么。",
    )  # fmt: skip
    needs = (Need("note", "请写明需要什么。", ("outcome", CareVisit.Outcome.NEEDS.value), "有需要时必填"),)

    def __init__(self, *args: Any, plan: CarePlan, **options: Any) -> None:
        super().__init__(*args, **options)
        self.plan = plan
        self.fields["items"].choices = [(each, each) for each in plan.items]


class NoForm(forms.Form):
    """Nothing to fill in: the button alone."""

    sure = forms.CharField(required=False, widget=forms.HiddenInput, initial="1")
