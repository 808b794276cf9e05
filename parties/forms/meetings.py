"""The forms of meetings, at the desk: planning one, a month's usual ones, recording who was there."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils import timezone

from governance import masks
from governance.forms import ActionForm, PhotosField, moment_field
from parties.flow.meetings import MOST_BACK, expected_at
from parties.forms.organisations import organisation_field
from parties.frequency import fitting
from parties.models import Attendance, Meeting, MeetingKind
from parties.services.meetings import Proposal

A = Attendance.State
MOST_PHOTOS = 9
#: Said wherever words of one's own are asked for.
OPEN_WORDS = "上级党组织也看得到，不写与会议无关的个人情况。"


def kinds_field(choices: list[MeetingKind]) -> forms.MultipleChoiceField:
    """Return the field for what a meeting counts as."""
    return forms.MultipleChoiceField(
        label="类别",
        choices=[(str(kind), kind.label) for kind in choices],
        widget=forms.CheckboxSelectMultiple,
        help_text="一次会可以算几类，例如主题党日同时上党课。支委会单独安排。",
        error_messages={"required": "请选择类别。", "invalid_choice": "请选择列出的类别。"},
    )


def title_field(**options: Any) -> forms.CharField:
    """Return the field for a meeting's topic."""
    return forms.CharField(
        label="主题", max_length=80, error_messages={"required": "请填写主题。"}, **options
    )


def place_field() -> forms.CharField:
    return forms.CharField(label="地点", max_length=80, required=False)


def host_field() -> forms.CharField:
    return forms.CharField(label="主持人（讲课人）", max_length=40, required=False)


def lasts_field() -> forms.IntegerField:
    words = "请填 10 到 600 的整数。"
    return forms.IntegerField(
        label="时长（分钟）",
        min_value=10,
        max_value=600,
        initial=90,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value", "required"), words),
    )


class MeetingForm(forms.Form):
    """A meeting to plan, or one that was held and is entered now."""

    organisation = organisation_field("党组织")
    kinds = kinds_field(list(MeetingKind))
    starts_at = moment_field("开始时间", help_text="已经开过的填实际时间，接着记录到会情况。")
    lasts = lasts_field()
    title = title_field(required=False, help_text="不填就用类别作主题。")
    place = place_field()
    host = host_field()

    def __init__(self, *args: Any, organisations: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["organisation"].queryset = organisations
        self.fields["starts_at"].error_messages["required"] = "请填写日期和时间，例如 2026-11-22 14:05。"


class MonthForm(forms.Form):
    """The meetings that a month still needs, each ticked or not, with its time, topic and place."""

    def __init__(self, *args: Any, proposals: list[Proposal], **options: Any) -> None:
        super().__init__(*args, **options)
        self.proposals = proposals
        for each in proposals:
            key, words = each.key, each.duty.kind.label
            self.fields[f"take-{key}"] = forms.BooleanField(
                label=f"{words}　{each.duty.organisation.name}", required=False, initial=each.duty.pressing
            )
            self.fields[f"at-{key}"] = moment_field("时间", required=False, initial=each.starts_at)
            self.fields[f"title-{key}"] = title_field(required=False, initial=each.title)
            self.fields[f"place-{key}"] = forms.CharField(
                label="地点", max_length=80, required=False, initial=each.place
            )

    def rows(self) -> list[dict[str, Any]]:
        """Return each proposal with its fields, for the page."""
        parts = ("take", "at", "title", "place")
        return [
            {"proposal": each, **{part: self[f"{part}-{each.key}"] for part in parts}}
            for each in self.proposals
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        for each in self.proposals:
            if given.get(f"take-{each.key}") and f"at-{each.key}" in given and not given[f"at-{each.key}"]:
                self.add_error(f"at-{each.key}", "请填写日期和时间，例如 2026-11-22 14:05。")
            at, span = given.get(f"at-{each.key}"), each.duty.span
            if given.get(f"take-{each.key}") and at and not span.start <= at < span.end:
                self.add_error(f"at-{each.key}", f"请填写{span}里的日期。")
        if not self.errors and not any(given.get(f"take-{each.key}") for each in self.proposals):
            raise ValidationError("请先勾选要安排的会。")
        return given

    def chosen(self) -> list[tuple[Proposal, datetime, str, str]]:
        """Return what was ticked: (proposal, time, topic, place)."""
        given = self.cleaned_data
        return [
            (each, given[f"at-{each.key}"], given[f"title-{each.key}"], given[f"place-{each.key}"])
            for each in self.proposals
            if given[f"take-{each.key}"]
        ]


# --- who was there ------------------------------------------------------------------------------------------------------
class AttendanceInput(forms.Widget):
    """One line for each member expected: there, on leave with a reason, or absent. Who is not touched was there."""

    template_name = "parties/attendance_input.html"
    people: list[tuple[int, str]] = []

    class Media:
        css = {"all": ["portal/parties.css"]}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[int, tuple[str, str]]:
        return {
            key: (data.get(f"{name}-{key}", A.PRESENT), data.get(f"{name}-{key}-why", ""))
            for key, _ in self.people
        }

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def id_for_label(self, id_: str) -> str:
        return f"{id_}-list"

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> str:
        given = value or {}
        lines = []
        for key, words in self.people:
            state, why = given.get(key, (A.PRESENT, ""))
            state = state if state in A.values else A.PRESENT
            lines.append({"key": key, "name": words, "state": state, "why": why})
        context = {
            "name": name,
            "lines": lines,
            "states": A.choices,
            "id": (attrs or {}).get("id", f"id_{name}"),
        }
        return render_to_string("parties/attendance_input.html", context)


class AttendanceField(forms.Field):
    """Key of a member -> (state, reason)."""

    widget = AttendanceInput

    def clean(self, value: Any) -> dict[int, tuple[str, str]]:
        names = dict(self.widget.people)
        problems = []
        for key, (state, why) in value.items():
            if state not in A.values:
                problems.append(f"请给{names[key]}选择到会、请假或缺席。")
            elif state == A.LEAVE and not why.strip():
                problems.append(f"{names[key]}请假，请写明事由。")
            elif len(why) > 60 or "\x00" in why:
                problems.append(f"{names[key]}的请假事由请写在 60 字以内。")
        if problems:
            raise ValidationError(problems[:20])
        return value


class RecordForm(ActionForm):
    """What was: when, about what, who was there, pictures."""

    note_first = True
    note_help = "写明改了什么、为什么改。"
    attendance = AttendanceField(label="到会情况", required=False)
    starts_at = moment_field("开始时间")
    title = title_field()
    minutes = forms.CharField(
        label="会议记录",
        max_length=4000,
        widget=forms.Textarea({"rows": 8, "maxlength": 4000}),
        help_text=f"议题、主要内容、形成的意见。{OPEN_WORDS}",
        error_messages={"required": "请填写会议记录。"},
    )
    kinds = kinds_field(list(MeetingKind))
    place = place_field()
    host = host_field()
    others = forms.IntegerField(
        label="其他参加人数",
        min_value=0,
        max_value=2000,
        initial=0,
        help_text="列席的、群众，不在名册里的人。",
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), "请填 0 到 2000 的整数。"
        ),
    )
    photos = PhotosField(label="照片或扫描件", max_files=MOST_PHOTOS)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        meeting = self.matter
        self.fields["kinds"].choices = kind_choices(meeting)
        self.fields["attendance"].widget.people = people_of(meeting, self.user)
        if not self.fields["attendance"].widget.people:
            self.fields["attendance"].help_text = "名册上还没有人。请先登记党员，或者只填其他参加人数。"

    def first_values(self, meeting: Meeting, user: Any) -> dict[str, Any]:
        stands = {row.member_id: (row.state, row.reason) for row in meeting.attendances.all()}
        names = ("starts_at", "title", "minutes", "kinds", "place", "host", "others")
        return {"attendance": stands, **{name: getattr(meeting, name) for name in names}}

    def clean_starts_at(self) -> datetime:
        moment = self.cleaned_data["starts_at"]
        if moment > timezone.now():
            raise ValidationError("会还没有开，开过以后再记录。日期变了的，请先改期。")
        if moment < timezone.now() - MOST_BACK:
            first = timezone.localdate(timezone.now() - MOST_BACK)
            raise ValidationError(f"不能早于 {first:%Y-%m-%d}，请核对年份。")
        return moment


def people_of(meeting: Meeting, user: Any) -> list[tuple[int, str]]:
    """Return whom a meeting expects, by name to their own organisation, masked to anybody else who sends this form."""
    expected = expected_at(meeting, timezone.localdate(meeting.starts_at))
    name = str if meeting.is_kept_by(user) else masks.name
    return [(key, name(member.name)) for key, member in expected.items()]


def kind_choices(meeting: Meeting) -> list[tuple[str, str]]:
    """Return the kinds that a meeting may be: a council stays one, and nothing else becomes one."""
    council = MeetingKind.COUNCIL in meeting.kinds
    fit = [kind for kind in fitting(meeting.organisation) if (kind == MeetingKind.COUNCIL) == council]
    fit = fit or [MeetingKind(kind) for kind in meeting.kinds]
    return [(str(kind), kind.label) for kind in fit]


class ArrangeForm(ActionForm):
    """What is planned, apart from the day."""

    kinds = kinds_field(list(MeetingKind))
    title = title_field()
    place = place_field()
    host = host_field()
    lasts = lasts_field()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["kinds"].choices = kind_choices(self.matter)

    def first_values(self, meeting: Meeting, user: Any) -> dict[str, Any]:
        return {name: getattr(meeting, name) for name in ("kinds", "title", "place", "host", "lasts")}


class RescheduleForm(ActionForm):
    """Another day, or another place."""

    starts_at = moment_field("改到什么时候")
    place = place_field()

    def first_values(self, meeting: Meeting, user: Any) -> dict[str, Any]:
        return {"starts_at": meeting.starts_at, "place": meeting.place}


class SupplementForm(ActionForm):
    """Further words, pictures and scans."""

    note_first = True
    note_help = OPEN_WORDS
    photos = PhotosField(label="照片或扫描件", max_files=MOST_PHOTOS)


MEETING_FORMS = {
    "record": RecordForm,
    "correct": RecordForm,
    "arrange": ArrangeForm,
    "reschedule": RescheduleForm,
    "supplement": SupplementForm,
}
