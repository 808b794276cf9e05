"""How a page of rows that are reached on several grounds is found.

PostgreSQL walks no index through an OR: the newest 25 of "this street, or one of these keys" reads and sorts the whole
street. It does walk an index for each ground alone. So a slice in an order takes as many rows as it needs by each ground, no
row twice, and sorts and cuts these few, in one statement. What is returned is the same.

A page reached on one ground alone gains by the same form where its lines name rows of other tables: it is cut before it is
joined, while PostgreSQL, which expects far fewer unfinished and overdue rows than there are, would join them all.
"""

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models import Q
from django.db.models.constants import LOOKUP_SEP
from django.db.models.sql.datastructures import BaseTable
from django.db.models.sql.where import WhereNode

#: Beyond so many rows from the start, a page is found in the ordinary way.
LONGEST = 1000


class GroundedQuerySet(models.QuerySet):
    """A queryset that knows on which grounds its rows were let in."""

    #: Conditions of which each row meets one at least; the empty one where there is just one, which stands in the query.
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
            rows._grounds = (Q(),)
        return rows

    def _clone(self):
        clone = super()._clone()
        clone._grounds, clone._place = self._grounds, self._place
        return clone

    def keys_by_ground(self, most: int) -> list[models.QuerySet]:
        """Return the keys of the rows by each ground alone, at most so many each, in no order; a row may stand in several.

        For counting a few of very many: a count through an OR walks no index either.
        """
        rows = self.order_by()
        conditions = rows.query.where.children
        if len(self._grounds) < 2 or not _is_or(conditions[self._place]):
            return [rows.values("pk")[:most]]
        rows._grounds = ()
        del conditions[self._place]
        return [rows.filter(each).values("pk")[:most] for each in self._grounds]

    def __or__(self, other):
        combined = super().__or__(other)._chain()
        combined._grounds = ()  # it holds rows that meet none of them
        return combined

    def __xor__(self, other):
        combined = super().__xor__(other)._chain()
        combined._grounds = ()
        return combined

    def _fetch_all(self) -> None:
        query = self.query
        if (
            self._result_cache is None
            and (len(self._grounds) > 1 or (self._grounds and query.select_related))
            and query.high_mark is not None
            and query.high_mark <= LONGEST
            and self.ordered
            and self._iterable_class is models.query.ModelIterable
            and not (query.combinator or query.distinct or query.group_by or query.select_for_update)
            and _row_by_row(query)
        ):
            page = self._ground_by_ground()
            self._result_cache = list(page._iterable_class(page))
        super()._fetch_all()

    def _ground_by_ground(self):
        """Return this slice with each ground asked for alone.

        The OR itself is left out, because each branch implies it and PostgreSQL would misjudge how few rows meet both.
        """
        rows = self._chain()
        rows._grounds = ()
        rows.query.clear_limits()
        conditions = rows.query.where.children
        if len(self._grounds) > 1 and _is_or(conditions[self._place]):
            del conditions[self._place]
        most = self.query.high_mark
        joined = any(n for alias, n in rows.query.alias_refcount.items() if alias != rows.query.base_table)
        if joined and len(self._grounds) == 1:
            page = rows
        elif joined:
            # A filter on another table has joined it to the query already; the rows are then found by their keys.
            firsts = [rows.filter(each).values("pk")[:most] for each in self._grounds]
            page = rows.filter(pk__in=firsts[0].union(*firsts[1:], all=True))
        else:
            columns = [field.attname for field in self.model._meta.concrete_fields]
            branches, met = [], rows
            for each in self._grounds:
                branches.append(met.filter(each).values(*columns)[:most].query)
                met = met.exclude(each)
            page = rows
            page.query.where = WhereNode()
            alias = page.query.get_initial_alias()
            page.query.alias_map[alias] = Branches(self.model._meta.db_table, alias, branches)
        page.query.set_limits(self.query.low_mark, most)
        return page


class Branches(BaseTable):
    """In the place of a query's table: the first rows by each ground, no row twice."""

    def __init__(self, table_name: str, alias: str, branches: list[Any]) -> None:
        super().__init__(table_name, alias)
        self.branches = branches

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Return the union of the branches under the table's own alias.

        Raises EmptyResultSet when none of them can hold a row.
        """
        parts, params = [], []
        for branch in self.branches:
            try:
                sql, given = branch.get_compiler(connection=connection).as_sql()
            except EmptyResultSet:
                continue
            parts.append(f"({sql})")
            params += given
        if not parts:
            raise EmptyResultSet
        return f"({' UNION ALL '.join(parts)}) {compiler.quote_name_unless_alias(self.table_alias)}", params


def _row_by_row(query: Any) -> bool:
    """Say whether each row stands for itself: no window over all of them, no order by something a row has many of."""
    if any(getattr(each, "contains_over_clause", False) for each in query.annotations.values()):
        return False
    options = query.get_meta()
    for name in query.order_by or options.ordering:
        if not isinstance(name, str):
            return False
        path = name.lstrip("-").split(LOOKUP_SEP)
        if path[0] not in query.annotations and path != ["?"]:
            hops, *_ = query.names_to_path(path, options)
            if any(hop.m2m for hop in hops):
                return False
    return True


def _is_or(condition: Any) -> bool:
    return isinstance(condition, WhereNode) and condition.connector == Q.OR and not condition.negated
