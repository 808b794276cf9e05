"""What every page may say about the person's own sign-in."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string


def elevation(request: HttpRequest) -> dict[str, Any]:
    """Give templates ``elevation``, the running superuser mode or nothing, for the banner. Asked only when shown."""
    user = getattr(request, "user", None)
    if user is None:
        return {}
    return {"elevation": SimpleLazyObject(lambda: user.elevation if user.is_authenticated else None)}


def demo_people(request: HttpRequest) -> dict[str, Any]:
    """Give templates ``demo_people``, whom a visitor of the demo may sign in as; nobody outside demo mode."""
    if not settings.DEMO_PEOPLE:
        return {}
    return {"demo_people": SimpleLazyObject(lambda: import_string(settings.DEMO_PEOPLE)())}
