"""The fields by which a party is registered, and what must go together in them."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from governance.forms import phone_field


def amount_field(**options: Any) -> forms.DecimalField:
    """Return a field for an amount of money in yuan."""
    return forms.DecimalField(
        label="涉及金额（元）",
        required=False,
        min_value=Decimal(0),
        max_digits=14,
        decimal_places=2,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_digits", "max_decimal_places", "max_whole_digits"),
            "请填写金额，最多两位小数。",
        ),
        **options,
    )


def party_fields(prefix: str = "", *, required: bool = True) -> dict[str, forms.Field]:
    """Return the fields of a party, name -> field; ``prefix`` stands before the names. Without ``required`` all may stay empty."""
    year = timezone.localdate().year
    born = f"请填写出生年份，1900 到 {year}。"
    fields: dict[str, forms.Field] = {
        "name": forms.CharField(
            label="姓名或名称",
            max_length=60,
            required=required,
            widget=forms.TextInput({"autocomplete": "off"}),
            error_messages={"required": "请填写姓名或名称。"},
        ),
        "is_body": forms.BooleanField(label="是单位", required=False),
        "phone": phone_field("联系电话", required=False),
        "sex": forms.ChoiceField(
            label="性别", required=False, choices=[("", "未填"), ("F", "女"), ("M", "男")]
        ),
        "birth_year": forms.IntegerField(
            label="出生年份",
            required=False,
            min_value=1900,
            max_value=year,
            error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), born),
        ),
        "ethnicity": forms.CharField(label="民族", required=False, max_length=20),
        "occupation": forms.CharField(label="职业或职务", required=False, max_length=40),
        "address": forms.CharField(
            label="住址或地址",
            required=False,
            max_length=120,
            widget=forms.TextInput({"autocomplete": "off"}),
        ),
        "is_minor": forms.BooleanField(label="未成年人", required=False),
        "guardian": forms.CharField(label="监护人", required=False, max_length=60),
        "agent": forms.CharField(label="委托代理人", required=False, max_length=60),
        "agent_power": forms.CharField(label="代理权限", required=False, max_length=120),
    }
    return {f"{prefix}{name}": field for name, field in fields.items()}


def check_party(form: forms.Form, cleaned: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Name what a party lacks; returns the cleaned data."""
    if cleaned.get(f"{prefix}is_minor") and not cleaned.get(f"{prefix}guardian"):
        form.add_error(f"{prefix}guardian", "未成年人须填写监护人。")
    if cleaned.get(f"{prefix}agent") and not cleaned.get(f"{prefix}agent_power"):
        form.add_error(f"{prefix}agent_power", "有代理人的，请写明代理权限。")
    return cleaned
