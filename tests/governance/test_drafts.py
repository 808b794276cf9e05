"""What a member of staff typed when her session had ended: after signing in again it is there, for her alone, without secrets."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from governance import drafts, parameters
from governance.accounts import sessions, totp
from governance.models import AccessEvent, User
from tests import factories

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PASSWORD = "Red-bridge-2026"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def enter(client, user):
    client.force_login(user, backend=BACKEND)
    client.get(reverse("privacy"))
    return user


def idle(client):
    """Let the session rest for longer than staff may."""
    session = client.session
    session[sessions.SEEN] = 0
    session.save()


def target(answer) -> str:
    """Return where the sign-in leads afterwards."""
    assert urlsplit(answer.url).path == reverse("staff_login")
    return parse_qs(urlsplit(answer.url).query)["next"][0]


def test_signing_in_again_brings_back_what_was_typed(client, territory):
    keeper = factories.make_staff("system_administrator", factories.DISTRICT)
    keeper.set_password(PASSWORD)
    keeper.save()
    totp.enrol(keeper, SECRET)
    enter(client, keeper)
    idle(client)
    url = reverse("admin:governance_parameter_set", args=["orders.accept_within"])
    answer = client.post(url, {"value": "7", "reason": "节后人手少"})
    assert target(answer) == url and parameters.value("orders.accept_within") == 4
    client.post(reverse("staff_login"), {"login": keeper.username, "password": PASSWORD, "next": url})
    assert client.post(reverse("mfa_authenticate"), {"code": totp.demo_code(keeper)}).url == url
    page = client.get(url)
    assert page.context["form"]["value"].value() == "7" and "节后人手少" in page.content.decode()
    assert "已恢复您退出前填写的内容" in page.content.decode()
    assert "节后人手少" not in client.get(url).content.decode(), "once"


def test_a_form_of_the_admin_comes_back_without_its_password(client, territory):
    guard = enter(client, factories.make_staff("security_administrator", factories.DISTRICT))
    idle(client)
    url = reverse("admin:governance_user_add")
    typed = {"username": "wangfang", "name": "王芳", "phone": "123", "new_password": "Hongqiao#2026"}
    client.post(url, typed)
    assert "Hongqiao#2026" not in str(client.session.items())
    enter(client, guard)
    text = client.get(url).content.decode()
    assert "wangfang" in text and "王芳" in text and "Hongqiao#2026" not in text
    assert not User.objects.filter(username="wangfang").exists()


def test_the_rows_inside_a_form_come_back_too(client, secretary):
    team = factories.make_team()
    volunteer = factories.make_volunteer(approved_by=secretary)
    enter(client, secretary)
    idle(client)
    url = reverse("admin:volunteers_team_change", args=[team.pk])
    typed = {
        "name": "改过的队名", "grid": team.grid_id, "station": "", "about": "", "is_active": "on",
        "memberships-TOTAL_FORMS": "1", "memberships-INITIAL_FORMS": "0", "memberships-0-volunteer": volunteer.pk,
        "memberships-0-joined_on": "2026-05-04", "memberships-0-left_on": "",
    }  # fmt: skip
    client.post(url, typed)
    enter(client, secretary)
    text = client.get(url).content.decode()
    assert "改过的队名" in text and "2026-05-04" in text
    assert f'value="{volunteer.pk}" selected' in text
    team.refresh_from_db()
    assert team.name != "改过的队名" and not team.memberships.exists()


def test_the_reason_of_an_action_comes_back_on_the_matter_as_it_is_now(client, secretary):
    order = factories.make_order()
    enter(client, secretary)
    idle(client)
    url = reverse("admin:volunteers_order_do", args=[order.pk, "return_back"])
    client.post(url, {"version": order.version, "note": "请写清楚楼号"})
    order.refresh_from_db()
    assert order.status == "placed"
    enter(client, secretary)
    page = client.get(url)
    assert page.context["form"]["note"].value() == "请写清楚楼号"
    assert page.context["form"]["version"].value() == str(order.version)


def test_nobody_else_on_this_computer_sees_it(client, secretary):
    order = factories.make_order()
    enter(client, secretary)
    idle(client)
    url = reverse("admin:volunteers_order_do", args=[order.pk, "return_back"])
    client.post(url, {"version": order.version, "note": "请写清楚楼号"})
    enter(client, factories.make_staff("community_worker", factories.COMMUNITY))
    assert "请写清楚楼号" not in client.get(url).content.decode()
    assert "请写清楚楼号" not in str(client.session.items()), "it is not kept for a third either"


@pytest.mark.parametrize("came_from", ["https://evil.example/x", "//evil.example/", ""])
def test_one_returns_to_the_page_the_form_was_on_and_never_to_another_site(client, secretary, came_from):
    enter(client, secretary)
    idle(client)
    here = reverse("elevate_end")
    answer = client.post(here, {"a": "1"}, headers={"referer": came_from} if came_from else {})
    assert target(answer) == here
    enter(client, secretary)
    idle(client)
    page = "http://testserver" + reverse("admin:index") + "?a=1"
    assert target(client.post(here, {}, headers={"referer": page})) == reverse("admin:index") + "?a=1"


def test_a_draft_belongs_to_its_whole_address_and_to_its_owner(rf):
    session: dict = {}

    def sent(address: str, key: int, **fields):
        request = rf.post(address, fields) if fields else rf.get(address)
        request.session, request.user = session, User(pk=key)
        return request

    drafts.keep(sent("/new/?item=a&for=1", 1, phone="13800001234"), "/new/")
    for address in ("/new/", "/new/?item=a", "/new/?item=b&for=1"):
        assert drafts.take(sent(address, 1), "/new/") is None
    assert drafts.take(sent("/new/?for=1&item=a", 1), "/new/")["phone"] == "13800001234"
    drafts.keep(sent("/new/?item=a", 1, phone="13800001234"), "/new/")
    assert drafts.take(sent("/new/?item=a", 2), "/new/") is None and "1234" not in str(session)


def test_what_is_secret_or_no_form_of_a_person_is_not_kept(rf):
    given = {
        "password": "a", "oldpassword": "b", "new_password": "c", "code": "123456", "x-0-code": "1", "version": "3",
        "csrfmiddlewaretoken": "d", "note": "留下", "x" * 80: "长",
    }  # fmt: skip
    request = rf.post("/x/", given)
    request.session, request.user = {}, User(pk=1)
    drafts.keep(request, "/x/")
    assert dict(drafts.take(request, "/x/").lists()) == {"note": ["留下"]}
    request = rf.post("/x/", {f"field{number}": "x" * 30 for number in range(600)})
    request.session = {}
    drafts.keep(request, "/x/")
    assert request.session == {}


def test_the_log_says_that_the_session_ended_and_nothing_of_what_was_typed(client, secretary):
    enter(client, secretary)
    idle(client)
    client.post(reverse("me_profile"), {"name": "新名字"})
    event = AccessEvent.objects.latest("pk")
    assert event.kind == "logout" and "新名字" not in event.summary
