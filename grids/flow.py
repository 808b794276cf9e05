"""The transition table of a sweep: 待启动 - 进行中 - 已结束.

Its clock counts hours as they pass, by day and night: an emergency waits for no office. Nobody is cut off by the deadline; a sweep
ends when whoever runs it says so, and what was found until then is frozen.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import F, Q
from django.urls import reverse

from governance import notices, parameters
from governance.flow import Action, AlreadyDone, Change, Clock, Flow, Refused, on_tick
from governance.models import User
from governance.templatetags import ui
from governance.territory import GridLevel, lineage
from grids.models import Sweep, SweepStatus, SweepStep, SweepTarget
from grids.models.sweeps import answerers, starters
from grids.questionnaire import check_form
from grids.reports.sweeps import Counts, frozen, lagging

S = SweepStatus
FINAL = frozenset({S.CLOSED, S.CALLED_OFF})
#: Hours by which a deadline is put off at most, and that a sweep takes at most.
MOST_HOURS, LONGEST = 24 * 30, 24 * 90
#: The first key of the advisory lock that answers share and the closing takes alone.
LOCK = 20261129


def share(sweep: int) -> None:
    """Keep a sweep from being closed until this transaction ends; those who answer do not wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [LOCK, sweep % 2**31])


def hold_alone(sweep: int) -> None:
    """Wait for the answers that are on their way, and keep others out until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, sweep % 2**31])


# --- what ------------------------------------------------------------------------------------------------------------
def amend(change: Change) -> None:
    """Change what it is called, how long it takes, what is covered or what is asked, before it starts."""
    hours = change.data.get("hours", change.matter.hours)
    if not isinstance(hours, int) or not 1 <= hours <= LONGEST:
        raise Refused("时限要在 1 小时到 90 天之间。", "hours")
    for name in ("title", "description", "hours", "selection", "form"):
        if name in change.data:
            setattr(change.matter, name, change.data[name])


def start(change: Change) -> None:
    """Lay out the list and set the clock."""
    sweep: Sweep = change.matter
    try:
        sweep.form = check_form(sweep.form)
    except ValidationError as error:
        raise Refused(f"还不能启动：{error.messages[0]}") from error
    sweep.started_at = change.now
    set_deadline(sweep, change.now + timedelta(hours=sweep.hours))
    sweep.total = SweepTarget.objects.lay_out(sweep)
    if not sweep.total:
        raise Refused(f"这个范围里没有登记的{sweep.get_about_display()}，请改一改范围再启动。")
    change.kept["total"] = sweep.total
    change.note = f"共 {sweep.total} {sweep.measure}，{ui.cn_datetime(sweep.deadline)} 前完成。"
    codes = set(SweepTarget.objects.filter(sweep=sweep).values_list("grid", flat=True).order_by().distinct())
    tell_answerers(change, codes, "请开始排查", change.note)


def set_deadline(sweep: Sweep, deadline: datetime) -> None:
    """Set when it must be finished, and with it when half of the time is over."""
    sweep.deadline = deadline
    sweep.half_at = sweep.started_at + (deadline - sweep.started_at) / 2


def extend(change: Change) -> None:
    """Put the deadline off by so many hours, from now where it has passed."""
    sweep, hours = change.matter, change.data.get("hours")
    if not isinstance(hours, int) or not 1 <= hours <= MOST_HOURS:
        raise Refused(f"请填写延长的小时数，1 到 {MOST_HOURS}。", "hours")
    change.kept["hours"] = hours
    set_deadline(sweep, max(sweep.deadline, change.now) + timedelta(hours=hours))
    change.note = f"{change.note}（延到 {ui.cn_datetime(sweep.deadline)}）"[:1000]
    codes = lagging(sweep, 100)
    tell_answerers(change, codes, "时限已延长", f"延到 {ui.cn_datetime(sweep.deadline)}。")


def remind(change: Change) -> None:
    """Remind those who answer in the grids of which less than so many percent are covered."""
    below = change.data.get("below")
    if not isinstance(below, int) or not 1 <= below <= 100:
        raise Refused("请填写百分比，1 到 100。", "below")
    codes = lagging(change.matter, below)
    if not codes:
        raise Refused(f"各网格都已完成 {below}% 以上，不用提醒。", "below")
    change.kept["grids"] = len(codes)
    told = change.note
    change.note = f"提醒完成不到 {below}% 的 {len(codes)} 个网格。{told}"[:1000]
    tell_answerers(change, codes, "请抓紧排查", told)


def close(change: Change) -> None:
    """Freeze what was found. What was not reached wants a word."""
    sweep: Sweep = change.matter
    hold_alone(sweep.pk)
    sweep.report = frozen(sweep, change.now)
    total = sweep.report["total"]
    if (total["left"] or total["absent"]) and not change.note:
        raise Refused(
            f"还有 {total['left'] + total['absent']} {sweep.measure}没有查到，请写明原因和后续怎么办。",
            "note",
        )


def call_off(change: Change) -> None:
    """End it without a report."""
    hold_alone(change.matter.pk)
    if change.matter.started_at is not None:
        codes = lagging(change.matter, 101)
        tell_answerers(change, codes, "排查已取消，不用再查", change.note)


# --- who is told ---------------------------------------------------------------------------------------------------------
def tell_answerers(change: Change, codes: Iterable[str], news: str, words: str) -> set[int]:
    """Tell those who answer in these base grids; a tap leads to the list on the phone. Returns their keys."""
    sweep: Sweep = change.matter
    codes = set(codes)
    helpers = User.objects.filter(pk__in=sweep.helpers.filter(grid__in=codes).values("user"), is_active=True)
    people = {person.pk: person for person in [*answerers(codes), *helpers] if person.pk != change.actor.pk}
    notices.tell(
        people.values(),
        f"{sweep.get_kind_display()}“{sweep.title}”：{news}",
        body=words,
        number=sweep.number,
        url=reverse("my_sweeps"),
    )
    return set(people)


def tell_lagging(change: Change, rows: dict[str, Counts], news: str) -> None:
    """Tell the people of grids that lag, and those who run sweeps in the communities where they lie."""
    sweep: Sweep = change.matter
    told = tell_answerers(change, rows, news, f"{ui.cn_short(sweep.deadline)} 截止。")
    communities = {code[: GridLevel.COMMUNITY] for code in rows if len(sweep.grid_id) < GridLevel.COMMUNITY}
    others = [person for person in starters(communities) if person.pk not in told]
    change.told.append((others, f"{sweep.title}：本社区有网格还没有查完"))


def tell_half(change: Change) -> None:
    """Half of the time is over: remind the grids that lag, once."""
    sweep: Sweep = change.matter
    if sweep.half_told:
        raise AlreadyDone
    sweep.half_told = True
    rows = lagging(sweep, parameters.value("sweeps.lag_percent"))
    change.kept["grids"] = len(rows)
    change.note = f"时间过半，提醒了 {len(rows)} 个进度落后的网格。" if rows else "时间过半，没有落后的网格。"
    if rows:
        tell_lagging(change, rows, "时间过半，请抓紧")


def tell_due(change: Change) -> None:
    """The deadline has passed: remind the grids that are not through, and tell those who run it and those above, once for each
    deadline."""
    sweep: Sweep = change.matter
    if sweep.told_for == sweep.deadline:
        raise AlreadyDone
    sweep.told_for = sweep.deadline
    rows = lagging(sweep, 100)
    left = sum(counts.total - counts.covered for counts in rows.values())
    change.kept |= {"grids": len(rows), "left": left}
    change.note = (
        f"已到时限，{len(rows)} 个网格还有 {left} {sweep.measure}没有查到。"
        if rows
        else "已到时限，全部查完。"
    )
    if rows:
        tell_lagging(change, rows, "已到时限，还没有查完")
    above = lineage(sweep.grid_id)[-2:]
    people = {person.pk: person for person in [sweep.placed_by, *starters(above)] if person is not None}
    change.told.append((list(people.values()), f"{sweep.title}：{change.note}"))


SWEEPS = Flow(
    Sweep,
    SweepStep,
    S.DRAFT,
    [
        Action(
            "start",
            "启动排查",
            frozenset({S.DRAFT}),
            S.RUNNING,
            effect=start,
            clock=Clock(start=lambda change: change.matter.deadline),
            hint="名单马上生成，各网格都会收到通知",
        ),
        Action("amend", "修改", frozenset({S.DRAFT}), needs="start", effect=amend, hidden=True),
        Action(
            "remind",
            "提醒落后网格",
            frozenset({S.RUNNING}),
            needs="start",
            effect=remind,
            hint="只提醒网格，不给人排名",
        ),
        Action(
            "extend",
            "延长时限",
            frozenset({S.RUNNING}),
            needs="start",
            effect=extend,
            clock=Clock(start=lambda change: change.matter.deadline),
            reason=True,
        ),
        Action(
            "close",
            "结束排查",
            frozenset({S.RUNNING}),
            S.CLOSED,
            needs="start",
            effect=close,
            hint="结束以后不能再填，结果不再变",
            news="排查已结束",
        ),
        Action(
            "call_off",
            "取消排查",
            frozenset({S.DRAFT, S.RUNNING}),
            S.CALLED_OFF,
            needs="start",
            effect=call_off,
            reason=True,
            danger=True,
            hint="发起错了，或者不用查了",
        ),
        Action("tell_half", "过半提醒", frozenset({S.RUNNING}), effect=tell_half, system=True, hidden=True),
        Action("tell_due", "到时提醒", frozenset({S.RUNNING}), effect=tell_due, system=True, hidden=True),
    ],
    final=FINAL,
    yellow=lambda matter, start, due: due - (due - matter.started_at) / 4,
)


@on_tick
def remind_sweeps(now: datetime) -> int:
    """Write the reminders of half the time and of the deadline; returns how many."""
    system, done = User.objects.system(), 0
    running: Any = Sweep.objects.running()
    half = running.filter(half_told=False, half_at__lte=now, deadline__gt=now)
    due = running.filter(deadline__lte=now).exclude(Q(told_for=F("deadline")) & Q(told_for__isnull=False))
    for name, rows in (("tell_half", half), ("tell_due", due)):
        for key in list(rows.order_by("pk").values_list("pk", flat=True)[:500]):
            SWEEPS.run(key, name, by=system)
            done += 1
    return done
