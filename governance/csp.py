"""Which Content-Security-Policy a page gets: the strict one everywhere, a slightly wider one for the admin's own pages.

The admin theme drives its pages with Alpine, whose expressions are text that it compiles ('unsafe-eval'), and writes its
palette into the page as style ('unsafe-inline' for style alone). Scripts in the page stay forbidden
there too. docs/deployment.md tells the reasons.
"""

from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts

#: Every page: files of our own origin, nothing in the page itself, nothing framed.
STRICT = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    # Photo previews before the upload are blob: addresses.
    "img-src": [SELF, "data:", "blob:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "manifest-src": [SELF],
    # The worker's phone keeps her pages for where there is no network (static/portal/sw.js).
    "worker-src": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
    "base-uri": [NONE],
}


def with_tiles(address: str) -> dict[str, list[str]]:
    """Return the strict policy, with pictures from the host of a map's base layer where one is configured."""
    host = urlsplit(address.replace("{s}", "*"))
    allowed = [f"{host.scheme}://{host.netloc}"] if host.netloc else []
    return STRICT | {"img-src": [*STRICT["img-src"], *allowed]}


#: What the admin gets in place of the strict lines.
ADMIN = {
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}


class PolicyMiddleware(CSPMiddleware):
    """django-csp's middleware, with the admin's lines on responses that an admin view gave."""

    def get_policy_parts(self, request: Any, response: Any, report_only: bool = False) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        match = request.resolver_match
        # Error pages are our own and need nothing wider.
        if response.status_code < 400 and match is not None and match.namespaces[:1] == ["admin"]:
            parts.replace = {**ADMIN, **(parts.replace or {})}
        return parts
