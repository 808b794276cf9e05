"""Volunteers, teams, hours and showcases on the desk."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from governance.flow import NotYours
from tests import factories
from tests.standing import standing
from volunteers.flow import ORDERS
from volunteers.models import HoursEntry, Membership, Showcase, Team, Volunteer
from volunteers.services.hours import adjust_hours
from volunteers.services.registration import record_guardian, register_volunteer
from volunteers.services.showcases import submit_showcase
from volunteers.services.teams import create_team

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def desk(client, secretary):
    client.force_login(secretary, backend=BACKEND)
    return secretary


def applicant(code: str = factories.BASE, **fields) -> Volunteer:
    user = factories.make_user(fields.pop("name", "何新"))
    return register_volunteer(
        user,
        name=user.name,
        birth_date=fields.pop("birth_date", date(1999, 3, 4)),
        grid=factories.make_grid(code),
        **fields,
    )


def test_an_application_is_approved_on_its_page(client, desk):
    volunteer = applicant()
    page = reverse("admin:volunteers_volunteer_change", args=[volunteer.pk])
    assert "通过" in client.get(page).content.decode()
    url = reverse("admin:volunteers_volunteer_do", args=[volunteer.pk, "approve"])
    assert client.post(url, {"version": volunteer.version}).status_code == 302
    volunteer.refresh_from_db()
    assert volunteer.status == "active"


def test_a_readers_page_of_a_volunteer_names_nobody(client, desk):
    volunteer = applicant(name="欧阳新")
    client.force_login(factories.make_staff("district_head", factories.DISTRICT), backend=BACKEND)
    for name in ("change", "history"):
        text = client.get(reverse(f"admin:volunteers_volunteer_{name}", args=[volunteer.pk])).content.decode()
        assert "欧阳新" not in text and volunteer.applicant_phone not in text and "1999-03-04" not in text
    assert "欧阳新" not in client.get(reverse("admin:volunteers_volunteer_changelist")).content.decode()


def test_the_history_hides_the_values_of_masked_columns(client, desk):
    volunteer = applicant(name="欧阳新")
    volunteer.guardian_name, volunteer.guardian_phone = "欧阳父", "13912345678"
    volunteer.save()
    text = client.get(reverse("admin:volunteers_volunteer_history", args=[volunteer.pk])).content.decode()
    assert "监护人" in text and "欧阳父" not in text and "13912345678" not in text


# --- the guardian of a minor ---------------------------------------------------------------------------------------------
def guardian(**instead) -> dict:
    agreed = timezone.localtime() - timedelta(hours=1)
    return {
        "guardian_name": "欧阳父", "guardian_phone": "13912345678", "guardian_consent_at": f"{agreed:%Y-%m-%dT%H:%M}",
        "how": "电话核实", **instead,
    }  # fmt: skip


@pytest.fixture
def minor(desk):
    """A registration under 18 without a guardian's consent."""
    volunteer = applicant(name="欧阳新")
    volunteer.birth_date = timezone.localdate() - timedelta(days=15 * 366)
    volunteer.save()
    return volunteer


def test_the_desk_adds_a_minors_guardian_and_can_then_approve(client, desk, minor):
    page = reverse("admin:volunteers_volunteer_change", args=[minor.pk])
    approve = reverse("admin:volunteers_volunteer_do", args=[minor.pk, "approve"])
    answer = client.post(approve, {"version": minor.version}, follow=True)
    assert "请先补录监护人" in answer.content.decode()
    url = reverse("admin:volunteers_volunteer_guardian", args=[minor.pk])
    assert url in client.get(page).content.decode()
    assert client.post(url, guardian()).status_code == 302
    kept = minor.history.latest()
    assert kept.history_user == desk and kept.history_change_reason == "补录监护人：电话核实"
    text = client.get(reverse("admin:volunteers_volunteer_history", args=[minor.pk])).content.decode()
    assert "补录监护人：电话核实" in text and "13912345678" not in text
    client.post(approve, {"version": minor.version})
    minor.refresh_from_db()
    assert minor.status == "active" and minor.guardian_name == "欧阳父"


@pytest.mark.parametrize(
    "wrong, field",
    [
        ({"guardian_name": ""}, "guardian_name"),
        ({"guardian_name": "a\x00b"}, "guardian_name"),
        ({"guardian_phone": "12"}, "guardian_phone"),
        ({"guardian_consent_at": "2999-01-01T10:00"}, "guardian_consent_at"),
        ({"guardian_consent_at": "昨天"}, "guardian_consent_at"),
        ({"how": ""}, "how"),
    ],
)
def test_a_wrong_guardian_is_refused_at_the_field(client, minor, wrong, field):
    url = reverse("admin:volunteers_volunteer_guardian", args=[minor.pk])
    answer = client.post(url, guardian(**wrong))
    assert answer.status_code == 200 and answer.context["form"].errors[field]
    minor.refresh_from_db()
    assert minor.guardian_consent_at is None


def test_only_who_reviews_adds_a_guardian_and_only_to_a_minor(client, desk, minor):
    grown = reverse("admin:volunteers_volunteer_guardian", args=[applicant(name="何远").pk])
    assert client.post(grown, guardian()).status_code == 404
    url = reverse("admin:volunteers_volunteer_guardian", args=[minor.pk])
    for role, code in (("district_head", factories.DISTRICT), ("community_secretary", factories.FAR)):
        client.force_login(factories.make_staff(role, code), backend=BACKEND)
        assert client.post(url, guardian()).status_code == 404
    with pytest.raises(NotYours):
        record_guardian(
            minor,
            by=factories.make_user(),
            name="欧阳父",
            phone="13912345678",
            consent_at=timezone.now(),
            how="x",
        )


def test_volunteers_are_found_by_name(client, desk):
    volunteer = applicant(name="欧阳新")
    applicant(name="何远")
    answer = client.get(reverse("admin:volunteers_volunteer_changelist"), {"q": "欧阳新"})
    assert [row.pk for row in answer.context["cl"].result_list] == [volunteer.pk]


# --- teams ---------------------------------------------------------------------------------------------------------------
def members(total: int = 0, initial: int = 0, **rows) -> dict:
    return {
        "memberships-TOTAL_FORMS": total, "memberships-INITIAL_FORMS": initial, "memberships-MIN_NUM_FORMS": 0,
        "memberships-MAX_NUM_FORMS": 1000, **rows,
    }  # fmt: skip


def test_founding_a_team_makes_its_unit(client, desk):
    given = {"name": "帮帮团", "grid": factories.COMMUNITY, "station": "", "about": "", "is_active": "on"}
    answer = client.post(reverse("admin:volunteers_team_add"), given | members())
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    team = Team.objects.get()
    assert (team.unit.name, team.unit.kind, team.unit.grid_id) == (
        "帮帮团",
        "volunteer_team",
        factories.COMMUNITY,
    )
    answer = client.post(reverse("admin:volunteers_team_add"), given | members())
    assert answer.status_code == 200 and "同名" in answer.content.decode() and Team.objects.count() == 1


def test_renaming_a_team_renames_its_unit_and_members_join(client, desk):
    team, volunteer = factories.make_team(), factories.make_volunteer(approved_by=desk)
    far = factories.make_volunteer(factories.FAR_BASE)
    url = reverse("admin:volunteers_team_change", args=[team.pk])
    given = {"name": "新名字", "grid": factories.COMMUNITY, "station": "", "about": "", "is_active": "on"}
    row = {
        "memberships-0-id": "", "memberships-0-team": team.pk, "memberships-0-joined_on": "2026-11-01",
        "memberships-0-left_on": "",
    }  # fmt: skip
    answer = client.post(url, given | members(1, **row, **{"memberships-0-volunteer": far.pk}))
    assert answer.status_code == 200 and not Membership.objects.exists()
    answer = client.post(url, given | members(1, **row, **{"memberships-0-volunteer": volunteer.pk}))
    assert answer.status_code == 302
    team.refresh_from_db()
    assert (team.name, team.unit.name) == ("新名字", "新名字")
    assert Membership.objects.get().volunteer == volunteer


def test_a_team_elsewhere_is_refused_by_the_service_itself(secretary):
    far = factories.make_grid(factories.FAR)
    with pytest.raises(ValidationError):
        create_team(by=secretary, grid=far, name="远队")
    assert not Team.objects.exists()


# --- hours ---------------------------------------------------------------------------------------------------------------
def test_hours_are_corrected_by_a_line_of_their_own(client, desk):
    volunteer = factories.make_volunteer(approved_by=desk)
    url = reverse("admin:volunteers_hoursentry_add")
    given = {"volunteer": volunteer.pk, "hours": "1.5", "reason": "补记上月的活动"}
    answer = client.post(url, given)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    entry = HoursEntry.objects.get()
    assert (entry.half_hours, entry.kind, entry.entered_by) == (3, "adjust", desk)
    for wrong, field in (
        ({"hours": "0"}, "hours"),
        ({"hours": "1.3"}, "hours"),
        ({"hours": "9999"}, "hours"),
        ({"reason": ""}, "reason"),
        ({"volunteer": ""}, "volunteer"),
    ):
        answer = client.post(url, given | wrong)
        assert answer.status_code == 200 and field in answer.context["adminform"].form.errors, wrong
    answer = client.post(url, given | {"hours": "-5"})
    assert "现有 1.5 小时" in answer.content.decode()
    assert HoursEntry.objects.count() == 1


def test_the_ledger_names_a_volunteer_to_whom_her_contact_is_open(client, desk):
    volunteer = factories.make_volunteer(approved_by=desk)
    Volunteer.objects.filter(pk=volunteer.pk).update(applicant_name="欧阳新")
    entry = adjust_hours(volunteer, 2, by=desk, reason="补记活动")
    page = reverse("admin:volunteers_hoursentry_changelist")
    one = reverse("admin:volunteers_hoursentry_change", args=[entry.pk])
    assert "欧阳新" in client.get(page, {"q": "欧阳"}).content.decode()
    assert "欧阳新" in client.get(one).content.decode()
    client.force_login(factories.make_staff("district_head", factories.DISTRICT), backend=BACKEND)
    text = client.get(page).content.decode()
    assert "欧**" in text and "欧阳新" not in text + client.get(one).content.decode()
    assert not client.get(page, {"q": "欧阳"}).context["cl"].result_list
    assert len(client.get(page, {"q": volunteer.number}).context["cl"].result_list) == 1


def test_the_ledger_cannot_be_edited(client, desk):
    volunteer = factories.make_volunteer(approved_by=desk)
    entry = adjust_hours(volunteer, 2, by=desk, reason="补记活动")
    url = reverse("admin:volunteers_hoursentry_change", args=[entry.pk])
    assert client.get(url).status_code == 200
    assert client.post(url, {"hours": "9", "reason": "改一改", "volunteer": volunteer.pk}).status_code == 404
    assert (
        client.post(
            reverse("admin:volunteers_hoursentry_delete", args=[entry.pk]), {"post": "yes"}
        ).status_code
        == 404
    )
    assert HoursEntry.objects.get().half_hours == 2


def test_hours_elsewhere_are_out_of_reach(client, desk):
    far = factories.make_volunteer(factories.FAR_BASE)
    answer = client.post(
        reverse("admin:volunteers_hoursentry_add"), {"volunteer": far.pk, "hours": "1", "reason": "补记活动"}
    )
    assert answer.status_code == 200 and not HoursEntry.objects.exists()
    with pytest.raises(ValidationError):
        adjust_hours(far, 2, by=desk, reason="补记活动")
    assert not HoursEntry.objects.exists()


# --- showcases -----------------------------------------------------------------------------------------------------------
@standing
def showcase(secretary) -> Showcase:
    volunteer = factories.make_volunteer(approved_by=secretary)
    start = timezone.now() - timedelta(minutes=5)
    order = factories.open_order(factories.make_order(wanted_from=start), by=secretary)
    for action in ("claim", "check_in", "check_out"):
        order = ORDERS.run(order, action, by=volunteer.applicant, code=order.code)
    return submit_showcase(
        order,
        by=volunteer.applicant,
        title="陪李奶奶看病",
        story="一早出发",
        consent="oral",
        consent_at=timezone.now(),
    )


def test_a_showcase_is_reviewed_on_its_page(client, desk, showcase):
    text = client.get(reverse("admin:volunteers_showcase_change", args=[showcase.pk])).content.decode()
    assert "一早出发" in text and "口头同意" in text
    url = reverse("admin:volunteers_showcase_do", args=[showcase.pk, "return_back"])
    assert client.post(url, {"version": 1, "note": ""}).status_code == 200
    url = reverse("admin:volunteers_showcase_do", args=[showcase.pk, "approve"])
    assert client.post(url, {"version": 1}).status_code == 302
    showcase.refresh_from_db()
    assert showcase.status == "published"


def test_a_published_showcase_of_elsewhere_is_public_but_not_on_this_list(client, desk, showcase):
    url = reverse("admin:volunteers_showcase_do", args=[showcase.pk, "approve"])
    client.post(url, {"version": 1})
    client.force_login(factories.make_staff("community_secretary", factories.FAR), backend=BACKEND)
    listing = reverse("admin:volunteers_showcase_changelist")
    assert client.get(listing).context["cl"].result_count == 0
    assert client.get(listing, {"scope": "all"}).context["cl"].result_count == 1
    page = client.get(reverse("admin:volunteers_showcase_change", args=[showcase.pk])).content.decode()
    assert "办理记录只对办理人和审核人开放" in page and showcase.applicant_phone not in page
