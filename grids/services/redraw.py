"""What moves with the map: grids that are split or merged, and the buildings, doors, open matters and posts that an outline takes along.

What is seen before a draft is put in force and what is then done are one reckoning (``moves_of``).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely
from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.utils import timezone
from shapely.geometry.base import BaseGeometry
from simple_history.utils import bulk_create_with_history

from governance.models import Post
from governance.territory import GridLevel
from grids import geometry
from grids.models import BoundaryDraft, Building, Entrance, Grid
from grids.services.following import inherit
from grids.services.territory import (
    BATCH,
    carry_on,
    clashing,
    close_grid,
    end_posts,
    move_open_matters,
    open_matters,
    posts_at,
    rehouse,
)

Outlines = Mapping[str, BaseGeometry]
#: Parts that one grid may be split into, or grids that may be merged, at once.
MOST_PARTS = 20
_LONGEST_NAME = Grid._meta.get_field("name").max_length


@dataclass(frozen=True)
class Part:
    """A grid that is to be: its name, and its outline where it is not the union of the old ones."""

    name: str
    shape: BaseGeometry | None = None


@dataclass(frozen=True)
class Change:
    """One base grid becomes several parts, or several become one."""

    old: tuple[str, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Numbered:
    """Changes with the codes of the new grids: their names and outlines, and the new codes by the old ones."""

    made: dict[str, str] = field(default_factory=dict)
    heirs: dict[str, list[str]] = field(default_factory=dict)
    outlines: dict[str, BaseGeometry] = field(default_factory=dict)


def numbered(changes: Sequence[Change], drawn: Outlines) -> Numbered:
    """Give the grids that changes make their codes: the next serials of their communities that no grid and no open draft has.

    ``drawn``: outlines that are about to be, in place of the stored ones. The caller looks at the reach. Raises ValidationError, in
    the clerk's words, for what is neither a split nor a merger of base grids in force of one community.
    """
    result = Numbered()
    if not changes:
        return result
    codes = [code for change in changes for code in change.old]
    grids = {
        grid.code: grid for grid in Grid.objects.current().of_level(GridLevel.BASE).filter(code__in=codes)
    }
    twice = [code for code, number in Counter(codes).items() if number > 1]
    if twice:
        raise ValidationError(f"“{grids.get(twice[0], twice[0])}”不能同时拆分和合并。")
    if set(codes) - grids.keys():
        raise ValidationError("只有在用的基础网格可以拆分和合并。")
    taken = _serials({code[: GridLevel.COMMUNITY] for code in codes})
    for change in changes:
        community = _checked(change, grids)
        new = []
        for part in change.parts:
            serial = max(taken[community], default=0) + 1
            if serial > 999:
                raise ValidationError("这个社区的网格编码用完了。")
            taken[community].add(serial)
            code = f"{community}{serial:03d}"
            new.append(code)
            result.made[code] = part.name.strip()
            shape = part.shape if part.shape is not None else _union(change, grids, drawn)
            if shape is not None:
                result.outlines[code] = shape
        result.heirs.update(dict.fromkeys(change.old, new))
    return result


def _serials(communities: set[str]) -> dict[str, set[int]]:
    codes = list(
        Grid.objects.of_level(GridLevel.BASE)
        .filter(community_code__in=communities)
        .values_list("code", flat=True)
    )
    for made in BoundaryDraft.objects.filter(applied_at=None).exclude(made={}).values_list("made", flat=True):
        codes += made
    taken: dict[str, set[int]] = {community: set() for community in communities}
    for code in codes:
        if code[: GridLevel.COMMUNITY] in taken:
            taken[code[: GridLevel.COMMUNITY]].add(int(code[GridLevel.COMMUNITY :]))
    return taken


def _checked(change: Change, grids: Mapping[str, Grid]) -> str:
    """Return the community of a change. Raises ValidationError for one that cannot be."""
    communities = {code[: GridLevel.COMMUNITY] for code in change.old}
    split = len(change.old) == 1 and 2 <= len(change.parts) <= MOST_PARTS
    if not split and not (2 <= len(change.old) <= MOST_PARTS and len(change.parts) == 1):
        raise ValidationError(f"一个网格拆成 2 到 {MOST_PARTS} 个，或者 2 到 {MOST_PARTS} 个网格合并成一个。")
    if len(communities) != 1:
        raise ValidationError("只能合并同一个社区的网格。")
    names = [part.name.strip() for part in change.parts]
    if not all(names) or any(len(name) > _LONGEST_NAME or "\x00" in name for name in names):
        raise ValidationError(f"请写新网格的名称，不超过 {_LONGEST_NAME} 个字。")
    community = communities.pop()
    stay = Grid.objects.current().children_of(community).exclude(code__in=change.old)
    if len(set(names)) < len(names) or stay.filter(name__in=names).exists():
        raise ValidationError("新网格的名称和社区里另一个网格的一样，请换一个。")
    if split and any(part.shape is None for part in change.parts):
        raise ValidationError(f"请在地图上画出“{grids[change.old[0]]}”拆开的每一块。")
    return community


def _union(change: Change, grids: Mapping[str, Grid], drawn: Outlines) -> BaseGeometry | None:
    stored = {code: grids[code].boundary for code in change.old if code not in drawn and grids[code].boundary}
    return joined(change.old, drawn, stored)


def joined(codes: Iterable[str], drawn: Outlines, stored: Mapping[str, Any]) -> BaseGeometry | None:
    """Return what grids are together, of outlines that are drawn and GeoJSON that is stored; None where none has an outline."""
    shapes = [
        drawn[code] if code in drawn else geometry.to_polygon(stored[code])
        for code in codes
        if code in drawn or stored.get(code)
    ]
    return shapely.union_all(shapes, grid_size=1e-9) if shapes else None


# --- what moves -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Moves:
    """What a draft takes along: buildings (by key, the grid that each goes to) with so many doors, the open matters that change
    their grid, the posts that end. ``left``: buildings of split grids of which no door has a point in one of the parts. ``strays``:
    doors that go with their building though their point lies elsewhere. ``clashes``: names that two buildings would share."""

    buildings: dict[int, str]
    doors: int
    matters: int
    left: list[Building]
    strays: list[Entrance]
    clashes: list[str]
    posts: list[Post]


def moves_of(made: Iterable[str], heirs: Mapping[str, Sequence[str]], outlines: Outlines) -> Moves:
    """Reckon what new outlines, splits and mergers would take along, as things stand.

    A building goes where most points of its doors lie: of a split grid to one of the parts, of a grid whose outline changes to another
    grid that is drawn anew. Of a merged grid everything goes to the one successor.
    """
    merged = {old: new[0] for old, new in heirs.items() if len(new) == 1}
    split = {old: geometry.PointIndex({code: outlines[code] for code in new}) for old, new in heirs.items() if len(new) > 1}  # fmt: skip
    moved = _redrawn(outlines, heirs)
    around = geometry.PointIndex(
        {code: shape for code, shape in outlines.items() if len(code) == GridLevel.BASE and code not in heirs}
    )
    buildings = {
        building.pk: building
        for building in Building.objects.filter(grid__in={*heirs, *moved}).order_by("pk")
    }
    doors = [
        (door, _lies_in(door, split.get(buildings[door.building_id].grid_id, around)))
        for door in Entrance.objects.filter(building__in=buildings).order_by("pk")
    ]
    votes: dict[int, Counter[str]] = {}
    for door, code in doors:
        if code is not None:
            votes.setdefault(door.building_id, Counter())[code] += 1
    goes: dict[int, str] = {}
    left = []
    for key, building in buildings.items():
        old, found = building.grid_id, votes.get(key)
        if old in merged:
            goes[key] = merged[old]
        elif found:
            # Of as many here as there: it stays, or goes to the first.
            goes[key] = min(found, key=lambda code: (-found[code], code != old, code))
        elif old in split:
            left.append(building)
    goes = {key: code for key, code in goes.items() if code != buildings[key].grid_id}
    stands = {
        key: goes.get(key, building.grid_id) for key, building in buildings.items() if building not in left
    }
    going = [door for door, _ in doors if door.building_id in goes]
    strays = [
        door
        for door, code in doors
        if code is not None
        and buildings[door.building_id].grid_id not in merged
        and code != stands.get(door.building_id)
    ]
    return Moves(
        buildings=goes,
        doors=len(going),
        matters=sum(rows.count() for _, rows in open_matters(_matters_of(heirs, goes))),
        left=left,
        strays=strays,
        clashes=clashing(goes),
        posts=list(posts_at(heirs).order_by("grid", "user")),
    )  # fmt: skip


def _redrawn(outlines: Outlines, heirs: Iterable[str]) -> set[str]:
    """Return the base grids in force that had an outline and get another one."""
    codes = [code for code in outlines if len(code) == GridLevel.BASE and code not in heirs]
    stored = Grid.objects.current().filter(code__in=codes).exclude(boundary=None)
    return {
        code
        for code, shape in stored.values_list("code", "boundary")
        if shape != geometry.to_geojson(outlines[code])
    }


def _lies_in(door: Entrance, index: geometry.PointIndex) -> str | None:
    if door.longitude is None or door.latitude is None:
        return None
    return index.locate(door.longitude, door.latitude)


def _matters_of(heirs: Iterable[str], goes: Mapping[int, str]) -> Q:
    # A matter may name a door and yet lie elsewhere, by somebody's decision: it stays there.
    return Q(grid__in=list(heirs)) | Q(entrance__building__in=list(goes), grid=F("entrance__grid"))


# --- doing it ---------------------------------------------------------------------------------------------------------------
def make_grids(made: Mapping[str, str], heirs: Mapping[str, Sequence[str]], by: Any) -> None:
    """Make the new grids of a draft. A merged one has the households of the old ones; all have what the old ones have in common.

    Raises ValidationError where a code has been given away or an old grid is no longer in force.
    """
    old = {grid.code: grid for grid in Grid.objects.current().filter(code__in=heirs).order_by("code")}
    if set(heirs) - old.keys():
        raise ValidationError("要拆分或者合并的网格已经停用，请放弃这个方案，重新画。")
    if Grid.objects.filter(code__in=made).exists():
        raise ValidationError("新网格的编码已经被用掉，请放弃这个方案，重新画。")
    rows = []
    for code, name in made.items():
        before = [old[each] for each, new in heirs.items() if code in new]
        shared = {
            column: getattr(before[0], column) if len({getattr(each, column) for each in before}) == 1 else ""
            for column in ("phone", "supervision_phone")
        }
        kinds = {each.kind for each in before}
        counts = [each.household_count for each in before]
        rows.append(
            Grid(
                code=code, name=name, parent_id=code[: GridLevel.COMMUNITY], **shared,
                boundary_made_up=any(each.boundary_made_up for each in before),
                kind=kinds.pop() if len(kinds) == 1 else Grid.Kind.RESIDENT,
                household_count=sum(counts) if len(before) > 1 and None not in counts else None,
            )
        )  # fmt: skip
    bulk_create_with_history(
        rows, Grid, batch_size=BATCH, default_user=by, default_change_reason="网格拆分合并"
    )


def take_along(
    moves: Moves,
    heirs: Mapping[str, Sequence[str]],
    outlines: Outlines,
    *,
    by: Any,
    staying: Mapping[str, Iterable[int]],
) -> None:
    """Put what ``moves_of`` reckoned where it goes, and retire the old grids; the new ones stand already.

    ``staying``: by the code of a part of a split grid, the posts at the old one whose people have the same post there. Raises
    ValidationError where two buildings would have one name.
    """
    if moves.clashes:
        raise ValidationError(f"网格里会有同名楼栋：{'、'.join(moves.clashes[:5])}。请先改名，再启用。")
    codes = {*heirs, *(code for new in heirs.values() for code in new), *moves.buildings.values()}
    grids = {grid.code: grid for grid in Grid.objects.filter(code__in=codes).defer("boundary")}
    largest = {
        old: max(new, key=lambda code: outlines[code].area if code in outlines else 0)
        for old, new in heirs.items()
    }

    def where(matter: Any) -> str:
        at_door = moves.buildings.get(matter.door_building)
        return at_door or largest.get(matter.grid_id, matter.grid_id)

    def note(old: str, new: str) -> str:
        if old in heirs:
            return f"“{grids[old]}”停用，由“{grids[new]}”承接"
        return f"网格边界调整，改属“{grids[new]}”"

    # Before the doors move: which matters lie where their door is, is told by the door.
    move_open_matters(_matters_of(heirs, moves.buildings), where, by, note)
    rehouse(moves.buildings, by, "随网格边界调整")
    here = {post.pk: post for post in moves.posts}
    for code, keys in staying.items():
        for key in dict.fromkeys(keys):
            post = here.get(key)
            if post is not None and code in heirs.get(post.grid_id, ()):
                carry_on(post, code, by, f"“{grids[post.grid_id]}”拆分")
    for old, new in heirs.items():
        successors = [grids[code] for code in new]
        parts = geometry.PointIndex({code: outlines[code] for code in new}) if len(new) > 1 else None
        inherit(old, largest[old], parts)
        end_posts(
            grids[old], successors, by, f"“{grids[old]}”停用，由“{'、'.join(map(str, successors))}”承接"
        )
        close_grid(grids[old], successors, by, "网格拆分" if len(new) > 1 else "网格合并")


def without_worker(codes: Iterable[str]) -> list[str]:
    """Return those of the base grids at which nobody holds a post today, in their order."""
    codes = list(codes)
    held = set(
        Post.objects.in_force(timezone.localdate()).filter(grid__in=codes).values_list("grid", flat=True)
    )
    return [code for code in codes if code not in held]
