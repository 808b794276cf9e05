"""The desk, first page after signing in: who I am here, what waits for me, what is late, what is new.

Each admin contributes its cards and its urgent rows; this puts them in order. The number of queries depends on which
cards a person has, never on how many rows there are.
"""

from dataclasses import dataclass, replace
from typing import Any

from django.apps import apps
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from governance.admin.paging import up_to
from governance.models import Matter

#: Rows in the list of what is most urgent.
MOST_URGENT = 10
#: A group of more cards shows those that say "nothing" in one line.
CROWDED = 8


@dataclass(frozen=True)
class Card:
    """One count on the desk and the list behind it. ``order`` places it; ``calm`` is said when there is nothing.

    ``rows`` are what is counted; the desk counts those of all its cards at once.
    """

    label: str
    url: str
    rows: QuerySet | None = None
    count: str = ""
    tone: str = "quiet"
    icon: str = "inbox"
    calm: str = "没有"
    order: int = 50

    @property
    def is_calm(self) -> bool:
        return self.count == "0"


@dataclass(frozen=True)
class Urgent:
    """One line of the list of what is most urgent."""

    matter: Matter
    title: str
    place: str
    url: str
    tone: str


def greeting(hour: int) -> str:
    """Return the greeting of an hour of the day."""
    for until, words in ((5, "夜深了"), (9, "早上好"), (12, "上午好"), (14, "中午好"), (18, "下午好")):
        if hour < until:
            return words
    return "晚上好"


def _rank(room: tuple[str, list[Card]]) -> tuple[int, str]:
    """Return where an app's cards stand: those of an app whose work has no deadlines (``desk_rank``) come last."""
    return getattr(apps.get_app_config(room[0]), "desk_rank", 0), room[0]


def desk(site: Any, request: HttpRequest) -> dict[str, Any]:
    """Return what the desk shows this person."""
    now = timezone.localtime()
    rooms: dict[str, list[Card]] = {}
    urgent: list[Urgent] = []
    has_matters = False
    for admin in site._registry.values():
        if hasattr(admin, "cards"):
            rooms.setdefault(admin.model._meta.app_label, []).extend(admin.cards(request))
        if hasattr(admin, "urgent") and admin.on_desk and request.user.may("view", admin.model):
            has_matters = True
            urgent += admin.urgent(request, MOST_URGENT)
    urgent.sort(key=lambda each: each.matter.due_at)
    counting = [card for cards in rooms.values() for card in cards if card.rows is not None]
    counts = dict(zip(map(id, counting), up_to([card.rows for card in counting]), strict=True))
    groups = [
        {
            "title": apps.get_app_config(label).verbose_name,
            "cards": [
                replace(card, count=counts.get(id(card), card.count))
                for card in sorted(cards, key=lambda card: card.order)
            ],
        }
        for label, cards in sorted(rooms.items(), key=_rank)
        if cards
    ]
    for group in groups:
        crowded = len(group["cards"]) > CROWDED
        group["calm"] = [card for card in group["cards"] if crowded and card.is_calm]
        group["shown"] = [card for card in group["cards"] if not (crowded and card.is_calm)]
    return {
        "title": "工作台",
        "greeting": greeting(now.hour),
        "now": now,
        "posts": [post.label for post in request.user.posts_in_force],
        "groups": groups,
        "cards": [card for group in groups for card in group["cards"]],
        "urgent": urgent[:MOST_URGENT],
        "has_matters": has_matters,
    }
