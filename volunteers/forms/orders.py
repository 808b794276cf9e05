"""Placing an order: for oneself, for someone else, or, as a grid worker, for a resident (代点单)."""

import uuid
from typing import Any

from django import forms

from governance.forms import ApplicantFields, PhotosField, WindowFields, phone_field
from governance.models import User
from volunteers.models import ServiceItem

MOST_PHOTOS = 4
MOST_PLACES = 10


class OrderForm(ApplicantFields, WindowFields):
    """One order of a menu item. Which fields it has depends on who fills it in; ``place_data`` is what the service takes."""

    applicant_phone = phone_field("居民电话", help_text="居民以后用这个手机号登录，就能看到这一单。")
    for_whom = forms.ChoiceField(
        label="给谁点单",
        choices=[("self", "给我自己"), ("other", "给家人或其他人")],
        widget=forms.RadioSelect,
        initial="self",
    )
    beneficiary_name = forms.CharField(
        label="受助人姓名",
        max_length=40,
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "maxlength": 40}),
    )
    beneficiary_phone = phone_field(
        "受助人电话",
        required=False,
        help_text="打码保存，接单的志愿者在服务期间能看到，社区人员须写明理由才能查看。",
    )
    address = forms.CharField(
        label="门牌号",
        max_length=100,
        required=False,
        help_text="楼门以内的门牌，和电话一样打码保存。",
        widget=forms.TextInput({"autocomplete": "off", "placeholder": "例如 301 室", "maxlength": 100}),
    )
    places = forms.IntegerField(
        label="需要几人",
        widget=forms.NumberInput({"inputmode": "numeric"}),
        error_messages={"invalid": "请填写人数，例如 1。"},
    )
    description = forms.CharField(
        label="具体情况",
        max_length=2000,
        required=False,
        widget=forms.Textarea(
            {
                "rows": 4,
                "maxlength": 2000,
                "placeholder": "请写明需要帮什么忙，有什么要注意的。请不要写身份证号。",
            }
        ),
    )
    photos = PhotosField(max_files=MOST_PHOTOS)

    def __init__(self, *args: Any, user: User, item: ServiceItem, for_someone: bool, **options: Any) -> None:
        self.user, self.item, self.for_someone = user, item, for_someone
        least = 2 if item.two_volunteers else 1
        initial = self.window_initial(minutes=item.usual_minutes) | {
            "token": uuid.uuid4().hex,
            "places": least,
            "address": user.address,
        }
        if for_someone:
            initial["address"] = ""
        super().__init__(*args, initial=initial | (options.pop("initial", None) or {}), **options)
        places = self.fields["places"]
        places.min_value, places.max_value = least, MOST_PLACES
        places.validators = []
        places.widget.attrs |= {"min": least, "max": MOST_PLACES}
        if item.two_volunteers:
            places.help_text = "这项服务须两人同行。"
        # Needed for someone else only; a form that is not sent yet shows them as needed, for they show only then.
        other = not self.is_bound or self.data.get("for_whom") == "other"
        for name, words in (
            ("beneficiary_name", "请填写受助人姓名。"),
            ("beneficiary_phone", "请填写受助人电话，志愿者出发前要联系。"),
        ):
            self.fields[name].required = other
            self.fields[name].error_messages["required"] = words
        self.leave_out()
        if for_someone:
            self.fields["for_whom"].choices = [("self", "给这位居民本人"), ("other", "给其家人或其他人")]
        self.order_fields(
            [
                "token",
                "my_name",
                "applicant_name",
                "applicant_phone",
                "for_whom",
                "beneficiary_name",
                "beneficiary_phone",
                "wanted_day",
                "wanted_from",
                "wanted_until",
                "address",
                "places",
                "description",
                "photos",
            ]
        )

    def clean_places(self) -> int:
        places, field = self.cleaned_data["places"], self.fields["places"]
        if not field.min_value <= places <= field.max_value:
            raise forms.ValidationError(f"需要人数在 {field.min_value} 到 {field.max_value} 之间。")
        return places

    def place_data(self) -> dict[str, Any]:
        """Return what ``place_order`` takes from the form."""
        cleaned, asking = self.cleaned_data, self.applicant_data()
        other = cleaned["for_whom"] == "other"
        name, phone = (
            (cleaned["beneficiary_name"], cleaned["beneficiary_phone"])
            if other
            else (asking["applicant_name"], asking["applicant_phone"])
        )
        given = ("wanted_from", "wanted_until", "address", "places", "description", "photos")
        return {
            **asking,
            "beneficiary_name": name,
            "beneficiary_phone": phone,
            **{key: cleaned[key] for key in given},
        }
