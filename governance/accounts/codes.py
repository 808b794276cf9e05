"""The SMS code of a phone sign-in: what it looks like, how long it lives, how often it may be asked for and tried.

A code belongs to the browser that asked for it. Only its keyed hash is kept, in that browser's session; asking never
looks at whether the phone has an account, so known and unknown phones get the same answers at the same speed.
The limits are allauth's rate limits (ACCOUNT_RATE_LIMITS in the settings); they count in the shared cache, so that they
hold over all processes.
"""

import secrets
import time
from dataclasses import asdict, dataclass

from allauth.core import ratelimit
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from governance import parameters

SESSION_KEY = "phone_code"
DIGITS = 6
TRIES = 5

#: The limits on asking for a code, in the order they are asked, each with the sentence for whom it stops. The minute
#: comes first, so that an impatient finger does not use up the day.
ASKING = {
    "sms_code_minute": "同一手机号每分钟只能获取一次验证码，请一分钟后再试。",
    "sms_code_day": "这个手机号今天获取验证码的次数已用完，请明天再试，或打电话请社区工作人员帮您办理。",
    "sms_code_address": "您所在的网络获取验证码太频繁，请十分钟后再试。",
}


@dataclass(frozen=True)
class Challenge:
    """A code that was sent: to which phone, its keyed hash, until when (epoch seconds), and where to go afterwards.

    ``shown`` is the code in clear, in demo mode only, for the page to show in place of a text message.
    """

    token: str
    phone: str
    digest: str
    until: float
    target: str = ""
    shown: str = ""

    @property
    def expired(self) -> bool:
        return time.time() > self.until


class TooOften(ValidationError):
    """A code was asked for more often than the limits allow; ``code`` names the limit."""


def _digest(token: str, phone: str, code: str) -> str:
    return salted_hmac("governance.accounts.codes", f"{token}:{phone}:{code}", algorithm="sha256").hexdigest()


def count_request(request: HttpRequest, phone: str) -> None:
    """Count one request for a code against the phone's and the address's limits. Raises TooOften."""
    for action, sentence in ASKING.items():
        if not ratelimit.consume(request, action=action, key=phone):
            raise TooOften(sentence, code=action)


def issue(session: SessionBase, phone: str, *, target: str = "") -> str:
    """Make a new code for a phone, in place of the one before. Returns the code, which is kept nowhere in clear."""
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    token = secrets.token_urlsafe(16)
    challenge = Challenge(
        token=token,
        phone=phone,
        digest=_digest(token, phone, code),
        until=time.time() + parameters.value("sms.code_minutes") * 60,
        target=target,
        shown=code if settings.DEMO else "",
    )
    session[SESSION_KEY] = asdict(challenge)
    return code


def pending(session: SessionBase) -> Challenge | None:
    """Return the code that this browser waits for, expired or not; None where it asked for none."""
    try:
        return Challenge(**session[SESSION_KEY])
    except (KeyError, TypeError):  # none, or one kept by an older version of the portal
        return None


def withdraw(session: SessionBase) -> None:
    """Make the browser's code worthless."""
    session.pop(SESSION_KEY, None)


def redeem(request: HttpRequest, code: str) -> Challenge:
    """Use up the browser's code. Returns the challenge, whose phone is now proven.

    Raises ValidationError with the sentence for the field: wrong, expired, tried too often, or none asked for.
    """
    challenge = pending(request.session)
    if challenge is None:
        raise ValidationError("验证码已失效，请重新获取。", code="gone")
    if challenge.expired:
        raise ValidationError("验证码已过期，请重新获取。", code="expired")
    if not ratelimit.consume(request, action="sms_code_try", key=challenge.token):
        withdraw(request.session)
        raise ValidationError(f"已输错 {TRIES} 次，验证码已失效，请重新获取。", code="tries")
    if not constant_time_compare(challenge.digest, _digest(challenge.token, challenge.phone, code)):
        raise ValidationError("验证码不正确，请核对短信后重新填写。", code="wrong")
    withdraw(request.session)
    return challenge
