"""What changes the territory: loading divisions, retiring a grid, renewing a door's code.

Each function is one transaction. Codes are only ever added: a grid that is no more is retired, never deleted, so its code
cannot come back.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from governance.appointments import appoint, end
from governance.models import Matter, Post
from governance.permissions import look_again
from governance.territory import GridLevel, parent_code
from grids import geometry
from grids.divisions import DivisionFileError, Row
from grids.models import Boundary, Building, Entrance, Grid, entrance_token
from grids.services.following import follow, inherit, team_goes_on

BATCH = 500
_REASON_LENGTH = 100  # the history's column


@dataclass(frozen=True)
class Report:
    """What a division file does to the territory. ``missing`` is in the territory but not in the file; it is only told."""

    unchanged: int = 0
    new: list[Row] = field(default_factory=list)
    renamed: list[tuple[str, str, str]] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Retirement:
    """How many buildings and open matters a retirement moved to the successor, how many buildings are left for the
    clerk to place, and how many posts went on to the successor."""

    moved: int
    matters: int
    left: int
    posts: int = 0


def one_at_a_time() -> None:
    """Let only one transaction at a time change the tree, so that two loads of one file do not race."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('grids.tree'))")


# --- divisions -------------------------------------------------------------------------------------------------------
@transaction.atomic
def load_divisions(rows: Sequence[Row], by: Any = None) -> Report:
    """Bring the territory up to a division file: insert new codes, rename changed ones, report the missing.

    ``rows`` come from ``read_divisions``; ``by`` signs the history. Nothing is deleted, and what lies in another
    district or is of a level that the file does not list is not missed. Repeating a load changes nothing. Raises
    DivisionFileError when a row's code belongs to a retired grid.
    """
    one_at_a_time()
    districts = {row.code for row in rows if row.level is GridLevel.DISTRICT}
    levels = {int(row.level) for row in rows}
    there = {grid.code: grid for grid in Grid.objects.filter(district_code__in=districts).defer("boundary")}
    retired = [
        (row.line, f"编码 {row.code} 已于 {there[row.code].valid_until} 停用，停用的编码不能再用。")
        for row in rows
        if row.code in there and there[row.code].is_retired
    ]
    if retired:
        raise DivisionFileError(retired)
    codes = {row.code for row in rows}
    report = Report(
        unchanged=sum(row.code in there and there[row.code].name == row.name for row in rows),
        new=[row for row in rows if row.code not in there],
        renamed=[
            (row.code, there[row.code].name, row.name)
            for row in rows
            if row.code in there and there[row.code].name != row.name
        ],
        missing=[
            (grid.code, grid.name)
            for grid in there.values()
            if grid.code not in codes and len(grid.code) in levels and not grid.is_retired
        ],
    )
    if report.new:
        bulk_create_with_history(
            [Grid(code=row.code, name=row.name, parent_id=parent_code(row.code)) for row in report.new],
            Grid, batch_size=BATCH, default_user=by, default_change_reason="导入区划文件",
        )  # fmt: skip
    if report.renamed:
        renamed = [there[code] for code, _, _ in report.renamed]
        for grid, (_, _, name) in zip(renamed, report.renamed, strict=True):
            grid.name = name
        bulk_update_with_history(
            renamed,
            Grid,
            ["name"],
            batch_size=BATCH,
            default_user=by,
            default_change_reason="导入区划文件：更名",
        )
    return report


# --- one grid, one building, one door ----------------------------------------------------------------------------------------------
@transaction.atomic
def save_grid(grid: Grid) -> Grid:
    """Save a grid that a clerk added or changed; its parent is what its code says.

    The caller has validated it and looks again at the reach.
    """
    one_at_a_time()
    grid.parent_id = parent_code(grid.code)
    grid.save()
    return grid


@transaction.atomic
def save_building(building: Building, by: Any) -> Building:
    """Save a building that a clerk added or changed; its doors and their open matters follow it to its grid.

    The caller has validated it and looks again at the reach.
    """
    building.save()
    if building.entrances.exclude(grid=building.grid_id).update(grid=building.grid_id):
        follow(list(building.entrances.values_list("pk", flat=True)))
        move_open_matters(
            Q(entrance__building=building),
            lambda matter: building.grid_id,
            by,
            lambda old, new: "楼栋改属网格",
        )
    return building


@transaction.atomic
def retire_grid(grid: Grid, successors: Sequence[Grid], by: Any, reason: str) -> Retirement:
    """Take a grid out of force from today; its successors take over.

    Buildings, doors, open matters and posts move along when there is one successor; with several the buildings stay, counted in
    ``left``, for the clerk to place one by one, and matters follow their building. Posts at the grid end today. Needs ``change`` on
    the grid and on every successor. Raises PermissionDenied without it and ValidationError when the grid is retired already, still has
    grids below it, the successors do not fit, or two buildings would have one name.
    """
    one_at_a_time()
    grid = Grid.objects.select_for_update(of=("self",)).get(pk=grid.pk)
    codes = sorted({successor.pk for successor in successors})
    heirs = list(Grid.objects.select_for_update(of=("self",)).filter(code__in=codes).order_by("code"))
    reachable = Grid.objects.restrict(by, "change").filter(code__in=[grid.code, *codes]).count()
    if reachable != len({grid.code, *codes}):
        raise PermissionDenied
    if grid.is_retired:
        raise ValidationError(f"“{grid}”已于 {grid.valid_until} 停用。")
    if len(reason.strip()) < 4:
        raise ValidationError({"reason": "请写明停用理由（至少 4 个字）。"})
    if not heirs:
        raise ValidationError({"successors": "请选择承接网格，未办结的事项要由它接续。"})
    if grid in heirs:
        raise ValidationError({"successors": "承接网格不能是它自己。"})
    for heir in heirs:
        if heir.is_retired or len(heir.code) != len(grid.code):
            raise ValidationError({"successors": f"“{heir}”不是同一层级、仍在使用的网格，不能承接。"})
    if Grid.objects.current().children_of(grid.code).exists():
        raise ValidationError(f"“{grid}”还有下级网格，请先停用下级网格。")
    retirement = _hand_over(grid, heirs, by)
    close_grid(grid, heirs, by, reason.strip())
    look_again(by, grid, "change")
    geometry.boundaries_changed()
    return retirement


def close_grid(grid: Grid, heirs: Sequence[Grid], by: Any, reason: str) -> None:
    """Take a grid out of force from today: its successors, the end of its outline, a mark in its history."""
    grid.valid_until = max(timezone.localdate(), grid.valid_from)
    grid._history_user = by
    grid._change_reason = f"停用，由 {'、'.join(heir.code for heir in heirs)} 承接：{reason}"[:_REASON_LENGTH]
    grid.save(update_fields=["valid_until"])
    grid.successors.set(heirs)
    Boundary.objects.filter(grid=grid, until=None).update(until=timezone.now())


def _hand_over(grid: Grid, heirs: list[Grid], by: Any) -> Retirement:
    note = f"“{grid}”停用，由“{'、'.join(str(heir) for heir in heirs)}”承接"
    posts = end_posts(grid, heirs, by, note)
    buildings = dict.fromkeys(Building.objects.filter(grid=grid).values_list("pk", flat=True), heirs[0].code)
    if len(heirs) > 1:
        return Retirement(moved=0, matters=0, left=len(buildings), posts=posts)
    same = clashing(buildings)
    if same:
        raise ValidationError(f"“{heirs[0]}”已有同名楼栋：{'、'.join(same[:5])}。请先改名。")
    rehouse(buildings, by, "网格停用，随之移交")
    Entrance.objects.filter(grid=grid).update(grid=heirs[0])
    inherit(grid.code, heirs[0].code)
    matters = move_open_matters(Q(grid=grid), lambda matter: heirs[0].code, by, lambda old, new: note)
    return Retirement(moved=len(buildings), matters=matters, left=0, posts=posts)


def clashing(buildings: Mapping[int, str]) -> list[str]:
    """Return the names that two buildings of one grid would have, were the buildings in the grids that the mapping says, each another one
    than it is in. A name counts as taken in a grid that its building is about to leave."""
    moving = Building.objects.filter(pk__in=buildings).values_list("pk", "compound", "name")
    there = Building.objects.filter(grid__in=set(buildings.values())).values_list("grid", "compound", "name")
    found = Counter([*((buildings[pk], compound, name) for pk, compound, name in moving), *there])
    return sorted({f"{compound}{name}" for (_, compound, name), number in found.items() if number > 1})


def rehouse(buildings: Mapping[int, str], by: Any, reason: str) -> None:
    """Put buildings, by their keys, and their doors in the grids that the mapping says. The caller has looked for ``clashing``."""
    rows = list(Building.objects.filter(pk__in=buildings))
    doors: dict[str, list[int]] = {}
    for building in rows:
        building.grid_id = buildings[building.pk]
        doors.setdefault(building.grid_id, []).append(building.pk)
    if rows:
        bulk_update_with_history(
            rows, Building, ["grid"], batch_size=BATCH, default_user=by, default_change_reason=reason[:_REASON_LENGTH]
        )  # fmt: skip
    for code, keys in doors.items():
        Entrance.objects.filter(building__in=keys).update(grid=code)
    follow(list(Entrance.objects.filter(building__in=buildings).values_list("pk", flat=True)))


def posts_at(codes: Iterable[str]) -> QuerySet[Post]:
    """Return the posts at grids, not of a unit, whose term has not ended. A unit keeps its own posts, wherever it sits."""
    rows = Post.objects.filter(grid__in=codes, unit=None)
    return rows.exclude(valid_until__lt=timezone.localdate()).select_related("user", "role")


def end_posts(grid: Grid, heirs: Sequence[Grid], by: Any, note: str) -> int:
    """End the posts at a grid today; where it has one heir, the same people have the same posts there. Its team goes on with them.
    Returns how many posts went on."""
    posts = list(posts_at([grid.code]).select_for_update(of=("self",)))
    went_on = sum(carry_on(post, heirs[0].code, by, note) for post in posts) if len(heirs) == 1 else 0
    team_goes_on(grid.code, [heir.code for heir in heirs], by, note)
    for post in posts:
        end(post, by=by, reason=note)
    return went_on


def carry_on(post: Post, code: str, by: Any, note: str) -> bool:
    """Give the person of a post the same post at another grid, for the rest of its term. Says whether she did not have it yet."""
    since, until = max(timezone.localdate(), post.valid_from), post.valid_until
    same = posts_at([code]).filter(user=post.user, role=post.role, valid_from__lte=since)
    if same.filter(Q(valid_until=None) | Q(valid_until__gte=until or date.max)).exists():
        return False
    shorter = same.filter(valid_from=since).first()
    if shorter is not None:
        shorter.valid_until = until
        shorter.save(update_fields=["valid_until"])
    else:
        appoint(post.user, post.role_id, code, by=by, since=since, until=until, note=note[:200])
    return True


def open_matters(which: Q) -> Iterator[tuple[type[Matter], QuerySet]]:
    """Give the unfinished matters of every app that meet a condition, model by model."""
    for model in apps.get_models():
        if issubclass(model, Matter):
            yield model, model._base_manager.filter(which, closed_at=None)


def move_open_matters(
    which: Q, where: Callable[[Matter], str], by: Any, note: Callable[[str, str], str]
) -> int:
    """Move unfinished matters of every app to other grids, with a line in each timeline; return how many.

    ``where`` says to which grid one goes (``door_building``: the key of its door's building), ``note`` what the line says of the old
    and the new one. This is no action of their flows: nothing about the matter changes but where it lies.
    """
    moved = 0
    for model, rows in open_matters(which):
        rows = rows.select_for_update(of=("self",)).annotate(door_building=F("entrance__building"))
        step, matters, steps = model._meta.get_field("steps").related_model, [], []
        for matter in rows.order_by("pk"):
            code = where(matter)
            if code == matter.grid_id:
                continue
            words = note(matter.grid_id, code)
            matter.grid_id = code
            matter.version += 1
            matters.append(matter)
            steps.append(
                step(
                    matter=matter, seq=matter.version, action="rezone", label="网格调整", actor=by, note=words,
                    from_status=matter.status, to_status=matter.status, due_at=matter.due_at,
                )
            )  # fmt: skip
        model._base_manager.bulk_update(matters, ["grid", "version"], batch_size=BATCH)
        step._base_manager.bulk_create(steps, batch_size=BATCH)
        moved += len(matters)
    return moved


@transaction.atomic
def renew_token(entrance: Entrance, by: Any) -> Entrance:
    """Give a door a new QR code; the printed old one stops working at once.

    Needs ``change`` on the door. Raises PermissionDenied without it.
    """
    if not by.may("change", entrance):
        raise PermissionDenied
    entrance = Entrance.objects.select_for_update(of=("self",)).get(pk=entrance.pk)
    entrance.token = entrance_token()
    entrance.save(update_fields=["token"])
    return entrance
