"""The evaluation of departments: the arithmetic by hand, who gives and sees what, and that what is published stays."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from governance import parameters
from governance.flow import NotYours, Refused
from governance.models import Notice
from incidents.flow import EVALUATIONS, scoring
from incidents.models import (
    AnswerLine,
    Callback,
    CommunityScore,
    Deduction,
    Evaluation,
    EvaluationScore,
    WhistleSlip,
)
from incidents.services.evaluation import answer_score, give_felt_score, open_evaluation
from tests import factories
from tests.standing import standing

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 25)
FROM, UNTIL = date(2026, 7, 1), date(2026, 9, 30)


def moment(day: int, hour: int = 10):
    return timezone.make_aware(timezone.datetime(2026, 8, day, hour))


def run(evaluation, name, by, **data) -> Evaluation:
    return EVALUATIONS.run(evaluation, name, by=by, **data)


@standing
def street(territory):
    return Street()


class Street:
    """A street with head and officer, the secretaries of its two communities, and two departments."""

    def __init__(self) -> None:
        self.head = factories.make_staff("street_head", factories.STREET)
        self.officer = factories.make_staff("street_officer", factories.STREET)
        self.secretaries = [
            factories.make_staff("community_secretary", code)
            for code in (factories.COMMUNITY, factories.NEIGHBOUR)
        ]
        self.units = [factories.make_unit(), factories.make_unit()]
        self.people = [
            factories.make_staff("department_officer", factories.DISTRICT, unit=unit) for unit in self.units
        ]

    def open(self, **fields) -> Evaluation:
        return open_evaluation(
            by=self.officer,
            street=factories.make_grid(factories.STREET),
            **{"period_from": FROM, "period_until": UNTIL, **fields},
        )

    def slip(self, unit, *, late=False, arrived_late=False, status="accepted", due=10) -> WhistleSlip:
        """Make a slip whose result was due on a day of August, as the flow would have left it."""
        made = factories.make_whistle(by=self.head, units=[unit]).slips.get()
        fed = status in ("accepted", "failed", "fed_back")
        ended = status in ("accepted", "failed", "released", "withdrawn")
        WhistleSlip.objects.filter(pk=made.pk).update(
            status=status,
            opened_at=moment(1),
            report_by=moment(2),
            settle_by=moment(due),
            arrived_at=moment(3 if arrived_late else 1, 12),
            on_site=True,
            fed_back_at=(moment(due, 12) if late else moment(due, 8)) if fed else None,
            fed_back_by=self.people[0] if fed else None,
            closed_at=moment(28) if ended else None,
        )
        return made

    def call_back(self, unit, satisfaction: int, *, at=None, code=factories.BASE, **fields) -> Callback:
        incident = factories.make_incident(code, minor_class=self.minor)
        return Callback.objects.create(
            incident=incident, grid_id=code, at=at or moment(15), by=self.officer, reached=True, solved=True,
            satisfaction=satisfaction, minor_class=self.minor, unit=unit, channel="resident", **fields,
        )  # fmt: skip

    @property
    def minor(self):
        if not hasattr(self, "_minor"):
            self._minor = factories.make_minor()
        return self._minor


def test_the_parts_are_weighed_and_what_has_no_denominator_does_not_count():
    hundred, eighty, sixty = Fraction(100), Fraction(80), Fraction(60)
    assert scoring.weighted([(hundred, 50), (eighty, 20), (sixty, 30)]) == Decimal("84.0")
    assert scoring.weighted([(hundred, 50), (None, 20), (sixty, 30)]) == Decimal("85.0")  # 100*5/8 + 60*3/8
    assert scoring.weighted([(None, 50), (eighty, 20), (None, 30)]) == Decimal("80.0")
    assert scoring.weighted([(None, 50), (None, 20), (None, 30)]) is None
    assert scoring.weighted([(eighty, 0)]) is None
    assert scoring.weighted([(eighty, 50)], deducted=100) == Decimal("0.0")
    assert scoring.percent(1, 3) == Fraction(100, 3) and scoring.percent(0, 0) is None
    # Truncated figures in public reports: 888 of 895 is 99.2, 15,967 of 15,991 is 99.8 and not 99.9.
    assert scoring.rounded(scoring.percent(888, 895)) == Decimal("99.2")
    assert scoring.rounded(scoring.percent(15967, 15991)) == Decimal("99.8")
    assert scoring.rounded(Decimal("84.45")) == Decimal("84.5")
    assert [scoring.band_of(Decimal(text), 90, 75) for text in ("90.0", "89.9", "75.0", "74.9")] == [
        "excellent", "good", "good", "fair",
    ]  # fmt: skip
    assert scoring.band_of(None, 90, 75) == ""
    assert scoring.per_thousand(3, 0) is None and scoring.per_thousand(3, 2000) == Decimal("1.5")


def test_every_figure_by_hand(street):
    one, two = street.units
    good = [street.slip(one), street.slip(one)]
    missed = [
        street.slip(one, late=True),
        street.slip(one, arrived_late=True),
        street.slip(one, status="failed"),
        street.slip(one, status="handling"),
    ]
    for status in ("released", "withdrawn", "objected"):
        street.slip(one, status=status)
    other_period = street.slip(one)
    WhistleSlip.objects.filter(pk=other_period.pk).update(settle_by=moment(10) + timedelta(days=90))
    for satisfaction in (5, 4, 3):
        street.call_back(one, satisfaction)
    street.call_back(one, 1, counted=False)
    street.call_back(one, 1, at=moment(1) - timedelta(days=60))
    street.call_back(one, 1, code=factories.FAR_BASE)
    street.call_back(None, 1)
    evaluation = street.open()
    assert evaluation.number.startswith(f"PJ-{factories.STREET}-")
    evaluation = run(evaluation, "start", street.officer)
    assert Notice.objects.filter(recipient=street.secretaries[0], number=evaluation.number).exists()
    give_felt_score(evaluation, by=street.secretaries[0], given=[(one, 90, ""), (two, 100, "")])
    give_felt_score(evaluation, by=street.secretaries[1], given=[(one, 65, "来得慢")])
    give_felt_score(evaluation, by=street.secretaries[1], given=[(one, 75, "来得慢，态度好")])
    evaluation = run(evaluation, "close_scoring", street.officer)

    score = evaluation.scores.get(unit=one)
    assert (score.completion_done, score.completion_total) == (2, 6)
    assert score.done_keys == [each.pk for each in good]
    assert sorted(score.slip_keys) == sorted(each.pk for each in good + missed)
    assert (score.satisfaction_satisfied, score.satisfaction_answered) == (2, 3)
    assert (score.felt_sum, score.felt_count) == (165, 2)
    # 100/3 * 0.5 + 200/3 * 0.2 + 82.5 * 0.3 = 54.75 exactly: a decimal too short for thirds would give 54.7
    assert score.total == Decimal("54.8") and score.band == "fair"
    other = evaluation.scores.get(unit=two)
    assert other.completion_total == other.satisfaction_answered == 0
    assert other.total == Decimal("100.0") and other.band == "excellent"
    assert (evaluation.whistles, evaluation.district_whistles) == (0, 0)  # blown today, not in the period

    evaluation = run(evaluation, "deduct", street.officer, unit=one, points=5, note="两次不到场")
    evaluation = run(evaluation, "adjust", street.officer, unit=one, value=90, note="一条回访打错")
    score.refresh_from_db()
    # 16.666… + 18 + 24.75 - 5
    assert score.total == Decimal("54.4") and score.deducted == 5
    evaluation = run(evaluation, "lift", street.officer, deduction=Deduction.objects.get(), note="查明有原因")
    evaluation = run(evaluation, "adjust", street.officer, unit=one, value=None, note="恢复")
    score.refresh_from_db()
    assert score.total == Decimal("54.8") and not Deduction.objects.exists()
    assert evaluation.steps.filter(action__in=["deduct", "lift"]).count() == 2


def test_how_often_the_street_blew_stands_beside_the_district(street):
    for code, whistles in ((factories.COMMUNITY, 2), (factories.FAR, 1)):
        for _ in range(whistles):
            made = factories.make_whistle(code, units=street.units[:1])
            type(made).objects.filter(pk=made.pk).update(blown_at=moment(3))
    for code in (factories.BASE, factories.BASE, factories.FAR_BASE, factories.FAR_BASE):
        made = factories.make_incident(code, minor_class=street.minor)
        type(made).objects.filter(pk=made.pk).update(opened_at=moment(4), respond_by=None)
    evaluation = street.open()
    assert (evaluation.whistles, evaluation.incidents) == (2, 2)
    assert (evaluation.district_whistles, evaluation.district_incidents) == (3, 4)
    assert scoring.per_thousand(2, 2) == Decimal(1000)


def test_what_is_published_is_frozen_and_answered(street):
    street.slip(street.units[0])
    waiting = street.slip(street.units[0], status="fed_back")
    evaluation = run(street.open(), "start", street.officer)
    give_felt_score(evaluation, by=street.secretaries[0], given=[(street.units[0], 90, "")])
    evaluation = run(evaluation, "close_scoring", street.officer)
    evaluation = run(evaluation, "deduct", street.officer, unit=street.units[0], points=3, note="不到场")
    with pytest.raises(NotYours):
        run(evaluation, "publish", street.officer)
    with pytest.raises(Refused, match="还有 1 张"):
        run(evaluation, "publish", street.head)
    WhistleSlip.objects.filter(pk=waiting.pk).update(status="accepted", closed_at=moment(28))
    mine = lambda person: EvaluationScore.objects.restrict(person)  # noqa: E731
    assert not mine(street.people[0]).exists() and mine(street.officer).count() == 2
    evaluation = run(evaluation, "publish", street.head)
    score = evaluation.scores.get(unit=street.units[0])
    assert [row.pk for row in mine(street.people[0])] == [score.pk]
    assert Deduction.objects.restrict(street.people[0]).count() == 1
    assert not Deduction.objects.restrict(street.people[1]).exists()
    assert not Evaluation.objects.restrict(street.people[0]).exists()
    assert not CommunityScore.objects.restrict(street.people[0]).exists()
    assert Notice.objects.filter(recipient=street.people[0], title__contains="公布了部门考评").count() == 1
    # Nothing to say of the other department: nothing is told.
    assert not Notice.objects.filter(recipient=street.people[1], title__contains="公布了部门考评").exists()

    line = answer_score(score, by=street.people[0], words="已整改")
    assert Notice.objects.filter(recipient=street.officer, body__contains="已整改").exists()
    for person in (street.people[1], street.officer):
        with pytest.raises(NotYours):
            answer_score(score, by=person, words="我也说")
    for name in ("deduct", "adjust", "recount", "withdraw"):
        with pytest.raises(Refused):
            run(evaluation, name, street.officer, note="改")
    new = {"unit_id": factories.make_unit().pk, "grid_id": factories.STREET, "evaluation": evaluation}
    for change in (
        lambda: Evaluation.objects.update(share=10),
        lambda: EvaluationScore.objects.update(total=100),
        lambda: EvaluationScore.objects.filter(pk=score.pk).delete(),
        lambda: EvaluationScore.objects.create(**new),
        lambda: Deduction.objects.update(points=1),
        lambda: Deduction.objects.all().delete(),
        lambda: Deduction.objects.create(score=score, points=1, reason="再扣", by=street.officer),
        lambda: CommunityScore.objects.update(points=1),
        lambda: CommunityScore.objects.create(**new, points=1, by=street.officer),
        lambda: AnswerLine.objects.filter(pk=line.pk).update(words="改了"),
        lambda: evaluation.steps.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_communities_give_and_see_only_their_own(street):
    evaluation = street.open()
    here, there = street.secretaries
    far = factories.make_staff("community_secretary", factories.FAR)
    assert not Evaluation.objects.restrict(here).exists()
    evaluation = run(evaluation, "start", street.officer)
    assert list(Evaluation.objects.restrict(here)) == [evaluation]
    assert not Evaluation.objects.restrict(far).exists()
    one = street.units[0]
    for person in (far, street.officer, street.people[0], factories.make_user()):
        with pytest.raises(NotYours):
            give_felt_score(evaluation, by=person, given=[(one, 90, "")])
    with pytest.raises(Refused, match="写明说明"):
        give_felt_score(evaluation, by=here, given=[(one, 79, " ")])
    with pytest.raises(Refused, match="0 到 100"):
        give_felt_score(evaluation, by=here, given=[(one, 101, "")])
    with pytest.raises(Refused, match="不在这次考评"):
        give_felt_score(evaluation, by=here, given=[(factories.make_unit(), 90, "")])
    give_felt_score(evaluation, by=here, given=[(one, 90, "")])
    give_felt_score(evaluation, by=there, given=[(one, 80, "")])
    assert [row.points for row in CommunityScore.objects.restrict(here)] == [90]
    assert CommunityScore.objects.restrict(street.officer).count() == 2
    assert not EvaluationScore.objects.restrict(here).exists()
    evaluation = run(evaluation, "close_scoring", street.officer)
    with pytest.raises(NotYours):
        give_felt_score(evaluation, by=here, given=[(one, 10, "改低")])


def test_an_evaluation_is_opened_once_for_a_period_that_is_over(street):
    today = timezone.localdate()
    for field, wrong in (
        ("period_until", {"period_until": today}),
        ("period_until", {"period_until": FROM - timedelta(days=1)}),
        ("period_from", {"period_from": date(2020, 1, 1)}),
        ("units", {"units": [factories.make_unit(factories.OTHER_STREET)]}),
    ):
        with pytest.raises(Refused) as refusal:
            street.open(**wrong)
        assert refusal.value.field == field, wrong
    first = street.open()
    with pytest.raises(Refused, match="已有"):
        street.open()
    run(first, "withdraw", street.officer, note="期限填错")
    street.open()
    with pytest.raises(NotYours):
        open_evaluation(
            by=street.officer, street=factories.make_grid(factories.OTHER_STREET), period_from=FROM, period_until=UNTIL
        )  # fmt: skip
    parameters.change("evaluation.weight_completion", 0)
    parameters.change("evaluation.weight_satisfaction", 0)
    with pytest.raises(Exception, match="不能都是 0"):
        parameters.change("evaluation.weight_felt", 0)
    with pytest.raises(Exception, match="高于良好线"):
        parameters.change("evaluation.good_from", 95)


def test_counting_takes_as_many_queries_for_many_as_for_few(street, django_assert_num_queries):
    street.slip(street.units[0])
    street.call_back(street.units[0], 5)
    evaluation = street.open(units=street.units[:1])
    with django_assert_num_queries(10):
        scoring.recount(evaluation)
    for _ in range(8):
        street.slip(street.units[1])
        street.call_back(street.units[1], 4)
    more = street.open(period_from=FROM + timedelta(days=1), units=[*street.units, factories.make_unit()])
    with django_assert_num_queries(10):
        scoring.recount(more)
