"""Whether the portal's machines work: how old the last sign of each may be, and /healthz for the load balancer.

/healthz says "ok" or what is wrong for the database, the worker and the ticker, and nothing else: no versions, no names.
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
#: What each machine that shows itself is called on the desk.
MACHINES = {"worker": "后台任务", "ticker": "定时任务", "tidy": "每日清理"}


def allowed_age(name: str) -> timedelta:
    """Return how old the last sign of a machine may be before it counts as late: tidying runs once a day, and waits its turn."""
    return timedelta(hours=25) if name == "tidy" else timedelta(seconds=settings.HEALTH_SECONDS)


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
        now, state = timezone.now(), {"database": "ok"}
        for name in WATCHED:
            in_time = name in beats and now - beats[name] <= allowed_age(name)
            state[name] = "never" if name not in beats else "ok" if in_time else "late"
    return JsonResponse(state, status=200 if set(state.values()) == {"ok"} else 503)
