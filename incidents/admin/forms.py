"""The forms that only the desk has: taking a report down for somebody, and uploading tables."""

import re
import uuid
from typing import Any

from django import forms
from django.contrib.admin import site

from governance.admin.actions import dress
from governance.admin.choices import ChoiceBox
from governance.admin.imports import TableForm
from governance.forms import PhotosField, moment_field, phone_field
from governance.models import User
from governance.models.matters import Channel
from grids.models import Entrance, Grid
from incidents.forms.choices import MinorField
from incidents.forms.report import MOST_PHOTOS
from incidents.models import Incident, IncidentImport
from incidents.services.sources import is_reference

#: By which way the desk hears of something, and how the person at the desk says it.
HEARD = (
    (Channel.DESK.value, "居民来电、来访"),
    (Channel.HOTLINE.value, "12345 热线"),
    (Channel.UPPER.value, "上级交办"),
    (Channel.OPINION.value, "网络舆情"),
)


class ImportForm(TableForm):
    """A file of another system's tickets."""

    source = forms.ChoiceField(
        label="从哪里来",
        choices=IncidentImport.SOURCES,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "请选择从哪里来。"),
    )
    field_order = ("source", "file")


class DeskIncidentForm(forms.Form):
    """A report that the desk takes down: what somebody says on the phone or at the window, what a hotline or a higher level
    hands down, what people write in public."""

    token = forms.CharField(widget=forms.HiddenInput, max_length=60, required=False)
    channel = forms.ChoiceField(
        label="怎样来的",
        choices=HEARD,
        initial=Channel.DESK,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "请选择怎样来的。"),
    )
    number = forms.CharField(
        label="对方的编号",
        max_length=100,
        required=False,
        help_text="热线工单号、交办单号等，没有就不填。同一编号只登记一次。",
    )
    origin = forms.CharField(
        label="来自哪里",
        max_length=40,
        required=False,
        help_text="网络舆情必填平台名称，例如：某论坛；上级交办可填交办单位。不要写发帖人的账号、昵称。",
    )
    minor_class = MinorField()
    entrance = forms.ModelChoiceField(
        label="楼门", queryset=Entrance.objects.none(), required=False, help_text="选了楼门就不用再选网格。"
    )
    grid = forms.ModelChoiceField(label="网格", queryset=Grid.objects.none(), required=False)
    spot = forms.CharField(
        label="具体位置", max_length=100, required=False, help_text="例如：3号楼东侧、菜市场门口。"
    )
    description = forms.CharField(
        label="什么情况",
        max_length=2000,
        widget=forms.Textarea({"rows": 4, "maxlength": 2000}),
        error_messages={"required": "请写几个字，说明是什么情况。"},
    )
    is_urgent = forms.BooleanField(
        label="有危险", required=False, help_text="正在伤人、起火、漏气的，请先打 110、119、120。"
    )
    photos = PhotosField(max_files=MOST_PHOTOS)
    name = forms.CharField(label="反映人姓名", max_length=40, required=False)
    phone = phone_field(
        "反映人电话", required=False, help_text="留了电话的，办理进展会用短信告诉他；24 小时内要联系他。"
    )
    captured_at = moment_field("发现时间", required=False, help_text="不填就是现在。")

    def __init__(self, *args: Any, admin: Any, request: Any, **kwargs: Any) -> None:
        initial = {"token": uuid.uuid4().hex, **(kwargs.pop("initial", None) or {})}
        super().__init__(*args, initial=initial, **kwargs)
        self.minors = self.fields["minor_class"].offer(request.user)
        for name in ("entrance", "grid"):
            column = Incident._meta.get_field(name)
            field = self.fields[name]
            field.queryset = admin.related_choices(column, request)
            field.widget = ChoiceBox(column, site, choices=field.choices)
            field.widget.is_required = False
            field.error_messages["invalid_choice"] = "这个地点不在您的管辖范围内，请重新选择。"
        dress(self)
        self.order_fields(
            [
                "token", "channel", "number", "origin", "minor_class", "captured_at", "entrance", "grid", "spot", "is_urgent",
                "description", "name", "phone", "photos",
            ]
        )  # fmt: skip

    class Media:
        js = ("vendor/htmx/htmx.min.js", "portal/desk_choices.js")

    def clean_number(self) -> str:
        number = self.cleaned_data["number"]
        if number and not is_reference(number):
            raise forms.ValidationError("编号不能有空格和 / \\ ? # %，请照原样填写其余部分。")
        return number

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        door, grid = cleaned.get("entrance"), cleaned.get("grid")
        if door is None and grid is None and not {"entrance", "grid"} & set(self.errors):
            self.add_error("entrance", "请选择楼门，没有楼门的请选择网格。")
        if door is not None and grid is not None and not door.grid_id.startswith(grid.pk):
            self.add_error("grid", "所选的楼门不在这个网格里，请改选其一。")
        if cleaned.get("channel") == Channel.OPINION:
            if not cleaned.get("origin") and "origin" not in self.errors:
                self.add_error("origin", "请填写在哪个平台看到的。")
            for name in ("description", "origin"):
                if re.search(r"[@＠]\s*\S", cleaned.get(name) or ""):
                    self.add_error(name, "请去掉发帖人的账号、昵称（@…），只写反映的事。")
        if len(self.words(cleaned)) > 2000:
            self.add_error("description", "连同来自哪里不能超过 2000 字，请缩短一些。")
        return cleaned

    @staticmethod
    def words(given: dict[str, Any]) -> str:
        """Return the description, with where it comes from before it."""
        said = given.get("description") or ""
        return f"（来自{given['origin']}）{said}" if given.get("origin") else said

    def report_data(self) -> dict[str, Any]:
        """Return what ``report_incident`` takes."""
        given, owner = self.cleaned_data, None
        channel, number = given["channel"], given["number"]
        if given["phone"]:
            owner = User.objects.filter(phone=given["phone"], phone_verified=True, is_active=True).first()
        return {
            # By its own number a report is known whichever way it comes in: typed here, by a file, by the system itself.
            "source": channel if number else "portal",
            "source_id": number or given["token"] or uuid.uuid4().hex,
            "channel": channel,
            "minor_class": given["minor_class"],
            "grid": given["grid"],
            "entrance": given["entrance"],
            "spot": given["spot"],
            "description": self.words(given),
            "is_urgent": given["is_urgent"],
            "captured_at": given["captured_at"],
            "applicant": owner,
            "applicant_name": given["name"],
            "applicant_phone": given["phone"],
            "photos": given["photos"],
        }
