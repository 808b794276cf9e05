"""Care plans for tests: a resident behind a door, and a plan for her as a community's worker makes it."""

import itertools
from datetime import date, timedelta

from django.utils import timezone

from governance.models import User
from grids.models import CareDevice, CarePlan, Household, Resident
from grids.services import care
from grids.services.care.plans import Agreement, Contact
from tests import factories

_serial = itertools.count(1)


def make_resident(code: str = factories.BASE, *, entrance=None, **fields) -> Resident:
    """Make somebody who lives alone in a room of her own."""
    door = entrance or factories.make_entrance(code)
    household = Household.objects.create(grid_id=door.grid_id, entrance=door, room=f"甲{next(_serial)}01")
    fields.setdefault("name", "李桂兰")
    fields.setdefault("phone", factories.make_phone())
    return Resident.objects.create(grid_id=door.grid_id, household=household, **fields)


def agreement(days: int = 180, **fields) -> Agreement:
    """Return a consent of today."""
    today = timezone.localdate()
    return Agreement(
        until=fields.pop("until", today + timedelta(days=days)), on=fields.pop("on", today), **fields
    )


def make_plan(
    code: str = factories.BASE, *, by: User | None = None, worker: User | None = None, resident=None, **fields
) -> CarePlan:
    """Make a weekly plan that one grid worker answers for, unless the fields say otherwise."""
    by = by or factories.make_staff("community_worker", code[:12])
    worker = worker or factories.make_staff("grid_worker", code)
    plan = care.open_plan(
        resident or make_resident(code),
        by=by,
        colour=fields.pop("colour", "yellow"),
        purpose=fields.pop("purpose", "约好每周看一次"),
        agreement=fields.pop("agreement", None) or agreement(),
        items=fields.pop("items", ["精神状态", "水电气"]),
        carers=fields.pop("carers", [worker]),
        contacts=fields.pop("contacts", ()),
    )
    if fields:
        CarePlan.objects.filter(pk=plan.pk).update(**fields)
        plan.refresh_from_db()
    return plan


def neighbour(phone: str, name: str = "赵大妈") -> Contact:
    """Return a neighbour as typed."""
    return Contact("neighbour", name, phone, "对门")


def family(phone: str = "", name: str = "王小丽") -> Contact:
    """Return a daughter as typed."""
    return Contact("family", name, phone or factories.make_phone(), "女儿")


def make_device(plan: CarePlan, *, by: User | None = None, serial: str = "") -> tuple[CareDevice, str]:
    """Bind a button to a plan; returns it with its key."""
    return care.bind_device(
        plan, by=by or plan.by, serial=serial or f"SOS-{next(_serial)}", spot="床头", consent="person",
        consent_on=timezone.localdate(),
    )  # fmt: skip


def days_ago(days: int) -> date:
    """Return a day before today."""
    return timezone.localdate() - timedelta(days=days)
