"""The forms of a dispute's actions, the same on the phone and at the desk."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from governance.forms import ActionForm, PhotosField, Quote, day_field, moment_field, yes_no
from governance.models import Matter, User
from governance.territory import lineage
from mediation.flow.agreeing import in_effect, newest
from mediation.flow.conflicts import conflicts
from mediation.flow.handling import PARTY_FIELDS, mediators_for
from mediation.flow.scope import IDENTITY, OWNERSHIP, RIGHT_WAY, NotMediable
from mediation.forms.papers import ArchiveForm
from mediation.forms.parties import amount_field, check_party, party_fields
from mediation.forms.terms import MOST_TERMS, TermField
from mediation.models import (
    Agreement,
    Category,
    Centre,
    Consultation,
    Disputant,
    Dispute,
    FollowUp,
    Grade,
    Guest,
    JudicialConfirmation,
    Mediator,
    Outcome,
    Session,
    SessionMode,
    Term,
)
from mediation.models.disputes import GUIDES, TERMINATIONS

MOST_PHOTOS = 9


def chosen(label: str, choices: Any, words: str, **options: Any) -> forms.ChoiceField:
    """Return a field of a few choices, all in sight."""
    return forms.ChoiceField(
        label=label,
        choices=choices,
        widget=forms.RadioSelect,
        error_messages={"required": words, "invalid_choice": words},
        **options,
    )


class RowField(forms.ModelChoiceField):
    """One of a few rows of the dispute's own."""

    def __init__(self, label: str, words: str, **options: Any) -> None:
        super().__init__(
            queryset=None,
            label=label,
            empty_label=None,
            widget=forms.RadioSelect,
            error_messages={"required": words, "invalid_choice": words},
            **options,
        )


class PartyField(RowField):
    """One of the dispute's parties."""

    def __init__(self, label: str = "当事人", **options: Any) -> None:
        super().__init__(label, "请选择当事人。", **options)

    def label_from_instance(self, obj: Disputant) -> str:
        return f"{obj.get_side_display()}　{obj.name}"


class PartiesField(forms.ModelMultipleChoiceField):
    """Several of the dispute's parties."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, label: str, **options: Any) -> None:
        words = f"请选择{label}。"
        errors = dict.fromkeys(("required", "invalid_choice", "invalid_pk_value", "list"), words)
        super().__init__(queryset=None, label=label, error_messages=errors, **options)

    def label_from_instance(self, obj: Disputant) -> str:
        return f"{obj.get_side_display()}　{obj.name}"


class DisputeForm(ActionForm):
    """What the forms of a dispute share: its parties to choose from."""

    matter: Dispute

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            if isinstance(field, PartyField | PartiesField):
                field.queryset = self.matter.disputants.order_by("pk")


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
    """What is known of a party: of the one that the address names, or of one more."""

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
            self.fields["party"].initial = self.row.pk

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
            "given": {name: given[name] for name in PARTY_FIELDS},
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

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        names = ("category", "grade", "people_count", "amount", "is_public")
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
    refused = forms.CharField(label="须回避", required=False, widget=Quote)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        office = mediators_for(self.matter).select_related("user").prefetch_related("relations")
        found = list(office.order_by("grid", "pk")[:200])
        near = {row.pk: why for row in found if (why := conflicts(self.matter, row))}
        free = Mediator.objects.filter(pk__in=[row.pk for row in found if row.pk not in near])
        free = free.select_related("user").order_by("grid", "pk")
        for name in ("mediators", "lead"):
            self.fields[name].queryset = free
            self.fields[name].label_from_instance = self.named
        if near:
            self.initial["refused"] = "".join(why for reasons in near.values() for why in reasons)
        else:
            del self.fields["refused"]

    def named(self, mediator: Mediator) -> str:
        """Return a mediator with what she is good at."""
        fits = "　擅长这类" if self.matter.category in mediator.specialities else ""
        return f"{mediator}{fits}"

    def flow_data(self) -> dict[str, Any]:
        given = super().flow_data()
        given.pop("refused", None)
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
    consultation = chosen("调解方式", Consultation.choices, "请选择调解方式。", initial=Consultation.JOINT)

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


class AgreementForm(DisputeForm):
    """What the law asks of an agreement (People's Mediation Law, article 29)."""

    facts = forms.CharField(
        label="主要事实和争议事项",
        max_length=3000,
        widget=forms.Textarea({"rows": 5, "maxlength": 3000}),
        error_messages={"required": "请写明纠纷的主要事实和争议事项。"},
    )
    duties = forms.CharField(
        label="各方当事人的责任",
        max_length=2000,
        widget=forms.Textarea({"rows": 3, "maxlength": 2000}),
        error_messages={"required": "请写明各方当事人的责任。"},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        last = newest(self.matter)
        terms = list(last.terms.all()) if last is not None else []
        for number in range(1, MOST_TERMS + 1):
            before = terms[number - 1] if number <= len(terms) else None
            self.fields[f"term_{number}"] = TermField(number, initial=before and vars(before))
        self.fields["term_1"].help_text = "每条写明内容、履行方式、地点和期限；没有金额的不填。空着的条不计。"
        # What concerns the whole stands below its terms.
        for name in ("all_agree", "copies"):
            if name in self.fields:
                self.fields[name] = self.fields.pop(name)

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        last = newest(matter)
        if last is None:
            # The words of the application are the applicant's, and the other side was not to read them.
            return {}
        return {"facts": last.facts, "duties": last.duties, "copies": last.copies}

    def flow_data(self) -> dict[str, Any]:
        given = super().flow_data()
        terms = [given.pop(f"term_{number}", None) for number in range(1, MOST_TERMS + 1)]
        return given | {"terms": [term for term in terms if term]}


class DraftForm(AgreementForm):
    """A version of the written agreement."""

    copies = forms.IntegerField(
        label="份数",
        min_value=2,
        max_value=30,
        help_text="当事人各一份，调解组织留一份。",
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), "请填写份数，2 到 30。"
        ),
    )

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {"copies": matter.disputants.count() + 1} | super().first_values(matter, user)


class OralForm(AgreementForm):
    """An agreement by word of mouth, as it is registered."""

    all_agree = forms.BooleanField(
        label="各方都同意以上内容，并认为不需要书面协议",
        error_messages={"required": "口头协议须各方当事人都同意，并认为不需要书面协议。"},
    )


def agreement_text(agreement: Agreement) -> Any:
    """Return an agreement's words, to be read before it is confirmed."""
    terms = format_html_join(
        "",
        "<li>{}；履行方式：{}；地点：{}；期限：{}{}</li>",
        (
            (
                term.content,
                term.way,
                term.place,
                f"{term.due_on:%Y年%m月%d日}",
                f"；金额：{term.amount} 元" if term.amount is not None else "",
            )
            for term in agreement.terms.all()
        ),
    )
    return format_html(
        "<b>{}</b><p>事实和争议：{}</p><p>责任：{}</p><ol>{}</ol>",
        agreement,
        agreement.facts,
        agreement.duties,
        terms,
    )


class ConfirmForm(DisputeForm):
    """The newest version, to be read and confirmed."""

    words = forms.CharField(label="调解协议", required=False, widget=Quote)
    agreement = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=10_000)
    read = forms.BooleanField(
        label="我已看清楚每一条，同意这份协议", error_messages={"required": "请看清楚每一条后勾选。"}
    )

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        last = newest(matter)
        return {"words": agreement_text(last), "agreement": last.version} if last is not None else {}

    def flow_data(self) -> dict[str, Any]:
        return {"agreement": self.cleaned_data["agreement"]}


class SignedForm(DisputeForm):
    """That a party has signed on paper."""

    disputant = PartyField()
    photos = PhotosField(
        max_files=MOST_PHOTOS,
        label="签字的协议",
        required=True,
        error_messages={"required": "请上传签字的协议照片。"},
    )


class ConcludeForm(DisputeForm):
    """The mediator's signature and the seal."""

    words = forms.CharField(label="调解协议", required=False, widget=Quote)
    sealed = forms.BooleanField(
        label="调解员已签名，并加盖了人民调解委员会印章",
        error_messages={"required": "协议须由调解员签名并加盖印章才生效。"},
    )

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        last = newest(matter)
        return {"words": agreement_text(last)} if last is not None else {}

    def flow_data(self) -> dict[str, Any]:
        return {}


def outcome_field(label: str, outcomes: tuple[str, ...]) -> forms.ChoiceField:
    """Return the field of how mediation ends."""
    return chosen(label, [(each, Outcome(each).label) for each in outcomes], f"请选择{label}。")


class TerminateForm(DisputeForm):
    """Why mediation ends without an agreement."""

    outcome = outcome_field("终止的原因", TERMINATIONS)


class GuideForm(DisputeForm):
    """Which way the parties are shown."""

    outcome = outcome_field("引导到哪里", GUIDES)


class PerformForm(DisputeForm):
    """What was performed of one term."""

    term = RowField("哪一条", "请选择哪一条。")
    state = chosen(
        "履行情况", [c for c in Term.State.choices if c[0] != Term.State.PENDING], "请选择履行情况。"
    )
    performed_on = day_field("履行日期")
    photos = PhotosField(max_files=MOST_PHOTOS, label="履行凭证")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        agreement = in_effect(self.matter)
        terms = agreement.terms if agreement is not None else Term.objects.none()
        self.fields["term"].queryset = terms.select_related("agreement").order_by("order")
        self.fields["term"].label_from_instance = lambda row: f"第 {row.order} 条　{row.content}"

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {"performed_on": timezone.localdate()}


class FollowUpForm(DisputeForm):
    """A visit after the agreement."""

    disputant = PartyField("被回访人")
    at = moment_field("回访时间")
    performance = chosen("履行情况", FollowUp.Performance.choices, "请选择履行情况。")
    is_satisfied = yes_no("是否满意", "满意", "不满意")
    has_risk = forms.BooleanField(label="有激化或其他隐患", required=False)
    measures = forms.CharField(
        label="采取的措施",
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 2, "maxlength": 500}),
    )
    next_on = day_field("下次回访", required=False, help_text="不再回访的留空。")

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {"at": timezone.localtime()}


class JudicialForm(DisputeForm):
    """That the court is asked, and that it may be."""

    court = forms.CharField(label="法院", max_length=60, error_messages={"required": "请填写法院。"})
    all_agree = forms.BooleanField(
        label="各方当事人共同申请", error_messages={"required": "司法确认须各方当事人共同申请。"}
    )
    touches_identity = forms.BooleanField(
        label="协议确认婚姻、收养、亲子等身份关系", required=False, help_text=IDENTITY
    )
    touches_ownership = forms.BooleanField(
        label="协议涉及物权、知识产权确权", required=False, help_text=OWNERSHIP
    )


class RulingForm(DisputeForm):
    """What the court said."""

    result = chosen(
        "法院的结果",
        [c for c in JudicialConfirmation.Result.choices if c[0] != JudicialConfirmation.Result.ASKED],
        "请选择法院的结果。",
    )
    ruling = forms.CharField(label="裁定文号", required=False, max_length=60)
    decided_on = day_field("日期")

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {"decided_on": timezone.localdate()}


class CloseForm(DisputeForm):
    """That all is done, or what becomes of what is not."""

    note_label = "说明"

    unperformed = forms.BooleanField(label="有没履行的，另行处理", required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        agreement = in_effect(self.matter)
        if agreement is None or not agreement.terms.exclude(state=Term.State.DONE).exists():
            del self.fields["unperformed"]


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
