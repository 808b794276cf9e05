"""What is filled in on a round, and what premises answer when they check their safety."""

import uuid
from typing import Any

from django import forms

from governance.forms import Need, NeedsFields, PhotosField, asked, captured_field
from grids.models import ChecklistItem, Grid, PatrolPoint
from grids.services.selfchecks import MOST_PHOTOS, Answer

#: What stands in for a choice where there is none to make.
PASSED, MENDED = "passed", "mended"


class Sent(forms.Form):
    """What every form has that a phone may send twice, or later."""

    token = forms.CharField(widget=forms.HiddenInput({"data-token": ""}), max_length=40, required=False)
    captured_at = captured_field("查看时间")

    def __init__(self, *args: Any, **options: Any) -> None:
        initial = {"token": uuid.uuid4().hex} | (options.pop("initial", None) or {})
        super().__init__(*args, initial=initial, **options)

    def sent(self) -> dict[str, Any]:
        """Return the mark by which a repeat is told."""
        return {"token": self.cleaned_data.get("token") or uuid.uuid4().hex}


class Outcome(NeedsFields, Sent):
    """What was wrong, and what became of it: put right on the spot, or passed on as one of ``groups``."""

    result = forms.ChoiceField(
        label="怎样处理", widget=forms.RadioSelect, error_messages=asked("请选择怎样处理。")
    )
    to = forms.ChoiceField(
        label="上报为", required=False, error_messages=asked("请选择类别。", "这个类别已停用，请另选。")
    )
    words = forms.CharField(
        label="什么情况",
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 3, "maxlength": 300}),
    )
    photos = PhotosField(max_files=4)

    #: The words of the two results.
    results = {PASSED: "上报，请人来办", MENDED: "当场处理好了"}
    needs = (
        Need("to", "请选择类别。", ("result", PASSED), "上报时必填"),
        Need("words", "请写明发现了什么、怎样处理的。", ("result", MENDED), "当场处理好时必填"),
    )

    def __init__(self, *args: Any, groups: list, **options: Any) -> None:
        super().__init__(*args, **options)
        offered = list(self.results.items()) if groups else [(MENDED, self.results[MENDED])]
        self.fields["result"].choices = offered
        if len(offered) == 1:
            self.fields["result"].initial = MENDED
        self.fields["to"].choices = [("", "请选择"), *groups]

    @property
    def passed_as(self) -> str:
        """What it is passed on as; empty for what was put right."""
        return self.cleaned_data["to"] if self.cleaned_data["result"] == PASSED else ""


class FindingForm(Outcome):
    """A point at which something is wrong. ``points``: those that the person may look at; the list shows those of one grid."""

    point = forms.ModelChoiceField(
        PatrolPoint.objects.none(),
        label="点位",
        empty_label="请选择",
        error_messages=asked("请选择点位。", "这个点位已停用，请另选。"),
    )
    field_order = ("point", "photos", "words", "result", "to")

    def __init__(self, *args: Any, points: Any, grid: Grid, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["point"].queryset = points.select_related("grid", "entrance", "premises", "facility")
        shown = points.filter(grid=grid).in_order().values_list("pk", "name")[:200]
        self.fields["point"].choices = [("", "请选择"), *shown]


class EndForm(Sent):
    """What a person notes of her own round, as far as she wants to."""

    began_at = forms.TimeField(
        label="几点开始",
        required=False,
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
        error_messages=asked("请填写时间，例如 09:30。"),
    )
    ended_at = forms.TimeField(
        label="几点结束",
        required=False,
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
        error_messages=asked("请填写时间，例如 10:40。"),
    )
    note = forms.CharField(
        label="小结", max_length=300, required=False, widget=forms.Textarea({"rows": 3, "maxlength": 300})
    )


class HazardForm(Outcome):
    """What a worker saw when she looked at a hazard again."""

    results = {MENDED: "已经整改好了", PASSED: "没有改，上报请人来办"}
    needs = (
        Need("to", "请选择类别。", ("result", PASSED), "上报时必填"),
        Need("words", "请写明怎样整改的。", ("result", MENDED), "整改好时必填"),
    )
    field_order = ("result", "words", "to", "photos")


class SelfCheckForm(NeedsFields, Sent):
    """The checklist of one shop: to each line yes or no, and what is wrong where it is no."""

    checker = forms.CharField(
        label="检查人姓名",
        max_length=40,
        widget=forms.TextInput({"autocomplete": "name", "maxlength": 40}),
        error_messages={"required": "请填写检查人姓名。"},
    )

    def __init__(self, *args: Any, items: list[ChecklistItem], **options: Any) -> None:
        super().__init__(*args, **options)
        self.items = items
        self.needs = tuple(
            Need(
                f"words_{item.pk}", f"第 {number} 项：请写几个字，或者拍张照片。", (f"ok_{item.pk}", "0"),
                "和照片至少填一样", f"photos_{item.pk}",
            )
            for number, item in enumerate(items, 1)
        )  # fmt: skip
        for item in items:
            self.fields[f"ok_{item.pk}"] = forms.ChoiceField(
                label=item.words,
                help_text="",
                choices=[("1", "是"), ("0", "不是")],
                widget=forms.RadioSelect,
                error_messages=asked("请选择是或不是。"),
            )
            self.fields[f"words_{item.pk}"] = forms.CharField(
                label="哪里不对",
                max_length=300,
                required=False,
                widget=forms.Textarea({"rows": 2, "maxlength": 300}),
            )
            self.fields[f"photos_{item.pk}"] = PhotosField(max_files=2, help_text="最多 2 张。")
            self.fields[f"words_{item.pk}"].asked_when = "和照片至少填一样"
            self.fields[f"photos_{item.pk}"].asked_when = "和文字至少填一样"
        self.order_fields([*(name for name in self.fields if name != "checker"), "checker"])

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Return the lines as a page shows them: the item and its three fields."""
        return [
            {
                "item": item,
                "number": number,
                **{part: self[f"{part}_{item.pk}"] for part in ("ok", "words", "photos")},
            }
            for number, item in enumerate(self.items, 1)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        photos = sum(len(cleaned.get(f"photos_{item.pk}") or []) for item in self.items)
        if photos > MOST_PHOTOS:
            self.add_error(None, f"一次自查最多 {MOST_PHOTOS} 张照片，请少放几张。")
        return cleaned

    def answers(self) -> list[Answer]:
        """Return what was answered; what is as it should be needs no words."""
        cleaned, found = self.cleaned_data, []
        for item in self.items:
            ok = cleaned[f"ok_{item.pk}"] == "1"
            words, photos = ("", []) if ok else (cleaned[f"words_{item.pk}"], cleaned[f"photos_{item.pk}"])
            found.append(Answer(item, ok, words, photos))
        return found
