"""Founding a volunteer team: the team and the unit that orders are given to are made together, or not at all."""

import secrets

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from governance.constraints import sentence
from governance.models import Unit, User
from governance.permissions import look_again
from grids.models import Grid
from volunteers.models import Station, Team


@transaction.atomic
def create_team(
    *,
    by: User | None,
    grid: Grid,
    name: str,
    station: Station | None = None,
    about: str = "",
    is_active: bool = True,
) -> Team:
    """Found a team at a grid, with its unit. Returns the team.

    ``by`` None: the installation itself. Raises ValidationError at the field it concerns (a name that is taken, a retired
    grid), or OutOfReach when ``by`` may not found a team there.
    """
    name = name.strip()
    if not name:
        raise ValidationError({"name": "请填写队名。"})
    if grid.is_retired:
        raise ValidationError({"grid": "这个网格已停用，请另选网格。"})
    unit = Unit.objects.create(
        grid=grid,
        code=f"team-{grid.pk}-{secrets.token_hex(4)}",
        name=name,
        kind=Unit.Kind.TEAM,
        is_active=is_active,
    )
    team = Team(grid=grid, unit=unit, name=name, station=station, about=about, is_active=is_active)
    team.clean_fields(exclude=["unit"])
    try:
        with transaction.atomic():
            team.save(force_insert=True)
    except IntegrityError as error:
        raise ValidationError({"name": sentence(error) or "这里已有同名队伍。"}) from error
    if by is not None:
        look_again(by, team, "add")
    return team


@transaction.atomic
def update_team(team: Team) -> Team:
    """Save a team's changed columns, and give its unit the same name, place and state.

    Raises ValidationError at the name when it is taken.
    """
    try:
        with transaction.atomic():
            team.save()
    except IntegrityError as error:
        raise ValidationError({"name": sentence(error) or "这里已有同名队伍。"}) from error
    unit = team.unit
    unit.name, unit.grid_id, unit.is_active = team.name, team.grid_id, team.is_active
    unit.save(update_fields=["name", "grid", "is_active"])
    return team
