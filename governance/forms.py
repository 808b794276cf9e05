"""What every form of the portal shares: the fields that people fill in the same way everywhere, and the form of one action
of a transition table. Forms check what was typed; what may be done is decided by the flow."""

import json
import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from governance import files, worktime
from governance.flow import Action
from governance.models import Matter, User
from governance.models.matters import Channel
from governance.models.people import PHONE

#: Half hours that a service can begin or end at.
CLOCK = [time(hour, minute) for hour in range(6, 22) for minute in (0, 30)]


def phone_field(label: str, **options: Any) -> forms.CharField:
    """Return a field for a mobile number; blanks and dashes that people type are taken away."""
    widget = forms.TextInput(
        {"inputmode": "tel", "autocomplete": "off", "placeholder": "11 位手机号码", "maxlength": "20"}
    )
    return PhoneField(label=label, max_length=20, widget=widget, validators=[PHONE], **options)


class PhoneField(forms.CharField):
    """A mobile number as people write it."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        for sign in " -\u3000\u00a0":
            text = text.replace(sign, "")
        return text.removeprefix("+86")


def day_field(label: str, **options: Any) -> forms.DateField:
    """Return a field for a day, with the phone's own calendar."""
    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    errors = {"invalid": "请填写日期，例如 2026-11-22。"}
    return forms.DateField(
        label=label,
        widget=widget,
        input_formats=["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日"],
        error_messages=errors,
        **options,
    )


def clock_field(label: str, **options: Any) -> forms.TypedChoiceField:
    """Return a field for a time of the day, in half hours."""
    return forms.TypedChoiceField(
        label=label,
        choices=[(f"{each:%H:%M}", f"{each:%H:%M}") for each in CLOCK],
        coerce=time.fromisoformat,
        error_messages={"invalid_choice": "请从列表中选择时间。"},
        **options,
    )


def moment_field(label: str, **options: Any) -> forms.DateTimeField:
    """Return a field for a day and time in one, with the phone's own picker."""
    widget = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(
        label=label,
        widget=widget,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
        error_messages={"invalid": "请填写日期和时间，例如 2026-11-22 14:05。"},
        **options,
    )


def captured_field(label: str = "发现时间", *, at_sending: bool = False) -> forms.DateTimeField:
    """Return the hidden field in which the phone notes when it took the first picture or, ``at_sending``, when the form was sent off."""
    return forms.DateTimeField(
        label=label,
        widget=forms.HiddenInput({"data-captured": "now" if at_sending else ""}),
        required=False,
        error_messages={"invalid": "手机上的时间不能识别，请检查手机的日期和时间。"},
    )


def yes_no(label: str, yes: str, no: str, **options: Any) -> forms.TypedChoiceField:
    """Return a field of two answers."""
    return forms.TypedChoiceField(
        label=label,
        choices=[("1", yes), ("0", no)],
        coerce=lambda value: value == "1",
        empty_value=None,
        widget=forms.RadioSelect,
        error_messages={"required": f"请选择{label}。", "invalid_choice": f"请选择{label}。"},
        **options,
    )


class PhotosInput(forms.ClearableFileInput):
    """Several pictures in one field."""

    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Up to ``max_files`` pictures. What is in them is checked where they are stored (governance/files.py)."""

    def __init__(self, *, max_files: int, **options: Any) -> None:
        self.max_files = max_files
        options.setdefault("label", "照片")
        options.setdefault("required", False)
        options.setdefault(
            "help_text", f"最多 {max_files} 张，每张不超过 12 MB。照片里的位置信息会自动去除。"
        )
        super().__init__(widget=PhotosInput({"accept": "image/*"}), **options)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        uploads = [each for each in (data if isinstance(data, list | tuple) else [data]) if each]
        if len(uploads) > self.max_files:
            raise ValidationError(f"最多 {self.max_files} 张照片，请重新选择。", code="too_many")
        if not uploads and self.required:
            raise ValidationError(self.error_messages["required"], code="required")
        return [super(PhotosField, self).clean(each, initial) for each in uploads]


def check_photos(form: forms.Form, name: str = "photos") -> None:
    """Name broken pictures together with what else is wrong with a form. What is otherwise in order is checked once, where
    the pictures are stored."""
    problems = []
    for upload in form.cleaned_data.get(name) or [] if form.errors else []:
        try:
            files.clean_picture(upload)
        except ValidationError as error:
            problems += error.messages
    if problems:
        form.add_error(name, problems)


@dataclass(frozen=True)
class Need:
    """A field that must be filled in when another one has a value: ``when`` (its name, the value). ``mark``: what the field says beside its
    label in place of 选填; ``text``: what is said where it is empty. ``either``: a field of pictures that does as well."""

    field: str
    text: str
    when: tuple[str, str]
    mark: str
    either: str = ""


class NeedsFields(forms.Form):
    """A form with fields that must be filled in under a condition. A page that gives the form ``data-needs="{{ form.asked }}"`` asks for
    them, and for all that must be filled in anyway, before the phone keeps it (static/portal/needs.js)."""

    needs: tuple[Need, ...] = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for need in self.needs:
            self.fields[need.field].asked_when = need.mark

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for need in self.needs:
            name, value = need.when
            known = need.field in self.errors or cleaned.get(need.field) or cleaned.get(need.either)
            if cleaned.get(name) == value and not known:
                self.add_error(need.field, need.text)
        return cleaned

    def asked(self) -> str:
        """Return what the phone asks for, as JSON."""
        always = [
            {"field": bound.html_name, "text": str(bound.field.error_messages["required"])}
            for bound in self.visible_fields()
            if bound.field.required
        ]
        under = [
            {"field": need.field, "text": need.text, "when": need.when, "either": need.either}
            for need in self.needs
        ]
        return json.dumps(always + under, ensure_ascii=False)


class Quote(forms.Widget):
    """Words to read beside what one answers, in the place of a control."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        key = (attrs or {}).get("id", f"id_{name}")
        return format_html('<output class="cg-quote" id="{}">{}</output>', key, value or "")


class WindowFields(forms.Form):
    """A day with a beginning and an end, as one asks for a service; ``cleaned_data`` then holds both as moments."""

    wanted_day = day_field("希望日期")
    wanted_from = clock_field("几点开始")
    wanted_until = clock_field("几点结束")

    @staticmethod
    def window_initial(
        start: datetime | None = None, until: datetime | None = None, *, minutes: int = 120
    ) -> dict[str, Any]:
        """Return the initial values of a window: the given one, or so many minutes from nine on the next working day, up
        to the next half hour."""
        if start is None or until is None:
            first = CLOCK.index(time(9))
            last = CLOCK[min(first + max(1, -(-minutes // 30)), len(CLOCK) - 1)]
            return {
                "wanted_day": worktime.next_workday(),
                "wanted_from": "09:00",
                "wanted_until": f"{last:%H:%M}",
            }
        start, until = timezone.localtime(start), timezone.localtime(until)
        return {
            "wanted_day": start.date(),
            "wanted_from": f"{start:%H:%M}",
            "wanted_until": f"{until:%H:%M}",
        }

    def offer_times(self, *moments: datetime | None) -> None:
        """Make times off the half hour, which an order may have, choosable again."""
        for name, moment in zip(("wanted_from", "wanted_until"), moments, strict=True):
            field, text = self.fields[name], f"{timezone.localtime(moment):%H:%M}" if moment else None
            if text and (text, text) not in field.choices:
                field.choices = sorted([*field.choices, (text, text)])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        day, start, until = (cleaned.get(name) for name in ("wanted_day", "wanted_from", "wanted_until"))
        if not (isinstance(day, date) and isinstance(start, time) and isinstance(until, time)):
            return cleaned
        if not date(2020, 1, 1) <= day <= date(2100, 1, 1):
            self.add_error("wanted_day", "请选择 90 天以内的日期。")
            return cleaned
        zone = timezone.get_current_timezone()
        begins, ends = datetime.combine(day, start, zone), datetime.combine(day, until, zone)
        now = timezone.now()
        if ends <= begins:
            self.add_error("wanted_until", "结束时间要晚于开始时间。")
        elif ends <= now:
            self.add_error("wanted_day", "希望的时间已经过去，请另选时间。")
        elif begins > now + timedelta(days=90):
            self.add_error("wanted_day", "请选择 90 天以内的日期。")
        cleaned["wanted_from"], cleaned["wanted_until"] = begins, ends
        return cleaned


class ApplicantFields(forms.Form):
    """Who asks for something: the person herself, whose name is asked for until the portal knows it, or a resident for whom a
    worker writes it down. ``left_out`` takes away what is not asked; ``applicant_data`` is what the services take."""

    token = forms.CharField(widget=forms.HiddenInput, max_length=60, required=False)
    my_name = forms.CharField(
        label="您的姓名",
        max_length=40,
        widget=forms.TextInput({"autocomplete": "name", "maxlength": 40}),
        error_messages={"required": "请填写姓名。"},
    )
    applicant_name = forms.CharField(
        label="居民姓名",
        max_length=40,
        widget=forms.TextInput({"autocomplete": "off", "maxlength": 40}),
        error_messages={"required": "请填写居民姓名。"},
    )
    applicant_phone = phone_field("居民电话")

    user: User
    for_someone: bool

    def leave_out(self) -> None:
        """Take away the fields of the other way of asking."""
        gone = ["my_name"] if self.for_someone else ["applicant_name", "applicant_phone"]
        if self.user.name and not self.for_someone:
            gone.append("my_name")
        for name in gone:
            del self.fields[name]

    def applicant_data(self) -> dict[str, Any]:
        """Return whose matter it becomes, by which way, and the mark by which it is told when it is sent twice."""
        cleaned = self.cleaned_data
        if self.for_someone:
            name, phone = cleaned["applicant_name"], cleaned["applicant_phone"]
            owner = User.objects.filter(phone=phone, phone_verified=True, is_active=True).first()
        else:
            owner = self.user
            name, phone = owner.name or cleaned.get("my_name", ""), owner.phone or ""
        return {
            "source_id": cleaned.get("token") or uuid.uuid4().hex,
            "channel": Channel.WORKER if self.for_someone else Channel.RESIDENT,
            "applicant": owner,
            "applicant_name": name,
            "applicant_phone": phone,
        }


def asked(words: str, wrong: str = "") -> dict[str, str]:
    """Return the sentences of a field that must be filled in or chosen; ``wrong``: what is said of a choice that is not offered."""
    return {"required": words, "invalid": words, "invalid_choice": wrong or words}


class ActionForm(forms.Form):
    """The form of one action: the version that was shown, a note where the action asks for a reason, and what subclasses add.

    ``flow_data`` is what the flow gets besides version and note.
    """

    version = forms.IntegerField(
        label="版本",
        widget=forms.HiddenInput,
        min_value=0,
        max_value=10**9,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), "页面已过期，请返回后重新打开。"
        ),
    )
    note = forms.CharField(
        label="说明", required=False, max_length=1000, widget=forms.Textarea({"rows": 4, "maxlength": 1000})
    )
    #: How the note is called; given, it shows even where the action asks for no reason. And what is said under it.
    note_label = note_help = ""
    #: Fields that correct what one matter is; left out where many are acted upon at once, each of which stays what it is.
    of_one: tuple[str, ...] = ()
    #: The most important fields stand first; the note stands last.
    note_first = False

    def __init__(
        self, *args: Any, matter: Matter, action: Action, user: Any, request: Any = None, **options: Any
    ) -> None:
        self.matter, self.action, self.user, self.request = matter, action, user, request
        initial = (
            {"version": matter.version}
            | self.first_values(matter, user)
            | (options.pop("initial", None) or {})
        )
        super().__init__(*args, initial=initial, **options)
        if action.reason or self.note_label:
            note = self.fields["note"]
            note.required = action.reason
            note.label = self.note_label or action.note_name
            note.help_text = self.note_help
            note.error_messages["required"] = f"请填写{note.label}。"
            if not self.note_first:
                self.fields["note"] = self.fields.pop("note")
        else:
            del self.fields["note"]

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        """Return what the fields hold when the form is first shown."""
        return {}

    def flow_data(self) -> dict[str, Any]:
        """Return the action's data from the checked fields."""
        return {key: value for key, value in self.cleaned_data.items() if key not in ("version", "note")}

    @property
    def is_bare(self) -> bool:
        """Whether there is nothing to fill in, so that the button alone will do."""
        return not self.visible_fields()


def tell(form: forms.Form, error: ValidationError) -> None:
    """Put what a service or the flow refused at the field it concerns; at the form's head where there is no such field."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, problems in error.error_dict.items():
        form.add_error(name if name in form.fields and name != NON_FIELD_ERRORS else None, problems)
