"""The security administrator's work: accounts, posts and roles; and what nobody may do for herself."""

from datetime import datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from governance import audit
from governance.accounts import totp
from governance.models import AccessEvent, Parameter, Post, Role, TextMessage, User
from tests import factories
from tests.standing import standing

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def guard(client, territory) -> User:
    user = factories.make_staff("security_administrator", factories.DISTRICT)
    client.force_login(user, backend=BACKEND)
    return user


def account(**instead) -> dict:
    return {
        "username": "wangfang", "name": "王芳", "phone": "13800001111", "new_password": "Hongqiao#2026",
        "is_active": "on", "is_staff": "on", **instead,
    }  # fmt: skip


def post(user, **instead) -> dict:
    return {
        "user": user.pk, "role": "community_secretary", "grid": factories.COMMUNITY, "unit": "",
        "valid_from": f"{timezone.localdate():%Y-%m-%d}", "valid_until": "", "note": "区委任命", **instead,
    }  # fmt: skip


def test_a_staff_account_is_made_with_a_first_password(client, guard):
    answer = client.post(reverse("admin:governance_user_add"), account())
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    made = User.objects.get(username="wangfang")
    assert made.is_staff and made.check_password("Hongqiao#2026") and made.password_changed_at is None
    assert AccessEvent.objects.filter(kind="configure", actor=guard, summary__contains="wangfang").exists()


@pytest.mark.parametrize(
    "wrong, field",
    [
        ({"new_password": "short"}, "new_password"),
        ({"new_password": ""}, "new_password"),
        ({"phone": "12345"}, "phone"),
        ({"username": ""}, "username"),
        ({"username": "a\x00b"}, "username"),
        ({"name": "长" * 50}, "name"),
        ({"name": ""}, "name"),
    ],
)
def test_a_mistake_is_told_at_its_field_and_nothing_typed_is_lost(client, guard, wrong, field):
    answer = client.post(reverse("admin:governance_user_add"), account(**wrong))
    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not User.objects.filter(username="wangfang").exists()
    if field != "name":
        assert "王芳" in answer.content.decode()


def test_no_page_shows_a_password_hash(client, guard):
    other = factories.make_staff("community_worker", factories.COMMUNITY)
    other.set_password("Hongqiao#2026")
    other.save()
    for name in ("change", "history"):
        text = client.get(reverse(f"admin:governance_user_{name}", args=[other.pk])).content.decode()
        assert other.password not in text and "md5$" not in text and "pbkdf2" not in text


def test_residents_phones_and_names_stay_masked(client, guard):
    resident = factories.make_user("李桂兰", phone="13912345678")
    text = client.get(reverse("admin:governance_user_change", args=[resident.pk])).content.decode()
    assert "13912345678" not in text and "李桂兰" not in text and "139 **** 5678" in text
    client.post(
        reverse("admin:governance_user_change", args=[resident.pk]),
        {"phone": "13800000000", "is_staff": "on"},
    )
    resident.refresh_from_db()
    assert (resident.is_active, resident.is_staff, resident.phone) == (False, False, "13912345678")


def test_lists_name_staff_in_full_and_residents_masked(client, guard):
    factories.make_user("欧阳桂兰")
    clerk = factories.make_staff("community_worker", factories.COMMUNITY)
    volunteer = factories.make_volunteer()
    text = client.get(reverse("admin:governance_user_changelist")).content.decode()
    assert clerk.name in text and "欧阳桂兰" not in text and "欧**" in text
    client.force_login(factories.make_staff("district_head", factories.DISTRICT), backend=BACKEND)
    text = client.get(reverse("admin:governance_post_changelist")).content.decode()
    assert clerk.name in text and volunteer.applicant.name not in text
    held = volunteer.applicant.posts.get()
    text = client.get(reverse("admin:governance_post_change", args=[held.pk])).content.decode()
    assert "志愿者" in text and volunteer.applicant.name not in text


def test_the_posts_list_begins_with_the_staff(client, guard):
    clerk = factories.make_staff("community_worker", factories.COMMUNITY)
    volunteer = factories.make_volunteer()
    page = reverse("admin:governance_post_changelist")

    def holders(**query) -> set[int]:
        return {row.user_id for row in client.get(page, query).context["cl"].result_list}

    staff, served = {guard.pk, clerk.pk}, {volunteer.applicant_id}
    assert holders() >= staff and not holders() & served
    assert holders(who="volunteers") == served
    assert holders(who="all") >= staff | served
    assert holders(role="volunteer") == served, "a chosen role is shown whoever holds it"
    text = client.get(page).content.decode()
    assert "志愿者和队长" in text and 'aria-current="true">工作人员<' in text
    assert "正在看：" not in text


def test_the_card_of_posts_that_end_counts_what_its_list_shows(client, guard):
    soon = timezone.localdate() + timedelta(days=5)
    Post.objects.filter(user=factories.make_volunteer().applicant).update(valid_until=soon)
    factories.make_staff("community_worker", factories.COMMUNITY, until=soon)
    (card,) = [
        c for c in client.get(reverse("admin:index")).context["cards"] if c.label == "30 天内到期的岗位"
    ]
    assert card.count == "2"
    assert client.get(card.url).context["cl"].result_count == 2


def test_a_filter_on_a_column_is_named_and_can_be_taken_off(client, guard):
    factories.make_user("王芳", is_active=False)
    page = reverse("admin:governance_user_changelist")
    answer = client.get(page, {"is_active__exact": "0", "kind": "resident"})
    assert [(each["title"], each["words"]) for each in answer.context["cl"].active_filters()] == [
        ("身份", "居民和志愿者"),
        ("启用", "否"),
    ]
    assert answer.context["cl"].active_filters()[1]["without"] == "?kind=resident"
    assert "启用：否" in answer.content.decode()


def test_an_empty_list_speaks_of_what_can_be_done_here(client, guard):
    page = reverse("admin:governance_unit_changelist")
    text = client.get(page).content.decode()
    assert "还没有记录" in text and "筛选条件" not in text and "可以新建" not in text
    text = client.get(page, {"q": "没有"}).content.decode()
    assert "没有搜到“没有”" in text and "可以新建" not in text
    client.force_login(factories.make_staff("system_administrator", factories.DISTRICT), backend=BACKEND)
    text = client.get(page).content.decode()
    assert "可以新建一条" in text and "增加单位" in text and "筛选条件" not in text
    text = client.get(
        reverse("admin:governance_textmessage_changelist"), {"status": "failed"}
    ).content.decode()
    assert "清除筛选条件" in text and "可以新建" not in text


def test_times_in_a_history_read_as_elsewhere(client, guard):
    clerk = factories.make_staff("community_worker", factories.COMMUNITY)
    clerk.password_changed_at = datetime(2026, 3, 2, 9, 5, tzinfo=timezone.get_default_timezone())
    clerk.save()
    text = client.get(reverse("admin:governance_user_history", args=[clerk.pk])).content.decode()
    assert "2026年3月2日 周一 09:05" in text and "+00:00" not in text and "+08:00" not in text


def test_a_search_by_name_finds_staff_alone(client, guard):
    """Names are masked in these lists but for staff; finding by a name would tell what the mask hides."""
    clerk = factories.make_staff("community_worker", factories.COMMUNITY)
    volunteer = factories.make_volunteer().applicant
    User.objects.filter(pk=volunteer.pk).update(name="欧阳桂兰")
    accounts, posts = (reverse(f"admin:governance_{name}_changelist") for name in ("user", "post"))
    for url, text, found in (
        (accounts, clerk.name, [clerk.pk]), (accounts, "欧阳", []), (accounts, volunteer.phone, [volunteer.pk]),
    ):  # fmt: skip
        assert [row.pk for row in client.get(url, {"q": text}).context["cl"].result_list] == found
    client.force_login(factories.make_staff("district_head", factories.DISTRICT), backend=BACKEND)
    for text, found in ((clerk.username, [clerk.pk]), ("欧阳", [])):
        assert [row.user_id for row in client.get(posts, {"q": text}).context["cl"].result_list] == found


def test_nobody_changes_her_own_powers(client, guard):
    given = account(
        username=guard.username, name="改名", phone=guard.phone, new_password="", may_elevate="on"
    )
    answer = client.post(reverse("admin:governance_user_change", args=[guard.pk]), given)
    assert "may_elevate" in answer.context["adminform"].form.errors
    given = account(username=guard.username, name="改名", phone=guard.phone, new_password="")
    given.pop("is_active")
    answer = client.post(reverse("admin:governance_user_change", args=[guard.pk]), given)
    assert "is_active" in answer.context["adminform"].form.errors
    guard.refresh_from_db()
    assert guard.is_active and not guard.may_elevate


def test_an_appointment_goes_through_the_service_and_is_logged(client, guard):
    person = factories.make_user(staff=True)
    answer = client.post(reverse("admin:governance_post_add"), post(person))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    given = Post.objects.get(user=person)
    assert (given.role_id, given.grid_id, given.appointed_by) == (
        "community_secretary",
        factories.COMMUNITY,
        guard,
    )
    assert AccessEvent.objects.filter(kind="appoint", actor=guard, object_pk=str(given.pk)).count() == 1


@pytest.mark.parametrize(
    "wrong, field",
    [
        ({"grid": factories.STREET}, "grid"),
        ({"role": "team_leader"}, "unit"),
        ({"valid_from": "2026-05-01", "valid_until": "2026-04-01"}, None),
        ({"valid_from": "昨天"}, "valid_from"),
        ({"grid": "999999"}, "grid"),
    ],
)
def test_a_wrong_appointment_says_why_at_its_field(client, guard, wrong, field):
    person = factories.make_user(staff=True)
    answer = client.post(reverse("admin:governance_post_add"), post(person, **wrong))
    assert answer.status_code == 200
    errors = answer.context["adminform"].form.errors
    assert (field or "__all__") in errors or (field is None and errors)
    assert not Post.objects.filter(user=person).exists()


def test_the_three_administrators_are_three_people(client, guard):
    person = factories.make_staff("auditor", factories.DISTRICT)
    answer = client.post(
        reverse("admin:governance_post_add"),
        post(person, role="system_administrator", grid=factories.DISTRICT),
    )
    assert answer.status_code == 200
    assert "必须由三个不同的人担任" in answer.content.decode()
    assert Post.objects.filter(user=person).count() == 1


def test_nobody_appoints_herself(client, guard):
    answer = client.post(reverse("admin:governance_post_add"), post(guard))
    assert "user" in answer.context["adminform"].form.errors


def test_a_post_is_ended_with_a_reason(client, guard):
    person = factories.make_staff("community_secretary", factories.COMMUNITY)
    held = person.posts.get()
    url = reverse("admin:governance_post_dismiss", args=[held.pk])
    assert client.post(url, {"reason": ""}).status_code == 200
    assert person.posts.in_force().exists()
    assert client.post(url, {"reason": "任期届满"}).status_code == 302
    assert not person.posts.in_force().exists()
    assert AccessEvent.objects.filter(kind="dismiss", actor=guard, reason="任期届满").exists()


def test_a_post_that_was_given_is_not_edited(client, guard):
    held = factories.make_staff("community_secretary", factories.COMMUNITY).posts.get()
    client.post(reverse("admin:governance_post_change", args=[held.pk]), post(guard, role="auditor"))
    held.refresh_from_db()
    assert held.role_id == "community_secretary" and held.user_id != guard.pk


def test_built_in_roles_stay_and_own_ones_can_be_added(client, guard):
    url = reverse("admin:governance_role_change", args=["auditor"])
    assert client.get(url).status_code == 200
    assert client.post(url, {"name": "随便"}).status_code == 404
    answer = client.post(
        reverse("admin:governance_role_add"),
        {"key": "watcher", "name": "观察员", "duty": "只看", "levels": ["12"], "permissions": []},
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert Role.objects.get(key="watcher").levels == [12]


# --- a lost phone ----------------------------------------------------------------------------------------------------------
def reset_url(user) -> str:
    return reverse("admin:governance_user_totp", args=[user.pk])


FIRST = {"reason": "手机丢失，已当面核实", "new_password": "Hongqiao#2027"}


@standing
def clerk(territory) -> User:
    """A member of staff with both factors, recovery codes and a first password changed long ago."""
    user = factories.make_staff("community_worker", factories.COMMUNITY)
    user.set_password("Red-bridge-2026")
    user.save()
    totp.enrol(user, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(user)
    return user


def test_a_lost_phone_is_begun_anew(client, guard, clerk):
    hers = Client()
    hers.force_login(clerk, backend=BACKEND)
    assert hers.get(reverse("admin:index")).status_code == 200
    page = client.get(reverse("admin:governance_user_change", args=[clerk.pk]))
    assert reset_url(clerk) in page.content.decode()
    assert client.post(reset_url(clerk), FIRST).status_code == 302
    assert hers.get(reverse("admin:index")).status_code == 302, "her sessions ended"
    assert not Authenticator.objects.filter(user=clerk).exists()
    event = AccessEvent.objects.get(kind="configure", object_pk=str(clerk.pk))
    assert (
        event.actor == guard
        and event.reason == FIRST["reason"]
        and FIRST["new_password"] not in event.summary
    )
    assert clerk.notices.get().title == "您的动态验证码和密码已由安全管理员重置"
    again = Client()
    login = reverse("staff_login")
    answer = again.post(login, {"login": clerk.username, "password": "Red-bridge-2026"})
    assert "登录名或密码不正确" in answer.content.decode()
    again.post(login, {"login": clerk.username, "password": FIRST["new_password"]})
    assert again.get(reverse("admin:index")).url == reverse("mfa_activate_totp")
    set_up = again.get(reverse("mfa_activate_totp"))
    again.post(reverse("mfa_activate_totp"), {"code": set_up.context["demo_code"]})
    assert again.get(reverse("admin:index")).url == reverse("account_change_password")


@pytest.mark.parametrize(
    "wrong, field",
    [
        ({"reason": ""}, "reason"),
        ({"reason": "丢了"}, "reason"),
        ({"reason": "a\x00bcdef"}, "reason"),
        ({"new_password": ""}, "new_password"),
        ({"new_password": "short"}, "new_password"),
        ({"new_password": "Aa1-" + "x" * 1000}, "new_password"),
    ],
)
def test_beginning_anew_needs_a_reason_and_a_good_password(client, guard, clerk, wrong, field):
    answer = client.post(reset_url(clerk), FIRST | wrong)
    assert answer.status_code == 200 and answer.context["form"].errors[field]
    assert FIRST["new_password"] not in answer.content.decode()
    assert totp.has_totp(clerk) and User.objects.get(pk=clerk.pk).check_password("Red-bridge-2026")


def test_nobody_begins_her_own_anew_and_residents_have_none(client, guard):
    for user in (guard, factories.make_user("居民")):
        assert client.get(reset_url(user)).status_code == 404
        assert client.post(reset_url(user), FIRST).status_code == 404
        page = client.get(reverse("admin:governance_user_change", args=[user.pk]))
        assert "重置动态验证码" not in page.content.decode()
        with pytest.raises(ValidationError):
            totp.reset(user, FIRST["new_password"], by=guard, reason=FIRST["reason"])


# --- the system administrator --------------------------------------------------------------------------------------------
@pytest.fixture
def keeper(client, territory) -> User:
    user = factories.make_staff("system_administrator", factories.DISTRICT)
    client.force_login(user, backend=BACKEND)
    return user


def test_a_parameter_is_set_with_a_reason_and_logged(client, keeper):
    from governance import parameters

    url = reverse("admin:governance_parameter_set", args=["orders.accept_within"])
    assert client.post(url, {"value": "6", "reason": ""}).status_code == 200
    assert client.post(url, {"value": "6", "reason": "节后人手少"}).status_code == 302
    assert parameters.value("orders.accept_within") == 6
    assert AccessEvent.objects.filter(
        kind="configure", actor=keeper, summary__contains="4 工作小时 → 6 工作小时"
    ).exists()
    page = reverse("admin:governance_parameter_changelist")
    text = client.get(page).content.decode()
    assert "已调整" in text and "修改：节后人手少" in text and keeper.name in text
    assert client.post(url, {"value": "4", "reason": "人手够了"}).status_code == 302
    assert "节后人手少" not in client.get(page).content.decode()


def test_a_parameter_that_nobody_logged_says_when_it_was_set(client, keeper):
    Parameter.objects.create(key="orders.accept_within", value=9)
    text = client.get(reverse("admin:governance_parameter_changelist")).content.decode()
    assert "修改，没有登记修改人" in text


@pytest.mark.parametrize(
    "key, value",
    [
        ("orders.accept_within", "0"),
        ("orders.accept_within", "abc"),
        ("orders.accept_within", "9" * 30),
        ("work.morning_from", "25:99"),
        ("work.morning_from", "13:00"),
        ("portal.phone", "长" * 300),
        ("portal.phone", "a\x00b"),
    ],
)
def test_a_value_out_of_bounds_is_refused_in_words(client, keeper, key, value):
    answer = client.post(
        reverse("admin:governance_parameter_set", args=[key]), {"value": value, "reason": "试一试"}
    )
    assert answer.status_code == 200 and answer.context["form"].errors["value"]
    assert not Parameter.objects.exists()


def test_unknown_parameters_do_not_exist(client, keeper):
    assert client.get(reverse("admin:governance_parameter_set", args=["no.such"])).status_code == 404


def test_sign_in_codes_are_hidden_from_who_reads_messages(client, keeper):
    TextMessage.objects.create(phone="13912345678", body="您的验证码是 482913，5 分钟内有效。")
    text = client.get(reverse("admin:governance_textmessage_changelist")).content.decode()
    assert "482913" not in text and "13912345678" not in text and "139 **** 5678" in text


def test_the_auditor_reads_what_residents_did_under_masked_names(client, territory):
    client.force_login(factories.make_staff("auditor", factories.DISTRICT), backend=BACKEND)
    resident = factories.make_user("欧阳桂兰")
    audit.record(AccessEvent.Kind.LOGIN, resident, "手机号登录")
    url = reverse("admin:governance_accessevent_changelist")
    page = client.get(url).content.decode()
    assert "欧**" in page and "欧阳桂兰" not in page
    assert "欧**" not in client.get(url, {"q": "欧阳"}).content.decode()
