"""Another seed makes another district. That one seed makes one is seen in test_load.py, which loads it anyway."""

from datetime import datetime
from zoneinfo import ZoneInfo

import time_machine
from django.db import transaction

from demo.menu import load_menu
from demo.roster import load_roster
from demo.territory import load_territory
from demo.world import World
from governance.models import User

NOW = datetime(2026, 11, 18, 15, 5, tzinfo=ZoneInfo("Asia/Shanghai"))


def people(seed: int) -> list:
    """Take on the people of a seed, look at them, and take everything back."""
    with transaction.atomic(), time_machine.travel(NOW, tick=False):
        world = World(seed=seed, now=NOW, small=True)
        load_territory(world)
        world.items = load_menu()
        load_roster(world)
        taken = list(User.objects.order_by("username").values_list("name", "phone"))
        transaction.set_rollback(True)
    return taken


def test_another_seed_makes_other_people(db):
    one, other = people(7), people(8)
    assert len(one) > 100 and len(set(one) & set(other)) < len(one) / 2
