"""The forms of an order's actions, by the action's name (``ORDER_FORMS``). An action that is not listed needs nothing but its
reason, if it asks for one."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.html import format_html

from governance import masks
from governance.forms import ActionForm, Quote, WindowFields, moment_field, phone_field
from governance.models import Matter
from grids.places import place_of
from volunteers.flow import ORDERS
from volunteers.matching import Suggestion, suggest
from volunteers.models import Claim, Membership, Team, Volunteer
from volunteers.models.orders import ClaimStatus

#: So many volunteers are offered for choice.
MOST_SUGGESTED = 20


class WindowActionForm(ActionForm, WindowFields):
    """An action that sets the wanted time."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer_times(self.matter.wanted_from, self.matter.wanted_until)
        self.order_fields(["version", "wanted_day", "wanted_from", "wanted_until"])

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return self.window_initial(matter.wanted_from, matter.wanted_until)

    def flow_data(self) -> dict[str, Any]:
        return {key: value for key, value in super().flow_data().items() if key != "wanted_day"}


class AmendForm(WindowActionForm):
    """What the applicant may correct before the order is dispatched."""

    note_label = "补充说明给社区的话"

    beneficiary_name = forms.CharField(label="受助人姓名", max_length=40)
    beneficiary_phone = phone_field("受助人电话")
    address = forms.CharField(label="门牌号", max_length=100, required=False)
    description = forms.CharField(
        label="具体情况",
        max_length=2000,
        required=False,
        widget=forms.Textarea({"rows": 4, "maxlength": 2000}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Who may not see the personal fields may not read them in a form either; she corrects the rest.
        if not self.user.may("contact", self.matter):
            for name in self.matter.masked.keys() & self.fields.keys():
                del self.fields[name]
                self.initial.pop(name, None)

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        names = ("beneficiary_name", "beneficiary_phone", "address", "description")
        return super().first_values(matter, user) | {name: getattr(matter, name) for name in names}


class RescheduleForm(WindowActionForm):
    """Another time or number of people, agreed with the applicant."""

    places = forms.IntegerField(
        label="需要几人",
        min_value=1,
        max_value=50,
        widget=forms.NumberInput({"inputmode": "numeric"}),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "需要人数在 1 到 50 之间。"),
    )

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return super().first_values(matter, user) | {"places": matter.places}


class RateForm(ActionForm):
    """One to five stars and a few words."""

    note_label = "想说的话"

    stars = forms.TypedChoiceField(
        label="您满意吗",
        choices=[(1, "很差"), (2, "较差"), (3, "一般"), (4, "满意"), (5, "很满意")],
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择 1 到 5 颗星。", "invalid_choice": "请选择 1 到 5 颗星。"},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        note = self.fields["note"]
        note.max_length = 500
        note.widget.attrs["maxlength"] = 500


class ComplainForm(ActionForm):
    """What went wrong, for the community's eyes."""

    note_help = "由社区查看并答复，不给志愿者看。"


class AnswerComplaintForm(ActionForm):
    """The community's answer, with the complaint above it."""

    note_help = "点单人会看到。"

    complaint = forms.CharField(label="投诉的内容", required=False, disabled=True, widget=Quote)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not self.initial["complaint"]:
            del self.fields["complaint"]

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        steps = ORDERS.timeline(matter, user)
        return {"complaint": next((step.note for step in steps if step.action == "complain"), "")}

    def flow_data(self) -> dict[str, Any]:
        return {}


class ArriveForm(ActionForm):
    """Check-in and check-out: the code that the beneficiary reads out, the door's QR code just scanned, or a reason."""

    note_label = "不方便核对时的说明"
    note_help = "签到码和二维码都不方便时填写，社区会看到。"

    code = forms.CharField(
        label="签到码",
        required=False,
        max_length=12,
        help_text="请受助人打开这一单，把 6 位签到码念给您；也可以扫楼门口的二维码。",
        widget=forms.TextInput(
            {"inputmode": "numeric", "autocomplete": "off", "placeholder": "6 位数字", "maxlength": 6}
        ),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        code, note = self.fields["code"], self.fields["note"]
        note.widget.attrs["rows"] = 2
        if self.matter.entrance_id is None:
            code.help_text = "请受助人打开这一单，把 6 位签到码念给您。"
        #: The door was scanned a moment ago in this very visit; a token typed into a form proves nothing.
        self.scanned = scanned_door(self.request, self.matter)
        if not self.scanned:
            code.one_of_two = note.one_of_two = True
        #: Whom to call and where to knock, for those who may see it there.
        self.contact = self.user.may("contact", self.matter)

    def flow_data(self) -> dict[str, Any]:
        code = self.cleaned_data["code"].replace(" ", "")
        if code or not self.scanned:
            return {"code": code}
        return {"code": "", "entrance": self.matter.entrance.token}


def scanned_door(request: Any, order: Matter) -> bool:
    """Say whether the visitor has just scanned the code of the order's own door."""
    if request is None or order.entrance_id is None:
        return False
    place = place_of(request)
    return place is not None and place.scanned and place.entrance.pk == order.entrance_id


class SuggestedChoice(forms.ModelMultipleChoiceField):
    """A choice of volunteers, each with her reasons; ``suggested`` gives their order."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options: Any) -> None:
        self.reasons: dict[int, str] = {}
        options.setdefault("error_messages", {})
        options["error_messages"] |= {
            "required": "请选择志愿者。",
            "invalid_choice": "所选的人现在不能派，请重新选择。",
            "invalid_pk_value": "所选的人现在不能派，请重新选择。",
        }
        super().__init__(queryset=Volunteer.objects.none(), **options)

    def suggest(self, found: list[Suggestion], clear: set[int]) -> None:
        """Offer these people; names in clear for those in ``clear``, masked for the others."""
        self.queryset = Volunteer.objects.filter(pk__in=[each.volunteer.pk for each in found])
        self.choices = [
            (
                each.volunteer.pk,
                format_html(
                    '<b class="cg-choice__name">{}</b> <small class="cg-choice__why">{}</small>',
                    masks.shown(each.volunteer, "applicant_name", clear=each.volunteer.pk in clear),
                    "；".join(each.reasons),
                ),
            )
            for each in found
        ]


class MusterForm(ActionForm):
    """The members of one's team whom one asks to serve."""

    volunteers = SuggestedChoice(label="请谁去")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        members = Membership.objects.restrict(self.user).filter(team__unit=self.matter.unit_id, left_on=None)
        among = Volunteer.objects.filter(pk__in=members.values("volunteer"))
        found = suggest(self.matter, MOST_SUGGESTED, among=among)
        self.fields["volunteers"].suggest(found, {each.volunteer.pk for each in found})
        self.nobody = not found


class AssignPeopleForm(ActionForm):
    """The volunteers whom the community asks to serve."""

    volunteers = SuggestedChoice(label="请谁去", help_text="须本人同意；名额为其保留。")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        found = suggest(self.matter, MOST_SUGGESTED)
        keys = [each.volunteer.pk for each in found]
        within = Volunteer.objects.restrict(self.user, "contact").filter(pk__in=keys)
        self.fields["volunteers"].suggest(found, set(within.values_list("pk", flat=True)))
        self.nobody = not found


class AssignTeamForm(ActionForm):
    """The team that the order is given to."""

    team = forms.ModelChoiceField(
        queryset=Team.objects.none(),
        label="服务队",
        empty_label="请选择",
        error_messages={"invalid_choice": "这支队伍现在不能派，请重新选择。"},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        lineage = [self.matter.grid_id[:length] for length in (6, 9, 12, 15)]
        teams = Team.objects.restrict(self.user).filter(is_active=True, grid__in=lineage)
        self.fields["team"].queryset = teams.order_by("-grid", "name")
        self.nobody = not teams.exists()


class ExtendForm(ActionForm):
    """More working time."""

    hours = forms.IntegerField(
        label="延长多少工作小时",
        min_value=1,
        max_value=400,
        widget=forms.NumberInput({"inputmode": "numeric"}),
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), "请填写延长的工作小时数，1 到 400。"
        ),
    )


class ClaimActionForm(ActionForm):
    """An action on one volunteer's place."""

    claim = forms.ModelChoiceField(
        queryset=Claim.objects.none(),
        label="志愿者",
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择志愿者。", "invalid_choice": "请选择这一单的志愿者。"},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        held = Claim.objects.restrict(self.user).filter(order=self.matter, status=ClaimStatus.HELD)
        field = self.fields["claim"]
        field.queryset = held.select_related("volunteer")
        field.label_from_instance = lambda claim: str(claim.volunteer)


class EnterTimesForm(ClaimActionForm):
    """A forgotten check-in and check-out, entered by the community."""

    checked_in_at = moment_field("几点到的")
    checked_out_at = moment_field("几点走的")

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        until = min(matter.wanted_until, timezone.now())
        return {"checked_in_at": matter.wanted_from, "checked_out_at": until}


ORDER_FORMS: dict[str, type[ActionForm]] = {
    "amend": AmendForm,
    "reschedule": RescheduleForm,
    "rate": RateForm,
    "complain": ComplainForm,
    "answer_complaint": AnswerComplaintForm,
    "check_in": ArriveForm,
    "check_out": ArriveForm,
    "muster": MusterForm,
    "assign_people": AssignPeopleForm,
    "assign_team": AssignTeamForm,
    "extend": ExtendForm,
    "enter_times": EnterTimesForm,
    "mark_absent": ClaimActionForm,
}
