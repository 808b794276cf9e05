"""What each figure counts: a condition on rows, and for a rate a second one on those."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from django.db import models
from django.db.models import F, Q

from governance.periods import Period
from incidents.models import Callback, Closing, Incident
from incidents.models.incidents import DONE, DROPPED, LONGEST_TO_RESPOND, SATISFIED, IncidentStatus

#: A whole smaller than this says little about a rate, and the page says so.
FEW = 10


class Lines(Enum):
    """What is counted: which rows, and which of them belong to a period. The value is (model, condition of a period)."""

    #: Incidents by when they came in. Those whose reporters were to be spoken to came in a little earlier.
    CAME_IN = (
        Incident,
        lambda period: Q(opened_at__gte=period.start - LONGEST_TO_RESPOND, opened_at__lt=period.end),
    )
    #: Incidents that are open now, whenever they came in.
    OPEN = (Incident, lambda period: Q(closed_at=None))
    CLOSED = (Closing, lambda period: Q(at__gte=period.start, at__lt=period.end))
    ANSWERED = (
        Callback,
        lambda period: Q(at__gte=period.start, at__lt=period.end, reached=True, counted=True),
    )

    @property
    def model(self) -> type[models.Model]:
        return self.value[0]

    def of(self, period: Period) -> Q:
        """Return the condition that the rows of a period meet."""
        return self.value[1](period)


Condition = Callable[[Period], Q]

#: The parts of a figure: all that it is about, and those that it asks for.
ALL, THOSE = "all", "those"


@dataclass(frozen=True)
class Figure:
    """One figure: all rows it is about (``all``) and, for a rate, those among them that it asks for (``those``).

    ``how`` says in Chinese what is divided by what. ``good``: whether a higher rate is better.
    """

    key: str
    label: str
    lines: Lines
    all: Condition
    those: Condition | None = None
    how: str = ""
    good: bool = True

    @property
    def is_rate(self) -> bool:
        return self.those is not None

    @property
    def parts(self) -> tuple[str, ...]:
        return (ALL, THOSE) if self.is_rate else (ALL,)

    def condition(self, period: Period, part: str = ALL) -> Q:
        """Return what a row of the period's lines meets to be counted in this part."""
        return self.all(period) & self.those(period) if part == THOSE else self.all(period)

    def rows(self, rows: models.QuerySet, period: Period, part: str = ALL) -> models.QuerySet:
        """Return those of ``rows`` that the figure counts: what its number opens."""
        return rows.filter(self.lines.of(period)).filter(self.condition(period, part))


def _came_in(period: Period) -> Q:
    return Q(opened_at__gte=period.start, opened_at__lt=period.end)


def _given_out(period: Period) -> Q:
    # Whoever puts it right on the spot has taken it in without being sent.
    return _came_in(period) & (Q(dispatched_at__isnull=False) | Q(received_at__isnull=False))


def _ours(period: Period) -> Q:
    return _came_in(period) & ~Q(status__in=DROPPED)


def _handled(period: Period) -> Q:
    return _came_in(period) & (Q(handled_at__isnull=False) | Q(status__in=DONE))


def _to_answer(period: Period) -> Q:
    return Q(respond_by__gte=period.start, respond_by__lt=min(period.end, period.now))


def _to_receive(period: Period) -> Q:
    return _came_in(period) & Q(receive_by__lt=period.now)


def _any(period: Period) -> Q:
    return Q()


S = IncidentStatus

FIGURES = {
    figure.key: figure
    for figure in (
        Figure("received", "上报总数", Lines.CAME_IN, _came_in, how="这段时间上报的事件"),
        Figure(
            "accepted",
            "已受理",
            Lines.CAME_IN,
            lambda period: _came_in(period) & Q(accepted_at__isnull=False),
            how="这段时间上报、已经受理的",
        ),
        Figure(
            "dispatched",
            "派遣总数",
            Lines.CAME_IN,
            _given_out,
            how="这段时间上报、已经派出去的，含当场自行处置的",
        ),
        Figure("handled", "已处置", Lines.CAME_IN, _handled, how="这段时间上报、已经处置完成的"),
        Figure(
            "finished",
            "已结案",
            Lines.CAME_IN,
            lambda period: _came_in(period) & Q(status__in=DONE),
            how="这段时间上报、到现在已经结案的",
        ),
        Figure(
            "unfinished",
            "未办结",
            Lines.CAME_IN,
            lambda period: _came_in(period) & Q(closed_at=None),
            how="这段时间上报、到现在还没有结案的",
        ),
        Figure(
            "closing",
            "结案率",
            Lines.CAME_IN,
            _ours,
            lambda period: Q(status__in=DONE),
            "这段时间上报的，到现在已结案的 ÷ 应办的（不予受理、撤回、并案、转办的不计）",
        ),
        Figure(
            "response",
            "响应率",
            Lines.CAME_IN,
            _to_answer,
            lambda period: Q(responded_at__lte=F("respond_by")),
            "联系时限落在这段时间的，按时联系上报告人的 ÷ 全部；还没到时限的不计，没有电话的不计",
        ),
        Figure(
            "receipt",
            "接收及时率",
            Lines.CAME_IN,
            _to_receive,
            lambda period: Q(received_at__lte=F("receive_by")),
            "这段时间上报、派出去的，按时接收的 ÷ 已到接收时限的（按最近一次派遣算）",
        ),
        Figure(
            "returned",
            "退回率",
            Lines.CAME_IN,
            _given_out,
            lambda period: Q(returns__gt=0),
            "这段时间上报、派出去的，退回过的 ÷ 派遣总数",
            good=False,
        ),
        Figure("open", "在办", Lines.OPEN, _any, how="现在还没有办结的，不论什么时候上报"),
        Figure(
            "overdue",
            "超期",
            Lines.OPEN,
            lambda period: Q(paused_at=None, due_at__lte=period.now),
            how="现在还没有办结、已超过时限的",
            good=False,
        ),
        Figure("closed", "结案总数", Lines.CLOSED, _any, how="这段时间结案的，重新办理又结案的各算一次"),
        Figure(
            "on_time",
            "按时办结",
            Lines.CLOSED,
            lambda period: Q(on_time=True),
            how="这段时间结案、在时限内处置完成的",
        ),
        Figure(
            "late",
            "超时办结",
            Lines.CLOSED,
            lambda period: Q(on_time=False),
            how="这段时间结案、超过时限才处置完成的",
            good=False,
        ),
        Figure(
            "punctual",
            "按时结案率",
            Lines.CLOSED,
            _any,
            lambda period: Q(on_time=True),
            "这段时间结案的，按时办结 ÷ 结案总数",
        ),
        Figure(
            "solved",
            "解决率",
            Lines.ANSWERED,
            _any,
            lambda period: Q(solved=True),
            "这段时间回访或评价的，说已解决的 ÷ 联系上的（不纳入考核的不计）",
        ),
        Figure(
            "satisfied",
            "满意率",
            Lines.ANSWERED,
            _any,
            lambda period: Q(satisfaction__gte=SATISFIED),
            "这段时间回访或评价的，满意和基本满意的 ÷ 联系上的（不纳入考核的不计）",
        ),
        Figure(
            "unsatisfied",
            "不满意数",
            Lines.ANSWERED,
            lambda period: Q(satisfaction__lt=SATISFIED),
            how="这段时间回访或评价的，不是满意或基本满意的",
            good=False,
        ),
    )
}

#: The customary columns of a hotline's table, in their order.
COLUMNS = (
    "dispatched", "on_time", "late", "unfinished", "closing", "punctual", "response", "solved", "satisfied",
    "unsatisfied",
)  # fmt: skip
#: The way of an incident, each with those that came at least so far.
FUNNEL = ("received", "accepted", "dispatched", "handled", "finished")


@dataclass(frozen=True)
class Value:
    """What a figure comes to: all rows and, for a rate, those asked for."""

    figure: Figure
    all: int = 0
    those: int = 0

    @property
    def rate(self) -> float | None:
        """The percentage, None where there is nothing to divide by."""
        return 100 * self.those / self.all if self.all else None

    @property
    def is_small(self) -> bool:
        """Whether the rate stands on too few rows to say much."""
        return self.figure.is_rate and 0 < self.all < FEW

    def __str__(self) -> str:
        if not self.figure.is_rate:
            return f"{self.all:,}"
        return "—" if self.rate is None else f"{cut(self.rate)}%"

    def __add__(self, other: "Value") -> "Value":
        return Value(self.figure, self.all + other.all, self.those + other.those)


def cut(rate: float) -> str:
    """Return a percentage with one decimal place; nothing short of all is shown as 100, nothing above none as 0."""
    shown = round(rate, 1)
    if shown == 100 and rate < 100:
        shown = 99.9
    if shown == 0 and rate > 0:
        shown = 0.1
    return f"{shown:.1f}".removesuffix(".0")
