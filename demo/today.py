"""What lies on the demo people's desks and phones at the reference moment: one matter in every state that they may meet.

Unlike the ordinary orders these are written down act by act, so that whoever tries the demo finds them whatever the seed.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from demo import words
from demo.people import COMMUNITY, GRID
from demo.showcases import send_in
from demo.territory import short
from demo.volunteers import still_to_approve
from demo.world import Calendar, Helper, Story, World, work_ago
from governance.models import User
from volunteers.flow import ORDERS, SHOWCASES
from volunteers.models import Order, Volunteer
from volunteers.services.orders import place_order


@dataclass(frozen=True)
class Act:
    """One act of the script. ``by`` is a demo person's key, or the place of a volunteer in the order's cast."""

    at: datetime
    action: str
    by: str | int
    data: dict[str, Any]


def act(at: datetime, action: str, by: str | int, **data: Any) -> Act:
    """Return an act; values that are functions are asked for when it is played, with the order and its cast."""
    return Act(at, action, by, data)


class Stage:
    """Places the scripted orders and remembers who plays in them."""

    def __init__(self, world: World, calendar: Calendar) -> None:
        self.world, self.calendar = world, calendar
        self.now = world.now
        self.chance = world.chance("today")
        self.place = short(world.grids[COMMUNITY].name)
        people = [u for base in world.bases(COMMUNITY) for u in world.residents[base]]
        self.neighbours = [u for u in people if u != world.people["resident"]]

    def ago(self, hours: float) -> datetime:
        """Return a moment so many office hours back."""
        return work_ago(self.now, hours)

    def ahead(self, days: int, hour: int, length: float = 1.5) -> tuple[datetime, datetime]:
        """Return a window on a coming day."""
        start = self.world.at(self.world.day(days), hour)
        return start, start + timedelta(hours=length)

    def order(
        self, item: str, placed: datetime, window: tuple[datetime, datetime], *acts: Act, by: str | int = 0,
        places: int = 1, text: str = "",
    ) -> None:  # fmt: skip
        """Script an order: placed by a demo person (key) or by the n-th neighbour, then ``acts`` in turn."""
        self.calendar.begin(placed, self._play(item, window, acts, by, places, text))

    def _play(
        self, item: str, window: tuple[datetime, datetime], acts: tuple[Act, ...], by: str | int, places: int,
        text: str,
    ) -> Story:  # fmt: skip
        dish = self.world.items[item]
        text = text or self.chance.choice(words.WISHES[dish.code])
        order = self._place(by, dish, window, places, text)
        cast: list[Helper] = []
        for each in acts:
            yield each.at
            actor = self._actor(each.by, order, cast)
            if actor is None:
                return
            data = {key: value(order, cast) if callable(value) else value for key, value in each.data.items()}
            ORDERS.run(order.pk, each.action, by=actor, **data)

    def _place(
        self, by: str | int, dish: Any, window: tuple[datetime, datetime], places: int, text: str
    ) -> Order:
        world, code = self.world, f"today-{self.chance.getrandbits(48):012x}"
        fields = {
            "source_id": code, "item": dish, "wanted_from": window[0], "wanted_until": window[1], "places": places,
            "description": text,
        }  # fmt: skip
        if by == "grid_worker":
            door, name = self.chance.choice(world.doors[GRID]), world.names.name(old=True)
            phone = world.names.phone()
            return place_order(
                by=world.people["grid_worker"], applicant_name=name, applicant_phone=phone, beneficiary_name=name,
                beneficiary_phone=phone, grid=world.grids[GRID], entrance=door, address="201室", channel="worker", **fields,
            )[0]  # fmt: skip
        user = self.neighbours[by % len(self.neighbours)] if isinstance(by, int) else world.people[by]
        return place_order(
            by=user, applicant=user, beneficiary_name=user.name, beneficiary_phone=user.phone,
            grid=world.grids[user.entrance.grid_id], entrance=user.entrance, address=user.address, **fields,
        )[0]  # fmt: skip

    def _actor(self, by: str | int, order: Order, cast: list[Helper]) -> User | None:
        """Return who acts; None where the community has nobody who could (in a small load)."""
        if by == "asker":
            return order.applicant
        if isinstance(by, str):
            return self.world.people[by]
        filled = self.casting(order, cast, by + 1)
        return filled[by].user if by < len(filled) else None

    def casting(self, order: Order, cast: list[Helper], number: int) -> list[Helper]:
        """Fill the cast with volunteers of the community who can serve the order, up to ``number``."""
        window = (order.wanted_from, order.wanted_until)
        fit = [
            h for h in self.world.nearby[COMMUNITY]
            if h.zeal and h not in cast and order.item.skill_names <= h.skills and h.free_at(*window)
            and h.user != order.applicant
        ]  # fmt: skip
        for helper in fit[: number - len(cast)]:
            helper.taken.append(window)
            cast.append(helper)
        return cast


def code(order: Order, cast: list[Helper]) -> str:
    """The check-in code, as the one who is served tells it."""
    return order.code


def volunteer_of(user: User) -> Callable[[Order, list[Helper]], list[Volunteer]]:
    """Ask this very person."""
    return lambda order, cast: [Volunteer.objects.select_related("applicant").get(applicant=user)]


def plan_today(world: World, calendar: Calendar) -> None:
    """Put the scripted matters into the calendar."""
    stage = Stage(world, calendar)
    _waiting_at_the_desk(stage)
    _in_the_hall(stage)
    _on_the_phones(stage)
    _given_to_the_team(stage)
    _behind_them(stage)
    still_to_approve(world, calendar, [stage.ago(hours) for hours in (13, 5, 1)])


def _waiting_at_the_desk(stage: Stage) -> None:
    """Red, yellow and green lights, a pause, something returned, a complaint."""
    ago, ahead = stage.ago, stage.ahead
    stage.order("fix-water", ago(6), ahead(2, 14), by=1, text="厨房水槽下面漏水，拿盆接着呢。")
    stage.order(
        "company-chat",
        ago(15),
        ahead(3, 10),
        by="grid_worker",
        text="老人独居，最近情绪不高，想有人陪着说说话。",
    )
    stage.order("elder-hair", ago(3.4), ahead(3, 9), by="resident", text="婆婆下不了楼，想理个发。")
    stage.order("advice-policy", ago(0.8), ahead(4, 10), by=2)
    stage.order(
        "home-shopping",
        stage.now - timedelta(minutes=12),
        ahead(1, 17),
        by="grid_worker",
        text="代取降压药，医保卡在老人手里。",
    )
    stage.order(
        "fix-device", ago(10), ahead(6, 10), act(ago(9), "pause", "secretary", note="居民外出，回来后再约。"), by=3,
    )  # fmt: skip
    stage.order(
        "health-visit",
        ago(7),
        ahead(3, 8, 4),
        act(ago(6), "return_back", "worker", note="请补充老人的身体情况，便于安排人手。"),
        by=4,
    )
    end = ago(6)
    stage.order(
        "child-lesson", end - timedelta(days=2), (end - timedelta(hours=2), end),
        act(end - timedelta(days=1, hours=20), "open_claims", "worker"), by=5, text="孩子三年级，数学应用题总是读不懂。",
    )  # fmt: skip
    begun = ago(20)
    stage.order(
        "fix-light", begun - timedelta(days=2), (begun, begun + timedelta(hours=1)),
        act(begun - timedelta(days=1, hours=20), "assign_people", "secretary", volunteers=volunteer_of(stage.world.people["helper"])),
        act(begun - timedelta(days=1, hours=18), "agree", "helper"),
        act(begun, "check_in", "helper", code=code), act(begun + timedelta(minutes=40), "check_out", "helper", code=code),
        act(begun + timedelta(minutes=80), "confirm", "asker"),
        act(begun + timedelta(minutes=90), "rate", "asker", stars=2, note="灯换好了，可是换下来的旧灯管没有带走。"),
        act(ago(2), "complain", "asker", note="旧灯管碎在楼道里，希望有人来收一下。"), by=6,
    )  # fmt: skip


def _in_the_hall(stage: Stage) -> None:
    """Orders that the demo volunteers can claim, near and not so near."""
    ago, ahead = stage.ago, stage.ahead
    for serial, (item, days, hour, places, held) in enumerate(
        [
            ("elder-hair", 1, 10, 1, 0), ("elder-phone", 2, 15, 1, 0), ("home-clean", 3, 9, 1, 0),
            ("public-stairs", 3, 14, 5, 2), ("health-pressure", 4, 9, 2, 1),
        ]
    ):  # fmt: skip
        acts = [act(ago(5 - serial * 0.5), "open_claims", "secretary")]
        acts += [act(ago(2 - each * 0.5), "claim", each) for each in range(held)]
        stage.order(item, ago(7 - serial * 0.5), ahead(days, hour, 2), *acts, by=7 + serial, places=places)
    # From the neighbouring community, open to the whole street by now.
    stage.order(
        "elder-meal", ago(13), ahead(2, 11), act(ago(12), "open_claims", "other_secretary"), by="neighbour"
    )


def _on_the_phones(stage: Stage) -> None:
    """What the demo resident and the two volunteers are in the middle of."""
    ago, ahead, now = stage.ago, stage.ahead, stage.now
    start = now.replace(minute=now.minute // 30 * 30)
    # Now: the volunteer stands at the resident's door and may check in.
    stage.order(
        "elder-phone", ago(9), (start, start + timedelta(hours=2)), act(ago(8), "open_claims", "secretary"),
        act(ago(7.5), "claim", "volunteer"), by="resident", text="想学会用手机挂号，孩子教过，总记不住。",
    )  # fmt: skip
    stage.order(
        "health-pressure", ago(9.5), ahead(1, 15), act(ago(8.5), "open_claims", "worker"),
        act(ago(6), "claim", "volunteer"), by=12,
    )  # fmt: skip
    # Somebody is at work just now.
    begun = now - timedelta(minutes=25)
    stage.order(
        "home-clean", ago(12), (begun, begun + timedelta(hours=2)), act(ago(11), "open_claims", "secretary"),
        act(ago(10), "claim", 0), act(begun + timedelta(minutes=2), "check_in", 0, code=code), by=13,
    )  # fmt: skip
    asked = volunteer_of(stage.world.people["helper"])
    stage.order(
        "fix-light", ago(3), ahead(1, 10), act(ago(2), "assign_people", "secretary", volunteers=asked), by=14,
        text="客厅的灯一闪一闪的。",
    )  # fmt: skip
    stage.order(
        "public-green", ago(8), ahead(5, 9, 2), act(ago(7), "open_claims", "secretary"), act(ago(6), "claim", 0),
        act(ago(5), "wait", "helper"), by=15, text="楼前花坛补苗，一个人就够。",
    )  # fmt: skip
    # Done yesterday, to be confirmed; done before, to be rated.
    for days, item, by, last in (
        (1, "home-shopping", "helper", False),
        (3, "health-pressure", "volunteer", True),
    ):
        start = stage.world.at(stage.world.day(-days), 10)
        acts = _served(start, by, "worker")
        if last:
            acts.append(act(start + timedelta(hours=5), "confirm", "resident"))
        stage.order(
            item, start - timedelta(days=2), (start, start + timedelta(hours=1)), *acts, by="resident"
        )


def _served(start: datetime, helper: str, clerk: str) -> list[Act]:
    """Return the acts from dispatch to check-out of an order that ``helper`` serves at ``start``."""
    return [
        act(start - timedelta(hours=44), "open_claims", clerk),
        act(start - timedelta(hours=40), "claim", helper),
        act(start - timedelta(minutes=3), "check_in", helper, code=code),
        act(start + timedelta(minutes=55), "check_out", helper, code=code),
    ]


def _given_to_the_team(stage: Stage) -> None:
    """Orders for the demo leader's team: to be staffed, and half staffed."""
    ago, ahead = stage.ago, stage.ahead

    def crew(order: Order, cast: list[Helper]):
        return stage.world.teams[COMMUNITY][0].team

    def member(order: Order, cast: list[Helper]):
        members = [m for m in stage.world.teams[COMMUNITY][0].members if m.zeal]
        return list(Volunteer.objects.select_related("applicant").filter(pk=members[0].volunteer))

    stage.order("home-carry", ago(4), ahead(2, 10), act(ago(3), "assign_team", "secretary", team=crew), by=16)
    stage.order(
        "public-stairs", ago(9), ahead(4, 14, 2), act(ago(8), "assign_team", "secretary", team=crew),
        act(ago(4), "muster", "leader", volunteers=member), by=17, places=3,
    )  # fmt: skip


def _behind_them(stage: Stage) -> None:
    """Some months of service by the two demo volunteers, with ratings and stories, two of which wait for review."""
    chance = stage.chance
    dishes = {
        "volunteer": ("elder-hair", "elder-phone", "health-pressure"),
        "helper": ("fix-light", "fix-water", "home-carry"),
    }
    for key in ("volunteer", "helper"):
        for serial, days in enumerate((96, 71, 55, 40, 26, 12, 6)):
            item = dishes[key][serial % 2]
            start = stage.world.at(stage.world.day(-days - (key == "helper")), 14)
            by: str | int = "resident" if days in (55, 12) else 18 + serial
            stars = chance.choice((5, 5, 5, 4))
            acts = [
                *_served(start, key, "worker"),
                act(start + timedelta(hours=4), "confirm", "asker"),
                act(
                    start + timedelta(hours=5),
                    "rate",
                    "asker",
                    stars=stars,
                    note=chance.choice(words.PRAISE[stars]),
                ),
            ]
            window = (start, start + timedelta(hours=1))
            stage.order(item, start - timedelta(days=2, hours=3), window, *acts, by=by)
            told = start + timedelta(days=1, hours=3)
            if days in (71, 26):
                stage.calendar.begin(told, _on_the_wall(stage, key, start, "approve"))
            if days == 6:
                moment = max(stage.ago(6 if key == "volunteer" else 2), start + timedelta(hours=6))
                stage.calendar.begin(moment, _on_the_wall(stage, key, start, None))
            if days == 12 and key == "volunteer":
                moment = max(stage.ago(12), start + timedelta(hours=6))
                stage.calendar.begin(moment, _on_the_wall(stage, key, start, "return_back"))


def _on_the_wall(stage: Stage, key: str, start: datetime, answer: str | None) -> Story:
    author = stage.world.people[key]
    order = Order.objects.select_related("item").get(
        claims__volunteer__applicant=author, claims__status="served", wanted_from=start
    )
    chance = random.Random(f"{stage.world.seed}/{key}/{start:%Y%m%d}")  # noqa: S311
    showcase = send_in(chance, order, author, stage.place)
    if answer is None:
        return
    yield timezone.now() + timedelta(hours=3)
    note = words.RETURN_STORY[0] if answer == "return_back" else ""
    SHOWCASES.run(showcase, answer, by=stage.world.people["secretary"], note=note)
