"""The life of an ordinary incident: what usually becomes of what somebody reports, and now and then goes otherwise.

Most is found by grid workers on their rounds, and half of that is put right on the spot. Each function that plays a person
picks what that person does; whether it may be done is for the flow to say.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from demo import incident_results as results
from demo import incident_words as words
from demo.incident_plan import ON_THE_SPOT, Case, plan_cases
from demo.orders import Wish, what_follows
from demo.people import DISTRICT
from demo.scenes import picture
from demo.territory import point_in
from demo.world import Calendar, Story, World, awake, in_office
from governance import worktime
from governance.models import Intake, Unit, User
from grids.geometry import to_polygon
from incidents.flow import INCIDENTS
from incidents.models import Door, Incident, LimitUnit, Receipt
from incidents.services.reporting import report_incident
from volunteers.models import Order

#: From when on everything is played in full, before the reference moment.
EARLY = timedelta(days=60)
#: Why a class is returned and put off: places in the words.
RETURNED = {"01": (1, 2, 4), "02": (0, 3, 5), "03": (0, 3, 5), "04": (1, 4), "06": (0, 1, 2)}
PUT_OFF = {"0303": (0, 3), "0109": (4,), "0602": (5,), "0210": (1,), "0301": (6,), "0111": (2,), "0203": (1,)}
REDONE = {"01": (0, 3), "02": (2, 4), "03": (2, 4), "05": (1,), "06": (1, 4)}
#: Dishes of the menu that a cry for help is referred to.
REFERRED = {"0701": "company-chat", "0706": "home-shopping", "0708": "health-visit", "0903": "advice-policy"}
Satisfied = ((5, 56), (4, 27), (3, 9), (2, 5), (1, 3))


def plan_incidents(world: World, calendar: Calendar) -> None:
    """Put the ordinary incidents into the calendar."""
    for case in plan_cases(world):
        calendar.begin(case.reported, incident_story(world, case))


def incident_story(world: World, case: Case) -> Story:
    """Play one incident from the report to the end that it comes to."""
    chance = case.chance
    incident = report(world, case)
    case.key = incident.pk
    hands = Hands(world, case)
    if case.lead is not None:
        yield from _merged(case, incident, hands)
        return
    # Of the first months little more is told than what was found and put right.
    mostly = 0.96 if case.reported < world.now - EARLY else 0.75
    if case.channel == "worker" and case.minor.code in ON_THE_SPOT and chance.random() < mostly:
        yield timezone.now() + timedelta(minutes=chance.randint(4, 40))
        run(incident, "handle_oneself", hands.worker, note=done(case), photos=after(case))
        yield from _verified(case, incident, hands, hands.worker, hands.worker)
        return
    fate = chance.random()
    asked = case.channel in ("resident", "hotline", "desk", "opinion")
    if fate < 0.03 and incident.applicant_id and case.channel == "resident":
        yield timezone.now() + timedelta(minutes=chance.randint(10, 50))
        run(incident, "withdraw", incident.applicant, note=chance.choice(results.WITHDRAW))
        return
    yield (
        case.soon()
        if case.urgent
        else in_office(timezone.now() + timedelta(hours=chance.expovariate(1 / 0.8)))
    )
    desk = hands.desk()
    if asked and fate < 0.1:
        run(incident, "reject", desk, note=words.REJECT[chance.choice((0, 1, 4))])
        return
    if asked and case.minor.code in REFERRED and incident.applicant_phone and fate < 0.5:
        yield from _referred(world, case, incident, desk)
        return
    if asked and fate > 0.95 and not case.urgent:
        elsewhere = [base for base in world.bases(case.base[:12]) if base != case.base]
        if elsewhere:
            case = replace(case, base=chance.choice(elsewhere))
            run(incident, "relocate", desk, grid=world.grids[case.base], note=results.RELOCATE[0])
            hands = Hands(world, case)
            yield timezone.now() + timedelta(minutes=chance.randint(5, 60))
    if not case.urgent and chance.random() < 0.1:
        run(incident, "accept", desk)
        yield in_office(timezone.now() + timedelta(minutes=chance.randint(20, 100)))
    yield from _sent_out(case, incident, hands, desk)


@dataclass
class Hands:
    """Whoever deals with a case: the people of its place, of its street, and at the district's desk."""

    world: World
    case: Case

    def __post_init__(self) -> None:
        world, base, chance = self.world, self.case.base, self.case.chance
        self.worker: User = world.staff["grid_worker", base][0]
        clerks = world.staff["community_secretary", base[:12]] + world.staff["community_worker", base[:12]]
        self.clerk: User = chance.choice(clerks)
        self.street: User = chance.choice(world.staff["street_officer", base[:9]])
        self.seat: User = chance.choice(world.staff["seat_operator", DISTRICT])

    def desk(self) -> User:
        """Return who is at the desk now: the community's own, and the district's outside office hours."""
        return self.clerk if in_hours() else self.seat

    def usual(self) -> User | Unit:
        """Return who usually handles this class here, as the form proposes it."""
        minor, base = self.case.minor, self.case.base
        if minor.unit is not None:
            return minor.unit
        if minor.door == Door.WORKER:
            return self.worker
        return self.world.units[f"jd{base[:9]}" if minor.door == Door.STREET else f"jwh{base[:12]}"]

    def of(self, to: User | Unit) -> User:
        """Return who takes it in for a worker or unit."""
        if isinstance(to, User):
            return to
        if to.kind == Unit.Kind.DEPARTMENT:
            return self.case.chance.choice(self.world.officers[to.code])
        return self.street if to.kind == Unit.Kind.STREET_OFFICE else self.clerk


def in_hours() -> bool:
    """Say whether offices are open now."""
    now = timezone.now()
    return any(opens <= now < closes for opens, closes in worktime.office_hours(timezone.localdate(now)))


def run(incident: Incident, action: str, by: User, **data: Any) -> Incident:
    """Carry out one action."""
    return INCIDENTS.run(incident.pk, action, by=by, **data)


def given(to: User | Unit) -> dict[str, Any]:
    """Return a dispatch's data."""
    return {"unit": to} if isinstance(to, Unit) else {"worker": to}


def done(case: Case) -> str:
    """Return what is written when it is done."""
    return case.chance.choice(results.RESULTS[case.minor.code])


def after(case: Case) -> list:
    """Return the picture of how it was left, where the class asks for one."""
    return [picture(case.minor.code, case.place, after=True)] if case.minor.needs_photo else []


# --- the report -----------------------------------------------------------------------------------------------------
def report(world: World, case: Case) -> Incident:
    """Report it, by whichever channel it comes in."""
    chance = case.chance
    fields: dict[str, Any] = {
        "source_id": f"demo-{case.reported:%Y%m%d%H%M}-{chance.getrandbits(32):08x}",
        "minor_class": case.minor,
        "spot": case.spot,
        "description": case.words,
        "is_urgent": case.urgent,
        "channel": case.channel,
    }
    if case.door is not None:
        fields["entrance"] = case.door
    else:
        fields["grid"] = world.grids[case.base]
        fields["longitude"], fields["latitude"] = point_of(world, case.base, case.place)
    if chance.random() < (0.12 if case.channel == "worker" else 0.4 if case.channel == "resident" else 0):
        fields["photos"] = [picture(case.minor.code, case.place)]
    return report_incident(**fields, **_sender(world, case))[0]


def point_of(world: World, base: str, place: str) -> tuple[float, float]:
    """Return a point in a base grid, in degrees: the same for the same words that name the place."""
    inside = to_polygon(world.grids[base].boundary)
    longitude, latitude = point_in(inside, random.Random(place))  # noqa: S311  a made-up place, not a secret
    return round(longitude, 6), round(latitude, 6)


def _sender(world: World, case: Case) -> dict[str, Any]:
    """Return who reports it, and for whom."""
    chance, base = case.chance, case.base
    if case.channel == "worker":
        return {"by": world.staff["grid_worker", base][0]}
    if case.channel == "device":
        return {"by": User.objects.system(), "source": "iot"}
    seat = chance.choice(world.staff["seat_operator", DISTRICT])
    if case.channel in ("upper", "opinion"):
        return {"by": seat, "source": case.channel}
    residents = world.residents[base] or [u for b in world.bases(base[:12]) for u in world.residents[b]]
    someone = {"applicant_name": world.names.name(), "applicant_phone": world.names.phone()}
    known = chance.choice(residents) if residents and chance.random() < 0.75 else None
    if case.channel == "resident":
        if known is not None:
            return {"by": known, "applicant": known}
        # A passer-by need not say who she is.
        return {"by": User.objects.system(), **(someone if chance.random() < 0.6 else {})}
    by = seat if case.channel == "hotline" else world.staff["community_worker", base[:12]][0]
    source = "12345" if case.channel == "hotline" else "portal"
    return {"by": by, "source": source, "applicant": known, **({} if known else someone)}


def _referred(world: World, case: Case, incident: Incident, desk: User) -> Story:
    """Make an order of it, and let that go its way."""
    dish = REFERRED[case.minor.code]
    run(incident, "refer", desk, to=f"order:{dish}", note=results.REFER[0])
    order = Order.objects.get(number=Intake.objects.get(referred_from=incident.number).number)
    wish = Wish(
        base=case.base, item=world.items[dish], placed=timezone.now(), start=order.wanted_from, end=order.wanted_until,
        places=order.places, channel=order.channel, words=order.description, chance=case.chance,
    )  # fmt: skip
    yield from what_follows(world, wish, order)


# --- who gets it ----------------------------------------------------------------------------------------------------
def _merged(case: Case, incident: Incident, hands: Hands) -> Story:
    """Merge it into the one that it repeats, unless that is over already; its reporter rates it when that one is."""
    yield in_office(timezone.now() + timedelta(hours=case.chance.uniform(0.2, 1.8)))
    lead = Incident.objects.filter(pk=case.lead.key, closed_at=None).first()
    if lead is None:
        yield from _sent_out(case, incident, hands, hands.clerk)
        return
    run(incident, "merge", hands.clerk, lead=lead, note=words.MERGE[0])
    for _ in range(12):
        yield awake(timezone.now() + timedelta(days=1))
        if (
            incident.applicant_id
            and Incident.objects.filter(pk=lead.pk, status__in=("closed", "rated")).exists()
        ):
            _rate(case, incident)
            return


def _sent_out(case: Case, incident: Incident, hands: Hands, desk: User) -> Story:
    """Dispatch it: mostly to whoever it usually goes to, now and then to a department that gives it back."""
    chance, to = case.chance, hands.usual()
    major = case.minor.code[:2]
    disputed = False
    if (
        major in RETURNED
        and isinstance(to, Unit)
        and to.kind == Unit.Kind.DEPARTMENT
        and chance.random() < 0.12
    ):
        others = [unit for code, unit in hands.world.units.items() if code in _LIKELY and unit != to]
        times = 3 if chance.random() < 0.2 else 1
        for wrong in chance.sample(others, times):
            run(incident, "dispatch", desk, unit=wrong)
            yield in_office(timezone.now() + timedelta(hours=chance.uniform(0.3, 4)))
            note = words.RETURN[chance.choice(RETURNED[major])]
            run(incident, "return_back", hands.of(wrong), note=note)
            yield in_office(timezone.now() + timedelta(hours=chance.uniform(0.2, 1.8)))
        disputed = times == 3
    if disputed:
        yield in_office(timezone.now() + timedelta(hours=chance.uniform(1, 5)))
        run(incident, "designate", hands.world.people["arbiter"], unit=to, note=results.DESIGNATE[0])
    else:
        run(incident, "dispatch", desk, **given(to))
    yield from _in_hand(case, incident, hands, to)
    yield from _afterwards(case, incident, hands, to)


#: Departments that are tried when nobody is sure.
_LIKELY = ("chengguan", "zhujian", "shuiwu", "yuanlin", "shengtai", "jiaojing")


def _in_hand(case: Case, incident: Incident, hands: Hands, to: User | Unit) -> Story:
    """Let whoever has it take it in, handle it, and somebody else look at it."""
    chance = case.chance
    yield _taken_in_at(case, to)
    by = hands.of(to)
    incident = run(incident, "receive", by)
    if incident.applicant_phone and chance.random() < 0.85:
        yield awake(timezone.now() + timedelta(minutes=chance.randint(5, 180)))
        run(incident, "contacted", by, note=chance.choice(results.CONTACTED))
    incident = yield from _meanwhile(case, incident, hands, by)
    yield _handled_at(case, incident, to)
    run(incident, "handle", by, note=done(case), photos=after(case))
    yield from _verified(case, incident, hands, by, to)


def _taken_in_at(case: Case, to: User | Unit) -> datetime:
    """Return when it is taken in: a few are late."""
    chance, now = case.chance, timezone.now()
    late = chance.random() < 0.05
    if case.urgent or case.minor.receipt == Receipt.RISK:
        return now + timedelta(minutes=chance.uniform(20, 90) if late else chance.uniform(2, 13))
    if case.minor.receipt == Receipt.UTILITY:
        return now + timedelta(minutes=chance.uniform(35, 120) if late else chance.uniform(4, 27))
    if late:
        return in_office(now + timedelta(days=chance.uniform(1.5, 3)))
    if isinstance(to, User):
        return awake(now + timedelta(hours=chance.expovariate(1 / 0.6)))
    return in_office(now + timedelta(hours=min(8, chance.expovariate(1 / 1.5))))


def _handled_at(case: Case, incident: Incident, to: User | Unit) -> datetime:
    """Return when it is done: within its time, but for a few."""
    chance, now = case.chance, timezone.now()
    left = max(timedelta(minutes=10), incident.due_at - now)
    if chance.random() < 0.06:
        moment = now + left + timedelta(hours=chance.uniform(0.5, 14))
    else:
        moment = now + left * chance.triangular(0.05, 0.95, 0.35)
    if case.minor.limit_unit == LimitUnit.CLOCK:
        return moment
    return awake(moment) if isinstance(to, User) else in_office(moment)


def _meanwhile(case: Case, incident: Incident, hands: Hands, by: User) -> Iterator[datetime]:
    """Play what may happen while it is in hand; returns the incident as it is then."""
    chance, minor = case.chance, case.minor
    long = minor.limit_unit == LimitUnit.DAY and minor.limit >= 2
    turn = chance.random()
    if minor.code in PUT_OFF and turn < 0.22:
        yield in_office(timezone.now() + timedelta(hours=chance.uniform(2, 12)))
        until, note = (
            timezone.localdate() + timedelta(days=chance.randint(15, 80)),
            words.BACKLOG[chance.choice(PUT_OFF[minor.code])],
        )
        run(incident, "put_off", hands.street, until=until, note=note)
        yield hands.world.at(until - timedelta(days=2), 10)
        incident = run(incident, "take_up", hands.street)
    elif long and turn < 0.05:
        yield in_office(timezone.now() + timedelta(hours=chance.uniform(2, 8)))
        run(incident, "ask_extension", by, hours=16, note=chance.choice(results.EXTENSION))
        yield in_office(timezone.now() + timedelta(hours=chance.uniform(0.5, 3)))
        incident = run(incident, "extend", hands.clerk, hours=16, note="同意延期，请抓紧。")
    elif long and turn < 0.08:
        yield in_office(timezone.now() + timedelta(hours=chance.uniform(1, 6)))
        run(incident, "pause", hands.clerk, note=chance.choice(results.PAUSE))
        yield in_office(timezone.now() + timedelta(days=chance.uniform(1, 5)))
        incident = run(incident, "resume", hands.clerk)
    elif long and turn < 0.16:
        yield in_office(timezone.now() + timedelta(hours=chance.uniform(1, 9)))
        run(incident, "progress", by, note=words.PROGRESS[chance.choice((0, 3))])
    elif long and turn < 0.2 and incident.applicant_id:
        yield awake(timezone.now() + timedelta(hours=chance.uniform(20, 40)))
        run(incident, "urge", incident.applicant, note=words.URGE[chance.choice((0, 3))])
    elif long and turn < 0.23:
        yield in_office(timezone.now() + timedelta(hours=chance.uniform(4, 20)))
        run(incident, "supervise", hands.street, note=words.SUPERVISE[chance.choice((0, 4))])
    elif minor.code in SPLIT and turn < 0.3:
        yield from _split(case, incident, hands)
    return incident


#: What is split into which parts, and in what words.
SPLIT = {"0111": (("0106", "拆下来的砖和彩钢板要清走。"), ("0311", "占掉的绿地要恢复。")),
         "0203": (("0202", "坑边的井盖也松了。"), ("0607", "盖住的斑马线要重画。"))}  # fmt: skip


def _split(case: Case, incident: Incident, hands: Hands) -> Story:
    minors = hands.world.minors
    parts = [(minors[code], text) for code, text in SPLIT[case.minor.code]]
    run(incident, "split", hands.clerk, parts=parts, note="需要几家分头办。")
    for part in Incident.objects.filter(part_of=incident.pk).order_by("pk"):
        piece = replace(case, minor=part.minor_class, urgent=False)
        yield in_office(timezone.now() + timedelta(minutes=case.chance.randint(10, 90)))
        its = Hands(hands.world, piece)
        run(part, "dispatch", its.clerk, **given(its.usual()))
        yield from _in_hand(piece, part, its, its.usual())


def _verified(case: Case, incident: Incident, hands: Hands, by: User, to: User | Unit) -> Story:
    """Let somebody else look: mostly it is done, now and then it must be done again."""
    chance = case.chance
    eyes = (
        hands.clerk if by == hands.worker or (by != hands.clerk and chance.random() < 0.3) else hands.worker
    )
    yield in_office(timezone.now() + timedelta(hours=chance.triangular(0.3, 9, 2)))
    if chance.random() < 0.04:
        run(
            incident,
            "verify_fail",
            eyes,
            note=words.REWORK[chance.choice(REDONE.get(case.minor.code[:2], (1,)))],
        )
        yield awake(timezone.now() + timedelta(hours=chance.uniform(1, 6)))
        run(incident, "handle", by, note=done(case), photos=after(case))
        yield in_office(timezone.now() + timedelta(hours=chance.uniform(0.3, 6)))
    run(incident, "verify_pass", eyes)


# --- what follows ---------------------------------------------------------------------------------------------------
def _afterwards(case: Case, incident: Incident, hands: Hands, to: User | Unit) -> Story:
    """Ask the reporter, tell the public, and begin anew where it was not solved."""
    chance = case.chance
    if case.minor.is_public and chance.random() < 0.15:
        yield in_office(timezone.now() + timedelta(hours=chance.uniform(0.2, 3)))
        run(incident, "publish", hands.clerk, public_words=chance.choice(results.PUBLIC_WORDS))
    contented = 5
    incident = Incident.objects.get(pk=incident.pk)
    if incident.applicant_id and chance.random() < 0.55:
        yield awake(timezone.now() + timedelta(hours=chance.expovariate(1 / 9)))
        contented = _rate(case, incident)
    elif incident.applicant_phone and chance.random() < 0.75:
        yield in_office(timezone.now() + timedelta(hours=chance.uniform(16, 60)))
        contented = _call_back(case, incident, hands.seat)
    if contented > 2 or chance.random() < 0.3:
        return
    yield awake(timezone.now() + timedelta(days=chance.uniform(0.5, 4)))
    again = incident.applicant or hands.clerk
    run(incident, "reopen", again, note=words.REOPEN[chance.choice((0, 1))])
    yield from _in_hand(case, incident, hands, to)


def _answer(chance: random.Random) -> tuple[int, bool]:
    stars = chance.choices([s for s, _ in Satisfied], [weight for _, weight in Satisfied])[0]
    return stars, stars > 3 or (stars == 3 and chance.random() < 0.6)


def _rate(case: Case, incident: Incident) -> int:
    stars, solved = _answer(case.chance)
    said = case.chance.choice(words.RATING_GOOD[:6] if stars > 3 else words.RATING_BAD)
    said = said if stars < 3 or case.chance.random() < 0.6 else ""
    run(incident, "rate", incident.applicant, solved=solved, satisfaction=stars, note=said)
    return stars


def _call_back(case: Case, incident: Incident, by: User) -> int:
    if case.chance.random() < 0.12:
        run(incident, "call_back", by, reached=False, note=case.chance.choice(results.NOT_REACHED))
        return 5
    stars, solved = _answer(case.chance)
    said = case.chance.choice(results.CALLED if solved else results.NOT_SOLVED)
    run(incident, "call_back", by, reached=True, solved=solved, satisfaction=stars, note=said)
    return stars
