"""Households, residents and premises for tests, by way of the services."""

import itertools
from datetime import timedelta

from django.utils import timezone

from governance.models import User
from grids.models import CareNeed, Entrance, Household, Premises, Resident, Visit
from grids.services import register, visits
from tests import factories

_serial = itertools.count(101)


def make_household(door: Entrance | None = None, *, by: User, **fields) -> Household:
    """Enter a household behind a door, a new one where none is given."""
    door = door or factories.make_entrance()
    given = {"room": str(next(_serial)), **fields}
    return register.keep_household(Household(entrance=door, **given), by=by)


def make_resident(household: Household, *, by: User, **fields) -> Resident:
    """Enter a resident who was told of it today."""
    given = {"name": "赵玉兰", "phone": factories.make_phone(), **fields}
    return register.keep_resident(Resident(household=household, **given), by=by)


def make_care_need(resident: Resident, *, by: User, **fields) -> CareNeed:
    """Record a care need that the resident agreed to."""
    given = {
        "kind": "alone", "words": "夜里要人照看", "purpose": "每周上门看望", "consent": "person",
        "until": timezone.localdate() + timedelta(days=90), **fields,
    }  # fmt: skip
    return register.keep_care_need(CareNeed(resident=resident, **given), by=by)


def make_premises(code: str = factories.BASE, *, by: User, **fields) -> Premises:
    """Enter a shop of a base grid."""
    given = {
        "name": f"便民超市{next(_serial)}",
        "contact_name": "钱掌柜",
        "contact_phone": factories.make_phone(),
        **fields,
    }
    return register.keep_premises(Premises(grid_id=code, **given), by=by)


def make_visit(target: Household | Premises, *, by: User, **fields) -> Visit:
    """Record a visit that met somebody."""
    given = {"outcome": "met", "token": f"t{next(_serial)}", **fields}
    visit, _ = visits.record_visit(target, by=by, **given)
    return visit
