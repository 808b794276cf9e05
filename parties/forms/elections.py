"""The forms of elections, at the desk."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils import timezone

from governance import masks
from governance.admin.choices import ChoiceBox
from governance.forms import ActionForm, asked, day_field
from parties import electing
from parties.flow.voting import droppable
from parties.forms.organisations import document_field, organisation_field
from parties.models import Candidate, Election, LeftOut, Member, Officer
from parties.reports.elections import Line, entitled_on, few_candidates, file_of, open_seats, roll_on
from parties.terms import term_end

D = Officer.Duty
#: A committee's duties as they are divided.
OFFICES = [
    (duty.value, duty.label)
    for duty in (D.SECRETARY, D.DEPUTY, D.ORGANISATION, D.PUBLICITY, D.DISCIPLINE, D.MEMBER)
]
#: A roll up to here is a plain list; a longer one is searched.
SHORT_ROLL = 100


def number_field(label: str, **options: Any) -> forms.IntegerField:
    """Return a field for how many."""
    words = "请填写整数，没有的填 0。"
    return forms.IntegerField(
        label=label,
        min_value=0,
        max_value=100_000,
        widget=forms.NumberInput({"inputmode": "numeric", "min": "0"}),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), words),
        **options,
    )


class PlanFields(forms.Form):
    """Which meeting, how many seats, when."""

    meeting = forms.ChoiceField(
        label="会议",
        choices=Election.Meeting.choices,
        help_text=f"一般开党员大会。{electing.CONGRESS}。",
        error_messages=asked("请选择会议。"),
    )
    has_committee = forms.TypedChoiceField(
        label="怎么选",
        choices=[
            ("1", "设委员会：先选委员，委员会再选书记、副书记"),
            ("0", "不设委员会：会上直接选书记、副书记"),
        ],
        coerce=lambda value: value == "1",
        empty_value=None,
        widget=forms.RadioSelect,
        help_text="正式党员 7 人以上的支部设支委会，不足 7 人的设书记 1 名，必要时设副书记 1 名。",
        error_messages=asked("请选择怎么选。"),
    )
    seats = number_field(
        "委员名额", required=False, help_text="设委员会的填。支委会一般 3 至 5 名，最多 7 名。"
    )
    deputies = number_field("副书记名额", required=False, help_text="不设委员会的填，没有填 0。")
    planned_on = day_field("计划选举日期")

    def clean_seats(self) -> int:
        return self.cleaned_data["seats"] or 0

    def clean_deputies(self) -> int:
        return self.cleaned_data["deputies"] or 0


PLAN = ("meeting", "has_committee", "seats", "deputies", "planned_on")


class OpenForm(PlanFields):
    """Whose election, and its plan."""

    organisation = organisation_field("党组织", help_text="党委、党总支或党支部。")
    description = forms.CharField(
        label="说明", max_length=1000, required=False, widget=forms.Textarea({"rows": 3, "maxlength": 1000})
    )
    field_order = ["organisation"]

    def __init__(self, *args: Any, organisations: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["organisation"].queryset = organisations


class AmendForm(PlanFields, ActionForm):
    """Another plan."""

    def first_values(self, matter: Election, user: Any) -> dict[str, Any]:
        values = {name: getattr(matter, name) for name in PLAN}
        return values | {"has_committee": "1" if matter.has_committee else "0"}


class DocumentForm(ActionForm):
    """The document of a decision, and a word where one wants to say one."""

    note_label = "批复意见"
    document = document_field()


class OfRollForm(ActionForm):
    """Somebody of the roll."""

    #: By which action of members the person reaches those among whom she chooses.
    reads = "view"

    member = forms.ModelChoiceField(
        label="党员",
        queryset=Member.objects.none(),
        empty_label="请选择",
        error_messages=asked("请选择党员。", "请选择本党组织名册上的正式党员。"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        roll = roll_on(self.matter.organisation, timezone.localdate())
        field = self.fields["member"]
        reached = Member.objects.restrict(self.user, self.reads).values("pk")
        field.queryset = roll.filter(pk__in=reached).as_choices(self.user)
        open_rows = Member.objects.restrict(self.user, "contact").filter(pk__in=roll.values("pk"))
        clear = set(open_rows.values_list("pk", flat=True)[: SHORT_ROLL + 1])
        field.label_from_instance = lambda member: named(member, clear)
        if roll[: SHORT_ROLL + 1].count() > SHORT_ROLL:
            field.widget = ChoiceBox(Candidate._meta.get_field("member"), admin.site, choices=field.choices)


def named(member: Member, clear: set[int]) -> str:
    """Return a member as a choice: her name where it is open, else masked with what tells her apart."""
    if member.pk in clear:
        return member.name
    return f"{masks.name(member.name)}（{masks.phone(member.phone) or f'编号 {member.pk}'}）"


class StandForm(OfRollForm):
    """Who stands, for what. Whoever stands is named in the file, so she is put forward by those who read her name."""

    reads = "contact"
    duty = forms.ChoiceField(label="参选职务", error_messages=asked("请选择这次要选的职务。"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        duty = self.fields["duty"]
        duty.choices = [(each, D(each).label) for each in self.matter.contests]
        if len(duty.choices) == 1:
            duty.required, duty.initial, duty.widget = False, duty.choices[0][0], forms.HiddenInput()


class LeaveOutForm(OfRollForm):
    """Who does not count, for a reason of the list."""

    reason = forms.ChoiceField(
        label="原因",
        choices=[("", "请选择"), *LeftOut.Reason.choices],
        help_text="经党组织同意、党员大会通过的，可以不计算在应到会人数内。不写别的情况。",
        error_messages=asked("请选择原因。"),
    )


class DropForm(ActionForm):
    """Which candidate."""

    candidate = forms.ModelChoiceField(
        label="候选人",
        queryset=Candidate.objects.none(),
        empty_label="请选择",
        error_messages=asked("请选择一名候选人。"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["candidate"]
        field.queryset = droppable(self.matter).select_related("member")
        field.label_from_instance = lambda each: f"{each.member.name}（{each.get_duty_display()}）"


class CountInForm(ActionForm):
    """Who counts again."""

    left_out = forms.ModelChoiceField(
        label="党员",
        queryset=LeftOut.objects.none(),
        empty_label="请选择",
        error_messages=asked("请选择一名党员。"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        rows = self.matter.left_out.select_related("member")
        field = self.fields["left_out"]
        field.queryset = rows
        open_rows = Member.objects.restrict(self.user, "contact").filter(pk__in=rows.values("member"))
        clear = set(open_rows.values_list("pk", flat=True))
        field.label_from_instance = lambda each: f"{named(each.member, clear)}　{each.get_reason_display()}"


class ProposeForm(ActionForm):
    """Why there are fewer candidates than is usual, where there are."""

    explanation = forms.CharField(
        label="差额不足的说明",
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 3, "maxlength": 300}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        few = few_candidates(self.matter)
        self.fields[
            "explanation"
        ].help_text = f"{''.join(few) or '差额已够，不用填。'}（{electing.CANDIDATES}）"


class VotesForm(ActionForm):
    """A ballot: the day, who was there, the papers, and what each candidate got."""

    note_label = "说明"

    held_on = day_field("选举日期")
    entitled = number_field("应到会代表")
    attended = number_field("实到会人数", help_text=f"{electing.QUORUM}。")
    given = number_field("发出选票")
    returned = number_field("收回选票", help_text=f"{electing.PAPERS}。")
    valid = number_field("有效选票")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not self.matter.by_congress:
            del self.fields["entitled"]
            number = entitled_on(self.matter, timezone.localdate()).number
            self.fields["attended"].help_text = f"按今天的名册应到会 {number} 人。{electing.QUORUM}。"
        missing = open_seats(self.matter)
        for line in standing_lines(self.matter):
            if missing.get(line.duty, 0) > 0:
                label = f"{line.name}得票（{D(line.duty).label}{'，另选人' if line.written_in else ''}）"
                self.fields[f"votes_{line.pk}"] = number_field(label)
        self.fields["note"] = self.fields.pop("note")

    def first_values(self, matter: Election, user: Any) -> dict[str, Any]:
        return {"held_on": min(matter.planned_on, timezone.localdate())}

    def flow_data(self) -> dict[str, Any]:
        given = super().flow_data()
        votes = {
            int(name.removeprefix("votes_")): given.pop(name)
            for name in list(given)
            if name.startswith("votes_")
        }
        return {**given, "votes": votes}


def standing_lines(election: Election) -> list[Line]:
    """Return those not yet elected, with their duties as keys."""
    return [
        Line(each.pk, each.member.name, each.duty, each.words, each.written_in, False, "")
        for each in election.candidates.filter(elected=False).select_related("member").order_by("duty", "pk")
    ]


class FewerForm(ActionForm):
    """That the meeting agrees, and how it was asked."""

    consent = forms.BooleanField(
        label="经到会选举人半数以上同意减少名额",
        help_text=f"{electing.TOO_FEW}。",
        error_messages={"required": "请确认经到会选举人半数以上同意。"},
    )


class DivideForm(ActionForm):
    """Who is what in the committee, and the votes for its secretary."""

    note_label = "说明"

    committee_attended = number_field("到会委员")
    secretary_votes = number_field("书记得票", help_text=f"{electing.MAJORITY}。")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for line in file_of(self.matter).lines:
            if line.elected:
                self.fields[f"office_{line.pk}"] = forms.ChoiceField(
                    label=line.name, choices=[("", "请选择"), *OFFICES], error_messages=asked("请选择职务。")
                )
        self.fields["note"] = self.fields.pop("note")

    def flow_data(self) -> dict[str, Any]:
        given = super().flow_data()
        offices = {
            int(n.removeprefix("office_")): given.pop(n) for n in list(given) if n.startswith("office_")
        }
        return {**given, "offices": offices}


class ReportForm(ActionForm):
    """A word to the superior."""

    note_label = "报告说明"


class ApproveResultForm(DocumentForm):
    """From when until when the new term lasts."""

    since = day_field("任期起")
    until = day_field("任期至", required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        today, organisation = timezone.localdate(), self.matter.organisation
        end = term_end(organisation, today)
        self.fields["since"].help_text = "新班子从这一天到任，原班子到前一天为止。"
        self.fields["until"].help_text = f"留空按规定的年数推算：今天到任的，到 {end:%Y-%m-%d}。"
        self.fields["since"].initial = today


class AskShiftForm(ActionForm):
    """Another day."""

    asked_day = day_field("改到哪一天")


ELECTION_FORMS: dict[str, type[ActionForm]] = {
    "amend": AmendForm,
    "approve_request": DocumentForm,
    "nominate": StandForm,
    "write_in": StandForm,
    "drop": DropForm,
    "leave_out": LeaveOutForm,
    "count_in": CountInForm,
    "propose": ProposeForm,
    "approve_candidates": DocumentForm,
    "hold": VotesForm,
    "repeat": VotesForm,
    "fewer": FewerForm,
    "divide": DivideForm,
    "report": ReportForm,
    "approve_result": ApproveResultForm,
    "ask_shift": AskShiftForm,
    "approve_shift": DocumentForm,
}
