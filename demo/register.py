"""The demo street's register: households behind its doors, who lives in them, shops and facilities, a year of visits, needs and projects.

All are made up. They come in bulk, as an import would write them; only what somebody was handed on goes through the services.
"""

import random
from collections import Counter
from datetime import date, datetime, timedelta

from demo.care import Hands, make_care_plans
from demo.names import Names
from demo.people import COMMUNITY, NEIGHBOUR, STREET
from demo.world import World
from governance.models import User
from grids.models import (
    CareContact,
    CareNeed,
    CarePlan,
    Entrance,
    Facility,
    Grid,
    Household,
    Need,
    Premises,
    Project,
    Resident,
    Visit,
)
from grids.services import visits
from grids.services.visits import Found

#: Micro-grids (楼门) with households, and the floors and flats to a floor that a door may have.
DOORS = 138
FLATS = ((18, 4), (24, 3), (16, 4), (20, 4), (18, 4))
SMALL_FLATS = ((4, 3),)
#: Shares of households that were visited within the half year, longer ago, and never.
VISITED, LONG_AGO = 0.82, 0.11
BATCH = 2000

SHOPS = (
    ("便民超市", "store"), ("早点铺", "eatery"), ("家常菜馆", "eatery"), ("拉面馆", "eatery"), ("水果店", "store"), ("药店", ""),
    ("理发店", "bathhouse"), ("洗衣店", ""), ("五金店", "store"), ("诊所", "hospital"), ("小旅馆", "inn"), ("修车铺", "workshop"),
    ("托管班", "school"), ("打印社", ""), ("美容店", "bathhouse"), ("快递站", ""),
)  # fmt: skip
FIRMS = ("物业服务有限公司", "家政服务有限公司", "装饰设计有限公司")
FACILITIES = (
    ("fire", "室外消火栓", "公安消防"), ("charging", "电动自行车充电棚", "物业"), ("waste", "垃圾分类投放点", "物业"),
    ("fitness", "健身器材", "社区"), ("notice", "宣传公示栏", "社区"), ("access", "坡道和扶手", "社区"),
)  # fmt: skip
NOTES = ("", "", "", "", "下午在家", "敲门等久一点", "周末在家", "先打电话")
CARE = (
    ("old_age", "八十多岁，听力不好，敲门要等久一点。", "每周上门看望，代买药品。"),
    ("alone", "一个人住，子女在外地。", "每周上门看望。"),
    ("empty_nest", "老两口自己住，不会用手机。", "帮忙缴费、代办。"),
    ("disability", "腿脚不便，用轮椅。", "陪同就医，代买米面。"),
    ("illness", "慢性病，每月取药。", "每月代取药。"),
)  # fmt: skip
NEEDS = (
    "楼道里想装一排扶手", "想在小区里多几把长椅", "希望有人教老人用手机挂号", "地下室漏水，希望物业来看", "孩子放学没人接，想要托管",
    "想要一个晾晒被子的地方", "电动车没有地方充电", "希望社区食堂送餐上门", "楼前的树挡住了窗户", "想参加合唱队",
)  # fmt: skip


def load_register(world: World) -> None:
    """Fill the register of the demo street (of its first community alone in a small load)."""
    chance = world.chance("register")
    names = Names(chance)
    doors = _doors(world)
    homes = _households(world, chance, doors)
    _residents(world, chance, names, homes)
    premises = _premises(world, chance, names)
    _facilities(world, chance)
    _visits(world, chance, [*homes, *premises])
    _needs(world, chance, homes)


def _doors(world: World) -> list[Entrance]:
    near = [*world.bases(COMMUNITY), *world.bases(NEIGHBOUR)]
    rest = [code for code in world.grids if len(code) == 15 and code[:9] == STREET and code not in near]
    codes = world.bases(COMMUNITY) if world.small else [*near, *rest]
    return [door for code in codes for door in world.doors[code]][:DOORS]


def _households(world: World, chance: random.Random, doors: list[Entrance]) -> list[Household]:
    uses = ["own"] * 14 + ["let"] * 4 + ["vacant"] * 2 + ["group"]
    homes = []
    for door in doors:
        floors, flats = chance.choice(SMALL_FLATS if world.small else FLATS)
        for floor in range(1, floors + 1):
            for flat in range(1, flats + 1):
                homes.append(
                    Household(
                        grid_id=door.grid_id, entrance=door, room=f"{floor}{flat:02d}", use=chance.choice(uses),
                        note=chance.choice(NOTES), visited_on=_last(world, chance),
                    )
                )  # fmt: skip
        door.household_count = floors * flats
    Entrance.objects.bulk_update(doors, ["household_count"], batch_size=BATCH)
    for code, number in Counter(home.grid_id for home in homes).items():
        # The public notice says as many as the register holds.
        Grid.objects.filter(pk=code).update(household_count=number)
    return Household.objects.bulk_create(homes, batch_size=BATCH)


def _last(world: World, chance: random.Random) -> date | None:
    """Return the day of a last visit; most within the half year, some longer ago, some never."""
    drawn = chance.random()
    if drawn < VISITED:
        return world.day(-chance.randint(1, 170))
    return world.day(-chance.randint(190, 330)) if drawn < VISITED + LONG_AGO else None


def _residents(world: World, chance: random.Random, names: Names, homes: list[Household]) -> None:
    at_home, people, cared = [h for h in homes if h.grid_id[:12] == COMMUNITY and h.use != "vacant"], [], []
    today = world.day(0)
    for home in at_home:
        old = chance.random() < 0.3
        kinds = (
            ("head", "spouse")
            if old
            else chance.choice((("head",), ("head", "spouse"), ("head", "spouse", "child")))
        )
        called: set[str] = set()
        for kind in kinds if home.use != "let" else ("tenant",):
            name = names.name(old=old)
            while name in called:
                name = names.name(old=old)
            called.add(name)
            years = (
                chance.randint(66, 88)
                if old
                else chance.randint(15, 17)
                if kind == "child"
                else chance.randint(28, 62)
            )
            person = Resident(
                grid_id=home.grid_id, household=home, name=name, relation=kind,
                # No number in China begins so: a made-up block beside the one of the accounts.
                phone=f"1990001{chance.randrange(10_000):04d}" if kind in ("head", "tenant") else "",
                born_on=date(today.year - years, chance.randint(1, 12), chance.randint(1, 28)),
                standing="elsewhere" if kind == "tenant" else "here", informed_on=world.day(-chance.randint(20, 300)),
            )  # fmt: skip
            people.append(person)
            if old and kind == "head" and years >= 75:
                cared.append(person)
    Resident.objects.bulk_create(people, batch_size=BATCH)
    by = _worker(world, COMMUNITY + "001")
    needs = []
    for person in chance.sample(cared, min(len(cared), 12 if world.small else 80)):
        kind, words, purpose = chance.choice(CARE)
        since = world.day(-chance.randint(10, 200))
        needs.append(
            CareNeed(
                resident=person, kind=kind, words=words, purpose=purpose, consent="person", consent_on=since,
                until=world.day(chance.randint(10, 160)), by=by,
            )
        )  # fmt: skip
    CareNeed.objects.bulk_create(needs, batch_size=BATCH)
    hands = Hands(
        {code: world.staff["grid_worker", code] for code in world.bases(COMMUNITY)},
        {COMMUNITY: world.staff["community_worker", COMMUNITY] or [world.people["secretary"]]},
        {COMMUNITY: [helper.user for helper in world.nearby[COMMUNITY][:20]]},
    )
    looked_after = chance.sample(cared, min(len(cared), 8 if world.small else 60))
    plans = make_care_plans(looked_after, hands, now=world.now, chance=chance, names=names)
    _known_neighbour(world, plans)


def _known_neighbour(world: World, plans: list[CarePlan]) -> None:
    """Let the volunteer whom everybody can be look in at two neighbours, those that are due first."""
    friend = world.people["volunteer"]
    beside = set(CareContact.objects.filter(user=friend).values_list("plan", flat=True))
    free = sorted((plan for plan in plans if plan.pk not in beside), key=lambda plan: (plan.due_on, plan.pk))
    CareContact.objects.bulk_create(
        CareContact(plan=plan, kind="neighbour", name=friend.name, phone=friend.phone, relation="楼下", user=friend)
        for plan in free[:2]
    )  # fmt: skip


def _worker(world: World, code: str) -> User:
    return world.staff["grid_worker", code][0]


def _premises(world: World, chance: random.Random, names: Names) -> list[Premises]:
    rows = []
    for code in (code for code in world.grids if len(code) == 15 and code[:9] == STREET):
        if world.small and code[:12] != COMMUNITY:
            continue
        for word, small in chance.sample(SHOPS, chance.randint(3, 6)):
            rows.append(
                Premises(
                    grid_id=code, name=f"{chance.choice(('福', '顺', '兴', '鑫', '康', '丽'))}{chance.choice('源和来达美缘')}{word}",
                    kind="clinic" if small == "hospital" else "school" if small == "school" else "shop", small=small,
                    address=f"沿街底商 {len(rows) % 40 + 1} 号", contact_name=names.name(), staff_count=chance.randint(1, 9),
                    contact_phone=f"1990002{chance.randrange(10_000):04d}", visited_on=_last(world, chance),
                )
            )  # fmt: skip
        if chance.random() < 0.3:
            rows.append(
                Premises(
                    grid_id=code, name=f"{chance.choice('津和福安')}{chance.choice('居家乐业')}{chance.choice(FIRMS)}", kind="firm",
                    address=f"写字间 {len(rows) % 60 + 101}", contact_name=names.name(), staff_count=chance.randint(5, 60),
                    contact_phone=f"1990002{chance.randrange(10_000):04d}", visited_on=_last(world, chance),
                )
            )  # fmt: skip
    return Premises.objects.bulk_create(rows, batch_size=BATCH)


def _facilities(world: World, chance: random.Random) -> None:
    rows = []
    for code in [*world.bases(COMMUNITY), *world.bases(NEIGHBOUR)]:
        for kind, name, keeper in chance.sample(FACILITIES, 4):
            door = chance.choice(world.doors[code]) if world.doors[code] else None
            rows.append(
                Facility(
                    grid_id=code, kind=kind, name=name, keeper=keeper, spot=f"{door.building}东侧" if door else "网格内",
                    since=world.day(-chance.randint(100, 300)),
                )
            )  # fmt: skip
    Facility.objects.bulk_create(rows, batch_size=BATCH)


def _visits(world: World, chance: random.Random, targets: list[Household | Premises]) -> None:
    rows = []
    for target in targets:
        if target.visited_on is None:
            continue
        at: datetime = world.at(target.visited_on, chance.randint(9, 18), chance.randrange(60))
        at = min(at, world.now - timedelta(minutes=chance.randint(5, 90)))
        kind = "household" if isinstance(target, Household) else "premises"
        rows.append(
            Visit(
                grid_id=target.grid_id, by=_worker(world, target.grid_id), outcome="met", visited_at=at, recorded_at=at,
                token=f"demo-{kind}-{target.pk}", **{kind: target},
            )
        )  # fmt: skip
    Visit.objects.bulk_create(rows, batch_size=BATCH)


def _needs(world: World, chance: random.Random, homes: list[Household]) -> None:
    near = [home for home in homes if home.grid_id[:12] == COMMUNITY]
    by, rows = world.people["secretary"], []
    for words in NEEDS:
        home = chance.choice(near)
        worker = _worker(world, home.grid_id)
        rows.append(visits.note_need(Found(words), home, by=worker))
        Need.objects.filter(pk=rows[-1].pk).update(
            noted_at=world.now - timedelta(days=chance.randint(1, 60), hours=3)
        )
    for title, done in (("楼道适老化改造", ""), ("小区充电棚二期", ""), ("公共座椅添置", "装好 8 把长椅")):
        since = world.day(-chance.randint(70, 120))
        project = visits.keep_project(
            Project(
                grid_id=COMMUNITY, title=title, lead="社区居委会", since=since, planned_until=world.day(30),
                description="按居民提出的需求立项，征求楼门居民意见后实施。",
            ),
            by=by,
        )  # fmt: skip
        visits.list_under(rows.pop(0), project, by=by)
        if done:
            project.done_on, project.result = world.day(-5), done
            visits.keep_project(project, by=by)
