"""The addresses of signing in and of the own account. Of allauth's pages only those that the portal uses are served;
their names are allauth's, because it looks them up."""

from django.urls import path
from django.views.generic import RedirectView

from governance.accounts import views

urlpatterns = [
    path("login/", views.phone_login, name="phone_login"),
    path("login/code/", views.phone_code, name="phone_code"),
    path("logout/", views.account_logout, name="account_logout"),
    path("me/", views.me, name="me"),
    path("me/profile/", views.me_profile, name="me_profile"),
    path("me/elsewhere/", views.me_elsewhere, name="me_elsewhere"),
    path("me/close/", views.me_close, name="me_close"),
    path("privacy/", views.privacy, name="privacy"),
    path("staff/login/", views.staff_login, name="staff_login"),
    path("staff/login/", views.staff_login, name="account_login"),
    path("staff/login/code/", views.second_factor, name="mfa_authenticate"),
    path("staff/password/", views.password_change, name="account_change_password"),
    path("staff/confirm/", views.password_again, name="account_reauthenticate"),
    path("staff/confirm/code/", views.second_factor_again, name="mfa_reauthenticate"),
    path("staff/security/", views.second_factor_index, name="mfa_index"),
    path("staff/security/setup/", views.second_factor_set_up, name="mfa_activate_totp"),
    path("staff/security/remove/", views.second_factor_remove, name="mfa_deactivate_totp"),
    path("staff/security/recovery/", views.recovery_codes, name="mfa_view_recovery_codes"),
    path("staff/security/recovery/new/", views.recovery_codes_new, name="mfa_generate_recovery_codes"),
    path("staff/elevate/", views.elevate, name="elevate"),
    path("staff/elevate/end/", views.elevate_end, name="elevate_end"),
    # The admin's own doors lead here, so that nobody gets to the desk by a password alone.
    path(
        "admin/login/",
        RedirectView.as_view(pattern_name="staff_login", query_string=True),
        name="admin_login",
    ),
    path("admin/logout/", views.account_logout, name="admin_logout"),
    path(
        "admin/password_change/",
        RedirectView.as_view(pattern_name="account_change_password"),
        name="admin_password_change",
    ),
]
