"""What the background worker does for the kernel itself: its heartbeat and the daily tidying."""

from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone
from django_tasks import task

from governance import uploads
from governance.models import ApiToken, Heartbeat, IdempotencyKey

#: The days for which finished background work is kept: long enough to look into what failed.
RESULT_DAYS = 14
#: The days for which a request that is sent again is known: longer than any phone stays offline in its pocket.
KEY_DAYS = 7


def beat_as(name: str) -> None:
    """Note that the machine called ``name`` works, now."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})


@task()
def beat() -> None:
    """Show that the worker carries tasks out; the ticker asks for it and /healthz reads it."""
    beat_as("worker")


@task()
def tidy() -> None:
    """Delete what only grows: finished tasks older than ``RESULT_DAYS``, expired sessions and tokens, old idempotency keys,
    pictures that stopped on their way."""
    call_command("prune_db_task_results", min_age_days=RESULT_DAYS, queue_name="*", verbosity=0)
    call_command("clearsessions")
    now = timezone.now()
    ApiToken.objects.filter(expires_at__lte=now).delete()
    IdempotencyKey.objects.filter(created_at__lte=now - timedelta(days=KEY_DAYS)).delete()
    uploads.tidy()
    beat_as("tidy")
