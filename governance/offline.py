"""What a worker's phone keeps for where there is no network: the pages of her day (static/portal/sw.js), under her account.

The kernel knows no page but the home page; an app names its own in ``AppConfig.ready``.
"""

import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

#: What every one of these pages loads.
FILES = [
    "vendor/weui/weui.min.css", "vendor/htmx/htmx.min.js", "vendor/lucide/chevron-down.svg",
    "vendor/lucide/chevron-right.svg", "portal/parts.css", "portal/portal.css", "portal/portal.js",
    "portal/outbox.js", "portal/work.js", "portal/icon.svg",
]  # fmt: skip

#: Says whether a visitor works where there may be no network.
Works = Callable[[HttpRequest], bool]
_works: list[Works] = []
_pages: list[str] = [r"^/$"]
_shell: list[tuple[str, str, Works]] = []
_pictures: list[str] = []


def keep(
    *,
    works: Works,
    pages: Iterable[str],
    shell: Iterable[tuple[str, str]] = (),
    files: Iterable[str] = (),
    pictures: Iterable[str] = (),
) -> None:
    """Let phones keep an app's pages; repeating it adds nothing.

    ``works``: for whom. ``pages``: patterns of the paths that are kept once they were opened. ``shell``: (name of an address, query)
    of those that are fetched at once. ``files``: static files they load besides the usual ones. ``pictures``: patterns of pictures.
    """
    for store, new in (
        (_works, [works]),
        (_pages, pages),
        (_shell, [(name, query, works) for name, query in shell]),
        (FILES, files),
        (_pictures, pictures),
    ):
        store += [each for each in new if each not in store]


def works(request: HttpRequest) -> bool:
    """Say whether the visitor's phone keeps the pages of her day."""
    return request.user.is_authenticated and any(each(request) for each in _works)


@cache
def _script() -> str:
    return Path(finders.find("portal/sw.js")).read_text("utf-8")


@require_safe
@never_cache
def service_worker(request: HttpRequest) -> HttpResponse:
    """Serve the script that answers where there is no network. It names the account, so a phone on which somebody else signs in
    gets another script, which throws away what the last one kept; without an account it throws away itself."""
    settings = {
        "account": request.user.pk if works(request) else None,
        "files": [static(name) for name in FILES],
        "shell": [
            reverse("home"),
            *(reverse(name) + query for name, query, whose in _shell if whose(request)),
        ],
        "offline": reverse("offline"),
        "pages": _pages,
        "pictures": _pictures,
    }
    script = f"const PORTAL = {json.dumps(settings)};\n{_script()}"
    return HttpResponse(script, content_type="text/javascript; charset=utf-8")


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown in place of a page that the phone has not kept."""
    shown = [
        (name, query) for name, query, whose in _shell if request.user.is_authenticated and whose(request)
    ]
    return render(
        request, "governance/offline.html", {"links": [reverse(name) + query for name, query in shown]}
    )
