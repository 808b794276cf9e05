"""What the demo's director, mediator, judicial officer and resident find of mediation at the reference moment: something in every
place of their pages, whatever the seed and the hour. Unlike the ordinary disputes these are written down act by act."""

import random
from datetime import datetime, timedelta

from django.utils import timezone

from demo import dispute_words as words
from demo.dispute_cases import CASES
from demo.dispute_files import File, party_of, register, sheet
from demo.disputes import COURT, consent, the_term
from demo.people import COMMUNITY, GRID, STREET
from demo.world import Calendar, Story, World, awake, in_office, work_ago
from governance.models import User
from mediation.models import Dispute, Session
from mediation.services import archiving
from mediation.services.inspecting import inspect


class Stage:
    """Places the scripted disputes of the first community and knows who plays in them."""

    def __init__(self, world: World, calendar: Calendar) -> None:
        self.world, self.calendar, self.now = world, calendar, world.now
        self.people = world.people
        self.mediators = {row.user: row for row in world.mediators[COMMUNITY]}
        self.serial = 0

    def begin(self, at: datetime, story: Story) -> None:
        """Let a script start at a moment."""
        self.calendar.begin(at, story)

    def ago(self, hours: float) -> datetime:
        """Return a moment so many office hours back."""
        return work_ago(self.now, hours)

    def days_ago(self, days: int, hour: int, minute: int = 0) -> datetime:
        """Return an hour of a past day, before the reference moment."""
        return self.world.at(self.world.day(-days), hour, minute)

    def today(self, hour: int, minute: int = 0) -> datetime:
        """Return an hour of the reference day, past or to come."""
        return self.world.at(self.world.day(0), hour, minute)

    def chance(self) -> random.Random:
        """Return the next script's own source of chance."""
        self.serial += 1
        return self.world.chance(f"disputes today/{self.serial}")

    def register(
        self, category: str, place: int, *, first: User | None = None, second: User | None = None, **given
    ) -> File:
        """Register one of a category's cases; ``first`` and ``second``: the parties, where they are people of the demo."""
        chance, case = self.chance(), CASES[category][place]
        parties = ()
        if first or second:
            # Whoever is on the other side lives here too and has an account.
            here = [u for base in self.world.bases(COMMUNITY) for u in self.world.residents[base]]
            other = chance.choice([u for u in here if u not in (first, second, self.people["resident"])])
            parties = (
                party_of("applicant", first or other, chance),
                party_of("respondent", second or other, chance),
            )
        return register(
            self.world,
            chance,
            case,
            category,
            seat=given.pop("seat", COMMUNITY),
            base=GRID,
            parties=parties,
            **given,
        )

    def accepted(self, file: File) -> Story:
        """All agree, and the file is accepted."""
        yield timezone.now() + timedelta(hours=1)
        consent(file)
        yield timezone.now() + timedelta(minutes=50)
        file.run("accept", file.director)

    def mediating(self, file: File, by: str = "mediator") -> Story:
        """And given to a mediator, who tells the parties their rights."""
        yield from self.accepted(file)
        yield timezone.now() + timedelta(minutes=30)
        mediator = self.mediators[self.people[by]]
        file.run("assign", file.director, mediators=[mediator])
        file.mediator = mediator.user
        yield timezone.now() + timedelta(minutes=25)
        file.run("inform", file.mediator)

    def planned(self, file: File, starts: datetime, mode: str = "joint") -> None:
        """Plan a session."""
        invited = file.parties if mode == "joint" else file.parties[:1]
        file.run(
            "plan_session",
            file.mediator,
            mode=mode,
            invited=invited,
            starts_at=starts,
            place=f"{file.dispute.centre}调解室",
        )

    def orally(self, file: File, due: int) -> None:
        """They agree by word of mouth on something to be done by a day from the reference day."""
        term = file.term(self.world.day(due))
        file.run("conclude_orally", file.mediator, all_agree=True, **file.agreed(term))


def plan_disputes_today(world: World, calendar: Calendar) -> None:
    """Put the scripted disputes into the calendar."""
    stage = Stage(world, calendar)
    for at, story in (
        # The director's desk: to be asked, accepted, assigned, received.
        (stage.ago(4), _asked(stage)),
        (stage.ago(9), _all_agree(stage)),
        (stage.ago(14), _to_assign(stage)),
        (stage.days_ago(5, 9), _sent_down(stage)),
        # The mediator's day: sessions today, one still to be written down, some to come.
        (stage.days_ago(6, 9), _session(stage, "neighbours", 4, stage.days_ago(1, 17), stage.today(9, 30))),
        (
            stage.days_ago(8, 9),
            _session(stage, "property", 4, stage.days_ago(2, 10), stage.today(15, 30), "separate"),
        ),
        (stage.days_ago(9, 10), _session(stage, "family", 3, stage.days_ago(4, 11), stage.days_ago(2, 14))),
        (
            stage.days_ago(4, 9),
            _session(stage, "consumer", 2, stage.days_ago(1, 11), stage.world.at(world.day(2), 10)),
        ),
        # Running out, and run out.
        (stage.days_ago(28, 9), _slow(stage, "damages", 5)),
        (stage.days_ago(36, 9), _slow(stage, "housing", 1)),
        # To be visited today, and some days ago; to be performed tomorrow, and already yesterday.
        (stage.days_ago(22, 9), _visit(stage, "neighbours", 7, 15, 1)),
        (stage.days_ago(25, 9), _visit(stage, "property", 3, 18, -1)),
        (stage.days_ago(13, 9), _court(stage)),
        # The director mediates one himself, with people from outside.
        (stage.days_ago(11, 9), _with_guests(stage)),
        # The resident: asked (above), to confirm an agreement, to say how it was, and how it goes on.
        (stage.days_ago(7, 9), _to_confirm(stage)),
        (stage.days_ago(40, 9), _to_rate(stage)),
        (stage.ago(20), _applied(stage)),
        # Sealed, one of them held; and looked at from above.
        (stage.days_ago(75, 9), _sealed(stage)),
        # Being shown a file lasts a day: it is still open.
        (stage.now - timedelta(hours=2), _looked_at(stage)),
    ):
        stage.begin(at, story)


# --- the director --------------------------------------------------------------------------------------------------------------------
def _asked(stage: Stage) -> Story:
    """A neighbour complains of the demo resident, who is still to say whether she will be mediated."""
    stage.register("neighbours", 6, second=stage.people["resident"], by_phone=True)
    return
    yield


def _all_agree(stage: Stage) -> Story:
    file = stage.register("traffic", 0, origin="police", by_phone=False)
    yield timezone.now() + timedelta(hours=1)
    consent(file)


def _to_assign(stage: Stage) -> Story:
    file = stage.register("contract", 1, by_phone=False, grade="B")
    yield from stage.accepted(file)


def _sent_down(stage: Stage) -> Story:
    """The street hands one down, and the community is still to receive it."""
    file = stage.register("pollution", 2, seat=STREET, origin="petition", by_phone=False)
    yield from stage.accepted(file)
    yield max(timezone.now() + timedelta(hours=3), stage.ago(3))
    file.run("hand_down", file.director, centre=stage.world.centres[COMMUNITY], note=words.HANDED[0])


# --- the mediator --------------------------------------------------------------------------------------------------------------------
def _session(
    stage: Stage, category: str, place: int, planned: datetime, starts: datetime, mode: str = "joint"
) -> Story:
    file = stage.register(category, place)
    yield from stage.mediating(file)
    yield planned
    stage.planned(file, starts, mode)


def _slow(stage: Stage, category: str, place: int) -> Story:
    """In hand for weeks, with one session so far."""
    file = stage.register(category, place, origin="hotline", by_phone=False)
    yield from stage.mediating(file)
    starts = in_office(timezone.now() + timedelta(days=4))
    stage.planned(file, starts)
    yield starts + timedelta(hours=1)
    held = file.dispute.sessions.get(state=Session.State.PLANNED)
    file.run("hold_session", file.mediator, session=held, present=file.parties, record=words.JOINT[3])


def _visit(stage: Stage, category: str, place: int, days: int, due: int) -> Story:
    """Settled so many days ago: the day of the visit has come."""
    file = stage.register(category, place, by_phone=False)
    yield from stage.mediating(file)
    yield stage.days_ago(days, 15)
    stage.orally(file, due)


def _court(stage: Stage) -> Story:
    """Settled in writing, and the court is asked."""
    file = stage.register("damages", 0, by_phone=False)
    yield from stage.mediating(file)
    yield stage.days_ago(10, 10)
    file.run("draft", file.mediator, **file.agreed(file.term(stage.world.day(2))))
    for party in file.parties:
        yield timezone.now() + timedelta(minutes=20)
        file.run("confirm_paper", file.mediator, disputant=party, photos=[sheet()])
    yield timezone.now() + timedelta(minutes=10)
    file.run("conclude", file.mediator)
    yield stage.days_ago(6, 10)
    file.run("ask_judicial", file.mediator, court=COURT, all_agree=True)


def _with_guests(stage: Stage) -> Story:
    """A serious one that the director mediates himself, with an officer of the street and one of a department called in."""
    file = stage.register("pollution", 0, origin="hotline", grade="A", by_phone=False)
    yield from stage.mediating(file, by="director")
    yield stage.days_ago(9, 10)
    guests = [stage.people["officer"], stage.people["department"]]
    file.run(
        "invite",
        file.director,
        guests=guests,
        body="街道、区城市管理委",
        note=words.INVITED[0],
        consultation="joint",
    )
    yield stage.days_ago(3, 10)
    stage.planned(file, stage.today(10, 30))


# --- the resident --------------------------------------------------------------------------------------------------------------------
def _to_confirm(stage: Stage) -> Story:
    """The agreement lies before the resident; the other side has signed."""
    file = stage.register("neighbours", 0, first=stage.people["resident"], by_phone=True)
    yield from stage.mediating(file)
    starts = stage.days_ago(4, 10)
    yield stage.days_ago(6, 10)
    stage.planned(file, starts)
    yield starts + timedelta(hours=1)
    held = file.dispute.sessions.get(state=Session.State.PLANNED)
    file.run("hold_session", file.mediator, session=held, present=file.parties, record=words.JOINT[1])
    yield stage.days_ago(2, 10)
    file.run("draft", file.mediator, **file.agreed(file.term(stage.world.day(12))))
    yield stage.days_ago(1, 19)
    file.run("confirm", file.party("respondent").user, agreement=1)


def _to_rate(stage: Stage) -> Story:
    """Settled, performed, visited and closed: the resident is asked how it was."""
    file = stage.register("property", 2, first=stage.people["resident"], by_phone=True)
    yield from stage.mediating(file)
    yield stage.days_ago(36, 15)
    stage.orally(file, -25)
    yield stage.days_ago(27, 10)
    file.run("perform", file.mediator, term=the_term(file), state="done")
    yield stage.days_ago(20, 10)
    file.run(
        "follow_up",
        file.mediator,
        disputant=file.parties[0],
        performance="done",
        is_satisfied=True,
        note=words.VISITED[3],
    )
    yield stage.days_ago(18, 10)
    file.run("close", file.director)


def _applied(stage: Stage) -> Story:
    """The resident applied herself, and says whom she would have as mediator."""
    file = stage.register("internet", 2, first=stage.people["resident"], by_phone=True)
    yield awake(timezone.now() + timedelta(hours=1))
    hers = stage.mediators[stage.people["mediator"]]
    file.run("choose_mediator", stage.people["resident"], mediator=hers, note="上次就是请她调解的。")


# --- the archive ---------------------------------------------------------------------------------------------------------------------
def _sealed(stage: Stage) -> Story:
    """Closed and sealed, and its erasure held off."""
    file = stage.register("expropriation", 0, by_phone=False, grade="B")
    yield from stage.mediating(file)
    yield stage.days_ago(70, 15)
    stage.orally(file, -60)
    yield stage.days_ago(62, 10)
    file.run("perform", file.mediator, term=the_term(file), state="done")
    yield stage.days_ago(54, 10)
    file.run(
        "follow_up",
        file.mediator,
        disputant=file.parties[0],
        performance="done",
        is_satisfied=True,
        note=words.VISITED[1],
    )
    yield stage.days_ago(50, 10)
    file.run("close", file.director)
    yield stage.days_ago(40, 10)
    file.run("archive", file.director, retention="medium", incomplete=True, note=words.NOT_ALL[1])
    yield stage.days_ago(20, 10)
    archiving.hold(file.dispute.archive, by=file.director, reason="当事人另案诉讼，卷宗要作证据。")


def _looked_at(stage: Stage) -> Story:
    """The judicial officer has asked to be shown one that the director mediates himself, and may still read it."""
    hard = Dispute.objects.mediated_by(stage.people["director"]).filter(grade="A").order_by("-pk").first()
    inspect(hard.number, by=stage.people["justice"], reason=words.LOOKED[0])
    return
    yield
