"""The demo's volunteers and teams: most were taken over from older rolls (demo/rolls.py); the others have registered since,
through the registration flow, each in her own time."""

import random
from datetime import datetime, timedelta

from django.utils import timezone

from demo import rolls, words
from demo.people import COMMUNITY, GRID, NEIGHBOUR
from demo.territory import MADE_UP, short
from demo.world import Calendar, Crew, Helper, Story, World, in_office
from governance.appointments import appoint
from governance.models import Unit, User
from governance.territory import GridLevel
from volunteers.flow import REGISTRATION
from volunteers.models import Membership, Skill, Team
from volunteers.services.registration import register_volunteer

#: How many were taken over, and how many have registered since.
VOLUNTEERS, SMALL = (2350, 80), (80, 16)
TEAMS, SMALL_TEAMS = 60, 4
#: Days before the reference moment: when registration opened, and when teams were founded, a little before the first orders.
OPENED, FOUNDED = -390, -155


def plan_volunteers(world: World, calendar: Calendar) -> None:
    """Take the old rolls over, and put the registrations since then and the founding of the teams into the calendar."""
    chance = world.chance("volunteers")
    world.skills = {skill.name: skill for skill in Skill.objects.order_by("pk")}
    homes = [code for code in world.grids if len(code) == GridLevel.BASE and world.doors[code]]
    if world.small:
        homes = [code for code in homes if code.startswith(COMMUNITY[:9])]
    # The two communities that the demo people live in have more volunteers than the others.
    near = [code for code in homes if code[:12] in (COMMUNITY, NEIGHBOUR)]
    for key, names in (
        ("volunteer", ("理发", "手机教学", "健康测量")),
        ("helper", ("电工", "水暖维修", "驾驶")),
        ("leader", ("急救", "家电维修")),
    ):
        moment = world.at(world.day(OPENED + chance.randint(2, 8)), 10, chance.randrange(60))
        calendar.begin(moment, _register(world, world.people[key], GRID, chance, names))
    old, new = SMALL if world.small else VOLUNTEERS
    rolls.take_over(world, [_newcomer(world, chance, homes, near, serial, None) for serial in range(old)])
    for serial in range(new):
        day = world.day(chance.randint(OPENED, -1))
        moment = world.at(day, chance.randint(7, 21), chance.randrange(60))
        user, home = _newcomer(world, chance, homes, near, serial, moment)
        user.save()
        user.posts_in_force = []  # until she is approved: nothing to look up
        calendar.begin(moment, _register(world, user, home, chance))
    calendar.begin(world.at(world.day(FOUNDED), 9), _found_teams(world))


def _newcomer(
    world: World,
    chance: random.Random,
    homes: list[str],
    near: list[str],
    serial: int,
    joined: datetime | None,
) -> tuple[User, str]:
    home, phone = (
        chance.choice(near if serial % (3 if world.small else 20) == 0 else homes),
        world.names.phone(),
    )
    user = User(
        username=f"p{phone}", phone=phone, phone_verified=True, name=world.names.name(), password="!",  # noqa: S106
        date_joined=joined or timezone.now(), entrance=chance.choice(world.doors[home]),
    )  # fmt: skip
    return user, home


def _register(
    world: World, user: User, home: str, chance: random.Random, skills: tuple[str, ...] = ()
) -> Story:
    # What chance decides is drawn now, in the order of planning, so that it does not depend on the order of the play.
    person = rolls.describe(world, chance, user, home, skills)
    fate, wait, later = chance.random(), chance.uniform(0.3, 20), timedelta(days=chance.randint(30, 120))
    approver_role = chance.choice(("community_secretary", "community_worker"))
    return _live(world, user, person, fate, wait, approver_role, later, fixed=bool(skills))


def _live(
    world: World, user: User, person: rolls.Person, fate: float, wait: float, approver_role: str, later: timedelta,
    *, fixed: bool,
) -> Story:  # fmt: skip
    volunteer = register_volunteer(
        user, name=user.name, birth_date=person.born, grid=world.grids[person.home], entrance=user.entrance,
        skills=[world.skills[name] for name in sorted(person.skills)], free_times=person.free, reach=person.reach,
        description=person.about, guardian_name=person.guardian_name, guardian_phone=person.guardian_phone,
        guardian_consent_at=timezone.now() if person.guardian_name else None,
    )  # fmt: skip
    yield in_office(timezone.now() + timedelta(hours=wait))
    approver = world.staff[approver_role, person.home[:12]][0]
    if not fixed and fate < 0.06:
        REGISTRATION.run(volunteer, "refuse", by=approver, note=words.REFUSE_VOLUNTEER[0])
        return
    REGISTRATION.run(volunteer, "approve", by=approver)
    # The account's copy of its posts is from before the approval.
    user.__dict__.pop("posts_in_force", None)
    helper = person.as_helper(user, volunteer.pk, zeal=0.0 if fixed else person.zeal)
    world.enlist(helper)
    if fixed or fate > 0.22:
        return
    yield in_office(timezone.now() + later)
    if any(end > timezone.now() for _, end in helper.taken):
        return
    world.discharge(helper)
    if fate < 0.16:
        REGISTRATION.run(volunteer, "suspend", by=approver, note=words.SUSPEND[fate < 0.1])
    else:
        REGISTRATION.run(volunteer, "leave", by=user, note="搬家了。")


def _found_teams(world: World) -> Story:
    chance, today = world.chance("teams"), timezone.localdate()
    by_place: dict[str, list[Helper]] = {}
    for helper in world.helpers:
        by_place.setdefault(helper.grid[:12], []).append(helper)
        by_place.setdefault(helper.grid[:9], []).append(helper)
    places = sorted(place for place, there in by_place.items() if len(there) >= 8 and place != COMMUNITY)
    chosen = [COMMUNITY, COMMUNITY, *chance.sample(places, (SMALL_TEAMS if world.small else TEAMS) - 2)]
    memberships = []
    for serial, place in enumerate(chosen):
        name = f"{short(world.grids[place].name)}{words.TEAMS[serial % len(words.TEAMS)]}"
        unit = Unit.objects.create(
            grid_id=place, code=f"team-{serial + 1:03d}", name=name, kind=Unit.Kind.TEAM
        )
        team = Team.objects.create(grid_id=place, unit=unit, name=name, about="街坊邻居自愿组成，有空就来。")
        there = by_place[place]
        fixed = [
            h
            for h in there
            if h.user in (world.people["leader"], world.people["helper"], world.people["volunteer"])
        ]
        members = fixed if serial == 0 else []
        pool = [h for h in there if h not in fixed]
        members = members + chance.sample(pool, min(len(pool), chance.randint(6, 20)))
        leader = world.people["leader"] if serial == 0 else members[0].user
        security = world.people["security"]
        appoint(leader, "team_leader", place, by=security, unit=unit, since=today, note=MADE_UP)
        world.teams[place].append(Crew(team, leader, members))
        memberships += [
            Membership(team=team, volunteer_id=member.volunteer, joined_on=today) for member in members
        ]
    Membership.objects.bulk_create(memberships)
    return
    yield


def still_to_approve(world: World, calendar: Calendar, moments: list[datetime]) -> None:
    """Let people of the demo community register so late that their applications wait on the desk."""
    chance = world.chance("applicants")
    for moment in moments:
        phone = world.names.phone()
        user = User.objects.create_user(
            f"p{phone}", phone=phone, phone_verified=True, name=world.names.name()
        )
        user.entrance = chance.choice(world.doors[GRID])
        user.save(update_fields=["entrance"])
        calendar.begin(moment, _apply(world, user, chance))


def _apply(world: World, user: User, chance: random.Random) -> Story:
    skills = [world.skills[name] for name in chance.sample(sorted(world.skills), 2)]
    register_volunteer(
        user, name=user.name, birth_date=rolls.birthday(world, chance, grown=True), grid=world.grids[GRID],
        entrance=user.entrance, skills=skills, free_times=["6m", "6a", "7m"], description=words.ABOUT_ME[1],
    )  # fmt: skip
    return
    yield
