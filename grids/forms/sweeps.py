"""What is filled in at a door, and at the desk when a sweep is drawn up, extended, closed."""

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory

from governance import parameters
from governance.forms import ActionForm, PhotosField, asked, captured_field, day_field
from governance.models import User
from grids import questionnaire
from grids.flow import LONGEST, MOST_HOURS
from grids.models import Building, Grid, Household, Premises, Sweep, SweepTarget
from grids.models.sweeps import Outcome
from grids.services.sweeps import MOST_PHOTOS

EXPIRED = dict.fromkeys(("required", "invalid", "min_value", "max_value"), "页面已过期，请返回名单重新打开。")


class AnswerForm(forms.Form):
    """What was found at one door: the outcome, the sweep's questions, words and pictures."""

    target = forms.IntegerField(
        widget=forms.HiddenInput, min_value=1, max_value=2**62, label="门牌", error_messages=EXPIRED
    )
    version = forms.IntegerField(
        widget=forms.HiddenInput, min_value=0, max_value=10**6, label="版本", error_messages=EXPIRED
    )
    token = forms.CharField(widget=forms.HiddenInput({"data-token": ""}), max_length=40, required=False)
    captured_at = captured_field("查的时间")
    outcome = forms.ChoiceField(
        label="结果",
        choices=Outcome.choices[1:],
        initial=Outcome.DONE,
        widget=forms.RadioSelect,
        error_messages=asked("请选择查到了、没人在，还是不用查。"),
    )
    words = forms.CharField(
        label="说明",
        max_length=500,
        required=False,
        help_text="有问题的、不用查的，写几个字。",
        widget=forms.Textarea({"rows": 2, "maxlength": 500}),
    )
    photos = PhotosField(max_files=MOST_PHOTOS)

    def __init__(self, *args: Any, sweep: Sweep, target: SweepTarget | None = None, **options: Any) -> None:
        initial = {"token": uuid.uuid4().hex, "version": 0} | (options.pop("initial", None) or {})
        if target is not None:
            initial |= {"target": target.pk, "version": target.version}
            if target.outcome == Outcome.DONE:
                initial |= {f"q_{key}": value for key, value in (target.answers or {}).items()}
                initial |= {"words": target.words}
        super().__init__(*args, initial=initial, **options)
        self.questions = sweep.questions
        for question in self.questions:
            self.fields[f"q_{question['key']}"] = question_field(question)

    @property
    def asked(self) -> list[forms.BoundField]:
        """The fields of the questions, in their order."""
        return [self[f"q_{question['key']}"] for question in self.questions]

    def answer_data(self) -> dict[str, Any]:
        """Return what ``answer`` takes besides who answers."""
        given = self.cleaned_data
        return {
            "outcome": given["outcome"],
            "answers": {each["key"]: given.get(f"q_{each['key']}") for each in self.questions},
            "words": given["words"],
            "version": given["version"],
            "token": given["token"],
            "at": given["captured_at"],
            "photos": given["photos"],
        }


def question_field(question: dict[str, Any]) -> forms.Field:
    """Return the field of a question. Nothing is required by the field itself: where nobody is there, nothing is asked."""
    options: dict[str, Any] = {"label": question["label"], "required": False}
    kind = question["kind"]
    if kind in questionnaire.CHOSEN:
        field: forms.Field = forms.ChoiceField(
            choices=[(each, each) for each in questionnaire.options_of(question)],
            widget=forms.RadioSelect,
            error_messages=asked("请从选项里选一个。"),
            **options,
        )
    elif kind == "number":
        field = forms.CharField(max_length=20, widget=forms.TextInput({"inputmode": "decimal"}), **options)
        field.unit = question["unit"]
    elif kind == "date":
        field = day_field(**options)
    else:
        field = forms.CharField(max_length=questionnaire.LONGEST_TEXT, **options)
    field.one_of_two = question["required"]  # the page does not call it optional
    return field


# --- the desk --------------------------------------------------------------------------------------------------------------
class DrawUpForm(forms.Form):
    """What is swept, where and until when. The questions and the scope follow."""

    kind = forms.ChoiceField(
        label="类别", choices=Sweep.Kind.choices, widget=forms.RadioSelect, initial=Sweep.Kind.EMERGENCY
    )
    about = forms.ChoiceField(
        label="查什么", choices=Sweep.About.choices, widget=forms.RadioSelect, initial=Sweep.About.HOUSEHOLDS
    )
    title = forms.CharField(
        label="名称",
        max_length=40,
        widget=forms.TextInput({"placeholder": "例如：暴雨后漏雨排查"}),
        error_messages={"required": "请填写名称。"},
    )
    grid = forms.ModelChoiceField(
        Grid.objects.none(), label="排查地点", empty_label=None, error_messages=asked("请选择排查地点。")
    )
    template = forms.ChoiceField(
        label="排查表", required=False, help_text="选一个现成的，下一步还可以改；也可以留空自己出题。"
    )
    hours = forms.IntegerField(
        label="应急：几小时内完成", required=False, min_value=1, max_value=72, help_text="白天黑夜都计时。"
    )
    days = forms.IntegerField(label="摸排：几天内完成", required=False, min_value=1, max_value=90)
    description = forms.CharField(
        label="要求",
        required=False,
        max_length=500,
        help_text="排查的人会看到。",
        widget=forms.Textarea({"rows": 3}),
    )

    def __init__(self, *args: Any, places: Any, **options: Any) -> None:
        initial = {"hours": parameters.value("sweeps.hours"), "days": 10} | (
            options.pop("initial", None) or {}
        )
        super().__init__(*args, initial=initial, **options)
        self.fields["grid"].queryset = places
        words = dict(Sweep.About.choices)
        self.fields["template"].choices = [
            ("", "自己出题"),
            *(
                (key, f"{each['name']}（{words[each['about']]}）")
                for key, each in questionnaire.templates().items()
            ),
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        emergency = given.get("kind") == Sweep.Kind.EMERGENCY
        name = "hours" if emergency else "days"
        if "kind" in given and given.get(name) is None and name not in self.errors:
            self.add_error(name, "请填写几小时内完成。" if emergency else "请填写几天内完成。")
        return given

    def sweep_data(self) -> dict[str, Any]:
        """Return what ``draw_up`` takes besides who draws it up."""
        given = dict(self.cleaned_data)
        days = given.pop("days")
        if given["kind"] != Sweep.Kind.EMERGENCY:
            given["hours"] = days * 24
        return given


class RewordForm(forms.Form):
    """What a sweep that has not started is called, how long it takes, what is said with it."""

    title = forms.CharField(label="名称", max_length=40, error_messages={"required": "请填写名称。"})
    hours = forms.IntegerField(
        label="启动后几小时内完成",
        min_value=1,
        max_value=LONGEST,
        help_text="白天黑夜都计时；一天是 24 小时。",
    )
    description = forms.CharField(
        label="要求",
        required=False,
        max_length=500,
        help_text="排查的人会看到。",
        widget=forms.Textarea({"rows": 3}),
    )


class ScopeForm(forms.Form):
    """What of a place is covered. What is left empty narrows nothing."""

    uses = forms.MultipleChoiceField(label="住房情况", required=False, choices=Household.Use.choices)
    kinds = forms.MultipleChoiceField(label="场所类别", required=False, choices=Premises.Kind.choices)
    smalls = forms.MultipleChoiceField(label="九小场所", required=False, choices=Premises.Small.choices[1:])
    grids = forms.MultipleChoiceField(label="只查这些网格", required=False)
    buildings = forms.TypedMultipleChoiceField(
        label="只查这些楼栋", required=False, coerce=int, empty_value=[]
    )

    def __init__(self, *args: Any, sweep: Sweep, **options: Any) -> None:
        super().__init__(*args, initial=sweep.selection, **options)
        for name in ("uses",) if sweep.about == Sweep.About.PREMISES else ("kinds", "smalls"):
            del self.fields[name]
        below = Grid.objects.current().children_of(sweep.grid_id).order_by("code").values_list("code", "name")
        self.fields["grids"].choices = list(below[:300])
        self.fields["buildings"].choices = building_choices(sweep)
        for name in ("grids", "buildings"):
            if not self.fields[name].choices:
                del self.fields[name]
        for field in self.fields.values():
            field.widget = forms.CheckboxSelectMultiple(choices=field.choices)
            field.error_messages["invalid_choice"] = "请从列出的选项里选。"


def building_choices(sweep: Sweep) -> list[tuple[int, str]]:
    """Return the buildings of the place of a sweep, for a community or a base grid; a street has too many to tick."""
    if len(sweep.grid_id) < 12:
        return []
    column = "community_code" if len(sweep.grid_id) == 12 else "grid"
    rows = Building.objects.filter(**{column: sweep.grid_id}).order_by("grid", "compound", "name")
    return [(row.pk, str(row)) for row in rows[:300]]


class QuestionForm(forms.Form):
    """One question. An empty one is none."""

    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=8)
    label = forms.CharField(label="题目", required=False, max_length=questionnaire.LONGEST_LABEL)
    kind = forms.ChoiceField(label="题型", choices=list(questionnaire.KINDS.items()), initial="yes_no")
    options = forms.CharField(
        label="选项",
        required=False,
        max_length=400,
        help_text="几选一的写，一行一个。",
        widget=forms.Textarea({"rows": 3}),
    )
    unit = forms.CharField(label="单位", required=False, max_length=6, help_text="数字题写，例如：人。")
    finding = forms.CharField(
        label="哪些回答算问题", required=False, max_length=400, help_text="和选项写得一样，一行一个；没有就留空。",
        widget=forms.Textarea({"rows": 2}),
    )  # fmt: skip
    required = forms.BooleanField(label="必答", required=False)
    photo = forms.BooleanField(label="有问题要拍照", required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if self.errors or not given.get("label"):
            return given
        try:
            self.question = questionnaire.check_question(
                {
                    **{name: given[name] for name in ("key", "label", "kind", "unit", "required", "photo")},
                    "options": lines_of(given["options"]),
                    "finding": lines_of(given["finding"]),
                }
            )
        except ValidationError as error:
            for name, texts in error.error_dict.items():
                self.add_error(name, texts)
        return given


def lines_of(text: str) -> list[str]:
    """Return the lines of a text that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


class QuestionSet(BaseFormSet):
    """The questions of a sweep, in order."""

    def questions(self) -> list[dict[str, Any]]:
        """Return the questions that were filled in, in their order."""
        filled = [form for form in self.forms if form.cleaned_data.get("label")]
        filled = [form for form in filled if not form.cleaned_data.get("DELETE")]
        filled.sort(key=lambda form: form.cleaned_data.get("ORDER") or 10**6)
        return [form.question for form in filled]


def question_set(data: Any = None, *, sweep: Sweep) -> QuestionSet:
    """Return the formset of a sweep's questions, with three empty ones."""
    made = formset_factory(
        QuestionForm,
        formset=QuestionSet,
        extra=3,
        max_num=questionnaire.MOST_QUESTIONS,
        absolute_max=questionnaire.MOST_QUESTIONS + 10,
        validate_max=True,
        can_order=True,
        can_delete=True,
    )
    initial = [
        {**each, "options": "\n".join(each["options"]), "finding": "\n".join(each["finding"])}
        for each in sweep.questions
    ]
    formset = made(data, initial=initial, prefix="q")
    for form in formset.forms:
        form.fields["ORDER"].label, form.fields["DELETE"].label = "顺序", "删去这题"
        form.fields["ORDER"].min_value = 1
    return formset


class ExtendForm(ActionForm):
    """More time, by the clock."""

    hours = forms.IntegerField(
        label="延长几小时",
        min_value=1,
        max_value=MOST_HOURS,
        help_text="白天黑夜都计时；已经到时的，从现在算起。",
    )


class RemindForm(ActionForm):
    """Which grids are reminded, and a word to them."""

    below = forms.IntegerField(
        label="提醒完成不到百分之几的网格",
        min_value=1,
        max_value=100,
        initial=50,
        help_text="只提醒网格，不给人排名。",
    )
    note_label = "捎一句话"


class CloseForm(ActionForm):
    """What is to be done about what was not reached."""

    note_label = "结束说明"
    note_help = "还有没查到的，写明原因和后续怎么办。"


FORMS = {"extend": ExtendForm, "remind": RemindForm, "close": CloseForm}


class HelperForm(forms.Form):
    """Who helps, and in which grid."""

    who = forms.CharField(
        label="帮手的手机号或登录名",
        max_length=40,
        help_text="对方要有平台账号。只在这次排查进行时、只在这个网格能填。",
        error_messages={"required": "请填写帮手的手机号或登录名。"},
    )
    grid = forms.ModelChoiceField(
        Grid.objects.none(), label="网格", empty_label=None, error_messages=asked("请选择网格。")
    )

    def __init__(self, *args: Any, places: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["grid"].queryset = places

    def clean_who(self) -> User:
        text = self.cleaned_data["who"].replace(" ", "")
        people = User.objects.filter(is_active=True)
        found = (
            people.filter(phone=text, phone_verified=True).first()
            or people.filter(username=text, is_staff=True).first()
        )
        if found is None or found.username == "system":
            raise ValidationError("没有找到这个账号，请核对手机号，或请对方先登录一次平台。")
        return found


class FindingForm(forms.Form):
    """As what a finding goes on, and in which words. ``groups``: what the person may hand it on as."""

    to = forms.ChoiceField(
        label="转为", error_messages=asked("请选择转到哪里。", "这一项现在不能选，请另选。")
    )
    words = forms.CharField(
        label="什么问题",
        max_length=2000,
        widget=forms.Textarea({"rows": 4, "maxlength": 2000}),
        error_messages=asked("请写明是什么问题。"),
    )

    is_urgent = forms.BooleanField(
        label="有危险", required=False, help_text="正在伤人、起火、漏气的，请先打 110、119、120。"
    )

    def __init__(self, *args: Any, groups: list, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["to"].choices = [("", "请选择"), *groups]
