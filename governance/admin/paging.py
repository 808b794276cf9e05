"""Counting that stays cheap on a long history: a list counts to a little over a thousand and says "more" after that."""

from django.core.paginator import Paginator
from django.utils.functional import cached_property

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


def up_to(queryset, most: int = 99) -> str:
    """Return how many rows there are as a card shows it: ``12``, or ``99+``; counts no further than that."""
    found = queryset.order_by()[: most + 1].count()
    return f"{most}+" if found > most else str(found)
