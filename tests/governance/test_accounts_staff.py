"""Staff signing in: password, second factor, locks, idle sessions, outdated passwords, superuser mode, and what all of
this leaves in the access log."""

import re
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from governance import flow, parameters
from governance.accounts import sessions, totp
from governance.models import AccessEvent, Elevation, User

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "Red-bridge-2026"


@pytest.fixture
def officer():
    """A staff account with password and second factor."""
    user = User.objects.create_user("officer", password=PASSWORD, name="王某", is_staff=True)
    totp.enrol(user, SECRET)
    return user


@pytest.fixture
def newcomer():
    """A staff account whose second factor is yet to be set up."""
    return User.objects.create_user("newcomer", password=PASSWORD, name="赵某", is_staff=True)


@pytest.fixture
def later(monkeypatch):
    real, ahead = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + ahead[0])

    def move(seconds: float) -> None:
        ahead[0] += seconds

    return move


def give_password(client, name="officer", password=PASSWORD, **extra):
    return client.post(reverse("staff_login"), {"login": name, "password": password, **extra})


def give_code(client, code):
    return client.post(reverse("mfa_authenticate"), {"code": code})


def sign_in(client, user):
    give_password(client, user.username)
    return give_code(client, totp.demo_code(user))


def signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def text_of(answer) -> str:
    return strip_tags(re.sub(r"<(head|script|style).*?</\1>", "", answer.content.decode(), flags=re.S))


def kinds() -> list[str]:
    return list(AccessEvent.objects.order_by("pk").values_list("kind", flat=True))


# --- password and second factor --------------------------------------------------------------------------------------
def test_a_password_alone_opens_nothing(client, officer):
    assert give_password(client).url == reverse("mfa_authenticate")
    assert not signed_in(client)
    assert client.get(reverse("admin:index")).status_code == 302
    assert kinds() == []


def test_password_and_code_open_the_desk(client, officer):
    client.get(reverse("staff_login"))
    give_password(client)
    before = client.session.session_key
    assert give_code(client, totp.demo_code(officer)).url == reverse("admin:index")
    assert client.session["_auth_user_id"] == str(officer.pk) and client.session.session_key != before
    assert kinds() == ["login"] and AccessEvent.objects.get().address == "127.0.0.1"


def test_on_a_phone_staff_begin_at_the_home_page(client, officer):
    phone = {"headers": {"user-agent": "Mozilla/5.0 (Linux; Android 14) Mobile Safari/537.36"}}
    client.get(reverse("staff_login"), **phone)
    client.post(reverse("staff_login"), {"login": "officer", "password": PASSWORD}, **phone)
    answer = client.post(reverse("mfa_authenticate"), {"code": totp.demo_code(officer)}, **phone)
    assert answer.url == "/" and reverse("admin:index") in client.get("/", **phone).content.decode()


def test_a_wrong_code_is_refused_and_logged(client, officer):
    give_password(client)
    right = totp.demo_code(officer)
    answer = give_code(client, f"{(int(right) + 7) % 10**6:06}")
    assert "动态验证码不正确" in answer.content.decode() and not signed_in(client)
    event = AccessEvent.objects.get()
    assert event.kind == "login_failed" and event.object_pk == str(officer.pk) and event.actor is None


def test_a_code_counts_once(client, officer):
    code = totp.demo_code(officer)
    give_password(client)
    give_code(client, code)
    other = Client()
    give_password(other)
    assert "刚用过的验证码请等下一个" in give_code(other, code).content.decode() and not signed_in(other)
    # The demo's box knows, so that two visitors in the same half minute both get in.
    give_code(other, totp.demo_code(officer))
    assert signed_in(other)


def test_the_demo_box_shows_the_code_in_demo_mode_only(client, officer, settings):
    give_password(client)
    code = totp.demo_code(officer)
    page = client.get(reverse("mfa_authenticate")).content.decode()
    assert code in page and "演示模式" in page
    settings.DEMO = False
    page = client.get(reverse("mfa_authenticate")).content.decode()
    assert code not in page and "演示模式" not in page and totp.demo_code(officer) == ""


def test_guessing_codes_locks(client, officer):
    give_password(client)
    right = totp.demo_code(officer)
    for step in range(5):
        give_code(client, f"{(int(right) + 7 + step) % 10**6:06}")
    assert "15 分钟后再试" in give_code(client, right).content.decode() and not signed_in(client)


def test_a_recovery_code_works_once(client, officer):
    code = RecoveryCodes.activate(officer).get_unused_codes()[0]
    give_password(client)
    assert give_code(client, code).url == reverse("admin:index")
    other = Client()
    give_password(other)
    give_code(other, code)
    assert not signed_in(other)


def test_the_secret_is_encrypted_at_rest_and_worthless_under_another_key(client, officer, settings):
    stored = Authenticator.objects.get(user=officer).data["secret"]
    code = totp.demo_code(officer)
    assert SECRET not in stored
    settings.FIELD_KEY = "another key altogether"
    give_password(client)
    assert give_code(client, code).status_code == 200 and not signed_in(client)


def test_without_second_factor_everything_else_is_shut(client, newcomer):
    give_password(client, "newcomer")
    set_up = reverse("mfa_activate_totp")
    for name in (
        "admin:index",
        "me",
        "account_change_password",
        "mfa_index",
        "mfa_view_recovery_codes",
        "elevate",
    ):
        assert client.get(reverse(name)).url == set_up, name
    assert client.get(reverse("privacy")).status_code == 200
    page = client.get(set_up)
    assert page.status_code == 200 and "<svg" in page.content.decode()
    secret = page.context["form"].secret
    code = totp.auth.format_hotp_value(totp.auth.hotp_value(secret, int(time.time()) // 30))
    answer = client.post(set_up, {"code": code})
    assert answer.url == reverse("mfa_view_recovery_codes")
    page = client.get(answer.url)
    assert len(re.findall(r">\d{8}<", page.content.decode())) == 10
    assert client.get(reverse("admin:index")).status_code == 200


def test_a_session_from_before_the_second_factor_does_not_profit_from_it(client, newcomer):
    give_password(client, "newcomer")
    totp.enrol(newcomer, SECRET)
    assert client.get(reverse("admin:index")).url.startswith(reverse("staff_login"))
    assert not signed_in(client)


def test_taking_the_app_away_leads_straight_to_a_new_one(client, officer):
    sign_in(client, officer)
    client.post(reverse("mfa_deactivate_totp"))
    assert not totp.has_totp(officer)
    assert client.get(reverse("admin:index")).url == reverse("mfa_activate_totp")


def test_touching_the_second_factor_asks_for_the_password_again_after_a_while(client, officer, later):
    sign_in(client, officer)
    assert client.get(reverse("mfa_view_recovery_codes")).status_code == 404, "none were made yet"
    later(6 * 60)
    answer = client.get(reverse("mfa_deactivate_totp"))
    assert answer.url.startswith(reverse("account_reauthenticate"))
    page = client.get(answer.url)
    assert "请再次确认身份" in page.content.decode()
    assert "密码不正确" in client.post(answer.url, {"password": "nonsense"}).content.decode()
    assert client.post(answer.url, {"password": PASSWORD}).url == reverse("mfa_deactivate_totp")
    assert client.get(reverse("mfa_deactivate_totp")).status_code == 200


# --- failures and locks ----------------------------------------------------------------------------------------------
def test_five_failures_lock_the_name_for_a_quarter_of_an_hour(client, officer, later):
    for _ in range(5):
        assert "登录名或密码不正确" in give_password(client, password="wrong").content.decode()
    locked = give_password(Client()).content.decode()
    assert "15 分钟后再试" in locked and "officer" in locked, "locked also for the right password, name kept"
    assert "15 分钟后再试" in give_password(Client(), "OFFICER").content.decode(), "case is no way round"
    assert (
        "15 分钟后再试"
        in Client()
        .post(
            reverse("staff_login"),
            {"login": "officer", "password": PASSWORD},
            headers={"host": "other.example"},
        )
        .content.decode()
    ), "nor is another host name"
    assert kinds() == ["login_failed"] * 8
    later(15 * 60 + 1)
    assert give_password(Client()).url == reverse("mfa_authenticate")


def test_unknown_names_lock_the_same_way(client, officer):
    known = [give_password(client, "officer", "wrong").content.decode() for _ in range(6)]
    unknown = [give_password(client, "nobody", "wrong").content.decode() for _ in range(6)]

    def bare(page: str) -> str:
        return re.sub(r'name="csrfmiddlewaretoken"[^>]*>|officer|nobody', "", page)

    assert [bare(page) for page in known] == [bare(page) for page in unknown]


def test_what_was_typed_as_a_name_is_not_logged(client):
    give_password(client, "MyPassw0rd!")
    event = AccessEvent.objects.get()
    assert "MyPassw0rd!" not in event.summary and event.object_pk == ""


@pytest.mark.parametrize("fields", [{"is_staff": False}, {"is_staff": True, "is_active": False}])
def test_only_living_staff_accounts_sign_in_by_password(client, fields):
    User.objects.create_user("other", password=PASSWORD, **fields)
    answer = give_password(client, "other")
    assert (
        answer.status_code == 200
        and "登录名或密码不正确" in answer.content.decode()
        and not signed_in(client)
    )


HOSTILE = [
    "\x00",
    "a\x00b",
    "😀" * 30,
    "x" * 1_000_000,
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "\u202eabc",
    "{{7*7}}",
    "",
]


@pytest.mark.parametrize("typed", HOSTILE)
def test_no_name_password_or_code_is_so_strange_that_the_page_breaks(client, officer, typed):
    for name, password in ((typed, PASSWORD), ("officer", typed), (typed, typed)):
        answer = give_password(client, name, password)
        assert answer.status_code == 200 and "<script>alert" not in answer.content.decode()
    give_password(client)
    answer = give_code(client, typed)
    assert answer.status_code == 200 and 'role="alert"' in answer.content.decode() and not signed_in(client)


# --- where one is sent -----------------------------------------------------------------------------------------------
def test_next_is_followed_within_the_portal_only(client, officer):
    give_password(client, next="/me/")
    assert give_code(client, totp.demo_code(officer)).url == "/me/"
    client.post(reverse("account_logout"))
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        other = Client()
        give_password(other, next=target)
        cache.clear()
        assert give_code(other, totp.demo_code(officer)).url == reverse("admin:index")
        assert other.post(reverse("account_logout"), {"next": target}).url == "/"


def test_the_admins_own_doors_lead_to_ours(client, officer):
    assert client.get("/admin/login/?next=/admin/").url == reverse("staff_login") + "?next=/admin/"
    assert client.post("/admin/login/", {"username": "officer", "password": PASSWORD}).status_code == 302
    assert not signed_in(client)
    sign_in(client, officer)
    assert client.get("/admin/password_change/").url == reverse("account_change_password")
    client.post("/admin/logout/")
    assert not signed_in(client) and kinds() == ["login", "logout"]


def test_a_resident_at_the_staff_door_is_not_sent_in_circles(client):
    client.force_login(User.objects.create_user("p1", phone="13800001234"))
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 200 and "这里是工作人员入口" in answer.content.decode()


STAFF_PAGES = [
    "account_change_password", "account_reauthenticate", "mfa_reauthenticate", "mfa_index", "mfa_activate_totp",
    "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "elevate", "elevate_end",
]  # fmt: skip


@pytest.mark.parametrize("name", STAFF_PAGES)
def test_staff_pages_are_shut_to_strangers_and_residents(client, name):
    url = reverse(name)
    for method in (client.get, client.post):
        assert method(url).url.startswith(reverse("staff_login"))
    client.force_login(User.objects.create_user("p1", phone="13800001234"))
    for method in (client.get, client.post):
        assert method(url).status_code == 404


@pytest.mark.parametrize("path", ["signup/", "email/", "password/reset/", "confirm-email/", "password/set/"])
def test_what_allauth_offers_beyond_is_not_served(client, path):
    for prefix in ("/", "/staff/", "/accounts/"):
        assert client.get(prefix + path).status_code == 404


def test_becoming_staff_ends_a_phone_session(client):
    user = User.objects.create_user("p1", phone="13800001234")
    client.force_login(user)
    session = client.session
    session[sessions.BY_PHONE] = True
    session.save()
    User.objects.filter(pk=user.pk).update(is_staff=True)
    assert client.get(reverse("admin:index")).url.startswith(reverse("staff_login"))
    assert not signed_in(client)


def test_a_deactivated_account_is_out_at_once(client, officer):
    sign_in(client, officer)
    User.objects.filter(pk=officer.pk).update(is_active=False)
    assert client.get(reverse("me")).status_code == 302


# --- time ------------------------------------------------------------------------------------------------------------
def test_half_an_hour_without_a_click_signs_staff_out(client, officer, later):
    sign_in(client, officer)
    later(29 * 60)
    assert client.get(reverse("mfa_index")).status_code == 200
    later(29 * 60)
    assert client.get(reverse("mfa_index")).status_code == 200
    later(30 * 60 + 1)
    answer = client.get(reverse("mfa_index") + "?a=1")
    assert answer.url == reverse("staff_login") + "?next=%2Fstaff%2Fsecurity%2F%3Fa%3D1"
    assert not signed_in(client)
    assert "超过 30 分钟没有操作" in client.get(answer.url).content.decode()
    assert kinds() == ["login", "logout"]


def test_the_idle_time_is_a_parameter_and_not_for_residents(client, officer, later):
    parameters.change("staff.idle_minutes", 5)
    sign_in(client, officer)
    later(5 * 60 + 1)
    assert client.get(reverse("me")).url.startswith(reverse("staff_login"))
    resident = Client()
    resident.force_login(User.objects.create_user("p1", phone="13800001234"))
    resident.get(reverse("me"))
    later(3600)
    assert resident.get(reverse("me")).status_code == 200


def test_the_api_is_told_in_json(client, officer, later):
    sign_in(client, officer)
    later(3600)
    gate = sessions.SessionGate(lambda request: None)
    request = RequestFactory().get("/api/v1/orders/")
    request.user, request.session = officer, client.session
    answer = gate.process_view(request, None, (), {})
    assert answer.status_code == 403 and b"\\u5df2\\u81ea\\u52a8\\u9000\\u51fa" in answer.content


def test_an_outdated_password_must_be_changed_first(client, officer):
    User.objects.filter(pk=officer.pk).update(password_changed_at=timezone.now() - timedelta(days=91))
    sign_in(client, officer)
    change = reverse("account_change_password")
    assert client.get(reverse("admin:index")).url == change
    assert "已使用超过 90 天" in client.get(change).content.decode()
    new = {"oldpassword": PASSWORD, "password1": "Blue-bridge-2027", "password2": "Blue-bridge-2027"}
    assert client.post(change, new).url == reverse("admin:index")
    assert client.get(reverse("admin:index")).status_code == 200, "still signed in here"
    officer.refresh_from_db()
    assert officer.check_password("Blue-bridge-2027")


def test_a_first_password_from_an_administrator_must_be_changed(client, officer):
    parameters.change("staff.password_days", 0)
    User.objects.filter(pk=officer.pk).update(password_changed_at=None)
    sign_in(client, officer)
    change = reverse("account_change_password")
    assert client.get(reverse("admin:index")).url == change
    assert "初始密码" in client.get(change).content.decode()
    client.post(
        change, {"oldpassword": PASSWORD, "password1": "Blue-bridge-2027", "password2": "Blue-bridge-2027"}
    )
    assert client.get(reverse("admin:index")).status_code == 200


def test_the_password_age_is_a_parameter_and_zero_means_never(client, officer):
    User.objects.filter(pk=officer.pk).update(password_changed_at=timezone.now() - timedelta(days=400))
    parameters.change("staff.password_days", 0)
    sign_in(client, officer)
    assert client.get(reverse("admin:index")).status_code == 200


def test_changing_the_password_ends_the_other_sessions(client, officer):
    other = Client()
    other.force_login(officer)
    sign_in(client, officer)
    client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": "Blue-bridge-2027", "password2": "Blue-bridge-2027"},
    )
    assert client.get(reverse("mfa_index")).status_code == 200
    assert other.get(reverse("mfa_index")).status_code == 302


@pytest.mark.parametrize(
    ("old", "new", "again", "sentence"),
    [
        ("nonsense", "Blue-bridge-2027", "Blue-bridge-2027", "当前密码不正确"),
        (PASSWORD, PASSWORD, PASSWORD, "不能与当前密码相同"),
        (PASSWORD, "Blue-bridge-2027", "Blue-bridge-2028", "两遍新密码不一样"),
        (PASSWORD, "Short-1", "Short-1", "10"),
        (PASSWORD, "onlysmalllettersandmore", "onlysmalllettersandmore", "至少包含三类"),
        (PASSWORD, "83629174650182", "83629174650182", "至少包含三类"),
        (PASSWORD, "Officer-1", "Officer-1", "登录名"),
        (PASSWORD, "", "", "请填写新密码"),
        (PASSWORD, "Aa1" + "x" * 1000, "Aa1" + "x" * 1000, "最长 128"),
        (PASSWORD, "Aa1-\x00-bridges", "Aa1-\x00-bridges", ""),
    ],
)
def test_a_new_password_must_be_good(client, officer, old, new, again, sentence):
    sign_in(client, officer)
    answer = client.post(
        reverse("account_change_password"), {"oldpassword": old, "password1": new, "password2": again}
    )
    assert answer.status_code == 200 and sentence in answer.content.decode()
    assert not re.findall(r"[A-Za-z]{3,}", text_of(answer)), "no English"
    officer.refresh_from_db()
    assert officer.check_password(PASSWORD)


# --- superuser mode --------------------------------------------------------------------------------------------------
@pytest.fixture
def keeper(officer):
    """A staff account that may switch superuser mode on."""
    User.objects.filter(pk=officer.pk).update(may_elevate=True)
    return User.objects.get(pk=officer.pk)


def test_superuser_mode_needs_a_reason_ends_by_itself_and_is_logged(client, keeper):
    sign_in(client, keeper)
    assert not User.objects.get(pk=keeper.pk).is_superuser
    for reason in ("", "abc", "    ", "x" * 201, "理由\x00理由", "\u202e理由理由"):
        answer = client.post(reverse("elevate"), {"reason": reason})
        assert answer.status_code == 200 and 'role="alert"' in answer.content.decode(), reason
    assert not Elevation.objects.exists()
    client.post(reverse("elevate"), {"reason": "恢复误停用的角色"})
    assert User.objects.get(pk=keeper.pk).is_superuser
    page = client.get(reverse("elevate"))
    assert "自动结束" in page.content.decode() and page.context["elevation"].reason == "恢复误停用的角色"
    event = AccessEvent.objects.get(kind="elevate")
    assert event.actor == keeper and event.reason == "恢复误停用的角色"
    running = Elevation.objects.get()
    assert running.until - running.started_at <= timedelta(minutes=30, seconds=1)
    long_ago = timezone.now() - timedelta(minutes=31)
    Elevation.objects.update(started_at=long_ago, until=long_ago + timedelta(minutes=30))
    assert not User.objects.get(pk=keeper.pk).is_superuser
    assert not client.get(reverse("elevate")).context["elevation"]


def test_a_lapsed_superuser_mode_is_written_down_once(client, keeper):
    sign_in(client, keeper)
    client.post(reverse("elevate"), {"reason": "恢复误停用的角色"})
    running = Elevation.objects.get()
    flow.tick(running.until - timedelta(seconds=1))
    assert kinds() == ["login", "elevate"]
    flow.tick(running.until + timedelta(hours=3))
    flow.tick(running.until + timedelta(hours=4))
    assert kinds() == ["login", "elevate", "elevate_end"]
    running.refresh_from_db()
    assert running.ended_at == running.until
    assert "到时自动结束" in AccessEvent.objects.get(kind="elevate_end").summary


def test_signing_out_ends_superuser_mode(client, keeper, later):
    for leave in (
        lambda: client.post(reverse("account_logout")),
        lambda: (later(3600), client.get(reverse("me"))),
    ):
        cache.clear()
        sign_in(client, keeper)
        client.post(reverse("elevate"), {"reason": "恢复误停用的角色"})
        assert User.objects.get(pk=keeper.pk).is_superuser
        leave()
        assert not signed_in(client) and not User.objects.get(pk=keeper.pk).is_superuser


def test_superuser_mode_ends_by_hand_and_that_is_logged(client, keeper):
    sign_in(client, keeper)
    client.post(reverse("elevate"), {"reason": "恢复误停用的角色"})
    client.post(reverse("elevate_end"))
    client.post(reverse("elevate_end"))
    assert not User.objects.get(pk=keeper.pk).is_superuser
    assert kinds() == ["login", "elevate", "elevate_end"]


def test_nobody_else_has_superuser_mode(client, officer):
    sign_in(client, officer)
    assert client.get(reverse("elevate")).status_code == 404
    assert client.post(reverse("elevate"), {"reason": "我想试一试"}).status_code == 404
    assert client.post(reverse("elevate_end")).status_code == 404
    assert not Elevation.objects.exists()


def test_createsuperuser_makes_an_account_that_may_elevate_and_is_none_yet(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", username="first", interactive=False)
    user = User.objects.get(username="first")
    assert user.is_staff and user.may_elevate and not user.is_superuser and user.check_password(PASSWORD)


# --- the look --------------------------------------------------------------------------------------------------------
def test_pages_hold_no_english(client, keeper, later, settings):
    settings.DEMO_PEOPLE = ""  # the demo names its people's logins and passwords
    pages = [
        client.get(reverse("staff_login")),
        give_password(client, "", ""),
        give_password(client, "officer", "no"),
    ]
    give_password(client)
    pages += [client.get(reverse("mfa_authenticate")), give_code(client, "")]
    give_code(client, totp.demo_code(keeper))
    names = [
        "account_logout",
        "account_change_password",
        "mfa_index",
        "mfa_generate_recovery_codes",
        "elevate",
        "me",
    ]
    pages += [client.get(reverse(name)) for name in names]
    client.post(reverse("mfa_generate_recovery_codes"))
    pages.append(client.get(reverse("mfa_view_recovery_codes")))
    pages.append(client.get(reverse("mfa_deactivate_totp")))
    later(6 * 60)
    pages += [client.get(reverse("account_reauthenticate")), client.get(reverse("mfa_reauthenticate"))]
    for page in pages:
        assert page.status_code == 200
        words = set(re.findall(r"[A-Za-z]{3,}", text_of(page)))
        assert not words, (page.request["PATH_INFO"], words)


def test_too_many_requests_is_a_page_in_chinese(client):
    for _ in range(31):
        answer = give_password(client, "nobody", "")
    assert answer.status_code == 429 and "操作太频繁" in answer.content.decode()
