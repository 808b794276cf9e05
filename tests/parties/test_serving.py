"""Who serves a community besides its own: a member's post, registrations of members and organisations, pairings."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance import intake
from governance.appointments import appoint
from governance.flow import NotYours, Refused
from governance.models import Post, User
from parties.flow import CHECKINS, TRANSFERS
from parties.models import DualRegistration, Member, Pairing
from parties.services.members import ask_transfer, link_account, strike_off
from parties.services.organisations import merge, move
from parties.services.serving import register
from tests import factories, party
from tests.cast import BACKEND
from tests.standing import standing

pytestmark = pytest.mark.django_db
COMMUNITY, FAR, NEIGHBOUR = factories.COMMUNITY, factories.FAR, factories.NEIGHBOUR


@standing
def officer(territory):
    return party.make_officer()


@standing
def receiver(territory):
    return factories.make_staff("community_secretary", COMMUNITY)


def posts(user: User) -> list[str]:
    held = Post.objects.in_force().filter(user=user, role="party_member")
    return sorted(held.values_list("grid", flat=True))


def enter(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def place(client: Client, code: str) -> None:
    session = client.session
    session["grid"] = code
    session.save()


# --- the post -----------------------------------------------------------------------------------------------------------
def test_a_member_has_her_post_from_the_link_of_her_account_until_she_leaves_the_roll(officer):
    branch = party.make_branch()
    user, other = factories.make_user("马党员"), factories.make_user("马党员")
    member = party.make_member(branch, name="马党员")
    assert posts(user) == []
    for _ in range(2):
        member = link_account(member, by=officer, account=user.phone)
    assert posts(user) == [COMMUNITY] and user.posts.count() == 1
    member = link_account(member, by=officer, account=other.phone)
    assert posts(user) == [] and posts(other) == [COMMUNITY]
    strike_off(member, by=officer, day=timezone.localdate(), leaving=Member.Leaving.LEFT)
    assert posts(other) == []


def test_a_verified_phone_links_her_and_gives_the_post(officer):
    party.make_member(party.make_branch(), name="马党员", phone="19912340000")
    user = factories.make_user("马党员", phone="19912340000")
    assert intake.adopt(user) == 1 and posts(user) == [COMMUNITY]
    assert intake.adopt(user) == 0 and len(posts(user)) == 1


def test_the_post_goes_with_her_to_another_community(officer):
    here, there = party.make_branch(), party.make_branch(factories.FAR_BASE)
    user = party.make_account(here)
    transfer = ask_transfer(by=officer, member=user.party_memberships.get(), target=there)
    TRANSFERS.run(transfer, "accept", by=party.make_officer())
    assert posts(user) == [FAR]
    new = party.make_branch(factories.NEIGHBOUR_BASE)
    merge(there, by=officer, into=new, day=timezone.localdate(), reason="人少")
    assert posts(user) == [NEIGHBOUR]
    stay = party.make_account(here)
    move(here, by=officer, parent=here.parent.parent, day=timezone.localdate())
    assert posts(stay) == [COMMUNITY]


# --- registering --------------------------------------------------------------------------------------------------------
def test_a_member_in_service_registers_where_she_lives_and_reaches_its_wishes(officer, receiver):
    user, secretary = party.make_account(party.make_branch(factories.FAR_BASE)), receiver
    row = party.make_checkin(user)
    assert row.number.startswith(f"BD-{COMMUNITY}-") and row.light == "green" and posts(user) == [FAR]
    assert secretary.notices.filter(number=row.number).exists()
    row = CHECKINS.run(row, "return_back", by=secretary, note="请写明党支部全称")
    client = enter(user)
    url = reverse("checkin_action", args=[row.number, "amend"])
    sent = {"version": row.version, "employer": "区图书馆", "affiliation": " ", "offers": "教手机"}
    assert "请填写所在党组织" in client.post(url, sent).content.decode()
    assert client.post(url, sent | {"affiliation": "区图书馆党支部"}).status_code == 302
    row = CHECKINS.run(row, "accept", by=secretary)
    assert row.affiliation == "区图书馆党支部" and posts(user) == [COMMUNITY, FAR] and row.light == "off"
    assert client.get(reverse("wish_wall")).status_code == 200
    assert "社区已接收您的报到" in client.get(reverse("checkin_page", args=[row.number])).content.decode()
    row = CHECKINS.run(row, "leave", by=user)
    assert row.status == "ended" and posts(user) == [FAR]
    again = CHECKINS.run(party.make_checkin(user), "accept", by=secretary)
    strike_off(
        user.party_memberships.get(), by=officer, day=timezone.localdate(), leaving=Member.Leaving.LEFT
    )
    again.refresh_from_db()
    assert again.status == "ended" and posts(user) == []


def test_whoever_went_to_another_district_goes_on_serving_where_she_lives(officer, receiver):
    user = party.make_account()
    CHECKINS.run(
        party.make_checkin(user, factories.FAR_BASE),
        "accept",
        by=factories.make_staff("community_secretary", FAR),
    )
    assert posts(user) == [COMMUNITY, FAR]
    strike_off(
        user.party_memberships.get(), by=officer, day=timezone.localdate(), leaving=Member.Leaving.TRANSFERRED,
        went_to="外区",
    )  # fmt: skip
    assert posts(user) == [FAR]


def test_one_home_at_a_time_and_an_organisation_once_in_a_community(receiver):
    user, contact = factories.make_user(), factories.make_user()
    party.make_checkin(user)
    with pytest.raises(Refused, match="已在社区报到"):
        party.make_checkin(user, factories.FAR_BASE)
    party.make_checkin(contact, kind="organisation")
    party.make_checkin(contact, factories.FAR_BASE, kind="organisation")
    with pytest.raises(Refused, match="已在这个社区报到"):
        party.make_checkin(factories.make_user(), kind="organisation")
    with pytest.raises(Refused):
        party.make_checkin(factories.make_user(), factories.STREET)
    assert DualRegistration.objects.count() == 3
    CHECKINS.run(DualRegistration.objects.get(applicant=contact, grid=factories.BASE), "accept", by=receiver)
    assert posts(contact) == [], "who speaks for an organisation is no member by that"


def test_the_desk_writes_one_down_and_nobody_accepts_her_own(receiver):
    client, url = enter(receiver), reverse("admin:parties_dualregistration_add")
    sent = {
        "kind": "member", "grid": factories.BASE, "name": "马党员", "phone": "19912340001", "employer": "区图书馆",
        "affiliation": "",
    }  # fmt: skip
    answer = client.post(url, sent)
    assert answer.status_code == 200 and "请填写所在党组织" in answer.content.decode()
    assert (
        client.post(url, sent | {"affiliation": "图书馆党支部", "grid": factories.FAR_BASE}).status_code
        == 200
    )
    assert client.post(url, sent | {"affiliation": "图书馆党支部"}).status_code == 302
    row = CHECKINS.run(DualRegistration.objects.get(), "accept", by=receiver)
    assert row.applicant is None and row.placed_by == receiver
    # Once she proves the phone, she has what was written down for her.
    user = factories.make_user("马党员", phone="19912340001")
    assert intake.adopt(user) == 1 and posts(user) == [COMMUNITY]
    own = DualRegistration.objects.filter(pk=row.pk)
    own.update(status="applied", applicant=receiver)
    with pytest.raises(Refused, match="本人"):
        CHECKINS.run(row.pk, "accept", by=receiver)
    with pytest.raises(NotYours):
        register(
            by=receiver, grid=factories.make_grid(FAR), kind="organisation", name="钱", phone="13800001234",
            employer="厂", affiliation="厂党支部",
        )  # fmt: skip


def test_who_sees_a_registration(receiver):
    user = factories.make_user("马党员")
    row = party.make_checkin(user)
    street, worker = party.make_officer(factories.STREET), factories.make_staff("community_worker", COMMUNITY)
    others = [
        worker, factories.make_user(), factories.make_staff("community_secretary", FAR),
        factories.make_staff("street_officer", factories.STREET), party.make_account(),
        party.make_secretary(party.make_branch()),
    ]  # fmt: skip
    for person in (user, receiver, street):
        assert person.may("view", row)
    for person in others:
        assert not DualRegistration.objects.restrict(person).exists()
        assert enter(person).get(reverse("checkin_page", args=[row.number])).status_code == 404
    assert receiver.may("contact", row) and not street.may("contact", row)
    assert "马党员" in enter(receiver).get(row.get_desk_url()).content.decode()
    assert "马党员" not in enter(street).get(row.get_desk_url()).content.decode()


def test_the_form_on_the_phone_keeps_what_was_typed(receiver):
    user = factories.make_user()
    client, url = enter(user), reverse("checkin")
    sent = {
        "kind": "member",
        "name": user.name,
        "employer": "区图书馆",
        "affiliation": "图书馆党支部",
        "consent": "on",
    }
    answer = client.post(url, sent)
    assert "请先选择要报到的社区" in answer.content.decode() and "区图书馆" in answer.content.decode()
    place(client, factories.BASE)
    for name in ("employer", "affiliation", "consent", "kind", "name"):
        answer = client.post(url, {key: value for key, value in sent.items() if key != name})
        assert answer.status_code == 200 and answer.context["form"].errors.keys() == {name}
    for text in ("张\x00三", "<script>alert(1)</script>", "大" * 5000):
        answer = client.post(url, dict.fromkeys(sent, text))
        assert answer.status_code == 200 and "<script>alert" not in answer.content.decode()
    assert client.post(url, sent).status_code == 302
    assert client.post(url, sent).status_code == 200 and DualRegistration.objects.count() == 1
    assert "在职党员报到" in client.get(reverse("my_matters")).content.decode()
    staff = enter(receiver)
    place(staff, factories.BASE)
    assert "社区可以在工作台代为登记" in staff.post(url, sent).content.decode()


def test_the_desk_counts_each_community_and_costs_the_same_for_many(receiver):
    officer, costs = party.make_officer(), []
    street_client, url = enter(officer), reverse("admin:parties_dualregistration_changelist")
    for number in (1, 5):
        while DualRegistration.objects.count() < number:
            CHECKINS.run(party.make_checkin(factories.make_user()), "accept", by=receiver)
        street_client.get(url)
        with CaptureQueriesContext(connection) as queries:
            answer = street_client.get(url)
        costs.append(len(queries))
    assert costs[0] == costs[1]
    organisation = party.make_checkin(factories.make_user(), COMMUNITY, kind="organisation")
    CHECKINS.run(organisation, "accept", by=receiver)
    [counted] = street_client.get(url).context["counted"]
    assert (counted.code, counted.organisations, counted.members) == (COMMUNITY, 1, 5)
    assert "单位党组织 1 个，在职党员 5 名" in street_client.get(url).content.decode()
    answer = street_client.post(reverse("admin:parties_dualregistration_export"), {"reason": "年度汇总"})
    assert answer["Content-Type"].startswith("application/vnd")


# --- pairing ------------------------------------------------------------------------------------------------------------
def test_a_pairing_has_a_term_and_ends_with_a_day_and_a_reason(receiver, officer):
    pairing = party.make_pairing()
    assert pairing.holds and list(Pairing.objects.current()) == [pairing]
    today = timezone.localdate()
    for fields, field in (
        ({"until": pairing.since - timedelta(days=1)}, "until"),
        ({"ended_on": today}, "end_reason"),
        ({"end_reason": "搬走"}, "ended_on"),
        ({"ended_on": pairing.until + timedelta(days=1), "end_reason": "搬走"}, "ended_on"),
        ({"organisation": party.make_branch(factories.FAR_BASE)}, "organisation"),
        ({"grid": factories.make_grid(factories.STREET)}, "grid"),
    ):
        with pytest.raises(ValidationError) as refused:
            party.make_pairing(by=officer, **fields)
        assert field in refused.value.message_dict, fields
    with pytest.raises(ValidationError, match="结对"):
        party.make_pairing(name=pairing.name)
    with pytest.raises(ValidationError):
        party.make_pairing(FAR, by=receiver)
    with pytest.raises(IntegrityError), transaction.atomic():
        Pairing.objects.filter(pk=pairing.pk).update(until=pairing.since - timedelta(days=1))
    client, url = enter(receiver), reverse("admin:parties_pairing_change", args=[pairing.pk])
    assert client.get(url).status_code == 200
    sent = {
        "name": pairing.name, "organisation": "", "contact_name": "钱老师", "contact_phone": "13800005678",
        "since": pairing.since, "until": pairing.until, "needs": "讲座", "resources": "操场", "projects": "亲子运动会",
        "ended_on": today, "end_reason": "",
    }  # fmt: skip
    answer = client.post(url, sent)
    assert answer.status_code == 200 and "一起填写日期和原因" in answer.content.decode()
    assert client.post(url, sent | {"end_reason": "学校撤并"}).status_code == 302
    pairing.refresh_from_db()
    assert not pairing.holds and not Pairing.objects.current().exists()
    changelist = reverse("admin:parties_pairing_changelist")
    assert list(client.get(changelist).context["cl"].result_list) == []
    assert list(client.get(changelist, {"state": "over"}).context["cl"].result_list) == [pairing]
    street = enter(party.make_officer(factories.STREET))
    for page in (url, changelist + "?state=all"):
        shown = street.get(page).content.decode()
        assert pairing.name in shown and "钱老师" not in shown and "13800005678" not in shown
    for person in (
        factories.make_staff("community_worker", COMMUNITY),
        party.make_secretary(party.make_branch()),
    ):
        assert enter(person).get(changelist).status_code == 404


def test_the_list_of_pairings_costs_the_same_for_many(receiver):
    client, url, costs = enter(receiver), reverse("admin:parties_pairing_changelist"), []
    branch = party.make_branch()
    for number in (1, 5):
        while Pairing.objects.count() < number:
            party.make_pairing(by=receiver, organisation=branch)
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1], costs


def test_a_phone_account_may_be_a_member_and_lead_nothing_at_the_desk(officer):
    user = factories.make_user()
    appoint(user, "party_member", COMMUNITY, by=None)
    with pytest.raises(ValidationError):
        appoint(user, "party_branch_secretary", COMMUNITY, by=None, unit=party.make_branch().unit)
    assert enter(user).get(reverse("admin:index")).status_code == 302
