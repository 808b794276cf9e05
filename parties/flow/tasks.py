"""The transition table of a task: 交办 - 接收 - 推进 - 报告完成 - 核实.

While the setter looks whether a task is done no clock runs; sent back, it has the same last day as before.
"""

from datetime import datetime

from django.db.models import F
from django.utils import timezone

from governance import files
from governance.deadlines import end_of, later_day, remind_of
from governance.flow import STOP, Action, AlreadyDone, Change, Clock, Flow, Refused, on_tick
from governance.models import User
from governance.templatetags.ui import cn_date
from parties.models import Task, TaskPhoto, TaskStatus, TaskStep

S = TaskStatus
FINAL = frozenset({S.DONE, S.WITHDRAWN})
#: The unit has it in hand, and the clock runs.
AT_WORK = frozenset({S.ASSIGNED, S.HANDLING})
ONGOING = AT_WORK | {S.REPORTED}


# --- who ---------------------------------------------------------------------------------------------------------------
def for_unit(change: Change) -> None:
    """The guard of what the unit does that answers for it. Raises Refused for everyone else."""
    if not is_of_unit(change.matter, change.actor):
        raise Refused(f"这项任务由{change.matter.unit}负责，由该单位{change.action.label}。")


def is_of_unit(task: Task, user: User) -> bool:
    """The ``ready`` that goes with ``for_unit``."""
    return task.is_of(user)


def for_helpers(change: Change) -> None:
    """The guard of what the assisting units add."""
    if not is_of_helpers(change.matter, change.actor):
        raise Refused("配合情况由配合单位填写。")


def is_of_helpers(task: Task, user: User) -> bool:
    """The ``ready`` that goes with ``for_helpers``."""
    return task.is_assisted_by(user)


def for_setter(change: Change) -> None:
    """The guard of what the setter decides: nobody of the unit does."""
    if not is_of_setter(change.matter, change.actor):
        raise Refused(
            f"由交办的{change.matter.setter}{change.action.label}，责任单位的人不能自己办理这一步。"
        )


def is_of_setter(task: Task, user: User) -> bool:
    """The ``ready`` that goes with ``for_setter``."""
    return task.is_set_by(user)


def for_another(change: Change) -> None:
    """The guard of looking whether it is done: the setter, and not who reported it."""
    for_setter(change)
    if change.matter.reported_by_id == change.actor.pk:
        raise Refused("您自己报告完成的任务，请由别人核实。")


def is_another_of_setter(task: Task, user: User) -> bool:
    """The ``ready`` that goes with ``for_another``."""
    return task.reported_by_id != user.pk and task.is_set_by(user)


# --- what --------------------------------------------------------------------------------------------------------------
def receive(change: Change) -> None:
    """Take it in, with what is going to be done."""
    change.matter.measures = change.note


def progress(change: Change) -> None:
    """Report how far it has come, with pictures or scans where there are some."""
    keep_photos(change, TaskPhoto.Stage.PROGRESS)


def report(change: Change) -> None:
    """Report it done, with pictures or scans where there are some."""
    task: Task = change.matter
    task.result, task.reported_by = change.note, change.actor
    task.reported_on = timezone.localdate(change.now)
    keep_photos(change, TaskPhoto.Stage.RESULT)


def keep_photos(change: Change, stage: str) -> None:
    """Keep the pictures that came with an action."""
    if uploads := change.data.get("photos"):
        files.attach(TaskPhoto, uploads, by=change.actor, task=change.matter, stage=stage)
        change.kept["photos"] = len(uploads)


def extend(change: Change) -> None:
    """Set a later last day."""
    task: Task = change.matter
    before, task.due_on = task.due_on, later_day(change, task.due_on)
    task.extensions += 1
    change.note = f"{change.note}（由 {cn_date(before)} 延到 {cn_date(task.due_on)}）"[:1000]


def last_day(change: Change) -> datetime:
    """Return the end of the task's last day."""
    return end_of(change.matter.due_on)


def tell_overdue(change: Change) -> None:
    """Remind the units and the setter, once for each last day."""
    task: Task = change.matter
    if task.reminded_for == task.due_on:
        raise AlreadyDone
    task.reminded_for = task.due_on
    change.note = "已超过完成期限。"


TASKS = Flow(
    Task,
    TaskStep,
    S.ASSIGNED,
    [
        # --- the unit that answers for it ---
        Action(
            "receive",
            "接收",
            frozenset({S.ASSIGNED}),
            S.HANDLING,
            needs="handle",
            guard=for_unit,
            effect=receive,
            ready=is_of_unit,
            reason=True,
            asks="工作措施",
            tell=("setter",),
            hint="写明打算怎么做、谁负责",
            news="责任单位已接收",
        ),
        Action(
            "progress",
            "报告进展",
            frozenset({S.HANDLING}),
            needs="handle",
            guard=for_unit,
            effect=progress,
            ready=is_of_unit,
            reason=True,
            asks="进展",
            tell=("setter",),
            hint="可以多次报告，可以附照片或扫描件",
            news="责任单位有新进展",
        ),
        Action(
            "report",
            "报告完成",
            frozenset({S.HANDLING}),
            S.REPORTED,
            needs="handle",
            guard=for_unit,
            effect=report,
            ready=is_of_unit,
            clock=STOP,
            reason=True,
            asks="完成情况",
            tell=("setter",),
            hint="办完了再报，由交办的核实",
            news="责任单位报告已完成，请核实",
        ),
        # --- the units that assist ---
        Action(
            "assist",
            "填写配合情况",
            ONGOING,
            needs="handle",
            guard=for_helpers,
            ready=is_of_helpers,
            reason=True,
            asks="配合情况",
            tell=("lead", "setter"),
            hint="本单位做了什么",
            news="配合单位填写了配合情况",
        ),
        # --- whoever set it ---
        Action(
            "verify_pass",
            "核实通过",
            frozenset({S.REPORTED}),
            S.DONE,
            needs="direct",
            guard=for_another,
            ready=is_another_of_setter,
            tell=("lead", "helpers"),
            hint="确已完成",
            news="核实通过，任务完成",
        ),
        Action(
            "send_back",
            "退回再办",
            frozenset({S.REPORTED}),
            S.HANDLING,
            needs="direct",
            guard=for_another,
            ready=is_another_of_setter,
            clock=Clock(start=last_day),
            reason=True,
            tell=("lead",),
            danger=True,
            hint="没有完成的，退回责任单位，期限不变",
            news="核实未通过，请继续办理",
        ),
        Action(
            "extend",
            "延长期限",
            AT_WORK,
            needs="direct",
            guard=for_setter,
            effect=extend,
            ready=is_of_setter,
            clock=Clock(start=last_day),
            reason=True,
            tell=("lead", "helpers"),
            news="完成期限已延长",
        ),
        Action(
            "withdraw",
            "撤回任务",
            ONGOING,
            S.WITHDRAWN,
            needs="direct",
            guard=for_setter,
            ready=is_of_setter,
            reason=True,
            tell=("lead", "helpers"),
            danger=True,
            hint="交办错了，或者不再办的",
            news="任务已撤回，不再办理",
        ),
        Action(
            "tell_overdue",
            "超期提醒",
            AT_WORK,
            effect=tell_overdue,
            tell=("lead", "helpers", "setter"),
            news="已超过完成期限，请抓紧办理",
            system=True,
            hidden=True,
        ),
    ],
    final=FINAL,
)


@on_tick
def remind(now: datetime) -> int:
    """Write the reminders of what has become overdue; returns how many."""
    due = Task.objects.ongoing().filter(due_at__lte=now, status__in=AT_WORK).order_by("pk")
    due = due.exclude(reminded_for=F("due_on"), reminded_for__isnull=False)
    return remind_of(TASKS, due.values_list("pk", flat=True)[:500], "tell_overdue")
