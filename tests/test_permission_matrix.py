"""The permission matrix: every address, as everyone, with the status it must answer.

tests/permission_matrix.txt is the matrix, a line for each address and method, a column for each person of tests/cast.py;
``=`` means "as the column before". It fails when an address is missing from it, when it names one that is gone, and when an
answer differs. After a deliberate change, REWRITE_MATRIX=1 writes what is answered now: read the difference line by line
before it is committed, because it is the decision who may see what.

Every view, form and rule runs for everyone. What a page says decides no status, so it is drawn here only in a thorough run, and then for
those for whom nothing else draws it: tests/browser/test_every_page.py draws each page for one person, tests/test_hostile_forms.py what its
senders open while it looks for a form, and who stands elsewhere sees the pages of her like. The page that says "not found" or "not
allowed", and what answers to a form that was sent, are not drawn either. Who stands elsewhere than her like is asked only where a row is
named, for there alone the place can differ. Where POST answers everyone as GET does, or that there is no POST, a few send it for all,
whoever comes in from the street and a third of the others: the address has one door, and a second one would be seen by them.

Where somebody gets in, she is asked everything. Where she is shut out, as from every address of a model that she may not see, she is
asked the model's list, its form and its row, and every phone page; of the doors behind these, which are the same rule's, of the desk where
she is sent to the sign-in, and of sending what she may not even read, a quarter, so that each of them is still tried by a quarter of the
people: what opens to a role, or stands open to all, is seen. To write the matrix, and in a thorough run (tests/thorough.py), everyone is
asked everything.
"""

import copy
import functools
import os
import zlib

import pytest
from django.db import transaction
from django.template.backends.django import Template
from django.urls import reverse

from tests.addresses import arguments, names
from tests.cast import PEOPLE, Cast
from tests.matrix import MATRIX, read_matrix, standing
from tests.test_hostile_forms import SENDERS
from tests.thorough import THOROUGH

REWRITE = bool(os.environ.get("REWRITE_MATRIX"))
METHODS = ("GET", "POST")
#: So many ask in one test.
SOME = [PEOPLE[first : first + 3] for first in range(0, len(PEOPLE), 3)]
#: They hold the role of somebody else of the cast, elsewhere.
ELSEWHERE = ("far_", "other_")
#: They send for all, in turns, one of each kind, what is answered as it is read.
FOR_ALL = {
    "anonymous", "resident", "grid_worker", "secretary", "far_secretary", "department", "director", "branch_secretary",
    "security_administrator",
}  # fmt: skip
#: Behind a door that is shut, everyone tries each of so many; where there is one door, each of them so many.
BEHIND, FOR_OTHERS = 4, 3
#: What is asked of a model on the desk in any case; what else there is lies behind these.
FRONT = ("_changelist", "_add", "_change")
#: Aliases that other packages look up; the address itself is in the matrix under its own name.
ALIASES = {"account_login"}


def rows() -> list[tuple[str, str]]:
    """Return every line that the matrix must have."""
    return [(name, method) for name in sorted(set(names()) - ALIASES) for method in METHODS]


REFUSALS = {"404.html", "403.html"}
draw = Template.render


def draw_some(person: str, method: str):
    """Return what renders templates while a request of this person is answered."""
    drawn = THOROUGH and method == "GET" and person not in SENDERS and not person.startswith(ELSEWHERE)

    def render(template, context=None, request=None):
        return draw(template, context, request) if drawn and template.template.name not in REFUSALS else ""

    return render


def asked(person: str, cast: Cast) -> list[tuple[str, str]]:
    """Return the lines that a person is asked."""
    if REWRITE or THOROUGH:
        return rows()
    found = [row for row in rows() if arguments(row[0], cast)] if person.startswith(ELSEWHERE) else rows()
    return [
        row
        for row in found
        if (row not in one_door() or sends_for_all(person, *row))
        and (not is_behind(person, *row) or has_turn(person, *row, BEHIND))
    ]


def is_shut(person: str, name: str, method: str) -> bool:
    """Return whether, by the matrix, a person gets no more than whoever comes in from the street."""
    cells = standing().get((name, method))
    if cells is None or person == "anonymous":
        return False
    cell = cells[PEOPLE.index(person)]
    return cell in ("404", "405") or cell == cells[PEOPLE.index("anonymous")]


def is_behind(person: str, name: str, method: str) -> bool:
    """Return whether an address lies behind others that this person is asked, and is shut to her as they are."""
    if not is_shut(person, name, method):
        return False
    if method == "POST":
        return is_shut(person, name, "GET")
    cells = standing()[name, method]
    cell = cells[PEOPLE.index(person)]
    if name.startswith("admin:"):
        # Who is no staff is sent to the sign-in from every page of the desk, as whoever comes in from the street.
        return cell == cells[PEOPLE.index("anonymous")] or not name.endswith(FRONT)
    return cell == "405"


def sends_for_all(person: str, name: str, method: str) -> bool:
    """Return whether this person sends what is answered as it is read."""
    return person == "anonymous" or (person in FOR_ALL and has_turn(person, name, method, FOR_OTHERS))


def has_turn(person: str, name: str, method: str, turns: int) -> bool:
    """Return whether it is this person's turn to try an address: neighbours take turns, and so do addresses."""
    return (zlib.crc32(f"{name} {method}".encode()) + PEOPLE.index(person)) % turns == 0


@functools.cache
def one_door() -> set[tuple[str, str]]:
    """Return the lines of POST that answer everyone as GET does, or that there is no POST."""
    matrix = standing()
    return {
        (name, method)
        for (name, method), cells in matrix.items()
        if method == "POST"
        and all(cell in (read, "405") for cell, read in zip(cells, matrix[name, "GET"], strict=True))
    }


def answer(client, cast: Cast, person: str, name: str, method: str, monkeypatch) -> str:
    """Ask an address and undo what it did."""
    monkeypatch.setattr(Template, "render", draw_some(person, method))
    url = reverse(name, args=arguments(name, cast))
    body = (
        {"data": "{}", "content_type": "application/json"}
        if name.startswith("api-") and method == "POST"
        else {}
    )
    signed_in = copy.deepcopy(client.cookies)
    with transaction.atomic():
        response = getattr(client, method.lower())(url, **body)
        transaction.set_rollback(True)
    client.cookies = signed_in
    return str(response.status_code)


def test_every_address_is_in_the_matrix():
    if REWRITE:
        return
    assert set(read_matrix()) == set(rows())


@pytest.mark.parametrize("some", SOME, ids="-".join)
def test_everyone_gets_the_answer_that_the_matrix_says(cast, some, monkeypatch):
    wrong = {}
    for person in some:
        matrix, column = standing(), PEOPLE.index(person)
        with transaction.atomic():
            client = cast.client(person)
            client.get(reverse("privacy"))
            got = {row: answer(client, cast, person, *row, monkeypatch) for row in asked(person, cast)}
            transaction.set_rollback(True)
        if REWRITE:
            note(column, got)
            continue
        wrong |= {
            (person, *row): f"{status}, not {matrix[row][column]}"
            for row, status in got.items()
            if status != matrix[row][column] or (status.startswith("5") and row[0] != "healthz")
        }
    assert not wrong


def note(column: int, got: dict[tuple[str, str], str]) -> None:
    """Write one person's column of the matrix."""
    matrix = {row: cells for row, cells in read_matrix().items() if row in got}
    for row, status in got.items():
        matrix.setdefault(row, ["-"] * len(PEOPLE))[column] = status
    lines = [f"# {' '.join(PEOPLE)}"]
    for (name, method), cells in sorted(matrix.items()):
        shown = [cell if index == 0 or cell != cells[index - 1] else "=" for index, cell in enumerate(cells)]
        lines.append(f"{name:<44} {method:<4} " + " ".join(f"{cell:<3}" for cell in shown).rstrip())
    MATRIX.write_text("\n".join(lines) + "\n", encoding="utf-8")
