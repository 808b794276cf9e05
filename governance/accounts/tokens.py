"""The keys to the API: how they are made, recognised and taken back.

A token is shown once, when it is made; the database keeps its SHA-256 digest (the token is random, so it needs no salt).
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from governance import audit, parameters
from governance.models import AccessEvent, ApiToken, User

PREFIX = "cg_"
#: Phones one person signs in from; the oldest token gives way.
MOST_PER_PERSON = 10
#: ``last_used_at`` is rewritten at most this often, not on every request.
STEP = timedelta(hours=1)


def digest_of(token: str) -> str:
    """Return what the database keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _make(user: User, label: str, lasts: timedelta, *, system: bool) -> tuple[str, ApiToken]:
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        user=user,
        digest=digest_of(token),
        label=label[:60],
        system=system,
        expires_at=timezone.now() + lasts,
    )
    return token, row


@transaction.atomic
def issue_by_phone(user: User, label: str, *, request: Any = None) -> tuple[str, ApiToken]:
    """Make a token for a person whose phone was just proven; it lasts as long as a phone's session. Returns it in clear."""
    User.objects.select_for_update().get(pk=user.pk)
    token, row = _make(user, label, timedelta(days=parameters.value("residents.session_days")), system=False)
    surplus = ApiToken.objects.filter(user=user, system=False).order_by("-pk")[MOST_PER_PERSON:]
    ApiToken.objects.filter(pk__in=[each.pk for each in surplus]).delete()
    audit.record(AccessEvent.Kind.LOGIN, user, "手机验证码登录（接口）", request=request)
    return token, row


@transaction.atomic
def issue_for_system(user: User, label: str, days: int) -> tuple[str, ApiToken]:
    """Make a token for another system that acts as ``user``, for 1 to 366 days. Returns it in clear.

    Raises ValidationError for an inactive account, one that may switch superuser mode on, or a number out of bounds.
    """
    if not user.is_active:
        raise ValidationError("这个账号已停用。")
    if user.may_elevate:
        raise ValidationError("可开启超级管理模式的账号不能用于接口。")
    if not 1 <= days <= 366:
        raise ValidationError("有效期在 1 到 366 天之间。")
    token, row = _make(user, label, timedelta(days=days), system=True)
    audit.record(AccessEvent.Kind.CONFIGURE, None, f"签发接口令牌，{days} 天", obj=user, reason=label)
    return token, row


def recognise(token: str) -> ApiToken | None:
    """Return the token's row, with its user, where it opens the API now."""
    row = ApiToken.objects.in_force().filter(digest=digest_of(token)).select_related("user").first()
    if row is None or not row.user.is_active or (row.user.is_staff and not row.system):
        # A phone code is no key to the desk, not even for a phone whose owner became staff since.
        return None
    now = timezone.now()
    if row.last_used_at is None or now - row.last_used_at > STEP:
        ApiToken.objects.filter(pk=row.pk).update(last_used_at=now)
    return row
