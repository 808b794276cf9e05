"""What a worker's phone keeps for where there is no network: the pages of her day (static/portal/sw.js), under her account."""

import json
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from grids.sweep_cards import answers_sweeps
from incidents.cards import reports_for_others

#: What every one of these pages loads.
FILES = (
    "vendor/weui/weui.min.css", "vendor/htmx/htmx.min.js", "vendor/lucide/chevron-down.svg",
    "vendor/lucide/chevron-right.svg", "portal/parts.css", "portal/portal.css", "portal/portal.js",
    "portal/outbox.js", "portal/work.js", "portal/sweeps.css", "portal/sweeps.js", "portal/icon.svg",
)  # fmt: skip
#: Patterns of what is kept once it was opened: the home page, her list, the report, incidents and their actions.
PAGES = (
    r"^/$", r"^/incidents/work/$", r"^/incidents/new/$", r"^/incidents/[A-Z]{2}-[0-9-]+/([a-z_]+/)?$",
    r"^/my/sweeps/([A-Z]{2}-[0-9-]+/[0-9]{15}/)?$",
)  # fmt: skip
PICTURES = r"^/files/incidents/incidentphoto/[^/]+/thumb/$"


@cache
def _script() -> str:
    return Path(finders.find("portal/sw.js")).read_text("utf-8")


@require_safe
@never_cache
def service_worker(request: HttpRequest) -> HttpResponse:
    """Serve the script that answers where there is no network. It names the account, so a phone on which somebody else signs in
    gets another script, which throws away what the last one kept; without an account it throws away itself."""
    reports, sweeps = reports_for_others(request), answers_sweeps(request)
    shell = [reverse("my_work"), f"{reverse('snapshot')}?for=1"] if reports else []
    settings = {
        "account": request.user.pk if reports or sweeps else None,
        "files": [static(name) for name in FILES],
        "shell": [reverse("home"), *shell, *([reverse("my_sweeps")] if sweeps else [])],
        "offline": reverse("offline"),
        "pages": PAGES,
        "pictures": PICTURES,
    }
    script = f"const PORTAL = {json.dumps(settings)};\n{_script()}"
    return HttpResponse(script, content_type="text/javascript; charset=utf-8")


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown in place of a page that the phone has not kept."""
    return render(request, "incidents/offline.html")
