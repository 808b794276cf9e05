"""Which volunteers suit an order, in what order, and why: by skill, distance, free time, load and earlier service to this
person. It only suggests; the person asked agrees or not.

Candidates are found by the database, within the reach that each volunteer set for herself; a fixed number of them is ranked
by the pure function ``score``. Nobody is ranked for anything but this one order, and no rank is kept.
"""

from dataclasses import dataclass
from enum import IntEnum
from math import asin, cos, radians, sin, sqrt

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from governance.territory import GridLevel
from grids.models import Entrance
from volunteers.models import Claim, Order, ServiceItem, Volunteer
from volunteers.models.orders import LIVE
from volunteers.models.people import VolunteerStatus, week_parts_of

#: So many candidates are looked at closely, however many a street has.
MOST_CANDIDATES = 200


class Nearness(IntEnum):
    """How near two places lie in the grid tree."""

    DISTRICT = 0
    STREET = 1
    COMMUNITY = 2
    GRID = 3
    DOOR = 4

    @property
    def text(self) -> str:
        return ("同区", "同街道", "同社区", "同网格", "同楼门")[self]


@dataclass(frozen=True)
class Facts:
    """What counts for one volunteer and one order. ``metres`` where both doors have coordinates; ``free`` None where she
    has not said when she is free."""

    nearness: Nearness
    metres: int | None = None
    free: bool | None = None
    load: int = 0
    earlier: int = 0
    skills: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suggestion:
    """One volunteer for one order, with the reasons in words."""

    volunteer: Volunteer
    score: int
    reasons: list[str]


def score(facts: Facts) -> tuple[int, list[str]]:
    """Return the points (higher suits better) and the reasons, most telling first.

    A needed skill 30, nearness up to 30, free time 20, earlier service up to 15; each order at hand costs 5, at most 20.
    """
    points, reasons = 0, []
    if facts.skills:
        points += 30
        reasons.append(f"会{'、'.join(facts.skills)}")
    if facts.earlier:
        points += min(15, 9 + 2 * facts.earlier)
        reasons.append(f"服务过这位居民 {facts.earlier} 次")
    points += (0, 8, 16, 24, 30)[facts.nearness]
    near = facts.nearness.text
    if facts.metres is not None and facts.nearness is not Nearness.DOOR:
        points += 6 if facts.metres <= 500 else 3 if facts.metres <= 1500 else 0
        near += f"，{metres_text(facts.metres)}"
    reasons.append(near)
    if facts.free:
        points += 20
        reasons.append("这个时段有空")
    elif facts.free is None:
        points += 8
        reasons.append("没有登记可服务时间")
    else:
        reasons.append("这个时段未登记有空")
    points -= min(20, 5 * facts.load)
    reasons.append(f"手上有 {facts.load} 单" if facts.load else "手上没有单")
    return points, reasons


def metres_text(metres: int) -> str:
    """Return a distance as people say it: 约 300 米, 约 1.2 公里."""
    if metres < 100:
        return "不到 100 米"
    return f"约 {round(metres, -2)} 米" if metres < 950 else f"约 {metres / 1000:.1f} 公里"


def metres_between(one: Entrance | None, other: Entrance | None) -> int | None:
    """Return the distance of two doors in metres (haversine), None where a door has no coordinates."""
    if one is None or other is None:
        return None
    if None in (one.longitude, one.latitude, other.longitude, other.latitude):
        return None
    first, second = radians(one.latitude), radians(other.latitude)
    half = sin((second - first) / 2) ** 2
    half += cos(first) * cos(second) * sin(radians(other.longitude - one.longitude) / 2) ** 2
    return round(2 * 6_371_000 * asin(sqrt(half)))


def nearness(order: Order, grid: str, entrance: int | None) -> Nearness:
    """Return how near a place (grid code, door) lies to the order's."""
    if entrance is not None and entrance == order.entrance_id:
        return Nearness.DOOR
    for length, near in (
        (GridLevel.BASE, Nearness.GRID),
        (GridLevel.COMMUNITY, Nearness.COMMUNITY),
        (GridLevel.STREET, Nearness.STREET),
    ):
        if len(order.grid_id) >= length and order.grid_id[:length] == grid[:length]:
            return near
    return Nearness.DISTRICT


def distance_text(order: Order, volunteer: Volunteer) -> str:
    """Return how far an order is from where the volunteer lives, in words."""
    near = nearness(order, volunteer.grid_id, volunteer.entrance_id)
    metres = metres_between(order.entrance, volunteer.entrance)
    if metres is None or near is Nearness.DOOR:
        return near.text
    return f"{near.text} · {metres_text(metres)}"


def within_reach(order: Order) -> Q:
    """Return which volunteers have set their reach so far that this order lies in it."""
    code, reach = order.grid_id, Volunteer.Reach
    return (
        Q(community_code=code[: GridLevel.COMMUNITY])
        | Q(street_code=code[: GridLevel.STREET], reach__in=[reach.STREET, reach.DISTRICT])
        | Q(district_code=code[: GridLevel.DISTRICT], reach=reach.DISTRICT)
    )


def candidates(order: Order, among: QuerySet[Volunteer] | None = None) -> QuerySet[Volunteer]:
    """Return who could serve the order: active, skilled, not busy then, not on it already, and not the one it is for.

    Within reach, unless ``among`` names the people (a team's members). Annotated with what ``facts_of`` reads.
    """
    now = timezone.now()
    claims = Claim.objects.filter(volunteer=OuterRef("pk"))
    window = (order.wanted_from, order.wanted_until)
    busy = claims.filter(status="held", window__overlap=window)
    there = claims.filter(order=order, status__in=LIVE)
    needed = ServiceItem.skills.through.objects.filter(serviceitem=order.item_id)
    # Two levels down: from the needed skill's row to the volunteer's.
    hers = Volunteer.skills.through.objects.filter(volunteer=OuterRef(OuterRef("pk")))
    lacking = needed.exclude(skill__in=hers.values("skill"))
    rows = Volunteer.objects.filter(within_reach(order)) if among is None else among
    rows = rows.filter(status=VolunteerStatus.ACTIVE, applicant__is_active=True)
    rows = rows.filter(~Exists(busy), ~Exists(there), ~Exists(lacking))
    themselves = [key for key in (order.applicant_id, order.beneficiary_id) if key]
    rows = rows.exclude(applicant__in=themselves) if themselves else rows
    parts = sorted(week_parts_of(*window))
    return rows.annotate(
        near=Case(
            *([When(entrance=order.entrance_id, then=Value(4))] if order.entrance_id else []),
            *([When(grid=order.grid_id, then=Value(3))] if len(order.grid_id) == GridLevel.BASE else []),
            When(community_code=order.grid_id[: GridLevel.COMMUNITY], then=Value(2)),
            When(street_code=order.grid_id[: GridLevel.STREET], then=Value(1)),
            default=Value(0),
        ),
        is_free=Case(
            When(free_times=[], then=Value(None)),
            When(free_times__contains=parts, then=Value(True)),
            default=Value(False),
        ),
        load=_counted(claims.filter(status="held", window__endswith__gt=now)),
        earlier=_counted(claims.filter(status="served", order__beneficiary_phone=order.beneficiary_phone)),
    )


def _counted(claims: QuerySet) -> Coalesce:
    number = claims.order_by().values("volunteer").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(number), Value(0))


def facts_of(order: Order, volunteer: Volunteer, skills: tuple[str, ...]) -> Facts:
    """Return the facts of an annotated candidate."""
    return Facts(
        nearness=Nearness(volunteer.near),
        metres=metres_between(order.entrance, volunteer.entrance),
        free=volunteer.is_free,
        load=volunteer.load,
        earlier=volunteer.earlier,
        skills=skills,
    )


def suggest(order: Order, limit: int = 10, among: QuerySet[Volunteer] | None = None) -> list[Suggestion]:
    """Return the volunteers who suit the order best, at most ``limit``, in two queries.

    ``among`` limits them to these people, whatever their reach (a team's members).
    """
    rows = candidates(order, among).select_related("entrance").order_by("-earlier", "-near", "load", "pk")
    skills = tuple(order.item.skills.order_by("name").values_list("name", flat=True))
    found = []
    for volunteer in rows[:MOST_CANDIDATES]:
        points, reasons = score(facts_of(order, volunteer, skills))
        found.append(Suggestion(volunteer, points, reasons))
    found.sort(key=lambda each: (-each.score, each.volunteer.pk))
    return found[:limit]
