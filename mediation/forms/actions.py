"""The forms of a dispute's actions, the same on the phone and at the desk."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from governance import masks
from governance.forms import ActionForm, PhotosField, Quote, moment_field, yes_no
from governance.models import Matter, User
from governance.templatetags import ui
from governance.territory import lineage
from mediation.flow.conflicts import conflicts
from mediation.flow.handling import mediators_for
from mediation.flow.parties import PARTY_FIELDS, wishes_on
from mediation.flow.scope import RIGHT_WAY, NotMediable
from mediation.forms.agreements import (
    CloseForm,
    ConcludeForm,
    ConfirmForm,
    DraftForm,
    FollowUpForm,
    JudicialForm,
    OralForm,
    PerformForm,
    RulingForm,
    SignedForm,
)
from mediation.forms.fields import MOST_PHOTOS, DisputeForm, PartiesField, PartyField, RowField, chosen
from mediation.forms.papers import ArchiveForm
from mediation.forms.parties import amount_field, check_party, party_fields
from mediation.forms.wishes import in_this_order
from mediation.models import (
    Category,
    Centre,
    Consultation,
    Disputant,
    Dispute,
    Grade,
    Guest,
    Mediator,
    Outcome,
    Session,
    SessionMode,
)
from mediation.models.disputes import GUIDES, TERMINATIONS

CONSULTATIONS = "五诊：巡诊到社区，问诊重点人群，会诊复杂的，专诊重大的，复诊遗留的。"


class ConsentForm(DisputeForm):
    """What a party said about being mediated."""

    note_label, note_help = "怎么说的", "拒绝调解的，请写明。"

    disputant = PartyField()
    agreed = yes_no("是否同意调解", "同意", "不同意（调解终止）")
    means = chosen(
        "答复方式",
        [c for c in Disputant.Means.choices if c[0] != Disputant.Means.PHONE_PAGE],
        "请选择答复方式。",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        waiting = self.matter.disputants.filter(consent=Disputant.Consent.ASKED).order_by("pk")
        if waiting:
            self.fields["disputant"].queryset = waiting


class PartyForm(DisputeForm):
    """What is known of a party: of the one that the address names, or of one more.

    To whom the masked columns are closed they stand empty, and what stays empty stays as it is.
    """

    party = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1, max_value=2**31)
    side = chosen("地位", Disputant.Side.choices, "请选择当事人的地位。")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields |= party_fields()
        self.row = self._row()
        if self.row is not None:
            del self.fields["side"]
            for name in PARTY_FIELDS:
                self.fields[name].initial = getattr(self.row, name)
            for name in self.closed():
                field, masked = self.fields[name], masks.shown(self.row, name)
                field.initial, field.required = None, False
                field.help_text = f"现在是 {masked}，不改的留空" if masked else ""
            self.fields["party"].initial = self.row.pk

    def closed(self) -> frozenset[str]:
        """Return the columns of the party that are masked to whoever fills in the form."""
        return frozenset() if self.row is None or self.clear else frozenset(Disputant.masked)

    def _row(self) -> Disputant | None:
        query = self.data if self.is_bound else (self.request.GET if self.request is not None else {})
        key = query.get("party") or ""
        if not key.isascii() or not key.isdigit() or len(key) > 12:
            return None
        return self.matter.disputants.filter(pk=int(key)).first()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        return check_party(self, cleaned)

    def flow_data(self) -> dict[str, Any]:
        given = super().flow_data()
        return {
            "disputant": self.row,
            "side": given.get("side"),
            "given": {name: given[name] for name in PARTY_FIELDS if given[name] or name not in self.closed()},
        }


class AmendForm(DisputeForm):
    """The category, the grade and the figures."""

    category = forms.ChoiceField(label="类别", choices=Category.choices)
    grade = chosen("等级", Grade.choices, "请选择等级。")
    people_count = forms.IntegerField(
        label="涉及人数",
        min_value=2,
        max_value=100_000,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), "请填写涉及人数，至少 2 人。"
        ),
    )
    amount = amount_field()
    is_public = forms.BooleanField(label="公开调解", required=False)
    consultation = forms.ChoiceField(
        label="调解方式",
        required=False,
        choices=[("", "一般调解"), *Consultation.choices],
        help_text=f"{CONSULTATIONS}会诊要请人的，用“邀请会诊”。",
        error_messages={"invalid_choice": "请选择调解方式。"},
    )

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        names = ("category", "grade", "people_count", "amount", "is_public", "consultation")
        return {name: getattr(matter, name) for name in names}


class DeclineForm(DisputeForm):
    """Why it may not be mediated; the right way is told by itself."""

    note_label = "补充说明"

    why = chosen(
        "原因",
        [(reason.value, f"{reason.label}：{RIGHT_WAY[reason]}") for reason in NotMediable],
        "请选择不予受理的原因。",
    )


class AssignForm(DisputeForm):
    """Who mediates. Whoever must stand back is shown with the reason and cannot be chosen."""

    mediators = forms.ModelMultipleChoiceField(
        label="调解员",
        queryset=Mediator.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice", "invalid_pk_value", "list"), "请选择调解员。"
        ),
    )
    lead = forms.ModelChoiceField(
        label="主调解员",
        queryset=Mediator.objects.none(),
        required=False,
        empty_label="所选的第一位",
        error_messages={"invalid_choice": "请选择主调解员。"},
    )
    is_chosen = forms.BooleanField(label="当事人自己选定的", required=False)
    refused = forms.CharField(label="须回避", required=False, disabled=True, widget=Quote)
    wished = forms.CharField(label="当事人的意愿", required=False, disabled=True, widget=Quote)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        office = mediators_for(self.matter).select_related("user").prefetch_related("relations")
        found = sorted(office.order_by("grid", "pk")[:200], key=self.distance)
        near = {row.pk: why for row in found if (why := conflicts(self.matter, row))}
        free = in_this_order([row for row in found if row.pk not in near])
        free = free.select_related("user", "grid").defer("grid__boundary")
        for name in ("mediators", "lead"):
            self.fields[name].queryset = free
            self.fields[name].label_from_instance = self.named
        if wishes := wishes_on(self.matter):
            self.initial["wished"] = "\n".join(wishes)
        else:
            del self.fields["wished"]
        if near:
            self.initial["refused"] = "".join(why for reasons in near.values() for why in reasons)
        else:
            del self.fields["refused"]

    def named(self, mediator: Mediator) -> str:
        """Return a mediator with where she works, if that is elsewhere, and what she is good at."""
        place = f"　{mediator.grid}" if mediator.grid_id != self.matter.seat_id else ""
        fits = "　擅长这类" if self.matter.category in mediator.specialities else ""
        return f"{mediator}{place}{fits}"

    def distance(self, mediator: Mediator) -> tuple[bool, int, bool, str, int]:
        """Return by what the mediators are sorted: the centre's own, then the nearest, and who knows the category first."""
        own, knows = mediator.grid_id == self.matter.seat_id, self.matter.category in mediator.specialities
        return not own, -len(mediator.grid_id), not knows, mediator.grid_id, mediator.pk

    def flow_data(self) -> dict[str, Any]:
        given = super().flow_data()
        for shown in ("refused", "wished"):
            given.pop(shown, None)
        return given | {"mediators": list(given["mediators"])}

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {"mediators": list(matter.mediations.filter(until=None).values_list("mediator", flat=True))}


class CentreForm(DisputeForm):
    """To which centre, of those in whose place the dispute lies."""

    centre = RowField("矛调中心", "请选择矛调中心。")
    upwards = True

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        dispute = self.matter
        codes = [
            code
            for code in lineage(dispute.grid_id)
            if (len(code) < len(dispute.seat_id) if self.upwards else len(code) > len(dispute.seat_id))
        ]
        self.fields["centre"].queryset = Centre.objects.filter(is_active=True, grid__in=codes)


class DownForm(CentreForm):
    """To which centre below."""

    upwards = False


class InviteForm(DisputeForm):
    """Who is called in to this file, by name or login name."""

    who = forms.CharField(
        label="邀请谁",
        max_length=200,
        help_text="工作人员的姓名或登录名，几人用空格隔开。他们只能看这一件，会诊结束即收回。",
        error_messages={"required": "请填写邀请谁。"},
    )
    body = forms.CharField(label="单位", required=False, max_length=60)
    consultation = chosen(
        "调解方式",
        Consultation.choices,
        "请选择调解方式。",
        initial=Consultation.JOINT,
        help_text=CONSULTATIONS,
    )

    def clean_who(self) -> list[User]:
        found: list[User] = []
        for name in dict.fromkeys(self.cleaned_data["who"].replace("、", " ").replace("，", " ").split()):
            rows = User.objects.filter(is_active=True, is_staff=True)
            people = list(rows.filter(username=name)[:1]) or list(rows.filter(name=name)[:2])
            if not people:
                raise ValidationError(f"没有叫“{name[:20]}”的工作人员，请核对姓名或登录名。")
            if len(people) > 1:
                raise ValidationError(f"叫“{name[:20]}”的不止一人，请填登录名。")
            found += people
        return found

    def flow_data(self) -> dict[str, Any]:
        given = super().flow_data()
        return given | {"guests": given.pop("who")}


class LetGoForm(DisputeForm):
    """Whose invitation ends."""

    guest = RowField("受邀人", "请选择受邀人。")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["guest"].queryset = Guest.objects.filter(dispute=self.matter, until=None).select_related(
            "user"
        )


class InquiryForm(DisputeForm):
    """An investigation record."""

    asked = forms.CharField(label="被调查人", max_length=60, error_messages={"required": "请填写向谁调查。"})
    relation = forms.CharField(label="与当事人的关系", required=False, max_length=60)
    at = moment_field("调查时间")
    place = forms.CharField(label="地点", max_length=120, error_messages={"required": "请填写地点。"})
    record = forms.CharField(
        label="记录",
        max_length=4000,
        widget=forms.Textarea({"rows": 6, "maxlength": 4000}),
        error_messages={"required": "请写调查记录。"},
    )
    photos = PhotosField(max_files=MOST_PHOTOS, label="证据照片")

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {"at": timezone.localtime()}


class PlanForm(DisputeForm):
    """A session to come."""

    mode = chosen("方式", SessionMode.choices, "请选择方式。", initial=SessionMode.JOINT)
    invited = PartiesField("请谁参加")
    starts_at = moment_field("时间")
    place = forms.CharField(label="地点", max_length=120, error_messages={"required": "请填写地点。"})

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {
            "invited": list(matter.disputants.values_list("pk", flat=True)),
            "place": f"{matter.centre}{matter.centre.address and '（' + matter.centre.address + '）'}"[:120],
        }


class SessionField(RowField):
    """One of the sessions that are planned."""

    def __init__(self) -> None:
        super().__init__("哪一次", "请选择哪一次调解。")

    def offer(self, dispute: Dispute) -> None:
        """Offer the dispute's planned sessions; the only one is chosen."""
        self.label_from_instance = lambda row: f"{ui.cn_datetime(row.starts_at)} {row.get_mode_display()}"
        self.queryset = dispute.sessions.filter(state=Session.State.PLANNED).order_by("starts_at")
        first = self.queryset.first()
        self.initial = first.pk if first is not None else None


class HoldForm(DisputeForm):
    """What came of a session."""

    session = SessionField()
    present = PartiesField("到场当事人")
    others = forms.CharField(label="其他参加人", required=False, max_length=200)
    ends_at = moment_field("结束时间", required=False)
    record = forms.CharField(
        label="调解记录",
        max_length=4000,
        widget=forms.Textarea({"rows": 8, "maxlength": 4000}),
        help_text="背对背谈的，只存为您本人的备忘，不进卷宗，别人看不到。",
        error_messages={"required": "请写调解记录。"},
    )
    photos = PhotosField(max_files=MOST_PHOTOS, label="签字的记录")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["session"].offer(self.matter)

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {"ends_at": timezone.localtime()}


class CancelForm(DisputeForm):
    """Which session does not take place."""

    session = SessionField()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["session"].offer(self.matter)


class ExtendForm(DisputeForm):
    """How much longer."""

    days = forms.IntegerField(
        label="延长几天",
        min_value=1,
        max_value=30,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), "请填写延长几天，1 到 30。"
        ),
    )
    all_agree = forms.BooleanField(
        label="各方当事人都同意延长", error_messages={"required": "延长调解期限须各方当事人都同意。"}
    )


def outcome_field(label: str, outcomes: tuple[str, ...]) -> forms.ChoiceField:
    """Return the field of how mediation ends."""
    return chosen(label, [(each, Outcome(each).label) for each in outcomes], f"请选择{label}。")


class TerminateForm(DisputeForm):
    """Why mediation ends without an agreement."""

    outcome = outcome_field("终止的原因", TERMINATIONS)


class GuideForm(DisputeForm):
    """Which way the parties are shown."""

    outcome = outcome_field("引导到哪里", GUIDES)


class RateForm(DisputeForm):
    """How content a party is."""

    note_label = "想说的话"

    satisfaction = forms.TypedChoiceField(
        label="是否满意",
        choices=[(5, "满意"), (4, "基本满意"), (3, "一般"), (2, "不太满意"), (1, "不满意")],
        coerce=int,
        empty_value=None,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择是否满意。", "invalid_choice": "请选择是否满意。"},
    )


#: action -> form; the others need nothing, or a reason alone.
DISPUTE_FORMS: dict[str, type[ActionForm]] = {
    "record_consent": ConsentForm,
    "amend_party": PartyForm,
    "amend": AmendForm,
    "decline": DeclineForm,
    "assign": AssignForm,
    "send_up": CentreForm,
    "hand_down": DownForm,
    "invite": InviteForm,
    "let_go": LetGoForm,
    "investigate": InquiryForm,
    "plan_session": PlanForm,
    "hold_session": HoldForm,
    "cancel_session": CancelForm,
    "extend": ExtendForm,
    "draft": DraftForm,
    "conclude_orally": OralForm,
    "confirm": ConfirmForm,
    "confirm_paper": SignedForm,
    "conclude": ConcludeForm,
    "terminate": TerminateForm,
    "guide": GuideForm,
    "perform": PerformForm,
    "follow_up": FollowUpForm,
    "ask_judicial": JudicialForm,
    "record_judicial": RulingForm,
    "close": CloseForm,
    "archive": ArchiveForm,
    "rate": RateForm,
}
