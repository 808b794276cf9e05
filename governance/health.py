"""/healthz: whether the portal can do its work, for the load balancer and for whoever watches it.

It says "ok" or what is wrong for the database, the worker and the ticker, and nothing else: no versions, no names.
"""

from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from governance.models import Heartbeat

WATCHED = ("worker", "ticker")


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when all parts work, 503 otherwise; one query.

    A part is "late" when its last heartbeat is older than HEALTH_SECONDS, "never" when it has not yet shown itself.
    """
    try:
        beats = dict(Heartbeat.objects.filter(name__in=WATCHED).values_list("name", "at"))
    except (DatabaseError, InterfaceError):
        state = {"database": "down"} | dict.fromkeys(WATCHED, "unknown")
    else:
        oldest = timezone.now() - timedelta(seconds=settings.HEALTH_SECONDS)
        state = {"database": "ok"}
        for name in WATCHED:
            state[name] = "never" if name not in beats else "ok" if beats[name] >= oldest else "late"
    return JsonResponse(state, status=200 if set(state.values()) == {"ok"} else 503)
