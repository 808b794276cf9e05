"""Whether the portal's machines work: how old the last sign of each may be, and /healthz for the load balancer.

/healthz says "ok" or what is wrong for the database, the worker and the ticker, and nothing else: no versions, no names.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from governance.models import Heartbeat

WATCHED = ("worker", "ticker")
#: What each machine that shows itself is called on the desk, and what it does.
MACHINES = {"worker": "后台任务", "ticker": "定时任务", "tidy": "每日清理"}
DUTIES = {
    "worker": "执行排队的后台任务，发送短信",
    "ticker": "超期提醒、扩大接单范围、到时自动确认",
    "tidy": "清理过期的登录、令牌和后台记录",
}


def allowed_age(name: str) -> timedelta:
    """Return how old the last sign of a machine may be before it counts as late: tidying runs once a day, and waits its turn."""
    return timedelta(hours=25) if name == "tidy" else timedelta(seconds=settings.HEALTH_SECONDS)


def state_of(name: str, at: datetime | None, now: datetime) -> str:
    """Return "ok", "late", or "never" for a machine that showed itself last ``at``."""
    if at is None:
        return "never"
    return "ok" if now - at <= allowed_age(name) else "late"


def ailing() -> list[str]:
    """Return the machines that are late or have never shown themselves; one query."""
    beats, now = dict(Heartbeat.objects.values_list("name", "at")), timezone.now()
    return [name for name in MACHINES if state_of(name, beats.get(name), now) != "ok"]


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
        state |= {name: state_of(name, beats.get(name), now) for name in WATCHED}
    return JsonResponse(state, status=200 if set(state.values()) == {"ok"} else 503)
