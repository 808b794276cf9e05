"""How a page of rows that are reached on several grounds is found.

PostgreSQL walks no index through an OR: the newest 25 of "this street, or one of these keys" reads and sorts the whole
street. It does walk an index for each ground alone. So a slice in an order first takes as many keys as it needs by each
ground, and then its rows by those keys, in one statement. What is returned is the same.
"""

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.sql.where import WhereNode

#: Beyond so many rows from the start, a page is found in the ordinary way.
LONGEST = 1000


class GroundedQuerySet(models.QuerySet):
    """A queryset that knows on which grounds its rows were let in."""

    #: Conditions of which each row meets one at least; empty where there is just one.
    _grounds: tuple[Any, ...] = ()
    #: Where the OR of the grounds stands among the query's conditions; later filters are appended behind it.
    _place = 0

    def on_grounds(self, q: Q):
        """Return the rows that meet ``q``, remembering its alternatives."""
        rows = self.filter(q)
        last = rows.query.where.children[-1:]
        if q.connector == Q.OR and not q.negated and last and _is_or(last[0]):
            rows._grounds, rows._place = tuple(q.children), len(rows.query.where.children) - 1
        else:
            rows._grounds = ()
        return rows

    def _clone(self):
        clone = super()._clone()
        clone._grounds, clone._place = self._grounds, self._place
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
        """Return this slice with its keys asked for ground by ground.

        The OR itself is left out, because the keys imply it and PostgreSQL would misjudge how few rows meet both.
        """
        rows = self._chain()
        rows._grounds = ()
        rows.query.clear_limits()
        conditions = rows.query.where.children
        if _is_or(conditions[self._place]):
            del conditions[self._place]
        firsts = [rows.filter(each).values("pk")[: self.query.high_mark] for each in self._grounds]
        page = rows.filter(pk__in=firsts[0].union(*firsts[1:], all=True))
        page.query.set_limits(self.query.low_mark, self.query.high_mark)
        return page


def _is_or(condition: Any) -> bool:
    return isinstance(condition, WhereNode) and condition.connector == Q.OR and not condition.negated
