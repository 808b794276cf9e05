"""The secrecy of case files against a naive telling of it, over random worlds: who reaches a file, its parts and its count."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance import sharing
from governance.explaining import explain
from governance.models import Elevation, Intake, Post, Share, User
from governance.permissions import permitted_actions
from governance.roles import BY_KEY
from mediation.flow import DISPUTES
from mediation.flow.disputes import FINAL
from mediation.models import (
    Agreement,
    Centre,
    Committee,
    Disputant,
    Dispute,
    DisputeStatus,
    DisputeStep,
    Mediation,
    Mediator,
    PrivateNote,
    Session,
    Viewing,
)
from tests.property.oracle import posts_today
from tests.property.worlds import NODES, make_tree
from tests.thorough import measure

pytestmark = pytest.mark.django_db
ROLES = [
    "mediation_director", "mediator", "justice_officer", "street_head", "district_head", "community_secretary",
    "seat_operator", "street_officer", "community_worker",
]  # fmt: skip
PERSON = st.integers(0, 4)
ACTIONS = sorted(
    {"view", "change", "delete", "export", "reveal", "contact", "count", "inspect", "register", "follow"}
    | DISPUTES.permission_actions()
)

#: (node, length of the seat's code, status, applicant, registered by).
dispute = st.tuples(
    st.sampled_from([node for node in NODES if len(node) >= 9]),
    st.sampled_from([6, 9, 12]),
    st.sampled_from(DisputeStatus.values),
    st.none() | PERSON,
    st.none() | PERSON,
)
plans = st.fixed_dictionaries(
    {
        "posts": st.lists(st.tuples(PERSON, st.sampled_from(ROLES), st.sampled_from(NODES), st.booleans()), max_size=7),
        "disputes": st.lists(dispute, min_size=1, max_size=4),
        "parties": st.sets(st.tuples(st.integers(0, 3), PERSON), max_size=4),
        "mediators": st.sets(st.tuples(st.integers(0, 3), PERSON, st.booleans()), max_size=4),
        "viewings": st.lists(st.tuples(st.integers(0, 3), PERSON, st.booleans()), max_size=3),
        "guests": st.lists(st.tuples(st.integers(0, 3), PERSON, st.booleans()), max_size=3),
        "inactive": st.sets(PERSON, max_size=1),
        "elevated": st.sets(PERSON, max_size=1),
    }
)  # fmt: skip
worlds = settings(max_examples=measure(10, 30), deadline=None, suppress_health_check=list(HealthCheck))


class World:
    """The rows of one plan, written straight to the tables."""

    def __init__(self, plan: dict) -> None:
        today, now = timezone.localdate(), timezone.now()
        users = [
            User.objects.create(username=f"w{i}", phone=f"1990001000{i}", is_staff=True, password="!")
            for i in range(5)
        ]
        self.posts = []
        for person, role, node, past in {post[:3]: post for post in plan["posts"]}.values():
            since = today - timedelta(days=9)
            until = today - timedelta(days=1) if past else None
            self.posts.append(
                Post.objects.create(
                    user=users[person], role_id=role, grid_id=node, valid_from=since, valid_until=until
                )
            )
        centres = {
            node: Centre.objects.create(grid_id=node, name=node, short_name=node)
            for node in NODES
            if len(node) <= 12
        }
        committee = Committee.objects.create(
            grid_id="120106",
            name="调委会",
            kind="street",
            term_from=today,
            term_until=today + timedelta(days=9),
        )
        mediators = [
            Mediator.objects.create(user=user, grid_id="120106", committee=committee) for user in users
        ]
        self.disputes: list[Dispute] = []
        for number, (node, length, status, applicant, placed) in enumerate(plan["disputes"]):
            centre = centres[node[: min(length, len(node))]]
            self.disputes.append(
                Dispute.objects.create(
                    grid_id=node, centre=centre, seat_id=centre.grid_id, number=f"JF-{number:04d}", title="",
                    status=status, category="other", outcome="failed", case_number=f"({number})号", accepted_at=now,
                    applicant=None if applicant is None else users[applicant],
                    placed_by=None if placed is None else users[placed],
                    opened_at=now, closed_at=now if status in FINAL else None,
                )
            )  # fmt: skip
        pick = lambda index: self.disputes[index % len(self.disputes)]  # noqa: E731
        self.parties = {(pick(which).pk, users[person].pk) for which, person in plan["parties"]}
        for key, user in self.parties:
            Disputant.objects.create(dispute_id=key, user_id=user, side="applicant", name="某")
        self.mediates: dict[tuple[int, int], bool] = {}
        for which, person, over in plan["mediators"]:
            key = (pick(which).pk, users[person].pk)
            if key not in self.mediates:
                self.mediates[key] = not over
                Mediation.objects.create(
                    dispute_id=key[0], mediator=mediators[person], until=now if over else None
                )
        self.viewings = set()
        for which, person, running in plan["viewings"]:
            until = now + timedelta(hours=1) if running else now - timedelta(hours=1)
            Viewing.objects.create(dispute=pick(which), user=users[person], reason="信访复核", until=until)
            if running:
                self.viewings.add((pick(which).pk, users[person].pk))
        for which, person, over in plan["guests"]:
            sharing.share(pick(which), users[person], ["view"], by=users[0], reason="会诊")
            if over:
                sharing.unshare(pick(which), users[person], by=users[0])
        for person in plan["inactive"]:
            User.objects.filter(pk=users[person].pk).update(is_active=False)
        for person in plan["elevated"]:
            User.objects.filter(pk=users[person].pk).update(may_elevate=True)
            Elevation.objects.create(user=users[person], reason="演练检查", until=now + timedelta(minutes=5))
        self.shares = {(int(share.object_pk), share.user_id) for share in Share.objects.filter(ended_at=None)}
        self.users = [User.objects.get(pk=user.pk) for user in users]


def may(world: World, user: User, action: str, dispute: Dispute) -> bool:
    """Say whether the person may do the action with the file, in the plainest words."""
    if not user.is_active:
        return False
    if user.may_elevate:
        return True
    posts, name = posts_today(world, user), f"mediation.{action}_dispute"
    if (dispute.pk, user.pk) in world.parties and action not in ("follow", "answer", "count", "register"):
        return False
    if action in ("count", "inspect", "register"):
        return any(
            name in BY_KEY[p.role_id].permissions and dispute.grid_id.startswith(p.grid_id) for p in posts
        )
    at_the_seat = any(
        p.role_id == "mediation_director"
        and p.grid_id == dispute.seat_id
        and name in BY_KEY[p.role_id].permissions
        for p in posts
    )
    key = (dispute.pk, user.pk)
    return (
        at_the_seat
        or (action in ("view", "record", "mediate", "contact") and world.mediates.get(key, False))
        or (action in ("follow", "answer") and key in world.parties)
        or (
            action in ("view", "record")
            and dispute.placed_by_id == user.pk
            and dispute.status == "registered"
        )
        or (action == "view" and (key in world.viewings or key in world.shares))
    )


class _Undo(Exception):
    pass


def in_world(check):
    """Run a check in a plan's world and undo the world."""

    def run(plan):
        try:
            with transaction.atomic():
                check(World(plan))
                raise _Undo
        except _Undo:
            pass

    return run


@pytest.fixture(autouse=True)
def tree(db):
    make_tree()


@worlds
@given(plans)
def test_lists_counts_and_single_files_agree_with_the_telling(plan):
    @in_world
    def check(world):
        for user in world.users:
            for action in ACTIONS:
                expected = {row.pk for row in world.disputes if may(world, user, action, row)}
                rows = Dispute.objects.restrict(user, action)
                assert set(rows.values_list("pk", flat=True)) == expected, (user, action)
                assert rows.count() == len(expected)
            for row in world.disputes:
                assert permitted_actions(user, row, ACTIONS) == {
                    a for a in ACTIONS if may(world, user, a, row)
                }
                assert bool(explain(user, row, "view")) == may(world, user, "view", row)

    check(plan)


@worlds
@given(plans)
def test_what_hangs_on_a_file_is_as_secret_as_the_file(plan):
    @in_world
    def check(world):
        author = world.users[0]
        for row in world.disputes:
            DisputeStep.objects.create(
                matter=row, seq=1, action="open", label="登记", actor=author, to_status="x"
            )
            session = Session.objects.create(
                dispute=row, mode="separate", starts_at=timezone.now(), place="x", by=author
            )
            PrivateNote.objects.create(session=session, author=author, words="只有我知道")
            Agreement.objects.create(dispute=row, version=1, facts="x", duties="x", drafted_by=author)
            Disputant.objects.create(dispute=row, side="third", name="某")
        for user in world.users:
            seen = {row.pk for row in world.disputes if may(world, user, "view", row)}
            for rows in (
                DisputeStep.objects.restrict(user).values_list("matter", flat=True),
                *(
                    model.objects.restrict(user).values_list("dispute", flat=True)
                    for model in (Session, Agreement, Disputant, Mediation, Viewing)
                ),
            ):
                assert set(rows) <= seen
            assert set(Session.objects.restrict(user).values_list("dispute", flat=True)) == seen
            follows = {row.pk for row in world.disputes if may(world, user, "follow", row)}
            assert (
                set(Agreement.objects.restrict(user, "follow").values_list("dispute", flat=True)) == follows
            )
            notes = PrivateNote.objects.restrict(user).count()
            assert notes == (
                len(world.disputes) if user.is_active and (user == author or user.may_elevate) else 0
            )
            found = Dispute.objects.restrict(user).search("JF-0000", user)
            assert set(found.values_list("pk", flat=True)) <= seen

    check(plan)


def test_that_there_was_an_application_follows_no_post():
    director = User.objects.create(username="d", is_staff=True, password="!")
    Post.objects.create(user=director, role_id="community_secretary", grid_id="120106001002")
    for number, secret in enumerate((True, False)):
        Intake.objects.create(
            source="x", source_id=f"{number}", kind="dispute", channel="desk", grid_id="120106001002",
            applicant_name="某", applicant_phone="13800000000", is_confidential=secret,
        )  # fmt: skip
    assert [row.is_confidential for row in Intake.objects.restrict(director)] == [False]
