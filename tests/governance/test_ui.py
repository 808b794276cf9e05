"""How dates, numbers, phones, lights, icons and form fields are written on a page."""

import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest
from django import forms

from governance.templatetags import ui


def test_dates_and_times_are_local_and_written_out():
    moment = datetime(2026, 11, 22, 18, 5, tzinfo=UTC)  # in Shanghai it is the next day already
    assert ui.cn_date(date(2026, 11, 22)) == "2026年11月22日 周日"
    assert ui.cn_date(moment) == "2026年11月23日 周一"
    assert ui.cn_time(moment) == "02:05"
    assert ui.cn_datetime(moment) == "2026年11月23日 周一 02:05"
    assert ui.cn_short(datetime(2019, 4, 1, 1, 0, tzinfo=UTC)) == "2019年4月1日 09:00"
    assert ui.cn_date(None) == ui.cn_time(None) == ui.cn_datetime(None) == ui.cn_short(None) == ""


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "1 万"),
        (123_456, "12.3 万"),
        (280_000, "28 万"),
        (4_180_000, "418 万"),
        (99_949_999, "9,995 万"),
        (99_999_999, "1 亿"),
        (123_000_000, "1.2 亿"),
        (-123_456, "-12.3 万"),
        (None, ""),
    ],
)
def test_numbers_are_said_with_wan(number, said):
    assert ui.wan(number) == said


def test_phones():
    assert ui.mask_phone("13800005678") == "138 **** 5678"
    assert ui.mask_phone(None) == ""
    assert ui.phone("13800005678") == "138 0000 5678"
    assert ui.phone("022-26371234") == "022-26371234"
    assert ui.tel("022-2637 1234") == "02226371234"


def test_a_light_is_colour_word_and_shape():
    drawn = {state: ui.light(state) for state in ui.LIGHTS}
    for state, (word, _) in ui.LIGHTS.items():
        assert f"cg-light_{state}" in drawn[state] and word in drawn[state] and "<svg" in drawn[state]
    shapes = {re.search("<svg.*</svg>", html)[0] for html in drawn.values()}
    assert len(shapes) == len(ui.LIGHTS), "two lights with the same shape"
    assert ui.light("off") == ""


def test_an_icon_that_is_not_vendored_is_named():
    with pytest.raises(LookupError, match="no icon named rocket-to-mars"):
        ui.icon("rocket-to-mars")


class Place(forms.Form):
    phone = forms.CharField(
        label="手机号",
        help_text="仅志愿者可见",
        widget=forms.TextInput({"inputmode": "tel", "autocomplete": "tel"}),
    )
    way = forms.ChoiceField(label="方式", choices=[("a", "甲"), ("b", "乙")], widget=forms.RadioSelect)
    note = forms.CharField(label="说明", max_length=50, widget=forms.Textarea, required=False)
    photos = forms.FileField(label="照片", required=False, widget=forms.FileInput({"accept": "image/*"}))
    agree = forms.BooleanField(label="同意", required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)


class Elements(HTMLParser):
    """Collects the elements of a page in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_every_field_has_a_label_and_its_help_and_errors_are_tied_to_it():
    form = Place({"phone": "", "way": "c", "note": "", "version": "1"})
    assert not form.is_valid()
    html = ui.render_to_string("components/fields.html", {"form": form})
    elements = Elements(html).found
    ids = [attrs["id"] for _, attrs in elements if "id" in attrs]
    assert len(ids) == len(set(ids)), "an id twice on one page"
    labelled = {attrs["for"] for tag, attrs in elements if tag == "label"}
    for tag, attrs in elements:
        if tag in ("input", "textarea", "select") and attrs.get("type") != "hidden":
            assert attrs["id"] in labelled, f"{attrs} has no label"
        for target in attrs.get("aria-describedby", "").split():
            assert target in ids, f"aria-describedby names {target}, which is not there"
    phone = next(attrs for tag, attrs in elements if attrs.get("id") == "id_phone")
    assert phone["aria-describedby"] == "id_phone_helptext id_phone_error"
    assert phone["inputmode"] == "tel" and phone["autocomplete"] == "tel" and phone["aria-invalid"] == "true"
    assert html.count('type="hidden"') == 1


def test_the_summary_links_to_what_is_wrong():
    form = Place({"way": "a", "version": "1", "note": "<script>"})
    form.is_valid()
    html = ui.render_to_string("components/form_errors.html", ui.form_errors(form))
    assert 'href="#id_phone"' in html and "手机号：请填写这一项。" in html
    assert ui.render_to_string("components/form_errors.html", ui.form_errors(Place())).strip() == ""


def test_what_was_typed_comes_back_escaped():
    form = Place({"phone": '"><script>alert(1)</script>', "way": "a", "version": "1"})
    assert "<script>" not in ui.field(form["phone"])
    assert "&lt;script&gt;" in ui.field(form["phone"])
