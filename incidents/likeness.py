"""Which incidents are likely the same thing: near in place and time, of one class, in like words. Only ever a suggestion."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from governance.search import terms
from governance.territory import GridLevel
from incidents.models import Incident, MinorClass

#: How far back one looks, how many rows, and how many are shown.
DAYS, MOST_ROWS, MOST_SHOWN = 14, 60, 5
#: Metres within which two points are at one place.
NEAR = 150
#: From this likeness on (0 to 1) it is shown.
ENOUGH = 0.5


@dataclass(frozen=True)
class Likeness:
    """An incident that may be the same, how like it is, and why in words."""

    incident: Incident
    score: float
    reasons: list[str]


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the distance of two points, in degrees of longitude and latitude, on a ground as small as a district."""
    east = (a[0] - b[0]) * math.cos(math.radians((a[1] + b[1]) / 2))
    return math.hypot(east, a[1] - b[1]) * 111_320


def similar(
    rows: QuerySet,
    *,
    code: str,
    minor_class: MinorClass | None,
    description: str = "",
    spot: str = "",
    entrance_id: int | None = None,
    point: tuple[float, float] | None = None,
    at: datetime | None = None,
    leave_out: int | None = None,
) -> list[Likeness]:
    """Return, best first, those of ``rows`` (incidents that the asker may know of) that may be the same thing.

    Looks at the newest of the community of ``code`` within two weeks that are not over without a result.
    """
    at = at or timezone.now()
    same = Q(minor_class=minor_class) if minor_class is not None else Q()
    if entrance_id is not None:
        same |= Q(entrance=entrance_id)
    found = (
        rows.filter(same, community_code=code[: GridLevel.COMMUNITY])
        .filter(opened_at__gte=at - timedelta(days=DAYS), part_of=None)
        .exclude(status__in=["rejected", "withdrawn", "merged", "referred"])
        .exclude(pk=leave_out)
        .for_page()
        .order_by("-opened_at", "-pk")[:MOST_ROWS]
    )
    words = set(terms(description, spot))
    likely = []
    for incident in found:
        score, reasons = 0.0, []
        if minor_class is not None and incident.minor_class_id == minor_class.pk:
            score, reasons = score + 0.35, ["同一类"]
        if entrance_id is not None and incident.entrance_id == entrance_id:
            score, reasons = score + 0.35, [*reasons, "同一楼门"]
        elif point and incident.longitude is not None:
            apart = metres(point, (incident.longitude, incident.latitude))
            if apart <= NEAR:
                score, reasons = (
                    score + 0.35 * (1 - apart / NEAR / 2),
                    [*reasons, f"相距约 {max(1, round(apart))} 米"],
                )
        elif incident.grid_id == code and len(code) == GridLevel.BASE:
            score, reasons = score + 0.2, [*reasons, "同一网格"]
        theirs = set(terms(incident.description, incident.spot))
        if words and theirs:
            shared = len(words & theirs) / min(len(words), len(theirs))
            if shared >= 0.3:
                score, reasons = score + 0.4 * min(1, shared * 1.5), [*reasons, "说法相近"]
        if at - incident.opened_at <= timedelta(hours=24):
            score, reasons = score + 0.1, [*reasons, "一天之内"]
        if score >= ENOUGH:
            likely.append(Likeness(incident, round(score, 3), reasons))
    return sorted(likely, key=lambda each: (-each.score, -each.incident.pk))[:MOST_SHOWN]


def alike_of(incident: Incident, user: Any) -> list[Likeness]:
    """Return the incidents that ``user`` dispatches and that may be the same thing as this one."""
    return similar(
        Incident.objects.restrict(user, "dispatch"),
        code=incident.grid_id,
        minor_class=incident.minor_class,
        description=incident.description,
        spot=incident.spot,
        entrance_id=incident.entrance_id,
        point=(incident.longitude, incident.latitude) if incident.longitude is not None else None,
        at=incident.opened_at,
        leave_out=incident.pk,
    )


def suggest_classes(text: str, minors: list[MinorClass], most: int = 3) -> list[MinorClass]:
    """Return the classes whose name or keywords the text holds most of, best first."""
    found = []
    for minor in minors:
        hits = sum(
            len(word) for word in (minor.name, *minor.keywords.split()) if len(word) >= 2 and word in text
        )
        if hits:
            found.append((-hits, minor.order, minor))
    return [minor for *_, minor in sorted(found, key=lambda each: each[:2])[:most]]


def guess_class(text: str, minors: list[MinorClass]) -> MinorClass | None:
    """Return the class that the words speak of, else the last one, which stands for anything else."""
    found = suggest_classes(text, minors, most=1)
    return found[0] if found else minors[-1] if minors else None
