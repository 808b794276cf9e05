"""Decides what a grid's public notice tells: who works there with their work phones, whom to complain to, what grid workers do.

The rules on grid management ask that a grid's name, extent, worker, work phone and supervision phone be posted in public
and kept up to date. So the register of the grid's team (``TeamMember``) names people to everyone: those whose duty it is, and others who
consented. Nothing else of theirs is shown: a phone is a work phone or the grid's own public one, never the person's. Where a
grid's register names no grid worker, whoever holds the post of one is named.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db.models import Max, Q
from django.utils import timezone

from governance.models import Post
from governance.territory import GridLevel, lineage, parent_code
from grids.drawing import Drawing, draw
from grids.models import Grid, TeamMember
from grids.models.team import ROLE

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
class Posted:
    """Somebody whom the notice names: her name, what she is there, her work phone where she has one of her own."""

    name: str
    words: str = ""
    phone: str = ""

    def __str__(self) -> str:
        return self.name


@dataclass
class Team:
    """Whom a grid's notice names."""

    leaders: list[Posted] = field(default_factory=list)
    workers: list[Posted] = field(default_factory=list)
    staff: list[Posted] = field(default_factory=list)
    #: Micro-grid workers, volunteers and others who consented.
    others: list[Posted] = field(default_factory=list)


@dataclass(frozen=True)
class Notice:
    """What is posted about one grid. ``children`` pairs each grid in force right below with its workers."""

    grid: Grid
    above: list[Grid]
    team: Team
    phone: str
    supervision_phone: str
    children: list[tuple[Grid, list[Posted]]]

    @property
    def workers(self) -> list[Posted]:
        return self.team.workers


def notice_of(grid: Grid) -> Notice:
    """Return the notice of a grid, in a fixed number of queries.

    A phone that the grid lacks is taken from the nearest grid above that has one.
    """
    chain = list(Grid.objects.filter(code__in=grid.lineage()).defer("boundary").order_by("-code"))
    children = list(Grid.objects.current().children_of(grid.code).defer("boundary"))
    teams = teams_of([grid.code, *(child.code for child in children)])
    return Notice(
        grid=grid,
        above=list(reversed(chain[1:])),
        team=teams.get(grid.code, Team()),
        phone=_first(each.phone for each in chain),
        supervision_phone=_first(each.supervision_phone for each in chain) or HOTLINE,
        children=[(child, teams.get(child.code, Team()).workers) for child in children],
    )


def public_phone(code: str) -> str:
    """Return the phone of a grid's notice alone, in one query; empty where none above it has one either."""
    rows = Grid.objects.filter(code__in=lineage(code)).exclude(phone="").order_by("-code")
    return rows.values_list("phone", flat=True).first() or ""


def teams_of(codes: Iterable[str]) -> dict[str, Team]:
    """Return, by grid, whom the notices name today, in two queries at most."""
    codes, teams = list(codes), {}
    K = TeamMember.Kind
    rooms = {K.LEADER: "leaders", K.FULL_TIME: "workers", K.PART_TIME: "workers", K.RESIDENT: "staff"}
    rows = TeamMember.objects.restrict(AnonymousUser(), "read").serving().filter(grid__in=codes)
    for row in rows.order_by("sort", "pk").only("grid_id", "kind", "name", "duty", "employer", "phone"):
        words = {
            K.LEADER: row.duty,
            K.FULL_TIME: row.get_kind_display(),
            K.PART_TIME: row.get_kind_display(),
            K.RESIDENT: "，".join(filter(None, (row.employer, row.duty))),
        }.get(row.kind, row.duty or row.get_kind_display())
        team = teams.setdefault(row.grid_id, Team())
        getattr(team, rooms.get(row.kind, "others")).append(Posted(row.name, words, row.phone))
    for code, name in _holders([code for code in codes if code not in teams or not teams[code].workers]):
        workers = teams.setdefault(code, Team()).workers
        if all(each.name != name for each in workers):
            workers.append(Posted(name))
    return teams


def _holders(codes: list[str]) -> Iterable[tuple[str, str]]:
    """Return (base grid, name) of those who hold the post of a grid worker there today."""
    codes = [code for code in codes if len(code) == GridLevel.BASE]
    if not codes:
        return ()
    posts = (
        Post.objects.in_force().filter(role=ROLE, grid__in=codes, user__is_active=True).exclude(user__name="")
    )
    return posts.order_by("valid_from", "pk").values_list("grid", "user__name")


def updated_on(grid: Grid) -> date:
    """Return since which day the notice says what it says: the last day on which somebody came, went or was mended, or the grid was."""
    today = timezone.localdate()
    said = [grid.valid_from]
    mended = Grid.history.filter(code=grid.code).aggregate(at=Max("history_date"))["at"]
    touched = TeamMember.history.filter(grid=grid.code).aggregate(at=Max("history_date"))["at"]
    said += [timezone.localdate(at) for at in (mended, touched) if at is not None]
    rows = TeamMember.objects.filter(grid=grid.code)
    posts = Post.objects.filter(grid=grid.code, role=ROLE)
    for each, start, end in ((rows, "since", "until"), (posts, "valid_from", "valid_until")):
        found = each.aggregate(
            came=Max(start, filter=Q(**{f"{start}__lte": today})),
            went=Max(end, filter=Q(**{f"{end}__lt": today})),
        )
        said += [found["came"]] if found["came"] else []
        said += [found["went"] + timedelta(days=1)] if found["went"] else []
    return min(max(said), today)


def outline_of(grid: Grid) -> Drawing | None:
    """Draw a grid among its neighbours; None where it has no outline."""
    beside = Grid.objects.current().filter(Q(parent=parent_code(grid.code)) | Q(code=grid.code))
    drawing = draw(beside.only("code", "boundary", "boundary_made_up").order_by("code"))
    return drawing if drawing is not None and grid.code in drawing.paths else None


def _first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")
