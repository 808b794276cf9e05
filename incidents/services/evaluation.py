"""Opening an evaluation, giving scores, answering to a result; the rest is its flow's table (incidents/flow/evaluation.py)."""

from collections.abc import Iterable
from datetime import date

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from governance import notices, parameters
from governance.flow import NotYours, Refused
from governance.models import Unit, User
from governance.models.matters import Channel
from governance.permissions import permitted_actions
from governance.territory import GridLevel
from grids.models import Grid
from incidents.flow import EVALUATIONS, scoring
from incidents.models import AnswerLine, Evaluation, EvaluationScore
from incidents.models.whistles import departments_over


@transaction.atomic
def open_evaluation(
    *, by: User, street: Grid, period_from: date, period_until: date, units: Iterable[Unit] | None = None
) -> Evaluation:
    """Open a street's evaluation of the departments for a period (both days count; it must be over).

    ``units``: the departments, by default all whose ground the street lies on. Weights, thresholds and the share in the yearly
    appraisal are taken from the parameters now. ``by`` needs ``score`` at the street. Raises Refused at the field it
    concerns, NotYours, or ValidationError.
    """
    if street.grid_level != GridLevel.STREET or street.is_retired:
        raise Refused("考评由街道进行，请选择街道。", "grid")
    if period_until < period_from:
        raise Refused("考评期止不能早于考评期起。", "period_until")
    if period_until >= timezone.localdate():
        raise Refused("考评期结束后才能考评，请选择今天以前的日期。", "period_until")
    if (period_until - period_from).days > 366:
        raise Refused("考评期不超过一年。", "period_from")
    departments = list(departments_over(street.code) if units is None else units)
    known = set(departments_over(street.code).values_list("pk", flat=True))
    if not departments or any(unit.pk not in known for unit in departments):
        raise Refused("请选择本区域内启用的部门。", "units")
    evaluation = Evaluation(
        grid=street,
        title=f"{street.name}部门考评",
        channel=Channel.DESK,
        placed_by=by,
        period_from=period_from,
        period_until=period_until,
        **{
            name: parameters.value(f"evaluation.{name}")
            for name in (
                "weight_completion", "weight_satisfaction", "weight_felt", "excellent_from", "good_from", "share",
            )
        },
    )  # fmt: skip

    def within_reach(saved) -> None:
        if "score" not in permitted_actions(by, saved, {"score"}):
            raise NotYours

    try:
        with transaction.atomic():
            EVALUATIONS.open_matter(evaluation, by=by, label="发起考评", check=within_reach)
    except IntegrityError as again:
        raise Refused("本街道已有这个考评期的考评。", "period_from") from again
    EvaluationScore.objects.bulk_create(
        [EvaluationScore(evaluation=evaluation, grid=street, unit=unit) for unit in departments]
    )
    scoring.recount(evaluation)
    evaluation.save()
    return evaluation


def give_felt_score(
    evaluation: Evaluation, *, by: User, given: Iterable[tuple[Unit, int, str]]
) -> Evaluation:
    """Give, as a community's secretary, points from 0 to 100 with words to some or all of the departments.

    Given again, they take the place of the former ones. Raises what the flow raises.
    """
    return EVALUATIONS.run(evaluation, "give", by=by, given=list(given))


@transaction.atomic
def answer_score(score: EvaluationScore, *, by: User, words: str) -> AnswerLine:
    """Add a department's answer to its published result; the street is told. It changes nothing in the result.

    Raises NotYours, or ValidationError at ``words``.
    """
    if not score.is_published or "answer" not in permitted_actions(by, score, {"answer"}):
        raise NotYours
    words = words.strip()
    if not words or len(words) > 1000:
        raise ValidationError({"words": "请写答复，1000 字以内。"})
    line = AnswerLine.objects.create(score=score, words=words, by=by)
    evaluation = score.evaluation
    people = {p.pk: p for key in ("heads", "street") for p in evaluation.audience(key)}
    notices.tell_of(evaluation, people.values(), f"{score.unit}答复了考评结果", note=words[:200])
    return line
