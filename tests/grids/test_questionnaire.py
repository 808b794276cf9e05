"""The form of a sweep: which forms hold, which answers are taken, what is a finding."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from grids import questionnaire as q

ASKED = [
    {"label": "有没有堆物", "kind": "yes_no", "required": True, "finding": ["是"], "photo": True},
    {"label": "什么燃气", "kind": "choice", "options": ["管道", "瓶装"], "finding": ["瓶装"]},
    {"label": "几口人", "kind": "number", "unit": "人"},
    {"label": "情况", "kind": "text"},
    {"label": "到哪天", "kind": "date"},
]


def form(*questions):
    return q.check_form({"edition": 1, "questions": list(questions)})


def test_every_form_of_the_library_holds():
    assert len(q.templates()) >= 6
    for each in q.templates().values():
        assert each["name"] and each["about"] in ("households", "premises")
        assert q.check_form(each["form"]) == each["form"]


def test_keys_are_given_once_and_stay():
    made = form(*ASKED)
    assert [each["key"] for each in made["questions"]] == ["q1", "q2", "q3", "q4", "q5"]
    later = form(made["questions"][2], {"label": "新的", "kind": "text"}, made["questions"][0])
    assert [each["key"] for each in later["questions"]] == ["q3", "q2", "q1"]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"label": "", "kind": "text"}, "请填写题目"),
        ({"label": "长" * 61, "kind": "text"}, "不超过 60 字"),
        ({"label": "题", "kind": "map"}, "请选择题型"),
        ({"label": "题", "kind": "choice", "options": ["一"]}, "2 到 12 个选项"),
        ({"label": "题", "kind": "choice", "options": ["一", "一"]}, "选项有重复"),
        ({"label": "题", "kind": "choice", "options": ["一", "二"], "finding": ["三"]}, "不在选项里"),
        ({"label": "题", "kind": "yes_no", "finding": ["是", "否"]}, "不能所有回答都算问题"),
        ({"label": "题", "kind": "text", "finding": ["是"]}, "只有是或否、几选一"),
        ({"label": "题", "kind": "yes_no", "photo": True}, "请写明哪些回答算问题"),
        ({"label": "题", "kind": "text", "script": "x"}, "格式不对"),
        ("题", "格式不对"),
    ],
)
def test_a_question_that_does_not_hold_is_told_why(question, said):
    with pytest.raises(ValidationError) as refused:
        form(question)
    assert "第 1 题" in refused.value.messages[0] and said in refused.value.messages[0]


@pytest.mark.parametrize(
    "given", [None, [], {"edition": 2, "questions": []}, {"edition": 1, "questions": []}]
)
def test_what_is_no_form_is_refused(given):
    with pytest.raises(ValidationError):
        q.check_form(given)


def test_answers_are_kept_tidy_and_findings_found():
    kept, found = q.check_answers(
        form(*ASKED),
        {"q1": "是", "q2": "管道", "q3": "4.0", "q4": " \x00好 ", "q5": date(2026, 11, 22), "q9": "?"},
    )
    assert kept == {"q1": "是", "q2": "管道", "q3": 4, "q4": "好", "q5": "2026-11-22"}
    assert found == ["q1"] and q.wants_photo(form(*ASKED), found)
    assert q.in_words(form(*ASKED), kept)[2] == ("几口人", "4人", False)


def test_what_is_wrong_is_told_at_each_question():
    with pytest.raises(ValidationError) as refused:
        q.check_answers(form(*ASKED), {"q2": "电", "q3": "nan", "q4": "长" * 201, "q5": "明天"})
    assert set(refused.value.message_dict) == {"q1", "q2", "q3", "q4", "q5"}


@given(
    st.dictionaries(
        st.sampled_from(["q1", "q2", "q3", "q4", "q5"]), st.one_of(st.text(), st.integers(), st.none())
    )
)
def test_any_answers_are_kept_or_refused_in_words(given):
    try:
        kept, _ = q.check_answers(form(*ASKED), given)
    except ValidationError as error:
        assert all(error.messages)
    else:
        assert q.check_answers(form(*ASKED), kept)[0] == kept
