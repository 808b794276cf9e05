"""The own account: name and address, signing out, the privacy notice, and closing the account for good."""

import re

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from governance import parameters
from governance.accounts import closing
from governance.accounts.arrivals import account_of
from governance.appointments import appoint
from governance.models import AccessEvent, User
from tests import factories

pytestmark = pytest.mark.django_db

PHONE = "13800001234"


@pytest.fixture
def resident(client):
    user = User.objects.create_user("p1", phone=PHONE, phone_verified=True)
    client.force_login(user)
    return user


@pytest.mark.parametrize("name", ["me", "me_profile", "me_close"])
def test_strangers_are_asked_to_sign_in_first(client, name):
    for method in (client.get, client.post):
        assert method(reverse(name)).url == f"{reverse('phone_login')}?next={reverse(name)}"


def test_name_and_address_are_kept(client, resident):
    client.post(reverse("me_profile"), {"name": " 张晓红 ", "address": "3号楼2门501"})
    resident.refresh_from_db()
    assert (resident.name, resident.address) == ("张晓红", "3号楼2门501")
    page = client.get(reverse("me")).content.decode()
    assert "张晓红" in page and PHONE not in page and "138 **** 1234" in page


def test_only_the_own_name_and_address_can_be_changed(client, resident):
    other = factories.make_user("李某")
    client.post(
        reverse("me_profile"),
        {"name": "张某", "address": "", "id": other.pk, "pk": other.pk, "is_staff": "on", "may_elevate": "on",
         "phone": "13900000000", "username": "boss"},
    )  # fmt: skip
    resident.refresh_from_db()
    other.refresh_from_db()
    assert other.name == "李某" and resident.name == "张某"
    assert (resident.phone, resident.username, resident.is_staff, resident.may_elevate) == (
        PHONE,
        "p1",
        False,
        False,
    )


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("张" * 41, "40"),
        ("张\x00某", ""),
        ("张\u202e某", "控制字符"),
        ("张" * 1_000_00, "40"),
        ("\u200b", "控制字符"),
    ],
)
def test_a_strange_name_is_refused_with_a_sentence_and_stays_in_the_box(client, resident, name, sentence):
    answer = client.post(reverse("me_profile"), {"name": name, "address": "3号楼"})
    page = answer.content.decode()
    assert (
        answer.status_code == 200 and sentence in page and 'role="alert"' in page and 'value="3号楼"' in page
    )
    resident.refresh_from_db()
    assert resident.name == ""


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "阿依古丽·买买提", "👨‍👩‍👧", "Robert'); DROP TABLE--"]
)
def test_unusual_names_are_names(client, resident, name):
    client.post(reverse("me_profile"), {"name": name, "address": ""})
    resident.refresh_from_db()
    assert resident.name == name
    assert "<script>alert" not in client.get(reverse("me")).content.decode()


def test_after_the_profile_one_goes_on_within_the_portal_only(client, resident):
    fields = {"name": "张某", "address": ""}
    assert client.post(reverse("me_profile"), {**fields, "next": "/privacy/"}).url == "/privacy/"
    assert client.post(reverse("me_profile"), {**fields, "next": "//evil.example/"}).url == reverse("me")


def test_signing_out_takes_a_button_not_a_link(client, resident):
    assert "要退出登录吗" in client.get(reverse("account_logout")).content.decode()
    assert "_auth_user_id" in client.session
    assert client.post(reverse("account_logout")).url == "/"
    assert "_auth_user_id" not in client.session
    assert AccessEvent.objects.get().kind == "logout"


def test_the_privacy_notice_is_open_and_names_the_organiser(client):
    parameters.change("portal.organiser", "红桥区社会工作部")
    page = client.get(reverse("privacy")).content.decode()
    assert "红桥区社会工作部" in page and "第四十五条" in page and "5 分钟内有效" in page


def test_closing_needs_a_clear_yes(client, resident):
    assert 'role="alert"' in client.post(reverse("me_close")).content.decode()
    resident.refresh_from_db()
    assert resident.is_active and resident.phone == PHONE


def test_closing_erases_who_it_was_also_in_the_history(client, resident, territory):
    entrance = factories.make_entrance()
    User.objects.filter(pk=resident.pk).update(entrance=entrance)
    client.post(reverse("me_profile"), {"name": "张晓红", "address": "3号楼2门501"})
    assert client.post(reverse("me_close"), {"sure": "on"}).url == "/"
    assert "_auth_user_id" not in client.session
    resident.refresh_from_db()
    assert not resident.is_active and resident.username == "p1"
    assert (resident.name, resident.phone, resident.address, resident.entrance_id) == ("", None, "", None)
    versions = resident.history.values_list("name", "phone", "address", "entrance_id")
    assert len(versions) >= 3 and set(versions) == {("", None, "", None)}
    assert resident.history.latest().history_change_reason == "本人注销账号"


def test_closing_keeps_the_matters_and_a_new_account_does_not_get_them(client, territory):
    order = factories.make_order()
    resident, phone = order.applicant, order.applicant_phone
    closing.close(resident)
    order.refresh_from_db()
    assert order.applicant_phone == phone, "the record of the matter stays as the law asks"
    again = account_of(phone)
    order.refresh_from_db()
    assert again.pk != resident.pk and order.applicant_id == resident.pk


def test_closing_twice_changes_nothing_more(resident):
    closing.close(resident)
    versions = resident.history.count()
    closing.close(resident)
    assert resident.history.count() == versions


def test_who_holds_a_post_or_works_here_cannot_close_alone(client, territory):
    leader = factories.make_user("组长")
    appoint(
        leader,
        "team_leader",
        factories.COMMUNITY,
        by=None,
        unit=factories.make_unit(factories.COMMUNITY, "volunteer_team"),
    )
    officer = factories.make_user("王某", staff=True)
    for user, word in ((leader, "还担任岗位"), (officer, "安全管理员停用")):
        client.force_login(user)
        assert word in client.post(reverse("me_close"), {"sure": "on"}).content.decode()
        user.refresh_from_db()
        assert user.is_active and user.phone


def test_pages_hold_no_english(client, resident):
    for name in ("me", "me_profile", "me_close", "privacy", "account_logout"):
        text = strip_tags(
            re.sub(
                r"<(head|script|style).*?</\1>", "", client.get(reverse(name)).content.decode(), flags=re.S
            )
        )
        assert not re.findall(r"[A-Za-z]{3,}", text), (name, text)
