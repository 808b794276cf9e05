"""The only place that reads or writes case-by-case shares: one row opened to one person outside her jurisdiction.

The living grant is a django-guardian object permission; beside it a ``Share`` row keeps who opened what, why, from when
until when, so that a past day can be explained. Flows call ``share`` and ``unshare``; nothing else may.
"""

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import date
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

#: While a request is answered: person -> the types of which any row is shared with her, for most people none.
_types: ContextVar[dict[int, set[int]] | None] = ContextVar("shared_types", default=None)


class SharesReadOnce:
    """Reads once in a request of which types a person has shares at all, so that the many lists of a page do not each ask."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _types.set({})
        try:
            return self.get_response(request)
        finally:
            _types.reset(token)


def _grants():
    return apps.get_model("guardian", "UserObjectPermission").objects


def _has_any(user: Any, content_type: ContentType) -> bool:
    """Say whether any row of a type may be shared with the person. True outside of a request, where nothing is remembered."""
    known = _types.get()
    if known is None:
        return True
    if user.pk not in known:
        rows = _grants().filter(user_id=user.pk).order_by()
        known[user.pk] = set(rows.values_list("content_type_id", flat=True).distinct())
    return content_type.pk in known[user.pk]


def _look_anew() -> None:
    known = _types.get()
    if known is not None:
        known.clear()


def shared_keys(user: Any, model: type[models.Model], action: str, memo: dict | None = None) -> list[Any]:
    """Return the primary keys of the rows of ``model`` that were shared with ``user`` for ``action``."""
    memo = {} if memo is None else memo
    slot = ("shared", model)
    if slot not in memo:
        memo[slot] = []
        content_type = ContentType.objects.get_for_model(model)
        if _has_any(user, content_type):
            rows = _grants().filter(user_id=user.pk, content_type=content_type)
            to_key = model._meta.pk.to_python
            pairs = rows.values_list("permission__codename", "object_pk")
            memo[slot] = [(codename, to_key(key)) for codename, key in pairs]
    wanted = f"{action}_{model._meta.model_name}"
    return [key for codename, key in memo[slot] if codename == wanted]


@transaction.atomic
def share(obj: models.Model, to: Any, actions: Iterable[str], *, by: Any, reason: str):
    """Open one row to one person for these actions. Repeating it changes nothing. Returns the open Share.

    Raises Permission.DoesNotExist for an action that the model does not know.
    """
    Share = apps.get_model("governance", "Share")
    content_type = ContentType.objects.get_for_model(obj)
    names = sorted(set(actions))
    for name in names:
        granted = Permission.objects.get(content_type=content_type, codename=f"{name}_{obj._meta.model_name}")
        _grants().get_or_create(
            user_id=to.pk, permission=granted, content_type=content_type, object_pk=str(obj.pk)
        )
    _look_anew()
    record, _ = Share.objects.get_or_create(
        user_id=to.pk,
        content_type=content_type,
        object_pk=str(obj.pk),
        ended_at=None,
        defaults={"actions": names, "given_by": by, "reason": reason},
    )
    if set(record.actions) != set(names) | set(record.actions):
        record.actions = sorted(set(names) | set(record.actions))
        record.save(update_fields=["actions"])
    return record


@transaction.atomic
def unshare(obj: models.Model, to: Any, *, by: Any) -> None:
    """Take every share of this row back from the person; harmless where there is none."""
    Share = apps.get_model("governance", "Share")
    content_type = ContentType.objects.get_for_model(obj)
    _grants().filter(user_id=to.pk, content_type=content_type, object_pk=str(obj.pk)).delete()
    Share.objects.filter(
        user_id=to.pk, content_type=content_type, object_pk=str(obj.pk), ended_at=None
    ).update(ended_at=timezone.now(), ended_by=by)


@transaction.atomic
def unshare_all(obj: models.Model, *, by: Any) -> None:
    """Take every share of this row back from everyone."""
    Share = apps.get_model("governance", "Share")
    content_type = ContentType.objects.get_for_model(obj)
    _grants().filter(content_type=content_type, object_pk=str(obj.pk)).delete()
    Share.objects.filter(content_type=content_type, object_pk=str(obj.pk), ended_at=None).update(
        ended_at=timezone.now(), ended_by=by
    )


def shares_on(user: Any, obj: models.Model, action: str, day: date) -> list[str]:
    """Return, in words, the shares by which ``user`` reached ``obj`` for ``action`` on ``day``, a part of a past day counting."""
    Share = apps.get_model("governance", "Share")
    still_open = models.Q(ended_at=None)
    if day < timezone.localdate():
        still_open |= models.Q(ended_at__date__gte=day)
    rows = Share.objects.filter(
        still_open,
        user_id=user.pk,
        content_type=ContentType.objects.get_for_model(obj),
        object_pk=str(obj.pk),
        actions__contains=[action],
        given_at__date__lte=day,
    )
    return [f"个案授权：{row.reason}" for row in rows]
