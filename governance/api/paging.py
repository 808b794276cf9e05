"""Pages of a list that never count it: a cursor on what the list is sorted by, and ``has_next``."""

import re
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils import timezone
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

_POSITION = re.compile(r"[0-9A-Za-z :.+\-]{1,64}", re.ASCII)


class Pages(CursorPagination):
    """Newest first unless the view names another ``cursor_ordering``."""

    page_size = 20
    page_size_query_param = "size"
    max_page_size = 100
    invalid_cursor_message = "翻页标记无效，请从第一页重新开始。"
    cursor_query_description = "翻页标记，取自上一次应答的 next 或 previous。"
    page_size_query_description = "每页条数，最多 100。"

    def get_ordering(self, request: Request, queryset: QuerySet, view: Any) -> tuple[str, ...]:
        return tuple(view.cursor_ordering)

    def paginate_queryset(self, queryset: QuerySet, request: Request, view: Any = None) -> list | None:
        self._model: type[Model] = queryset.model
        self._first = view.cursor_ordering[0].lstrip("-")
        return super().paginate_queryset(queryset, request, view)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Return the cursor. Raises NotFound for one whose position the sorted column cannot hold."""
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None:
            if not _POSITION.fullmatch(cursor.position):
                raise NotFound(self.invalid_cursor_message)
            field = self._model._meta.pk if self._first == "pk" else self._model._meta.get_field(self._first)
            try:
                position = field.to_python(cursor.position)
            except (ValidationError, ValueError, OverflowError):
                raise NotFound(self.invalid_cursor_message) from None
            if isinstance(position, datetime) and timezone.is_naive(position):
                raise NotFound(self.invalid_cursor_message)
        return cursor

    def get_paginated_response(self, data: list) -> Response:
        following = self.get_next_link()
        return Response(
            {
                "has_next": following is not None,
                "next": following,
                "previous": self.get_previous_link(),
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema: dict) -> dict:
        return {
            "type": "object",
            "required": ["has_next", "next", "previous", "results"],
            "properties": {
                "has_next": {"type": "boolean", "description": "后面还有没有。"},
                "next": {"type": "string", "format": "uri", "nullable": True},
                "previous": {"type": "string", "format": "uri", "nullable": True},
                "results": schema,
            },
        }
