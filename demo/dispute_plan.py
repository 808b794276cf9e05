"""What is decided of the demo's disputes before they are played: when and where each arises, of which category, how it comes in
and what becomes of it. Kinds and ends are dealt out like cards, so that there is some of everything whatever the seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle

from demo.dispute_cases import CASES, Case
from demo.people import COMMUNITY, DISTRICT, NEIGHBOUR, STREET
from demo.world import World, in_office
from governance.territory import GridLevel

#: So many ordinary disputes, beside those that are written for the demo people (demo/disputes_today.py).
DISPUTES, SMALL = 240, 8
#: Days before the reference moment; the later, the more.
OLDEST, WEIGHT = 300, 1.6
#: So many files are sealed: each has all its documents written.
SEALED, SMALL_SEALED = 5, 0
#: How often each category comes up.
CATEGORIES = {
    "neighbours": 58, "property": 36, "family": 32, "housing": 18, "consumer": 16, "labour": 15, "damages": 15, "contract": 11,
    "traffic": 7, "medical": 5, "business": 5, "internet": 5, "pollution": 5, "expropriation": 3, "tourism": 3,
    "intellectual": 2, "land": 2, "other": 2,
}  # fmt: skip
#: What becomes of them, and in which categories that happens (any, where none is named).
FATES: dict[str, tuple[int, tuple[str, ...]]] = {
    "arbitration": (7, ("labour", "contract")),
    "review": (3, ("expropriation", "pollution", "land", "property")),
    "court": (6, ("contract", "business", "intellectual", "medical", "family")),
    "confirmed": (18, ("damages", "contract", "housing", "labour", "traffic", "medical", "consumer", "expropriation")),
    "on_the_spot": (48, ("neighbours", "consumer", "other", "internet", "traffic", "property")),
    "oral": (36, ("neighbours", "family", "land", "property", "other", "pollution")),
    "written": (52, ()),
    "joint": (6, ("pollution", "property", "neighbours", "business")),
    "refused": (14, ()),
    "declined": (8, ()),
    "withdrawn": (9, ()),
    "failed": (12, ()),
    "overdue": (6, ()),
    "unsuitable": (4, ("consumer", "internet", "medical", "contract")),
    "sent_up": (7, ()),
    "handed_down": (4, ()),
}  # fmt: skip
#: How the court answers.
RULINGS = (
    "effective",
    "effective",
    "effective",
    "dismissed",
    "effective",
    "not_accepted",
    "effective",
    "withdrawn",
    None,
)
#: From where disputes of a category come besides those who apply: the rest are found by the mediators themselves.
ORIGINS = {
    "neighbours": ("police", "hotline", "incident"), "property": ("petition", "hotline", "court"), "family": ("police", "court"),
    "housing": ("petition", "court"), "consumer": ("government", "hotline"), "labour": ("government",), "damages": ("police", "court"),
    "contract": ("court",), "traffic": ("police",), "medical": ("government",), "pollution": ("incident", "petition"),
    "expropriation": ("petition", "government"),
}  # fmt: skip
#: Everything that a file can come from, for the first of the cards.
EVERY_ORIGIN = ("applied", "initiative", "police", "court", "government", "petition", "hotline", "incident")


@dataclass(eq=False)
class Plan:
    """One dispute to be played. ``seat`` is the node of the centre that takes it in, ``base`` the base grid where it arose."""

    chance: random.Random
    number: int
    began: datetime
    seat: str
    base: str
    category: str
    case: Case
    fate: str
    origin: str = "applied"
    grade: str = "C"
    ruling: str | None = None
    sealed: bool = False


def plan_all(world: World) -> list[Plan]:
    """Return the ordinary disputes, in the order in which they begin."""
    chance = world.chance("disputes")
    total = SMALL if world.small else DISPUTES
    kinds = _deal(chance, total)
    decks = {category: _deck(chance, cases) for category, cases in CASES.items()}
    rulings = cycle(RULINGS)
    days = sorted((OLDEST * chance.random() ** WEIGHT for _ in range(total)), reverse=True)
    plans = []
    for number, (back, (fate, category)) in enumerate(zip(days, kinds, strict=True)):
        own = random.Random(f"{world.seed}/dispute/{number}")  # noqa: S311
        began = in_office(world.now - timedelta(days=back, hours=own.uniform(0, 6)))
        if began >= world.now:
            began = world.now - timedelta(minutes=20 + number)
        seat = _seat(world, own, number, fate, began)
        base = _base(world, own, COMMUNITY if fate == "handed_down" else seat)
        plan = Plan(own, number, began, seat, base, category, next(decks[category]), fate)
        plan.origin = _origin(own, number, plan)
        plan.grade = own.choices("CBA", (82, 14, 4))[0]
        if fate == "confirmed":
            plan.ruling = next(rulings)
        plans.append(plan)
    closed = [p for p in plans if p.fate in ("written", "oral", "failed") and (world.now - p.began).days > 60]
    for plan in closed[:: max(1, len(closed) // (SEALED + 1))][: SMALL_SEALED if world.small else SEALED]:
        plan.sealed = True
    return plans


def _deal(chance: random.Random, total: int) -> list[tuple[str, str]]:
    """Return so many pairs of an end and a category that fits it, mixed."""
    pool = [category for category, often in CATEGORIES.items() for _ in range(often)]
    chance.shuffle(pool)
    dealt = []
    for fate, (often, fitting) in FATES.items():
        for _ in range(often):
            place = next((n for n, each in enumerate(pool) if not fitting or each in fitting), None)
            dealt.append((fate, chance.choice(fitting) if place is None else pool.pop(place)))
    chance.shuffle(dealt)
    return dealt[:total]


def _deck(chance: random.Random, cases: tuple[Case, ...]) -> Iterator[Case]:
    """Return a category's cases over and over, so that no case follows itself."""
    return cycle(chance.sample(cases, len(cases)))


def _seat(world: World, chance: random.Random, number: int, fate: str, day: datetime) -> str:
    """Return the node of the centre that takes a dispute in, one that has a director and a mediator by then."""
    if fate == "handed_down":
        return STREET
    if fate == "sent_up":
        return COMMUNITY if number % 2 else NEIGHBOUR
    if world.small:
        return COMMUNITY if number % 4 else STREET
    level = chance.choices(("here", "next", "street", "district", "else"), (26, 9, 14, 6, 45))[0]
    if level in ("here", "next", "district"):
        return {"here": COMMUNITY, "next": NEIGHBOUR, "district": DISTRICT}[level]
    length = GridLevel.STREET if level == "street" else GridLevel.COMMUNITY
    open_ = [
        code
        for code in world.grids
        if len(code) == length
        and world.staff["mediation_director", code]
        and any(each.since <= day.date() for each in world.mediators[code])
    ]
    return chance.choice(open_)


def _base(world: World, chance: random.Random, seat: str) -> str:
    """Return a base grid at or below a centre's node; one where somebody lives, if there is any."""
    within = [code for code in world.grids if len(code) == GridLevel.BASE and code.startswith(seat)]
    lived = [code for code in within if world.residents[code]]
    return chance.choice(lived or within)


def _origin(chance: random.Random, number: int, plan: Plan) -> str:
    if number % 9 == 4:
        return EVERY_ORIGIN[number // 9 % len(EVERY_ORIGIN)]
    if chance.random() < 0.62:
        return "applied"
    return chance.choice((*ORIGINS.get(plan.category, ()), "initiative"))
