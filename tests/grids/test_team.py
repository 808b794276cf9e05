"""The register of who works in a grid: what may be entered, the posts that come and go with it, and what the notice makes of it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from governance.appointments import appoint, dismiss
from governance.flow import NotYours, Refused
from governance.models import AccessEvent, Post
from governance.permissions import OutOfReach
from grids import notice, services
from grids.models import Grid, Handover, TeamMember
from grids.reports import team as reports
from tests import factories, teams
from tests.concurrency import all_at_once
from tests.standing import standing

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@standing
def secretary(territory):
    return factories.make_staff("community_secretary", factories.COMMUNITY)


def names(people) -> list[str]:
    return [each.name for each in people]


# --- entering --------------------------------------------------------------------------------------------------------
def test_a_grid_worker_with_an_account_gets_her_post_and_reaches_her_grid(secretary):
    worker = teams.make_worker(secretary)
    post = worker.post
    assert (post.role_id, post.grid_id, post.user) == ("grid_worker", factories.BASE, worker.user)
    assert post.valid_from == TODAY() and post.valid_until is None and post.appointed_by == secretary
    assert teams.fresh(worker.user).holds("grid_worker")
    assert AccessEvent.objects.filter(kind=AccessEvent.Kind.APPOINT, object_pk=str(post.pk)).count() == 1
    line = worker.history.latest()
    assert line.history_user == secretary


@pytest.mark.parametrize("kind", ["leader", "micro", "volunteer", "resident", "other"])
def test_nobody_else_of_a_team_gets_a_post(secretary, kind):
    user = factories.make_user("热心人", staff=True)
    member = teams.make_member(secretary, kind, name="热心人", account=user.username)
    assert member.user == user and member.post is None
    assert not Post.objects.filter(user=user).exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        TeamMember.objects.filter(pk=member.pk).update(post=Post.objects.first())


def test_a_worker_without_an_account_is_named_and_gets_it_later(secretary):
    member = teams.make_member(secretary, name="卫大姐")
    assert member.post is None
    user = factories.make_user("卫大姐", staff=True)
    services.amend(member, by=secretary, account=user.username)
    assert member.post.user == user
    with pytest.raises(Refused, match="已有账号"):
        services.amend(member, by=secretary, account=user.username)


def test_a_post_that_is_held_already_is_hers_and_no_second_one_is_given(secretary):
    user = factories.make_user("卫大姐", staff=True)
    held = appoint(user, "grid_worker", factories.BASE, by=None, until=TODAY() + timedelta(days=90))
    member = teams.make_member(secretary, name="卫大姐", account=user.username)
    assert member.post == held and member.until == held.valid_until
    assert Post.objects.filter(user=user).count() == 1


def accounts(secretary):
    far = factories.make_staff("community_secretary", factories.FAR)
    return {
        "nobody": "no-such-login",
        "of another name": factories.make_user("别人", staff=True).username,
        "by phone": factories.make_user("卫大姐").username,
        "elsewhere": _named(far, "卫大姐"),
        "administrator": _named(factories.make_staff("system_administrator", factories.DISTRICT), "卫大姐"),
        "stopped": _named(factories.make_user(staff=True), "卫大姐", is_active=False),
    }


def _named(user, name: str, **fields) -> str:
    type(user).objects.filter(pk=user.pk).update(name=name, **fields)
    return user.username


def test_an_account_is_of_the_staff_of_her_name_and_works_here(secretary):
    told = set()
    for login in accounts(secretary).values():
        with pytest.raises(Refused) as refused:
            teams.make_member(secretary, name="卫大姐", account=login)
        told |= {*refused.value.message_dict["account"]}
    assert len(told) == 1, "one sentence for all: it must not tell whether a name has an account"
    assert not TeamMember.objects.exists()


def test_nobody_appoints_herself(secretary):
    secretary.name = "周书记"
    secretary.save()
    with pytest.raises(Refused, match="不能给自己"):
        teams.make_member(secretary, name="周书记", account=secretary.username)
    assert teams.make_member(secretary, "leader", name="周书记", account=secretary.username).user == secretary


def test_no_private_phone_is_posted(secretary):
    user = factories.make_user("卫大姐", staff=True)
    for phone in (user.phone, f"+86 {user.phone[:3]} {user.phone[3:7]} {user.phone[7:]}"):
        with pytest.raises(ValidationError):
            teams.make_member(secretary, name="卫大姐", account=user.username, phone=phone)
    assert not TeamMember.objects.exists() and not Post.objects.filter(user=user).exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "full_time", "code": factories.COMMUNITY}, "grid"),
        ({"kind": "micro", "code": factories.COMMUNITY}, "grid"),
        ({"kind": "leader", "code": factories.STREET}, "grid"),
        ({"since": timezone.localdate() + timedelta(days=400)}, "since"),
        ({"since": timezone.datetime(1, 1, 1).date()}, "since"),
        ({"consented_on": timezone.localdate() + timedelta(days=1)}, "consented_on"),
        ({"kind": "nonsense"}, "kind"),
        ({"name": ""}, "name"),
        ({"phone": "找我"}, "phone"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(territory, fields, field):
    officer = factories.make_staff("street_officer", factories.STREET)
    with pytest.raises(ValidationError) as refused:
        teams.make_member(officer, **{"kind": "volunteer", **fields})
    assert field in refused.value.message_dict


def test_a_retired_grid_takes_nobody_in(secretary):
    heir = factories.make_grid(factories.COMMUNITY + "002")
    keeper = factories.make_staff("system_administrator", factories.DISTRICT)
    services.retire_grid(Grid.objects.get(code=factories.BASE), [heir], by=keeper, reason="与第二网格合并")
    with pytest.raises(Refused):
        teams.make_member(secretary)


def test_doors_are_a_micro_grid_workers_and_of_her_grid(secretary):
    here, there = factories.make_entrance(), factories.make_entrance(factories.NEIGHBOUR_BASE)
    member = teams.make_member(secretary, "micro", entrances=[here])
    assert list(member.entrances.all()) == [here]
    for kind, door in (("micro", there), ("leader", here)):
        with pytest.raises(Refused, match="楼门"):
            teams.make_member(secretary, kind, entrances=[door])


def test_the_same_person_is_entered_once(secretary):
    teams.make_member(secretary, "volunteer", name="老张")
    with pytest.raises(Refused, match="已登记同一类别、同名"):
        teams.make_member(secretary, "volunteer", name="老张")
    assert teams.make_member(secretary, "volunteer", name="老张", phone="27271234").pk


def test_out_of_reach_nobody_is_entered_mended_or_ended(secretary):
    worker = teams.make_worker(secretary)
    far = factories.make_staff("community_secretary", factories.FAR)
    neighbour = factories.make_staff("community_secretary", factories.NEIGHBOUR)
    colleague = factories.make_staff("grid_worker", factories.NEIGHBOUR_BASE)
    for outsider in (far, neighbour, colleague, teams.fresh(worker.user), factories.make_user()):
        with pytest.raises(OutOfReach):
            teams.make_member(outsider)
        with pytest.raises(OutOfReach):
            services.amend(TeamMember.objects.get(pk=worker.pk), by=outsider)
        with pytest.raises(NotYours):
            teams.end(worker, outsider, 0)
        with pytest.raises(NotYours):
            services.replace(
                worker, TeamMember(kind="full_time", name="新人", since=TODAY()), by=outsider, reason="换人"
            )
    assert TeamMember.objects.count() == 1 and TeamMember.objects.get().until is None  # fmt: skip


# --- ending ----------------------------------------------------------------------------------------------------------
def test_the_post_ends_with_the_service(secretary):
    worker = teams.make_worker(secretary, since=TODAY() - timedelta(days=9))
    teams.end(worker, secretary, -1)
    worker.refresh_from_db()
    assert worker.until == TODAY() - timedelta(days=1) and not worker.is_in_office
    assert not teams.fresh(worker.user).posts_in_force
    assert AccessEvent.objects.filter(kind=AccessEvent.Kind.DISMISS).get().reason == "岗位调整"


def test_an_end_that_is_known_ahead_leaves_her_the_post_until_then(secretary):
    worker = teams.make_worker(secretary)
    teams.end(worker, secretary, 5)
    worker.post.refresh_from_db()
    assert worker.post.valid_until == TODAY() + timedelta(days=5) and teams.fresh(worker.user).holds(
        "grid_worker"
    )
    with pytest.raises(Refused, match="已登记离任"):
        teams.end(worker, secretary, 3)


@pytest.mark.parametrize("days", [-400, 500])
def test_a_last_day_lies_in_the_term(secretary, days):
    worker = teams.make_worker(secretary)
    with pytest.raises(Refused):
        teams.end(worker, secretary, days)


def test_who_is_dismissed_at_the_desk_of_posts_leaves_the_team_too(secretary):
    worker = teams.make_worker(secretary, since=TODAY() - timedelta(days=9))
    teams.give_work(worker, secretary)
    guard = factories.make_staff("security_administrator", factories.DISTRICT)
    dismiss(worker.post, by=guard, reason="免职")
    worker.refresh_from_db()
    assert not worker.is_in_office and Handover.objects.get().items.count() == 2
    dismiss(worker.post, by=guard, reason="免职")
    assert Handover.objects.count() == 1


def test_who_is_dismissed_before_the_day_that_was_known_leaves_at_once(secretary):
    worker = teams.make_worker(secretary, since=TODAY() - timedelta(days=9))
    handover = teams.end(worker, secretary, 10)
    worker.post.refresh_from_db()
    dismiss(worker.post, by=None, reason="提前免职")
    worker.refresh_from_db()
    handover.refresh_from_db()
    assert worker.until == handover.day == worker.post.valid_until and not worker.is_in_office


@pytest.mark.django_db(transaction=True)
def test_two_who_end_the_same_service_at_once_make_one_hand_over():
    factories.make_territory()
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    officer = factories.make_staff("street_officer", factories.STREET)
    worker = teams.make_worker(secretary, since=TODAY() - timedelta(days=9))
    teams.give_work(worker, secretary)
    jobs = [
        lambda by=by, days=days: teams.end(worker, by, days) for by, days in ((secretary, -1), (officer, 0))
    ]
    outcomes = all_at_once(*jobs)
    assert sorted(isinstance(each, Refused) for each in outcomes) == [False, True]
    assert Handover.objects.get().items.count() == 2


@pytest.mark.django_db(transaction=True)
def test_ending_a_service_and_dismissing_its_post_at_once_do_not_stand_in_each_others_way():
    factories.make_territory()
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    worker = teams.make_worker(secretary, since=TODAY() - timedelta(days=9))
    post = worker.post
    all_at_once(
        lambda: teams.end(worker, secretary, -1), lambda: dismiss(Post.objects.get(pk=post.pk), by=None)
    )
    worker.refresh_from_db()
    post.refresh_from_db()
    assert worker.until == post.valid_until == TODAY() - timedelta(days=1) and Handover.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_enter_the_same_person_at_once_enter_her_once():
    factories.make_territory()
    people = [
        factories.make_staff("community_secretary", factories.COMMUNITY),
        factories.make_staff("street_officer", factories.STREET),
    ]
    user = factories.make_user("卫大姐", staff=True)
    outcomes = all_at_once(
        *(lambda by=by: teams.make_member(by, name="卫大姐", account=user.username) for by in people)
    )
    assert sum(isinstance(each, Refused) for each in outcomes) == 1
    assert TeamMember.objects.count() == 1 and Post.objects.filter(user=user).count() == 1


# --- holders of posts -------------------------------------------------------------------------------------------------
def test_holders_of_posts_are_entered_at_once_and_only_once(secretary):
    for name in ("卫大姐", "卫小妹"):
        appoint(factories.make_user(name, staff=True), "grid_worker", factories.BASE, by=None)
    posts = services.unenrolled(Post.objects.all()).select_related("user")
    assert services.enrol_holders(posts, by=secretary, kind=lambda post: "part_time") == 2
    assert {member.post.user.name for member in TeamMember.objects.all()} == {"卫大姐", "卫小妹"}
    assert TeamMember.history.count() == 2 and not services.unenrolled(Post.objects.all()).exists()
    assert (
        services.enrol_holders(Post.objects.filter(role="grid_worker").select_related("user"), by=secretary)
        == 0
    )


# --- the notice -------------------------------------------------------------------------------------------------------
def test_the_notice_names_who_is_there_by_duty_and_others_by_consent(secretary):
    teams.make_worker(secretary, phone="022-27270001")
    teams.make_member(secretary, "leader", name="赵网格长")
    teams.make_member(secretary, "resident", name="钱驻格", employer="派出所", duty="驻格民警")
    teams.make_member(secretary, "micro", name="孙楼长", consented_on=TODAY())
    teams.make_member(secretary, "volunteer", name="李志愿", phone="13900000000")
    teams.make_member(secretary, "leader", name="以后来", since=TODAY() + timedelta(days=3))
    told = notice.notice_of(Grid.objects.get(code=factories.BASE))
    assert names(told.team.leaders) == ["赵网格长"] and names(told.team.others) == ["孙楼长"]
    assert [(each.name, each.words, each.phone) for each in told.workers] == [
        ("卫大姐", "专职网格员", "022-27270001")
    ]
    assert names(told.team.staff) == ["钱驻格"]
    readable = TeamMember.objects.restrict(AnonymousUser(), "read")
    assert set(readable.values_list("name", flat=True)) == {"卫大姐", "赵网格长", "钱驻格", "孙楼长"}
    assert not TeamMember.objects.restrict(AnonymousUser()).exists(), (
        "what is read in the notice opens no line"
    )


def test_the_register_is_the_truth_where_it_names_a_worker_and_posts_are_where_it_names_none(secretary):
    other = factories.make_user("只有岗位", staff=True)
    appoint(other, "grid_worker", factories.BASE, by=None)
    grid = Grid.objects.get(code=factories.BASE)
    assert names(notice.notice_of(grid).workers) == ["只有岗位"]
    worker = teams.make_worker(secretary, since=TODAY() - timedelta(days=9))
    assert names(notice.notice_of(grid).workers) == ["卫大姐"]
    teams.end(worker, secretary, -1)
    assert names(notice.notice_of(grid).workers) == ["只有岗位"]


def test_a_worker_whose_account_is_stopped_is_not_posted(secretary):
    worker = teams.make_worker(secretary)
    type(worker.user).objects.filter(pk=worker.user_id).update(is_active=False)
    assert not notice.notice_of(Grid.objects.get(code=factories.BASE)).workers


def test_the_page_tells_since_when_it_is_current_and_no_private_phone(client, secretary):
    worker = teams.make_worker(secretary, phone="022-27270001")
    text = client.get(reverse("grid_notice", args=[factories.BASE])).content.decode()
    assert "专职网格员" in text and "022-27270001" in text and "更新于" in text
    assert worker.user.phone not in text
    today = TODAY()
    assert f"{today.year}年{today.month}月{today.day}日" in text.split("更新于")[1]


def test_the_notice_is_as_old_as_the_last_change(secretary):
    grid = Grid.objects.get(code=factories.BASE)
    old = TODAY() - timedelta(days=40)
    Grid.objects.filter(pk=grid.pk).update(valid_from=old)
    Grid.history.update(history_date=timezone.now() - timedelta(days=90))
    grid.refresh_from_db()
    assert notice.updated_on(grid) == old
    worker = teams.make_worker(secretary, since=old)
    assert notice.updated_on(grid) == TODAY()
    TeamMember.history.update(history_date=timezone.now() - timedelta(days=30))
    Post.objects.filter(pk=worker.post_id).update(valid_from=old)
    assert notice.updated_on(grid) == TODAY() - timedelta(days=30)
    TeamMember.objects.filter(pk=worker.pk).update(until=TODAY() - timedelta(days=6))
    assert notice.updated_on(grid) == TODAY() - timedelta(days=5), (
        "nobody wrote anything the day after she left"
    )


# --- figures ----------------------------------------------------------------------------------------------------------
def test_who_is_missing_is_counted_as_the_notice_names_them(secretary):
    second = factories.make_grid(factories.COMMUNITY + "002")
    teams.make_worker(secretary)
    appoint(factories.make_user("只有岗位", staff=True), "grid_worker", second.code, by=None)
    third = factories.make_grid(factories.COMMUNITY + "003")
    grids = reports.grids_of(secretary)
    assert list(reports.lacking(grids, "worker")) == [third]
    assert reports.lacking(grids, "leader").count() == 3
    teams.make_member(secretary, "leader", third.code)
    assert third not in reports.lacking(grids, "leader")
    assert factories.FAR_BASE not in [grid.pk for grid in grids]


def test_figures_count_by_place_in_a_fixed_number_of_statements(territory):
    officer = factories.make_staff("street_officer", factories.STREET)
    for kind in ("full_time", "part_time", "micro", "micro"):
        teams.make_member(officer, kind)
    teams.make_member(officer, "leader", factories.COMMUNITY)
    teams.make_member(factories.make_staff("community_secretary", factories.FAR), code=factories.FAR_BASE)
    officer = teams.fresh(officer)

    def statements(node: str) -> int:
        officer.posts_in_force  # noqa: B018  asked once for each request
        with connection.execute_wrapper(counter := _Counter()):
            reports.table(officer, node)
        return counter.number

    few = statements(factories.STREET)
    total, lines = reports.table(officer, factories.STREET)
    assert [(line.name, line.people["micro"], line.people["leader"]) for line in lines] == [
        ("网格002", 2, 1),
        ("网格004", 0, 0),
    ]
    assert (total.people["full_time"], total.lacking["worker"], total.grids) == (1, 1, 2)
    for serial in range(2, 25):
        teams.make_member(officer, code=f"{factories.COMMUNITY}{serial:03d}")
    assert statements(factories.STREET) == few
    total, lines = reports.table(officer, factories.COMMUNITY)
    assert [line.code for line in lines][:2] == [factories.COMMUNITY, factories.BASE] and total.people[
        "full_time"
    ] == 24


class _Counter:
    def __init__(self) -> None:
        self.number = 0

    def __call__(self, execute, sql, params, many, context):
        self.number += 1
        return execute(sql, params, many, context)
