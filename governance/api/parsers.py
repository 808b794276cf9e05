"""Request bodies: JSON within a size, refused in Chinese whatever is wrong with it."""

import json
from typing import Any

from django.conf import settings
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from governance.api.errors import TooLarge


def _no_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are not JSON


class JSONParser(parsers.JSONParser):
    """The framework's parser reads a body of any size and gives up on deep nesting; this one does neither."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: dict | None = None) -> Any:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(most + 1)
        if len(body) > most:
            raise TooLarge
        try:
            data = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise ParseError("请求的内容不是有效的 JSON（UTF-8）。") from None
        if not isinstance(data, dict):
            raise ParseError("请求的内容须是一个 JSON 对象。")
        return data


class MultiPartParser(parsers.MultiPartParser):
    """Forms with pictures; Django's own limits on size and number hold."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: dict | None = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except ParseError:
            raise ParseError("请求的表单格式不对。") from None
