"""The forms of registering with a community, on the phone and at the desk."""

from typing import Any

from django import forms

from governance.forms import ActionForm, phone_field
from governance.models import Matter, User
from grids.models import Grid
from parties.models import DualRegistration


class CheckinWords(forms.Form):
    """Where one works, to which organisation one belongs, and what one can do for the community."""

    employer = forms.CharField(
        label="单位",
        max_length=80,
        widget=forms.TextInput({"maxlength": 80, "autocomplete": "organization"}),
        error_messages={"required": "请填写单位。"},
    )
    affiliation = forms.CharField(
        label="所在党组织",
        max_length=80,
        help_text="组织关系所在的党支部；单位报到的，填写来报到的党组织。",
        widget=forms.TextInput({"maxlength": 80, "autocomplete": "off"}),
        error_messages={"required": "请填写所在党组织。"},
    )
    offers = forms.CharField(
        label="能为社区做什么",
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 3, "maxlength": 300, "placeholder": "例如：周末教老人用手机。"}),
    )


class CheckinForm(CheckinWords):
    """A registration by oneself, on the phone."""

    kind = forms.ChoiceField(
        label="谁来报到",
        choices=[("member", "我是在职党员，到居住地报到"), ("organisation", "我代表单位党组织，到社区报到")],
        widget=forms.RadioSelect,
        initial="member",
        error_messages={"required": "请选择报到类别。", "invalid_choice": "请选择报到类别。"},
    )
    name = forms.CharField(
        label="姓名",
        max_length=40,
        help_text="单位报到的，填写联系人姓名。",
        widget=forms.TextInput({"autocomplete": "name", "maxlength": 40}),
        error_messages={"required": "请填写姓名。"},
    )
    consent = forms.BooleanField(
        label="同意社区核对我填写的信息",
        help_text="只用来核对身份、联系参加社区服务。",
        error_messages={"required": "同意社区核对后才能报到。"},
    )

    field_order = ("kind", "name", "employer", "affiliation", "offers", "consent")

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        initial = {"name": user.name} | (options.pop("initial", None) or {})
        super().__init__(*args, initial=initial, **options)

    def register_data(self) -> dict[str, Any]:
        """Return what ``register`` takes from the form."""
        return {key: value for key, value in self.cleaned_data.items() if key != "consent"}


class RecordForm(CheckinWords):
    """A registration that a community writes down for others."""

    kind = forms.ChoiceField(
        label="报到类别",
        choices=[("", "请选择"), *DualRegistration.Kind.choices],
        error_messages={"required": "请选择报到类别。", "invalid_choice": "请选择报到类别。"},
    )
    grid = forms.ModelChoiceField(
        label="社区（网格）",
        queryset=Grid.objects.none(),
        empty_label="请选择",
        error_messages=dict.fromkeys(("required", "invalid_choice"), "请选择您管辖范围内的社区或网格。"),
    )
    name = forms.CharField(label="姓名（联系人）", max_length=40, error_messages={"required": "请填写姓名。"})
    phone = phone_field("电话", error_messages={"required": "请填写电话。"})

    field_order = ("kind", "grid", "name", "phone", "employer", "affiliation", "offers")

    def __init__(self, *args: Any, places: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["grid"].queryset = places


class AmendCheckinForm(ActionForm, CheckinWords):
    """The corrected registration."""

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {name: getattr(matter, name) for name in ("employer", "affiliation", "offers")}


CHECKIN_FORMS: dict[str, type[ActionForm]] = {"amend": AmendCheckinForm}
