"""Who may know by name and telephone whom of an order's volunteers: one answer for the phone, the desk and the API."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from governance.models import User
from volunteers.models import Claim, Order, Volunteer
from volunteers.models.orders import LIVE, RUNNING, ClaimStatus, OrderStatus


@dataclass(frozen=True)
class Known:
    """What of one volunteer is open to somebody."""

    name: bool = False
    phone: bool = False


def known_volunteers(
    user: User, order: Order, claims: Iterable[Claim], allowed: Collection[str]
) -> dict[int, Known]:
    """Return, for each claim's key, what ``user`` may know of its volunteer.

    Herself and the volunteers that her posts look after: all. Who dispatches or musters: the names of those who were asked,
    and the phones of those who agreed, until the service is over. The two sides of a running service: each other.
    ``allowed``: what the rule allows ``user`` on the order, of ``contact``, ``dispatch`` and ``muster``.
    """
    claims = list(claims)
    reached: set[int] = set()
    if claims and user.may("contact", Volunteer):
        mine = Volunteer.objects.restrict(user, "contact").filter(pk__in={c.volunteer_id for c in claims})
        reached = set(mine.values_list("pk", flat=True))
    running = order.status in RUNNING
    found = {}
    for claim in claims:
        if claim.volunteer.applicant_id == user.pk or claim.volunteer_id in reached:
            found[claim.pk] = Known(True, True)
        elif claim.status in LIVE and {"dispatch", "muster"} & set(allowed):
            agreed = claim.status in (ClaimStatus.HELD, ClaimStatus.SERVED)
            found[claim.pk] = Known(True, agreed and (running or order.status == OrderStatus.SERVED))
        else:
            calls = running and claim.status == ClaimStatus.HELD and "contact" in allowed
            found[claim.pk] = Known(calls, calls)
    return found
