"""The forms that only the desk has: placing an order for a resident, adding a guardian, and correcting hours."""

import uuid
from typing import Any

from django import forms
from django.contrib.admin import site

from governance.admin.actions import dress
from governance.admin.choices import ChoiceBox
from governance.forms import WindowFields, moment_field, phone_field
from governance.models import User
from grids.models import Entrance, Grid
from volunteers.models import HoursEntry, Order, ServiceItem
from volunteers.services.hours import MOST


class ItemChoice(forms.ModelChoiceField):
    """The menu, by category."""

    def label_from_instance(self, item: ServiceItem) -> str:
        pair = "，须两人同行" if item.two_volunteers else ""
        return f"{item.get_category_display()} · {item.name}（约 {item.usual_minutes} 分钟{pair}）"


class DeskGuardianForm(forms.Form):
    """Who answers for a volunteer under 18, as the community verified it."""

    guardian_name = forms.CharField(
        label="监护人姓名", max_length=40, error_messages={"required": "请填写监护人姓名。"}
    )
    guardian_phone = phone_field("监护人电话", error_messages={"required": "请填写监护人电话。"})
    guardian_consent_at = moment_field("监护人同意时间")
    how = forms.CharField(
        label="怎样核实的",
        max_length=80,
        help_text="例如：电话核实、当面签字。会记入修改历史，不要写姓名和电话。",
        error_messages={"required": "请写明怎样核实的。"},
    )


class DeskOrderForm(WindowFields):
    """An order that the community places for a resident who called or came by (代点单)."""

    token = forms.CharField(widget=forms.HiddenInput, max_length=60, required=False)
    item = ItemChoice(
        label="服务项目",
        queryset=ServiceItem.objects.none(),
        empty_label="请选择",
        error_messages={"required": "请选择服务项目。", "invalid_choice": "这项服务已经下架，请重新选择。"},
    )
    entrance = forms.ModelChoiceField(
        label="楼门", queryset=Entrance.objects.none(), required=False, help_text="选了楼门就不用再选网格。"
    )
    grid = forms.ModelChoiceField(label="网格", queryset=Grid.objects.none(), required=False)
    address = forms.CharField(
        label="门牌号", max_length=100, required=False, help_text="楼门以内的门牌，例如 301 室。"
    )
    applicant_name = forms.CharField(label="点单人姓名", max_length=40)
    applicant_phone = phone_field("点单人电话", help_text="居民以后用这个手机号登录，就能看到这一单。")
    beneficiary_name = forms.CharField(
        label="受助人姓名", max_length=40, required=False, help_text="留空为点单人本人。"
    )
    beneficiary_phone = phone_field("受助人电话", required=False)
    places = forms.IntegerField(
        label="需要几人",
        min_value=1,
        max_value=50,
        initial=1,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "需要人数在 1 到 50 之间。"),
    )
    description = forms.CharField(
        label="具体情况", max_length=2000, required=False, widget=forms.Textarea({"rows": 4})
    )

    def __init__(self, *args: Any, admin: Any, request: Any, **kwargs: Any) -> None:
        initial = {**self.window_initial(), "token": uuid.uuid4().hex, **(kwargs.pop("initial", None) or {})}
        super().__init__(*args, initial=initial, **kwargs)
        menu = ServiceItem.objects.filter(is_active=True).order_by("category", "order", "code")
        self.fields["item"].queryset = menu
        for name in ("entrance", "grid"):
            column = Order._meta.get_field(name)
            field = self.fields[name]
            field.queryset = admin.related_choices(column, request)
            field.widget = ChoiceBox(column, site, choices=field.choices)
            field.widget.is_required = False
            field.error_messages["invalid_choice"] = "这个地点不在您的管辖范围内，请重新选择。"
        dress(self)
        self.order_fields(
            [
                "item", "entrance", "grid", "address", "applicant_name", "applicant_phone", "beneficiary_name",
                "beneficiary_phone", "wanted_day", "wanted_from", "wanted_until", "places", "description",
            ]
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        door, grid = cleaned.get("entrance"), cleaned.get("grid")
        if door is None and grid is None and not {"entrance", "grid"} & set(self.errors):
            self.add_error("entrance", "请选择楼门，没有楼门的请选择网格。")
        if door is not None and grid is not None and not door.grid_id.startswith(grid.pk):
            self.add_error("grid", "所选的楼门不在这个网格里，请改选其一。")
        if bool(cleaned.get("beneficiary_name")) != bool(cleaned.get("beneficiary_phone")):
            missing = "beneficiary_phone" if cleaned.get("beneficiary_name") else "beneficiary_name"
            if missing not in self.errors:
                self.add_error(missing, "受助人不是点单人时，姓名和电话都要填写。")
        item, places = cleaned.get("item"), cleaned.get("places")
        if item is not None and places is not None and item.two_volunteers and places < 2:
            self.add_error("places", "这项服务须两人同行，请填写 2 人以上。")
        return cleaned

    def place_data(self) -> dict[str, Any]:
        """Return what ``place_order`` takes."""
        given = self.cleaned_data
        owner = User.objects.filter(
            phone=given["applicant_phone"], phone_verified=True, is_active=True
        ).first()
        return {
            "source_id": given["token"] or uuid.uuid4().hex,
            "channel": "desk",
            "item": given["item"],
            "grid": given["grid"] or given["entrance"].grid,
            "entrance": given["entrance"],
            "address": given["address"],
            "applicant": owner,
            "applicant_name": given["applicant_name"],
            "applicant_phone": given["applicant_phone"],
            "beneficiary_name": given["beneficiary_name"] or given["applicant_name"],
            "beneficiary_phone": given["beneficiary_phone"] or given["applicant_phone"],
            "wanted_from": given["wanted_from"],
            "wanted_until": given["wanted_until"],
            "places": given["places"],
            "description": given["description"],
        }


class HoursForm(forms.ModelForm):
    """A correction of the ledger."""

    hours = forms.DecimalField(
        label="更正的小时数",
        max_digits=5,
        decimal_places=1,
        min_value=-MOST / 2,
        max_value=MOST / 2,
        help_text="增加填正数，减少填负数，以半小时为单位，例如 1.5 或 -0.5。",
        error_messages={"invalid": "请填写小时数，例如 1.5。"},
    )

    class Meta:
        model = HoursEntry
        fields = ["volunteer", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "volunteer" in self.fields:
            self.fields["reason"].required = True
            self.fields["reason"].error_messages["required"] = "请写明更正理由。"
        if "hours" in self.fields:
            dress(self)

    def clean_hours(self) -> Any:
        hours = self.cleaned_data["hours"]
        if hours * 2 != int(hours * 2) or not hours:
            raise forms.ValidationError("以半小时为单位，且不能为 0，例如 1.5 或 -0.5。")
        return hours
