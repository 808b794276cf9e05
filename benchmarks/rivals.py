"""The rivals for one list of one person, compared before anything is measured."""

from collections.abc import Callable
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import QuerySet

from benchmarks import timing
from benchmarks.statements import clock, send, statements_of
from governance.models import User


def of_list(
    words: str,
    user: User,
    ask: Callable[[User], QuerySet],
    by_hand: str,
    whole_by_hand: Callable[[Any], list[tuple]] | None,
) -> tuple[dict[str, Callable[[], Any]], int, int]:
    """Return the rivals, the number of the list's rows, and of the statements from a fresh request.

    ``ask`` returns the list's rows for a person, as the pages ask for them; ``by_hand`` is the statement by hand for this one;
    ``whole_by_hand`` carries the list out from her key alone, with a cursor, if it is measured.

    ``rule``: what the restricted list sends. ``hand``: the statement by hand. ``rule, whole`` and ``hand, whole``: the same,
    with what finds out posts and exceptions before. ``objects``: the list in Python, from a fresh user to the objects.
    Raises AssertionError when the rows differ.
    """
    asked = ask(user)
    ContentType.objects.get_for_model(asked.model)  # kept by Django in every process
    wanted = [row.pk for row in asked._chain()]

    def objects() -> list[Any]:
        return list(ask(User(pk=user.pk, is_active=True, username=user.username)))

    whole = statements_of(objects)
    rivals: dict[str, Callable[[], Any]] = {
        "rule": send(*statements_of(lambda: list(asked._chain()))),
        "hand": send(by_hand),
        "rule, whole": send(*whole),
        "objects": objects,
    }
    if whole_by_hand is not None:

        def hand_whole() -> list[tuple]:
            with connection.cursor() as cursor:
                return whole_by_hand(cursor)

        rivals["hand, whole"] = hand_whole
    for name in {"hand", "hand, whole"} & set(rivals):
        got = [row[0] for row in rivals[name]()]
        assert got == wanted, f"{words}, {name}: {got} instead of {wanted}"
    return rivals, len(wanted), len(whole)


def measured(rivals: dict[str, Callable[[], Any]], rows: int, statements: int, rounds: int) -> dict[str, Any]:
    """Measure a list: milliseconds by rival, the number of rows and of statements."""
    return {"times": timing.in_turn(rivals, rounds, clock=clock), "rows": rows, "statements": statements}
