"""Showing a service (晒单)."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone

from governance.forms import ActionForm, PhotosField, day_field
from governance.models import Matter
from volunteers.models import Showcase, ShowcasePhoto
from volunteers.services.showcases import MOST_PHOTOS


class ShowcaseFields(forms.Form):
    """The story, the consent and the signature."""

    title = forms.CharField(label="标题", max_length=80, widget=forms.TextInput({"maxlength": 80}))
    story = forms.CharField(
        label="服务的经过",
        max_length=2000,
        widget=forms.Textarea(
            {
                "rows": 6,
                "maxlength": 2000,
                "placeholder": "做了什么，有什么感受。请不要写受助人的姓名、电话和住址。",
            }
        ),
    )
    consent = forms.ChoiceField(
        label="受助人是否同意展示",
        choices=Showcase.Consent.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择受助人是否同意。", "invalid_choice": "请选择受助人是否同意。"},
    )
    consent_day = day_field("哪一天同意的")
    signature = forms.CharField(
        label="署名",
        max_length=40,
        required=False,
        help_text="晒单墙上的署名，留空则显示“一位志愿者”。",
        widget=forms.TextInput({"maxlength": 40}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Needed where someone agreed; a form that is not sent yet shows it as needed, for it shows only then.
        day = self.fields["consent_day"]
        day.required = not self.is_bound or self.data.get("consent") in Showcase.AGREED
        day.error_messages["required"] = "请填写哪一天同意的。"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("consent") == Showcase.Consent.NOBODY:
            self.errors.pop("consent_day", None)
            cleaned["consent_day"] = None
        return cleaned

    def clean_consent_day(self) -> datetime | None:
        day = self.cleaned_data["consent_day"]
        if day is None:
            return None
        if day > timezone.localdate():
            raise forms.ValidationError("同意的日期不能晚于今天。")
        if day.year < 2020:
            raise forms.ValidationError("请检查同意的日期。")
        return min(timezone.make_aware(datetime.combine(day, time(12))), timezone.now())


class ShowcaseForm(ShowcaseFields):
    """A new story."""

    photos = PhotosField(max_files=MOST_PHOTOS)

    field_order = ["title", "story", "photos", "consent", "consent_day", "signature"]


class ReviseForm(ActionForm, ShowcaseFields):
    """The author's corrections; pictures can be added and taken out."""

    photos = PhotosField(max_files=MOST_PHOTOS, label="再加照片")
    drop = forms.ModelMultipleChoiceField(
        queryset=ShowcasePhoto.objects.none(),
        label="去掉哪些照片",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kept = self.matter.photos.all()
        self.fields["drop"].queryset = kept
        numbers = {photo.pk: number for number, photo in enumerate(kept, 1)}
        self.fields["drop"].label_from_instance = lambda photo: f"第 {numbers[photo.pk]} 张"
        if not numbers:
            del self.fields["drop"]
        self.order_fields(
            ["version", "title", "story", "drop", "photos", "consent", "consent_day", "signature"]
        )

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {
            "title": matter.title,
            "story": matter.description,
            "consent": matter.consent,
            "consent_day": timezone.localtime(matter.consent_at).date() if matter.consent_at else None,
            "signature": matter.signature,
        }


SHOWCASE_FORMS: dict[str, type[ActionForm]] = {"revise": ReviseForm}
