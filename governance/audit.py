"""The access log's verbs and superuser mode. Every look at a masked field, every export and every change of powers is a
line that nobody can edit."""

from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils import timezone

from governance import parameters
from governance.models import AccessEvent, Elevation


def record(
    kind: str,
    actor: Any,
    summary: str,
    *,
    obj: models.Model | None = None,
    reason: str = "",
    request: Any = None,
) -> AccessEvent:
    """Write one line of the access log. ``summary`` must hold no personal data, only what was looked at."""
    return AccessEvent.objects.create(
        kind=kind,
        actor=actor if actor is not None and actor.is_authenticated else None,
        content_type=ContentType.objects.get_for_model(obj) if obj is not None else None,
        object_pk=str(obj.pk) if obj is not None else "",
        summary=summary[:200],
        reason=reason[:200],
        address=_address(request),
    )


def _address(request: Any) -> str | None:
    """Return where a request came from, behind the trusted proxies that the settings name."""
    if request is None:
        return None
    try:
        return get_adapter(request).get_client_ip(request)
    except PermissionDenied:  # a request without an address, as from a test or a local socket
        return None


def reveal(obj: models.Model, field: str, *, by: Any, reason: str, request: Any = None) -> str:
    """Return a masked field in clear and log the look.

    Needs the ``reveal`` action on the row and a reason of at least 4 characters. Raises PermissionDenied without the
    permission and for a row that says by ``may_be_revealed`` that its time is over, ValidationError without a reason, and KeyError
    for a field that is not masked.
    """
    obj.masked[field]
    if not getattr(obj, "may_be_revealed", True) or not by.may("reveal", obj):
        raise PermissionDenied
    if len(reason.strip()) < 4:
        raise ValidationError({"reason": "请写明查看理由（至少 4 个字），理由会记入访问日志。"})
    label = obj._meta.get_field(field).verbose_name
    record(
        AccessEvent.Kind.REVEAL,
        by,
        f"查看{label}：{obj._meta.verbose_name} {getattr(obj, 'number', obj.pk)}",
        obj=obj,
        reason=reason,
        request=request,
    )
    return getattr(obj, field)


@transaction.atomic
def elevate(user: Any, *, reason: str, request: Any = None) -> Elevation:
    """Switch superuser mode on for the set number of minutes.

    Raises PermissionDenied for an account that may not, ValidationError without a reason.
    """
    if not (user.is_active and user.may_elevate):
        raise PermissionDenied
    if len(reason.strip()) < 4:
        raise ValidationError({"reason": "请写明开启理由（至少 4 个字），理由会记入访问日志。"})
    stand_down(user, request=request)
    until = timezone.now() + timedelta(minutes=parameters.value("superuser.minutes"))
    elevation = Elevation.objects.create(user=user, reason=reason.strip(), until=until)
    record(
        AccessEvent.Kind.ELEVATE,
        user,
        f"至 {timezone.localtime(until):%H:%M}",
        reason=reason,
        request=request,
    )
    user.__dict__.pop("elevation", None)
    return elevation


@transaction.atomic
def stand_down(user: Any, *, request: Any = None) -> None:
    """End the person's superuser mode; harmless when none runs."""
    if user.elevations.running().update(ended_at=timezone.now()):
        record(AccessEvent.Kind.ELEVATE_END, user, "提前结束", request=request)
    user.__dict__.pop("elevation", None)


@transaction.atomic
def end_lapsed(now: datetime) -> int:
    """Write down the end of every superuser mode whose time ran out before ``now``. It had no effect any more; this
    closes its record. Returns how many; running it late or twice gives the same log."""
    lapsed = Elevation.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        ended_at=None, until__lte=now
    )
    count = 0
    for elevation in lapsed.select_related("user")[:500]:
        elevation.ended_at = elevation.until
        elevation.save(update_fields=["ended_at"])
        record(
            AccessEvent.Kind.ELEVATE_END,
            elevation.user,
            f"{timezone.localtime(elevation.until):%m-%d %H:%M} 到时自动结束",
        )
        count += 1
    return count
