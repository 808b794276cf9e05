"""The drawing of figures: where the points of a line and the columns of a chart lie. Numbers in, coordinates out."""

from dataclasses import dataclass
from datetime import date

#: The inside of a chart in its own units; the margin left of it and below it holds the scale's words.
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 600, 160, 52, 28, 12
#: How wide a chart is on the phone's pages.
NARROW = 300
#: So many words stand below a chart at most.
MOST_WORDS = 5


@dataclass(frozen=True)
class Mark:
    """One step of the time below a chart: its place, its word (empty where there is no room) and what stands there."""

    x: float
    word: str
    day: date
    counts: tuple[int, ...]
    #: The counts in words, one that is too small to be told among them.
    shown: tuple[str, ...]
    #: For columns: (left edge, top, height) of each.
    columns: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class Chart:
    """Several courses over the same time."""

    lines: tuple[str, ...]
    marks: tuple[Mark, ...]
    #: (place, word) of the scale.
    scale: tuple[tuple[float, str], ...]
    #: How wide a column is.
    column: float
    #: Whether a step is a month.
    monthly: bool
    #: How wide its inside is.
    width: int

    @property
    def format(self) -> str:
        """How the day of a step is written in the table below."""
        return "Y年n月" if self.monthly else "n月j日"

    @property
    def box(self) -> str:
        """The picture's own units."""
        return f"0 0 {LEFT + self.width} {TOP + HEIGHT + BOTTOM}"

    @property
    def left(self) -> int:
        return LEFT

    @property
    def right(self) -> int:
        return LEFT + self.width

    @property
    def words_left(self) -> int:
        """Where the scale's words end."""
        return LEFT - 6

    @property
    def words_at(self) -> int:
        """Where the words below the chart stand."""
        return TOP + HEIGHT + 20


def ceiling(most: int) -> int:
    """Return the round number that a scale ends with: 2, 4, 6, 10, 20, 40 and so on."""
    size = 1
    while True:
        for step in (2, 4, 6, 10):
            if step * size >= most:
                return step * size
        size *= 10


def told(count: int, least: int) -> str:
    """Return a count in words; one below ``least`` is not told."""
    return f"{count:,}" if count >= least else f"不足 {least}"


def chart(*courses: list[tuple[date, int]], least: int = 0, width: int = WIDTH) -> Chart:
    """Draw courses over the same days, or the same months. A count below ``least`` is neither drawn nor told."""
    days = [day for day, _ in courses[0]]
    monthly = len(days) > 1 and (days[1] - days[0]).days > 27
    top = ceiling(max(count for each in courses for _, count in each))
    step = width / len(days)
    every = -(-len(days) // MOST_WORDS)
    column = step * 0.8 / len(courses)

    def height(count: int) -> float:
        return round(HEIGHT * count / top, 1)

    marks = []
    for number, day in enumerate(days):
        counts = tuple(each[number][1] for each in courses)
        shown = tuple(told(count, least) for count in counts)
        counts = tuple(count if count >= least else 0 for count in counts)
        middle = LEFT + step * (number + 0.5)
        # The last word always stands, so that one sees how far it goes.
        written = (len(days) - 1 - number) % every == 0
        marks.append(
            Mark(
                round(middle, 1),
                _word(day, monthly, first=number == 0 or day.month == 1) if written else "",
                day,
                counts,
                shown,
                tuple(
                    (
                        round(middle - step * 0.4 + column * place, 1),
                        round(TOP + HEIGHT - height(count), 1),
                        height(count),
                    )
                    for place, count in enumerate(counts)
                ),
            )
        )
    lines = tuple(
        " ".join(f"{mark.x},{TOP + HEIGHT - height(mark.counts[place]):.1f}" for mark in marks)
        for place in range(len(courses))
    )
    scale = tuple((TOP + HEIGHT - HEIGHT * part / 2, f"{top * part // 2:,}") for part in (0, 1, 2))
    return Chart(lines, tuple(marks), scale, round(column, 1), monthly, width)


def _word(day: date, monthly: bool, *, first: bool) -> str:
    if not monthly:
        return f"{day.month}/{day.day}"
    return f"{day.year % 100}年{day.month}月" if first else f"{day.month}月"
