"""The transition table of a secretary's project: 申报 - 批准 - 实施 - 报验 - 验收."""

from datetime import date, datetime, time

from django.utils import timezone

from governance import files, parameters, worktime
from governance.deadlines import climb_all, escalate_action
from governance.flow import Action, Change, Clock, Flow, Refused, on_tick
from governance.models import User
from parties.models import (
    Milestone,
    ProjectPhoto,
    ProjectStatus,
    SecretaryProject,
    SecretaryProjectStep,
)

S = ProjectStatus
MOST_STEPS = 12


def decided_within(change: Change) -> datetime:
    """Return by when the superior decides."""
    return worktime.add_days(change.now, parameters.value("projects.decide_days"))


DECIDE_CLOCK = Clock(start=decided_within)


def carried_out_by(change: Change) -> datetime:
    """Return the end of the planned last day, at least ten working days ahead."""
    day = timezone.make_aware(datetime.combine(change.matter.until, time(23, 59)))
    return max(day, worktime.add_days(change.now, 10))


RUN_CLOCK = Clock(start=carried_out_by)


# --- who ---------------------------------------------------------------------------------------------------------------
def for_secretary(change: Change) -> None:
    """The guard of what the project's own organisation does. Raises Refused for everyone else."""
    if not change.matter.is_of(change.actor):
        raise Refused(f"由“{change.matter.organisation}”的书记{change.action.label}。")


def is_of_secretary(project: SecretaryProject, user: User) -> bool:
    """The ``ready`` that goes with ``for_secretary``."""
    return project.is_of(user)


def for_superior(change: Change) -> None:
    """The guard of what the superior decides; nobody decides about a project of her own."""
    if not change.matter.is_decided_by(change.actor):
        raise Refused(f"由上级党组织{change.action.label}；本人申报的由他人办理。")


def is_of_superior(project: SecretaryProject, user: User) -> bool:
    """The ``ready`` that goes with ``for_superior``."""
    return project.is_decided_by(user)


# --- what --------------------------------------------------------------------------------------------------------------
def check_plan(steps: list[tuple[date, str]]) -> None:
    """Raise Refused at ``steps`` for a plan that is empty, too long or has no words."""
    if not 1 <= len(steps) <= MOST_STEPS:
        raise Refused(f"请写 1 到 {MOST_STEPS} 个步骤，一行一个，先写日期。", "steps")
    for day, words in steps:
        if not isinstance(day, date) or not words.strip() or len(words) > 120:
            raise Refused("每一步写日期和 120 字以内的内容，例如“2026-12-10 入户了解情况”。", "steps")


def write_plan(project: SecretaryProject, steps: list[tuple[date, str]]) -> None:
    """Put the planned steps in the place of those that are there and not done."""
    check_plan(steps)
    project.milestones.filter(done_on=None).delete()
    Milestone.objects.bulk_create(
        Milestone(project=project, due_on=day, words=words.strip()) for day, words in steps
    )


def amend(change: Change) -> None:
    """Take in the corrected project and its plan."""
    project: SecretaryProject = change.matter
    for name, words in (("title", "项目名称"), ("description", "要达到的目标")):
        if name in change.data:
            if not str(change.data[name]).strip():
                raise Refused(f"请填写{words}。", name)
            setattr(project, name, str(change.data[name]).strip())
    if "until" in change.data:
        project.until = check_until(change.data["until"])
    if "steps" in change.data:
        write_plan(project, change.data["steps"])


def check_until(day: date | None) -> date:
    """Return the planned last day. Raises Refused at ``until`` for one that is past or years ahead."""
    today = timezone.localdate()
    if not isinstance(day, date) or not today < day <= date(today.year + 2, 12, 31):
        raise Refused("请填写今天以后、后年年底以前的日期。", "until")
    return day


def tick_off(change: Change) -> None:
    """Note one planned step as done, with words and pictures."""
    chosen = change.data.get("milestone")
    key = getattr(chosen, "pk", chosen)
    step = change.matter.milestones.filter(pk=key, done_on=None).first() if key else None
    if step is None:
        raise Refused("请选择还没有完成的步骤。", "milestone")
    day = change.data.get("done_on") or timezone.localdate()
    if not timezone.localdate(change.matter.opened_at) <= day <= timezone.localdate():
        raise Refused("请填写申报以后、今天或以前的日期。", "done_on")
    if len(change.note) > 500:
        raise Refused("完成情况不能超过 500 字。", "note")
    step.done_on, step.told = day, change.note
    step.save(update_fields=["done_on", "told"])
    change.kept["milestone"] = step.pk
    attach(change, step)


def attach(change: Change, step: Milestone | None = None) -> None:
    """Keep the pictures that came with an action."""
    if uploads := change.data.get("photos"):
        files.attach(ProjectPhoto, uploads, by=change.actor, project=change.matter, milestone=step)
        change.kept["photos"] = len(uploads)


def report(change: Change) -> None:
    """Report the result once every step is done."""
    left = change.matter.milestones.filter(done_on=None).count()
    if left:
        raise Refused(f"还有 {left} 个步骤没有完成，请先逐项登记；不再做的，请退回修改计划。")
    change.matter.result = change.note
    attach(change)


RUNNING = frozenset({S.RUNNING})
PROJECTS = Flow(
    SecretaryProject,
    SecretaryProjectStep,
    S.PROPOSED,
    [
        Action(
            "approve",
            "批准",
            frozenset({S.PROPOSED}),
            S.RUNNING,
            needs="decide",
            guard=for_superior,
            ready=is_of_superior,
            clock=RUN_CLOCK,
            tell=("secretary",),
            news="项目已批准，可以实施",
        ),
        Action(
            "return_back",
            "退回修改",
            frozenset({S.PROPOSED}),
            S.RETURNED,
            needs="decide",
            guard=for_superior,
            ready=is_of_superior,
            reason=True,
            clock=Clock(stop=True),
            tell=("secretary",),
            news="请修改后再报",
        ),
        Action(
            "amend",
            "修改再报",
            frozenset({S.PROPOSED, S.RETURNED}),
            S.PROPOSED,
            needs="propose",
            guard=for_secretary,
            ready=is_of_secretary,
            effect=amend,
            clock=DECIDE_CLOCK,
            tell=("superior",),
            news="修改后再次申报",
        ),
        Action(
            "tick_off",
            "登记完成一步",
            RUNNING,
            needs="propose",
            guard=for_secretary,
            effect=tick_off,
            ready=lambda project, user: (
                project.is_of(user) and project.milestones.filter(done_on=None).exists()
            ),
            reason=True,
            asks="完成情况",
            tell=("superior",),
            news="完成了一个步骤",
        ),
        Action(
            "report",
            "报请验收",
            RUNNING,
            S.REPORTED,
            needs="propose",
            guard=for_secretary,
            effect=report,
            ready=lambda project, user: (
                project.is_of(user) and not project.milestones.filter(done_on=None).exists()
            ),
            reason=True,
            asks="成效",
            clock=DECIDE_CLOCK,
            tell=("superior",),
            hint="写明解决了什么问题、群众是否满意",
            news="请验收",
        ),
        Action(
            "accept",
            "验收通过",
            frozenset({S.REPORTED}),
            S.DONE,
            needs="decide",
            guard=for_superior,
            ready=is_of_superior,
            tell=("secretary",),
            news="项目已通过验收",
        ),
        Action(
            "send_back",
            "验收未通过",
            frozenset({S.REPORTED}),
            S.RUNNING,
            needs="decide",
            guard=for_superior,
            ready=is_of_superior,
            reason=True,
            danger=True,
            clock=RUN_CLOCK,
            tell=("secretary",),
            news="验收未通过，请继续",
        ),
        Action(
            "replan",
            "退回修改计划",
            RUNNING,
            S.RETURNED,
            needs="decide",
            guard=for_superior,
            ready=is_of_superior,
            reason=True,
            clock=Clock(stop=True),
            tell=("secretary",),
            hint="情况变了、有的步骤不再做的，退回书记改计划",
            news="请修改计划后再报",
        ),
        Action(
            "withdraw",
            "撤销项目",
            frozenset({S.PROPOSED, S.RETURNED, S.RUNNING}),
            S.WITHDRAWN,
            needs="propose",
            guard=for_secretary,
            ready=is_of_secretary,
            reason=True,
            danger=True,
            tell=("superior",),
            news="项目已撤销",
        ),
        escalate_action(frozenset({S.PROPOSED, S.RUNNING, S.REPORTED}), "parties.decide_secretaryproject"),
    ],
    final=frozenset({S.DONE, S.WITHDRAWN}),
)


@on_tick
def climb_projects(now: datetime) -> int:
    """Tell the next level about projects that are late."""
    return climb_all(PROJECTS, now)
