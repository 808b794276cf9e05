"""The permission matrix: every address, as everyone, with the status it must answer.

tests/permission_matrix.txt is the matrix, a line for each address and method, a column for each person of tests/cast.py;
``=`` means "as the column before". It fails when an address is missing from it, when it names one that is gone, and when an
answer differs. After a deliberate change, REWRITE_MATRIX=1 writes what is answered now: read the difference line by line
before it is committed, because it is the decision who may see what.
"""

import copy
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from governance import parameters
from governance.models import AccessEvent, Elevation, Heartbeat, Intake, Post, Role, TextMessage, Unit
from governance.sharing import share
from tests import factories
from tests.addresses import names
from tests.cast import PEOPLE, Cast, make_cast
from volunteers.models import HoursEntry, Skill, Station, Team

MATRIX = Path(__file__).with_name("permission_matrix.txt")
REWRITE = bool(os.environ.get("REWRITE_MATRIX"))
METHODS = ("GET", "POST")
#: Aliases that other packages look up; the address itself is in the matrix under its own name.
ALIASES = {"account_login"}


def arguments(name: str, cast: Cast) -> list:
    """Return what stands for this address in the cast's world: rows of the first community wherever there are some."""
    order, registration, reviewed = cast.order, cast.registration, cast.reviewed
    if name in cast.arguments:
        return cast.arguments[name]
    if name.startswith("api-"):
        for kind, row in (
            ("api-order-", order),
            ("api-volunteer-", registration),
            ("api-showcase-", reviewed),
        ):
            if name.startswith(kind) and not name.endswith("-list"):
                return [row.number]
        return []
    if not name.startswith("admin:") or name.count("_") < 2:
        return []
    app, model, page = name.removeprefix("admin:").split("_", 2)
    if page in ("add", "changelist", "export"):
        return []
    key = KEYS[f"{app}_{model}"](cast)
    action = "approve" if model != "order" else "mark_absent"
    return {"do": [key, action], "bulk": [action], "reveal": [key, "applicant_phone"]}.get(page, [key])


def particular(cast: Cast) -> dict[str, list]:
    """Return the arguments of the addresses that follow no pattern."""
    order, registration, reviewed = cast.order, cast.registration, cast.reviewed
    notice = cast.people["secretary"].notices.last().pk
    minor = factories.make_volunteer(
        approved_by=cast.people["secretary"],
        birth_date=timezone.localdate() - timedelta(days=15 * 366),
        guardian_name="张父",
        guardian_phone="13800001234",
        guardian_consent_at=timezone.now(),
    )
    return {
        "order": [order.number],
        "order_action": [order.number, "mark_absent"],
        "showcase_new": [reviewed.order.number],
        "volunteer_action": [registration.number, "leave"],
        "showcase": [cast.shown.number],
        "showcase_action": [reviewed.number, "approve"],
        "entrance_scan": [cast.entrance.token],
        "in_grid": [order.grid_id],
        "grid_notice": [order.grid_id],
        "grid_outlines": [order.grid_id[:12]],
        "entrance_qr": [cast.entrance.pk],
        "renew_entrance": [cast.entrance.pk],
        "photo": ["volunteers", "orderphoto", cast.photo.token, "large"],
        "reveal": ["volunteers", "order", order.pk, "applicant_phone"],
        "notice_open": [notice],
        "api-photo": ["volunteers", "orderphoto", cast.photo.token, "large"],
        "api-grid-detail": [order.grid_id],
        "api-grid-children": [order.grid_id[:12]],
        "api-entrance-detail": [cast.entrance.token],
        "api-item-detail": [order.item.code],
        "api-notice-detail": [notice],
        "api-notice-read": [notice],
        "api-token-detail": [1],
        "admin:app_list": ["volunteers"],
        "admin:governance_parameter_set": ["orders.offer_minutes"],
        "admin:governance_user_totp": [cast.people["secretary"].pk],
        "admin:volunteers_volunteer_guardian": [minor.pk],
    }


KEYS = {
    "governance_accessevent": lambda cast: AccessEvent.objects.earliest("pk").pk,
    "governance_elevation": lambda cast: Elevation.objects.get().pk,
    "governance_heartbeat": lambda cast: Heartbeat.objects.get().pk,
    "governance_intake": lambda cast: Intake.objects.get(number=cast.order.number).pk,
    "governance_parameter": lambda cast: "orders.offer_minutes",
    "governance_post": lambda cast: Post.objects.get(user=cast.people["secretary"]).pk,
    "governance_role": lambda cast: Role.objects.get(key="own").pk,
    "governance_share": lambda cast: cast.share.pk,
    "governance_textmessage": lambda cast: TextMessage.objects.get().pk,
    "governance_unit": lambda cast: Unit.objects.get(team=None).pk,
    "governance_user": lambda cast: cast.people["resident"].pk,
    "grids_building": lambda cast: cast.entrance.building_id,
    "grids_entrance": lambda cast: cast.entrance.pk,
    "grids_grid": lambda cast: cast.order.grid_id,
    "volunteers_hoursentry": lambda cast: HoursEntry.objects.earliest("pk").pk,
    "volunteers_order": lambda cast: cast.order.pk,
    "volunteers_serviceitem": lambda cast: cast.order.item_id,
    "volunteers_showcase": lambda cast: cast.reviewed.pk,
    "volunteers_skill": lambda cast: Skill.objects.get().pk,
    "volunteers_station": lambda cast: Station.objects.get().pk,
    "volunteers_team": lambda cast: Team.objects.get().pk,
    "volunteers_volunteer": lambda cast: cast.registration.pk,
}


@pytest.fixture
def cast(db) -> Cast:
    """The cast's world, and one row of everything that the services make only now and then."""
    made = make_cast()
    here = factories.COMMUNITY
    Heartbeat.objects.create(name="worker")
    TextMessage.objects.create(phone="13800001234", body="测试")
    Role.objects.create(key="own", name="本区自设角色", levels=[12])
    Skill.objects.create(name="电工")
    Station.objects.create(grid_id=here, name="社区站")
    factories.make_unit(here)
    person = factories.make_user(may_elevate=True)
    Elevation.objects.create(user=person, reason="演练", until=factories.tomorrow())
    made.share = share(made.order, person, ["view"], by=person, reason="会诊")
    parameters.change("orders.offer_minutes", 30)
    made.arguments = particular(made)
    return made


def read_matrix() -> dict[tuple[str, str], list[str]]:
    """Return the matrix: (address, method) to a status for each person."""
    if not MATRIX.exists():
        return {}
    matrix = {}
    for line in MATRIX.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, method, *cells = line.split()
            for index, cell in enumerate(cells):
                cells[index] = cells[index - 1] if cell == "=" else cell
            matrix[name, method] = cells
    return matrix


def rows() -> list[tuple[str, str]]:
    """Return every line that the matrix must have."""
    return [(name, method) for name in sorted(set(names()) - ALIASES) for method in METHODS]


def answer(client, cast: Cast, name: str, method: str) -> str:
    """Ask an address and undo what it did."""
    url = reverse(name, args=arguments(name, cast))
    body = (
        {"data": "{}", "content_type": "application/json"}
        if name.startswith("api-") and method == "POST"
        else {}
    )
    signed_in = copy.deepcopy(client.cookies)
    with transaction.atomic():
        response = getattr(client, method.lower())(url, **body)
        transaction.set_rollback(True)
    client.cookies = signed_in
    return str(response.status_code)


def test_every_address_is_in_the_matrix():
    if REWRITE:
        return
    assert set(read_matrix()) == set(rows())


@pytest.mark.parametrize("person", PEOPLE)
def test_everyone_gets_the_answer_that_the_matrix_says(cast, person):
    client, matrix, column = cast.client(person), read_matrix(), PEOPLE.index(person)
    client.get(reverse("privacy"))
    got = {row: answer(client, cast, *row) for row in rows()}
    if REWRITE:
        note(column, got)
        return
    wrong = {
        row: f"{status}, not {matrix[row][column]}"
        for row, status in got.items()
        if status != matrix[row][column]
    }
    assert not wrong
    assert not [row for row, status in got.items() if status.startswith("5") and row[0] != "healthz"]


def note(column: int, got: dict[tuple[str, str], str]) -> None:
    """Write one person's column of the matrix."""
    matrix = {row: cells for row, cells in read_matrix().items() if row in got}
    for row, status in got.items():
        matrix.setdefault(row, ["-"] * len(PEOPLE))[column] = status
    lines = [f"# {' '.join(PEOPLE)}"]
    for (name, method), cells in sorted(matrix.items()):
        shown = [cell if index == 0 or cell != cells[index - 1] else "=" for index, cell in enumerate(cells)]
        lines.append(f"{name:<44} {method:<4} " + " ".join(f"{cell:<3}" for cell in shown).rstrip())
    MATRIX.write_text("\n".join(lines) + "\n", encoding="utf-8")
