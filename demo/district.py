"""Builds the demo district from beginning to end, in one transaction: all of it, or nothing.

Staff, residents and the older volunteers come in bulk; whatever a service or a flow would write in life (registrations,
orders, claims, hours, stories for the wall) is made through it here too, with the clock set to the moment at which it
would have happened. The same seed and the same reference moment give the same district, apart from what must be
unguessable (check-in codes, names of stored photos).
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import time_machine
from django.db import connection, transaction
from django.db.models import F

from demo import proof
from demo.backlog import plan_backlogs
from demo.disputes import plan_disputes
from demo.disputes_today import plan_disputes_today
from demo.incident_plan import load_classes
from demo.incidents import plan_incidents
from demo.incidents_today import plan_incidents_today
from demo.mediation import load_mediation
from demo.menu import load_menu
from demo.orders import plan_orders
from demo.party_disclosure import plan_disclosures
from demo.party_elections import plan_elections
from demo.party_joint import load_party_joint, plan_joint
from demo.party_life import load_life
from demo.party_members import load_party_members, plan_transfers
from demo.party_serving import load_serving
from demo.party_tree import load_party_tree
from demo.patrols import load_patrols
from demo.people import COMMUNITY, GRID
from demo.register import load_register
from demo.rhythm import plan_rhythm
from demo.roster import hand_out_keys, load_roster
from demo.screening import load_screening, plan_screening
from demo.sweeps import make_emergency, make_survey
from demo.teams import load_teams, plan_handovers
from demo.territory import load_territory
from demo.today import plan_today
from demo.volunteers import FOUNDED, OPENED, plan_volunteers
from demo.whistles import plan_whistles
from demo.world import Calendar, Story, World
from governance import parameters
from governance.models import Notice, TextMessage
from parties.models import Organisation

#: Notices older than this have been read.
UNREAD = timedelta(days=2)


@dataclass
class Made:
    """What a load made, in numbers for people to read, the stories that a rule stopped, and what is wrong with it."""

    world: World
    counts: dict[str, str]
    cut_short: list[str]
    faults: list[str]


@transaction.atomic
def build(
    *, seed: int, now: datetime, small: bool = False, say: Callable[[str], None] = lambda text: None
) -> Made:
    """Fill an empty database. ``now`` is the moment at which the story ends; ``small`` makes one street only."""
    now = now.replace(second=0, microsecond=0)
    world = World(seed=seed, now=now, small=small)
    opening = world.at(world.day(OPENED - 10), 9)
    with time_machine.travel(opening, tick=False) as clock:
        say("网格、楼栋、站点…")
        parameters.change("portal.organiser", "红桥区社区治理平台（演示，内容均为虚构）")
        parameters.change("portal.phone", "022-00000000")
        load_territory(world)
        world.items = load_menu()
        # A visitor plays the whole round in one sitting, at whatever hour: a volunteer may check in up to a week early.
        parameters.change("orders.early_minutes", 7 * 24 * 60)
        say("人员、岗位、志愿者…")
        load_roster(world)
        load_teams(world)
        load_mediation(world)
        load_screening(world)
        load_party_tree(world)
        load_party_members(world)
        load_life(world, Organisation.objects.select_related("grid", "parent"))
        load_party_joint(world)
        world.minors = load_classes()
        calendar = Calendar(until=now, ticking_from=world.at(world.day(FOUNDED), 0))
        plan_volunteers(world, calendar)
        plan_orders(world, calendar)
        plan_incidents(world, calendar)
        plan_today(world, calendar)
        plan_incidents_today(world, calendar)
        plan_whistles(world, calendar)
        plan_disputes(world, calendar)
        plan_rhythm(world, calendar)
        plan_disputes_today(world, calendar)
        plan_screening(world, calendar)
        plan_backlogs(world, calendar)
        plan_transfers(world, calendar)
        plan_elections(world, calendar)
        plan_disclosures(world, calendar)
        plan_joint(world, calendar)
        load_serving(world, calendar)
        plan_handovers(world, calendar)
        _analyze()
        for days in (20, 50, 80):
            calendar.begin(world.at(world.day(FOUNDED + days), 4), _look_again())
        say("几个月来的登记、点单、派单、接单、晒单，上报、派遣、处置、核查，吹哨…")
        with _seldom_collecting():
            calendar.play(clock)
        say("住户、商户、走访…")
        load_register(world)
        load_patrols(world)
        make_survey(GRID, by=world.people["secretary"])
        make_emergency(COMMUNITY, by=world.people["secretary"])
        _read_and_sent(now)
        hand_out_keys(world)
        return Made(world, proof.counts(world), calendar.cut_short, proof.faults(world))


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Look for garbage less often: thousands of people stay in memory all along, and would be looked over every time."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _look_again() -> Story:
    _analyze()
    return
    yield


def _analyze() -> None:
    """Let PostgreSQL know how full its tables are: nothing else looks at them inside this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _read_and_sent(now: datetime) -> None:
    """Let people have read their older notices, and text messages have gone out when they were written."""
    Notice.objects.filter(created_at__lt=now - UNREAD).update(read_at=now - UNREAD)
    waiting = TextMessage.objects.filter(status=TextMessage.Status.QUEUED)
    waiting.update(status=TextMessage.Status.SENT, sent_at=F("created_at"))
