"""What of incidents a grid worker hands over: those that are with her to be handled."""

from collections.abc import Iterable

from governance import masks
from governance.flow import Refused
from governance.models import User
from incidents.flow import INCIDENTS
from incidents.models import Incident
from incidents.models.incidents import IN_HAND


def in_hand(user: User, codes: list[str]) -> Iterable[Incident]:
    """Return the incidents in these grids that wait for this person as a grid worker."""
    rows = Incident.objects.ongoing().filter(worker=user, grid__in=codes, status__in=IN_HAND)
    return rows.only("pk", "number", "title").order_by("due_at", "pk")


def go_on(key: int, leaving: User, taking: User | None, by: User) -> None:
    """Let ``taking`` go on with an incident that is with ``leaving``; nothing happens to one that is not any more.

    Raises NotYours, or Refused where there is nobody, or she is not there yet.
    """
    if Incident.objects.filter(pk=key, worker=leaving, status__in=IN_HAND).exists():
        if taking is None:
            raise Refused("在办的事件要有人接着办：请先指定有账号的接手人。")
        note = f"由{masks.person(leaving)}移交给{masks.person(taking)}"
        INCIDENTS.run(key, "hand_over", by=by, note=note, leaving=leaving, taking=taking)
