"""Reporting an incident: a resident's snapshot, a worker's report, and the desk's for someone who calls."""

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils import timezone

from governance.forms import PhotosField, captured_field, phone_field
from governance.models import User
from incidents.forms.choices import MinorField
from incidents.likeness import guess_class

MOST_PHOTOS = 6
#: How many classes can be picked with one tap.
MOST_CHIPS = 8


class ReportForm(forms.Form):
    """One report. ``report_data`` is what the service takes. A point is sent only when the person pressed for it."""

    token = forms.CharField(widget=forms.HiddenInput({"data-token": ""}), max_length=60, required=False)
    #: The place that the page showed (grids/places.py ``noted``).
    where = forms.CharField(label="地址", widget=forms.HiddenInput, max_length=40, required=False)
    captured_at = captured_field()
    longitude = forms.FloatField(
        label="位置", widget=forms.HiddenInput, required=False, min_value=-180, max_value=180
    )
    latitude = forms.FloatField(
        label="位置", widget=forms.HiddenInput, required=False, min_value=-90, max_value=90
    )
    photos = PhotosField(max_files=MOST_PHOTOS)
    description = forms.CharField(
        label="什么情况",
        max_length=2000,
        widget=forms.Textarea(
            {"rows": 3, "maxlength": 2000, "placeholder": "例如：楼门口有一堆装修垃圾，两天没人清"}
        ),
        error_messages={"required": "请写几个字，说明是什么情况。"},
    )
    quick = MinorField(label="常报的", required=False, widget=forms.RadioSelect)
    minor_class = MinorField(label="其他类别", required=False)
    spot = forms.CharField(
        label="具体位置",
        max_length=100,
        required=False,
        widget=forms.TextInput({"placeholder": "例如 3号楼东侧", "autocomplete": "off", "maxlength": 100}),
    )
    is_urgent = forms.BooleanField(
        label="有危险", required=False, help_text="正在伤人、起火、漏气的，请先打 110、119、120。"
    )
    name = forms.CharField(
        label="您的姓名",
        max_length=40,
        required=False,
        widget=forms.TextInput({"autocomplete": "name", "maxlength": 40}),
    )
    phone = phone_field(
        "您的手机号", required=False, help_text="留下手机号，以后用短信验证码登录就能查进度。"
    )

    def __init__(
        self, *args: Any, user: Any, for_others: bool, often: Iterable[int] = (), **options: Any
    ) -> None:
        """``often``: the keys of the classes that this place reports most, which stand as chips."""
        self.user, self.for_others = user, for_others
        initial = {"token": uuid.uuid4().hex} | (options.pop("initial", None) or {})
        super().__init__(*args, initial=initial, **options)
        self.minors = self.fields["minor_class"].offer(user)
        self.offer_chips(often)
        if for_others:
            self.fields["description"].required = False
            self.fields["description"].label = "补充说明"
            self.fields["name"].label, self.fields["phone"].label = "反映人姓名", "反映人电话"
            self.fields["phone"].help_text = "替居民上报的填写；自己发现的不用填。"
        elif user.is_authenticated:
            for name in ("name", "phone"):
                del self.fields[name]
        for name in ("longitude", "latitude"):
            self.fields[name].error_messages["invalid"] = "位置不能识别，请重新选择地址。"

    def offer_chips(self, often: Iterable[int]) -> None:
        """Offer the classes of ``often``, filled up in the catalogue's order."""
        by_key = {minor.pk: minor for minor in self.minors}
        keys = list(dict.fromkeys([*(key for key in often if key in by_key), *by_key]))[:MOST_CHIPS]
        chosen = str(self.data.get("quick", "")) if self.is_bound else ""
        keys += [minor.pk for minor in self.minors if str(minor.pk) == chosen and minor.pk not in keys]
        field = self.fields["quick"]
        field.queryset = self.fields["minor_class"].queryset
        field.choices = [(key, by_key[key].name) for key in keys]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if (cleaned.get("longitude") is None) != (cleaned.get("latitude") is None):
            cleaned["longitude"] = cleaned["latitude"] = None
        quick, minor, words = (cleaned.get(name) for name in ("quick", "minor_class", "description"))
        if quick and minor and quick != minor:
            self.add_error(
                "minor_class", f"上面点的是“{quick}”，这里选的是“{minor}”，请改成同一类，或改回“请选择”。"
            )
        elif "minor_class" not in self.errors and "quick" not in self.errors:
            cleaned["minor_class"] = minor or quick or self.guess(words or "")
            if cleaned["minor_class"] is None:
                self.add_error("minor_class", "请选择类别。")
        if not (words or quick or minor or cleaned.get("photos") or self.errors):
            self.add_error("description", "请拍张照片、点一个类别，或者写几个字。")
        return cleaned

    def guess(self, text: str) -> Any:
        """Return the class that the words speak of."""
        return guess_class(text, self.minors)

    @property
    def has_point(self) -> bool:
        """Whether a position came with the report."""
        return self.cleaned_data.get("longitude") is not None

    def report_data(self) -> dict[str, Any]:
        """Return what ``report_incident`` takes from the form."""
        cleaned = self.cleaned_data
        owner: User | None = self.user if self.user.is_authenticated and not self.for_others else None
        name, phone = cleaned.get("name", ""), cleaned.get("phone", "")
        if self.for_others and phone:
            owner = User.objects.filter(phone=phone, phone_verified=True, is_active=True).first()
        captured = cleaned.get("captured_at")
        return {
            "source_id": cleaned.get("token") or uuid.uuid4().hex,
            "applicant": owner,
            "applicant_name": name,
            "applicant_phone": phone,
            "minor_class": cleaned["minor_class"],
            "longitude": cleaned.get("longitude"),
            "latitude": cleaned.get("latitude"),
            "description": cleaned["description"],
            "spot": cleaned["spot"],
            "is_urgent": cleaned["is_urgent"],
            "captured_at": min(captured, timezone.now()) if captured else None,
            "photos": cleaned["photos"],
        }
