"""The life of the demo's disputes: from the application or the desk through consent, sessions and agreement to the sealed
archive, and now and then out of it by another way. Each is played through the services."""

import random
from datetime import date, datetime, timedelta

from django.utils import timezone

from demo import dispute_words as words
from demo.dispute_files import File, register, sheet
from demo.dispute_plan import Plan, plan_all
from demo.people import STREET
from demo.world import Calendar, Story, World, awake, in_office
from governance.territory import lineage
from mediation.models import Disputant, Mediator, Session, Term

COURT = "天津市红桥区人民法院（演示）"


def plan_disputes(world: World, calendar: Calendar) -> None:
    """Put the ordinary disputes into the calendar."""
    for plan in plan_all(world):
        calendar.begin(plan.began, dispute_story(world, plan))


def later(chance: random.Random, least: float, most: float) -> datetime:
    """Return a moment within office hours, so many hours from now."""
    return in_office(timezone.now() + timedelta(hours=chance.uniform(least, most)))


# --- the story ---------------------------------------------------------------------------------------------------------------------
def dispute_story(world: World, plan: Plan) -> Story:
    """Play one dispute from its registration to the end that it comes to."""
    chance, fate = plan.chance, plan.fate
    if fate == "declined":
        yield from _declined(world, plan)
        return
    origin, seat = plan.origin, plan.seat
    file = register(
        world, chance, plan.case, plan.category, seat=seat, base=plan.base, origin=origin, grade=plan.grade,
        photos=(sheet(),) if chance.random() < 0.06 else (),
    )  # fmt: skip
    yield awake(timezone.now() + timedelta(hours=chance.uniform(1, 30)))
    if fate == "withdrawn" and chance.random() < 0.6 and file.party("applicant").user is not None:
        file.run("withdraw", file.party("applicant").user, note=chance.choice(words.WITHDRAWN))
        return
    if fate == "refused":
        refuse(file)
        return
    consent(file)
    yield later(chance, 1, 8)
    file.run("accept", file.director)
    yield later(chance, 1, 8)
    if fate == "handed_down":
        yield from _handed_down(file)
    elif fate == "sent_up":
        yield from _sent_up(file)
    yield from _mediated(file, plan)


def _declined(world: World, plan: Plan) -> Story:
    """Somebody came with what is not for mediation."""
    chance, reasons = plan.chance, list(words.DECLINED)
    why = reasons[plan.number % len(reasons)]
    category, said, asks = words.DECLINED[why]
    file = register(world, chance, plan.case, category, seat=plan.seat, base=plan.base, said=said, asks=asks)
    yield later(chance, 1, 9)
    file.run("decline", file.director, why=why)


def refuse(file: File) -> None:
    """The other side does not want to be mediated, and says so on her phone or to the director."""
    other = file.party("respondent")
    if other.user is not None and file.chance.random() < 0.5:
        file.run("refuse", other.user)
        return
    note = file.chance.choice(words.REFUSED)
    file.run("record_consent", file.director, disputant=other, agreed=False, means="call", note=note)


def consent(file: File, *, but: Disputant | None = None) -> None:
    """Every party who was not asked yet agrees, ``but`` one."""
    for party in file.parties:
        if party == but or party.consent != Disputant.Consent.ASKED:
            continue
        if party.user is not None and file.chance.random() < 0.5:
            file.run("agree", party.user)
        else:
            means = file.chance.choice(("call", "face", "paper"))
            file.run("record_consent", file.director, disputant=party, agreed=True, means=means)


def serves(mediator: Mediator, day: date) -> bool:
    """Say whether a mediator's term includes a day."""
    return mediator.since <= day and (mediator.until is None or mediator.until >= day)


def mediator_for(file: File, category: str = "") -> Mediator | None:
    """Return a mediator in office of the file's centre, else of one above: one who knows the category, if there is any."""
    world, chance, today = file.world, file.chance, timezone.localdate()
    parties = {party.user for party in file.accounts()}
    for code in reversed(lineage(file.dispute.seat_id)):
        rows = [row for row in world.mediators[code] if serves(row, today) and row.user not in parties]
        hers = [row for row in rows if row.user == world.people["mediator"]]
        if hers and chance.random() < 0.6:
            return hers[0]
        fitting = [row for row in rows if category in row.specialities]
        if rows:
            return chance.choice(fitting or rows)
    return None


def _handed_down(file: File) -> Story:
    """The street's centre gives it to the community where it arose."""
    file.run(
        "hand_down",
        file.director,
        centre=file.world.centres[file.dispute.grid_id[:12]],
        note=file.chance.choice(words.HANDED),
    )
    yield later(file.chance, 2, 16)
    file.director = file.world.staff["mediation_director", file.dispute.seat_id][0]
    file.run("take_over", file.director)
    yield later(file.chance, 1, 8)


def _sent_up(file: File) -> Story:
    """The community cannot settle it; the street takes it over, or first wants to know more."""
    chance, world = file.chance, file.world
    below, above = file.director, world.staff["mediation_director", STREET][0]
    send = {"centre": world.centres[STREET], "note": chance.choice(words.SENT)}
    file.run("send_up", below, **send)
    yield later(chance, 2, 20)
    if chance.random() < 0.35:
        file.run("send_back", above, note=words.SENT_BACK)
        yield later(chance, 1, 9)
        file.run("take_over", below)
        yield later(chance, 4, 20)
        file.run("send_up", below, **send)
        yield later(chance, 2, 20)
    file.director = above
    file.run("take_over", above)
    yield later(chance, 2, 8)


def assign(file: File, category: str, *, chosen: Mediator | None = None) -> bool:
    """The director names a mediator. Returns whether there was one."""
    mediator = chosen or mediator_for(file, category)
    if mediator is None:
        return False
    file.run("assign", file.director, mediators=[mediator], is_chosen=file.chance.random() < 0.2)
    file.mediator = mediator.user
    return True


def session(file: File, mode: str) -> Story:
    """Plan a session and hold it."""
    chance = file.chance
    begins = later(chance, 8, 60)
    invited = file.parties if mode == "joint" else [chance.choice(file.parties)]
    place = f"{file.dispute.centre}调解室"
    file.run("plan_session", file.mediator, mode=mode, invited=invited, starts_at=begins, place=place)
    yield begins + timedelta(minutes=chance.randint(40, 90))
    planned = file.dispute.sessions.get(state=Session.State.PLANNED)
    said = chance.choice(words.JOINT if mode == "joint" else words.APART)
    file.run("hold_session", file.mediator, session=planned, present=invited, record=said)


def _mediated(file: File, plan: Plan) -> Story:
    chance, fate = file.chance, plan.fate
    if not assign(file, plan.category):
        return
    yield later(chance, 1, 10)
    file.run("inform", file.mediator)
    if fate == "on_the_spot":
        # Settled where they stand: nobody sits down for it.
        yield later(chance, 0.4, 3)
        yield from _concluded(file, plan)
        return
    if fate == "joint":
        yield later(chance, 2, 20)
        guests = [file.world.people["officer"], file.world.people["department"]]
        file.run(
            "invite", file.director, guests=guests[: chance.randint(1, 2)], body="街道、区城市管理委", note=chance.choice(words.INVITED),
            consultation=chance.choice(("joint", "rounds", "special")),
        )  # fmt: skip
    if chance.random() < 0.3:
        yield later(chance, 1, 20)
        file.run(
            "investigate",
            file.mediator,
            place="现场",
            asked=chance.choice(words.ASKED),
            record=chance.choice(words.SEEN),
        )
    if fate in words.ENDED:
        yield from _unsettled(file, plan)
        return
    modes = ("joint",) if chance.random() < 0.7 else ("separate", "joint")
    for mode in modes:
        yield later(chance, 2, 20)
        yield from session(file, mode)
    if fate == "withdrawn" and file.party("applicant").user is not None:
        yield later(chance, 1, 30)
        file.run("withdraw", file.party("applicant").user, note=chance.choice(words.WITHDRAWN))
        return
    yield later(chance, 1, 30)
    yield from _concluded(file, plan)


def _unsettled(file: File, plan: Plan) -> Story:
    """It comes to no agreement: ended, overdue, or another way."""
    chance, fate = file.chance, plan.fate
    if fate in ("failed", "overdue"):
        yield later(chance, 2, 20)
        yield from session(file, "joint")
    if fate == "overdue":
        # Nobody finds the time, and the month is over before anybody notices.
        yield later(chance, 24 * 30, 24 * 38)
        if chance.random() < 0.4:
            file.run("extend", file.mediator, days=15, all_agree=True, note=chance.choice(words.LONGER))
            yield later(chance, 24 * 6, 24 * 16)
    yield later(chance, 1, 30)
    guided = fate in ("arbitration", "review", "court")
    file.run(
        "guide" if guided else "terminate", file.mediator, outcome=fate, note=chance.choice(words.ENDED[fate])
    )
    if chance.random() < 0.25:
        for party in list(file.accounts())[:1]:
            yield awake(timezone.now() + timedelta(hours=chance.uniform(1, 30)))
            file.run("rate", party.user, satisfaction=chance.choice((4, 3, 3, 2)), note="")
    if fate == "failed" and chance.random() < 0.3:
        yield later(chance, 24 * 5, 24 * 20)
        yield from _again(file, plan)
    elif plan.sealed:
        yield later(chance, 24 * 2, 24 * 9)
        file.run("archive", file.director, retention="short", incomplete=True, note=words.NOT_ALL[2])


def _again(file: File, plan: Plan) -> Story:
    """It is taken up anew, and this time settled."""
    chance = file.chance
    file.run("reopen", file.director, note=chance.choice(words.AGAIN))
    yield later(chance, 2, 12)
    if assign(file, plan.category):
        yield later(chance, 4, 30)
        file.run("conclude_orally", file.mediator, all_agree=True, **file.agreed(file.term(_due(chance))))
        yield from afterwards(file, plan, again=True)


def _due(chance: random.Random) -> date:
    return timezone.localdate() + timedelta(days=chance.randint(3, 20))


def sign(file: File, *, but: Disputant | None = None) -> Story:
    """Every party confirms the agreement, on her phone or on paper, ``but`` one."""
    for party in file.parties:
        if party != but:
            yield awake(timezone.now() + timedelta(hours=file.chance.uniform(1, 20)))
            if party.user is not None and file.chance.random() < 0.7:
                file.run("confirm", party.user, agreement=1)
            else:
                file.run("confirm_paper", file.mediator, disputant=party, photos=[sheet()])


def _concluded(file: File, plan: Plan) -> Story:
    """They agree, by word of mouth or in writing, and now and then the court confirms it."""
    chance, fate = file.chance, plan.fate
    agreed = file.agreed(file.term(_due(chance)))
    if fate in ("oral", "on_the_spot"):
        file.run("conclude_orally", file.mediator, all_agree=True, **agreed)
    else:
        file.run("draft", file.mediator, **agreed)
        yield from sign(file)
        yield later(chance, 1, 8)
        file.run("conclude", file.mediator)
    if fate == "confirmed":
        yield from _confirmed(file, plan)
    yield from afterwards(file, plan)


def afterwards(file: File, plan: Plan, *, again: bool = False) -> Story:
    """What was agreed is performed or not, somebody visits the parties, and the file is closed."""
    chance = file.chance
    yield later(chance, 24 * 3, 24 * 12)
    term = the_term(file)
    state = chance.choices(("done", "partial", "defaulted"), (91, 5, 4))[0]
    file.run("perform", file.mediator, term=term, state=state)
    uneasy = state != "done" or chance.random() < 0.05
    # One in so many is visited late, or not yet.
    yield later(chance, 24, 24 * (9 if chance.random() < 0.85 else 30))
    file.run(
        "follow_up", file.mediator, disputant=file.parties[0], performance=state, is_satisfied=not uneasy, has_risk=uneasy,
        measures=words.MEASURES if uneasy else "", note=words.UNEASY if uneasy else chance.choice(words.VISITED),
    )  # fmt: skip
    yield later(chance, 2, 20)
    if state == "done":
        file.run("close", file.director)
    else:
        file.run("close", file.director, unperformed=True, note=words.UNPERFORMED)
    for party in file.accounts():
        if chance.random() < 0.45:
            yield awake(timezone.now() + timedelta(hours=chance.uniform(1, 30)))
            stars = chance.choice((5, 5, 5, 5, 4, 4, 3, 2))
            file.run("rate", party.user, satisfaction=stars, note=chance.choice(words.PRAISE[stars]))
    if again:
        return
    if state != "done" and chance.random() < 0.4:
        yield later(chance, 24 * 8, 24 * 25)
        yield from _again(file, plan)
    elif plan.sealed:
        yield later(chance, 24 * 3, 24 * 10)
        file.run(
            "archive",
            file.director,
            retention="medium",
            incomplete=True,
            note=words.NOT_ALL[plan.fate != "written"],
        )


def the_term(file: File) -> Term:
    """Return the one term of the agreement in effect."""
    terms = Term.objects.filter(agreement__dispute=file.dispute, agreement__effective_at__isnull=False)
    return terms.order_by("-agreement__version").first()


def _confirmed(file: File, plan: Plan) -> Story:
    """The parties ask the court together, and it answers."""
    chance = file.chance
    yield later(chance, 24, 24 * 5)
    file.run("ask_judicial", file.mediator, court=COURT, all_agree=True)
    if plan.ruling is not None:
        yield later(chance, 24 * 5, 24 * 12)
        effective = plan.ruling == "effective"
        ruling = f"（演示）司法确认裁定书{plan.number}号" if effective else words.NO_COURT[plan.ruling]
        file.run("record_judicial", file.mediator, result=plan.ruling, ruling=ruling)
