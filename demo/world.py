"""What the parts of the demo share: the clock and calendar of its months, chance by name, and who and what there is.

The demo's past is lived through, not written down: each order and each registration is a *story*, a generator that does one
thing through the services and then yields the moment at which it goes on. The calendar plays all stories in the order of
time, with the clock set to each moment in turn, and stops at the reference moment; what is unfinished then is the present.
"""

import heapq
import random
from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import time_machine
from django.utils import timezone

from demo.names import Names
from governance import flow, worktime
from governance.flow import FlowError
from governance.models import Unit, User
from grids.models import Entrance, Grid
from incidents.models import MinorClass
from mediation.models import Centre, Mediator
from parties.models import Organisation
from volunteers.models import ServiceItem, Skill, Team

Story = Generator[datetime, None, None]

#: Hours of the day at which the machine looks at deadlines, in the last weeks and before; in life it does so all the time.
TICKS, SELDOM = (9, 15), (15,)
LAST_WEEKS = timedelta(days=14)


@dataclass(eq=False)
class Helper:
    """A volunteer as the stories know her: her account, her registration, and when she is taken."""

    user: User
    volunteer: int
    grid: str
    skills: frozenset[str]
    free: frozenset[str]
    reach: str
    zeal: float
    taken: list[tuple[datetime, datetime]] = field(default_factory=list)

    def free_at(self, start: datetime, end: datetime) -> bool:
        """Say whether she has no other order within an hour of this window."""
        rest = timedelta(hours=1)
        return all(end + rest <= begun or ended + rest <= start for begun, ended in self.taken)


@dataclass
class Crew:
    """A team as the stories know it."""

    team: Team
    leader: User
    members: list[Helper]


@dataclass
class World:
    """The demo district while it is being made. ``now`` is the reference moment, the end of the story."""

    seed: int
    now: datetime
    small: bool = False
    names: Names = field(init=False)
    grids: dict[str, Grid] = field(default_factory=dict)
    doors: dict[str, list[Entrance]] = field(default_factory=lambda: defaultdict(list))
    items: dict[str, ServiceItem] = field(default_factory=dict)
    skills: dict[str, Skill] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    staff: dict[tuple[str, str], list[User]] = field(default_factory=lambda: defaultdict(list))
    residents: dict[str, list[User]] = field(default_factory=lambda: defaultdict(list))
    helpers: list[Helper] = field(default_factory=list)
    nearby: dict[str, list[Helper]] = field(default_factory=lambda: defaultdict(list))
    teams: dict[str, list["Crew"]] = field(default_factory=lambda: defaultdict(list))
    units: dict[str, Unit] = field(default_factory=dict)
    officers: dict[str, list[User]] = field(default_factory=lambda: defaultdict(list))
    minors: dict[str, MinorClass] = field(default_factory=dict)
    centres: dict[str, Centre] = field(default_factory=dict)
    mediators: dict[str, list[Mediator]] = field(default_factory=lambda: defaultdict(list))
    #: The party organisations by place.
    party: dict[str, list[Organisation]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = Names(self.chance("names"))

    def chance(self, part: str) -> random.Random:
        """Return the part's own source of chance, so that a change in one part leaves the others as they were."""
        return random.Random(f"{self.seed}/{part}")  # noqa: S311  a made-up world, not a secret

    @property
    def communities(self) -> list[str]:
        return [code for code in self.grids if len(code) == 12]

    def bases(self, community: str) -> list[str]:
        """Return the base grids of a community."""
        return [code for code in self.grids if len(code) == 15 and code.startswith(community)]

    def enlist(self, helper: Helper) -> None:
        """Count an approved volunteer among those who may be found, at every level of her place."""
        self.helpers.append(helper)
        for length in (6, 9, 12):
            self.nearby[helper.grid[:length]].append(helper)

    def discharge(self, helper: Helper) -> None:
        """Let a volunteer go."""
        self.helpers.remove(helper)
        for length in (6, 9, 12):
            self.nearby[helper.grid[:length]].remove(helper)

    def at(self, day: date, hour: int, minute: int = 0) -> datetime:
        """Return a moment in local time."""
        return datetime.combine(day, time(hour, minute), timezone.get_default_timezone())

    def day(self, days: int) -> date:
        """Return the day that lies so many days from the reference day (negative: before it)."""
        return timezone.localdate(self.now) + timedelta(days=days)


def work_ago(moment: datetime, hours: float) -> datetime:
    """Return when so many office hours before ``moment`` began: the inverse of governance.worktime.add."""
    left, day = timedelta(hours=hours), timezone.localdate(moment)
    while True:
        for opens, closes in reversed(worktime.office_hours(day)):
            end = min(closes, moment)
            if opens < end:
                if left <= end - opens:
                    return end - left
                left -= end - opens
        day -= timedelta(days=1)


def in_office(moment: datetime) -> datetime:
    """Return the moment itself within office hours, else when the office next opens (a clerk acts then)."""
    return worktime.add(moment, timedelta(minutes=1))


def awake(moment: datetime) -> datetime:
    """Return the moment, or half past seven when people are asleep."""
    local = timezone.localtime(moment)
    if 7 <= local.hour < 22:
        return moment
    day = local.date() + timedelta(days=local.hour >= 22)
    return datetime.combine(day, datetime.min.time(), local.tzinfo) + timedelta(
        hours=7, minutes=30 + local.minute // 2
    )


class Calendar:
    """Plays stories in the order of time."""

    def __init__(self, until: datetime, ticking_from: datetime) -> None:
        self.until = until
        self.ticking_from = ticking_from
        self._queue: list[tuple[datetime, int, Story]] = []
        self._serial = 0
        self.cut_short: list[str] = []

    def begin(self, at: datetime, story: Story) -> None:
        """Let a story start at a moment; what would start after the end is left out."""
        if at <= self.until:
            self._serial += 1
            heapq.heappush(self._queue, (at, self._serial, story))

    def play(self, clock: time_machine.Traveller) -> None:
        """Play everything up to the end, with ``clock`` set to each moment, deadlines included.

        A story that the rules stop (someone else was quicker, a deadline passed) ends there and is noted in ``cut_short``.
        """
        today: date | None = None
        ticks: list[datetime] = []
        while self._queue:
            at, serial, story = heapq.heappop(self._queue)
            day = timezone.localdate(at)
            if day != today:
                self._tick_until(clock, ticks, at)
                today = day
                hours = TICKS if self.until - at < LAST_WEEKS else SELDOM
                moments = [
                    datetime.combine(day, time(hour), timezone.get_default_timezone()) for hour in hours
                ]
                ticks = [moment for moment in moments if moment >= self.ticking_from]
            self._tick_until(clock, ticks, at)
            clock.move_to(at)
            try:
                following = next(story)
            except StopIteration:
                continue
            except FlowError as refused:
                self.cut_short.append(f"{at:%m-%d %H:%M} {story.__name__}: {refused.messages[0]}")
                continue
            # Nothing happens twice at one moment, so that timelines read in order.
            following = max(following, at + timedelta(minutes=1))
            if following <= self.until:
                heapq.heappush(self._queue, (following, serial, story))
        self._tick_until(clock, ticks, self.until)
        clock.move_to(self.until)
        flow.tick(self.until)

    def _tick_until(self, clock: time_machine.Traveller, ticks: list[datetime], moment: datetime) -> None:
        while ticks and ticks[0] <= moment:
            at = ticks.pop(0)
            clock.move_to(at)
            flow.tick(at)
