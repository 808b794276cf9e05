"""Backlog matters in every state for tests, each brought there by the service and the flow."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from governance.models import Unit, User
from mediation.flow import BACKLOGS
from mediation.models import Backlog
from mediation.services.backlog import open_backlog
from tests import factories


def make_backlog(
    code: str = factories.COMMUNITY, *, by: User | None = None, unit: Unit | None = None, **fields: Any
) -> Backlog:
    """Put a backlog matter under supervision, as a justice officer of the district."""
    return open_backlog(
        by=by or factories.make_staff("justice_officer", code[:6]),
        grid=factories.make_grid(code),
        unit=unit or factories.make_unit(code[:6]),
        **{
            "title": "外墙渗水多年未修",
            "description": "楼顶和外墙渗水，维修资金一直没有谈拢。",
            "year": timezone.localdate().year,
            "supervisor": "市级主管部门",
            "due_on": timezone.localdate() + timedelta(days=60),
            **fields,
        },
    )


def run(backlog: Backlog, name: str, by: User, **data: Any) -> Backlog:
    """Carry out one action."""
    return BACKLOGS.run(backlog.pk, name, by=by, **data)


def make_settled(*, officer: User, **fields: Any) -> Backlog:
    """Make one that the lead unit has reported settled."""
    backlog = run(make_backlog(**fields), "receive", officer, note="牵头开协调会")
    return run(backlog, "settle", officer, note="外墙已修好")
