"""The application for mediation, as a resident writes it on her phone (调解申请书)."""

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import cached_property

from governance.forms import PhotosField, day_field, phone_field
from governance.models import User
from mediation.flow.scope import RIGHT_WAY, NotMediable
from mediation.forms.parties import amount_field
from mediation.models import Category, Disputant
from mediation.services.registering import PartyData

MOST_PHOTOS = 6
#: How many others a phone's form has room for; a mediator registers more.
MOST_OTHERS = 5
#: What the law leaves to others, asked in plain words.
PLAIN = {
    NotMediable.IN_COURT: "法院已经立案了",
    NotMediable.CRIME: "有人打人、偷抢、威胁，该由警察管",
    NotMediable.DECIDED: "法院、仲裁或政府部门已经有了结论",
    NotMediable.RESERVED: "法律规定要由专门机关认定的，例如工伤认定",
    NotMediable.NO_DISPUTE: "不是和谁有争执，是想反映问题",
}


def line(label: str, most: int, **options: Any) -> forms.CharField:
    """Return a field of one line."""
    attrs = {"maxlength": most, "autocomplete": "off", **options.pop("attrs", {})}
    return forms.CharField(label=label, max_length=most, widget=forms.TextInput(attrs), **options)


class ApplyForm(forms.Form):
    """One application. ``register_data`` is what the service takes."""

    token = forms.CharField(widget=forms.HiddenInput, max_length=60, required=False)
    #: The place that the page showed (grids/places.py ``noted``).
    where = forms.CharField(label="地址", widget=forms.HiddenInput, max_length=40, required=False)
    scope = forms.ChoiceField(
        label="是不是下面的情况",
        choices=[("none", "都不是"), *PLAIN.items()],
        widget=forms.RadioSelect,
        error_messages={"required": "请选一项，都不是的选“都不是”。", "invalid_choice": "请从列表中选择。"},
    )
    category = forms.ChoiceField(
        label="哪一类纠纷",
        choices=[("", "请选择"), *Category.choices],
        error_messages={"required": "请选择纠纷类别。", "invalid_choice": "请从列表中选择类别。"},
    )
    description = forms.CharField(
        label="事情经过",
        max_length=2000,
        widget=forms.Textarea(
            {
                "rows": 5,
                "maxlength": 2000,
                "placeholder": "什么时候、因为什么、闹到什么程度、以前谈过没有",
            }
        ),
        help_text="只给矛调中心和调解员看，不给对方看。",
        error_messages={"required": "请写明事情经过。"},
    )
    requests = forms.CharField(
        label="您的请求",
        max_length=1000,
        widget=forms.Textarea(
            {"rows": 3, "maxlength": 1000, "placeholder": "例如：把漏水修好，赔偿天花板的损失"}
        ),
        help_text="会告诉对方，请写清楚想怎样解决。",
        error_messages={"required": "请写明您的请求。"},
    )
    occurred_on = day_field("哪天发生的", required=False)
    amount = amount_field()
    photos = PhotosField(max_files=MOST_PHOTOS, label="照片、单据")

    # --- she herself ---
    name = line("您的姓名", 40, attrs={"autocomplete": "name"})
    phone = phone_field("您的手机号")
    sex = forms.ChoiceField(
        label="性别", choices=[("F", "女"), ("M", "男")], widget=forms.RadioSelect, required=False
    )
    birth_year = forms.IntegerField(
        label="出生年份",
        required=False,
        min_value=1900,
        widget=forms.NumberInput({"inputmode": "numeric", "placeholder": "例如 1958"}),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "请填写四位年份，例如 1958。"),
    )
    address = line("住址", 120, required=False, help_text="打码保存，不告诉对方。")
    guardian = line("监护人姓名", 60, required=False, help_text="申请人未满 18 周岁的填写。")

    #: Shown once there is one like it.
    anew = forms.BooleanField(label="不是同一件，仍然申请", required=False)

    def __init__(self, *args: Any, user: User, initial: dict[str, Any] | None = None, **options: Any) -> None:
        self.user = user
        home = f"{user.entrance or ''}{user.address}" if user.entrance_id else user.address
        first = {"token": uuid.uuid4().hex, "name": user.name, "address": home[:120]}
        super().__init__(*args, initial=first | (initial or {}), **options)
        if user.phone:
            del self.fields["phone"]
        year = timezone.localdate().year
        self.fields["birth_year"].max_value = year
        self.fields["birth_year"].validators = []
        for number in range(1, MOST_OTHERS + 1):
            self._offer_other(number)
        self.repeats: list[Any] = []

    def _offer_other(self, number: int) -> None:
        first, word = number == 1, "对方" if number == 1 else f"对方（第 {number} 位）"
        self.fields[f"other{number}"] = line(
            f"{word}姓名或单位",
            60,
            required=first,
            error_messages={"required": "请写对方是谁；不知道姓名的，写“3号楼2门401的住户”也可以。"},
            attrs={"placeholder": "例如 王某，或 某物业公司"} if first else {},
        )
        self.fields[f"other{number}_body"] = forms.BooleanField(label=f"{word}是单位", required=False)
        self.fields[f"other{number}_phone"] = phone_field(
            f"{word}手机号",
            required=False,
            help_text="知道就填：对方用这个手机号登录，就能在手机上答复。" if first else "",
        )
        self.fields[f"other{number}_address"] = line(f"{word}地址", 120, required=False)

    @cached_property
    def more_others(self) -> list[list[Any]]:
        """The rows of the second other and on."""
        return [
            [
                self[f"other{number}"],
                self[f"other{number}_body"],
                self[f"other{number}_phone"],
                self[f"other{number}_address"],
            ]
            for number in range(2, MOST_OTHERS + 1)
        ]

    @property
    def opens_more(self) -> bool:
        """Whether something was typed into the rows that are folded away, or is wrong there."""
        return any(bound.errors or bound.value() for row in self.more_others for bound in row)

    @property
    def opens_self(self) -> bool:
        """Whether something about herself is to be mended."""
        return any(self[name].errors for name in ("sex", "birth_year", "address", "guardian"))

    @property
    def right_way(self) -> str:
        """The way that is open for what may not be mediated; empty for what may."""
        asked = self["scope"].value()
        return RIGHT_WAY[NotMediable(asked)] if asked in NotMediable.values else ""

    def clean_scope(self) -> str:
        asked = self.cleaned_data["scope"]
        if asked != "none":
            raise ValidationError(f"这种情况不能由人民调解。{RIGHT_WAY[NotMediable(asked)]}", code="scope")
        return asked

    def clean_birth_year(self) -> int | None:
        year = self.cleaned_data["birth_year"]
        if year is not None and not 1900 <= year <= timezone.localdate().year:
            raise ValidationError("请填写四位年份，例如 1958。")
        return year

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.is_minor and not cleaned.get("guardian") and "guardian" not in self.errors:
            self.add_error("guardian", "申请人未满 18 周岁，请填写监护人。")
        seen = {self.user.phone or cleaned.get("phone")} - {None, ""}
        for number in range(1, MOST_OTHERS + 1):
            name, phone = cleaned.get(f"other{number}"), cleaned.get(f"other{number}_phone")
            more = phone or cleaned.get(f"other{number}_address") or cleaned.get(f"other{number}_body")
            if more and not name and f"other{number}" not in self.errors:
                self.add_error(f"other{number}", "请写这一位是谁。")
            if phone and phone in seen:
                self.add_error(f"other{number}_phone", "这个手机号已经填给另一位当事人了。")
            seen |= {phone} if phone else set()
        return cleaned

    @property
    def is_minor(self) -> bool:
        """Whether the year that she gave makes her a minor."""
        year = self.cleaned_data.get("birth_year")
        return bool(year) and timezone.localdate().year - year < 18

    def others(self) -> list[PartyData]:
        """Return the other parties."""
        cleaned = self.cleaned_data
        return [
            PartyData(
                Disputant.Side.RESPONDENT,
                cleaned[f"other{number}"],
                cleaned[f"other{number}_phone"],
                more={
                    "address": cleaned[f"other{number}_address"],
                    "is_body": cleaned[f"other{number}_body"],
                },
            )
            for number in range(1, MOST_OTHERS + 1)
            if cleaned[f"other{number}"]
        ]

    def register_data(self) -> dict[str, Any]:
        """Return what ``register_dispute`` takes from the form."""
        cleaned = self.cleaned_data
        more = {
            "sex": cleaned["sex"],
            "birth_year": cleaned["birth_year"],
            "address": cleaned["address"],
            "is_minor": self.is_minor,
            "guardian": cleaned["guardian"],
        }
        phone = self.user.phone or cleaned.get("phone") or ""
        others = self.others()
        return {
            "source_id": cleaned.get("token") or uuid.uuid4().hex,
            "applicant": PartyData(Disputant.Side.APPLICANT, cleaned["name"], phone, self.user, more),
            "others": others,
            "category": cleaned["category"],
            "description": cleaned["description"],
            "requests": cleaned["requests"],
            "occurred_on": cleaned["occurred_on"],
            "amount": cleaned["amount"],
            "people_count": 1 + len(others),
            "photos": cleaned["photos"],
        }
