"""Signing in by phone and SMS code: what a code is worth, how often it may be asked for, and that nobody learns from the
answers whether a phone has an account."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from governance import parameters
from governance.accounts import codes
from governance.models import AccessEvent, Intake, TextMessage, User
from governance.notices import SmsGateway
from tests import factories

pytestmark = pytest.mark.django_db

PHONE = "13800001234"
SENT: list[tuple[str, str]] = []


class Outbox(SmsGateway):
    """A provider that delivers to a list."""

    def send(self, phone: str, body: str) -> None:
        SENT.append((phone, body))


class Refusing(SmsGateway):
    """A provider that is down, and repeats the message in its complaint."""

    def send(self, phone: str, body: str) -> None:
        raise ConnectionError(f"cannot deliver: {body}")


@pytest.fixture(autouse=True)
def outbox(settings, db):
    cache.clear()
    settings.SMS_GATEWAY = f"{__name__}.Outbox"
    settings.DEMO = False
    SENT.clear()
    yield SENT
    # The limits are in a table of no model, which no test's end empties by itself.
    cache.clear()


@pytest.fixture
def later(monkeypatch):
    """Return a function that moves the clock of codes and limits forward by seconds."""
    real, ahead = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + ahead[0])

    def move(seconds: float) -> None:
        ahead[0] += seconds

    return move


def ask(client, phone=PHONE, **extra):
    return client.post(reverse("phone_login"), {"phone": phone, **extra})


def sent_code() -> str:
    return re.search(r"验证码是 (\d{6})，", SENT[-1][1]).group(1)


def enter(client, code):
    return client.post(reverse("phone_code"), {"code": code})


def sign_in(client, phone=PHONE):
    ask(client, phone)
    return enter(client, sent_code())


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_an_unknown_phone_gets_an_account_only_once_it_is_proven(client):
    ask(client)
    assert not User.objects.filter(phone=PHONE).exists()
    enter(client, wrong(sent_code()))
    assert not User.objects.filter(phone=PHONE).exists()
    enter(client, sent_code())
    user = User.objects.get(phone=PHONE)
    assert user.phone_verified and user.username.startswith("p") and user.name == "" and not user.is_staff
    assert not user.has_usable_password()
    assert client.session["_auth_user_id"] == str(user.pk)
    assert AccessEvent.objects.get(kind="login").actor == user


def test_a_known_phone_opens_its_account_and_is_verified_by_it(client):
    user = User.objects.create_user("filled-in", phone=PHONE, name="张某")
    sign_in(client)
    user.refresh_from_db()
    assert client.session["_auth_user_id"] == str(user.pk) and user.phone_verified
    assert User.objects.filter(phone=PHONE).count() == 1
    # The time of the sign-in is no new version of the account; that the phone was proven is one.
    assert user.history.count() == 2


def test_matters_placed_for_the_phone_become_the_new_accounts_own(client, territory):
    worker = factories.make_user()
    intake = Intake.objects.create(
        kind="order", source="page", source_id="1", channel="phone", grid_id=factories.BASE,
        applicant_phone=PHONE, applicant_name="张某", placed_by=worker,
    )  # fmt: skip
    sign_in(client)
    intake.refresh_from_db()
    assert intake.applicant == User.objects.get(phone=PHONE)


def test_the_session_key_is_new_after_signing_in(client):
    ask(client)
    before = client.session.session_key
    enter(client, sent_code())
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_the_code_is_nowhere_in_clear(client):
    ask(client)
    code = sent_code()
    assert code not in json.dumps(client.session[codes.SESSION_KEY])
    message = TextMessage.objects.get()
    assert code not in message.body and message.status == "sent" and message.phone == PHONE


def test_the_kept_hash_is_bound_to_its_request(client, monkeypatch, later):
    monkeypatch.setattr("governance.accounts.codes.secrets.randbelow", lambda _: 123456)
    kept = set()
    for _ in range(3):
        ask(client)
        kept.add(client.session[codes.SESSION_KEY]["digest"])
        later(61)
    assert len(kept) == 3, "the same code twice does not show"


def test_the_code_is_shown_in_demo_mode_only(client, settings):
    ask(client)
    assert sent_code() not in client.get(reverse("phone_code")).content.decode()
    settings.DEMO = True
    settings.SMS_GATEWAY = "governance.notices.DemoGateway"
    ask(client, "13800005678")
    page = client.get(reverse("phone_code")).content.decode()
    shown = client.session[codes.SESSION_KEY]["shown"]
    assert re.fullmatch(r"\d{6}", shown) and shown in page and "演示模式" in page


def test_a_code_works_once(client):
    sign_in(client)
    code = sent_code()
    assert codes.SESSION_KEY not in client.session
    client.post(reverse("account_logout"))
    assert enter(client, code).status_code == 302 and not signed_in(client)


def test_a_code_belongs_to_the_browser_that_asked(client):
    ask(client)
    stranger = Client()
    assert enter(stranger, sent_code()).url == reverse("phone_login")
    assert not signed_in(stranger)


def test_a_code_expires_after_the_set_minutes(client, later):
    parameters.change("sms.code_minutes", 2)
    ask(client)
    later(121)
    assert "已过期" in enter(client, sent_code()).content.decode()
    assert not signed_in(client)


def test_a_code_still_works_just_before_it_expires(client, later):
    parameters.change("sms.code_minutes", 2)
    ask(client)
    later(115)
    enter(client, sent_code())
    assert signed_in(client)


def test_five_wrong_tries_use_a_code_up(client):
    ask(client)
    code = sent_code()
    for _ in range(5):
        assert "验证码不正确" in enter(client, wrong(code)).content.decode()
    assert "已输错 5 次" in enter(client, code).content.decode()
    assert not signed_in(client)
    assert enter(client, code).url == reverse("phone_login")


@pytest.mark.django_db(transaction=True)
def test_tries_are_counted_also_when_they_come_all_at_once(client):
    ask(client)
    code, cookie = sent_code(), client.cookies["sessionid"].value

    def guess(_: int) -> str:
        burst = Client()
        burst.cookies["sessionid"] = cookie
        try:
            return enter(burst, wrong(code)).content.decode()
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(guess, range(24)))
    assert 1 <= sum("验证码不正确" in page for page in answers) <= 5
    enter(client, code)
    assert not signed_in(client)


def test_the_fifth_try_may_be_the_right_one(client):
    ask(client)
    for _ in range(4):
        enter(client, wrong(sent_code()))
    enter(client, sent_code())
    assert signed_in(client)


def test_asking_again_makes_the_old_code_worthless(client, later):
    ask(client)
    old = sent_code()
    later(61)
    ask(client)
    if old != sent_code():
        enter(client, old)
        assert not signed_in(client)
    enter(client, sent_code())
    assert signed_in(client)


def test_one_code_a_minute_for_a_phone_whoever_asks(client, later):
    ask(client)
    refused = ask(Client())
    assert refused.status_code == 200 and "每分钟只能获取一次" in refused.content.decode() and len(SENT) == 1
    assert PHONE in refused.content.decode(), "what was typed stays"
    later(61)
    assert ask(Client()).url == reverse("phone_code") and len(SENT) == 2


def test_asking_twice_keeps_the_code_on_its_way(client):
    ask(client)
    again = ask(client)
    assert again.url == reverse("phone_code") and len(SENT) == 1
    enter(client, sent_code())
    assert signed_in(client)


def test_ten_codes_a_day_for_a_phone(client, later):
    for _ in range(10):
        assert ask(client).status_code == 302
        later(61)
    codes_before = len(SENT)
    client.cookies.clear()
    assert "今天获取验证码的次数已用完" in ask(client).content.decode() and len(SENT) == codes_before == 10
    later(24 * 3600)
    assert ask(client).url == reverse("phone_code")


def test_one_address_cannot_text_the_whole_district(client):
    for number in range(60):
        assert ask(client, f"139{number:08}").status_code == 302
    assert "您所在的网络获取验证码太频繁" in ask(client, "13999999999").content.decode()
    other = client.post(reverse("phone_login"), {"phone": "13999999998"}, REMOTE_ADDR="10.1.2.3")
    assert other.status_code == 302


def test_known_and_unknown_phones_get_the_same_answers(client):
    User.objects.create_user("known", phone="13911110000", phone_verified=True, name="李某")
    User.objects.create_user("boss", phone="13922220000", password="Secret-words-9", is_staff=True)
    User.objects.create_user("gone", phone="13933330000", is_active=False)
    answers = []
    for phone in ("13911110000", "13922220000", "13933330000", "13944440000"):
        visitor = Client()
        with CaptureQueriesContext(connection) as queries:
            asked = ask(visitor, phone)
        page = visitor.get(asked.url).content.decode()
        miss = enter(visitor, wrong(sent_code())).content.decode()
        varying = (
            r"name=\"csrfmiddlewaretoken\" value=\"\w+\"|value=\"\d{6}\"|" + phone + r"|\d{3} \*{4} \d{4}"
        )
        texts = [re.sub(varying, "", text) for text in (page, miss)]
        tables = [re.search(r'(?:FROM|INTO|UPDATE) "?(\w+)"?', q["sql"]) for q in queries]
        answers.append((asked.status_code, asked.url, texts, [t and t.group(1) for t in tables]))
        assert len(SENT) == len(answers)
    assert answers[0] == answers[1] == answers[2] == answers[3]


def test_staff_do_not_come_in_by_phone(client):
    User.objects.create_user("boss", phone=PHONE, password="Secret-words-9", is_staff=True)
    assert sign_in(client).url == reverse("staff_login")
    assert not signed_in(client)
    assert "工作人员账号" in client.get(reverse("staff_login")).content.decode()


def test_a_closed_account_stays_closed(client):
    User.objects.create_user("gone", phone=PHONE, is_active=False)
    assert sign_in(client).url == reverse("phone_login") and not signed_in(client)
    assert "账号已停用" in client.get(reverse("phone_login")).content.decode()


def test_a_failing_provider_is_told_and_kept_without_the_code(client, settings):
    settings.SMS_GATEWAY = f"{__name__}.Refusing"
    answer = ask(client)
    assert answer.status_code == 200 and "短信没有发出去" in answer.content.decode()
    message = TextMessage.objects.get()
    assert (
        message.status == "failed"
        and "******" in message.failure
        and not re.search(r"\d{6}", message.failure)
    )
    assert codes.SESSION_KEY not in client.session


def test_the_demo_provider_refuses_outside_demo_mode(client, settings):
    settings.SMS_GATEWAY = "governance.notices.DemoGateway"
    assert "短信没有发出去" in ask(client).content.decode()


def test_next_is_followed_within_the_portal(client):
    ask(client, next="/me/profile/?a=1")
    assert enter(client, sent_code()).url == "/me/profile/?a=1"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:///evil.example",
     "https:evil.example", "\x00//evil.example", " //evil.example", "https://testserver@evil.example/"],
)  # fmt: skip
def test_next_never_leads_elsewhere(client, target):
    ask(client, next=target)
    answer = enter(client, sent_code())
    assert answer.status_code == 302 and answer.url == "/"
    page = client.get(reverse("phone_login"), {"next": target})
    assert page.status_code == 302 and page.url == "/"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("138 0000 1234", PHONE),
        ("+86 138-0000-1234", PHONE),
        ("８６１３８００００１２３４", PHONE),
        (" 13800001234\n", PHONE),
    ],
)
def test_phones_are_taken_as_people_write_them(client, typed, meant):
    assert ask(client, typed).status_code == 302
    assert SENT[-1][0] == meant


HOSTILE = [
    "", " ", "\x00", "1380000\x001234", "😀" * 11, "١٣٨٠٠٠٠١٢٣٤", "<script>alert(1)</script>", "' OR 1=1 --", "12345678901",
    "23800001234", "138000012345", "\u202e43210000831", "9" * 1_000_000, "{{7*7}}", "%00", "\ud7ff", "138०००००१२३४",
]  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE)
def test_no_phone_is_so_strange_that_the_page_breaks(client, typed):
    answer = ask(client, typed)
    page = answer.content.decode()
    assert answer.status_code == 200 and 'role="alert"' in page and not SENT
    assert "<script>alert" not in page


@pytest.mark.parametrize("typed", [each for each in HOSTILE if each != "12345678901"])
def test_no_code_is_so_strange_that_the_page_breaks(client, typed):
    ask(client)
    answer = enter(client, typed)
    assert answer.status_code == 200 and 'role="alert"' in answer.content.decode() and not signed_in(client)
    # What is no code costs no try.
    enter(client, sent_code())
    assert signed_in(client)


def test_a_code_in_full_width_digits_with_a_space_is_read(client):
    ask(client)
    code = sent_code()
    enter(client, "".join(chr(ord(d) + 0xFEE0) for d in code[:3]) + " " + code[3:])
    assert signed_in(client)


def test_a_damaged_or_older_session_is_no_error(client):
    session = client.session
    session[codes.SESSION_KEY] = {"phone": PHONE}
    session.save()
    assert client.get(reverse("phone_code")).url == reverse("phone_login")
    session[codes.SESSION_KEY] = "x"
    session.save()
    assert enter(client, "123456").url == reverse("phone_login")


def test_a_phone_session_lasts_from_the_last_visit(client, later):
    sign_in(client)
    assert client.session.get_expiry_age() == 30 * 24 * 3600
    first = client.session["seen_at"]
    client.get(reverse("me"))
    assert client.session["seen_at"] == first, "not written on every click"
    later(25 * 3600)
    client.get(reverse("me"))
    assert client.session["seen_at"] >= first + 25 * 3600


def test_pages_hold_no_english(client):
    pages = [client.get(reverse("phone_login")), ask(client, "x")]
    ask(client)
    pages += [client.get(reverse("phone_code")), enter(client, "x")]
    for page in pages:
        text = strip_tags(re.sub(r"<(head|script|style).*?</\1>", "", page.content.decode(), flags=re.S))
        assert not re.findall(r"[A-Za-z]{3,}", text), text


def test_the_fields_bring_up_the_right_keyboard(client):
    assert 'inputmode="tel"' in client.get(reverse("phone_login")).content.decode()
    ask(client)
    page = client.get(reverse("phone_code")).content.decode()
    assert 'inputmode="numeric"' in page and 'autocomplete="one-time-code"' in page
