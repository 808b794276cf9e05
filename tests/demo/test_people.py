"""The table of demo people: one source for the sign-in pages, the terminal and the README."""

import io
import unicodedata

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings
from django.urls import reverse

from demo.people import PEOPLE, as_markdown, as_text, table


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def test_the_terminal_table_is_aligned():
    lines = as_text(PEOPLE).splitlines()
    assert len(lines) == len(PEOPLE) + 1
    start = width(lines[0][: lines[0].index("登录名")])
    for person, line in zip(PEOPLE, lines[1:], strict=True):
        assert width(line[: line.index(person.login)]) == start


def test_the_readme_table_has_a_row_for_everyone():
    lines = as_markdown(PEOPLE).splitlines()
    assert len(lines) == len(PEOPLE) + 2
    assert {line.count("|") for line in lines} == {7}


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_readmes_show_the_table(name):
    assert as_markdown(PEOPLE) in (settings.BASE_DIR / name).read_text(), (
        "run: manage.py demo_people --markdown"
    )


def test_the_command_says_that_all_is_made_up():
    out = io.StringIO()
    call_command("demo_people", stdout=out)
    assert "虚构" in out.getvalue()


def test_logins_and_secrets_are_unique():
    assert (
        len({p.login for p in PEOPLE})
        == len({p.key for p in PEOPLE})
        == len({p.secret for p in PEOPLE})
        == len(PEOPLE)
    )


@pytest.mark.parametrize(("page", "staff"), [("phone_login", False), ("staff_login", True)])
def test_the_sign_in_pages_offer_them_in_demo_mode(client, db, page, staff):
    text = client.get(reverse(page)).content.decode()
    for person in PEOPLE:
        assert (person.login in text) == (person.staff == staff)
    assert "虚构" in text


def test_nobody_is_offered_outside_demo_mode(client, db):
    with override_settings(DEMO=False):
        assert table() == []
        assert PEOPLE[0].login not in client.get(reverse("phone_login")).content.decode()
