"""How a page of rows that are reached on several grounds is found.

PostgreSQL walks no index through an OR: the newest 25 of "this street, or one of these keys" reads and sorts the whole
street. It does walk an index for each ground alone. So the page's keys are looked up ground by ground, and the rows by
their keys. What is returned is the same; only slices in an order are found this way.
"""

from typing import Any

from django.db import models
from django.db.models import Q

#: Beyond so many rows from the start, a page is found by one statement.
LONGEST = 1000


class GroundedQuerySet(models.QuerySet):
    """A queryset that knows on which grounds its rows were let in."""

    #: Conditions of which each row meets one at least; empty where there is just one.
    _grounds: tuple[Any, ...] = ()

    def on_grounds(self, q: Q):
        """Return the rows that meet ``q``, remembering its alternatives."""
        rows = self.filter(q)
        rows._grounds = tuple(q.children) if q.connector == Q.OR and not q.negated else ()
        return rows

    def _clone(self):
        clone = super()._clone()
        clone._grounds = self._grounds
        return clone

    def __or__(self, other):
        combined = super().__or__(other)._chain()
        combined._grounds = ()  # it holds rows that meet none of them
        return combined

    def _fetch_all(self) -> None:
        query = self.query
        if (
            self._result_cache is None
            and len(self._grounds) > 1
            and query.high_mark is not None
            and query.high_mark <= LONGEST
            and self.ordered
            and self._iterable_class is models.query.ModelIterable
            and not (query.combinator or query.distinct or query.group_by or query.select_for_update)
        ):
            page = self._by_keys()
            self._result_cache = list(page._iterable_class(page))
        super()._fetch_all()

    def _by_keys(self):
        """Return this slice with its keys named; every condition, the rule too, stays part of the statement."""
        rows = self._chain()
        rows._grounds = ()
        rows.query.clear_limits()
        firsts = [
            rows.filter(each).values_list("pk", flat=True)[: self.query.high_mark] for each in self._grounds
        ]
        page = rows.filter(pk__in=list(firsts[0].union(*firsts[1:], all=True)))
        page.query.set_limits(self.query.low_mark, self.query.high_mark)
        return page
