"""Counting that stays cheap on a long history: a list counts to a little over a thousand and says "more" after that."""

from collections.abc import Sequence

from django.core.exceptions import EmptyResultSet
from django.core.paginator import Paginator
from django.db import connection
from django.utils.functional import cached_property

from governance.grounds import GroundedQuerySet

#: The most rows a list counts and pages through; beyond it, filters lead to the rest.
MOST = 1000


class CappedPaginator(Paginator):
    """A paginator that never counts more than ``MOST`` + 1 rows."""

    template_name = "governance/desk_pagination.html"

    @cached_property
    def count(self) -> int:
        """The rows there are, or ``MOST`` + 1 when there are more."""
        return self.object_list.order_by()[: MOST + 1].count()

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than are counted."""
        return self.count > MOST

    @property
    def total_text(self) -> str:
        """The count in words: 37, or 1,000+."""
        return f"{MOST:,}+" if self.is_capped else f"{self.count:,}"


def up_to(querysets: Sequence[GroundedQuerySet], most: int = 99) -> list[str]:
    """Return how many rows each queryset has as a card shows it: ``12``, or ``99+``; counts no further than that, and all in
    one statement."""
    counted: dict[int, int] = {}
    parts, params = [], []
    for number, rows in enumerate(querysets):
        branches = []
        for keys in rows.keys_by_ground(most + 1):
            try:
                sql, given = keys.query.sql_with_params()
            except EmptyResultSet:
                continue
            branches.append(f"({sql})")
            params += given
        if branches:
            parts.append((number, f"(SELECT COUNT(*) FROM ({' UNION '.join(branches)}) counted)"))
    if parts:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(part for _, part in parts)}", params)
            counted = dict(zip((number for number, _ in parts), cursor.fetchone(), strict=True))
    found = [counted.get(number, 0) for number in range(len(querysets))]
    return [f"{most}+" if number > most else str(number) for number in found]
