"""The life of the demo's disputes: from the application or the desk through consent, sessions and agreement to the sealed
archive, and now and then out of it by another way. Each is played through the services."""

import io
import random
from datetime import timedelta
from functools import cache

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image, ImageDraw

from demo import dispute_words as words
from demo.people import COMMUNITY, NEIGHBOUR
from demo.world import Calendar, Story, World, awake, in_office
from governance.models import User
from mediation.flow import DISPUTES
from mediation.models import Category, Centre, Disputant, Dispute, Mediator, Session, Term
from mediation.services.registering import PartyData, register_dispute

#: So many cases in the first community, its neighbour, and everywhere else together.
HERE, NEXT, ELSEWHERE = 36, 8, 20
#: Before the reference moment.
OLDEST = 80
#: Of the files that could be sealed, so many are: each has all its documents written.
SEALED = 0.3
COURT = "天津市红桥区人民法院（演示）"


@cache
def _drawn() -> bytes:
    image = Image.new("RGB", (480, 680), "#faf9f8")
    pen = ImageDraw.Draw(image)
    pen.rectangle((150, 50, 330, 66), fill="#57524e")
    for line in range(14):
        pen.rectangle((60, 110 + 32 * line, 420 - 90 * (line % 4 == 3), 116 + 32 * line), fill="#a8a29e")
    pen.line((280, 600, 310, 580, 330, 610, 360, 585), fill="#1c1a19", width=4)
    pen.ellipse((330, 560, 400, 630), outline="#b5251c", width=5)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def sheet() -> SimpleUploadedFile:
    """Return a picture of a signed sheet, with lines in the place of words."""
    return SimpleUploadedFile("sheet.jpg", _drawn(), "image/jpeg")


def plan_disputes(world: World, calendar: Calendar) -> None:
    """Put the disputes into the calendar: most in the first community, whose director and mediator are demo people."""
    chance = world.chance("disputes")
    led = [code for code in world.communities if world.staff["mediation_director", code]]
    here, elsewhere = (HERE // 3, 0) if world.small else (HERE, ELSEWHERE)
    places = [COMMUNITY] * here + [NEIGHBOUR] * NEXT + [chance.choice(led) for _ in range(elsewhere)]
    for number, community in enumerate(places):
        if community not in led:
            continue
        days = OLDEST * (number % here) / here if community == COMMUNITY else chance.uniform(0, OLDEST)
        began = in_office(world.now - timedelta(days=days, hours=chance.uniform(0, 6)))
        if began < world.now:
            calendar.begin(
                began, dispute_story(world, random.Random(f"{world.seed}/dispute/{number}"), community)
            )  # noqa: S311


def run(dispute: Dispute, action: str, by: User, **data) -> Dispute:
    """Carry out one action."""
    return DISPUTES.run(dispute.pk, action, by=by, **data)


def dispute_story(world: World, chance: random.Random, community: str) -> Story:
    """Play one dispute from its registration to the end that it comes to."""
    category = chance.choice(sorted(words.CASES))
    case = chance.choice(words.CASES[category])
    director = world.staff["mediation_director", community][0]
    people = _people(world, chance, community)
    dispute = _register(world, chance, community, category, case, people, director)
    other = dispute.disputants.get(side="respondent")
    yield awake(timezone.now() + timedelta(hours=chance.uniform(1, 30)))
    fate = chance.random()
    if fate < 0.07:
        run(
            dispute,
            "record_consent",
            director,
            disputant=other,
            agreed=False,
            means="call",
            note=words.REFUSED,
        )
        return
    if other.user is not None and chance.random() < 0.6:
        dispute = run(dispute, "agree", other.user)
    else:
        dispute = run(dispute, "record_consent", director, disputant=other, agreed=True, means="call")
    if dispute.disputants.filter(consent=Disputant.Consent.ASKED).exists():
        first = dispute.disputants.get(side="applicant")
        dispute = run(dispute, "record_consent", director, disputant=first, agreed=True, means="face")
    yield in_office(timezone.now() + timedelta(hours=chance.uniform(1, 8)))
    dispute = run(dispute, "accept", director)
    yield in_office(timezone.now() + timedelta(hours=chance.uniform(1, 8)))
    mediator = _mediator(world, chance, dispute, category)
    if mediator is None:
        return
    dispute = run(dispute, "assign", director, mediators=[mediator], is_chosen=chance.random() < 0.2)
    if fate > 0.94 and (street := world.staff["mediation_director", community[:9]]):
        yield in_office(timezone.now() + timedelta(days=chance.uniform(1, 4)))
        yield from _sent_up(world, chance, dispute, director, street[0])
        return
    yield from _mediated(chance, dispute, director, mediator.user, case, fate)


def _people(world: World, chance: random.Random, community: str) -> list[User]:
    """Return two residents of the community, or of any where it has not so many with an account."""
    here = [person for base in world.bases(community) for person in world.residents[base]]
    if len(here) < 2:
        here = [person for several in world.residents.values() for person in several]
    return chance.sample(here, 2)


def _register(world, chance, community, category, case, people, director) -> Dispute:
    first, second = people
    said, asks, _, _, amount = case
    body = category in ("property", "consumer", "labour")
    other = (
        PartyData("respondent", chance.choice(words.BODIES), world.names.phone(), None,
                  {"is_body": True, "address": "本社区底商"})
        if body
        else PartyData("respondent", second.name, second.phone, second, {"sex": chance.choice("FM")})
    )  # fmt: skip
    by_phone = chance.random() < 0.6
    entrance = chance.choice(world.doors[world.bases(community)[0]] or [None])
    dispute, _ = register_dispute(
        by=first if by_phone else director,
        source_id=f"demo-{community}-{chance.random()}",
        category=category,
        description=said,
        requests=asks,
        applicant=PartyData("applicant", first.name, first.phone, first, {"sex": chance.choice("FM")}),
        others=[other],
        entrance=entrance,
        grid=world.grids[world.bases(community)[0]],
        origin="applied" if by_phone else chance.choice(("applied", "initiative", "police", "petition")),
        grade=chance.choices("CBA", (80, 16, 4))[0],
        amount=amount or None,
        occurred_on=timezone.localdate() - timedelta(days=chance.randint(1, 40)),
        channel="resident" if by_phone else "desk",
    )
    return dispute


def _mediator(world: World, chance: random.Random, dispute: Dispute, category: str) -> Mediator | None:
    hers = Mediator.objects.in_office().filter(user=world.people["mediator"], grid=dispute.seat_id).first()
    if hers is not None and chance.random() < 0.7:
        return hers
    rows = list(
        Mediator.objects.in_office().filter(grid=dispute.seat_id).select_related("user").order_by("pk")
    )
    fitting = [row for row in rows if category in row.specialities]
    return chance.choice(fitting or rows) if rows else None


def _sent_up(world: World, chance: random.Random, dispute: Dispute, director: User, street: User) -> Story:
    centre = Centre.objects.get(grid=dispute.grid_id[:9], is_active=True)
    dispute = run(dispute, "send_up", director, centre=centre, note=words.SENT)
    yield in_office(timezone.now() + timedelta(hours=chance.uniform(2, 20)))
    dispute = run(dispute, "take_over", street)
    yield in_office(timezone.now() + timedelta(hours=chance.uniform(2, 8)))
    rows = list(Mediator.objects.in_office().filter(grid=dispute.seat_id).order_by("pk"))
    if rows:
        dispute = run(dispute, "assign", street, mediators=[chance.choice(rows)])


def _mediated(chance, dispute, director, mediator, case, fate) -> Story:
    yield in_office(timezone.now() + timedelta(hours=chance.uniform(1, 10)))
    dispute = run(dispute, "inform", mediator)
    if chance.random() < 0.5:
        yield in_office(timezone.now() + timedelta(hours=chance.uniform(2, 20)))
        run(dispute, "investigate", mediator, place=str(dispute.grid), asked=chance.choice(words.ASKED),
            relation="知情人", record=chance.choice(words.SEEN), photos=[sheet()] if chance.random() < 0.3 else [])  # fmt: skip
    for mode in ("joint", "separate", "joint")[: chance.randint(1, 3)]:
        yield in_office(timezone.now() + timedelta(hours=chance.uniform(4, 20)))
        parties = list(dispute.disputants.order_by("pk"))
        begins = in_office(timezone.now() + timedelta(hours=chance.uniform(8, 70)))
        place = f"{dispute.centre}调解室"
        run(dispute, "plan_session", mediator, mode=mode, invited=parties if mode == "joint" else parties[:1],
            starts_at=begins, place=place)  # fmt: skip
        yield begins + timedelta(minutes=chance.randint(40, 90))
        session = dispute.sessions.get(state=Session.State.PLANNED)
        said = words.JOINT if mode == "joint" else words.APART
        run(dispute, "hold_session", mediator, session=session, present=list(session.invited.all()),
            record=chance.choice(said))  # fmt: skip
    yield in_office(timezone.now() + timedelta(hours=chance.uniform(1, 30)))
    if fate < 0.15:
        dispute = run(dispute, "terminate", mediator, outcome="failed", note=words.FAILED)
        yield in_office(timezone.now() + timedelta(days=chance.uniform(2, 9)))
        run(
            dispute,
            "archive",
            director,
            retention="short",
            incomplete=True,
            note="未达成协议，卷内材料如此。",
        )
        return
    if dispute.category == Category.LABOUR and fate < 0.6:
        run(dispute, "guide", mediator, outcome="arbitration", note=words.GUIDED)
        return
    yield from _agreed(chance, dispute, director, mediator, case, fate)


def _agreed(chance, dispute, director, mediator, case, fate) -> Story:
    said, _, duties, agreed, amount = case
    due = timezone.localdate() + timedelta(days=chance.randint(3, 20))
    term = {"content": agreed, "way": "银行转账" if amount else "当事人自行履行", "place": str(dispute.centre)[:60],
            "due_on": due, "amount": amount or None}  # fmt: skip
    given = {"facts": said, "duties": duties, "terms": [term]}
    if fate < 0.3 and not amount:
        dispute = run(dispute, "conclude_orally", mediator, all_agree=True, **given)
    else:
        dispute = run(dispute, "draft", mediator, **given)
        for party in dispute.disputants.select_related("user"):
            yield awake(timezone.now() + timedelta(hours=chance.uniform(1, 20)))
            if party.user is not None and chance.random() < 0.5:
                run(dispute, "confirm", party.user, agreement=1)
            else:
                run(dispute, "confirm_paper", mediator, disputant=party, photos=[sheet()])
        yield in_office(timezone.now() + timedelta(hours=chance.uniform(1, 8)))
        dispute = run(dispute, "conclude", mediator)
        if amount >= 1500 and chance.random() < 0.7:
            yield in_office(timezone.now() + timedelta(days=chance.uniform(1, 5)))
            run(dispute, "ask_judicial", mediator, court=COURT, all_agree=True)
            yield in_office(timezone.now() + timedelta(days=chance.uniform(5, 12)))
            run(dispute, "record_judicial", mediator, result="effective", ruling="（演示）司法确认裁定书")
    yield in_office(timezone.now() + timedelta(days=chance.uniform(3, 12)))
    row = Term.objects.get(agreement__dispute=dispute, agreement__effective_at__isnull=False)
    run(dispute, "perform", mediator, term=row, state="done")
    yield in_office(timezone.now() + timedelta(days=chance.uniform(1, 6)))
    run(dispute, "follow_up", mediator, disputant=dispute.disputants.first(), performance="done", is_satisfied=True,
        note=chance.choice(words.VISITED))  # fmt: skip
    yield in_office(timezone.now() + timedelta(hours=chance.uniform(2, 20)))
    dispute = run(dispute, "close", director)
    applicant = dispute.disputants.filter(side="applicant").select_related("user").first()
    if applicant.user is not None and chance.random() < 0.6:
        yield awake(timezone.now() + timedelta(hours=chance.uniform(1, 30)))
        run(dispute, "rate", applicant.user, satisfaction=chance.choice((5, 5, 5, 4, 3)), note="")
    if chance.random() < SEALED:
        yield in_office(timezone.now() + timedelta(days=chance.uniform(3, 10)))
        run(dispute, "archive", director, retention="medium", incomplete=True, note="身份证明另存。")
