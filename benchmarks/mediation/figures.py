"""What one process measures of the statistical table: its statement beside one by hand that yields the same numbers."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from benchmarks import cast, timing
from benchmarks.incidents.figures import COLUMN, periods
from benchmarks.statements import send, statements_of
from mediation.reports import COLUMNS, Asked, table

#: The table's columns in their order. What is not yet performed, and what the court confirmed, are looked up file by file: looking
#: them up once for all files, and joining, was slower.
BY_HAND = """
SELECT {by}, count(*) FILTER (WHERE taken), count(*) FILTER (WHERE taken AND origin = 'applied'),
    count(*) FILTER (WHERE taken AND origin = 'initiative'),
    count(*) FILTER (WHERE taken AND origin IN ('police', 'court', 'government', 'petition', 'hotline', 'incident')),
    count(*) FILTER (WHERE over AND outcome IN ('written', 'oral')), count(*) FILTER (WHERE over AND outcome = 'written'),
    count(*) FILTER (WHERE over AND outcome = 'oral'),
    count(*) FILTER (WHERE over AND outcome IN ('refused', 'withdrawn', 'failed', 'overdue', 'unsuitable')),
    count(*) FILTER (WHERE over AND outcome IN ('arbitration', 'review', 'court')),
    coalesce(sum(amount) FILTER (WHERE over AND outcome IN ('written', 'oral')), 0),
    count(*) FILTER (WHERE over AND outcome IN ('written', 'oral') AND NOT EXISTS (
        SELECT FROM mediation_agreement a JOIN mediation_term t ON t.agreement_id = a.id
        WHERE a.dispute_id = o.id AND a.effective_at IS NOT NULL AND t.state <> 'done')),
    count(*) FILTER (WHERE over AND outcome IN ('written', 'oral') AND EXISTS (
        SELECT FROM mediation_agreement a JOIN mediation_judicialconfirmation j ON j.agreement_id = a.id
        WHERE a.dispute_id = o.id AND j.result = 'effective')),
    count(*) FILTER (WHERE taken AND has_minor)
FROM (
    SELECT id, grid_id, seat_id, street_code, community_code, category, origin, outcome, amount, has_minor,
        accepted_at >= '{start}' AND accepted_at < '{end}' AS taken,
        ended_at >= '{start}' AND ended_at < '{end}' AND accepted_at IS NOT NULL AS over
    FROM mediation_dispute
    WHERE {reach} AND (accepted_at >= '{start}' AND accepted_at < '{end}'
                       OR ended_at >= '{start}' AND ended_at < '{end}' AND accepted_at IS NOT NULL)
) o
GROUP BY 1
"""


def rivals_of(key: str, period: str, by: str) -> tuple[dict[str, Callable[[], Any]], int]:
    """Return the rivals for one table of one person, and how many files were accepted: ``rule`` and ``hand`` are the statements alone,
    ``objects`` is the table in Python. Raises AssertionError when a number differs."""
    user, span = cast.person(key), periods()[period]
    [post] = user.posts_with("mediation.count_dispute")
    asked = Asked(span, post.code, by)
    told_by = {"category": "category", "level": "length(seat_id)::text", "place": COLUMN[len(post.code) + 3]}
    by_hand = BY_HAND.format(
        by=told_by[by],
        reach=f"{COLUMN[len(post.code)]} = '{post.code}'",
        start=span.start.isoformat(),
        end=span.end.isoformat(),
    )

    def told() -> Any:
        return table(user, asked)

    total, *lines = told()
    wanted = {
        line.key: tuple(Decimal(line.values[name]) for name in COLUMNS)
        for line in lines
        if any(line.values.values())
    }
    got = {key: tuple(Decimal(number) for number in numbers) for key, *numbers in send(by_hand)()}
    got = {key: numbers for key, numbers in got.items() if any(numbers)}
    assert got == wanted, f"{key}, {period}, {by}: {got} instead of {wanted}"
    return {"rule": send(*statements_of(told)), "hand": send(by_hand), "objects": told}, total.values[
        "accepted"
    ]


def measure(key: str, period: str, by: str, rounds: int) -> dict[str, Any]:
    """Measure one table. Returns milliseconds by rival, and how many disputes were accepted in the period."""
    rivals, accepted = rivals_of(key, period, by)
    return {"times": timing.in_turn(rivals, rounds, warm_up=1), "rows": accepted}
