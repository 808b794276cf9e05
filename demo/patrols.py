"""The demo's rounds and self-checks: points in the grids, a month of rounds with a few findings, shops that check themselves, late or in
time. What they say is made up and names nobody.

``load_patrols`` sets all of it up for grids that have a worker; ``load_points``, ``load_rounds`` and ``load_checks`` do one grid or one
list of premises each.
"""

import random
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from demo.people import STREET
from demo.territory import MADE_UP, point_in
from demo.world import World
from governance.models import User
from grids.geometry import to_polygon
from grids.models import (
    ChecklistItem,
    Grid,
    Hazard,
    Patrol,
    PatrolItem,
    PatrolPoint,
    PatrolTick,
    Premises,
    SelfCheck,
    SelfCheckAnswer,
)

#: A grid's points: name, how many days between two looks, the numbers of what to look at.
POINTS = (
    ("楼道和安全出口", 1, ("X01", "X02", "X03")),
    ("非机动车棚", 1, ("X02", "X03")),
    ("小区大门和消防通道", 1, ("X01", "X10")),
    ("垃圾投放点", 1, ("X04",)),
    ("主路井盖和路灯", 3, ("X05", "X06")),
    ("健身广场", 7, ("X11",)),
    ("底商后巷", 3, ("X03", "X04", "X08")),
    ("公示栏", 15, ("X14",)),
)
#: What was put right on the spot.
MENDED = (
    "楼道里堆着两个纸箱，住户当场搬走。",
    "车棚里有人飞线充电，劝说后收了线。",
    "垃圾桶冒溢，联系保洁清走。",
    "消防通道停了一辆车，打电话挪走了。",
    "灭火器被花盆挡住，已挪开。",
)
NOTES = ("都正常。", "车棚要再盯一盯。", "有一盏路灯不亮，已上报。", "下雨，路滑。")
#: How much of the round is walked on a day, and how long ago it began.
WALKED, MONTH = 0.86, 30
WRONG = (
    "后门堆着啤酒箱。", "灭火器过期了，已联系更换。", "插排串着用。", "店里充过一次电动车。", "烟道该清洗了。", "应急灯有一盏不亮。",
)  # fmt: skip
#: The shares of shops that never checked and that are late.
NEVER, LATE = 0.12, 0.15


def load_points(grid: Grid, *, since: date, at: datetime) -> list[PatrolPoint]:
    """Set up the points of one grid, each somewhere in its outline if it has one."""
    items = {item.code: item for item in PatrolItem.objects.all()}
    points = [
        PatrolPoint(grid=grid, name=name, every=every, order=number, since=since, **place_of(grid, name))
        for number, (name, every, _) in enumerate(POINTS, 1)
    ]
    points = bulk_create_with_history(
        points, PatrolPoint, default_change_reason=MADE_UP, default_date=at, batch_size=500
    )
    for point, (_, _, codes) in zip(points, POINTS, strict=True):
        point.items.set([items[code] for code in codes if code in items])
    return points


def place_of(grid: Grid, name: str) -> dict[str, float]:
    """Return a place in a grid, in degrees: the same for the same words; nothing where the grid has no outline."""
    if not grid.boundary:
        return {}
    chance = random.Random(f"{grid.code} {name}")  # noqa: S311  a made-up place, not a secret
    longitude, latitude = point_in(to_polygon(grid.boundary), chance)
    return {"longitude": round(longitude, 6), "latitude": round(latitude, 6)}


def load_rounds(
    points: list[PatrolPoint], worker: User, chance: random.Random, *, today: date, days: int = MONTH
) -> None:
    """Walk one grid's round on the last days until yesterday, as one worker; a few findings were put right on the spot."""
    for ago in range(days, 0, -1):
        day = today - timedelta(days=ago)
        due = [point for point in points if point.looked_on is None or point.looked_on + timedelta(days=point.every) <= day]  # fmt: skip
        walked = [point for point in due if chance.random() < WALKED]
        if not walked:
            continue
        at = datetime.combine(day, time(9, chance.randrange(40)), timezone.get_default_timezone())
        ended = at + timedelta(minutes=6 * len(walked) + 30)
        patrol = Patrol.objects.create(
            by=worker, grid=points[0].grid, day=day, began_at=at.time(), ended_at=ended.time(), note=chance.choice(NOTES),
            finished_at=ended,
        )  # fmt: skip
        rows = []
        for number, point in enumerate(walked, 1):
            seen = at + timedelta(minutes=6 * number)
            found = chance.random() < 0.02
            rows.append(
                PatrolTick(
                    grid=point.grid, point=point, patrol=patrol, looked_at=seen, recorded_at=seen, day=day,
                    outcome="mended" if found else "fine", words=chance.choice(MENDED) if found else "",
                )
            )  # fmt: skip
            point.looked_on = day
        PatrolTick.objects.bulk_create(rows)
    for point in points:
        PatrolPoint.objects.filter(pk=point.pk).update(looked_on=point.looked_on)


def load_checks(shops: Iterable[Premises], chance: random.Random, *, now: datetime) -> None:
    """Let small premises check themselves once in the last weeks: most in time, some long ago, some never; a few found something."""
    lines: dict[str, list[ChecklistItem]] = {}
    for shop in shops:
        fate = chance.random()
        if fate < NEVER:
            continue
        ago = chance.randrange(32, 70) if fate < NEVER + LATE else chance.randrange(1, 28)
        at = now - timedelta(days=ago, minutes=chance.randrange(300))
        if shop.small not in lines:
            lines[shop.small] = list(ChecklistItem.objects.asked_of(shop))
        items = lines[shop.small]
        wrong = set(chance.sample(range(len(items)), chance.choice((0, 0, 0, 1, 1, 2))))
        check = SelfCheck.objects.create(
            grid=shop.grid, premises=shop, checker=chance.choice(("店长", "老板", "值班店员")), checked_at=at,
            asked=len(items), wrong=len(wrong),
        )  # fmt: skip
        answers = SelfCheckAnswer.objects.bulk_create(
            SelfCheckAnswer(
                check_of=check, item=item, said=item.words, is_ok=number not in wrong,
                words=chance.choice(WRONG) if number in wrong else "",
            )
            for number, item in enumerate(items)
        )  # fmt: skip
        day = timezone.localdate(at)
        Hazard.objects.bulk_create(
            Hazard(
                grid=shop.grid, premises=shop, item=row.item, answer=row, said=row.said, words=row.words, found_on=day
            )
            for row in answers
            if not row.is_ok
        )  # fmt: skip
        Premises.objects.filter(pk=shop.pk).update(checked_on=day)


def load_patrols(world: World) -> None:
    """Set up points and walk a month of rounds in the base grids of the demo street, and let all small premises check themselves. Comes
    after the roster and after the premises."""
    chance, today = world.chance("patrols"), timezone.localdate(world.now)
    since = today - timedelta(days=2 * MONTH)
    for (role, code), people in sorted(world.staff.items()):
        if role == "grid_worker" and people and code[:9] == STREET:
            points = load_points(world.grids[code], since=since, at=world.at(since, 10))
            load_rounds(points, people[0], chance, today=today)
    shops = Premises.objects.checking().select_related("grid").defer("grid__boundary").order_by("pk")
    load_checks(shops, world.chance("selfchecks"), now=world.now)
