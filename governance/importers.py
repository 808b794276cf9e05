"""What an app says of one kind of table that its people load at once (批量导入): which columns there are, how a row is read, and how
it is taken in. governance/imports.py does the rest.

An importer is registered in ``AppConfig.ready`` by importing its module.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import models

from governance.models import TableImport, TableRow, User
from governance.tables import USUAL, Cell, Formula, Limits, day_of, said

#: A heading that our own table of refused rows adds; it means nothing when it comes back.
WHY = "原因"


@dataclass(frozen=True)
class Column:
    """One thing that a row says: its name with us, how it is filled in, and other names it goes by."""

    key: str
    label: str
    how: str
    names: tuple[str, ...] = ()
    needed: bool = False


class BadRow(Exception):
    """A row that cannot be taken in; ``reasons`` are the sentences that say how to mend it."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("".join(reasons))


def reach_of(by: User, permission: str) -> list[str]:
    """Return the nodes at or below which the person may do that; "" is everywhere. A post for one unit alone does not count."""
    if by.is_superuser:
        return [""]
    return [post.code for post in by.posts_with(permission) if post.unit_id is None]


class RowReader:
    """Reads the rows of one file for one importer; an app's own subclass says ``read`` and, where rows have one, ``number``.

    It is made once for each file and slice, so what names are looked up in is read in ``__init__``, never for each row. ``seen``
    holds the line of each number that was read, so that one counts once.
    """

    def __init__(self, columns: Iterable[Column], headings: list[str], mapping: Mapping[str, str]) -> None:
        self.labels = {each.key: each.label for each in columns}
        self.at = {key: headings.index(name) for key, name in mapping.items() if name in headings}
        self.seen: dict[str, int] = {}

    def number(self, cells: list[Cell]) -> str:
        """Return what a row is called in results, as far as it can be read: no personal data in clear."""
        return ""

    def read(self, line: int, cells: list[Cell]) -> Any:
        """Return a row as checked data, whatever ``Importer.take`` wants. Raises BadRow."""
        raise NotImplementedError

    def pass_by(self, line: int, cells: list[Cell]) -> None:
        """Remember a row that was taken in before the run broke off."""
        self.seen.setdefault(self.number(cells), line)

    def cell(self, cells: list[Cell], key: str) -> Cell:
        """Return what stands in a column, None where the file has none."""
        return cells[self.at[key]] if key in self.at else None

    def text(self, cells: list[Cell], key: str) -> str:
        """Return what stands in a column as text."""
        return said(self.cell(cells, key))

    def day(self, cells: list[Cell], key: str, wrong: list[str]) -> date | None:
        """Return the day in a column."""
        try:
            return day_of(self.cell(cells, key))
        except (ValueError, OverflowError):
            wrong.append(f"“{self.labels[key]}”不是日期，请写成 2026-01-01。")
            return None

    def number_in(self, cells: list[Cell], key: str, wrong: list[str], most: int = 1_000_000) -> int | None:
        """Return the whole number in a column."""
        text = self.text(cells, key)
        if not text:
            return None
        if text.isascii() and text.isdigit() and int(text[:9]) <= most and len(text) < 9:
            return int(text)
        wrong.append(f"“{self.labels[key]}”请填整数。")
        return None

    def choice(self, cells: list[Cell], key: str, wrong: list[str], choices: Any, default: Any = "") -> Any:
        """Return the value whose Chinese name stands in a column."""
        text = self.text(cells, key)
        if not text:
            return default
        for value, label in choices:
            if text == label:
                return value
        words = "、".join(label for _, label in choices)
        wrong.append(f"“{self.labels[key]}”里没有“{text}”，可以填：{words}。")
        return default

    def short(self, cells: list[Cell], key: str, wrong: list[str], most: int) -> str:
        """Return the text in a column, not longer than the database keeps."""
        text = self.text(cells, key)
        if len(text) > most:
            wrong.append(f"“{self.labels[key]}”太长，不超过 {most} 个字。")
        return text[:most]

    def formulas(self, cells: list[Cell]) -> list[str]:
        """Return a sentence for each formula that has no result."""
        return [
            f"“{self.labels[key]}”是没有算出结果的公式，请在 Excel 里复制后“粘贴为数值”，再保存上传。"
            for key, column in self.at.items()
            if isinstance(cells[column], Formula)
        ]


def refuse(wrong: list[str]) -> None:
    """Raise BadRow when anything is wrong."""
    if wrong:
        raise BadRow(wrong)


class Importer:
    """What one kind of table is: an app's subclass, of which ``register`` keeps one for the batch model."""

    batch: type[TableImport]
    #: Who may load: the permission that a post must give.
    permission: str
    columns: tuple[Column, ...]
    limits: Limits = USUAL
    #: Words of headings whose columns are thrown away as the file comes in; where there are any, so are identity numbers in other cells.
    unwanted: tuple[str, ...] = ()
    #: What a row is, and a row of the empty table that shows how to fill it in, by the columns' keys.
    noun = ""
    example: Mapping[str, Any] = {}

    def reader(self, headings: list[str], mapping: Mapping[str, str], by: User) -> RowReader:
        """Return what reads the rows of a file for the person who loads it."""
        raise NotImplementedError

    def wrong_columns(self, mapping: Mapping[str, str]) -> dict[str, str]:
        """Return what else is wrong with a choice of columns: a sentence by the column's key."""
        return {}

    def known(self, batch: TableImport, rows: list[Any]) -> int:
        """Return how many of these checked rows were taken in before; asked for a few thousand at once."""
        return 0

    def clashes(self, batch: TableImport, rows: list[Any]) -> dict[int, str]:
        """Return which of these checked rows cannot be taken in for what stands in the database: place in the list -> why. Asked for a
        few thousand at once, so that looking a file over promises nothing that loading it refuses."""
        return {}

    def take(self, batch: TableImport, row: Any) -> tuple[str, models.Model]:
        """Take in a checked row, in a transaction of its own. Returns the outcome and what the row became.

        Raises BadRow or ValidationError for a row that cannot be taken in after all.
        """
        raise NotImplementedError

    def finished(self, batch: TableImport) -> None:
        """Tell whom it concerns, besides the importer, that a run is done; once, in the transaction that closes it."""

    # --- what follows from it -------------------------------------------------------------------------------------------
    @property
    def row(self) -> type[TableRow]:
        return self.batch.row_model()

    @property
    def known_headings(self) -> frozenset[str]:
        """The headings by which the row of headings is found."""
        return frozenset(name for each in self.columns for name in (each.label, *each.names))

    def guess(self, headings: Iterable[str], remembered: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return which heading most likely means which column. ``remembered``: as it was the last time."""
        left, found = list(headings), {}
        for each in self.columns:
            last = (remembered or {}).get(each.key)
            wanted = [*([last] if last else []), each.label, *each.names]
            chosen = next((name for name in wanted if name in left), None)
            if chosen is None:
                # “12345工单编号” and “诉求内容（摘要）” are found by the longest name they hold.
                held = [(len(n), h) for n in wanted if len(n) >= 3 for h in left if n in h]
                chosen = max(held)[1] if held else None
            if chosen is not None and chosen != WHY:
                found[each.key] = chosen
                left.remove(chosen)
        return found


_importers: dict[type[TableImport], Importer] = {}


def register(importer: Importer) -> Importer:
    """Let an app load its kind of table. Returns the importer. Raises ValueError where the batch model has another already."""
    if importer.batch in _importers:
        raise ValueError(f"two importers for {importer.batch._meta.label}")
    _importers[importer.batch] = importer
    return importer


def importer_of(batch: TableImport | type[TableImport]) -> Importer:
    """Return the importer of a batch or its model. Raises KeyError where no app registered one."""
    return _importers[batch if isinstance(batch, type) else type(batch)]


def importers() -> Collection[Importer]:
    """Return the importers of all apps."""
    return _importers.values()
