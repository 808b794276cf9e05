"""The pages of signing in, the second factor, superuser mode and the own account. Decides who gets which page; what a
code, a session or a password is worth is decided beside it (codes.py, sessions.py, passwords.py) and by allauth."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as account_views
from allauth.account.utils import get_next_redirect_url, perform_login
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.base import views as factor_views
from allauth.mfa.recovery_codes import views as recovery_views
from allauth.mfa.totp import views as totp_views
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance import audit, parameters
from governance.accounts import closing, codes, elsewhere, passwords, sessions, sms
from governance.accounts.arrivals import account_of
from governance.accounts.forms import CloseForm, CodeForm, ElevateForm, PhoneForm, ProfileForm
from governance.accounts.totp import demo_code, demo_code_of
from governance.models import AccessEvent

View = Callable[..., HttpResponse]


def staff_only(view: View) -> View:
    """Send strangers to the staff's sign-in; for residents the page does not exist."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            query = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})
            return HttpResponseRedirect(f"{reverse('staff_login')}?{query}")
        if not request.user.is_staff:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


# --- residents: phone and code ---------------------------------------------------------------------------------------
def _home(request: HttpRequest, target: str | None) -> HttpResponse:
    if target:
        return HttpResponseRedirect(target)
    return HttpResponseRedirect(reverse("admin:index") if request.user.is_staff else "/")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def phone_login(request: HttpRequest) -> HttpResponse:
    """Ask for the phone, and send a code to it; the answer is the same whether or not the phone has an account."""
    target = get_next_redirect_url(request)
    if request.user.is_authenticated:
        return _home(request, target)
    form = PhoneForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        phone = form.cleaned_data["phone"]
        try:
            codes.count_request(request, phone)
        except codes.TooOften as refusal:
            waiting = codes.pending(request.session)
            if waiting and waiting.phone == phone and not waiting.expired:
                # Sent twice by an impatient finger: the code on its way still counts.
                messages.info(request, "验证码已发送，还在有效时间内。" + refusal.message)
                return redirect("phone_code")
            form.add_error("phone", refusal)
        else:
            code = codes.issue(request.session, phone, target=target or "")
            if sms.send_code(phone, code, parameters.value("sms.code_minutes")):
                return redirect("phone_code")
            codes.withdraw(request.session)
            form.add_error("phone", "短信没有发出去，请一分钟后再试，或打电话请社区工作人员帮您办理。")
    return render(request, "account/phone_login.html", {"form": form, "target": target})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def phone_code(request: HttpRequest) -> HttpResponse:
    """Take the code that was sent; the right one opens the phone's account, made now if there was none."""
    waiting = codes.pending(request.session)
    if request.user.is_authenticated:
        return _home(request, waiting.target if waiting else None)
    if waiting is None:
        return redirect("phone_login")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            proven = codes.redeem(request, form.cleaned_data["code"])
        except ValidationError as refusal:
            form.add_error("code", refusal)
        else:
            return _arrive(request, proven)
    return render(
        request, "account/phone_code.html", {"form": form, "waiting": waiting, "demo": settings.DEMO}
    )


def _arrive(request: HttpRequest, proven: codes.Challenge) -> HttpResponse:
    try:
        user = account_of(proven.phone)
    except ValidationError as refusal:
        messages.error(request, refusal.message)
        return redirect("staff_login" if refusal.code == "staff" else "phone_login")
    try:
        return perform_login(request, user, redirect_url=proven.target or "/")
    except ImmediateHttpResponse as answer:
        return answer.response


# --- staff: password and second factor -------------------------------------------------------------------------------
class StaffLoginView(account_views.LoginView):
    """Name and password; then allauth asks for the second factor."""

    template_name = "account/staff_login.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and not request.user.is_staff:
            # A resident who is sent here by a staff page: sending her on would go round in a circle.
            return render(
                request, "account/staff_login_resident.html", {"target": get_next_redirect_url(request)}
            )
        return super().dispatch(request, *args, **kwargs)


class LogoutView(account_views.LogoutView):
    """Asks before signing out, so that a link elsewhere cannot do it."""

    template_name = "account/logout.html"


class PasswordView(account_views.PasswordChangeView):
    """A new password for the own account."""

    template_name = "account/password_change.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        days = parameters.value("staff.password_days")
        return super().get_context_data(
            **kwargs, out_of_date=passwords.out_of_date(self.request.user), password_days=days
        )


class SecondFactorView(factor_views.AuthenticateView):
    """The code of the app, or a recovery code; failures go into the access log."""

    def form_invalid(self, form: Any) -> HttpResponse:
        if form.has_error("code", "incorrect_code") or form.has_error("code", "too_many_login_attempts"):
            user = self.stage.login.user
            audit.record(
                AccessEvent.Kind.LOGIN_FAILED, None, "动态验证码不正确", obj=user, request=self.request
            )
        return super().form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "demo_code": demo_code(self.stage.login.user)}


class SecondFactorAgainView(factor_views.ReauthenticateView):
    """The same, before something weighty."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "demo_code": demo_code(self.request.user)}


class SetUpView(totp_views.ActivateTOTPView):
    """Setting up the app; the session counts as complete from here on."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "demo_code": demo_code_of(context["form"].secret)}

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        sessions.second_factor_set_up(self.request)
        return response


class RemoveView(totp_views.DeactivateTOTPView):
    """Taking the app away, for a new phone: the next page is the one where the new one is set up."""

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        sessions.second_factor_removed(self.request)
        return response


staff_login = StaffLoginView.as_view()
account_logout = LogoutView.as_view()
second_factor = SecondFactorView.as_view()
second_factor_again = staff_only(SecondFactorAgainView.as_view())
second_factor_index = staff_only(factor_views.IndexView.as_view())
second_factor_set_up = staff_only(SetUpView.as_view())
second_factor_remove = staff_only(RemoveView.as_view())
recovery_codes = staff_only(recovery_views.ViewRecoveryCodesView.as_view())
recovery_codes_new = staff_only(recovery_views.GenerateRecoveryCodesView.as_view())
password_again = staff_only(account_views.ReauthenticateView.as_view())


@staff_only
def password_change(request: HttpRequest) -> HttpResponse:
    """Change the own password; an account without one (single sign-on) has no such page."""
    if not request.user.has_usable_password():
        raise Http404
    return PasswordView.as_view()(request)


# --- superuser mode --------------------------------------------------------------------------------------------------
@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def elevate(request: HttpRequest) -> HttpResponse:
    """Switch superuser mode on, with a reason; it ends by itself. There is no such page for who may not."""
    if not request.user.may_elevate:
        raise Http404
    form = ElevateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            audit.elevate(request.user, reason=form.cleaned_data["reason"], request=request)
        except ValidationError as refusal:
            form.add_error("reason", refusal.message_dict["reason"])
        else:
            return redirect("elevate")
    minutes = parameters.value("superuser.minutes")
    return render(request, "governance/elevate.html", {"form": form, "minutes": minutes})


@staff_only
@require_POST
def elevate_end(request: HttpRequest) -> HttpResponse:
    """End superuser mode before its time; harmless when none runs."""
    if not request.user.may_elevate:
        raise Http404
    audit.stand_down(request.user, request=request)
    messages.success(request, "超级管理模式已结束。")
    return redirect("elevate")


# --- the own account -------------------------------------------------------------------------------------------------
@never_cache
@login_required
@require_GET
def me(request: HttpRequest) -> HttpResponse:
    """Show the own account and what can be done with it."""
    return render(request, "account/me.html", {"session_days": parameters.value("residents.session_days")})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def me_profile(request: HttpRequest) -> HttpResponse:
    """Keep the own name and door number. It can only ever be the person's own account."""
    target = get_next_redirect_url(request)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "已保存。")
        return HttpResponseRedirect(target or reverse("me"))
    return render(request, "account/profile.html", {"form": form, "target": target})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def me_elsewhere(request: HttpRequest) -> HttpResponse:
    """End the own sessions on other devices."""
    if request.method == "POST":
        elsewhere.end_other_sessions(request)
        messages.success(request, "其他手机和电脑上的登录都已退出。")
        return HttpResponseRedirect(reverse("me"))
    return render(request, "account/elsewhere.html")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def me_close(request: HttpRequest) -> HttpResponse:
    """Close the own account after a clear yes."""
    reason = closing.obstacle(request.user)
    form = CloseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and not reason and form.is_valid():
        closing.close(request.user)
        account_views.LogoutView(request=request).logout()
        messages.success(request, "账号已注销，您的姓名、手机号和住址已从账号中删除。")
        return HttpResponseRedirect("/")
    return render(request, "account/close.html", {"form": form, "reason": reason})


@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    """Say what is kept about people, why, how long, and who sees it."""
    names = ("portal.organiser", "portal.phone", "residents.session_days", "sms.code_minutes")
    return render(
        request, "account/privacy.html", {name.replace(".", "_"): parameters.value(name) for name in names}
    )
