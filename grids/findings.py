"""What patrols and shops' self-checks find wrong, and the way it takes to whoever settles it: through the front door, to the app that
takes findings. That app says what can be found (``register``); this app knows none of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import UploadedFile
from django.urls import NoReverseMatch, reverse

from governance.flow import Refused
from governance.models import Intake, Matter, User
from grids.models import Entrance, Grid, Hazard, PatrolTick, SweepTarget

#: The source of what a sweep found; the source's id is the door's key.
SWEEP = "sweep"

#: What can be found, as one person may pass it on: (group, [(choice, name)]).
Choices = Callable[[User], list[tuple[str, list[tuple[str, str]]]]]


@dataclass(frozen=True)
class Found:
    """One finding: what it is (``choice``), where, in whose words, when it was seen, and its pictures. ``source_id`` names it within
    ``source``, so that a repeat becomes no second matter."""

    source: str
    source_id: str
    choice: str
    grid: Grid
    words: str
    spot: str = ""
    entrance: Entrance | None = None
    longitude: float | None = None
    latitude: float | None = None
    at: datetime | None = None
    is_urgent: bool = False
    photos: Iterable[UploadedFile] = ()


#: Makes a matter of a finding, through the front door; a repeat answers with the first one.
Taker = Callable[[Found, User], Matter]
_door: list[tuple[Choices, Taker]] = []


def register(offered: Choices, take: Taker) -> None:
    """Let an app take findings; repeating it replaces the one before."""
    _door[:] = [(offered, take)]


def choices(user: User) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what a person can pass a finding on as; empty for who may not."""
    return _door[0][0](user) if _door else []


def pass_on(found: Found, *, by: User) -> Matter:
    """Make a matter of a finding. Raises Refused at the field ``choice`` where nobody takes it, and what the app refuses."""
    if not _door:
        raise Refused("现在没有部门接收，请打电话告诉社区。", "choice")
    return _door[0][1](found, by)


@dataclass(frozen=True)
class Origin:
    """Where a matter came from, in words, and its page where the person may open it."""

    words: str
    url: str = ""


def origin(matter: Matter, user: Any) -> Origin | None:
    """Return the patrol's point, the premises or the sweep's door where a matter was found, as far as the person may see them; None for
    another origin."""
    if matter.channel != "worker":
        return None
    key = {"content_type": ContentType.objects.get_for_model(matter), "object_id": matter.pk}
    tick = PatrolTick.objects.restrict(user).filter(**key).select_related("point").first()
    if tick is not None:
        return Origin(f"巡查发现：{tick.point}", _desk(user, "grids_patroltick", tick.pk))
    hazard = Hazard.objects.restrict(user).filter(**key).select_related("premises").first()
    if hazard is not None:
        return Origin(f"安全自查发现：{hazard.premises}", _desk(user, "grids_hazard", hazard.pk))
    came = Intake.objects.filter(**key, source=SWEEP).first()
    if came is None:
        return None
    door = SweepTarget.objects.restrict(user).filter(pk=came.source_id).first()
    if door is not None:
        return Origin(f"排查发现：{door}", _desk(user, "grids_sweep", door.sweep_id))
    return None


def passed_on(targets: Iterable[SweepTarget], user: User) -> dict[int, Origin]:
    """Return what became of the findings of a sweep, by the doors' keys: the new matter's number, and its page where the person may
    open it. Two statements, however many there are."""
    keys = [str(target.pk) for target in targets]
    came = list(Intake.objects.filter(source=SWEEP, source_id__in=keys).select_related("content_type"))
    within: dict[Any, set[int]] = {}
    for kind in {each.content_type for each in came}:
        rows = kind.model_class().objects.restrict(user)
        wanted = [each.object_id for each in came if each.content_type == kind]
        within[kind] = set(rows.filter(pk__in=wanted).values_list("pk", flat=True))
    return {
        int(each.source_id): Origin(
            each.number,
            _desk(user, f"{each.content_type.app_label}_{each.content_type.model}", each.object_id)
            if each.object_id in within[each.content_type]
            else "",
        )
        for each in came
    }


def _desk(user: Any, name: str, key: int) -> str:
    if not user.is_staff:
        return ""
    try:
        return reverse(f"admin:{name}_change", args=[key])
    except NoReverseMatch:
        return ""
