"""What allauth asks the portal: where to go after signing in, what to write into the access log, the Chinese sentences,
and that the secrets of the second factor are encrypted at rest."""

import logging
import secrets
import time
from typing import Any

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from governance import audit
from governance.accounts import sessions
from governance.accounts.totp import has_totp
from governance.encryption import Unreadable, seal, unseal
from governance.models import AccessEvent, User

logger = logging.getLogger(__name__)

#: How long an account stays locked after this many failures; the settings give it to allauth as ``login_failed``.
FAILURES, LOCK_MINUTES = 5, 15

#: A password given this recently (seconds) need not be asked for again before the second factor is set up.
RECENT = 5 * 60


class AccountAdapter(DefaultAccountAdapter):
    """allauth's account flows, as the portal wants them."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": "这个账号已停用。",
        "enter_current_password": "当前密码不正确。",
        "incorrect_code": "验证码不正确，请核对后重新填写。",
        "incorrect_password": "密码不正确。",
        "invalid_login": "登录名或密码不正确。",
        "rate_limited": f"尝试次数过多，请 {LOCK_MINUTES} 分钟后再试。",
        "too_many_login_attempts": (
            f"连续失败 {FAILURES} 次，已暂时锁定。请 {LOCK_MINUTES} 分钟后再试；忘记密码请联系安全管理员。"
        ),
        "username_password_mismatch": (
            f"登录名或密码不正确。连续失败 {FAILURES} 次将锁定 {LOCK_MINUTES} 分钟。"
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes a staff account alone; residents' accounts come by phone (arrivals.py)."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Staff at a computer go to the desk; everyone else, and staff with a phone, to the home page, which leads to the desk as well."""
        on_phone = request.headers.get("Sec-CH-UA-Mobile") == "?1" or "Mobi" in request.headers.get(
            "User-Agent", ""
        )
        return reverse("admin:index") if request.user.is_staff and not on_phone else "/"

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return self.get_login_redirect_url(request)

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in under a new session key, mark how, and write the access log."""
        # Django notes the time of each sign-in on the account; that is no new version of the account.
        user.skip_history_when_saving = True
        try:
            super().login(request, user)
        finally:
            del user.skip_history_when_saving
        if user.is_staff:
            sessions.begin_by_password(request, second_factor=has_totp(user))
        else:
            sessions.begin_by_phone(request)
        audit.record(
            AccessEvent.Kind.LOGIN, user, "密码登录" if user.is_staff else "手机验证码登录", request=request
        )

    def logout(self, request: HttpRequest) -> None:
        if request.user.may_elevate:
            audit.stand_down(request.user, request=request)
        audit.record(AccessEvent.Kind.LOGOUT, request.user, "退出", request=request)
        super().logout(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            self._log_failure(request, "锁定期间尝试登录", credentials)
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        self._log_failure(request, "密码不正确", credentials)

    def _log_failure(self, request: HttpRequest, summary: str, credentials: dict[str, Any]) -> None:
        # The typed name is not written down: people type their password into the wrong box.
        account = User.objects.filter(username=credentials.get("username", "")).first()
        summary = summary if account else f"{summary}（无此登录名）"
        audit.record(AccessEvent.Kind.LOGIN_FAILED, None, summary, obj=account, request=request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # By name alone: allauth adds the host name, and one server may answer to several.
        return credentials.get("username", "").lower()

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        messages.error(request, self.error_messages["account_inactive"])
        return HttpResponseRedirect(reverse("phone_login"))

    def set_password(self, user: User, password: str) -> None:
        user.set_password(password)
        user.save(update_fields=["password", "password_changed_at"])

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask again before the second factor is touched, save right after the password was given."""
        records = get_authentication_records(self.request, self.request.user)
        now = time.time()
        if any(each["method"] == "password" and now - each["at"] < RECENT for each in records):
            return False
        return super().is_reauthentication_required(app=app, **kwargs)


class SecondFactorAdapter(DefaultMFAAdapter):
    """allauth's second factor, with its secrets encrypted under FIELD_KEY."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "动态验证码不正确，请核对后重新填写；刚用过的验证码请等下一个。",
        "cannot_delete_authenticator": "不能停用动态验证码。",
        "cannot_generate_recovery_codes": "请先设置动态验证码，再生成备用码。",
        "rate_limited": f"尝试次数过多，请 {LOCK_MINUTES} 分钟后再试。",
        "too_many_login_attempts": f"连续失败 {FAILURES} 次，已暂时锁定，请 {LOCK_MINUTES} 分钟后再试。",
    }

    def build_totp_svg(self, url: str) -> str:
        """Draw the QR code as inline SVG without any style, which the content security policy would refuse."""
        return segno.make(url, error="m").svg_inline(border=2, omitsize=True, dark="#000", light="#fff")

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return unseal(encrypted_text)
        except Unreadable:
            # Nobody's code may fit a secret that cannot be read; a fixed stand-in could be guessed.
            logger.error("a second factor cannot be read: was FIELD_KEY changed?")
            return secrets.token_hex(20).upper().translate(str.maketrans("0189", "ABCD"))
