"""How long a sign-in lasts and what it is worth: staff after half an hour without a click are signed out, residents stay
for a month from their last visit, and a staff session that lacks its second factor opens nothing but the page where it
is set up.

``SessionGate`` is the middleware that holds this on every request; the ``begin_*`` functions mark a session as it
begins. Times are epoch seconds in the session itself.
"""

import time
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from governance import audit, drafts, outbox, parameters
from governance.accounts import passwords
from governance.accounts.totp import has_totp
from governance.models import AccessEvent

SEEN = "seen_at"
BY_PHONE = "by_phone"
NO_SECOND_FACTOR = "no_second_factor"

#: The session row is rewritten at most this often (seconds), not on every click.
STAFF_STEP, PHONE_STEP = 60, 24 * 3600

#: What a person may always open, so that the gate never locks the way in or out.
ALWAYS_OPEN = {
    "account_logout", "care_mode", "theme", "accessibility", "privacy", "healthz",
}  # fmt: skip
#: What setting up the second factor needs on top.
SETTING_UP = ALWAYS_OPEN | {"mfa_activate_totp", "account_reauthenticate"}
#: What changing an outdated password needs on top.
CHANGING_PASSWORD = ALWAYS_OPEN | {
    "account_change_password", "account_reauthenticate", "mfa_reauthenticate", "mfa_view_recovery_codes",
}  # fmt: skip


def begin_by_phone(request: HttpRequest) -> None:
    """Mark a session that a phone code opened: it lasts long, and never serves a staff account."""
    request.session[BY_PHONE] = True
    _stay(request, int(time.time()))


def begin_by_password(request: HttpRequest, *, second_factor: bool) -> None:
    """Mark a session that a password opened, and whether the second factor was given too."""
    request.session[SEEN] = int(time.time())
    if not second_factor:
        request.session[NO_SECOND_FACTOR] = True


def second_factor_set_up(request: HttpRequest) -> None:
    """Take the mark off a session in which the second factor was just set up."""
    request.session.pop(NO_SECOND_FACTOR, None)


def second_factor_removed(request: HttpRequest) -> None:
    """Put the mark on a session in which the second factor was just taken away."""
    request.session[NO_SECOND_FACTOR] = True


def _stay(request: HttpRequest, now: int) -> None:
    request.session[SEEN] = now
    request.session.set_expiry(parameters.value("residents.session_days") * 24 * 3600)


class SessionGate:
    """Ends idle sessions, and turns staff away from everything until second factor and password are in order."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        """Return the answer that stands in for the page, or None where the person may pass."""
        user = request.user
        if not user.is_authenticated:
            return None
        now = int(time.time())
        seen = request.session.get(SEEN)
        if not user.is_staff:
            if BY_PHONE in request.session and (seen is None or now - seen >= PHONE_STEP):
                _stay(request, now)
            return None
        if BY_PHONE in request.session:
            # Became staff while signed in by phone: a text message is no key to the desk.
            return self._end(
                request, "手机验证码登录", "您的账号已是工作人员账号，请用密码和动态验证码重新登录。"
            )
        minutes = parameters.value("staff.idle_minutes")
        if seen is not None and now - seen > minutes * 60:
            return self._end(
                request,
                "久未操作，自动退出",
                f"您已超过 {minutes} 分钟没有操作，为安全起见已自动退出，请重新登录。",
            )
        if seen is None or now - seen >= STAFF_STEP:
            request.session[SEEN] = now
        return self._unfinished(request)

    def _unfinished(self, request: HttpRequest) -> HttpResponse | None:
        name = request.resolver_match.url_name
        if NO_SECOND_FACTOR in request.session:
            if name in SETTING_UP - {"mfa_activate_totp"}:
                return None
            if has_totp(request.user):
                # Set up meanwhile in another session: this one has still shown a password only.
                return self._end(request, "缺少动态验证码", "动态验证码已设置，请重新登录。")
            if name == "mfa_activate_totp":
                return None
            return self._turn_away(request, "mfa_activate_totp", "请先设置动态验证码。")
        if passwords.out_of_date(request.user) and name not in CHANGING_PASSWORD:
            return self._turn_away(request, "account_change_password", "密码已到期，请先修改密码。")
        return None

    def _turn_away(self, request: HttpRequest, where: str, sentence: str) -> HttpResponse:
        if request.path.startswith("/api/"):
            return _api_refusal(sentence)
        if outbox.asked(request):
            return outbox.signed_out(sentence)
        return HttpResponseRedirect(reverse(where))

    def _end(self, request: HttpRequest, summary: str, sentence: str) -> HttpResponse:
        if request.user.may_elevate:
            audit.stand_down(request.user, request=request)
        audit.record(AccessEvent.Kind.LOGOUT, request.user, summary, request=request)
        leaving = request.user
        logout(request)
        if request.path.startswith("/api/"):
            return _api_refusal(sentence)
        if outbox.asked(request):
            return outbox.signed_out()
        messages.warning(request, sentence)
        if request.method == "POST":
            drafts.keep(request, request.path, owner=leaving)
        query = urlencode({REDIRECT_FIELD_NAME: _page_of(request)})
        return HttpResponseRedirect(f"{reverse('staff_login')}?{query}")


def _page_of(request: HttpRequest) -> str:
    """Return the address of the page that the request came from, to go back to: some addresses take a form sent from
    another page and show nothing themselves."""
    came_from = request.headers.get("Referer", "")
    host = request.get_host()
    if request.method == "POST" and url_has_allowed_host_and_scheme(
        came_from, {host}, require_https=request.is_secure()
    ):
        return came_from.partition(host)[2] or "/"
    return request.get_full_path()


def _api_refusal(sentence: str) -> JsonResponse:
    errors = [{"code": "not_authenticated", "detail": sentence, "attr": None}]
    return JsonResponse({"type": "client_error", "errors": errors}, status=403)
