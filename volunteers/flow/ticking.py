"""What time alone does to orders; governance.flow.tick runs it. Late or twice, it ends in the same rows."""

from datetime import datetime, timedelta

from governance import parameters
from governance.deadlines import climb_all
from governance.flow import Refused, on_tick
from governance.models import User
from volunteers.flow.orders import ORDERS
from volunteers.models import Order, OrderStep
from volunteers.models.orders import ClaimStatus, OrderStatus


def _each(queryset, action: str) -> int:
    system, done = User.objects.system(), 0
    for key in list(queryset.values_list("pk", flat=True)[:1000]):
        before = OrderStep.objects.filter(matter=key).count()
        try:
            ORDERS.run(key, action, by=system)
        except Refused:
            continue  # someone acted on it in between; the next tick looks again
        done += OrderStep.objects.filter(matter=key).count() > before
    return done


@on_tick
def expire_offers(now: datetime) -> int:
    """Pass on the places whose offer has run out."""
    late = Order.objects.filter(claims__status=ClaimStatus.OFFERED, claims__offer_until__lte=now)
    return _each(late.distinct(), "expire_offers")


@on_tick
def widen_orders(now: datetime) -> int:
    """Open orders nobody takes to a wider circle."""
    street = now - timedelta(hours=parameters.value("orders.street_after"))
    waiting = Order.objects.open_to_claims().filter(open_since__lte=street, published_to__regex=r"^\d{9,}$")
    return _each(waiting, "widen")


@on_tick
def confirm_late(now: datetime) -> int:
    """Confirm services that nobody confirmed in time."""
    return _each(Order.objects.filter(status=OrderStatus.SERVED, due_at__lte=now), "confirm_late")


@on_tick
def climb(now: datetime) -> int:
    """Tell the next level about overdue orders."""
    return climb_all(ORDERS, now)
