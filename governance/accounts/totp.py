"""The second factor of staff: giving an account its secret by machine, taking it away from one whose owner lost phone and
recovery codes, and, in demo mode only, the code of the moment."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction

from governance import audit, notices
from governance.models import AccessEvent, User


def has_totp(user: User) -> bool:
    """Say whether the account has an authenticator app set up."""
    return get_adapter().is_mfa_enabled(user, [Authenticator.Type.TOTP])


def enrol(user: User, secret: str) -> Authenticator:
    """Give an account a known secret (base32), in place of the one before. For demo people and tests."""
    Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()
    return auth.TOTP.activate(user, secret).instance


@transaction.atomic
def reset(user: User, password: str, *, by: User, reason: str, request: Any = None) -> None:
    """Take the second factor and its recovery codes away from a member of staff, and give her a first password.

    Whoever asks for this may be an impostor who knows the old password, so that both factors begin anew: every session and
    API token of the account ends, and the next sign-in sets up a new app and changes the password. The person is told.
    Raises ValidationError for the own account, one that is not staff's, or a reason of fewer than 4 characters.
    """
    if user.pk == by.pk:
        raise ValidationError("不能重置自己的动态验证码，请由另一位安全管理员办理。")
    if not user.is_staff:
        raise ValidationError("居民账号没有动态验证码。")
    if len(reason.strip()) < 4:
        raise ValidationError({"reason": "请写明理由（至少 4 个字），理由会记入访问日志。"})
    user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    Authenticator.objects.filter(user=user).delete()
    user.api_tokens.all().delete()
    user.set_password(password)  # a session holds a digest of the password, so that this ends them all
    user.password_changed_at = None
    user._history_user, user._change_reason = by, "重置动态验证码"
    user.save(update_fields=["password", "password_changed_at"])
    audit.stand_down(user, request=request)
    audit.record(
        AccessEvent.Kind.CONFIGURE,
        by,
        f"重置账号 {user.username} 的动态验证码和密码",
        obj=user,
        reason=reason,
        request=request,
    )
    notices.tell(
        [user], "您的动态验证码和密码已由安全管理员重置", body="不是您本人要求的，请立即联系安全管理员。"
    )


def demo_code(user: User) -> str:
    """Return a code that this account's app would show now, for the demo's labelled box; empty outside demo mode.

    A code counts once, so that a second visitor within the same half minute is shown the neighbouring one.
    """
    if not settings.DEMO:
        return ""
    authenticator = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    if authenticator is None:
        return ""
    secret = get_adapter().decrypt(authenticator.data["secret"])
    codes = _codes(secret)
    used = auth.TOTP(authenticator)._get_used_cache_key
    # The newest first: the oldest may run out while it is being typed.
    return next((code for code in reversed(codes) if not cache.get(used(code))), codes[-1])


def demo_code_of(secret: str) -> str:
    """Return the code for a secret that is just being set up, for the demo's labelled box; empty outside demo mode."""
    return _codes(secret)[-1] if settings.DEMO else ""


def _codes(secret: str) -> list[str]:
    return [
        auth.format_hotp_value(auth.hotp_value(secret, each)) for each in auth.yield_hotp_counters_from_time()
    ]
