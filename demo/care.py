"""The demo's care plans (四色探视): who is looked in on, how often, by whom, and the look-ins of the last weeks, some of them late. Everyone
is made up. Written in bulk, as rows that the services could have made."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from demo.names import Names
from governance.models import User
from grids.models import CareCarer, CareColour, CareContact, CarePlan, CareStep, CareVisit, Resident
from grids.models.care import days_of, items_offered, often

#: So many days back the oldest plan began.
BACK = 75
#: Of a hundred due days, so many are kept a day or two late; so many look-ins met nobody, or found a need.
LATE, MISSED, NEEDED = 8, 5, 6
#: Of a hundred plans, so many are late today.
OVERDUE = 8
COLOURS = {CareColour.RED: 2, CareColour.ORANGE: 4, CareColour.YELLOW: 9, CareColour.GREEN: 5}
PURPOSES = (
    "独自在家，约好常去看看",
    "儿女不在身边，约好常去看看",
    "老两口在家，约好常去看看",
    "白天一个人，约好去说说话",
    "腿脚不便，约好代买东西",
)
NEEDS = (
    "厨房灯不亮，想请人换",
    "水龙头滴水，想请人修",
    "想有人陪着去趟银行",
    "米面快吃完了，想请人代买",
    "手机不会交电费，想请人教",
)
RELATIONS = ("女儿", "儿子", "侄女", "外甥", "孙子")
BESIDE = ("对门", "楼上", "楼下", "同楼门")


@dataclass(frozen=True)
class Hands:
    """Who looks in: grid workers by base grid, the community's own by community, neighbours with an account by community."""

    workers: Mapping[str, Sequence[User]]
    desks: Mapping[str, Sequence[User]]
    neighbours: Mapping[str, Sequence[User]]


def make_care_plans(
    residents: Sequence[Resident], hands: Hands, *, now: datetime, chance: random.Random, names: Names
) -> list[CarePlan]:
    """Give each of the residents a plan, with its people and what was found since it began. Returns the plans.

    Left out are residents for whose grid there is nobody. The same chance gives the same plans.
    """
    today, plans, looks = timezone.localdate(now), [], []
    for resident in residents:
        code = resident.grid_id
        workers, desks = hands.workers.get(code, ()), hands.desks.get(code[:12], ())
        if not workers or not desks:
            continue
        colour = chance.choices(list(COLOURS), list(COLOURS.values()))[0]
        since = today - timedelta(days=chance.randint(10, BACK))
        guardian = names.name() if chance.random() < 0.1 else ""
        plan = CarePlan(
            grid_id=code, resident=resident, colour=colour, every=days_of(colour), purpose=chance.choice(PURPOSES),
            items=items_offered()[:4], consent="guardian" if guardian else "person", consent_by=guardian, consent_on=since,
            until=since + timedelta(days=chance.choice((90, 180, 180, 360))), since=since, by=desks[0],
            due_on=since + timedelta(days=days_of(colour)),
        )  # fmt: skip
        plans.append(plan)
        looks.append((plan, workers[chance.randrange(len(workers))], desks[0]))
    CarePlan.objects.bulk_create(plans)
    carers, contacts, steps, visits = [], [], [], []
    for plan, worker, desk in looks:
        carers += [CareCarer(plan=plan, user=worker, since=plan.since)]
        if chance.random() < 0.25:
            carers.append(CareCarer(plan=plan, user=desk, since=plan.since))
        contacts += _contacts(plan, hands, chance, names)
        steps.append(
            CareStep(
                plan=plan, kind=CareStep.Kind.OPENED, by=desk, at=_at(plan.since, 10),
                words=f"{plan.get_colour_display()}，{often(plan.every)}",
            )
        )  # fmt: skip
        visits += _look_ins(plan, worker, now, chance)
    for model, rows in ((CareCarer, carers), (CareContact, contacts), (CareStep, steps), (CareVisit, visits)):
        model.objects.bulk_create(rows, batch_size=1000)
    CarePlan.objects.bulk_update(plans, ["looked_in_on", "due_on"], batch_size=500)
    return plans


def _contacts(plan: CarePlan, hands: Hands, chance: random.Random, names: Names) -> list[CareContact]:
    found = [
        CareContact(
            plan=plan, kind="family", name=names.name(), phone=names.phone(), relation=chance.choice(RELATIONS)
        )
        for _ in range(chance.choice((1, 1, 2)))
    ]  # fmt: skip
    friends = hands.neighbours.get(plan.grid_id[:12], ())
    if friends and chance.random() < 0.3:
        friend = friends[chance.randrange(len(friends))]
        found.append(
            CareContact(
                plan=plan, kind="neighbour", name=friend.name, phone=friend.phone, relation=chance.choice(BESIDE), user=friend
            )
        )  # fmt: skip
    elif chance.random() < 0.4:
        found.append(
            CareContact(
                plan=plan, kind="neighbour", name=names.name(), phone=names.phone(), relation=chance.choice(BESIDE)
            )
        )  # fmt: skip
    return found


def _look_ins(plan: CarePlan, worker: User, now: datetime, chance: random.Random) -> list[CareVisit]:
    """Live through a plan's days up to now: each due day kept, kept late, or, in the end, not yet."""
    found: list[CareVisit] = []
    stops = now - timedelta(days=chance.randint(2, 5)) if chance.randrange(100) < OVERDUE else now
    while True:
        late = chance.randint(1, 2) if chance.randrange(100) < LATE else 0
        early = chance.randint(0, max(0, min(2, plan.every - 2))) if not late else 0
        day = plan.due_on + timedelta(days=late - early)
        at = _at(day, chance.randint(9, 16), chance.randrange(60))
        if at > stops:
            return found
        if chance.randrange(100) < MISSED:
            found.append(_visit(plan, worker, at - timedelta(hours=1), "absent"))
        need = chance.randrange(100) < NEEDED
        visit = _visit(plan, worker, at, "needs" if need else "well", plan.due_on)
        visit.way = chance.choice(("door", "door", "door", "phone"))
        visit.note = chance.choice(NEEDS) if need else ""
        visit.items = plan.items[: chance.randint(2, len(plan.items))]
        found.append(visit)
        plan.looked_in_on, plan.due_on = day, day + timedelta(days=plan.every)


def _visit(plan: CarePlan, by: User, at: datetime, outcome: str, due: date | None = None) -> CareVisit:
    token = f"demo-{plan.pk}-{at:%Y%m%d%H%M}"
    return CareVisit(
        plan=plan, by=by, way="door", outcome=outcome, visited_at=at, recorded_at=at, due_on=due, token=token
    )  # fmt: skip


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), timezone.get_default_timezone())
