"""The demo's staff and residents: accounts and posts, written in bulk as an import would, with each appointment's line in the
access log. Terms differ, and some are over."""

from datetime import date, timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from demo.people import DISTRICT, GRID, NEIGHBOUR, PASSWORD, PEOPLE, DemoPerson
from demo.territory import DEPARTMENTS, MADE_UP, streets_in_play
from demo.world import World
from governance.accounts.totp import enrol
from governance.appointments import check_place
from governance.models import AccessEvent, Post, Role, Unit, User
from governance.territory import GridLevel

BATCH = 1000
#: How many of these each node of a level has, beside the demo people: role, level, lowest and highest number.
STAFFING = (
    ("seat_operator", GridLevel.DISTRICT, 5, 5),
    ("district_head", GridLevel.DISTRICT, 2, 2),
    ("street_head", GridLevel.STREET, 1, 1),
    ("street_officer", GridLevel.STREET, 2, 2),
    ("mediator", GridLevel.STREET, 2, 3),
    ("community_secretary", GridLevel.COMMUNITY, 1, 1),
    ("community_worker", GridLevel.COMMUNITY, 1, 2),
    ("station_leader", GridLevel.COMMUNITY, 1, 1),
    ("party_officer", GridLevel.DISTRICT, 2, 2),
    ("party_officer", GridLevel.STREET, 1, 1),
    ("grid_worker", GridLevel.BASE, 1, 1),
    ("justice_officer", GridLevel.DISTRICT, 2, 2),
    ("justice_officer", GridLevel.STREET, 1, 1),
    ("mediation_director", GridLevel.DISTRICT, 1, 1),
    ("mediation_director", GridLevel.STREET, 1, 1),
    ("mediation_director", GridLevel.COMMUNITY, 1, 1),
    ("mediator", GridLevel.DISTRICT, 4, 4),
    ("mediator", GridLevel.COMMUNITY, 1, 2),
)
#: Officers of each department, beside the demo people.
OFFICERS = (2, 3)
RESIDENTS_PER_COMMUNITY = 6
#: Of those whose term is over, one in so many holds no other post: the security administrator is to look into them.
IDLE = 20


def load_roster(world: World) -> None:
    """Make the staff and the residents' accounts, with the demo people among them."""
    accounts: list[User] = []
    posts: list[tuple[User, str, str, date, date | None, Unit | None]] = []
    _add_demo_people(world, accounts, posts)
    _add_staff(world, accounts, posts)
    _add_residents(world, accounts)
    bulk_create_with_history(accounts, User, batch_size=BATCH, default_change_reason=MADE_UP)
    made = [
        Post(
            user=user,
            role_id=role,
            grid_id=node,
            unit=unit,
            valid_from=since,
            valid_until=until,
            note=MADE_UP,
        )
        for user, role, node, since, until, unit in posts
    ]
    appoint_all(made, by=world.people["security"])
    opening, end = timezone.localdate(), timezone.localdate(world.now)
    for post in made:
        # Those who serve all along: who comes or goes meanwhile could not act on every day of the story.
        if post.valid_from <= opening and (post.valid_until is None or post.valid_until >= end):
            world.staff[post.role_id, post.grid_id].append(post.user)
            if post.unit is not None:
                world.officers[post.unit.code].append(post.user)


def appoint_all(posts: list[Post], *, by: User) -> None:
    """Do in bulk what governance.appointments.appoint does for one post: check, save with history, log."""
    roles = {role.pk: role for role in Role.objects.all()}
    for post in posts:
        check_place(roles[post.role_id], post.grid_id, post.unit)
        post.appointed_by = by
    bulk_create_with_history(posts, Post, batch_size=BATCH, default_user=by, default_change_reason=MADE_UP)
    kind = ContentType.objects.get_for_model(Post)
    AccessEvent.objects.bulk_create(
        [
            AccessEvent(
                kind=AccessEvent.Kind.APPOINT, actor=by, content_type=kind, object_pk=str(post.pk),
                summary=f"{roles[post.role_id].name} {post.grid_id}", reason=post.note,
            )
            for post in posts
        ],
        batch_size=BATCH,
    )  # fmt: skip


def _account(
    world: World, username: str, *, staff: bool, old: bool = False, name: str = "", phone: str = ""
) -> User:
    # "!" is no hash of anything: such an account cannot be signed in to by password.
    return User(
        username=username, name=name or world.names.name(old=old), phone=phone or world.names.phone(),
        phone_verified=True, is_staff=staff, password="!",  # noqa: S106
    )  # fmt: skip


def _add_demo_people(world: World, accounts: list, posts: list) -> None:
    # The security administrator signs the appointments, so she comes first.
    for serial, person in enumerate(sorted(PEOPLE, key=lambda p: p.key != "security"), start=51):
        user = _demo_account(world, person, serial)
        world.people[person.key] = user
        accounts.append(user)
        if person.role:
            unit = world.units[person.unit] if person.unit else None
            posts.append((user, person.role, person.node, world.day(-440), None, unit))
    world.residents[GRID].append(world.people["resident"])


def _demo_account(world: World, person: DemoPerson, serial: int) -> User:
    if person.staff:
        user = _account(world, person.login, staff=True, name=person.name, phone=f"1990000{serial:04d}")
        user.may_elevate = person.key == "standby"
        return user
    return _account(world, f"p{person.login}", staff=False, name=person.name, phone=person.login)


def _add_staff(world: World, accounts: list, posts: list) -> None:
    chance, taken = world.chance("staff"), {(person.role, person.node) for person in PEOPLE}
    streets = streets_in_play(world)
    serial = predecessors = 0
    for role, level, least, most in STAFFING:
        for node in [code for code in world.grids if len(code) == level]:
            if level is not GridLevel.DISTRICT and node[:9] not in streets:
                continue
            count = chance.randint(least, most) - ((role, node) in taken and level is not GridLevel.DISTRICT)
            for _ in range(count):
                serial += 1
                user = _account(world, f"g{serial:04d}", staff=True)
                accounts.append(user)
                posts.append((user, role, node, *_term(world, chance), None))
            # Every now and then a predecessor, whose term is over; most have moved on to another post.
            if level >= GridLevel.COMMUNITY and chance.random() < 0.06:
                serial += 1
                predecessors += 1
                user = _account(world, f"g{serial:04d}", staff=True)
                accounts.append(user)
                since = world.day(-1500 - chance.randrange(500))
                until = world.day(-30 - chance.randrange(300))
                posts.append((user, role, node, since, until, None))
                if predecessors % IDLE:
                    then = "community_worker" if role == "grid_worker" else "mediator"
                    posts.append((user, then, node[:12], until + timedelta(days=1), None, None))
    for key, _ in DEPARTMENTS:
        for _ in range(chance.randint(*OFFICERS)):
            serial += 1
            user = _account(world, f"g{serial:04d}", staff=True)
            accounts.append(user)
            posts.append((user, "department_officer", DISTRICT, world.day(-500), None, world.units[key]))


def _term(world: World, chance) -> tuple[date, date | None]:
    """Return a term that began one to three years ago and is open, or lasts five years."""
    since = world.day(-430 - chance.randrange(600))
    return since, since + timedelta(days=5 * 365) if chance.random() < 0.6 else None


def _add_residents(world: World, accounts: list) -> None:
    chance = world.chance("residents")
    for community in world.communities:
        if community[:9] not in streets_in_play(world):
            continue
        homes = [code for code in world.bases(community) if world.doors[code]]
        for _ in range(RESIDENTS_PER_COMMUNITY if homes else 0):
            phone = world.names.phone()
            user = _account(world, f"p{phone}", staff=False, old=chance.random() < 0.5, phone=phone)
            _move_in(user, chance.choice(world.doors[chance.choice(homes)]), chance)
            user.posts_in_force = []  # just made, and never appointed: nothing to look up
            accounts.append(user)
            world.residents[user.entrance.grid_id].append(user)
    homes = world.doors[GRID]
    _move_in(world.people["resident"], homes[0], chance)
    world.people["resident"].address = "301室"
    for key, door in (("volunteer", homes[1]), ("helper", homes[-1]), ("leader", homes[2 % len(homes)])):
        _move_in(world.people[key], door, chance)
    near = next(c for c in world.bases(NEIGHBOUR) if world.doors[c])
    _move_in(world.people["neighbour"], world.doors[near][0], chance)
    world.residents[near].append(world.people["neighbour"])


def _move_in(user: User, entrance, chance) -> None:
    user.entrance, user.address = entrance, f"{chance.randint(1, 6)}0{chance.randint(1, 3)}室"


def hand_out_keys(world: World) -> None:
    """Give the staff among the demo people their password, as of now so that it is not out of date, and second factor."""
    hashed = make_password(PASSWORD)  # once: a hash takes its time on purpose
    for person in PEOPLE:
        if person.staff:
            user = world.people[person.key]
            user.password, user.password_changed_at = hashed, timezone.now()
            user.save(update_fields=["password", "password_changed_at"])
            enrol(user, person.secret)
