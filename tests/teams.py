"""Teams of grids for tests, made through the services."""

from datetime import date, timedelta

from django.utils import timezone

from governance.models import User
from grids.models import Handover, TeamMember
from grids.services import end_service, enrol
from tests import factories
from volunteers.models import Order


def make_member(
    by: User, kind: str = "full_time", code: str = factories.BASE, *, account: str = "", entrances=(), **fields
) -> TeamMember:  # fmt: skip
    """Enter somebody in a grid's team."""
    grid = factories.make_grid(code)
    fields.setdefault("name", f"队员{TeamMember.objects.count() + 1}")
    return enrol(TeamMember(grid=grid, kind=kind, **fields), by=by, account=account, entrances=entrances)


def make_worker(by: User, code: str = factories.BASE, *, name: str = "卫大姐", **fields) -> TeamMember:
    """Enter a grid worker with an account, who gets her post."""
    user = factories.make_user(name, staff=True)
    member = make_member(
        by, fields.pop("kind", "full_time"), code, name=name, account=user.username, **fields
    )
    return TeamMember.objects.select_related("user", "post").get(pk=member.pk)


def fresh(user: User) -> User:
    """Return the account as the next request has it."""
    return User.objects.get(pk=user.pk)


def give_work(worker: TeamMember, by: User) -> list:
    """Give a grid worker an incident in hand and let her place an order for a resident; return both."""
    user = fresh(worker.user)
    incident = factories.dispatch(factories.make_incident(worker.grid_id), by=by, to=user)
    order = factories.make_order(
        worker.grid_id, by=user, applicant=None, beneficiary_name="李秀英", beneficiary_phone="13800001111"
    )
    return [incident, Order.objects.get(pk=order.pk)]  # fmt: skip


def end(worker: TeamMember, by: User, days: int = -1, **fields) -> Handover | None:
    """End a service with a day so many days from today."""
    day: date = timezone.localdate() + timedelta(days=days)
    return end_service(worker, by=by, day=day, reason="岗位调整", **fields)


def make_handover(by: User, *, days: int = 0, taking: TeamMember | None = None) -> Handover:
    """Make a hand-over with an incident and an order on its list."""
    worker = make_worker(by, since=timezone.localdate() - timedelta(days=300))
    give_work(worker, by)
    return end(worker, by, days, taking=taking)
