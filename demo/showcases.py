"""The demo's showcases (晒单): stories of finished services, with drawn photos, sent in and reviewed like any other."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from demo import words
from demo.pictures import draw
from demo.world import awake, in_office
from governance.models import User
from volunteers.flow import SHOWCASES
from volunteers.models import Order, Showcase
from volunteers.services.showcases import submit_showcase


def send_in(chance: random.Random, order: Order, author: User, place: str) -> Showcase:
    """Write about an order that the author served."""
    dish = order.item.code
    title, story = chance.choice(words.STORIES[dish])
    return submit_showcase(
        order, by=author, title=title, story=story.format(place=place),
        consent=chance.choices(("oral", "written", "nobody"), (6, 2, 2))[0], consent_at=timezone.now(),
        signature=chance.choice(words.SIGNATURES),
        photos=[draw(dish, chance) for _ in range(chance.choices((1, 2, 3, 4), (4, 3, 2, 1))[0])],
    )  # fmt: skip


def tell_story(
    chance: random.Random, order: Order, author: User, reviewer: User, place: str
) -> Iterator[datetime]:
    """Play one showcase from sending in to the wall."""
    yield awake(timezone.now() + timedelta(hours=chance.uniform(1, 40)))
    showcase = send_in(chance, order, author, place)
    yield in_office(timezone.now() + timedelta(hours=chance.uniform(0.5, 9)))
    if chance.random() < 0.1:
        SHOWCASES.run(showcase, "return_back", by=reviewer, note=chance.choice(words.RETURN_STORY))
        yield awake(timezone.now() + timedelta(hours=chance.uniform(1, 20)))
        SHOWCASES.run(showcase, "revise", by=author, description=showcase.description)
        yield in_office(timezone.now() + timedelta(hours=chance.uniform(0.5, 6)))
    SHOWCASES.run(showcase, "approve", by=reviewer)
    if chance.random() < 0.04:
        yield in_office(timezone.now() + timedelta(days=chance.uniform(2, 20)))
        SHOWCASES.run(showcase, "withdraw", by=reviewer, note=words.WITHDRAW[0])
