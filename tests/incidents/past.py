"""Past days for tests of figures: incidents, closings and calls back written as a flow would have left them then."""

import random
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from incidents.models import Callback, Closing, Incident, MajorClass
from incidents.models.incidents import IncidentStatus as S
from tests import factories


def at(day: int, hour: int = 12, month: int = 3) -> datetime:
    """Return a moment of 2026 in local time."""
    return datetime.combine(date(2026, month, day), time(hour), timezone.get_default_timezone())


class World:
    """Incidents, closings and calls back written as a flow would have left them, on past days."""

    def __init__(self) -> None:
        factories.make_territory()
        self.person = factories.make_staff("seat_operator", factories.DISTRICT)
        self.minor = factories.make_minor()
        self.serial = 0

    def incident(self, code: str = factories.BASE, opened_at: datetime | None = None, **fields) -> Incident:
        self.serial += 1
        return Incident.objects.create(
            **{
                "grid_id": code,
                "title": "垃圾",
                "number": f"SJ-{self.serial}",
                "minor_class": self.minor,
                "opened_at": opened_at or at(10),
                "status": S.REPORTED,
                **fields,
            }
        )

    def closing(self, incident: Incident, when: datetime, on_time: bool, **fields) -> Closing:
        return Closing.objects.create(
            **{
                "incident": incident,
                "grid_id": incident.grid_id,
                "at": when,
                "opened_at": incident.opened_at,
                "handled_at": when,
                "on_time": on_time,
                "minor_class": incident.minor_class,
                "unit": incident.unit,
                "channel": incident.channel,
                "verified_by": self.person,
                **fields,
            }
        )

    def callback(self, incident: Incident, when: datetime, satisfaction: int | None, **fields) -> Callback:
        return Callback.objects.create(
            **{
                "incident": incident,
                "grid_id": incident.grid_id,
                "at": when,
                "by": self.person,
                "reached": satisfaction is not None,
                "solved": None if satisfaction is None else satisfaction > 2,
                "satisfaction": satisfaction,
                "minor_class": incident.minor_class,
                "unit": incident.unit,
                "channel": incident.channel,
                **fields,
            }
        )


def scattered(world: World, number: int, seed: int) -> None:
    """Fill the world with rows of every kind, at random."""
    chance = random.Random(seed)
    other = MajorClass.objects.create(code="02", name="公共设施")
    minors = [world.minor, factories.make_minor(), factories.make_minor(major=other)]
    units = [factories.make_unit(), factories.make_unit(factories.COMMUNITY), None]
    codes = [
        factories.BASE,
        factories.NEIGHBOUR_BASE,
        factories.FAR_BASE,
        factories.COMMUNITY,
        factories.STREET,
    ]
    statuses = [status for status in S if status != S.MERGED]
    for _ in range(number):
        opened = at(chance.randint(1, 31), chance.randint(0, 23))
        opened -= timedelta(days=chance.choice((0, 0, 0, 9, 40)))
        status, unit = chance.choice(statuses), chance.choice(units)
        worker = world.person if unit is None else None

        def maybe(hours: int, opened=opened) -> datetime | None:
            return opened + timedelta(hours=chance.randint(0, hours)) if chance.random() < 0.7 else None

        ended = status in (S.CLOSED, S.RATED, S.REJECTED, S.WITHDRAWN, S.REFERRED)
        incident = world.incident(
            chance.choice(codes), opened, status=status, unit=unit, worker=worker,
            minor_class=chance.choice(minors), channel=chance.choice(("hotline", "resident", "worker")),
            accepted_at=maybe(3), dispatched_at=maybe(5), receive_by=maybe(30), received_at=maybe(60),
            respond_by=maybe(72), responded_at=maybe(72), handled_at=maybe(90), returns=chance.randint(0, 1),
            closed_at=opened + timedelta(days=4) if ended else None, due_at=maybe(900),
        )  # fmt: skip
        for turn in range(chance.randint(0, 2)):
            when = opened + timedelta(days=4 + 5 * turn)
            world.closing(incident, when, chance.random() < 0.6)
            if chance.random() < 0.8:
                world.callback(
                    incident, when, chance.choice((None, 1, 2, 3, 4, 5)), counted=chance.random() < 0.8
                )
