"""Decides what a grid's public notice tells: its workers' names and work phone, whom to complain to, what they do.

The rules on grid management ask that a grid's name, extent, worker, work phone and supervision phone be posted in public
and kept up to date. That is why names of people in the post of grid worker are shown here to everyone, and nothing else
of theirs: the phone is the grid's own public one, never the person's.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from governance.models import Post
from governance.territory import GridLevel
from grids.models import Grid

ROLE = "grid_worker"
#: The government hotline, the last resort of a grid without a supervision phone of its own.
HOTLINE = "12345"

DUTIES = (
    "走访居民和商户，登记、核实网格内的基础信息",
    "听取居民的意见和建议，向社区反映",
    "每天巡查，发现消防、燃气、用电、环境等隐患及时上报",
    "了解和调解邻里矛盾，帮助申请人民调解",
    "宣传法律政策和安全知识",
    "为老年人、残疾人等代办事项，帮居民点单求助",
    "参加平安社区建设，发动居民和志愿者互相帮助",
)


@dataclass(frozen=True)
class Notice:
    """What is posted about one grid. ``children`` pairs each grid in force right below with its workers' names."""

    grid: Grid
    above: list[Grid]
    workers: list[str]
    phone: str
    supervision_phone: str
    children: list[tuple[Grid, list[str]]]


def notice_of(grid: Grid) -> Notice:
    """Return the notice of a grid, in a fixed number of queries.

    A phone that the grid lacks is taken from the nearest grid above that has one.
    """
    chain = list(Grid.objects.filter(code__in=grid.lineage()).defer("boundary").order_by("-code"))
    children = list(Grid.objects.current().children_of(grid.code).defer("boundary"))
    names = worker_names([grid.code, *(child.code for child in children)])
    return Notice(
        grid=grid,
        above=list(reversed(chain[1:])),
        workers=names.get(grid.code, []),
        phone=_first(each.phone for each in chain),
        supervision_phone=_first(each.supervision_phone for each in chain) or HOTLINE,
        children=[(child, names.get(child.code, [])) for child in children],
    )


def worker_names(codes: Iterable[str]) -> dict[str, list[str]]:
    """Return, by base grid, the names of those who are its grid workers today."""
    posts = (
        Post.objects.in_force()
        .filter(
            role=ROLE, grid__in=[code for code in codes if len(code) == GridLevel.BASE], user__is_active=True
        )
        .order_by("valid_from", "pk")
        .values_list("grid", "user__name")
    )
    names: dict[str, list[str]] = {}
    for code, name in posts:
        if name and name not in names.setdefault(code, []):
            names[code].append(name)
    return names


def _first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")
