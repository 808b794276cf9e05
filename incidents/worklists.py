"""What waits for one person: the lists that her phone and the API show alike."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from governance.models import User
from governance.permissions import any_of, rule_of
from incidents.models import Incident, IncidentStep
from incidents.models.incidents import AT_DESK, IN_HAND, IncidentStatus

#: The lists: key, word.
WORKLISTS = (("hand", "要处置"), ("verify", "要核查"), ("new", "新上报"), ("sent", "我上报的"))


def worklist(rows: Any, user: User, key: str) -> QuerySet[Incident]:
    """Return those of ``rows``, the incidents that the person may see, that are in one of her lists, unsorted.

    Raises KeyError for a list that there is not.
    """
    dict(WORKLISTS)[key]
    if key == "sent":
        return rows.filter(placed_by=user)
    if key == "hand":
        units = sorted({post.unit_id for post in user.posts_in_force if post.unit_id is not None})
        mine = Q(worker=user) | Q(unit__in=units) if units else Q(worker=user)
        return rows.ongoing().filter(mine, status__in=IN_HAND)
    place = rule_of(Incident).jurisdiction(Incident, user, "verify")
    here = rows.ongoing().filter(any_of([place]))
    return others_work(here, user) if key == "verify" else here.filter(status__in=AT_DESK)


def others_work(rows: Any, user: User) -> QuerySet[Incident]:
    """Return those of ``rows`` that wait to be verified and that the person may verify: what she handled or took in herself, she may not
    (incidents/flow/handling.py ``is_anothers``)."""
    taken_in = IncidentStep.objects.filter(
        matter=OuterRef("pk"), action="receive", actor=user, at=OuterRef("received_at")
    )
    return rows.filter(~Exists(taken_in), status=IncidentStatus.HANDLED).exclude(handler=user)
