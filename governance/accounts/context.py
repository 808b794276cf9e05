"""What every page may say about the person's own sign-in."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject


def elevation(request: HttpRequest) -> dict[str, Any]:
    """Give templates ``elevation``, the running superuser mode or nothing, for the banner. Asked only when shown."""
    user = getattr(request, "user", None)
    if user is None:
        return {}
    return {"elevation": SimpleLazyObject(lambda: user.elevation if user.is_authenticated else None)}
