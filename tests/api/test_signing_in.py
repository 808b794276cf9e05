"""Tokens: what a phone code is exchanged for, how long it holds, and whom it never serves."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from governance.accounts import tokens
from governance.models import AccessEvent, ApiToken, User
from tests import factories

pytestmark = pytest.mark.django_db
PHONE = "13800001234"


def ask(client, phone=PHONE):
    return client.post("/api/v1/auth/code/", {"phone": phone}, format="json")


def exchange(client, challenge, code):
    return client.post(
        "/api/v1/auth/token/", {"challenge": challenge, "code": code, "label": "手机"}, format="json"
    )


@pytest.fixture
def sent(settings):
    settings.DEMO = True
    answer = ask(APIClient())
    assert answer.status_code == 200, answer.content.decode()
    return answer.json()


def test_a_code_becomes_a_token_once(sent):
    client = APIClient()
    answer = exchange(client, sent["challenge"], sent["shown"])
    assert answer.status_code == 201, answer.content.decode()
    assert "sessionid" not in answer.cookies
    token = answer.json()["token"]
    assert exchange(client, sent["challenge"], sent["shown"]).json()["errors"][0]["attr"] == "code"
    kept = ApiToken.objects.get()
    assert token not in (kept.digest, str(kept))
    assert AccessEvent.objects.filter(kind="login", actor=kept.user).exists()

    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert client.get("/api/v1/me/").json()["phone"] == PHONE
    assert [row["id"] for row in client.get("/api/v1/auth/tokens/").json()["results"]] == [kept.pk]
    assert client.delete("/api/v1/auth/token/").status_code == 204
    gone = client.get("/api/v1/me/")
    assert gone.status_code == 401
    assert gone.json()["errors"][0]["detail"] == "登录已失效，请重新登录。"


def test_five_wrong_codes_end_the_challenge(sent):
    wrong = "000000" if sent["shown"] != "000000" else "111111"
    answers = [exchange(APIClient(), sent["challenge"], wrong) for _ in range(6)]
    assert {answer.status_code for answer in answers} == {400}
    assert exchange(APIClient(), sent["challenge"], sent["shown"]).status_code == 400
    assert not ApiToken.objects.exists()


def test_codes_cannot_be_asked_for_again_and_again(sent):
    again = ask(APIClient())
    assert again.status_code == 429
    assert "一分钟" in again.json()["errors"][0]["detail"]


def test_the_code_is_shown_in_demo_mode_only(settings):
    settings.DEMO = False
    settings.SMS_GATEWAY = "tests.governance.test_accounts_phone.Outbox"
    assert ask(APIClient()).json()["shown"] == ""


def test_a_staff_phone_gets_no_token(sent):
    User.objects.create_user("boss", phone=PHONE, phone_verified=True, is_staff=True)
    assert exchange(APIClient(), sent["challenge"], sent["shown"]).status_code == 400
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"is_active": False},
        pytest.param({"is_staff": True}, id="a phone code is no key to the desk, not even later"),
    ],
)
def test_a_token_ends_with_the_account(api, resident, change):
    client = api(resident)
    assert client.get("/api/v1/me/").status_code == 200
    User.objects.filter(pk=resident.pk).update(**change)
    assert client.get("/api/v1/me/").status_code == 401


def test_a_token_ends_by_itself(api, resident):
    client = api(resident)
    past = timezone.now() - timedelta(minutes=1)
    ApiToken.objects.update(created_at=past - timedelta(days=1), expires_at=past)
    assert client.get("/api/v1/me/").status_code == 401


def test_the_oldest_of_many_phones_gives_way(api, resident):
    first = api(resident)
    for _ in range(tokens.MOST_PER_PERSON):
        api(resident)
    assert ApiToken.objects.count() == tokens.MOST_PER_PERSON
    assert first.get("/api/v1/me/").status_code == 401


def test_nobody_ends_another_persons_token(api, resident):
    api(resident)
    other = api(factories.make_user())
    key = ApiToken.objects.get(user=resident).pk
    assert other.delete(f"/api/v1/auth/tokens/{key}/").status_code == 404
    assert api(resident).delete(f"/api/v1/auth/tokens/{key}/").status_code == 204


def test_the_administrator_makes_a_token_for_another_system(secretary):
    out, err = StringIO(), StringIO()
    call_command("api_token", secretary.username, label="12345 热线", days=30, stdout=out, stderr=err)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {out.getvalue().strip()}")
    assert client.get("/api/v1/me/").json()["posts"][0]["role"] == "community_secretary"
    assert out.getvalue().strip() not in err.getvalue()


@pytest.mark.parametrize(
    ("name", "days", "says"), [("nobody", 30, "没有登录名"), ("root", 30, "超级管理"), ("plain", 999, "366")]
)
def test_a_token_is_refused_with_the_reason(db, name, days, says):
    User.objects.create_superuser("root")
    User.objects.create_user("plain")
    with pytest.raises(CommandError, match=says):
        call_command("api_token", name, label="系统", days=days)


def test_a_session_needs_its_protection_against_forged_requests(resident):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(resident)
    assert client.get("/api/v1/me/").status_code == 200
    refused = client.patch("/api/v1/me/", {"name": "别人"}, format="json")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "csrf")
    resident.refresh_from_db()
    assert resident.name == "李奶奶"


def test_the_own_name_and_door_can_be_kept(api, resident):
    client = api(resident)
    kept = client.patch("/api/v1/me/", {"address": "3 号楼 2 门 501"}, format="json").json()
    assert (kept["name"], kept["address"]) == ("李奶奶", "3 号楼 2 门 501")
    wrong = client.patch("/api/v1/me/", {"name": "李\u202e奶奶"}, format="json")
    assert wrong.json()["errors"][0]["attr"] == "name"
