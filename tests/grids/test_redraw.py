"""Grids that are split, merged and shifted: what moves along, what is left to the clerk, and what is refused."""

from datetime import timedelta

import pytest
import shapely
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from governance.appointments import appoint
from governance.models import AccessEvent, Post, User
from grids import geometry, services
from grids.flow import SWEEPS
from grids.models import (
    Boundary,
    BoundaryDraft,
    Building,
    Entrance,
    Grid,
    Handover,
    Need,
    SweepTarget,
    TeamMember,
)
from grids.services import Change, Part, enrol, sweeps, visits
from grids.services.visits import Found
from grids.succession import merged_into, present_place, successors_on
from tests import factories, register, sweeping
from tests.cast import BACKEND
from tests.concurrency import all_at_once
from tests.standing import standing
from tests.teams import fresh, give_work, make_member, make_worker
from volunteers.flow import ORDERS
from volunteers.models import Order

pytestmark = pytest.mark.django_db
COMMUNITY, BASE, SECOND = factories.COMMUNITY, factories.BASE, factories.COMMUNITY + "002"
THIRD, FOURTH = COMMUNITY + "003", COMMUNITY + "004"


def box(west: float, east: float):
    """A strip of the community, from one share of its width to another."""
    return shapely.box(117.10 + 0.02 * west, 39.15, 117.10 + 0.02 * east, 39.16)


def spot(share: float) -> dict[str, float]:
    return {"longitude": 117.10 + 0.02 * share, "latitude": 39.155}


@standing
def secretary(territory):
    """A community with two base grids side by side, and who keeps them."""
    factories.make_grid(SECOND)
    services.load_outlines({COMMUNITY: box(0, 1), BASE: box(0, 0.5), SECOND: box(0.5, 1)})
    return factories.make_staff("community_secretary", COMMUNITY)


def look(user, draft):
    """What a draft's page answers."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client.get(reverse("admin:grids_boundarydraft_change", args=[draft.pk]))


def draw(outlines, by, *changes):
    return services.open_draft(outlines, by=by, source="drawn", changes=changes)


def halves(
    old: str = BASE, west: float = 0, east: float = 0.5, names=("甲网格", "乙网格"), at: float | None = None
):
    middle = (west + east) / 2 if at is None else at
    return Change((old,), (Part(names[0], box(west, middle)), Part(names[1], box(middle, east))))


def both(name: str = "合并网格"):
    return Change((BASE, SECOND), (Part(name),))


def where(row) -> str:
    return type(row).objects.get(pk=row.pk).grid_id


def test_a_grid_is_split_and_everything_goes_to_the_part_in_which_its_door_lies(secretary):
    worker = factories.make_staff("grid_worker", BASE)
    west, east = factories.make_entrance(**spot(0.1)), factories.make_entrance(**spot(0.4))
    nowhere, other = factories.make_entrance(), factories.make_entrance(SECOND, **spot(0.8))
    second = Entrance.objects.create(building=west.building, grid_id=BASE, name="2门", **spot(0.15))
    stray = Entrance.objects.create(building=west.building, grid_id=BASE, name="3门", **spot(0.45))
    at_west, at_east, at_nowhere = (factories.make_order(entrance=door) for door in (west, east, nowhere))
    without, elsewhere = factories.make_order(), factories.make_order(SECOND, entrance=other)
    done = factories.make_order(entrance=east)
    ORDERS.run(done, "cancel", by=secretary, note="居民已自行解决")

    draft = draw({}, secretary, halves(at=0.2))
    assert draft.made == {THIRD: "甲网格", FOURTH: "乙网格"} and draft.heirs == {BASE: [THIRD, FOURTH]}
    moves = services.moves_of(draft)
    assert moves.buildings == {west.building_id: THIRD, east.building_id: FOURTH}
    assert (moves.doors, moves.matters, moves.left, moves.strays) == (4, 4, [nowhere.building], [stray])
    assert [post.user for post in moves.posts] == [worker] and not moves.clashes
    assert not Grid.objects.filter(pk=THIRD).exists(), "nothing yet"

    assert services.apply_draft(draft, by=secretary, staying={THIRD: [moves.posts[0].pk]}) == 3
    assert services.apply_draft(draft, by=secretary) == 0
    old, new = Grid.objects.get(pk=BASE), Grid.objects.get(pk=FOURTH)
    assert old.valid_until == timezone.localdate() and {each.pk for each in old.successors.all()} == {
        THIRD,
        FOURTH,
    }
    assert (new.name, new.parent_id, new.valid_from) == ("乙网格", COMMUNITY, timezone.localdate())
    assert Grid.history.filter(code=THIRD).earliest().history_user == secretary
    assert not Boundary.objects.filter(grid=BASE, until=None).exists()
    assert Boundary.objects.get(grid=THIRD).until is None and geometry.locate(*spot(0.3).values()) == FOURTH
    assert [where(door) for door in (west, second, stray, east, nowhere, other)] == [
        THIRD,
        THIRD,
        THIRD,
        FOURTH,
        BASE,
        SECOND,
    ]
    assert where(west.building) == THIRD and where(nowhere.building) == BASE
    # Without a door, or with one that is not placed yet, a matter waits in the largest part.
    assert [where(each) for each in (at_west, at_east, at_nowhere, without)] == [
        THIRD,
        FOURTH,
        FOURTH,
        FOURTH,
    ]
    assert (where(done), where(elsewhere)) == (BASE, SECOND)
    moved = Order.objects.get(pk=at_west.pk)
    step = moved.steps.last()
    assert (step.action, step.label, step.actor, step.note) == (
        "rezone",
        "网格调整",
        secretary,
        "“网格001”停用，由“甲网格”承接",
    )
    assert moved.version == at_west.version + 1 and moved.status == at_west.status
    ORDERS.run(moved, "cancel", by=secretary, note="居民已自行解决", version=moved.version)
    # Whoever worked there goes on where the clerk said, and nowhere else.
    assert Post.objects.get(grid=BASE).valid_until == timezone.localdate()
    assert Post.objects.get(grid=THIRD).user == worker and not Post.objects.filter(grid=FOURTH).exists()
    assert services.without_worker([THIRD, FOURTH]) == [FOURTH]
    # The clerk places what was left; its matter, which waits elsewhere, comes along.
    building = Building.objects.get(pk=nowhere.building_id)
    building.grid_id = THIRD
    services.save_building(building, by=secretary)
    assert where(nowhere) == where(at_nowhere) == THIRD


def test_two_grids_are_merged_into_a_new_one_with_all_that_lies_in_them(secretary):
    Grid.objects.filter(pk=BASE).update(household_count=100, phone="022-00000001")
    Grid.objects.filter(pk=SECOND).update(household_count=50, phone="022-00000001")
    worker, other = factories.make_staff("grid_worker", BASE), factories.make_staff("grid_worker", SECOND)
    appoint(worker, "grid_worker", SECOND, by=None)
    beyond = timezone.localdate() + timedelta(days=9)
    appoint(other, "grid_worker", BASE, by=None, since=beyond)
    doors = [factories.make_entrance(), factories.make_entrance(SECOND, **spot(0.8))]
    orders = [factories.make_order(entrance=door) for door in doors] + [factories.make_order()]
    draft = draw({}, secretary, both())
    assert draft.made == {THIRD: "合并网格"} and draft.heirs == {BASE: [THIRD], SECOND: [THIRD]}
    services.apply_draft(draft, by=secretary)
    new = Grid.objects.get(pk=THIRD)
    assert (new.household_count, new.phone, new.kind) == (150, "022-00000001", Grid.Kind.RESIDENT)
    assert geometry.to_polygon(new.boundary).area == pytest.approx(box(0, 1).area)
    assert {where(row) for row in [*doors, *(door.building for door in doors), *orders]} == {THIRD}
    assert {step.note for order in orders for step in order.steps.filter(action="rezone")} == {
        "“网格001”停用，由“合并网格”承接", "“网格002”停用，由“合并网格”承接",
    }  # fmt: skip
    posts = Post.objects.filter(grid=THIRD)
    assert {(post.user, post.valid_from) for post in posts} == {
        (worker, timezone.localdate()),
        (other, timezone.localdate()),
        (other, beyond),
    }
    assert (
        not Post.objects.filter(grid__in=[BASE, SECOND])
        .exclude(valid_until__lte=timezone.localdate())
        .exists()
    )
    assert User.objects.get(pk=worker.pk).may("view", Order.objects.get(pk=orders[2].pk))
    # Codes are never given again: what comes next is the fourth, though the first two are free.
    again = draw({}, secretary, halves(THIRD, 0, 1))
    assert list(again.made) == [FOURTH, COMMUNITY + "005"]
    services.apply_draft(again, by=secretary)
    assert successors_on([BASE, SECOND, FOURTH]) == {
        BASE: (FOURTH, COMMUNITY + "005"), SECOND: (FOURTH, COMMUNITY + "005"), FOURTH: (FOURTH,),
    }  # fmt: skip
    yesterday = timezone.localdate() - timedelta(days=1)
    assert successors_on([BASE], yesterday) == {BASE: (BASE,)}
    assert present_place([BASE, FOURTH]) == {BASE: BASE, FOURTH: FOURTH} and merged_into(FOURTH) == [FOURTH]


def test_what_was_merged_twice_is_under_the_last_one(secretary):
    services.apply_draft(draw({}, secretary, both()), by=secretary)
    heir = factories.make_grid(FOURTH)
    services.retire_grid(Grid.objects.get(pk=THIRD), [heir], by=secretary, reason="并入第四网格")
    assert present_place([BASE, THIRD, FOURTH]) == dict.fromkeys([BASE, THIRD, FOURTH], FOURTH)
    assert merged_into(FOURTH) == [BASE, SECOND, THIRD, FOURTH]
    assert not Boundary.objects.filter(grid=THIRD, until=None).exists()


def test_a_border_that_moves_takes_the_buildings_along(secretary):
    crossing, staying = (
        factories.make_entrance(SECOND, **spot(0.55)),
        factories.make_entrance(SECOND, **spot(0.9)),
    )
    without = factories.make_entrance(SECOND)
    order, kept = factories.make_order(SECOND, entrance=crossing), factories.make_order(SECOND)
    # It names the door, but somebody said that it is the neighbour community's.
    told = factories.make_order(SECOND, entrance=crossing)
    Order.objects.filter(pk=told.pk).update(grid=factories.NEIGHBOUR_BASE)
    draft = draw({BASE: box(0, 0.6), SECOND: box(0.6, 1)}, secretary)
    moves = services.moves_of(draft)
    assert (moves.buildings, moves.doors, moves.matters) == ({crossing.building_id: BASE}, 1, 1)
    assert not moves.left and not moves.posts
    services.apply_draft(draft, by=secretary)
    assert [where(door) for door in (crossing, staying, without)] == [BASE, SECOND, SECOND]
    assert [where(each) for each in (order, kept, told)] == [BASE, SECOND, factories.NEIGHBOUR_BASE]
    assert Order.objects.get(pk=order.pk).steps.last().note == "网格边界调整，改属“网格001”"


def test_the_page_says_what_leaves_what_comes_and_which_buildings_move(secretary):
    door = factories.make_entrance(SECOND, **spot(0.55))
    draft = draw({BASE: box(0.1, 0.6), SECOND: box(0.6, 1)}, secretary)
    page = look(secretary, draft)
    told = {line["grid"].pk: line for line in page.context["lines"]}
    whole = geometry.square_metres(box(0, 1))
    west, east = told[BASE], told[SECOND]
    assert (west["net"], east["net"][0]) == ("0", "−") and not west["same"]
    assert west["leaves"] == pytest.approx(0.1 * whole, rel=1e-3) and west["comes"] == round(west["leaves"])
    assert east["comes"] == 0 and east["leaves"] == pytest.approx(0.1 * whole, rel=1e-3)
    # Two edges are given up: the one in the middle, and the western one with the ends of its neighbours.
    old = shapely.geometry.shape(page.context["map"]["old"])
    assert old.distance(shapely.Point(117.11, 39.155)) < 1e-6 < old.distance(shapely.Point(117.112, 39.155))
    content = page.content.decode()
    assert f"{door.building}：网格002 → 网格001" in content and "原来的边" in content
    assert "<h1>边界方案</h1>" in content
    services.apply_draft(draft, by=secretary)
    page = look(secretary, draft)
    assert page.context["map"]["old"] is None and "原来的边" not in page.content.decode()


def test_the_inner_edge_of_grids_that_are_merged_is_shown_as_given_up(secretary):
    draft = draw({}, secretary, Change((BASE, SECOND), (Part("合并网格"),)))
    old = shapely.geometry.shape(look(secretary, draft).context["map"]["old"])
    assert old.bounds == pytest.approx((117.11, 39.15, 117.11, 39.16), abs=1e-5)


def test_what_is_drawn_on_a_made_up_map_stays_marked_as_made_up(secretary):
    Grid.objects.update(boundary_made_up=True)
    services.apply_draft(draw({BASE: box(0, 0.4), SECOND: box(0.4, 1)}, secretary), by=secretary)
    services.apply_draft(draw({}, secretary, halves(east=0.4)), by=secretary)
    assert set(Grid.objects.filter(parent=COMMUNITY).values_list("boundary_made_up", flat=True)) == {True}
    services.apply_draft(
        services.open_draft({SECOND: box(0.41, 1)}, by=secretary, source="file"), by=secretary
    )
    assert not Grid.objects.get(pk=SECOND).boundary_made_up


def test_a_grid_without_an_outline_gives_nothing_away_when_it_is_first_drawn(secretary):
    Grid.objects.filter(pk=SECOND).update(boundary=None)
    door = factories.make_entrance(SECOND, **spot(0.2))
    draft = draw({SECOND: box(0.5, 1)}, secretary)
    assert not services.moves_of(draft).buildings
    services.apply_draft(draft, by=secretary)
    assert where(door) == SECOND


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([Change((BASE,), (Part("一", box(0, 0.5)),))], "拆成 2 到"),
        ([Change((BASE, SECOND), (Part("一"), Part("二")))], "拆成 2 到"),
        ([Change((BASE,), (Part("一"), Part("二")))], "画出“网格001”拆开的每一块"),
        ([Change((COMMUNITY,), (Part("一", box(0, 0.5)), Part("二", box(0.5, 1))))], "只有在用的基础网格"),
        ([halves(names=("甲", " "))], "请写新网格的名称"),
        ([halves(names=("甲", "甲\x00"))], "请写新网格的名称"),
        ([halves(names=("甲", "长" * 61))], "请写新网格的名称"),
        ([halves(names=("甲", "甲"))], "另一个网格的一样"),
        ([halves(names=("甲", "网格002"))], "另一个网格的一样"),
        ([halves(), both()], "不能同时拆分和合并"),
        ([halves(), halves(names=("丙", "丁"))], "不能同时拆分和合并"),
    ],
)
def test_what_is_neither_a_split_nor_a_merger_is_refused(secretary, changes, words):
    with pytest.raises(ValidationError, match=words):
        draw({}, secretary, *changes)
    assert not BoundaryDraft.objects.exists()


def test_only_grids_of_one_community_are_merged(secretary):
    head = factories.make_staff("system_administrator", factories.DISTRICT)
    with pytest.raises(ValidationError, match="同一个社区"):
        draw({}, head, Change((BASE, factories.NEIGHBOUR_BASE), (Part("跨社区"),)))


def test_parts_that_do_not_fit_are_not_put_in_force(secretary):
    wide = Change((BASE,), (Part("甲", box(0, 0.3)), Part("乙", box(0.2, 0.6))))
    draft = draw({}, secretary, wide)
    with pytest.raises(ValidationError) as refused:
        services.apply_draft(draft, by=secretary)
    assert sum("互相重叠" in each for each in refused.value.messages) == 2
    assert Grid.objects.get(pk=BASE).valid_until is None and not Grid.objects.filter(pk=THIRD).exists()


def test_two_buildings_of_one_name_are_not_brought_together(secretary):
    for code in (BASE, SECOND):
        Building.objects.create(grid_id=code, name="1号楼", compound="和苑里")
    draft = draw({}, secretary, both())
    assert services.moves_of(draft).clashes == ["和苑里1号楼"]
    with pytest.raises(ValidationError, match="同名楼栋：和苑里1号楼"):
        services.apply_draft(draft, by=secretary)
    assert not Grid.objects.filter(pk=THIRD).exists(), "all or nothing"
    with pytest.raises(ValidationError, match="已有同名楼栋"):
        services.retire_grid(
            Grid.objects.get(pk=BASE), [Grid.objects.get(pk=SECOND)], by=secretary, reason="合并网格"
        )
    assert Grid.objects.get(pk=BASE).valid_until is None


def test_a_draft_on_a_map_that_others_changed_is_not_put_in_force(secretary):
    drafts = [
        draw({}, secretary, halves()),
        draw({}, secretary, both()),
        draw({BASE: box(0, 0.4)}, secretary),
    ]
    assert [list(draft.made) for draft in drafts[:2]] == [[THIRD, FOURTH], [COMMUNITY + "005"]], (
        "no code twice"
    )
    services.apply_draft(draw({BASE: box(0, 0.45), SECOND: box(0.45, 1)}, secretary), by=secretary)
    for draft in drafts:
        with pytest.raises(ValidationError, match="又改过"):
            services.apply_draft(draft, by=secretary)
    services.apply_draft(draw({}, secretary, both()), by=secretary)
    for draft in drafts:
        with pytest.raises(ValidationError, match="已停用"):
            services.apply_draft(draft, by=secretary)


def test_nobody_redraws_elsewhere(secretary):
    far = factories.make_staff("community_secretary", factories.FAR)
    with pytest.raises(services.boundaries.OutlineFileError, match="不在您的管理范围"):
        draw({}, far, halves())
    draft = draw({}, secretary, halves())
    with pytest.raises(PermissionDenied):
        services.apply_draft(draft, by=far)


@pytest.mark.django_db(transaction=True)
def test_of_two_drafts_put_in_force_at_once_only_one_is():
    factories.make_territory()
    factories.make_grid(SECOND)
    services.load_outlines({COMMUNITY: box(0, 1), BASE: box(0, 0.5), SECOND: box(0.5, 1)})
    people = [factories.make_staff("community_secretary", COMMUNITY) for _ in range(2)]
    door = factories.make_entrance(**spot(0.4))
    order = factories.make_order(entrance=door)
    drafts = [draw({}, people[0], halves()), draw({}, people[1], both())]

    def job(draft, by):
        def run():
            try:
                return services.apply_draft(draft, by=by)
            except ValidationError as refused:
                return refused.messages

        return run

    outcomes = all_at_once(*(job(draft, by) for draft, by in zip(drafts, people, strict=True)))
    assert sorted(type(each).__name__ for each in outcomes) == ["int", "list"]
    assert any("已停用" in each for words in outcomes if isinstance(words, list) for each in words)
    heirs = set(Grid.objects.get(pk=BASE).successors.values_list("code", flat=True))
    assert heirs in ({THIRD, FOURTH}, {COMMUNITY + "005"})
    assert where(door) == where(order) == max(heirs)
    assert Order.objects.get(pk=order.pk).steps.filter(action="rezone").count() == 1
    # The same draft twice at once: once in effect.
    again = (
        draw({}, people[0], Change((max(heirs),), (Part("丙", box(0.25, 0.3)), Part("丁", box(0.3, 0.5)))))
        if len(heirs) > 1
        else None
    )
    if again is not None:
        assert sorted(all_at_once(job(again, people[0]), job(again, people[1]))) == [0, 3]


def test_buildings_that_change_places_are_not_brought_to_one_name(secretary):
    """Even for the moment between two rows of one statement."""
    for code, share in ((BASE, 0.9), (SECOND, 0.1)):
        building = Building.objects.create(grid_id=code, name="1号楼", compound="和苑里")
        Entrance.objects.create(grid_id=code, building=building, name="1门", **spot(share))
    draft = draw({BASE: box(0, 0.45), SECOND: box(0.45, 1)}, secretary)
    assert services.moves_of(draft).clashes == ["和苑里1号楼"]
    with pytest.raises(ValidationError, match="同名楼栋"):
        services.apply_draft(draft, by=secretary)


def test_who_works_at_a_grid_that_is_retired_goes_on_at_its_only_successor(secretary):
    worker = factories.make_staff("grid_worker", BASE)
    done = services.retire_grid(
        Grid.objects.get(pk=BASE), [Grid.objects.get(pk=SECOND)], by=secretary, reason="合并网格"
    )
    assert done.posts == 1
    assert list(Post.objects.filter(user=worker).order_by("pk").values_list("grid", "valid_until")) == [
        (BASE, timezone.localdate()), (SECOND, None),
    ]  # fmt: skip
    third = factories.make_grid(THIRD)
    fourth = factories.make_grid(FOURTH)
    done = services.retire_grid(
        Grid.objects.get(pk=SECOND), [third, fourth], by=secretary, reason="一分为二了"
    )
    assert done.posts == 0 and not Post.objects.filter(grid__in=[THIRD, FOURTH]).exists()
    lines = AccessEvent.objects.filter(
        kind__in=[AccessEvent.Kind.APPOINT, AccessEvent.Kind.DISMISS], actor=secretary
    )
    assert lines.count() == 3


def test_a_merged_grids_team_goes_on_in_the_new_one_without_a_handover(secretary):
    worker, twice = make_worker(secretary), make_worker(secretary, name="两处跑")
    also = TeamMember(grid_id=SECOND, kind="full_time", name="两处跑")
    enrol(also, by=secretary, account=twice.user.username)
    leader = make_member(secretary, "leader", name="网格长")
    services.apply_draft(draw({}, secretary, both()), by=secretary)
    assert not Handover.objects.exists()
    for line in (worker, twice, leader):
        line.refresh_from_db()
        assert (line.grid_id, line.until) == (THIRD, None)
    assert worker.post.grid_id == THIRD and worker.post.valid_until is None
    assert fresh(worker.user).may("view", Grid.objects.get(pk=THIRD))
    # Who worked in both is in the new team once.
    also.refresh_from_db()
    assert also.until == timezone.localdate() and also.grid_id == SECOND
    assert TeamMember.objects.filter(grid=THIRD, user=twice.user).count() == 1
    assert worker.history.first().history_change_reason.endswith("由“合并网格”承接")


def test_a_split_grids_team_goes_where_its_people_go(secretary):
    stays, leaves, both_parts = (make_worker(secretary, name=name) for name in ("留下的", "离开的", "两边的"))
    give_work(leaves, secretary)
    door = factories.make_entrance(**spot(0.4))
    head = make_member(secretary, "micro", name="楼门长", entrances=[door])
    change = draw({}, secretary, halves())
    west, east = change.made
    services.apply_draft(
        change, by=secretary, staying={west: [stays.post_id, both_parts.post_id], east: [both_parts.post_id]}
    )
    for line in (stays, leaves, both_parts, head):
        line.refresh_from_db()
    assert (stays.grid_id, stays.until, stays.post.grid_id) == (west, None, west)
    assert set(TeamMember.objects.filter(user=both_parts.user).values_list("grid", "post__grid")) == {
        (west, west), (east, east),
    }  # fmt: skip
    assert where(door) == east and head.grid_id == east
    handover = Handover.objects.get()
    assert handover.leaving == leaves and leaves.until == timezone.localdate() and leaves.grid_id == BASE


def test_what_waits_at_a_merged_grid_goes_along(secretary):
    home = register.make_household(by=secretary)
    worker, helper = factories.make_staff("grid_worker", BASE), factories.make_user()
    for target, grid in ((home, None), (None, Grid.objects.get(pk=BASE))):
        visits.note_need(Found("想装扶手"), target, by=secretary, grid=grid)
    running = sweeping.make_running(by=secretary, code=COMMUNITY)
    ended = SWEEPS.run(
        sweeping.make_running(by=secretary, code=COMMUNITY), "close", by=secretary, note="到此为止"
    )
    sweeps.name_helper(running, by=secretary, user=helper, grid=Grid.objects.get(pk=BASE))
    services.apply_draft(draw({}, secretary, both()), by=secretary)
    assert set(Need.objects.values_list("grid", flat=True)) == {THIRD}
    target = running.targets.get()
    assert target.grid_id == THIRD and ended.targets.get().grid_id == BASE
    for person in (worker, helper):
        assert fresh(person).may("answer", SweepTarget.objects.get(pk=target.pk))
    sweeping.answer(target, fresh(worker))


def test_a_unit_keeps_its_posts_when_the_grid_it_sits_in_is_merged(secretary):
    team = factories.make_team(BASE)
    leader = factories.make_user(staff=True)
    post = Post.objects.create(user=leader, role_id="team_leader", grid_id=BASE, unit=team.unit)
    services.apply_draft(draw({}, secretary, both()), by=secretary)
    post.refresh_from_db()
    assert post.valid_until is None and post.grid_id == BASE


def test_a_communitys_border_moves_with_the_grids_below_it(territory):
    keeper = factories.make_staff("system_administrator", factories.DISTRICT)
    street, near, near_base = factories.STREET, factories.NEIGHBOUR, factories.NEIGHBOUR_BASE
    services.load_outlines(
        {
            street: box(0, 1),
            COMMUNITY: box(0, 0.5),
            near: box(0.5, 1),
            BASE: box(0, 0.5),
            near_base: box(0.5, 1),
        }
    )
    crossing = factories.make_entrance(near_base, **spot(0.55))
    order = factories.make_order(near_base, entrance=crossing)
    alone = draw({COMMUNITY: box(0, 0.6), near: box(0.6, 1)}, keeper)
    with pytest.raises(ValidationError, match="超出上级范围"):
        services.apply_draft(alone, by=keeper)
    whole = {COMMUNITY: box(0, 0.6), near: box(0.6, 1), BASE: box(0, 0.6), near_base: box(0.6, 1)}
    services.apply_draft(draw(whole, keeper), by=keeper)
    assert where(crossing) == where(order) == BASE
    assert Order.objects.get(pk=order.pk).community_code == COMMUNITY
