"""The second factor of staff: giving an account its secret by machine, and, in demo mode only, the code of the moment."""

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.conf import settings
from django.core.cache import cache

from governance.models import User


def has_totp(user: User) -> bool:
    """Say whether the account has an authenticator app set up."""
    return get_adapter().is_mfa_enabled(user, [Authenticator.Type.TOTP])


def enrol(user: User, secret: str) -> Authenticator:
    """Give an account a known secret (base32), in place of the one before. For demo people and tests."""
    Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()
    return auth.TOTP.activate(user, secret).instance


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
