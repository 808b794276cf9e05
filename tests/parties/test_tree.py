"""The tree: who sets up what where, what the database holds, and what moving, merging and dissolving carry along."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance.flow import NotYours, Refused
from governance.models import Post, User
from grids.models import Grid
from parties import hints
from parties.models import Member, Organisation, PartyOrgType
from parties.reports import rates
from parties.reports.tree import children_of, picture, roots
from parties.services.joint import end_committee
from parties.services.officers import end_duty, give_duty
from parties.services.organisations import dissolve, merge, move, rename, set_up
from tests import factories, joint, party
from tests.cast import Cast

pytestmark = pytest.mark.django_db
T = PartyOrgType


@pytest.fixture(autouse=True)
def tree(territory):
    return None


def test_a_superior_sets_up_what_is_below_and_not_itself():
    committee = party.make_committee()
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    branch = party.make_branch(parent=committee, by=secretary)
    assert branch.units == [*committee.units, branch.unit_id]
    assert branch.changes.get().kind == "set_up"
    with pytest.raises(NotYours):
        rename(committee, by=secretary, name="新名称", day=timezone.localdate())
    with pytest.raises(NotYours):
        party.make_branch(parent=committee.parent, by=secretary)


@pytest.mark.parametrize(
    ("kind", "code", "field"),
    [(T.COMMITTEE, factories.BASE, "kind"), (T.BRANCH, factories.NEIGHBOUR_BASE, "grid")],
)
def test_a_child_stands_below_its_parent_in_kind_and_place(kind, code, field):
    committee, officer = party.make_committee(), party.make_officer()
    with pytest.raises(Refused) as refusal:
        set_up(
            by=officer, parent=committee, grid=factories.make_grid(code), name="某", kind=kind,
            established_on=timezone.localdate(),
        )  # fmt: skip
    assert refusal.value.field == field


def test_the_database_holds_kind_and_place_by_itself():
    branch = party.make_branch()
    for change in (
        {"kind": T.COMMITTEE},
        {"grid": factories.NEIGHBOUR_BASE},
        {"parent_kind": T.STREET_COMMITTEE},
        {"parent": None},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Organisation.objects.filter(pk=branch.pk).update(**change)
            # What refers to another row is looked at when the transaction ends.
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_parent_that_moves_takes_its_childrens_copies_along():
    branch = party.make_branch(factories.COMMUNITY)
    group = set_up(
        by=party.make_officer(), parent=branch, grid=factories.make_grid(factories.BASE), name="组", kind=T.GROUP,
        established_on=timezone.localdate(),
    )  # fmt: skip
    Organisation.objects.filter(pk=branch.pk).update(grid=factories.BASE)
    group.refresh_from_db()
    assert group.parent_grid == factories.BASE
    with pytest.raises(IntegrityError), transaction.atomic():
        Organisation.objects.filter(pk=branch.pk).update(grid=factories.NEIGHBOUR_BASE)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        branch.changes.all().delete()


def test_several_branches_share_a_grid_and_do_not_reach_each_other():
    committee = party.make_committee()
    one, other = party.make_branch(parent=committee), party.make_branch(parent=committee)
    secretary = party.make_secretary(one)
    hers, theirs = party.make_member(one), party.make_member(other)
    group = party.make_group(one)
    assert one.grid_id == other.grid_id
    assert set(Organisation.objects.restrict(secretary)) == {one, group}
    assert hers in Member.objects.restrict(secretary) and theirs not in Member.objects.restrict(secretary)
    assert not secretary.may("view", other) and not secretary.may("change", one)
    community = factories.make_staff("community_secretary", factories.COMMUNITY)
    assert set(Member.objects.restrict(community)) >= {hers, theirs}
    for role, code in (("community_worker", factories.COMMUNITY), ("seat_operator", factories.DISTRICT)):
        outsider = factories.make_staff(role, code)
        assert not Organisation.objects.restrict(outsider).exists()
        assert not Member.objects.restrict(outsider).exists()


def test_no_directory_of_units_names_a_party_organisation():
    branch = party.make_branch()
    for role, code in (
        ("security_administrator", factories.DISTRICT),
        ("community_worker", factories.COMMUNITY),
        ("community_secretary", factories.COMMUNITY),
    ):
        assert not factories.make_staff(role, code).may("view", branch.unit)


def test_moving_takes_everything_below_along():
    officer = party.make_officer()
    committee = party.make_committee(by=officer)
    general = set_up(
        by=officer, parent=committee, grid=committee.grid, name="某党总支", kind=T.GENERAL_BRANCH,
        established_on=timezone.localdate(),
    )  # fmt: skip
    branch = party.make_branch(parent=committee, by=officer)
    group = party.make_group(branch, by=officer)
    member = party.make_member(branch, by=officer, group=group)
    move(branch, by=officer, parent=general, day=timezone.localdate())
    for row in (branch, group, member):
        row.refresh_from_db()
        assert general.unit_id in row.units
    assert member.units == [*branch.units, group.unit_id]
    assert group.units == [*branch.units, group.unit_id]
    with pytest.raises(Refused) as refusal:
        move(general, by=officer, parent=branch, day=timezone.localdate())
    assert refusal.value.field == "parent"


def test_merging_moves_members_and_groups_and_ends_duties():
    officer = party.make_officer()
    committee = party.make_committee(by=officer)
    one, other = (
        party.make_branch(parent=committee, by=officer),
        party.make_branch(parent=committee, by=officer),
    )
    secretary = party.make_secretary(one)
    group = party.make_group(one, by=officer)
    grouped = party.make_member(one, by=officer, group=group)
    assert Post.objects.in_force().filter(user=secretary, unit=one.unit).exists()
    merge(
        one,
        by=officer,
        into=other,
        reason="人数太少",
        document="和街党发〔2026〕3号",
        day=timezone.localdate(),
    )
    one.refresh_from_db()
    grouped.refresh_from_db()
    assert one.is_ended and one.merged_into == other
    assert grouped.organisation == other and other.unit_id in grouped.units and group.unit_id in grouped.units
    assert not Post.objects.in_force().filter(user=secretary, unit=one.unit).exists()
    assert not one.officers.in_office(timezone.localdate() + timedelta(days=1)).exists()
    assert [change.kind for change in other.changes.all()] == ["merged", "set_up"]


def test_what_nobody_could_finish_afterwards_is_finished_before_a_merger():
    officer = party.make_officer()
    one, other = party.make_committee(by=officer), party.make_committee(factories.NEIGHBOUR, by=officer)
    disclosure = party.make_disclosure(one, by=officer)
    joint_committee = joint.make_joint(one, by=officer)

    def refused(words: str) -> None:
        with pytest.raises(Refused, match=words):
            merge(one, by=officer, into=other, reason="人数太少", day=timezone.localdate())

    refused("党务公开")
    party.disclose(disclosure, by=officer)
    refused("大工委")
    end_committee(joint_committee, by=officer, reason="并入", day=timezone.localdate())
    merge(one, by=officer, into=other, reason="人数太少", day=timezone.localdate())


def test_what_has_members_or_children_is_not_dissolved():
    officer = party.make_officer()
    branch = party.make_branch(by=officer)
    group = party.make_group(branch, by=officer)
    with pytest.raises(Refused, match="还有 1 个党组织"):
        dissolve(branch, by=officer, reason="撤销", day=timezone.localdate())
    dissolve(group, by=officer, reason="撤销", day=timezone.localdate())
    member = party.make_member(branch, by=officer)
    with pytest.raises(Refused, match="还有 1 名党员"):
        dissolve(branch, by=officer, reason="撤销", day=timezone.localdate())
    Member.objects.filter(pk=member.pk).update(left_on=timezone.localdate(), leaving="died")
    dissolve(branch, by=officer, reason="撤销", day=timezone.localdate())
    with pytest.raises(Refused, match="已经撤销"):
        rename(branch, by=officer, name="又", day=timezone.localdate())


def test_a_secretary_gets_her_post_with_the_duty_and_loses_it_with_it():
    branch, officer = party.make_branch(), party.make_officer()
    user = factories.make_user("沈书记", staff=True)
    member = party.make_member(branch, name=user.name, user=user)
    duty = give_duty(
        by=officer, organisation=branch, member=member, duty="secretary", since=timezone.localdate()
    )
    assert User.objects.get(pk=user.pk).may("view", branch)
    with pytest.raises(Refused, match="已有书记"):
        give_duty(
            by=officer, organisation=branch, member=party.make_member(branch), duty="secretary",
            since=timezone.localdate(),
        )  # fmt: skip
    end_duty(duty, by=officer, day=timezone.localdate(), reason="调整")
    assert not User.objects.get(pk=user.pk).may("view", branch)


def test_hints_say_what_a_branch_lacks_and_refuse_nothing():
    branch = party.make_branch()
    row = hints.with_sizes(Organisation.objects.filter(pk=branch.pk)).get()
    told = [hint.text for hint in hints.of_organisation(row)]
    assert told == ["正式党员 0 人，不足 3 人。", "还没有书记。", "还没有填本届的起止日期。"]
    assert hints.with_sizes(Organisation.objects.all()).filter(hints.lacking(), pk=branch.pk).exists()
    party.make_secretary(branch)
    for _ in range(7):
        party.make_member(branch)
    today = timezone.localdate()
    Organisation.objects.filter(pk=branch.pk).update(
        term_from=today - timedelta(days=1700), term_until=today + timedelta(days=100)
    )
    row = hints.with_sizes(Organisation.objects.filter(pk=branch.pk)).get()
    told = [hint.text for hint in hints.of_organisation(row)]
    assert len(told) == 2 and told[0] == "正式党员 8 人，班子 1 人。" and "请准备换届" in told[1]


def test_the_list_of_what_lacks_something_says_the_same_as_each_page():
    branch = party.make_branch()
    party.make_group(branch)
    party.make_secretary(branch)
    whole = party.make_branch(parent=branch.parent)
    party.make_secretary(whole)
    for _ in range(3):
        party.make_member(whole)
    today = timezone.localdate()
    Organisation.objects.filter(pk=whole.pk).update(
        term_from=today - timedelta(days=10), term_until=today + timedelta(days=900)
    )
    rows = hints.with_sizes(Organisation.objects.all())
    listed = set(rows.filter(hints.lacking()).values_list("pk", flat=True))
    assert listed == {row.pk for row in rows if hints.of_organisation(row)}
    assert whole.pk not in listed


def test_the_tree_counts_what_is_below_and_asks_as_often_for_one_as_for_many():
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    branch = party.make_branch()
    group = party.make_group(branch)
    party.make_member(branch)
    party.make_member(branch, group=group)
    top = roots(secretary)
    assert [(node.row.pk, node.members, node.below) for node in top] == [(branch.parent_id, 2, 2)]
    with CaptureQueriesContext(connection) as one:
        found = children_of(secretary, branch.parent)
    assert [(node.row, node.members, node.below) for node in found] == [(branch, 2, 1)]
    assert [node.members for node in children_of(secretary, branch)] == [1]
    for _ in range(5):
        party.make_branch(parent=branch.parent)
    with CaptureQueriesContext(connection) as many:
        assert len(children_of(secretary, branch.parent)) == 6
    assert len(many) == len(one)
    drawn = picture(secretary, branch.parent)
    assert len(drawn.nodes) == 8 and len(drawn.links) == 7
    spots = {(node.x, node.y) for node in drawn.nodes}
    assert len(spots) == len(drawn.nodes), "no two boxes in one place"


def test_figures_by_place_are_counted_within_reach():
    branch = party.make_branch()
    party.make_branch(factories.FAR_BASE)
    party.make_member(branch)
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    total, lines = rates.table(secretary, factories.DISTRICT)
    assert total.values["branches"] == 1 and total.values["members"] == 1
    officer = party.make_officer()
    total, lines = rates.table(officer, factories.DISTRICT)
    assert total.values["branches"] == 2 and total.values["committees"] == 2
    assert sum(line.values["branches"] for line in lines) == 2
    assert total.values["bare_grids"] == 1, "one of three base grids has no branch"
    assert total.one_shoulder == (0, 2) and rates.percent(total.one_shoulder) == 0.0


def test_who_sees_one_branch_is_told_of_no_gaps():
    branch = party.make_branch()
    Grid.objects.filter(pk=factories.BASE).update(kind="resident")
    factories.make_grid(factories.COMMUNITY + "002")
    above = factories.make_staff("community_secretary", factories.COMMUNITY)
    people = (party.make_secretary(branch), above)
    secretary, community = (Cast(people={"she": each}).client("she") for each in people)
    map_url, rates_url = (
        reverse("admin:parties_organisation_map"),
        reverse("admin:parties_organisation_rates"),
    )
    place = {"in": factories.COMMUNITY}
    mine, whole = (client.get(map_url, place).context for client in (secretary, community))
    assert [line["grid"].pk for line in mine["lines"]] == [factories.BASE] and not mine["bare"]
    assert whole["bare"] == rates.bare_in(above, factories.COMMUNITY) == 1
    assert "无支部网格" not in secretary.get(rates_url).content.decode()
    assert "无支部网格" in community.get(rates_url).content.decode()


def test_one_shoulder_and_cross_appointment():
    committee, officer = party.make_committee(), party.make_officer()
    for duty, besides in (("secretary", "director"), ("deputy", ""), ("member", "member")):
        give_duty(
            by=officer, organisation=committee, member=party.make_member(committee), duty=duty,
            committee_duty=besides, since=timezone.localdate(),
        )  # fmt: skip
    total, _ = rates.table(officer, factories.DISTRICT)
    assert total.one_shoulder == (1, 1) and total.cross == (2, 3)
    assert rates.percent(total.cross) == 66.7


def test_a_name_is_taken_once_below_one_parent():
    branch, officer = party.make_branch(), party.make_officer()
    with pytest.raises(Refused, match="已有同名"):
        party.make_branch(parent=branch.parent, name=branch.name, by=officer)
    with pytest.raises(ValidationError):
        rename(branch, by=officer, name=branch.name, day=timezone.localdate())
