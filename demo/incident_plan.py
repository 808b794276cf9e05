"""What is reported in the demo district, where, when and by whom: drawn before the play, so that it does not depend on
what others do meanwhile."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.utils import timezone

from demo import incident_words as words
from demo.people import COMMUNITY, GRID, NEIGHBOUR
from demo.territory import streets_in_play
from demo.world import World
from grids.models import Entrance
from incidents.models import MinorClass, Receipt
from incidents.services.catalogue import load_catalogue, read_default

#: How many ordinary incidents there are, and over how many days they are spread.
INCIDENTS_MADE, SMALL, DAYS = 810, 14, 150
#: Parts of all that the two communities of the demo people have, and of the first what its demo grid worker's grid has.
AT_HOME, NEXT_DOOR, IN_HER_GRID = 0.16, 0.08, 0.4
#: By which way they come in, in hundredths.
CHANNELS = {"worker": 75, "resident": 13, "hotline": 5, "desk": 2.5, "device": 2, "upper": 1.5, "opinion": 1}
#: How often each major class is met on a round, and how often somebody complains of it.
FOUND = {"01": 10, "02": 4, "03": 3, "04": 1, "05": 4, "06": 4, "07": 0.3, "08": 0.3}
TOLD = {"01": 5, "02": 5, "03": 6, "04": 5, "05": 3, "06": 4, "07": 2, "08": 1.5, "09": 2}
#: Minor classes that only devices raise, and those that come from above or from the net.
BY_DEVICE = ("0514", "0515", "0516", "0517", "0518")
FROM_ABOVE = ("0101", "0105", "0111", "0203", "0303", "0401", "0405", "0804", "0805")
#: What grid workers meet on every round, and put right on the spot.
ON_THE_SPOT = frozenset(
    ("0101", "0102", "0104", "0108", "0306", "0403", "0409", "0502", "0503", "0504", "0601", "0603", "0604", "0701")
)  # fmt: skip
#: Months in which a class occurs at all.
SEASONS = {"0209": (11, 12, 1, 2, 3), "0112": (12, 1, 2), "0204": (6, 7, 8, 9), "0515": (6, 7, 8, 9)}
INDOORS = ("03", "07", "08")
AT_A_DOOR = frozenset(
    ("0404", "0409", "0501", "0502", "0503", "0504", "0506", "0508", "0514", "0516", "0517", "0518")
)
STREET_SPOTS = (
    "东侧便道",
    "公交站旁",
    "小区北门外",
    "路口西南角",
    "菜市场门前",
    "楼后空地",
    "车棚旁边",
    "围墙外侧",
)
DOOR_SPOTS = ("一层门厅", "二至三层楼道", "四层平台", "单元门口", "五层住户")
#: How a grid worker's words can be told, and a machine's.
OFFICIAL, MACHINE = ("巡查", "走访", "检查", "抽查", "登记"), "设备"


@dataclass(eq=False)
class Case:
    """One thing that is reported. ``lead`` is the case that it repeats, ``key`` the incident once it has been reported."""

    base: str
    minor: MinorClass
    reported: datetime
    channel: str
    words: str
    spot: str
    door: Entrance | None
    urgent: bool
    place: str
    chance: random.Random
    lead: "Case | None" = None
    key: int | None = field(default=None, compare=False)

    def soon(self) -> datetime:
        """Return a moment within minutes, as for what cannot wait."""
        return timezone.now() + timedelta(minutes=self.chance.randint(2, 9))


def load_classes() -> dict[str, MinorClass]:
    """Load the catalogue that ships with the portal, and return its minor classes by code."""
    load_catalogue(read_default())
    return {minor.code: minor for minor in MinorClass.objects.select_related("major", "unit")}


def plan_cases(world: World) -> Iterator[Case]:
    """Yield the ordinary cases."""
    chance = world.chance("incidents")
    bases = {c: [b for b in world.bases(c) if world.doors[b]] for c in world.communities}
    elsewhere = sorted(c for c in bases if bases[c] and c[:9] in streets_in_play(world))
    for serial in range(SMALL if world.small else INCIDENTS_MADE):
        draw = chance.random()
        community = (
            COMMUNITY
            if draw < AT_HOME
            else NEIGHBOUR
            if draw < AT_HOME + NEXT_DOOR
            else chance.choice(elsewhere)
        )
        hers = community == COMMUNITY and chance.random() < IN_HER_GRID
        base = GRID if hers else chance.choice(bases[community])
        channel = chance.choices(list(CHANNELS), list(CHANNELS.values()))[0]
        # More in the later months than in the first; alarms at any hour.
        day = world.day(-int(DAYS * (1 - chance.random() ** 0.8)))
        hour = chance.randrange(24) if channel == "device" else int(chance.triangular(8, 19, 10))
        reported = world.at(day, hour, chance.randrange(60))
        minor = _class_of(world, chance, channel, reported.month)
        case = _case(world, chance, base, minor, reported, channel, serial)
        yield case
        if channel in ("worker", "resident") and minor.is_public and chance.random() < 0.06:
            later = reported + timedelta(hours=chance.uniform(0.5, 9))
            its = world.chance(f"incident {serial} again")
            yield replace(
                case,
                channel="resident",
                reported=later,
                lead=case,
                chance=its,
                words=wording(minor, "resident", its),
            )


def _class_of(world: World, chance: random.Random, channel: str, month: int) -> MinorClass:
    if channel == "device":
        codes = dict.fromkeys(BY_DEVICE, 1.0)
    elif channel in ("upper", "opinion"):
        codes = dict.fromkeys(FROM_ABOVE, 1.0)
    else:
        weights = FOUND if channel == "worker" else TOLD
        codes = {
            code: weights.get(code[:2], 0) * (5 if channel == "worker" and code in ON_THE_SPOT else 1)
            for code in world.minors
            if code not in BY_DEVICE
        }
    fitting = {code: weight for code, weight in codes.items() if month in SEASONS.get(code, (month,))}
    return world.minors[chance.choices(list(fitting), list(fitting.values()))[0]]


def _case(
    world: World, chance: random.Random, base: str, minor: MinorClass, reported: datetime, channel: str, serial: int
) -> Case:  # fmt: skip
    door = chance.choice(world.doors[base]) if minor.code[:2] in INDOORS or minor.code in AT_A_DOOR else None
    its = world.chance(f"incident {serial}")
    return Case(
        base=base, minor=minor, reported=reported, channel=channel, words=wording(minor, channel, its),
        spot=its.choice(DOOR_SPOTS if door else STREET_SPOTS), door=door, urgent=minor.receipt == Receipt.RISK,
        place=f"{world.seed}/{serial}", chance=its,
    )  # fmt: skip


def wording(minor: MinorClass, channel: str, chance: random.Random) -> str:
    """Return what is written about a class, as this channel's people write it where there is such a text."""
    told = words.REPORTS[minor.code]
    if channel == "device":
        fit = [text for text in told if text.startswith(MACHINE)]
    else:
        official = channel in ("worker", "upper")
        fit = [
            text
            for text in told
            if not text.startswith(MACHINE) and any(sign in text for sign in OFFICIAL) == official
        ]
    text = chance.choice(fit or told)
    return f"{chance.choice(words.OPINION_SOURCES)}：{text}" if channel == "opinion" else text
