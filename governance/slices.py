"""Pages of a list that never count it: a page knows only whether there is another one after it."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

#: Nobody turns further than this; it also keeps hostile page numbers cheap.
LAST_PAGE = 500


class Slice:
    """One page. ``rows`` holds one row more than the page shows where there is a next page."""

    def __init__(self, rows: Sequence[Any], number: int, size: int) -> None:
        self.object_list = list(rows[:size])
        self.number = number
        self.has_previous = number > 1
        self.has_next = len(rows) > size and number < LAST_PAGE
        self.previous_page_number = number - 1
        self.next_page_number = number + 1

    def __iter__(self) -> Iterator[Any]:
        return iter(self.object_list)

    def __len__(self) -> int:
        return len(self.object_list)


def page_number(text: Any) -> int:
    """Return a page number from an address; whatever is none is page 1."""
    try:
        return min(max(int(str(text)[:9]), 1), LAST_PAGE)
    except ValueError:
        return 1


def page_of(rows: QuerySet, text: Any, size: int = 20) -> Slice:
    """Return the page that the address asks for, in one query."""
    number = page_number(text or 1)
    start = (number - 1) * size
    return Slice(list(rows[start : start + size + 1]), number, size)
