"""Setting tasks: key tasks of a year, and what a conference resolved; what happens to one afterwards is the table's
(parties/flow/tasks.py)."""

from collections.abc import Iterable
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils import timezone

from governance.constraints import sentence
from governance.deadlines import check_last_day, end_of
from governance.flow import Clock, NotYours, Refused
from governance.models import Unit, User
from governance.models.matters import Channel
from governance.permissions import look_again
from governance.territory import COLUMN, GridLevel, covers, level_of, lineage
from grids.models import Grid
from parties.flow import TASKS
from parties.models import Conference, Task
from parties.models.tasks import directs
from parties.services.conferences import KINDS

MOST_HELPERS = 30


@transaction.atomic
def set_task(
    *,
    by: User,
    unit: Unit,
    title: str,
    due_on: date,
    setter: Grid | None = None,
    conference: Conference | None = None,
    year: int | None = None,
    serial: int | None = None,
    area: str = "",
    description: str = "",
    owner: str = "",
    helpers: Iterable[Unit] = (),
) -> Task:
    """Set a task and tell the units: what ``conference`` resolved, or without one a key task of the place ``setter``.

    ``by`` decides for that place; ``unit`` lies over it or below it and says where it is carried out; ``year`` and ``serial``
    number a key task, the next where no ``serial`` is given. Raises NotYours, Refused at the field it concerns, or
    ValidationError.
    """
    place = conference.grid if conference is not None else setter
    if place is None or not directs(by, place.code):
        raise NotYours
    if conference is not None:
        _check_conference(conference, by)
        year, serial, area = timezone.localtime(conference.held_at).year, None, ""
    else:
        _check_key(place, year, area)
    helpers = [each for each in helpers if each.pk != unit.pk]
    grid = _carried_out_at(place, unit, helpers)
    check_last_day(due_on, timezone.localdate())
    if conference is None and serial is None:
        serial = next_serial(place.code, year)
    task = Task(
        grid=grid,
        setter=place,
        kind=Task.Kind.RESOLUTION if conference is not None else Task.Kind.KEY,
        conference=conference,
        title=title.strip(),
        description=description.strip(),
        year=year,
        serial=serial,
        area=area.strip(),
        unit=unit,
        unit_ids=sorted({unit.pk, *(each.pk for each in helpers)}),
        owner=owner.strip(),
        due_on=due_on,
        channel=Channel.UPPER,
        placed_by=by,
    )
    try:
        with transaction.atomic():
            return TASKS.open_matter(
                task,
                by=by,
                label="登记议定事项" if conference is not None else "交办重点任务",
                tell=("lead", "helpers"),
                clock=Clock(start=lambda change: end_of(due_on)),
                check=lambda made: look_again(by, made),
            )
    except IntegrityError as error:
        words = sentence(error)
        raise Refused(words or "与已有的任务冲突，请检查。", "title" if conference else "serial") from error


def _check_conference(conference: Conference, by: User) -> None:
    if not by.may("view", conference):
        raise NotYours
    if conference.state not in ("held", "recorded"):
        raise Refused("会议还没有开，或者已经取消，没有议定事项。")


def _check_key(place: Grid, year: int | None, area: str) -> None:
    if place.is_retired or place.grid_level > GridLevel.COMMUNITY:
        raise Refused("重点任务由区、街道或社区交办。", "setter")
    if year not in years():
        raise Refused("请选择去年、今年或者明年。", "year")
    if not area.strip():
        raise Refused("请填写工作领域。", "area")


def _carried_out_at(place: Grid, unit: Unit, helpers: list[Unit]) -> Grid:
    """Return where a task is carried out: at the place that set it, or at the unit's where that lies below. Raises Refused."""
    if not unit.is_active or unit.kind not in KINDS:
        raise Refused("这个单位已停用或者不承办任务，请另选。", "unit")
    if covers(place.code, unit.grid_id):
        grid = unit.grid
    elif unit.grid_id in lineage(place.code):
        grid = place
    else:
        raise Refused("这个单位不在您的范围里，请另选。", "unit")
    if len(helpers) > MOST_HELPERS:
        raise Refused(f"配合单位最多 {MOST_HELPERS} 个。", "helpers")
    for each in helpers:
        if not each.is_active or each.kind not in KINDS or each.grid_id not in lineage(grid.code):
            raise Refused(f"“{each}”看不到{grid}的任务，不能配合，请去掉。", "helpers")
    return grid


def lead_units(code: str):
    """Return the units that may answer for a task set at a place: those over it, its own and those below."""
    near = Q(grid__in=lineage(code)) | Q(**{COLUMN[level_of(code)]: code})
    return Unit.objects.filter(near, is_active=True, kind__in=KINDS).order_by("kind", "code")


def helping_units(code: str):
    """Return the units that may assist wherever a task set at a place is carried out: those over it and its own."""
    return Unit.objects.filter(grid__in=lineage(code), is_active=True, kind__in=KINDS).order_by(
        "kind", "code"
    )


def next_serial(code: str, year: int) -> int:
    """Return the number that follows the last key task of a place and a year."""
    last = Task.objects.filter(setter=code, year=year).aggregate(last=Max("serial"))["last"]
    return (last or 0) + 1


def years() -> range:
    """Return the years for which a key task may be set now."""
    this = timezone.localdate().year
    return range(this - 1, this + 2)


def set_tasks_at(user: User) -> list[str]:
    """Return the nodes whose tasks a person sets: those of her posts that do, the highest first."""
    held = {
        p.code
        for p in user.posts_with("parties.direct_task")
        if p.unit_id is None and len(p.code) <= GridLevel.COMMUNITY
    }
    return sorted(held, key=lambda code: (len(code), code))
