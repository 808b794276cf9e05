"""What everyone may read of the incidents: which rows, and of each row which of its facts.

A row is here once it is published. Who reported it, in what words, who handles it and what was noted inside are never read from
the database for this.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils import timezone

from grids.models import Grid
from incidents.models import Incident
from incidents.models.incidents import IncidentStatus
from incidents.open311.asked import Asked
from incidents.open311.formats import Problem, moment
from incidents.open311.services import notice

#: The longest span of a question, and the most rows of an answer.
SPAN, MOST = timedelta(days=90), 1000
DEEPEST = 100_000
#: Digits of a degree that are shown: about ten metres.
DIGITS = 4
#: What has happened to a row: the column of the moment, the word for programs, the word for people.
NOTES = (
    ("opened_at", "opened", "已上报"),
    ("accepted_at", "accepted", "已受理"),
    ("dispatched_at", "dispatched", "已派人处理"),
    ("handled_at", "handled", "已处置，等待核查"),
    ("closed_at", "closed", "已办结"),
)
#: All that is read of a row.
COLUMNS = (
    "number",
    "status",
    "district_code",
    "street_code",
    "community_code",
    "public_words",
    "longitude",
    "latitude",
    "due_at",
    "paused_at",
    "received_at",
    "published_at",
    *(column for column, *_ in NOTES),
    *(f"minor_class__{name}" for name in ("code", "name", "is_public", "limit", "limit_unit")),
)


def published(district: str = "") -> QuerySet[Incident]:
    """Return the published incidents, newest first; ``district``: of this one alone."""
    rows = Incident.objects.restrict(AnonymousUser(), "disclose")
    rows = rows.filter(district_code=district) if district else rows
    return rows.select_related("minor_class").only(*COLUMNS).order_by("-opened_at", "-pk")


def wanted(asked: Asked, district: str) -> list[Incident]:
    """Return the rows that a question is about, one page of them. Raises Problem (400) for what cannot be asked."""
    rows = published(district)
    size = min(asked.count("page_size", MOST, 999_999_999), MOST)
    first = (asked.count("page", 1, DEEPEST) - 1) * size
    if numbers := asked.several("service_request_id"):
        if len(numbers) > MOST:
            raise Problem(400, f"一次最多查询 {MOST} 个编号（service_request_id）。")
        rows = rows.filter(number__in=numbers)
    else:
        begin, end = span(asked.moment("start_date"), asked.moment("end_date"))
        rows = rows.filter(opened_at__gte=begin, opened_at__lte=end)
        if codes := asked.several("service_code"):
            rows = rows.filter(minor_class__code__in=codes)
        states = asked.among("status", ("open", "closed"))
        if len(states) == 1:
            rows = rows.filter(closed_at__isnull="open" in states)
    return list(rows[first : first + size])


def span(begin: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """Return from when to when is asked: 90 days to now where nothing is said, 90 days from or to the one that is.

    Raises Problem (400) for more than 90 days, or an end before the beginning.
    """
    if begin is None and end is None:
        end = timezone.now()
    if begin is None:
        begin = end - SPAN
    elif end is None:
        end = begin + SPAN
    if not begin <= end <= begin + SPAN:
        raise Problem(400, f"start_date 不能晚于 end_date，两者相隔不超过 {SPAN.days} 天。")
    return begin, end


def lines(rows: Iterable[Incident], *, extensions: bool = False) -> list[dict[str, Any]]:
    """Return the rows as the interface shows them. ``extensions``: with what other servers show beyond the specification."""
    rows = list(rows)
    codes = {code for row in rows for code in (row.street_code, row.community_code)}
    grids = Grid.objects.restrict(AnonymousUser()).filter(code__in=codes)
    names = dict(grids.values_list("code", "name")) if codes else {}
    return [line(row, names) | (_beyond(row) if extensions else {}) for row in rows]


def line(row: Incident, names: dict[str, str]) -> dict[str, Any]:
    """Return one row; ``names``: of the grids, by code."""
    minor, over = row.minor_class, row.closed_at is not None
    has_point = minor.is_public and row.longitude is not None
    in_hand = row.status in (IncidentStatus.DISPATCHED, IncidentStatus.HANDLING) and row.paused_at is None
    places = dict.fromkeys((row.street_code, row.community_code))
    changed = max(at for at in (row.published_at, row.received_at, *(m for _, _, m in _moments(row))) if at)
    return {
        "service_request_id": row.number,
        "status": "closed" if over else "open",
        "status_notes": row.get_status_display(),
        "service_name": minor.name,
        "service_code": minor.code,
        "description": row.public_words or None,
        "agency_responsible": None,
        "service_notice": notice(minor),
        "requested_datetime": moment(row.opened_at),
        "updated_datetime": moment(row.closed_at if over else changed),
        "expected_datetime": moment(row.due_at) if in_hand else None,
        "address": "".join(names.get(code, "") for code in places),
        "address_id": row.community_code,
        "zipcode": None,
        "lat": round(row.latitude, DIGITS) if has_point else None,
        "long": round(row.longitude, DIGITS) if has_point else None,
        "media_url": None,
    }


def _moments(row: Incident) -> list[tuple[str, str, datetime]]:
    """Return what has happened to a row, as everyone may know it: word for programs, word for people, when."""
    return [
        (kind, words, getattr(row, column))
        for column, kind, words in NOTES
        if getattr(row, column) is not None
    ]


def _beyond(row: Incident) -> dict[str, Any]:
    """Return what ``extensions=true`` adds: the state by its own name, and what has happened when."""
    return {
        "attributes": [],
        "extended_attributes": {
            "state": row.status,
            "state_name": row.get_status_display(),
            "district_code": row.district_code,
            "street_code": row.street_code,
            "community_code": row.community_code,
        },
        "notes": [
            {"datetime": moment(at), "description": words, "type": kind} for kind, words, at in _moments(row)
        ],
    }
