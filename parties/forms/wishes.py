"""The forms of small wishes, on the phone and at the desk."""

import uuid
from typing import Any

from django import forms

from governance.forms import ActionForm, ApplicantFields, WindowFields, asked, phone_field
from governance.models import Matter, User
from parties.flow.wishes import services
from parties.models import Organisation, Pairing

#: So many organisations are offered to whom one claims for.
MOST_ORGANISATIONS = 50


class WishWords(forms.Form):
    """What is wished, and the door."""

    title = forms.CharField(
        label="您的小心愿",
        max_length=40,
        help_text="一句话说清楚。不包括现金、购物卡。",
        widget=forms.TextInput(
            {"maxlength": 40, "autocomplete": "off", "placeholder": "例如：想学用手机挂号"}
        ),
        error_messages={"required": "请说一说您的心愿。"},
    )
    description = forms.CharField(
        label="具体情况",
        max_length=500,
        required=False,
        widget=forms.Textarea({"rows": 4, "maxlength": 500, "placeholder": "什么时候方便，有什么要注意的。"}),
    )
    address = forms.CharField(
        label="门牌号",
        max_length=100,
        required=False,
        help_text="楼门以内的门牌，和电话一样打码保存。",
        widget=forms.TextInput({"autocomplete": "off", "placeholder": "例如 301 室", "maxlength": 100}),
    )


class WishForm(ApplicantFields, WishWords):
    """A new wish: of one's own, or written down for a resident."""

    applicant_phone = phone_field(
        "居民电话",
        help_text="居民以后用这个手机号登录，就能看到这个心愿。",
        error_messages={"required": "请填写居民电话，认领的人要联系。"},
    )

    field_order = (
        "token",
        "my_name",
        "applicant_name",
        "applicant_phone",
        "title",
        "description",
        "address",
    )

    def __init__(self, *args: Any, user: User, for_someone: bool, **options: Any) -> None:
        self.user, self.for_someone = user, for_someone
        initial = {"token": uuid.uuid4().hex, "address": "" if for_someone else user.address}
        super().__init__(*args, initial=initial | (options.pop("initial", None) or {}), **options)
        self.leave_out()

    def place_data(self) -> dict[str, Any]:
        """Return what ``place_wish`` takes from the form."""
        words = {key: self.cleaned_data[key] for key in ("title", "description", "address")}
        return self.applicant_data() | words


class AmendForm(ActionForm, WishWords):
    """The corrected words."""

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {name: getattr(matter, name) for name in ("title", "description", "address")}


class PublishForm(ActionForm):
    """The words that members read, and what the wish becomes once one claims it."""

    title = forms.CharField(
        label="标题",
        max_length=40,
        help_text="用词得体，不写姓名、电话和门牌。",
        error_messages=asked("请填写标题。"),
    )
    summary = forms.CharField(
        label="简介",
        max_length=200,
        widget=forms.Textarea({"rows": 3, "maxlength": 200}),
        help_text="需要什么、什么时候方便、要注意什么。党员认领以前只看到这些。",
        error_messages=asked("请填写简介。"),
    )
    service = forms.ChoiceField(label="认领后转为", error_messages=asked("请选择认领以后转为哪项志愿服务。"))
    fits = forms.BooleanField(
        label="办得到，不涉及现金，用词得体",
        error_messages={"required": "请核对：办得到、不涉及现金、用词得体的才公布；不合适的请选“不采纳”。"},
    )
    of_one = ("title", "summary")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["service"].choices = [("", "请选择"), *services()]

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return {"title": matter.title[:40], "summary": matter.summary or matter.description[:200]}

    def flow_data(self) -> dict[str, Any]:
        return {key: value for key, value in super().flow_data().items() if key != "fits"}


class AgreedTime(ActionForm, WindowFields):
    """When somebody comes."""

    def first_values(self, matter: Matter, user: Any) -> dict[str, Any]:
        return self.window_initial()

    def flow_data(self) -> dict[str, Any]:
        return {key: value for key, value in super().flow_data().items() if key != "wanted_day"}


class ClaimForm(AgreedTime):
    """For whom one claims, and when one comes."""

    organisation = forms.ModelChoiceField(
        label="以谁的名义",
        queryset=Organisation.objects.none(),
        required=False,
        empty_label="我自己",
        help_text="以党组织名义认领的，开放给志愿者接单。",
        error_messages=asked("请选择您管理的党组织。"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kept = Organisation.objects.restrict(self.user, "keep").in_force().order_by("kind", "pk")
        if self.user.may("keep", Organisation):
            self.fields["organisation"].iterator = _Few
            self.fields["organisation"].queryset = kept
        else:
            del self.fields["organisation"]


class _Few(forms.models.ModelChoiceIterator):
    """The first of very many."""

    def __iter__(self):
        if self.field.empty_label is not None:
            yield ("", self.field.empty_label)
        for each in self.queryset[:MOST_ORGANISATIONS]:
            yield self.choice(each)


class AssignUnitForm(AgreedTime):
    """Which paired unit claims it, and when it comes."""

    pairing = forms.ModelChoiceField(
        label="结对单位",
        queryset=Pairing.objects.none(),
        empty_label="请选择",
        error_messages=asked("请选择与本社区结对的单位。"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        rows = Pairing.objects.restrict(self.user).current()
        self.order_fields(["version", "pairing"])
        self.fields["pairing"].queryset = rows.filter(community_code=self.matter.community_code).order_by(
            "name"
        )


class ThankForm(ActionForm):
    """A few words for whoever fulfilled it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["note"].max_length = 500
        self.fields["note"].widget.attrs["maxlength"] = 500


WISH_FORMS: dict[str, type[ActionForm]] = {
    "amend": AmendForm,
    "publish": PublishForm,
    "claim": ClaimForm,
    "assign_unit": AssignUnitForm,
    "thank": ThankForm,
}
