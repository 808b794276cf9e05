"""The forms of disclosures, at the desk."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils import timezone

from governance.admin.choices import ChoiceBox, ChoiceBoxes
from governance.forms import ActionForm, PhotosField, asked, check_photos, day_field, yes_no
from parties.flow.disclosures import MOST_PHOTOS, QUESTIONS
from parties.forms.organisations import organisation_field
from parties.models import Category, Disclosure, DisclosurePhoto, Member, Scope
from parties.services.disclosures import may_disclose

PRIVATE = "不写身份证号、手机号、住址等个人信息，不写涉密内容。"


class WordsForm(forms.Form):
    """What is disclosed, and how far."""

    title = forms.CharField(
        label="标题",
        max_length=60,
        widget=forms.TextInput({"placeholder": "例如：第一网格党支部 2026 年党费收缴和使用情况"}),
        error_messages={"required": "请填写标题。"},
    )
    category = forms.ChoiceField(
        label="公开内容", choices=[("", "请选择"), *Category.choices], error_messages=asked("请选择公开内容的类别。")
    )  # fmt: skip
    scope = forms.ChoiceField(
        label="公开范围",
        choices=Scope.choices,
        widget=forms.RadioSelect,
        help_text="向社会公开的，居民不登录也能看到；党内公开的，在本区党组织有岗位的人登录后能看到；本地区、本单位公开的，本组织和下级党组织"
        "有岗位的人能看到；向特定人员公开的，只有选中的人能看到。",
        error_messages=asked("请选择公开范围。"),
    )
    readers = forms.ModelMultipleChoiceField(
        label="特定人员",
        queryset=Member.objects.none(),
        required=False,
        help_text="只在向特定人员公开时选择；能选的是在册的、已关联账号的党员。",
        error_messages={
            "invalid_choice": "请只选在册的、已关联账号的党员。",
            "invalid_pk_value": "请只选在册的、已关联账号的党员。",
            "invalid_list": "请只选在册的、已关联账号的党员。",
        },
    )
    body = forms.CharField(
        label="正文",
        max_length=6000,
        widget=forms.Textarea({"rows": 14, "maxlength": 6000}),
        help_text=f"每行一段，不能带格式。{PRIVATE}",
        error_messages={"required": "请填写正文。"},
    )
    photos = PhotosField(max_files=MOST_PHOTOS, label="图片或扫描件")

    def offer_readers(self, user: Any) -> None:
        """Let the form choose among the members whom ``user`` may name."""
        field = self.fields["readers"]
        field.queryset = readable_members(user)
        field.widget = ChoiceBoxes(Disclosure._meta.get_field("readers"), admin.site)
        field.widget.is_required = False
        field.label_from_instance = admin.site.get_model_admin(Member).choice_title
        field.widget.choices = field.choices

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("scope") == Scope.CERTAIN and "readers" in given and not given["readers"]:
            self.add_error("readers", "向特定人员公开的，请选择是哪些人。")
        check_photos(self)
        return given


def readable_members(user: Any) -> Any:
    """Return the members on the roll whom a person may name as readers: those with an account."""
    rows = Member.objects.restrict(user).on_roll().exclude(user=None)
    return rows.select_related("organisation").defer("organisation__units").order_by("pk")


class DraftForm(WordsForm):
    """A new item, of an organisation that the person keeps."""

    organisation = organisation_field("党组织")
    field_order = ["organisation", "title"]

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        chosen = self.fields["organisation"]
        chosen.queryset = may_disclose(user)
        chosen.widget = ChoiceBox(Disclosure._meta.get_field("organisation"), admin.site)
        chosen.widget.choices = chosen.choices
        only = list(chosen.queryset[:2])
        chosen.initial = only[0].pk if len(only) == 1 else None
        self.offer_readers(user)


class ReviseForm(WordsForm, ActionForm):
    """The words, the scope and the pictures of a draft or of what was returned."""

    gone = forms.ModelMultipleChoiceField(
        label="去掉这些图片",
        queryset=DisclosurePhoto.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages=dict.fromkeys(
            ("invalid_choice", "invalid_pk_value", "invalid_list"), "没有这张图片，请重新选择。"
        ),
    )
    field_order = ["title", "category", "scope", "readers", "body", "gone", "photos"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer_readers(self.user)
        pictures = self.matter.photos.all()
        numbers = {photo.pk: number for number, photo in enumerate(pictures, 1)}
        if numbers:
            self.fields["gone"].queryset = pictures
            self.fields["gone"].label_from_instance = lambda photo: f"第 {numbers[photo.pk]} 张"
        else:
            del self.fields["gone"]

    def first_values(self, matter: Disclosure, user: Any) -> dict[str, Any]:
        names = ("title", "category", "scope", "body")
        chosen = list(matter.readers.values_list("pk", flat=True))
        return {"readers": chosen, **{name: getattr(matter, name) for name in names}}

    def flow_data(self) -> dict[str, Any]:
        data = super().flow_data()
        return data | {"gone": [photo.pk for photo in data.get("gone") or ()]}


class ReviewForm(ActionForm):
    """The three answers of a review, and words."""

    necessary = yes_no(QUESTIONS["necessary"][0], "有必要公开", "没有必要公开")
    accurate = yes_no(QUESTIONS["accurate"][0], "内容准确", "不准确")
    no_secret = yes_no(QUESTIONS["no_secret"][0], "不涉密，不泄露个人信息", "涉密，或者泄露个人信息")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for name, (_, words) in QUESTIONS.items():
            if given.get(name) is False:
                self.add_error(name, words)
        return given


class PublishForm(ActionForm):
    """From when until when."""

    from_day = day_field("公开起")
    until_day = day_field("公开至", required=False, help_text="当天仍公开。留空表示一直公开，到撤下为止。")

    def first_values(self, matter: Disclosure, user: Any) -> dict[str, Any]:
        return {"from_day": timezone.localdate()}


DISCLOSURE_FORMS: dict[str, type[ActionForm]] = {
    "revise": ReviseForm,
    "review": ReviewForm,
    "publish": PublishForm,
}
