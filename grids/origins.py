"""Where a matter came from that was found in a grid: at a visit, on a round, by the self-check of premises, in a sweep."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.urls import reverse

from governance.models import Intake, Matter
from grids.models import Hazard, Need, PatrolTick, SweepTarget


@dataclass(frozen=True)
class Origin:
    """Where a matter came from, in words, and its page where the person may open it."""

    words: str
    url: str = ""


#: source of an entry -> whose id it is, what leads to it, and how it is said.
FOUND: dict[str, tuple[type[models.Model], str, str, Callable[[Any], str]]] = {
    "need": (Need, "pk", "", lambda row: f"需求清单：{row}"),
    "patrol": (PatrolTick, "token", "point", lambda row: f"巡查发现：{row.point}"),
    "selfcheck": (Hazard, "pk", "premises", lambda row: f"安全自查发现：{row.premises}"),
    "sweep": (SweepTarget, "pk", "sweep", lambda row: f"{row.sweep.title}发现：{row}"),
}


def origin(matter: Matter, user: Any) -> Origin | None:
    """Return where a matter was found, as far as the person may see that; None for another origin."""
    if matter.channel != "worker":
        return None
    kind = ContentType.objects.get_for_model(matter)
    came = Intake.objects.filter(content_type=kind, object_id=matter.pk, source__in=FOUND).first()
    if came is None:
        return None
    model, key, with_it, said = FOUND[came.source]
    # A need may be handed on again: its id counts how often.
    ident = came.source_id.partition("#")[0] if model is Need else came.source_id
    row = model.objects.restrict(user).filter(**{key: ident})
    row = (row.select_related(with_it) if with_it else row).first()
    return None if row is None else Origin(said(row), _desk(user, row))


def _desk(user: Any, row: models.Model) -> str:
    """Return a row's page at the desk, for who has a desk."""
    if not user.is_staff:
        return ""
    if isinstance(row, SweepTarget):
        return reverse("admin:grids_sweep_findings", args=[row.sweep_id])
    return reverse(f"admin:grids_{row._meta.model_name}_change", args=[row.pk])
