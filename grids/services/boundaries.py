"""What changes the outlines of grids: files, drafts that are looked over first, and made-up grids. Whatever way one comes, it is checked
beside its siblings, within its parent and around what lies below it, and the one before is kept with its time."""

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from shapely.geometry.base import BaseGeometry
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from governance.flow import on_tick
from governance.permissions import look_again
from governance.territory import GridLevel, common_node, parent_code
from grids import geometry, tessellate
from grids.boundary_files import OutlineFileError
from grids.coordinates import System
from grids.models import Boundary, BoundaryDraft, Grid
from grids.services import redraw
from grids.services.redraw import Change
from grids.services.territory import BATCH, one_at_a_time

#: A draft that nobody put in force is forgotten after so many days.
KEEP_DRAFTS = timedelta(days=30)


# --- putting in force -----------------------------------------------------------------------------------------------------
def keep_boundaries(outlines: Mapping[str, BaseGeometry], *, by: Any, source: str, note: str = "") -> int:
    """Put checked outlines in force on the grids that they name; what is as it was stays. Returns how many changed.

    The caller holds the tree (``one_at_a_time``) and has checked them.
    """
    now, changed, rows = timezone.now(), [], []
    for grid in Grid.objects.current().filter(code__in=outlines).order_by("code"):
        polygon = outlines[grid.code]
        shape = geometry.to_geojson(polygon)
        # What is drawn on a made-up map is no more real than that.
        made_up = source == Boundary.Source.MADE_UP or (
            source == Boundary.Source.DRAWN and grid.boundary_made_up
        )
        if (grid.boundary, grid.boundary_made_up) == (shape, made_up):
            continue
        grid.boundary, grid.boundary_made_up = shape, made_up
        changed.append(grid)
        rows.append(
            Boundary(
                grid=grid, shape=shape, area=geometry.square_metres(polygon), source=source, note=note[:200], by=by, since=now
            )
        )  # fmt: skip
    Boundary.objects.filter(grid__in=changed, until=None).update(until=now)
    Boundary.objects.bulk_create(rows, batch_size=BATCH)
    bulk_update_with_history(
        changed, Grid, ["boundary", "boundary_made_up"], batch_size=BATCH, default_user=by, default_change_reason=note[:100] or "边界"
    )  # fmt: skip
    geometry.boundaries_changed()
    return len(changed)


def faults_of(
    outlines: Mapping[str, BaseGeometry],
    made: Iterable[str] = (),
    gone: Iterable[str] = (),
    below: Iterable[str] = (),
) -> list[geometry.Misfit]:
    """Return what would be wrong with the map if these outlines were in force: beside their siblings, within their parents, around what
    lies below them. ``made``: codes among them that are not there yet; ``gone``: codes that would be there no more; ``below``: codes below
    which to look in any case."""
    made, gone = set(made), set(gone)
    there = Grid.objects.current().filter(code__in=outlines).values_list("code", flat=True)
    codes = ({*there} | (made & outlines.keys())) - gone
    around = {each for code in codes | gone for each in (parent_code(code), code) if each} | {*below}
    return _misfits(around - gone, {code: outlines[code] for code in sorted(codes)}, gone)


# --- drafts -----------------------------------------------------------------------------------------------------------------
@transaction.atomic
def open_draft(
    outlines: Mapping[str, BaseGeometry],
    *,
    by: Any,
    source: str,
    system: str = System.WGS84,
    file_name: str = "",
    changes: Sequence[Change] = (),
) -> BoundaryDraft:
    """Keep outlines to be looked over, with the grids that are split or merged (``changes``). Outlines of codes that the territory
    lacks are passed over and counted.

    Needs ``change`` on every grid that is named. Raises OutlineFileError where none is named or one is out of reach, and ValidationError
    for changes that cannot be.
    """
    if changes:
        one_at_a_time()
    named = set(Grid.objects.current().filter(code__in=outlines).values_list("code", flat=True))
    known = {*named, *(code for change in changes for code in change.old)}
    if not known:
        raise OutlineFileError(["边界文件里没有一个编码与网格相符。"])
    reached = Grid.objects.restrict(by, "change").filter(code__in=known).count()
    if reached != len(known):
        raise OutlineFileError([f"有 {len(known) - reached} 个网格不在您的管理范围内，请从文件里去掉。"])
    new = redraw.numbered(changes, outlines)
    shapes = {code: outlines[code] for code in named - new.heirs.keys()} | new.outlines
    return BoundaryDraft.objects.create(
        grid_id=common_node(known)[: GridLevel.COMMUNITY] if new.heirs else common_node(known),
        shapes={code: geometry.to_geojson(shapes[code]) for code in sorted(shapes)},
        made=new.made,
        heirs=new.heirs,
        source=source,
        system=system,
        file_name=file_name[-100:],
        passed_over=len(outlines) - len(named),
        by=by,
    )


def outlines_of(draft: BoundaryDraft) -> dict[str, BaseGeometry]:
    """Return the outlines of a draft."""
    return {code: geometry.to_polygon(shape) for code, shape in draft.shapes.items()}


def moves_of(draft: BoundaryDraft) -> redraw.Moves:
    """Return what a draft would take along, as things stand."""
    return redraw.moves_of(draft.made, draft.heirs, outlines_of(draft))


@transaction.atomic
def apply_draft(
    draft: BoundaryDraft, *, by: Any, note: str = "", staying: Mapping[str, Iterable[int]] | None = None
) -> int:
    """Put a draft in force, with what moves along; repeating it changes nothing. Returns how many grids changed.

    ``staying``: by the code of a part of a split grid, the keys of posts at the old one whose people go on there. Needs ``change`` on
    every grid that it names. Raises PermissionDenied, and ValidationError for faults other than gaps, for a map that is no longer the
    one that was drawn on, and where two buildings would have one name.
    """
    one_at_a_time()
    draft = BoundaryDraft.objects.select_for_update(of=("self",)).get(pk=draft.pk)
    if not draft.is_open:
        return 0
    there = {*draft.shapes, *draft.heirs} - draft.made.keys()
    if Grid.objects.restrict(by, "change").filter(code__in=there).count() != len(there):
        raise PermissionDenied
    outlines = outlines_of(draft)
    faults = outdated(draft) or [
        str(each) for each in faults_of(outlines, draft.made, draft.heirs) if each.kind != "gap"
    ]
    if faults:
        raise ValidationError(faults)
    moves = moves_of(draft)
    redraw.make_grids(draft.made, draft.heirs, by)
    number = keep_boundaries(outlines, by=by, source=draft.source, note=note.strip() or str(draft.file_name))
    redraw.take_along(moves, draft.heirs, outlines, by=by, staying=staying or {})
    for grid in Grid.objects.filter(code__in=draft.made):
        look_again(by, grid, "change")
    draft.applied_at = timezone.now()
    draft.save(update_fields=["applied_at"])
    geometry.boundaries_changed()
    return number + len(draft.heirs)


def outdated(draft: BoundaryDraft) -> list[str]:
    """Return why a draft no longer fits the map that it was made for: grids that are gone, outlines on which it was drawn that others
    have changed since."""
    there = {*draft.shapes, *draft.heirs} - draft.made.keys()
    gone = Grid.objects.filter(code__in=there).exclude(valid_until=None)
    why = [f"“{grid}”已停用，请放弃这个方案，重新画。" for grid in gone.defer("boundary")]
    if draft.source == Boundary.Source.DRAWN:
        newer = Boundary.objects.filter(grid__in=there, since__gt=draft.created_at, until=None)
        why += [
            f"“{row.grid}”的边界在这个方案之后又改过，请放弃这个方案，重新画。"
            for row in newer.select_related("grid").defer("shape", "grid__boundary")
        ]
    return why


@transaction.atomic
def drop_draft(draft: BoundaryDraft, *, by: Any) -> None:
    """Forget a draft that is not in force; harmless for one that is. Needs ``change``. Raises PermissionDenied."""
    if not by.may("change", draft):
        raise PermissionDenied
    BoundaryDraft.objects.filter(pk=draft.pk, applied_at=None).delete()


@on_tick
def forget_drafts(now: Any) -> int:
    """Delete drafts that nobody put in force."""
    old = BoundaryDraft.objects.filter(applied_at=None, created_at__lte=now - KEEP_DRAFTS)
    return old.delete()[0]


# --- files -----------------------------------------------------------------------------------------------------------------
@transaction.atomic
def load_outlines(outlines: Mapping[str, BaseGeometry], by: Any = None) -> int:
    """Store boundaries on the grids in force that they name, and return how many.

    ``outlines`` come from ``read_outlines``; codes that the territory lacks are passed over (a city's file has all its
    districts). Raises OutlineFileError when none fits, or when a boundary leaves its
    parent's, overlaps a sibling's or leaves out what lies below it.
    """
    one_at_a_time()
    if not Grid.objects.current().filter(code__in=outlines).exists():
        raise OutlineFileError(["边界文件里没有一个编码与网格相符。"])
    faults = [str(each) for each in faults_of(outlines) if each.kind != "gap"]
    if faults:
        raise OutlineFileError(faults)
    return keep_boundaries(outlines, by=by, source=Boundary.Source.FILE, note="导入区划文件")


def boundary_misfits(district: str) -> list[geometry.Misfit]:
    """Return every place where a district's stored boundaries overlap, leave their parent or do not fill it."""
    parents = Grid.objects.current().filter(district_code=district, children__isnull=False).distinct()
    return _misfits(set(parents.values_list("code", flat=True)), {})


def _misfits(
    parents: set[str], instead: Mapping[str, BaseGeometry], gone: Iterable[str] = ()
) -> list[geometry.Misfit]:
    """Check the children of each parent, with the boundaries ``instead`` in place of the stored ones and without those ``gone``."""
    stored = dict(
        Grid.objects.current()
        .exclude(boundary=None)
        .filter(parent__in=parents)
        .exclude(code__in=gone)
        .values_list("code", "boundary")
    )
    stored |= dict(
        Grid.objects.exclude(boundary=None).filter(code__in=parents).values_list("code", "boundary")
    )
    shapes = {code: geometry.to_polygon(boundary) for code, boundary in stored.items() if code not in instead}
    shapes |= instead
    families: dict[str | None, dict[str, BaseGeometry]] = {}
    for code, polygon in shapes.items():
        families.setdefault(parent_code(code), {})[code] = polygon
    found: list[geometry.Misfit] = []
    for parent in sorted(parents & shapes.keys()):
        found += geometry.misfits(parent, shapes[parent], families.get(parent, {}))
    return found


# --- made-up grids ---------------------------------------------------------------------------------------------------
@transaction.atomic
def make_up_base_grids(
    district: str, total: int, *, dedicated: int = 0, seed: int = 0, by: Any = None
) -> int:
    """Draw ``total`` made-up base grids in a district that has an outline and communities but no base grids.

    Streets and communities get boundaries too; all are marked ``boundary_made_up``. ``dedicated`` of the base grids are
    dedicated ones (a school, a market), the others have a made-up number of households. The same seed draws the same map.
    Returns how many base grids were made; 0 when the district has made-up ones already. Raises ValidationError when the
    district lacks its outline or has real base grids or boundaries, and ValueError when the numbers do not fit.
    """
    one_at_a_time()
    grids = {grid.code: grid for grid in Grid.objects.current().filter(district_code=district)}
    below = [grid for grid in grids.values() if grid.code != district]
    if any(grid.boundary and not grid.boundary_made_up for grid in below):
        raise ValidationError("这个区已有真实边界，不能再生成演示边界。")
    base = [grid for grid in below if len(grid.code) == GridLevel.BASE]
    if any(not grid.boundary_made_up for grid in base):
        raise ValidationError("这个区已有真实的基础网格，不能再生成演示网格。")
    if base:
        return 0
    if district not in grids or not grids[district].boundary:
        raise ValidationError("请先导入这个区的区划文件和区界。")
    communities = [grid.code for grid in below if len(grid.code) == GridLevel.COMMUNITY]
    drawn = tessellate.tessellate(
        geometry.to_polygon(grids[district].boundary), tessellate.spread(total, communities), seed
    )
    names = {
        code: f"{grids[code[:12]].name.removesuffix('居委会').removesuffix('村委会')}第{int(code[12:])}网格"
        for code in drawn
        if len(code) == GridLevel.BASE
    }
    beside = tessellate.neighbours({code: drawn[code] for code in names})
    chance = random.Random(seed)  # noqa: S311  made-up figures, not a secret
    apart = set(chance.sample(sorted(names), dedicated))
    made = [
        Grid(
            code=code,
            name=names[code],
            parent_id=code[:12],
            kind=Grid.Kind.DEDICATED if code in apart else Grid.Kind.RESIDENT,
            household_count=None if code in apart else chance.randint(150, 290),
            extent="（演示虚构）"
            + "，".join(f"{side}邻{names[other]}" for side, other in beside[code].items()),
        )
        for code in names
    ]
    bulk_create_with_history(
        made, Grid, batch_size=BATCH, default_user=by, default_change_reason="生成演示网格"
    )
    keep_boundaries(drawn, by=by, source=Boundary.Source.MADE_UP, note="生成演示网格")
    return len(made)
