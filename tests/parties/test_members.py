"""The roll: who enters and mends members, what is masked, how one leaves, and the transfer with both sides' consent."""

from datetime import date, timedelta

import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from governance.flow import NotYours, Refused
from governance.models import AccessEvent, User
from governance.permissions import OutOfReach
from parties.flow import TRANSFERS
from parties.models import CoveredUnit, Member, Transfer
from parties.services.coverage import keep_covered
from parties.services.members import adopt, ask_transfer, keep_member, link_account, strike_off
from parties.services.officers import give_duty
from tests import factories, party
from tests.cast import Cast
from tests.standing import standing

pytestmark = pytest.mark.django_db


@standing
def branches(territory):
    """Two branches of one community, each with its secretary."""
    committee = party.make_committee()
    pair = [party.make_branch(parent=committee) for _ in range(2)]
    return [(branch, party.make_secretary(branch)) for branch in pair]


def staff_named(name, role, code):
    user = factories.make_staff(role, code)
    user.name = name
    user.save()
    return user


def signed_in(user):
    return Cast(people={"she": user}).client("she")


def test_a_secretary_keeps_her_own_roll_and_no_other(branches):
    (mine, secretary), (other, _) = branches
    member = party.make_member(mine, by=secretary)
    member.employer = "某厂"
    keep_member(member, by=secretary)
    with pytest.raises(OutOfReach):
        party.make_member(other, by=secretary)
    assert not other.members.exclude(user__isnull=False).exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"joined_on": date(2999, 1, 1)}, "joined_on"),
        ({"joined_on": date(1821, 7, 1)}, "joined_on"),
        ({"full_on": date(2000, 1, 1)}, "full_on"),
        ({"stage": "probationary", "full_on": date(2020, 1, 1)}, "full_on"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(branches, fields, field):
    (mine, secretary), _ = branches
    with pytest.raises(Refused) as refusal:
        party.make_member(mine, by=secretary, **fields)
    assert refusal.value.field == field


def test_one_is_a_member_of_one_organisation_at_a_time(branches):
    (mine, secretary), (other, second) = branches
    member = party.make_member(mine, by=secretary)
    with pytest.raises(Refused, match="已在名册上"):
        party.make_member(other, by=second, name=member.name, phone=member.phone)
    user = factories.make_user("某人")
    party.make_member(mine, by=secretary, user=user)
    with pytest.raises(Refused, match="一名党员同时只在一个党组织"):
        party.make_member(other, by=second, user=user)


def test_a_transfer_needs_both_sides(branches):
    (mine, secretary), (other, second) = branches
    member = party.make_member(mine, by=secretary)
    transfer = ask_transfer(by=secretary, member=member, target=other, note="搬家")
    assert transfer.released_at and not transfer.accepted_at and transfer.status == "asked"
    assert second.notices.filter(title__contains=transfer.title).exists()
    assert member.name not in transfer.title, "a notice names nobody in full"
    with pytest.raises(Refused, match="由转入的"):
        TRANSFERS.run(transfer, "accept", by=secretary, version=transfer.version)
    with pytest.raises(Refused, match="正在办理"):
        ask_transfer(by=secretary, member=member, target=other)
    done = TRANSFERS.run(transfer, "accept", by=second, version=transfer.version)
    member.refresh_from_db()
    assert done.status == "done" and member.organisation == other
    assert member in Member.objects.restrict(second) and member not in Member.objects.restrict(secretary)
    assert secretary.may("view", done), "who let her go still sees what became of it"


def test_who_decides_for_both_sides_agrees_for_one(branches):
    (mine, _), (other, second) = branches
    community = factories.make_staff("community_secretary", factories.COMMUNITY)
    transfer = ask_transfer(by=community, member=party.make_member(mine), target=other)
    assert transfer.released_at and "accept" not in {
        each.name for each in TRANSFERS.available(transfer, community)
    }
    with pytest.raises(Refused, match="另一个人同意"):
        TRANSFERS.run(transfer, "accept", by=community)
    desk = admin.site.get_model_admin(Transfer)
    assert transfer in desk.waiting(second) and transfer not in desk.waiting(community)
    assert TRANSFERS.run(transfer, "accept", by=second).status == "done"


def test_who_asks_for_a_transfer_reads_no_name_by_it(branches):
    (mine, secretary), (other, second) = branches
    officer, member = party.make_officer(factories.STREET), party.make_member(mine, name="欧阳试")
    asked = ask_transfer(by=officer, member=member, target=other)
    assert "欧阳试" not in signed_in(officer).get(asked.get_absolute_url()).content.decode()
    assert "欧阳试" in signed_in(second).get(asked.get_absolute_url()).content.decode(), (
        "whoever is asked must know"
    )
    TRANSFERS.run(asked, "refuse", by=second, note="不认识")
    assert "欧阳试" not in signed_in(second).get(asked.get_absolute_url()).content.decode()


def test_who_is_asked_first_may_be_the_target_and_either_may_refuse(branches):
    (mine, secretary), (other, second) = branches
    community = factories.make_staff("community_secretary", factories.COMMUNITY)
    member = party.make_member(mine, by=secretary)
    transfer = ask_transfer(by=community, member=member, target=other)
    assert transfer.released_at is not None, "whoever asks agrees for the side that she may speak for"
    refused = TRANSFERS.run(transfer, "refuse", by=second, note="名额已满")
    member.refresh_from_db()
    assert refused.status == "refused" and member.organisation == mine
    again = ask_transfer(by=secretary, member=member, target=other)
    assert TRANSFERS.run(again, "withdraw", by=secretary, note="不转了").status == "withdrawn"


def test_a_transfer_across_streets_lies_with_both_and_with_nobody_else(branches):
    (mine, secretary), (_, neighbour) = branches
    far = party.make_branch(factories.FAR_BASE)
    far_secretary = party.make_secretary(far)
    member = party.make_member(mine, by=secretary)
    assert secretary.may("choose", far) and not secretary.may("view", far)
    transfer = ask_transfer(by=secretary, member=member, target=far)
    assert far_secretary.may("view", transfer) and far_secretary.may("decide", transfer)
    assert not neighbour.may("view", transfer)
    assert not factories.make_staff("grid_worker", factories.BASE).may("view", transfer)
    TRANSFERS.run(transfer, "accept", by=far_secretary)
    assert Transfer.objects.get().status == "done"


def test_who_holds_a_duty_is_not_transferred(branches):
    (mine, secretary), (other, _) = branches
    head = mine.officers.get().member
    with pytest.raises(Refused, match="请先免去职务"):
        ask_transfer(by=secretary, member=head, target=other)


def test_a_late_transfer_is_reminded_of_once(branches):
    from parties.flow.transfers import remind_late

    (mine, secretary), (other, second) = branches
    transfer = ask_transfer(by=secretary, member=party.make_member(mine, by=secretary), target=other)
    Transfer.objects.filter(pk=transfer.pk).update(due_at=timezone.now() - timedelta(days=1))
    assert remind_late(timezone.now()) == 1 and remind_late(timezone.now()) == 0
    assert second.notices.filter(title__contains="超期").count() == 1


def test_leaving_the_roll_ends_what_she_held(branches):
    (mine, _), _ = branches
    community = factories.make_staff("community_secretary", factories.COMMUNITY)
    member = party.make_member(mine)
    with pytest.raises(Refused) as refusal:
        strike_off(member, by=community, day=timezone.localdate(), leaving="transferred")
    assert refusal.value.field == "went_to"
    gone = strike_off(member, by=community, day=timezone.localdate(), leaving="transferred", went_to="某县")
    assert not gone.is_on_roll and gone not in mine.members.on_roll()
    assert strike_off(gone, by=community, day=timezone.localdate(), leaving="died").leaving == "transferred"
    with pytest.raises(NotYours):
        strike_off(
            party.make_member(mine),
            by=party.make_secretary(party.make_branch(factories.FAR_BASE)),
            day=timezone.localdate(),
            leaving="died",
        )


def test_an_account_is_linked_by_who_decides_and_only_under_the_same_name(branches):
    (mine, secretary), _ = branches
    community = factories.make_staff("community_secretary", factories.COMMUNITY)
    user = factories.make_user("成组长")
    group = party.make_group(mine)
    member = party.make_member(mine, group=group, name="成组长")
    with pytest.raises(NotYours):
        link_account(member, by=secretary, account=user.phone)
    with pytest.raises(Refused, match="姓名要和这名党员一致"):
        link_account(party.make_member(mine, name="别人"), by=community, account=user.phone)
    for user_elsewhere in (
        staff_named("成组长", "auditor", factories.DISTRICT),
        staff_named("成组长", "street_officer", factories.STREET),
        staff_named("成组长", "community_secretary", factories.NEIGHBOUR),
    ):
        with pytest.raises(Refused, match="姓名要和这名党员一致"):
            link_account(member, by=community, account=user_elsewhere.username)
    worker = staff_named("李工", "grid_worker", factories.BASE)
    assert (
        link_account(party.make_member(mine, name="李工"), by=community, account=worker.username).user
        == worker
    )
    give_duty(by=community, organisation=group, member=member, duty="leader", since=timezone.localdate())
    link_account(member, by=community, account=user.phone)
    leader = User.objects.get(pk=user.pk)
    assert set(Member.objects.restrict(leader)) == {member}
    assert not leader.may("change", member)


def test_a_verified_phone_finds_its_member(branches):
    (mine, _), _ = branches
    member = party.make_member(mine, name="成某", phone="19910000999")
    assert adopt(factories.make_user("别人", phone="19910000998")) == 0
    user = factories.make_user("成某", phone="19910000999")
    assert adopt(user) == 1 and adopt(user) == 0
    assert user.may("view", Member.objects.get(pk=member.pk))


# --- at the desk ------------------------------------------------------------------------------------------------------
def test_names_are_open_to_the_branch_and_masked_to_the_street(branches):
    (mine, secretary), _ = branches
    member = party.make_member(mine, by=secretary, name="司马相如", phone="19912345678")
    page, row = (
        reverse("admin:parties_member_changelist"),
        reverse("admin:parties_member_change", args=[member.pk]),
    )
    shown = signed_in(secretary)
    assert "司马相如" in shown.get(page).content.decode()
    street = signed_in(party.make_officer(factories.STREET))
    for address in (page, row, reverse("admin:parties_member_history", args=[member.pk])):
        html = street.get(address).content.decode()
        assert "司马相如" not in html and "19912345678" not in html
    assert row in street.get(page).content.decode()
    # A search over masked names would tell them.
    assert row in shown.get(f"{page}?q=司马相如").content.decode()
    assert row not in street.get(f"{page}?q=司马相如").content.decode()
    reveal = reverse("admin:parties_member_reveal", args=[member.pk, "phone"])
    answer = street.post(reveal, {"reason": "核对转接材料"})
    assert "19912345678" in answer.content.decode()
    assert AccessEvent.objects.filter(kind="reveal").count() == 1
    assert (
        signed_in(secretary)
        .get(reverse("admin:parties_member_reveal", args=[member.pk, "phone"]))
        .status_code
        == 404
    )


def test_the_pages_keep_what_was_typed_and_say_what_is_wrong(branches):
    (mine, secretary), (other, _) = branches
    client = signed_in(secretary)
    add = reverse("admin:parties_member_add")
    given = {
        "organisation": other.pk,
        "name": "某甲",
        "phone": "123",
        "stage": "full",
        "mobility": "",
        "since": "2026-01-01",
    }
    html = client.post(add, given).content.decode()
    assert "请填写 11 位手机号码" in html and "某甲" in html and "请选择您管理的党组织" in html
    assert client.post(add, given | {"organisation": mine.pk, "phone": "19911112222"}).status_code == 302
    member = Member.objects.get(name="某甲")
    leave = reverse("admin:parties_member_leave", args=[member.pk])
    assert (
        "请填写转到哪里"
        in client.post(leave, {"leaving": "transferred", "day": "2026-02-01"}).content.decode()
    )
    transfer = reverse("admin:parties_member_transfer", args=[member.pk])
    assert client.post(transfer, {"target": other.pk, "note": ""}).status_code == 302
    assert Transfer.objects.get().target == other


def test_the_lists_ask_as_often_for_twenty_as_for_one(branches, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    (mine, secretary), _ = branches
    client = signed_in(secretary)
    for name in ("member", "officer", "organisation", "hubhousehold", "coveredunit", "transfer"):
        client.get(reverse(f"admin:parties_{name}_changelist"))
    numbers = {}
    for step in (1, 12):
        for _ in range(step):
            party.make_member(mine, by=secretary)
            party.make_group(mine)
        for name in ("member", "officer", "organisation"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(reverse(f"admin:parties_{name}_changelist")).status_code == 200
            numbers.setdefault(name, set()).add(len(queries))
    assert all(len(counts) == 1 for counts in numbers.values()), numbers


def test_a_covered_unit_belongs_to_a_branch_of_its_place(branches):
    (mine, secretary), _ = branches
    community = factories.make_staff("community_secretary", factories.COMMUNITY)
    far = party.make_branch(factories.FAR_BASE)
    unit = CoveredUnit(grid=mine.grid, name="某某超市", kind="shop", organisation=far)
    with pytest.raises(Refused) as refusal:
        keep_covered(unit, by=community)
    assert refusal.value.field == "organisation"
    unit.organisation = mine
    keep_covered(unit, by=community)
    assert unit in CoveredUnit.objects.restrict(secretary)
    with pytest.raises((OutOfReach, ValidationError)):
        keep_covered(CoveredUnit(grid=far.grid, name="别处", kind="firm"), by=secretary)


def test_a_hub_household_is_entered_by_who_reads_the_name(branches):
    (mine, secretary), _ = branches
    member = party.make_member(mine)
    with pytest.raises(Refused, match="看不到这名党员"):
        party.make_hub(member, by=party.make_officer())
    assert party.make_hub(member, by=secretary).member == member


def test_who_led_once_is_a_member_like_others(branches):
    (mine, secretary), _ = branches
    head = mine.officers.get()
    name, officer = head.member.name, party.make_officer()
    url = reverse("admin:parties_officer_changelist")
    assert name in signed_in(officer).get(url, {"q": name}).content.decode(), "who leads is named"
    head.until = timezone.localdate() - timedelta(days=1)
    head.save()
    past = signed_in(officer).get(url, {"term": "past"}).content.decode()
    assert name not in past and name[0] in past
    found = signed_in(officer).get(url, {"term": "past", "q": name})
    assert not found.context["cl"].queryset.exists(), "a search would tell the name"
    assert name in signed_in(secretary).get(url, {"term": "past", "q": name}).content.decode()


def test_choices_stand_by_name_only_where_all_names_are_read(branches):
    (mine, secretary), _ = branches
    members = [party.make_member(mine, name=name) for name in ("周", "安", "李")]
    rows = Member.objects.filter(pk__in=[member.pk for member in members])
    assert list(rows.as_choices(party.make_officer())) == members
    assert list(rows.as_choices(secretary)) == list(rows.order_by("name"))


def test_a_day_that_cannot_be_is_answered_for_what_it_is(branches):
    (mine, secretary), _ = branches
    for day, words in ((date(2999, 1, 1), "不能晚于今天"), (date(1821, 7, 1), "年份太早")):
        with pytest.raises(Refused, match=words):
            party.make_member(mine, joined_on=day)
    community = factories.make_staff("community_secretary", factories.COMMUNITY)
    given = {"by": community, "organisation": mine, "member": party.make_member(mine), "duty": "member"}
    with pytest.raises(Refused, match="不能晚于今天") as refusal:
        give_duty(**given, since=timezone.localdate() + timedelta(days=1))
    assert refusal.value.field == "since" and mine.officers.count() == 1


def test_where_she_came_from_is_mended_and_a_shared_phone_is_told(branches):
    (mine, secretary), _ = branches
    first, second = party.make_member(mine), party.make_member(mine)
    client, url = signed_in(secretary), reverse("admin:parties_member_change", args=[second.pk])
    given = {
        "name": second.name, "phone": first.phone, "stage": "full", "mobility": "", "employer": "", "group": "",
        "joined_on": "2001-07-01", "full_on": "", "since": "2020-03-01", "came_from": "和苑西里社区党委",
    }  # fmt: skip
    page = client.post(url, given, follow=True).content.decode()
    second.refresh_from_db()
    assert (second.since, second.came_from) == (date(2020, 3, 1), "和苑西里社区党委")
    assert "还有 1 名党员用这个手机号" in page
