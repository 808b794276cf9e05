"""The forms of an agreement: drawing it up, confirming it, its performance, visits, the court, and the end."""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from governance.forms import PhotosField, Quote, day_field, moment_field, yes_no
from governance.models import Matter
from mediation.flow.agreeing import in_effect, lacking_words, newest
from mediation.flow.scope import IDENTITY, OWNERSHIP
from mediation.forms.fields import MOST_PHOTOS, DisputeForm, PartyField, RowField, chosen
from mediation.forms.terms import MOST_TERMS, TermField
from mediation.models import (
    Agreement,
    FollowUp,
    JudicialConfirmation,
    Term,
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
        if words := lacking_words(self.matter.disputants.order_by("pk")):
            # Said before anything is written, not after.
            self.fields["lacking"] = forms.CharField(
                label="先补齐当事人的情况", required=False, disabled=True, widget=Quote, initial=words
            )
            self.order_fields(["lacking"])
        # One term at least is asked for.
        self.fields["term_1"].one_of_two = True
        self.fields["term_1"].help_text = "每条写明内容、履行方式、地点和期限；没有金额的不填。空着的条不计。"
        # What concerns the whole stands below its terms.
        for name in ("all_agree", "copies"):
            if name in self.fields:
                self.fields[name] = self.fields.pop(name)

    @property
    def shown(self) -> list[BoundField]:
        """The terms that stand on the page at once: the first, and whatever has something in it."""
        terms = [self[f"term_{number}"] for number in range(1, MOST_TERMS + 1)]
        return [bound for bound in terms if bound is terms[0] or bound.errors or _holds(bound)]

    @property
    def folded(self) -> list[BoundField]:
        """The terms that are still to be written."""
        there = {bound.name for bound in self.shown}
        names = [f"term_{number}" for number in range(1, MOST_TERMS + 1)]
        return [self[name] for name in names if name not in there]

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        last = newest(matter)
        if last is None:
            # The words of the application are the applicant's, and the other side was not to read them.
            return {}
        return {"facts": last.facts, "duties": last.duties, "copies": last.copies}

    def flow_data(self) -> dict[str, Any]:
        given = super().flow_data()
        given.pop("lacking", None)
        terms = [given.pop(f"term_{number}", None) for number in range(1, MOST_TERMS + 1)]
        return given | {"terms": [term for term in terms if term]}


def _holds(bound: BoundField) -> bool:
    """Say whether anything stands in the controls of a term, as they are drawn."""
    value = bound.value()
    parts = value if isinstance(value, list) else bound.field.widget.decompress(value)
    return any(part not in (None, "") for part in parts)


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

    words = forms.CharField(label="调解协议", required=False, disabled=True, widget=Quote)
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

    words = forms.CharField(label="调解协议", required=False, disabled=True, widget=Quote)
    sealed = forms.BooleanField(
        label="调解员已签名，并加盖了人民调解委员会印章",
        error_messages={"required": "协议须由调解员签名并加盖印章才生效。"},
    )

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        last = newest(matter)
        return {"words": agreement_text(last)} if last is not None else {}

    def flow_data(self) -> dict[str, Any]:
        return {}


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
        self.fields["term"].label_from_instance = lambda row: (
            f"第 {row.order} 条　{row.content}（{row.get_state_display()}）"
        )

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
