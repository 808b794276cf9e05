"""Tells pages that a phone fetches ahead, to have them where there is no network (static/portal/sw.js), from pages that
somebody looks at. A page fetched ahead takes nothing that is shown once: no sentence that waits, no draft."""

from typing import Any

from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import HttpRequest, HttpResponse

HEADER = "X-Ahead"


def is_ahead(request: HttpRequest) -> bool:
    """Whether nobody looks at the answer now."""
    return request.method == "GET" and HEADER in request.headers


class SeenMessages(FallbackStorage):
    """Messages wait for a page that is looked at, and a page fetched ahead leaves none: its reader has not asked for it."""

    def _get(self, *args: Any, **kwargs: Any) -> Any:
        return ([], True) if is_ahead(self.request) else super()._get(*args, **kwargs)

    def add(self, level: int, message: str, extra_tags: str = "") -> None:
        if not is_ahead(self.request):
            super().add(level, message, extra_tags)

    def update(self, response: HttpResponse) -> Any:
        return [] if is_ahead(self.request) else super().update(response)
