"""How often everybody is visited, and what is due: the days, the doors of a grid with what waits behind them, and the coverage."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from dateutil.relativedelta import relativedelta
from django.db.models import Count, Min, Q
from django.utils import timezone

from governance import parameters
from governance.models import User
from governance.permissions import permission
from governance.territory import COLUMN, GridLevel, covers, level_of
from grids.models import Entrance, Grid, Household, Premises, Visit


def due_before(today: date | None = None) -> date:
    """Return the day before which a last visit is too long ago (``visits.months``)."""
    return (today or timezone.localdate()) - relativedelta(months=parameters.value("visits.months"))


def beats(user: User) -> list[Grid]:
    """Return the base grids in which a person visits, by her posts; many where she works for a community."""
    needed = permission(Visit, "add")
    codes = {post.code for post in user.posts_with(needed) if post.unit_id is None}
    widest = [code for code in codes if not any(covers(other, code) for other in codes if other != code)]
    reached = Q(pk__in=())
    for code in widest:
        reached |= Q(**{COLUMN.get(level_of(code), "code"): code})
    return list(
        Grid.objects.current().of_level(GridLevel.BASE).filter(reached).defer("boundary").order_by("code")
    )


@dataclass(frozen=True)
class Door:
    """What waits behind a door: how many there are, how many are due, and since when the oldest was last visited."""

    entrance: Entrance | None
    total: int
    due: int
    oldest: date | None
    #: Whether one was never visited.
    never: bool

    @property
    def rank(self) -> tuple:
        """By which doors are ordered: what is due, what was never visited, then the longest unvisited."""
        return (not self.due, not self.never, self.oldest or date.max, str(self.entrance or ""))


def doors_of(grid: Grid, user: User, today: date | None = None) -> tuple[list[Door], Door]:
    """Return the doors of a grid with what the person may visit behind them, the most pressing first, and the premises that have no
    door. Three statements, however many there are."""
    before = due_before(today)
    counts: dict[int | None, list] = {}
    for model in (Household, Premises):
        rows = model.objects.restrict(user).current().filter(grid=grid).order_by()
        counted = rows.values("entrance").annotate(
            total=Count("pk"),
            due=Count("pk", filter=Q(visited_on=None) | Q(visited_on__lt=before)),
            oldest=Min("visited_on"),
            never=Count("pk", filter=Q(visited_on=None)),
        )
        for key, total, due, oldest, never in counted.values_list(
            "entrance", "total", "due", "oldest", "never"
        ):
            counts.setdefault(key, []).append((total, due, oldest, never))
    entrances = (
        Entrance.objects.restrict(user)
        .filter(pk__in=[key for key in counts if key])
        .select_related("building")
    )

    def door(entrance: Entrance | None, parts: Iterable[tuple]) -> Door:
        parts = list(parts)
        days = [oldest for _, _, oldest, _ in parts if oldest]
        return Door(
            entrance,
            sum(total for total, *_ in parts),
            sum(due for _, due, *_ in parts),
            min(days, default=None),
            any(never for *_, never in parts),
        )

    found = [door(entrance, counts[entrance.pk]) for entrance in entrances]
    return sorted(found, key=lambda each: each.rank), door(None, counts.get(None, ()))


@dataclass(frozen=True)
class Coverage:
    """How many of a place's households, or premises, were visited within the time; never a figure of a person."""

    grid: Grid
    households: int
    households_visited: int
    premises: int
    premises_visited: int

    @property
    def share(self) -> float | None:
        """The share of all that were visited, None where there is nothing."""
        total = self.households + self.premises
        return (self.households_visited + self.premises_visited) / total if total else None


def coverage(user: User, grids: Iterable[Grid], today: date | None = None) -> list[Coverage]:
    """Return the coverage of each of several grids of one level, in their order. Two statements, however many there are."""
    grids, before = list(grids), due_before(today)
    if not grids:
        return []
    column = COLUMN.get(level_of(grids[0].code), "grid")
    found: dict[str, list[int]] = {grid.code: [0, 0, 0, 0] for grid in grids}
    for at, model in ((0, Household), (2, Premises)):
        rows = model.objects.restrict(user).current().filter(**{f"{column}__in": list(found)}).order_by()
        counted = rows.values(column).annotate(
            total=Count("pk"), visited=Count("pk", filter=Q(visited_on__gte=before))
        )
        for code, total, visited in counted.values_list(column, "total", "visited"):
            found[code][at : at + 2] = [total, visited]
    return [Coverage(grid, *found[grid.code]) for grid in grids]
