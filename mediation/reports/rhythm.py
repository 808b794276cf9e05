"""What a centre looks at each day, each week and each month: the files that ask for it, and the figures beside those before."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from governance.periods import Period
from mediation.models import Dispute, DisputeStep, Grade, Session
from mediation.models.disputes import DisputeStatus as S
from mediation.models.disputes import Outcome
from mediation.reports.table import COLUMNS, Asked, Line, table

#: How many files of a section the page shows; the list shows all.
SHOWN = 8
#: What falls due so many days after the last day is talked over with it.
AHEAD = 3
#: The columns of the table that stand in a review and a bulletin.
TOLD = ("accepted", "settled", "failed", "guided", "amount", "performed", "confirmed")


@dataclass(frozen=True)
class Section:
    """Files of one kind. ``standing``: as they stand today, so that a period that has passed has none of it."""

    key: str
    title: str
    when: Callable[[Period], Q]
    standing: bool = True


def _opened(period: Period) -> Q:
    return Q(opened_at__gte=period.start, opened_at__lt=period.end)


def _sessions(period: Period) -> Q:
    planned = Session.objects.filter(
        dispute=OuterRef("pk"),
        state=Session.State.PLANNED,
        starts_at__gte=period.start,
        starts_at__lt=period.end + timedelta(days=1),
    )
    return Q(Exists(planned))


def _reopened(period: Period) -> Q:
    again = DisputeStep.objects.filter(
        matter=OuterRef("pk"), action="reopen", at__gte=period.start, at__lt=period.end
    )
    return Q(Exists(again))


SECTIONS: dict[str, Section] = {
    section.key: section
    for section in (
        Section("grave", "A 级纠纷", lambda p: Q(closed_at=None, grade=Grade.A)),
        Section(
            "due",
            "超期和 3 天内到期",
            lambda p: Q(closed_at=None, paused_at=None, due_at__lt=p.end + timedelta(days=AHEAD)),
        ),
        Section("waiting", "待受理", lambda p: Q(closed_at=None, status=S.REGISTERED)),
        Section(
            "moved",
            "上送和下交",
            lambda p: Q(closed_at=None) & (Q(status=S.SENT) | Q(sent_from__isnull=False)),
        ),
        Section("sessions", "将要调解", _sessions),
        Section("visits", "该回访", lambda p: Q(follow_up_on__lte=p.until)),
        Section("new", "新登记", _opened, standing=False),
        Section("again", "重新调解", _reopened, standing=False),
        Section(
            "failed",
            "调解不成",
            lambda p: Q(ended_at__gte=p.start, ended_at__lt=p.end, outcome=Outcome.FAILED),
            standing=False,
        ),
        Section("ended", "调解结束", lambda p: Q(ended_at__gte=p.start, ended_at__lt=p.end), standing=False),
    )
}


@dataclass(frozen=True)
class Shown:
    """A section with the first of its files and how many there are."""

    section: Section
    count: int
    rows: list[Dispute]


def sections(user: Any, period: Period) -> list[Shown]:
    """Return what the person talks over of the files she may open: one statement for the counts, one for each section that has some."""
    today = timezone.localdate()
    asked = [each for each in SECTIONS.values() if not each.standing or period.since <= today <= period.until]
    files = Dispute.objects.restrict(user)
    counts = files.order_by().aggregate(
        **{each.key: Count("pk", filter=each.when(period), distinct=True) for each in asked}
    )
    return [
        Shown(
            each,
            counts[each.key],
            list(files.filter(each.when(period)).for_page().order_by("due_at", "pk")[:SHOWN])
            if counts[each.key]
            else [],
        )
        for each in asked
    ]


def talked_over(user: Any, period: Period) -> QuerySet[DisputeStep]:
    """Return what was said in the period of single files that the person may open, newest first."""
    return (
        DisputeStep.objects.restrict(user)
        .filter(action="deliberate", at__gte=period.start, at__lt=period.end)
        .select_related("matter", "actor")
        .order_by("-at", "-pk")
    )


@dataclass(frozen=True)
class Figures:
    """A period's numbers, those of the period before, and the lines by category and by place."""

    total: Line
    before: Line
    categories: list[Line]
    places: list[Line]


def figures(user: Any, period: Period, node: str) -> Figures:
    """Return the numbers of a place: of what the person may count, three statements."""
    today = timezone.localdate()
    so_far = replace(period, until=min(period.until, max(period.since, today)))
    total, *categories = table(user, Asked(so_far, node, "category"))
    before, *_ = table(user, Asked(so_far.before(), node, "category"))
    _, *places = table(user, Asked(so_far, node, "place"))
    return Figures(total, before, [line for line in categories if any(line.values.values())], places)


def in_words(total: dict[str, Any], before: dict[str, Any], categories: list[tuple[str, int]]) -> str:
    """Return the first sentences of a bulletin, made of its numbers; ``categories``: name and how many were accepted."""
    accepted, settled = total["accepted"], total["settled"]
    change = accepted - before["accepted"]
    compared = "与上月持平" if not change else f"比上月{'增加' if change > 0 else '减少'} {abs(change)} 件"
    ended = settled + total["failed"] + total["guided"]
    words = [f"本月受理矛盾纠纷 {accepted} 件，{compared}。"]
    if ended:
        words.append(
            f"调解结束 {ended} 件，其中调解成功 {settled} 件，成功率 {round(100 * settled / ended, 1)}%。"
        )
    first = [f"{name}（{number} 件）" for name, number in categories[:3] if number]
    if first:
        words.append(f"受理较多的是{'、'.join(first)}。")
    if total["confirmed"]:
        words.append(f"经司法确认有效的协议 {total['confirmed']} 件。")
    return "".join(words)


def labels() -> list[tuple[str, str]]:
    """Return the columns of a review and a bulletin: key and heading."""
    return [(key, COLUMNS[key].label) for key in TOLD]


def months(today: date | None = None, back: int = 12) -> list[date]:
    """Return the first days of the months that a bulletin can be about, the newest first: those that have ended."""
    first = (today or timezone.localdate()).replace(day=1)
    found = []
    for _ in range(back):
        first = (first - timedelta(days=1)).replace(day=1)
        found.append(first)
    return found
