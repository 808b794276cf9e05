"""Joint committees, conferences and tasks for tests, each brought there by the services and the flow."""

import itertools
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from governance.models import Unit, User
from parties.flow import TASKS
from parties.models import Conference, JointCommittee, Organisation, PartTimeMember, Task
from parties.services.conferences import keep_conference
from parties.services.joint import keep_committee, keep_part_time
from parties.services.tasks import set_task
from tests import factories, party

_serial = itertools.count(1)


def make_joint(organisation: Organisation | None = None, *, by: User | None = None) -> JointCommittee:
    """Make the joint committee of a community's (or a street's) organisation."""
    organisation = organisation or party.make_committee()
    return keep_committee(JointCommittee(organisation=organisation), by=by or party.make_officer())


def make_part_time(
    committee: JointCommittee | None = None, *, by: User | None = None, **fields: Any
) -> PartTimeMember:
    """Make a part-time member of a joint committee."""
    member = PartTimeMember(
        committee=committee or make_joint(),
        **{"name": f"委员{next(_serial)}", "employer": "和苑小学", "duty": "副校长", **fields},
    )
    return keep_part_time(member, by=by or party.make_officer())


def make_conference(
    code: str = factories.COMMUNITY,
    *,
    by: User | None = None,
    units: Iterable[Unit] = (),
    members: Iterable[PartTimeMember] = (),
    **fields: Any,
) -> Conference:
    """Make a conference that was held yesterday."""
    conference = Conference(
        grid=factories.make_grid(code),
        **{
            "title": f"第{next(_serial)}次联席会议",
            "held_at": timezone.now() - timedelta(days=1),
            "venue": "二楼会议室",
            "chair": "王书记",
            "agenda": ["楼道照明", "停车"],
            **fields,
        },
    )
    return keep_conference(conference, by=by or party.make_officer(), units=units, members=members)


def _usual(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": f"装好楼前路灯{next(_serial)}",
        "due_on": timezone.localdate() + timedelta(days=30),
        **fields,
    }


def make_resolution(conference: Conference | None = None, *, by: User, unit: Unit, **fields: Any) -> Task:
    """Make what a conference resolved."""
    conference = conference or make_conference()
    return set_task(by=by, conference=conference, unit=unit, **_usual(fields))


def make_key_task(code: str = factories.DISTRICT, *, by: User, unit: Unit, **fields: Any) -> Task:
    """Make a key task of this year."""
    fields = {"year": timezone.localdate().year, "area": "民生服务", **fields}
    return set_task(by=by, setter=factories.make_grid(code), unit=unit, **_usual(fields))


def run(task: Task, name: str, by: User, **data: Any) -> Task:
    """Carry out one action."""
    return TASKS.run(task.pk, name, by=by, **data)


def make_reported(task: Task, officer: User) -> Task:
    """Let the unit take a task in and report it done."""
    return run(run(task, "receive", officer, note="排期施工"), "report", officer, note="路灯都亮了")
