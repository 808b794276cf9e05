"""The arithmetic of an evaluation: what is counted for a department, and how a total comes of it.

A part without a denominator does not count, and its weight falls to the others; small numbers are shown as what they are, and
marked as small. Points are exact fractions until they are shown, so that no third of a point is lost before the rounding.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from governance import parameters
from governance.models import Unit
from incidents.flow.clocks import midnight_after
from incidents.models import (
    Band,
    Callback,
    Deduction,
    Evaluation,
    EvaluationScore,
    Incident,
    Round,
    SlipStatus,
    Whistle,
    WhistleSlip,
)
from incidents.models.incidents import SATISFIED


# --- pure --------------------------------------------------------------------------------------------------------------
def percent(part: int, whole: int) -> Fraction | None:
    """Return the share in points, 0 to 100; None of nothing."""
    return Fraction(part * 100, whole) if whole else None


def mean(total: int, number: int) -> Fraction | None:
    """Return the mean; None of nothing."""
    return Fraction(total, number) if number else None


def rounded(value: Fraction | Decimal | None) -> Decimal | None:
    """Return a figure that is not negative to one decimal place, halves up, as it is shown."""
    return None if value is None else Decimal(floor(Fraction(value) * 10 + Fraction(1, 2))).scaleb(-1)


def weighted(parts: Iterable[tuple[Fraction | None, int]], deducted: int = 0) -> Decimal | None:
    """Return the total of (points, weight) less the deductions, 0 to 100, to one decimal place.

    Parts that are None, or weigh nothing, do not count; None when no part is left.
    """
    counting = [(points, weight) for points, weight in parts if points is not None and weight]
    if not counting:
        return None
    whole = Fraction(
        sum(points * weight for points, weight in counting), sum(weight for _, weight in counting)
    )
    return rounded(min(Fraction(100), max(Fraction(0), whole - deducted)))


def band_of(total: Decimal | None, excellent_from: int, good_from: int) -> str:
    """Return the band of a total; empty without one."""
    if total is None:
        return ""
    if total >= excellent_from:
        return Band.EXCELLENT
    return Band.GOOD if total >= good_from else Band.FAIR


def completion(score: EvaluationScore) -> Fraction | None:
    """Return the points for what was settled in time and accepted."""
    return percent(score.completion_done, score.completion_total)


def satisfaction(score: EvaluationScore) -> Fraction | None:
    """Return the points for how content residents were, as the street adjusted them if it did."""
    if score.satisfaction_adjusted is not None:
        return Fraction(score.satisfaction_adjusted)
    return percent(score.satisfaction_satisfied, score.satisfaction_answered)


def felt(score: EvaluationScore) -> Fraction | None:
    """Return the mean of what the communities gave."""
    return mean(score.felt_sum, score.felt_count)


def is_small(denominator: int) -> bool:
    """Say whether a figure stands on so few that it says little."""
    return 0 < denominator < parameters.value("evaluation.small_number")


def per_thousand(whistles: int, incidents: int) -> Decimal | None:
    """Return the whistles per 1,000 incidents; None without incidents."""
    return rounded(Fraction(whistles * 1000, incidents)) if incidents else None


# --- counted -----------------------------------------------------------------------------------------------------------
def span(evaluation: Evaluation) -> tuple[datetime, datetime]:
    """Return the first moment of the period and the first after it."""
    return (
        midnight_after(evaluation.period_from - timedelta(days=1)),
        midnight_after(evaluation.period_until),
    )


def slips_due(evaluation: Evaluation) -> QuerySet:
    """Return the street's slips whose result was due in the period; those released, withdrawn or under objection are no
    department's debt."""
    start, end = span(evaluation)
    return WhistleSlip.objects.filter(
        street_code=evaluation.grid_id, settle_by__gte=start, settle_by__lt=end
    ).exclude(status__in=[SlipStatus.RELEASED, SlipStatus.WITHDRAWN, SlipStatus.OBJECTED])


def answers_in(evaluation: Evaluation) -> QuerySet:
    """Return the residents' answers of the period on what departments handled in the street, as far as they count."""
    start, end = span(evaluation)
    return Callback.objects.filter(
        street_code=evaluation.grid_id,
        at__gte=start,
        at__lt=end,
        reached=True,
        counted=True,
        unit__isnull=False,
    )


def unverified(evaluation: Evaluation) -> int:
    """Return how many slips of the period wait for the street's own word: they would count as not done by its fault."""
    return slips_due(evaluation).filter(status=SlipStatus.FED_BACK).count()


def whistle_rate(evaluation: Evaluation) -> dict[str, int]:
    """Return the street's and the district's first whistles and incidents of the period. Whistling too often is a defect: what
    a street can settle itself it should."""
    start, end = span(evaluation)
    district = evaluation.grid_id[:6]
    counted: dict[str, int] = {}
    for prefix, where in (
        ("", {"street_code": evaluation.grid_id}),
        ("district_", {"district_code": district}),
    ):
        counted[f"{prefix}whistles"] = Whistle.objects.filter(
            **where, blown_at__gte=start, blown_at__lt=end, round=Round.FIRST
        ).count()
        counted[f"{prefix}incidents"] = Incident.objects.filter(
            **where, opened_at__gte=start, opened_at__lt=end
        ).count()
    return counted


def recount(evaluation: Evaluation, now: datetime | None = None) -> list[EvaluationScore]:
    """Count everything anew and write it into the scores and the evaluation (which the caller saves). ``now``: publish with
    it. A fixed number of statements, whatever the number of departments and rows."""
    scores = list(evaluation.scores.select_related("unit"))
    due: dict[int, list[WhistleSlip]] = defaultdict(list)
    for slip in slips_due(evaluation).order_by("pk"):
        due[slip.unit_id].append(slip)
    content = {
        line["unit"]: line
        for line in answers_in(evaluation)
        .order_by()
        .values("unit")
        .annotate(answered=Count("pk"), satisfied=Count("pk", filter=Q(satisfaction__gte=SATISFIED)))
    }
    given = {
        line["unit"]: line
        for line in evaluation.given.order_by()
        .values("unit")
        .annotate(number=Count("pk"), points=Sum("points"))
    }
    taken = {
        line["score"]: line["points"]
        for line in Deduction.objects.filter(score__evaluation=evaluation)
        .order_by()
        .values("score")
        .annotate(points=Sum("points"))
    }
    for score in scores:
        slips = due[score.unit_id]
        done = [slip.pk for slip in slips if slip.status == SlipStatus.ACCEPTED and slip.was_punctual]
        score.slip_keys, score.done_keys = [slip.pk for slip in slips], done
        score.completion_total, score.completion_done = len(slips), len(done)
        line: dict[str, Any] = content.get(score.unit_id, {})
        score.satisfaction_answered = line.get("answered", 0)
        score.satisfaction_satisfied = line.get("satisfied", 0)
        line = given.get(score.unit_id, {})
        score.felt_count, score.felt_sum = line.get("number", 0), line.get("points") or 0
        score.deducted = min(taken.get(score.pk, 0), 100)
        score.total = weighted(
            (
                (completion(score), evaluation.weight_completion),
                (satisfaction(score), evaluation.weight_satisfaction),
                (felt(score), evaluation.weight_felt),
            ),
            score.deducted,
        )
        score.band = band_of(score.total, evaluation.excellent_from, evaluation.good_from)
        score.published_at = now
    EvaluationScore.objects.bulk_update(
        scores,
        [
            "slip_keys", "done_keys", "completion_total", "completion_done", "satisfaction_answered",
            "satisfaction_satisfied", "felt_count", "felt_sum", "deducted", "total", "band", "published_at",
        ],
    )  # fmt: skip
    for name, number in whistle_rate(evaluation).items():
        setattr(evaluation, name, number)
    return scores


def parties(evaluation: Evaluation) -> list[Unit]:
    """Return the departments that are evaluated, in the order of their codes."""
    return list(Unit.objects.filter(pk__in=evaluation.scores.values("unit")).order_by("code"))
