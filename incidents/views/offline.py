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

from governance import home
from incidents.cards import reports_for_others

#: What every one of these pages loads.
FILES = (
    "vendor/weui/weui.min.css", "vendor/htmx/htmx.min.js", "vendor/lucide/chevron-down.svg",
    "vendor/lucide/chevron-right.svg", "portal/parts.css", "portal/portal.css", "portal/portal.js",
    "portal/outbox.js", "portal/work.js", "portal/work.css", "portal/patrol.js", "portal/icon.svg",
)  # fmt: skip
#: Patterns of what is kept once it was opened: the home page, her list, the report, incidents and their actions, her round.
PAGES = (
    r"^/$", r"^/incidents/work/$", r"^/incidents/new/$", r"^/incidents/[A-Z]{2}-[0-9-]+/([a-z_]+/)?$",
    r"^/my/patrol/((finding|end)/)?$",
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
    walks = home.shown(request, "my_patrol")
    works = reports_for_others(request) or walks
    rounds = [reverse(name) for name in ("my_patrol", "patrol_finding", "patrol_end")] if walks else []
    settings = {
        "account": request.user.pk if works else None,
        "files": [static(name) for name in FILES],
        "shell": [reverse("home"), reverse("my_work"), f"{reverse('snapshot')}?for=1", *rounds],
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
