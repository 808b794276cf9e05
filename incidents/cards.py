"""What the home page and "my matters" show of incidents, and how a timeline names a step that sends one somewhere."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from governance.home import Tile
from governance.mine import Kind
from governance.models import Unit, User
from incidents.models import Incident, IncidentStep
from incidents.models.incidents import IncidentStatus as S
from incidents.worklists import worklist

#: Chips: status -> tone.
TONES = {
    S.REPORTED: "info",
    S.ACCEPTED: "info",
    S.DISPATCHED: "info",
    S.RETURNED: "caution",
    S.DISPUTED: "danger",
    S.HANDLING: "info",
    S.BACKLOG: "caution",
    S.HANDLED: "caution",
    S.CLOSED: "good",
    S.RATED: "good",
    S.REJECTED: "danger",
}


def sent_to(steps: list[IncidentStep]) -> dict[int, str]:
    """Return for each step that gave an incident to somebody its label with the name: key of the step -> words."""
    given = [step for step in steps if step.action in ("dispatch", "designate")]
    names: dict[tuple[str, int], str] = {}
    for kind, model in (("worker", User), ("unit", Unit)):
        keys = {step.data[kind] for step in given if kind in step.data}
        names |= {(kind, key): str(row) for key, row in model.objects.in_bulk(keys).items()} if keys else {}
    found = {}
    for step in given:
        name = next((names[kind, key] for kind, key in names if step.data.get(kind) == key), "")
        if name:
            found[step.pk] = f"{step.label}给{name}"
    return found


def reports_for_others(request: HttpRequest) -> bool:
    """The ``shows`` of the tiles of grid workers and everyone else who reports by a post."""
    return request.user.is_authenticated and request.user.has_perm("incidents.report_incident")


def others(request: HttpRequest) -> Any:
    """The ``shows`` of the residents' tile."""
    return not reports_for_others(request)


def has_tasks(request: HttpRequest) -> bool:
    """The ``shows`` of the list of tasks: for whoever is sent something to handle, and whoever looks at what was handled."""
    user = request.user
    return reports_for_others(request) or user.is_authenticated and user.has_perm("incidents.handle_incident")


def to_do(request: HttpRequest) -> int:
    """How many incidents this person is to handle, or to look at after they were handled."""
    rows, user = Incident.objects.restrict(request.user), request.user
    return sum(worklist(rows, user, key).order_by()[:100].count() for key in ("hand", "verify"))


TILES = (
    Tile(5, "snapshot", "随手拍", "拍照上报问题", "camera", "danger", shows=others),
    Tile(
        4, "snapshot", "上报事件", "拍照上报，没信号也能存", "camera", "danger", "?for=1", reports_for_others
    ),
    Tile(3, "my_work", "我的任务", "处置、核查", "list-checks", "brand", "", has_tasks, to_do),
    Tile(45, "figures", "治理数据", "上报和办结情况", "trending-up", "info"),
)

MINE = (
    Kind(
        "incident",
        "事件",
        lambda user: Incident.objects.restrict(user).filter(Q(applicant=user) | Q(placed_by=user)).for_page(),
    ),
)
