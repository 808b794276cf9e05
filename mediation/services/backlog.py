"""Putting a backlog matter under supervision, and what a year has taken up; what happens to one afterwards is the table's
(mediation/flow/backlog.py)."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from governance import parameters
from governance.deadlines import check_last_day, end_of
from governance.flow import Clock, NotYours, Refused
from governance.models import Unit, User
from governance.models.matters import Channel
from governance.territory import GridLevel, lineage
from grids.models import Grid
from mediation.flow import BACKLOGS
from mediation.models import Backlog, Dispute
from mediation.models.backlog import DONE, stands_at


@transaction.atomic
def open_backlog(
    *,
    by: User,
    grid: Grid,
    title: str,
    description: str,
    year: int,
    supervisor: str,
    unit: Unit,
    due_on: date,
    dispute: Dispute | None = None,
) -> Backlog:
    """Put an old problem of a community under supervision (挂牌督办) and tell the lead unit and the street.

    ``by`` decides for the district that the community ``grid`` lies in; ``unit`` is a department there; ``due_on`` is its last
    day; ``dispute`` one that ``by`` may view. Raises NotYours, Refused at the field it concerns, or ValidationError.
    """
    if not stands_at(GridLevel.DISTRICT, by, "direct", grid.code):
        raise NotYours
    if grid.is_retired or grid.grid_level is not GridLevel.COMMUNITY:
        raise Refused("请选择一个社区。", "grid")
    if not unit.is_active or not leading_units(grid.code).filter(pk=unit.pk).exists():
        raise Refused("这个单位已停用或不在本区，请另选。", "unit")
    if year not in years():
        raise Refused("请选择去年、今年或者明年。", "year")
    if dispute is not None and not by.may("view", dispute):
        raise Refused("没有这个编号的纠纷，或者您不能查看。", "dispute")
    check_last_day(due_on, timezone.localdate())
    backlog = Backlog(
        grid=grid,
        title=title.strip(),
        description=description.strip(),
        year=year,
        supervisor=supervisor.strip(),
        unit=unit,
        dispute=dispute,
        channel=Channel.UPPER,
        placed_by=by,
    )
    return BACKLOGS.open_matter(
        backlog,
        by=by,
        label="挂牌督办",
        tell=("lead", "street"),
        clock=Clock(start=lambda change: end_of(due_on)),
    )


def leading_units(code: str):
    """Return the units that may lead at a place: the departments over its district."""
    departments = Unit.objects.filter(is_active=True, kind=Unit.Kind.DEPARTMENT)
    return departments.filter(grid__in=lineage(code[: GridLevel.DISTRICT])).order_by("code")


def years() -> range:
    """Return the years for which a matter may be taken up now."""
    this = timezone.localdate().year
    return range(this - 1, this + 2)


@dataclass(frozen=True)
class Taken:
    """One community that a year has taken up: how many of its matters, and how many of them are settled and verified."""

    code: str
    name: str
    total: int
    done: int


def taken_up(user: User, year: int) -> list[Taken]:
    """Return the communities that a year has taken up within a person's reach. One query."""
    rows = (
        Backlog.objects.restrict(user)
        .of_year(year)
        .order_by()
        .values("grid", "grid__name")
        .annotate(total=Count("pk"), done=Count("pk", filter=Q(status__in=DONE)))
        .order_by("grid")
    )
    return [Taken(row["grid"], row["grid__name"], row["total"], row["done"]) for row in rows]


def usual_number() -> int:
    """Return how many communities a year usually takes up. A hint, never a limit."""
    return parameters.value("mediation.backlog_communities")
