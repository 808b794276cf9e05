"""What "my matters" shows: every app names the matters that are a person's own; the page merges them, newest first.

One query for each kind and page, whatever the number of matters.
"""

from collections.abc import Callable
from dataclasses import dataclass
from heapq import merge
from itertools import islice

from governance.models import Matter, MatterQuerySet, User
from governance.slices import Slice, page_number


def described(matter: Matter, user: User) -> str:
    """The ``words`` of a kind whose description everyone may read who has such a matter."""
    return matter.description


@dataclass(frozen=True)
class Kind:
    """One kind of matter: its name, what of it is a person's own (a queryset through the rule), and what a line says of it."""

    key: str
    label: str
    rows: Callable[[User], MatterQuerySet]
    words: Callable[[Matter, User], str] = described


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Let an app add its kind; repeating it replaces the same one."""
    _kinds[kind.key] = kind


def kinds() -> list[Kind]:
    """Return the registered kinds."""
    return list(_kinds.values())


def newest(user: User, *, finished: bool, number: int = 1, size: int = 20) -> Slice:
    """Return one page of the person's matters of all kinds, newest first, each with ``kind`` set to its kind's
    name and ``words`` to what its line says."""
    number = page_number(number)
    wanted = number * size + 1
    streams = []
    for kind in _kinds.values():
        rows = kind.rows(user)
        rows = rows.exclude(closed_at=None) if finished else rows.ongoing()
        found: list[Matter] = list(rows.order_by("-opened_at", "-pk")[:wanted])
        for matter in found:
            matter.kind, matter.words = kind.label, kind.words(matter, user)
        streams.append(found)
    merged = merge(*streams, key=lambda matter: matter.opened_at, reverse=True)
    return Slice(list(islice(merged, (number - 1) * size, wanted)), number, size)
