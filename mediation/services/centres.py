"""Setting up a centre."""

from dataclasses import dataclass
from datetime import time

from django.db import transaction

from governance.territory import GridLevel
from mediation.models import Centre, DutyShift, Weekday

DAYS = tuple(Weekday)


@dataclass(frozen=True)
class Sitting:
    """A department that usually sits in at a street's centre, and on which weekdays."""

    body: str
    business: str
    weekdays: tuple[Weekday, ...]


#: The usual roster of a street's centre; a street changes it as it agrees with the departments.
USUAL = (
    Sitting("人民法院", "诉前调解、司法确认、法律咨询", (Weekday.MONDAY, Weekday.TUESDAY)),
    Sitting("人民检察院", "控告申诉、法律监督、司法救助", (Weekday.WEDNESDAY,)),
    Sitting("司法所", "人民调解、法律援助、公证咨询", (Weekday.THURSDAY, Weekday.FRIDAY)),
    Sitting("派出所", "治安纠纷、邻里报警的调解", DAYS),
)
BEGINS, ENDS = time(9), time(17)


@transaction.atomic
def lay_out_roster(centre: Centre) -> list[DutyShift]:
    """Give a street's centre that has no roster the usual one. Returns the shifts made; none for other centres."""
    if centre.grid.grid_level is not GridLevel.STREET or centre.shifts.exists():
        return []
    return DutyShift.objects.bulk_create(usual_shifts(centre))


def usual_shifts(centre: Centre) -> list[DutyShift]:
    """Return the usual shifts of a street's centre, not saved."""
    return [
        DutyShift(
            centre=centre,
            weekday=day,
            body=sitting.body,
            business=sitting.business,
            begins=BEGINS,
            ends=ENDS,
        )
        for sitting in USUAL
        for day in sitting.weekdays
    ]
