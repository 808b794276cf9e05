"""The volunteers whom the portal took over from older rolls, written in bulk as an import would write them.

Registering more than two thousand people one by one through the flow takes minutes; so these get what the flow would have
left behind (the registration with both its steps, the post, the line in the access log), and only those who came later
went through it (demo/volunteers.py). The rules on age and guardians are checked by the same function.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from demo import words
from demo.roster import appoint_all
from demo.territory import MADE_UP
from demo.world import Helper, World
from governance.flow import next_number
from governance.models import Post, User
from volunteers.models import Volunteer, VolunteerStep
from volunteers.models.people import WEEK_PARTS, VolunteerStatus
from volunteers.services.registration import check_age

BATCH = 1000
SKILL_RATE = 0.11
REACHES = ("community", "street", "street", "district")


@dataclass
class Person:
    """What someone writes on the registration form."""

    home: str
    skills: frozenset[str]
    free: list[str]
    reach: str
    born: date
    about: str
    zeal: float
    guardian_name: str = ""
    guardian_phone: str = ""

    def as_helper(self, user: User, volunteer: int, zeal: float) -> Helper:
        """Return the volunteer as the stories know her."""
        return Helper(user, volunteer, self.home, self.skills, frozenset(self.free), self.reach, zeal)


def describe(
    world: World, chance: random.Random, user: User, home: str, skills: tuple[str, ...] = ()
) -> Person:
    """Make up what someone writes on the form; ``skills`` fixes them, for a grown-up who always has time."""
    person = Person(
        home=home,
        skills=frozenset(skills) or frozenset(name for name in world.skills if chance.random() < SKILL_RATE),
        free=sorted(part for part, _ in WEEK_PARTS if skills or chance.random() < 0.35),
        reach="street" if skills else chance.choice(REACHES),
        born=birthday(world, chance, grown=bool(skills)),
        about=chance.choice(words.ABOUT_ME),
        zeal=chance.random() ** 3,
    )
    if (timezone.localdate(user.date_joined) - person.born).days < 18 * 366:
        person.guardian_name, person.guardian_phone = world.names.name(), world.names.phone()
    return person


def birthday(world: World, chance: random.Random, *, grown: bool) -> date:
    """Return a birth date: schoolchildren, people at work, many pensioners."""
    years = 45 if grown else chance.choices((12, 16, 20, 30, 45, 62, 70), (1, 3, 12, 20, 24, 28, 12))[0]
    return world.day(-400 - years * 365 - chance.randrange(5 * 365))


def take_over(world: World, people: list[tuple[User, str]]) -> None:
    """Write these people (account, home grid) as volunteers who were approved at this moment."""
    chance, now, system = world.chance("rolls"), timezone.now(), User.objects.system()
    bulk_create_with_history(
        [user for user, _ in people], User, batch_size=BATCH, default_change_reason=MADE_UP
    )
    described = [(user, describe(world, chance, user, home)) for user, home in people]
    volunteers = []
    for user, person in described:
        volunteer = Volunteer(
            grid_id=person.home, entrance=user.entrance, title="志愿者登记", description=person.about, applicant=user,
            applicant_name=user.name, applicant_phone=user.phone, birth_date=person.born, free_times=person.free,
            reach=person.reach, guardian_name=person.guardian_name, guardian_phone=person.guardian_phone,
            guardian_consent_at=now if person.guardian_name else None, channel="desk", opened_at=now,
            status=VolunteerStatus.ACTIVE, version=2,
        )  # fmt: skip
        check_age(volunteer)
        volunteer.number = next_number(volunteer.prefix, person.home, now)
        volunteer.search_terms = volunteer.index()
        volunteers.append(volunteer)
    bulk_create_with_history(volunteers, Volunteer, batch_size=BATCH, default_change_reason=MADE_UP)
    has_skill = Volunteer.skills.through
    has_skill.objects.bulk_create(
        [
            has_skill(volunteer=volunteer, skill=world.skills[name])
            for volunteer, (_, person) in zip(volunteers, described, strict=True)
            for name in sorted(person.skills)
        ],
        batch_size=BATCH,
    )
    _write_steps(volunteers, system)
    posts = [
        Post(
            user=v.applicant,
            role_id="volunteer",
            grid_id=v.grid_id[:12],
            valid_from=timezone.localdate(),
            note=v.number,
        )
        for v in volunteers
    ]
    appoint_all(posts, by=world.people["security"])
    for volunteer, (user, person) in zip(volunteers, described, strict=True):
        world.enlist(person.as_helper(user, volunteer.pk, person.zeal))


def _write_steps(volunteers: list[Volunteer], system: User) -> None:
    at, note = timezone.now(), "由原志愿者名册转入。"
    steps = []
    for volunteer in volunteers:
        steps.append(
            VolunteerStep(
                matter=volunteer, seq=1, action="open", label="申请登记", actor=system, at=at, note=note,
                to_status=VolunteerStatus.APPLIED,
            )
        )  # fmt: skip
        steps.append(
            VolunteerStep(
                matter=volunteer, seq=2, action="approve", label="通过", actor=system, at=at + timedelta(minutes=1),
                from_status=VolunteerStatus.APPLIED, to_status=VolunteerStatus.ACTIVE, note=note,
            )
        )  # fmt: skip
    VolunteerStep.objects.bulk_create(steps, batch_size=BATCH)
