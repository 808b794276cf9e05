"""A dispute's file as the demo's stories hold it, and how a dispute comes in: who quarrels, about what, and at which centre."""

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image, ImageDraw

from demo import dispute_words as words
from demo.dispute_cases import Case
from demo.territory import short
from demo.world import World
from governance.models import User
from mediation.flow import DISPUTES
from mediation.models import Disputant, Dispute, ScreeningReport
from mediation.services.registering import PartyData, register_dispute


@cache
def _drawn() -> bytes:
    image = Image.new("RGB", (480, 680), "#faf9f8")
    pen = ImageDraw.Draw(image)
    pen.rectangle((150, 50, 330, 66), fill="#57524e")
    for line in range(14):
        pen.rectangle((60, 110 + 32 * line, 420 - 90 * (line % 4 == 3), 116 + 32 * line), fill="#a8a29e")
    pen.line((280, 600, 310, 580, 330, 610, 360, 585), fill="#1c1a19", width=4)
    pen.ellipse((330, 560, 400, 630), outline="#b5251c", width=5)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def sheet() -> SimpleUploadedFile:
    """Return a picture of a signed sheet, with lines in the place of words."""
    return SimpleUploadedFile("sheet.jpg", _drawn(), "image/jpeg")


@dataclass(eq=False)
class File:
    """A dispute as its story knows it: who keeps it, who mediates, the parties with their accounts.

    People are the world's own objects throughout: what their posts are was looked up once.
    """

    world: World
    chance: random.Random
    case: Case
    director: User
    dispute: Dispute
    parties: list[Disputant]
    amount: int = 0
    mediator: User | None = None
    filled: dict[str, Any] = field(default_factory=dict)

    def run(self, action: str, by: User, **data: Any) -> None:
        """Carry out one action."""
        self.dispute = DISPUTES.run(self.dispute.pk, action, by=by, **data)

    def party(self, side: str) -> Disputant:
        """Return the first party of a side."""
        return next(party for party in self.parties if party.side == side)

    def accounts(self) -> Iterator[Disputant]:
        """Yield the parties who can answer on their phones."""
        return (party for party in self.parties if party.user is not None)

    def term(self, due: date, amount: int | None = None) -> dict[str, Any]:
        """Return what is agreed."""
        money = self.amount if amount is None else amount
        way = (
            self.chance.choice(("银行转账", "微信转账", "当面付现金，出具收条"))
            if money
            else self.chance.choice(words.WAYS)
        )
        return {
            "content": self.case.agreed.format(**self.filled), "way": way, "place": str(self.dispute.centre)[:60],
            "due_on": due, "amount": money or None,
        }  # fmt: skip

    def agreed(self, *terms: dict[str, Any]) -> dict[str, Any]:
        """Return the words of an agreement."""
        return {"facts": self.dispute.description, "duties": self.case.duties, "terms": list(terms)}


def fill(chance: random.Random) -> dict[str, Any]:
    """Return what fills the places in a case's words."""
    return {
        "floor": chance.choice("三四五六"), "months": chance.choice("二三四五六"), "days": chance.choice((7, 10, 15, 20)),
        "room": f"{chance.randint(1, 6)}0{chance.randint(1, 3)}",
    }  # fmt: skip


def register(
    world: World, chance: random.Random, case: Case, category: str, *, seat: str, base: str, origin: str = "applied",
    grade: str = "C", parties: tuple[PartyData, ...] = (), by_phone: bool | None = None, said: str = "", asks: str = "",
    photos: tuple = (), found_in: ScreeningReport | None = None,
) -> File:  # fmt: skip
    """Register a dispute at the centre of a node and return its file. ``parties``: who quarrels, made up where not given."""
    filled, director = fill(chance), world.staff["mediation_director", seat][0]
    description = said or case.said.format(**filled)
    if not said and chance.random() < 0.5:
        description += chance.choice(words.TAILS)
    if not parties:
        one = _somebody(world, chance, seat, "applicant", set())
        parties = (one, _other_side(world, chance, case, seat, one))
        if chance.random() < 0.05:
            parties += (_somebody(world, chance, seat, "third", {party.phone for party in parties}),)
    one = parties[0].user
    phoned = (origin == "applied" and chance.random() < 0.7) if by_phone is None else by_phone
    phoned = phoned and one is not None
    amount = chance.randrange(case.low, case.high + 1, 10) if case.high else 0
    door = (
        one.entrance
        if one is not None and one.entrance_id and one.entrance.grid_id.startswith(seat)
        else None
    )
    number = words.NUMBERS.get(origin, "")
    dispute, _ = register_dispute(
        by=one if phoned else director, source_id=f"demo-{seat}-{chance.random()}", category=category, description=description,
        requests=asks or case.asks, applicant=parties[0], others=list(parties[1:]), entrance=door, grid=world.grids[base],
        centre=world.centres[seat], origin=origin, origin_number=f"{number}{chance.randint(2, 90)} 号" if number else "",
        grade=grade, amount=amount or None, people_count=len(parties) + chance.choice((0, 0, 0, 1, 3)),
        occurred_on=timezone.localdate() - timedelta(days=chance.randint(1, 40)), is_public=chance.random() < 0.04,
        channel="resident" if phoned else "desk", photos=photos, found_in=found_in,
    )  # fmt: skip
    rows = list(dispute.disputants.order_by("pk"))
    for row, data in zip(rows, parties, strict=True):
        row.user = data.user
    return File(world, chance, case, director, dispute, rows, amount, filled=filled)


def _somebody(world: World, chance: random.Random, seat: str, side: str, but: set[str]) -> PartyData:
    """Return a party of a place: every other time somebody with an account, a resident or a volunteer."""
    known = {user.phone for user in world.people.values()} | but
    if chance.random() < 0.5:
        here = [u for base, people in world.residents.items() if base.startswith(seat) for u in people]
        here = [u for u in [*here, *(h.user for h in world.nearby[seat])] if u.phone not in known]
        if here:
            return party_of(side, chance.choice(here), chance)
    more = {
        "sex": chance.choice("FM"),
        "address": f"{short(world.grids[seat].name)}{chance.randint(1, 18)}号楼",
    }
    return PartyData(
        side, world.names.name(old=chance.random() < 0.4), world.names.phone(), None, more | _trait(chance)
    )


def _trait(chance: random.Random) -> dict[str, Any]:
    more: dict[str, Any] = {"occupation": chance.choice(words.OCCUPATIONS)}
    return more | ({"birth_year": chance.randint(1942, 1998)} if chance.random() < 0.4 else {})


def party_of(side: str, user: User, chance: random.Random) -> PartyData:
    """Return a party who has an account."""
    more = {"sex": chance.choice("FM"), "address": user.address} | _trait(chance)
    return PartyData(side, user.name, user.phone, user, more)


def _other_side(world: World, chance: random.Random, case: Case, seat: str, one: PartyData) -> PartyData:
    """Return the other side: a firm, a child with its guardian, or a neighbour; one in so many sends an agent."""
    if case.body:
        more = {"is_body": True, "address": f"{short(world.grids[seat].name)}底商"}
        agent = chance.random() < 0.5
        party = PartyData("respondent", case.body, world.names.phone(), None, more)
    elif case.child:
        year = timezone.localdate().year - chance.randint(7, 15)
        more = {
            "sex": chance.choice("FM"),
            "birth_year": year,
            "is_minor": True,
            "guardian": world.names.name(),
            "occupation": "学生",
        }
        return PartyData("respondent", world.names.name(), world.names.phone(), None, more)
    else:
        agent = chance.random() < 0.08
        party = _somebody(world, chance, seat, "respondent", {one.phone})
    if agent:
        party.more |= {"agent": world.names.name(), "agent_power": words.POWER}
    return party
