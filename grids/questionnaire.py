"""The form of a sweep (排查表): an ordered list of questions, what may be answered to each, and which answers are a finding.

A form is kept as JSON, ``{"edition": 1, "questions": [...]}``. A question has a ``key`` that stays when its words change, a
``label``, a ``kind``, whether it is ``required``, the ``options`` of a choice, the ``unit`` of a number, the answers that are a
``finding``, and whether a finding needs a ``photo``. Nothing here touches the database.
"""

import json
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

EDITION = 1
KINDS = {"yes_no": "是或否", "choice": "几选一", "number": "数字", "text": "文字", "date": "日期"}
#: The kinds whose answers can be a finding.
CHOSEN = frozenset({"yes_no", "choice"})
YES_NO = ("是", "否")
MOST_QUESTIONS, MOST_OPTIONS = 20, 12
LONGEST_LABEL, LONGEST_OPTION, LONGEST_TEXT = 60, 20, 200
MOST_NUMBER = Decimal(10**9)
#: What is said where an answer asks for more: words of why, words of what was found, a picture of it.
WHY, WHAT, PICTURE = (
    "请写明为什么不用查，例如：空房、已拆除。",
    "有问题的，请写几个字说明是什么情况。",
    "这个问题要拍照片。",
)
_FIELDS = {"key", "label", "kind", "required", "options", "unit", "finding", "photo"}


def options_of(question: dict[str, Any]) -> tuple[str, ...]:
    """Return the answers from which one is chosen; none for the other kinds."""
    return YES_NO if question["kind"] == "yes_no" else tuple(question.get("options", ()))


def check_question(question: Any) -> dict[str, Any]:
    """Return a question with all its fields, tidy.

    Raises ValidationError, a dictionary of the fields ``label``, ``kind``, ``options``, ``finding``, ``photo`` and ``unit``.
    """
    if not isinstance(question, dict) or set(question) - _FIELDS:
        raise ValidationError({"label": "题目的格式不对。"})
    wrong: dict[str, str] = {}
    label, kind = _text(question.get("label")), question.get("kind")
    if not label or len(label) > LONGEST_LABEL:
        wrong["label"] = f"请填写题目，不超过 {LONGEST_LABEL} 字。"
    if kind not in KINDS:
        wrong["kind"] = f"请选择题型：{'、'.join(KINDS.values())}。"
    options = [_text(each) for each in question.get("options") or []] if kind == "choice" else []
    if kind == "choice":
        if not 2 <= len(options) <= MOST_OPTIONS:
            wrong["options"] = f"几选一的题要有 2 到 {MOST_OPTIONS} 个选项，一行一个。"
        elif len(set(options)) != len(options):
            wrong["options"] = "选项有重复，请改一改。"
        elif not all(0 < len(each) <= LONGEST_OPTION for each in options):
            wrong["options"] = f"每个选项 1 到 {LONGEST_OPTION} 字。"
    found = list(dict.fromkeys(_text(each) for each in question.get("finding") or []))
    offered = YES_NO if kind == "yes_no" else tuple(options)
    if found and kind not in CHOSEN:
        wrong["finding"] = "只有是或否、几选一的题能写哪些回答算问题。"
    elif missing := [each for each in found if each not in offered]:
        wrong["finding"] = f"“{'、'.join(missing)}”不在选项里，请和选项写得一样。"
    elif found and len(found) == len(offered):
        wrong["finding"] = "不能所有回答都算问题。"
    photo = bool(question.get("photo"))
    if photo and not found:
        wrong["photo"] = "要照片的题，请写明哪些回答算问题。"
    unit = _text(question.get("unit")) if kind == "number" else ""
    if len(unit) > 6:
        wrong["unit"] = "单位不超过 6 字。"
    if wrong:
        raise ValidationError(wrong)
    return {
        "key": str(question.get("key") or "")[:8],
        "label": label,
        "kind": kind,
        "required": bool(question.get("required")),
        "options": options,
        "unit": unit,
        "finding": found,
        "photo": photo,
    }


def check_form(form: Any) -> dict[str, Any]:
    """Return a form whose questions are in order, each with a key of its own. Raises ValidationError with a sentence."""
    if (
        not isinstance(form, dict)
        or form.get("edition") != EDITION
        or not isinstance(form.get("questions"), list)
    ):
        raise ValidationError("排查表的格式不对。")
    asked = form["questions"]
    if not 1 <= len(asked) <= MOST_QUESTIONS:
        raise ValidationError(f"排查表要有 1 到 {MOST_QUESTIONS} 道题。")
    questions = []
    for number, each in enumerate(asked, 1):
        try:
            questions.append(check_question(each))
        except ValidationError as error:
            raise ValidationError(f"第 {number} 题：{'；'.join(error.messages)}") from error
    taken = {each["key"] for each in questions if each["key"]}
    if len(taken) != sum(bool(each["key"]) for each in questions):
        raise ValidationError("有两道题的编号相同。")
    if len({each["label"] for each in questions}) != len(questions):
        raise ValidationError("有两道题的题目相同，请改一改。")
    free = (f"q{number}" for number in range(1, 2 * MOST_QUESTIONS + 1))
    for each in questions:
        each["key"] = each["key"] or next(key for key in free if key not in taken)
    return {"edition": EDITION, "questions": questions}


def check_answers(form: dict[str, Any], given: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the answers as they are kept, by the questions' keys, and the keys of those that are a finding.

    ``given`` holds texts, numbers and dates as a form cleaned them; what is not asked is left out. Raises ValidationError, a
    dictionary by key.
    """
    kept: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for question in form["questions"]:
        key = question["key"]
        try:
            value = _answer(question, given.get(key))
        except ValidationError as error:
            wrong[key] = error.messages[0]
            continue
        if value is not None:
            kept[key] = value
        elif question["required"]:
            wrong[key] = missing(question)
    if wrong:
        raise ValidationError(wrong)
    return kept, [each["key"] for each in form["questions"] if kept.get(each["key"]) in each["finding"]]


def missing(question: dict[str, Any]) -> str:
    """Return what is said where a required question is not answered."""
    return f"请{'选择' if question['kind'] in CHOSEN else '填写'}：{question['label']}。"


def phone_rules(form: dict[str, Any]) -> dict[str, Any]:
    """Return what a phone without network asks for before it keeps an answer, so that nobody learns of it away from the door."""
    return {
        "why": WHY,
        "what": WHAT,
        "picture": PICTURE,
        "questions": [
            {
                "field": f"q_{each['key']}",
                "missing": missing(each) if each["required"] else "",
                "finding": each["finding"],
                "photo": each["photo"],
            }
            for each in form["questions"]
        ],
    }


def _answer(question: dict[str, Any], given: Any) -> Any:
    kind = question["kind"]
    if isinstance(given, date) and kind == "date":
        return given.isoformat()
    text = _text(given)
    if not text:
        return None
    if kind in CHOSEN:
        if text not in options_of(question):
            raise ValidationError(f"“{text[:20]}”不是这道题的选项，请重新选择。")
        return text
    if kind == "number":
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise ValidationError("请填写数字。") from None
        if not number.is_finite() or not 0 <= number <= MOST_NUMBER:
            raise ValidationError("请填写 0 到 10 亿之间的数字。")
        return int(number) if number == number.to_integral_value() else float(round(number, 2))
    if kind == "date":
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise ValidationError("请填写日期，例如 2026-11-22。") from None
    if len(text) > LONGEST_TEXT:
        raise ValidationError(f"不超过 {LONGEST_TEXT} 字。")
    return text


def in_words(form: dict[str, Any], answers: dict[str, Any] | None) -> list[tuple[str, str, bool]]:
    """Return what was answered, in the form's order: (question, answer with its unit, whether it is a finding)."""
    answers = answers or {}
    return [
        (each["label"], f"{answers[each['key']]}{each['unit']}", answers[each["key"]] in each["finding"])
        for each in form["questions"]
        if each["key"] in answers
    ]


def wants_photo(form: dict[str, Any], findings: list[str]) -> bool:
    """Say whether one of these findings needs a picture."""
    return any(each["photo"] for each in form["questions"] if each["key"] in findings)


@cache
def templates() -> dict[str, dict[str, Any]]:
    """Return the library of forms: key -> ``name``, ``about`` (what is checked) and ``form``."""
    raw = json.loads(Path(__file__).with_name("data").joinpath("sweep_forms.json").read_text("utf-8"))
    return {
        key: {**each, "form": check_form({"edition": EDITION, "questions": each["questions"]})}
        for key, each in raw.items()
    }


def _text(value: Any) -> str:
    return "" if value is None else str(value).replace("\x00", "").strip()
