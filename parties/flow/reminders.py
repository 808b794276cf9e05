"""The reminders of the end of a term: to an organisation's people and its superior, half a year ahead, a month ahead and when it is
over, once each. What is said is what the organisation's page says (parties/hints.py)."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

from governance import notices
from governance.flow import on_tick
from parties import hints
from parties.models import Election, Organisation, TermReminder
from parties.models.elections import own_people, superiors_of
from parties.terms import MONTH, WITH_TERM, stage_of, words_of

#: So many organisations are told of in one run; the next run goes on.
MOST = 500


def due(today) -> list[Organisation]:
    """Return organisations whose end of the term is to be told of and has not been. One that is holding its election needs none."""
    told = TermReminder.objects.filter(organisation=OuterRef("pk"), term_until=OuterRef("term_until"))
    rows = (
        Organisation.objects.in_force(today)
        .filter(kind__in=WITH_TERM, ended_on=None)
        .exclude(Exists(Election.objects.ongoing().filter(organisation=OuterRef("pk"))))
        .select_related("parent")
        .order_by("term_until", "pk")
    )
    Stage = TermReminder.Stage
    found: list[Organisation] = []
    for stage, when in (
        (Stage.OVER, {"term_until__lt": today}),
        (Stage.MONTH, {"term_until__gte": today, "term_until__lte": today + MONTH}),
        (Stage.HALF_YEAR, {"term_until__gt": today + MONTH, "term_until__lte": today + hints.SOON}),
    ):
        found += rows.filter(**when).exclude(Exists(told.filter(stage=stage)))[: MOST - len(found)]
    return found


@on_tick
def remind_of_terms(now: datetime) -> int:
    """Tell of the ends of terms; returns how many. Late or twice, each stage is told of once, and one that passed is not made up for."""
    today, done = timezone.localdate(now), 0
    for organisation in due(today):
        with transaction.atomic():
            _, new = TermReminder.objects.get_or_create(
                organisation=organisation,
                term_until=organisation.term_until,
                stage=stage_of(organisation.term_until, today),
                defaults={"grid_id": organisation.grid_id, "units": organisation.units},
            )
            if not new:
                continue
            notices.tell(
                [*own_people(organisation), *superiors_of(organisation)],
                f"{organisation}：{words_of(organisation, today)}",
                url=reverse("admin:parties_organisation_change", args=[organisation.pk]),
            )
        done += 1
    return done
