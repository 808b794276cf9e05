"""The transition table of an evaluation: 启动 - 社区打分 - 街道复核 - 公布, and what each action does."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.urls import reverse

from governance import notices, parameters, worktime
from governance.deadlines import escalate_action
from governance.flow import STOP, Action, Change, Clock, Flow, Refused
from governance.models import Unit
from governance.territory import GridLevel
from incidents.flow import scoring
from incidents.models import (
    CommunityScore,
    Deduction,
    Evaluation,
    EvaluationScore,
    EvaluationStatus,
    EvaluationStep,
)
from incidents.models.evaluation import answerers_of

S = EvaluationStatus
FINAL = frozenset({S.PUBLISHED, S.WITHDRAWN})


def _days(name: str) -> Clock:
    def ends(change: Change) -> datetime:
        return worktime.add_days(change.now, parameters.value(f"evaluation.{name}"))

    return Clock(start=ends)


# --- the communities -----------------------------------------------------------------------------------------------------
def community_of(user: Any, evaluation: Evaluation) -> str | None:
    """Return the code of the street's community for which this person may give scores; None where there is none."""
    codes = sorted(
        post.code
        for post in user.posts_with("incidents.give_evaluation")
        if len(post.code) == GridLevel.COMMUNITY and post.code.startswith(evaluation.grid_id)
    )
    return codes[0] if codes else None


def may_give(evaluation: Evaluation, user: Any) -> bool:
    """The ``ready`` of giving scores."""
    return community_of(user, evaluation) is not None


def give(change: Change) -> None:
    """Keep what one community gives the departments (``given``: unit, points 0 to 100, words), instead of what it gave them
    before."""
    code = community_of(change.actor, change.matter)
    if code is None:
        raise Refused("由本街道各社区的书记打分。")
    given: list[tuple[Unit, int, str]] = list(change.data.get("given") or [])
    if not given:
        raise Refused("请至少给一个部门打分。")
    known = {unit.pk: unit for unit in scoring.parties(change.matter)}
    below = parameters.value("evaluation.words_below")
    lines = []
    for unit, points, words in given:
        words = (words or "").strip()
        if unit.pk not in known:
            raise Refused(f"{unit}不在这次考评里。")
        if isinstance(points, bool) or not isinstance(points, int) or not 0 <= points <= 100:
            raise Refused(f"请给{unit}打 0 到 100 的整数分。", f"unit_{unit.pk}")
        if points < below and not words:
            raise Refused(f"给{unit}打 {below} 分以下，请写明说明。", f"unit_{unit.pk}")
        if len(words) > 200:
            raise Refused("说明不超过 200 字。", f"unit_{unit.pk}")
        lines.append((unit, points, words))
    change.kept |= {"community": code, "departments": len(lines)}
    for unit, points, words in lines:
        CommunityScore.objects.update_or_create(
            evaluation=change.matter,
            unit=unit,
            grid_id=code,
            defaults={"points": points, "words": words, "by": change.actor, "at": change.now},
        )


# --- the street ----------------------------------------------------------------------------------------------------------
def sees_no_score(evaluation: Evaluation, user: Any) -> bool:
    """Say from whom the notes are kept that name a department and its points: the communities that only gave theirs."""
    return not EvaluationScore.objects.restrict(user).filter(evaluation=evaluation).exists()


def count(change: Change) -> None:
    """Count everything as it is now."""
    scoring.recount(change.matter)


def score_of(change: Change) -> EvaluationScore:
    """Return the score that the action is about; raises Refused where it is none of this evaluation's."""
    unit = change.data.get("unit")
    found = change.matter.scores.filter(unit=unit).select_related("unit").first() if unit else None
    if found is None:
        raise Refused("请选择部门。", "unit")
    change.kept["unit"] = found.unit.name
    return found


def adjust(change: Change) -> None:
    """Adjust how content residents were with a department, or take the adjustment back where no value is given."""
    score, value = score_of(change), change.data.get("value")
    if value is None:
        if score.satisfaction_adjusted is None:
            raise Refused("请填写调整后的满意度。", "value")
        score.satisfaction_adjusted, score.satisfaction_reason = None, ""
    else:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100:
            raise Refused("请填写 0 到 100 的整数。", "value")
        score.satisfaction_adjusted, score.satisfaction_reason = value, reason_of(change)
    change.kept["value"] = value
    words = "取消调整" if value is None else f"满意度调整为 {value}"
    change.note = f"{score.unit.name}：{words}。{change.note}"
    score.save(update_fields=["satisfaction_adjusted", "satisfaction_reason"])
    count(change)


def deduct(change: Change) -> None:
    """Take points off, for a reason."""
    score, points = score_of(change), change.data.get("points")
    if isinstance(points, bool) or not isinstance(points, int) or not 1 <= points <= 100:
        raise Refused("请填写扣 1 到 100 的整数分。", "points")
    Deduction.objects.create(
        score=score, points=points, reason=reason_of(change), by=change.actor, at=change.now
    )
    change.kept["points"] = points
    change.note = f"{score.unit.name}：扣 {points} 分。{change.note}"
    count(change)


def lift(change: Change) -> None:
    """Take a deduction back; that it was there stays in the steps."""
    deduction = change.data.get("deduction")
    if not isinstance(deduction, Deduction) or deduction.score.evaluation_id != change.matter.pk:
        raise Refused("请选择要撤销的扣分。", "deduction")
    change.kept |= {"unit": deduction.score.unit.name, "points": deduction.points}
    change.note = f"{deduction.score.unit.name}：撤销扣 {deduction.points} 分。{change.note}"
    deduction.delete()
    count(change)


def reason_of(change: Change) -> str:
    """Return the reason as it stands beside the figure; raises Refused for one that is too long for it."""
    if len(change.note) > 200:
        raise Refused("理由不超过 200 字。", "note")
    return change.note


def publish(change: Change) -> None:
    """Count for the last time and freeze it; the departments find their own."""
    evaluation: Evaluation = change.matter
    waiting = scoring.unverified(evaluation)
    if waiting:
        raise Refused(f"考评期内还有 {waiting} 张哨单部门已反馈、街道未核实，请先核实。")
    scores = scoring.recount(evaluation, change.now)
    if all(score.total is None for score in scores):
        raise Refused("没有一个部门有可以考评的数据。")
    evaluation.published_at, evaluation.published_by = change.now, change.actor
    change.after.append(tell_departments)


def tell_departments(change: Change) -> None:
    """Tell each department's people that there is a result, each of her own department's."""
    for score in change.matter.scores.select_related("unit", "grid"):
        if score.total is not None:
            notices.tell(
                answerers_of(score),
                f"{score.grid}公布了部门考评：{score.unit}",
                body=change.matter.period,
                number=change.matter.number,
                url=reverse("admin:incidents_evaluationscore_change", args=[score.pk]),
            )


EVALUATIONS = Flow(
    Evaluation,
    EvaluationStep,
    S.DRAFT,
    [
        Action(
            "start",
            "启动打分",
            frozenset({S.DRAFT}),
            S.SCORING,
            needs="score",
            effect=count,
            clock=_days("score_days"),
            tell=("communities",),
            hint="请各社区书记给部门打分",
            news="请给部门打分",
        ),
        Action(
            "give",
            "给部门打分",
            frozenset({S.SCORING}),
            effect=give,
            ready=may_give,
            racing=True,
            hint="截止前可以修改；部门只看得到各社区的平均分",
        ),
        Action(
            "close_scoring",
            "截止打分",
            frozenset({S.SCORING}),
            S.REVIEW,
            needs="score",
            effect=count,
            clock=_days("review_days"),
            tell=("heads",),
            hint="汇总各项数据，转入街道复核",
            news="社区打分已截止，请复核",
        ),
        Action(
            "recount",
            "重新汇总",
            frozenset({S.SCORING, S.REVIEW}),
            needs="score",
            effect=count,
            hint="按现在的哨单、回访和打分再算一遍",
        ),
        Action(
            "deduct",
            "扣分",
            frozenset({S.REVIEW}),
            needs="score",
            effect=deduct,
            reason=True,
            readers=frozenset({"view"}),
            kept_from=sees_no_score,
            hint="每次扣分都要有理由，公布后部门看得到",
        ),
        Action(
            "lift",
            "撤销扣分",
            frozenset({S.REVIEW}),
            needs="score",
            effect=lift,
            reason=True,
            readers=frozenset({"view"}),
            kept_from=sees_no_score,
            ready=lambda evaluation, user: Deduction.objects.filter(score__evaluation=evaluation).exists(),
        ),
        Action(
            "adjust",
            "调整满意度",
            frozenset({S.REVIEW}),
            needs="score",
            effect=adjust,
            reason=True,
            readers=frozenset({"view"}),
            kept_from=sees_no_score,
            hint="有不合理回访等情形的，写明理由",
        ),
        Action(
            "reopen",
            "退回打分",
            frozenset({S.REVIEW}),
            S.SCORING,
            needs="score",
            reason=True,
            clock=_days("score_days"),
            tell=("communities",),
            news="请继续给部门打分",
        ),
        Action(
            "publish",
            "公布",
            frozenset({S.REVIEW}),
            S.PUBLISHED,
            effect=publish,
            clock=STOP,
            tell=("communities", "street"),
            danger=True,
            hint="公布后不能再改，各部门会收到本部门的结果",
            news="部门考评已公布",
        ),
        Action(
            "withdraw",
            "作废",
            frozenset({S.DRAFT, S.SCORING, S.REVIEW}),
            S.WITHDRAWN,
            needs="score",
            reason=True,
            clock=STOP,
            danger=True,
        ),
        replace(
            escalate_action(frozenset({S.SCORING, S.REVIEW}), "incidents.score_evaluation"),
            tell=("turn",),
            news="已超过时限，请抓紧办理",
        ),
    ],
    final=FINAL,
)
