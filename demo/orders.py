"""The life of an ordinary order: what usually happens between a wish and a rating, and now and then goes otherwise.

Each function that plays a person picks what that person does; whether it may be done is for the flow to say.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from demo import words
from demo.people import COMMUNITY, DISTRICT, NEIGHBOUR
from demo.showcases import tell_story
from demo.territory import short, streets_in_play
from demo.world import Calendar, Crew, Helper, Story, World, awake, in_office
from governance.flow import FlowError
from governance.models import User
from volunteers.flow import ORDERS
from volunteers.models import Order, ServiceItem, Volunteer
from volunteers.services.orders import place_order

#: How many ordinary orders there are, and over how many days they are spread.
ORDERS_MADE, SMALL, DAYS = 270, 40, 150
#: Parts of all orders that the two communities of the demo people have.
AT_HOME, NEXT_DOOR = 0.11, 0.06


@dataclass
class Wish:
    """What someone asks for: drawn before the play, so that it does not depend on what others do meanwhile."""

    base: str
    item: ServiceItem
    placed: datetime
    start: datetime
    end: datetime
    places: int
    channel: str
    words: str
    chance: random.Random


def plan_orders(world: World, calendar: Calendar) -> None:
    """Put the ordinary orders into the calendar."""
    chance = world.chance("orders")
    bases = {c: [b for b in world.bases(c) if world.doors[b]] for c in world.communities}
    elsewhere = sorted(c for c in bases if bases[c] and c[:9] in streets_in_play(world))
    items = [item for item in world.items.values() for _ in range(item.weight)]
    for serial in range(SMALL if world.small else ORDERS_MADE):
        draw = chance.random()
        community = (
            COMMUNITY
            if draw < AT_HOME
            else NEIGHBOUR
            if draw < AT_HOME + NEXT_DOOR
            else chance.choice(elsewhere)
        )
        # More in the later months than in the first, more by day than in the evening.
        days = -int(DAYS * (1 - chance.random() ** 0.7))
        placed = world.at(world.day(days), int(chance.triangular(7, 22, 10)), chance.randrange(60))
        item = chance.choice(items)
        start = _time_of_service(world, chance, placed)
        wish = Wish(
            base=chance.choice(bases[community]),
            item=item,
            placed=placed,
            start=start,
            end=start + timedelta(minutes=max(60, item.usual_minutes)),
            places=chance.randint(2, 5) if item.category == ServiceItem.Category.PUBLIC else 1,
            channel=chance.choices(("resident", "worker", "desk", "hotline"), (62, 22, 9, 7))[0],
            words=chance.choice(words.WISHES[item.code]),
            chance=world.chance(f"order {serial}"),
        )
        calendar.begin(placed, order_story(world, wish))


def _time_of_service(world: World, chance: random.Random, placed: datetime) -> datetime:
    day = timezone.localdate(placed) + timedelta(days=chance.choice((1, 2, 2, 3, 3, 4, 5, 7)))
    return world.at(day, chance.choice((8, 9, 9, 10, 10, 13, 14, 14, 15, 16, 18)), chance.choice((0, 0, 30)))


def order_story(world: World, wish: Wish) -> Story:
    """Play one order from beginning to end."""
    order = place(world, wish)
    if order is not None:
        yield from what_follows(world, wish, order)


def what_follows(world: World, wish: Wish, order: Order) -> Story:
    """Play an order from the moment at which it has been placed."""
    chance, desk = wish.chance, _Desk(world, wish)
    # Most are dealt with within hours, a few only when somebody asks.
    late = chance.random() < 0.06
    delay = chance.uniform(5, 20) if late else min(3.6, chance.expovariate(1 / 1.2))
    yield in_office(timezone.now() + timedelta(hours=delay))
    fate = chance.random()
    if fate < 0.03:
        desk.do(order, "reject", note=chance.choice(words.REJECT))
        return
    if fate < 0.09 and order.applicant_id:
        desk.do(order, "return_back", note=chance.choice(words.RETURN))
        yield timezone.now() + timedelta(hours=chance.uniform(1, 9))
        if chance.random() < 0.25 or wish.end <= timezone.now():
            return
        more = chance.choice(words.AMENDED)
        ORDERS.run(order.pk, "amend", by=order.applicant, description=f"{order.description}{more}")
        yield in_office(timezone.now() + timedelta(hours=chance.uniform(0.2, 3)))
    if 0.09 <= fate < 0.13:
        by = order.applicant or order.placed_by
        ORDERS.run(order.pk, "cancel", by=by, note=chance.choice(words.CANCEL))
        return
    if wish.end <= timezone.now() + timedelta(hours=2):
        desk.put_off(order)
    team: list[Helper] = []
    yield from _find_people(world, wish, order, desk, team)
    yield from _serve(world, wish, order, desk, team)


class _Desk:
    """Whoever sits at the desk of the order's community."""

    def __init__(self, world: World, wish: Wish) -> None:
        self.world, self.wish = world, wish
        clerks = (
            world.staff["community_secretary", wish.base[:12]]
            + world.staff["community_worker", wish.base[:12]]
        )
        self.clerk: User = wish.chance.choice(clerks)

    def do(self, order: Order, action: str, **data: Any) -> Order:
        return ORDERS.run(order.pk, action, by=self.clerk, **data)

    def put_off(self, order: Order) -> None:
        """Agree on a later day, two to four days from now."""
        wish, length = self.wish, self.wish.end - self.wish.start
        day = timezone.localdate() + timedelta(days=wish.chance.randint(2, 4))
        wish.start = self.world.at(day, wish.chance.choice((9, 10, 14, 15)))
        wish.end = wish.start + length
        note = wish.chance.choice(words.RESCHEDULE)
        self.do(order, "reschedule", wanted_from=wish.start, wanted_until=wish.end, note=note)


def place(world: World, wish: Wish) -> Order | None:
    """Place the order, by the resident or by someone who does it for her."""
    chance, base = wish.chance, wish.base
    door = chance.choice(world.doors[base])
    common: dict[str, Any] = {
        "source_id": f"demo-{wish.placed:%Y%m%d%H%M}-{chance.getrandbits(32):08x}",
        "item": wish.item,
        "grid": world.grids[base],
        "wanted_from": wish.start,
        "wanted_until": wish.end,
        "places": wish.places,
        "description": wish.words,
    }
    residents = world.residents[base] or [u for c in world.bases(base[:12]) for u in world.residents[c]]
    if wish.channel == "resident" and residents:
        by = chance.choice(residents)
        for_parent = chance.random() < 0.3
        name = world.names.name(old=True) if for_parent else by.name
        return _placed(
            by=by, applicant=by, entrance=by.entrance, address=by.address, beneficiary_name=name,
            beneficiary_phone=world.names.phone() if for_parent else by.phone, **common,
        )  # fmt: skip
    if wish.channel in ("worker", "resident"):
        by, channel, source = world.staff["grid_worker", base][0], "worker", "portal"
    elif wish.channel == "desk":
        by, channel, source = world.staff["community_worker", base[:12]][0], "desk", "portal"
    else:
        by, channel, source = world.staff["seat_operator", DISTRICT][0], "hotline", "12345"
    known = chance.choice(residents) if residents and chance.random() < 0.35 else None
    name, phone = (known.name, known.phone) if known else (world.names.name(old=True), world.names.phone())
    return _placed(
        by=by, applicant=known, applicant_name=name, applicant_phone=phone, beneficiary_name=name,
        beneficiary_phone=phone, entrance=door, address=f"{chance.randint(1, 6)}0{chance.randint(1, 3)}室",
        channel=channel, source=source, **common,
    )  # fmt: skip


def _placed(**fields: Any) -> Order | None:
    try:
        return place_order(**fields)[0]
    except FlowError:  # this resident has as many unfinished orders as one may have
        return None


# --- finding people -------------------------------------------------------------------------------------------------
def _find_people(
    world: World, wish: Wish, order: Order, desk: _Desk, team: list[Helper]
) -> Iterator[datetime]:
    """Dispatch the order, and fill ``team`` with those who hold a place in the end."""
    way = wish.chance.random()
    crews = world.teams[wish.base[:12]] + world.teams[wish.base[:9]]
    if way < 0.22 and crews:
        yield from _by_team(world, wish, order, desk, wish.chance.choice(crews), team)
    elif way < 0.42:
        yield from _by_invitation(world, wish, order, desk, team)
    if not team and wish.end > timezone.now():
        opened = desk.do(order, "open_claims")
        yield from _by_claims(world, wish, opened, team)


def _by_claims(world: World, wish: Wish, order: Order, team: list[Helper]) -> Iterator[datetime]:
    """Let volunteers claim, those of the community first, others as time widens the circle."""
    chance, places = wish.chance, order.places
    for node, hours in ((wish.base[:12], 0.3), (wish.base[:9], 4.5), (wish.base[:6], 13)):
        moment = order.open_since + timedelta(hours=hours)
        for helper in _candidates(world, wish, node, places - len(team) + 2, team):
            moment = max(moment, timezone.now()) + timedelta(hours=chance.expovariate(1 / 1.5))
            if moment >= wish.start - timedelta(minutes=30) or len(team) >= places:
                break
            yield awake(moment)
            if _try(order, "claim", helper.user):
                _hold(helper, wish, team)
            moment = timezone.now()
        if len(team) >= places:
            break
    if len(team) >= places and chance.random() < 0.12:
        yield from _change_of_mind(world, wish, order, team)


def _change_of_mind(world: World, wish: Wish, order: Order, team: list[Helper]) -> Iterator[datetime]:
    """Someone waits for a place; someone who has one gives it up; the place is offered on."""
    waiting = next(iter(_candidates(world, wish, wish.base[:9], 1, team)), None)
    if waiting is None or not _try(order, "wait", waiting.user):
        return
    yield awake(timezone.now() + timedelta(hours=wish.chance.uniform(0.5, 3)))
    if timezone.now() > wish.start - timedelta(hours=3):
        return
    gone = wish.chance.choice(team)
    if _try(order, "release", gone.user, note=wish.chance.choice(words.RELEASE)):
        team.remove(gone)
        gone.taken.pop()
        yield timezone.now() + timedelta(minutes=wish.chance.randint(3, 25))
        if _try(order, "agree", waiting.user):
            _hold(waiting, wish, team)


def _by_invitation(
    world: World, wish: Wish, order: Order, desk: _Desk, team: list[Helper]
) -> Iterator[datetime]:
    """Ask people by name; most agree."""
    asked = _candidates(world, wish, wish.base[:12], order.places, team)
    if not asked:
        return
    desk.do(order, "assign_people", volunteers=_registered(asked))
    yield from _answers(wish, order, asked, team)


def _by_team(
    world: World, wish: Wish, order: Order, desk: _Desk, crew: Crew, team: list[Helper]
) -> Iterator[datetime]:
    """Hand it to a team; the leader asks members, or gives it back."""
    desk.do(order, "assign_team", team=crew.team)
    yield awake(timezone.now() + timedelta(hours=wish.chance.uniform(0.3, 4)))
    fit = [h for h in crew.members if h.zeal and _suits(h, wish) and h in world.helpers][: order.places]
    if not fit or wish.start <= timezone.now() + timedelta(hours=1):
        ORDERS.run(order.pk, "team_refuse", by=crew.leader, note=wish.chance.choice(words.TEAM_REFUSE))
        return
    ORDERS.run(order.pk, "muster", by=crew.leader, volunteers=_registered(fit))
    yield from _answers(wish, order, fit, team)


def _answers(wish: Wish, order: Order, asked: list[Helper], team: list[Helper]) -> Iterator[datetime]:
    for helper in asked:
        yield awake(timezone.now() + timedelta(hours=wish.chance.expovariate(1 / 0.8)))
        if timezone.now() >= wish.start:
            return
        if wish.chance.random() < 0.12:
            _try(order, "decline", helper.user)
        elif _try(order, "agree", helper.user):
            _hold(helper, wish, team)


def _candidates(world: World, wish: Wish, node: str, number: int, team: list[Helper]) -> list[Helper]:
    """Return up to ``number`` people of a place who could serve, the keener ones more often."""
    fit = [
        h
        for h in world.nearby[node]
        if h.zeal and h not in team and _suits(h, wish) and _reaches(h, wish.base)
    ]
    fit.sort(key=lambda helper: wish.chance.random() ** (1 / helper.zeal), reverse=True)
    return fit[:number]


def _suits(helper: Helper, wish: Wish) -> bool:
    return wish.item.skill_names <= helper.skills and helper.free_at(wish.start, wish.end)


def _reaches(helper: Helper, base: str) -> bool:
    length = {"community": 12, "street": 9, "district": 6}[helper.reach]
    return helper.grid[:length] == base[:length]


def _registered(helpers: list[Helper]) -> list[Volunteer]:
    by_key = Volunteer.objects.select_related("applicant").in_bulk([helper.volunteer for helper in helpers])
    return [by_key[helper.volunteer] for helper in helpers]


def _hold(helper: Helper, wish: Wish, team: list[Helper]) -> None:
    helper.taken.append((wish.start, wish.end))
    team.append(helper)


def _try(order: Order, action: str, by: User, **data: Any) -> bool:
    """Do what someone may have been too late for; say whether it worked."""
    try:
        ORDERS.run(order.pk, action, by=by, **data)
    except FlowError:
        return False
    return True


# --- service and what follows ---------------------------------------------------------------------------------------
def _serve(world: World, wish: Wish, order: Order, desk: _Desk, team: list[Helper]) -> Story:
    chance = wish.chance
    least = 2 if wish.item.two_volunteers else 1
    if len(team) < least:
        yield in_office(max(timezone.now(), wish.start - timedelta(hours=2)))
        # Such orders are called off; of the latest, some are still waiting for somebody to do so.
        if chance.random() < 0.8 or wish.start < world.now - timedelta(days=6):
            desk.do(order, "cancel", note=chance.choice(words.CALL_OFF))
        return
    if chance.random() < 0.03 and timezone.now() < wish.start - timedelta(hours=2):
        yield wish.start - timedelta(hours=1.5)
        by = order.applicant or order.placed_by
        ORDERS.run(order.pk, "cancel", by=by, note=chance.choice(words.CANCEL))
        return
    missing = team.pop() if len(team) > least and chance.random() < 0.08 else None
    forgetful = team[0] if len(team) == 1 and chance.random() < 0.04 else None
    arrivals = sorted(
        (wish.start + timedelta(minutes=chance.triangular(-20, 15, -3)), i) for i in range(len(team))
    )
    if forgetful is None:
        for moment, place_ in arrivals:
            yield moment
            _check(order, "check_in", team[place_].user, chance)
        if missing is not None:
            yield wish.start + timedelta(minutes=50)
            claim = order.claims.get(volunteer=missing.volunteer, status="held")
            desk.do(order, "mark_absent", claim=claim, note=chance.choice(words.ABSENT))
        minutes = wish.item.usual_minutes * chance.triangular(0.6, 1.5, 0.95)
        for serial, helper in enumerate(team):
            yield wish.start + timedelta(minutes=minutes + 4 * serial)
            _check(order, "check_out", helper.user, chance)
    else:
        yield in_office(wish.end + timedelta(hours=chance.uniform(1, 3)))
        claim = order.claims.get(volunteer=forgetful.volunteer, status="held")
        desk.do(
            order, "enter_times", claim=claim, checked_in_at=wish.start, note=chance.choice(words.ENTERED),
            checked_out_at=wish.start + timedelta(minutes=wish.item.usual_minutes),
        )  # fmt: skip
    yield from _close(world, wish, order, desk, team)


def _check(order: Order, action: str, by: User, chance: random.Random) -> None:
    how = chance.random()
    if how < 0.55 and order.entrance_id:
        ORDERS.run(order.pk, action, by=by, entrance=order.entrance.token)
    elif how < 0.93:
        ORDERS.run(order.pk, action, by=by, code=order.code)
    else:
        ORDERS.run(order.pk, action, by=by, note=chance.choice(words.LATER))


def _close(world: World, wish: Wish, order: Order, desk: _Desk, team: list[Helper]) -> Story:
    chance, asker = wish.chance, order.applicant
    way = chance.random()
    if asker is not None and way < 0.8:
        yield awake(timezone.now() + timedelta(hours=chance.expovariate(1 / 7)))
        if not _try(order, "confirm", asker):
            return
        yield from _rate(order, asker, desk, chance)
    elif way < 0.92:
        yield in_office(timezone.now() + timedelta(hours=chance.uniform(2, 30)))
        _try(order, "confirm", desk.clerk)
    else:
        return  # the clock confirms it
    if chance.random() < 0.14:
        place = short(world.grids[wish.base[:12]].name)
        yield from tell_story(chance, order, team[0].user, desk.clerk, place)


def _rate(order: Order, asker: User, desk: _Desk, chance: random.Random) -> Iterator[datetime]:
    stars = chance.choices([s for s, _ in words.STARS], [weight for _, weight in words.STARS])[0]
    if chance.random() < 0.8:
        yield awake(timezone.now() + timedelta(minutes=chance.expovariate(1 / 240)))
        _try(order, "rate", asker, stars=stars, note=chance.choice(words.PRAISE[stars]))
    if stars <= 2:
        yield awake(timezone.now() + timedelta(minutes=20))
        if _try(order, "complain", asker, note=chance.choice(words.COMPLAINTS)):
            yield in_office(timezone.now() + timedelta(hours=chance.uniform(2, 20)))
            desk.do(order, "answer_complaint", note=chance.choice(words.ANSWERS))
