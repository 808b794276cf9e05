"""One term of an agreement, as it is typed: what, how, where, by when and how much, side by side under one number."""

from decimal import Decimal
from typing import Any

from django import forms

from governance.forms import day_field

#: In the order in which they stand: (name, heading).
PARTS = (
    ("content", "内容"),
    ("way", "履行方式"),
    ("place", "履行地点"),
    ("due_on", "履行期限"),
    ("amount", "金额（元）"),
)
MOST_TERMS = 6


class TermWidget(forms.MultiWidget):
    """The controls of one term, each with its heading."""

    template_name = "mediation/term_widget.html"

    def __init__(self, number: int) -> None:
        self.number = number
        widgets: dict[str, forms.Widget] = {
            "content": forms.Textarea({"rows": 2, "maxlength": 500}),
            "way": forms.TextInput({"maxlength": 200, "autocomplete": "off"}),
            "place": forms.TextInput({"maxlength": 120, "autocomplete": "off"}),
            "due_on": forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
            "amount": forms.NumberInput({"min": 0, "step": "0.01", "inputmode": "decimal"}),
        }
        for name, heading in PARTS:
            widgets[name].attrs["aria-label"] = f"第 {number} 条 {heading}"
        super().__init__(widgets)

    def decompress(self, value: dict[str, Any] | None) -> list[Any]:
        return [(value or {}).get(name) for name, _ in PARTS]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for widget, (part, heading) in zip(context["widget"]["subwidgets"], PARTS, strict=True):
            widget["heading"], widget["wide"] = heading, part == "content"
        return context


class TermField(forms.MultiValueField):
    """One term; left empty, it is none."""

    def __init__(self, number: int, **options: Any) -> None:
        long = {"max_length": "第 {0} 条的{1}太长，请缩短到 %(limit_value)d 字以内。"}

        def words(part: str, most: int) -> forms.CharField:
            text = long["max_length"].format(number, dict(PARTS)[part])
            return forms.CharField(required=False, max_length=most, error_messages={"max_length": text})

        due = day_field("", required=False)
        due.error_messages["invalid"] = f"第 {number} 条的履行期限请填写日期，例如 2026-11-22。"
        amount = forms.DecimalField(
            required=False,
            min_value=Decimal(0),
            max_digits=14,
            decimal_places=2,
            error_messages=dict.fromkeys(
                ("invalid", "min_value", "max_digits", "max_decimal_places", "max_whole_digits"),
                f"第 {number} 条的金额请填写数字，最多两位小数。",
            ),
        )
        super().__init__(
            (words("content", 500), words("way", 200), words("place", 120), due, amount),
            widget=TermWidget(number),
            label=f"第 {number} 条",
            required=False,
            require_all_fields=False,
            **options,
        )

    def compress(self, values: list[Any]) -> dict[str, Any] | None:
        if not any(value not in (None, "") for value in values):
            return None
        return dict(zip((name for name, _ in PARTS), values, strict=True))
