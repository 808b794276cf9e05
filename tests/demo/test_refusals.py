"""When the demo refuses to load: it must never get near a real installation."""

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from grids.models import Grid


def test_it_refuses_outside_demo_mode(db):
    with override_settings(DEMO=False), pytest.raises(CommandError, match="演示模式"):
        call_command("load_demo", "--small")
    assert not Grid.objects.exists()


@pytest.mark.parametrize("moment", ["next week", "2026-13-40T99:00", ""])
def test_it_refuses_an_impossible_moment(db, moment):
    with pytest.raises(CommandError, match="--at"):
        call_command("load_demo", "--small", "--at", moment)
    assert not Grid.objects.exists()
