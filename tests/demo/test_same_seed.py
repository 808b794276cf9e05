"""One seed and one reference moment make one district; another seed makes another."""

from datetime import datetime
from zoneinfo import ZoneInfo

import time_machine
from django.db import transaction

from demo.district import build
from demo.menu import load_menu
from demo.roster import load_roster
from demo.territory import load_territory
from demo.world import World
from governance.models import Post, User
from grids.models import Entrance, Grid
from incidents.models import Callback, Closing, CommunityScore, Incident, IncidentPhoto, WhistleSlip
from mediation.models import Dispute
from volunteers.models import Claim, Order, Showcase, ShowcasePhoto, Volunteer

NOW = datetime(2026, 11, 18, 15, 5, tzinfo=ZoneInfo("Asia/Shanghai"))


def fingerprint() -> list:
    """Everything about a district that must be the same for one seed: no keys, no secrets."""
    return [
        list(User.objects.order_by("username").values_list("username", "name", "phone", "date_joined")),
        list(Grid.objects.order_by("code").values_list("code", "name", "phone", "boundary")),
        list(
            Entrance.objects.order_by("token").values_list("token", "grid", "building__name", "longitude", "latitude")
        ),
        list(
            Post.objects.order_by("user__username", "role", "grid", "valid_from").values_list(
                "user__username", "role", "grid", "valid_from", "valid_until"
            )
        ),
        list(
            Volunteer.objects.order_by("number").values_list(
                "number", "applicant_name", "status", "birth_date", "free_times", "reach"
            )
        ),
        list(
            Order.objects.order_by("number").values_list(
                "number", "title", "status", "wanted_from", "due_at", "taken", "rating", "rating_words", "applicant_name"
            )
        ),
        list(
            Order.objects.order_by("number", "steps__seq").values_list(
                "number", "steps__action", "steps__at", "steps__actor__username", "steps__note"
            )
        ),
        list(
            Claim.objects.order_by("order__number", "volunteer__number", "created_at", "status").values_list(
                "order__number", "volunteer__number", "status", "half_hours"
            )
        ),
        list(
            Dispute.objects.order_by("number", "steps__seq").values_list(
                "number", "status", "case_number", "steps__action", "steps__at", "steps__actor__username", "steps__note"
            )
        ),
        list(Showcase.objects.order_by("number").values_list("number", "title", "status", "volunteer__number")),
        list(
            Incident.objects.order_by("number").values_list(
                "number", "title", "description", "spot", "longitude", "status", "due_at", "unit__code", "worker__username",
                "applicant_name",
            )
        ),
        list(
            Incident.objects.order_by("number", "steps__seq").values_list(
                "number", "steps__action", "steps__at", "steps__actor__username", "steps__note"
            )
        ),
        list(Closing.objects.order_by("incident__number", "at").values_list("incident__number", "at", "on_time")),
        list(Callback.objects.order_by("incident__number", "at").values_list("incident__number", "satisfaction", "words")),
        list(IncidentPhoto.objects.order_by("incident__number", "pk").values_list("incident__number", "stage", "sha256")),
        list(WhistleSlip.objects.order_by("number").values_list("number", "unit__code", "status", "arrived_at", "feedback")),
        list(CommunityScore.objects.order_by("grid", "unit__code").values_list("grid", "unit__code", "points", "words")),
        list(ShowcasePhoto.objects.order_by("showcase__number", "pk").values_list("showcase__number", "sha256")),
    ]  # fmt: skip


def load(seed: int) -> list:
    """Load a small district, take its fingerprint, and leave nothing behind."""
    with transaction.atomic():
        build(seed=seed, now=NOW, small=True)
        taken = fingerprint()
        transaction.set_rollback(True)
    return taken


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


def test_one_seed_makes_one_district(db):
    assert load(7) == load(7)


def test_another_seed_makes_other_people(db):
    one, other = people(7), people(8)
    assert len(one) > 100 and len(set(one) & set(other)) < len(one) / 2
