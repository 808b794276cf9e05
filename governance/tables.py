"""Reading a table that somebody uploads, Excel or CSV, as rows of plain cells. What the file is, its content says, not its
name; whatever is in it, the answer is rows or a sentence that says how to mend it. Nothing here knows what the columns mean."""

import csv
import io
import json
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import IO, Any
from xml.parsers import expat

from django.core.exceptions import ValidationError
from django.utils import timezone
from openpyxl import load_workbook
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.datetime import from_excel

MOST_COLUMNS, MOST_PARTS = 60, 2_000
_CELL_TAGS = frozenset(("c", "v", "f", "is", "t", "si", "r"))
#: The heading stands among the first so many rows; above it people write titles.
TITLE_ROWS = 10
LONGEST_CELL = 4_000

_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_EXCEL_ERROR = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!)")
#: What an export of ours puts before a text that a spreadsheet would run.
_GUARDED = re.compile(r"'[=+\-@]")


@dataclass(frozen=True)
class Limits:
    """How much one file may hold; what a workbook may be once it is unpacked follows from it."""

    rows: int = 5_000
    megabytes: int = 8

    @property
    def bytes(self) -> int:
        return self.megabytes << 20

    @property
    def unpacked(self) -> int:
        return 15 * self.bytes // 2

    @property
    def lines(self) -> int:
        """Rows with those that hold nothing or only carry a format."""
        return self.rows + 25_000

    @property
    def elements(self) -> dict[str, int]:
        """Of all parts together: those that cells and texts are made of (six for a cell with its text inside it), and the
        others, which the reader keeps whole."""
        return {"row": self.lines, "cells": 1_600_000 + 80 * self.rows, "others": 200_000}

    def refuse_bytes(self, size: int) -> None:
        """Raise ValidationError for a file that is too large."""
        if size > self.bytes:
            raise ValidationError(f"文件太大了，不超过 {self.megabytes} MB。请分成几个文件。")


USUAL = Limits()
_MOMENTS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d",
)  # fmt: skip


class Formula:
    """A cell that holds a formula without a result, or with an error for one."""


FORMULA = Formula()
Cell = str | int | float | bool | datetime | date | time | Formula | None


@dataclass(frozen=True)
class Table:
    """The headings, and the rows below with the numbers that the spreadsheet shows. Every row is as long as the headings."""

    headings: list[str]
    rows: list[tuple[int, list[Cell]]]


def packed(table: Table) -> bytes:
    """Return a table as it is kept between looking it over and loading it: read again in no time, whatever it came as."""
    return json.dumps([table.headings, table.rows], ensure_ascii=False, default=_marked).encode()


def unpacked(data: bytes) -> Table:
    """Return the table that ``packed`` made of it. Raises ValueError for anything else."""
    headings, rows = json.loads(data, object_hook=_unmarked)
    return Table(headings, [(line, cells) for line, cells in rows])


_KINDS = {kind.__name__: kind for kind in (datetime, date, time)}


def _marked(cell: datetime | date | time | Formula) -> dict[str, str]:
    return {type(cell).__name__: "" if isinstance(cell, Formula) else cell.isoformat()}


def _unmarked(mark: dict[str, str]) -> Cell:
    ((kind, text),) = mark.items()
    return FORMULA if kind == "Formula" else _KINDS[kind].fromisoformat(text)


def wrong(sentence: str) -> ValidationError:
    """Return the refusal of a file."""
    return ValidationError({"file": sentence})


def read_table(data: bytes, known: Collection[str] = (), limits: Limits = USUAL) -> Table:
    """Return the table in a file's bytes. ``known``: headings by which the row of headings is found below a title.

    Raises ValidationError at the field ``file``.
    """
    try:
        limits.refuse_bytes(len(data))
    except ValidationError as refusal:
        raise wrong(refusal.message) from None
    if not data.strip():
        raise wrong("文件是空的。")
    if data.startswith(_OLD_EXCEL):
        raise wrong("这是旧版 .xls 或加了密码的表格，请在 Excel 或 WPS 里另存为不加密的 .xlsx 再上传。")
    lines = _excel(data, limits) if data.startswith(b"PK\x03\x04") else _text(data, limits)
    return _table(lines, known, limits)


def said(cell: Cell) -> str:
    """Return a cell as text, without what no text of ours may hold."""
    if cell is None or isinstance(cell, Formula):
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}".removesuffix(":00")
    text = _CONTROL.sub("", str(cell)).strip()
    return text[1:] if _GUARDED.match(text) else text


def plain(text: str) -> str:
    """Return a text as names are compared: one width of characters, no blanks."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


# --- the two kinds of file --------------------------------------------------------------------------------------------
def _excel(data: bytes, limits: Limits) -> list[list[Cell]]:
    broken = wrong("这个 Excel 文件打不开，请在 Excel 或 WPS 里另存为 .xlsx 再上传。")
    try:
        found = _look_over(data, limits)
        # Values as they were last computed; nothing is computed and nothing outside is followed. Read row by row: a workbook
        # opened whole makes a cell of every place that a merge or a link only names, a thousand million of them if it says so.
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
        for sheet in sheets:
            lines = _lines(sheet, limits)
            if sum(cell is not None for line in lines for cell in line) > 1:
                break
        part = sheet._worksheet_path
        if part in found.formulas:
            _mark_formulas(data, sheet.title, lines)
        _spread_merged(found.merged.get(part, []), lines, limits)
        return lines
    except ValidationError:
        raise
    except Exception as error:  # what a broken or crafted file makes the reader raise is anything
        raise broken from error


def _lines(sheet: Any, limits: Limits) -> list[list[Cell]]:
    """Return a sheet's rows down to the last that holds something."""
    lines: list[list[Cell]] = []
    last = 0
    for line in sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True):
        if len(lines) == limits.lines:
            raise _too_many_rows(limits)
        lines.append(list(line))
        if any(cell is not None for cell in line):
            last = len(lines)
    return lines[:last]


@dataclass
class _Found:
    """What the parts of a workbook hold, by the part's name."""

    formulas: set[str] = field(default_factory=set)
    merged: dict[str, list[str]] = field(default_factory=dict)


def _look_over(data: bytes, limits: Limits) -> _Found:
    """Refuse a workbook that would be too large once unpacked, before it is.

    Every part is looked through, whatever its name: which of them is a sheet, the workbook itself says.
    """
    found, counts = _Found(), Counter()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        if not any(part.filename == "xl/workbook.xml" for part in parts):
            raise wrong("这不是 Excel 表格，请上传 .xlsx 或 .csv 文件。")
        if sum(part.file_size for part in parts) > limits.unpacked or len(parts) > MOST_PARTS:
            raise _too_much()
        for part in parts:
            with archive.open(part) as stream:
                head = stream.read(64)
                if head.lstrip()[:1] == b"<" or head[:2] in (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb"):
                    _look_through(part.filename, head, stream, found, counts, limits)
    return found


def _look_through(
    name: str, head: bytes, stream: IO[bytes], found: _Found, counts: Counter[str], limits: Limits
) -> None:
    most = limits.elements
    parser = expat.ParserCreate(namespace_separator=" ")

    def start(tag: str, attributes: dict[str, str]) -> None:
        kind = tag.rpartition(" ")[2]
        if kind == "f":
            found.formulas.add(name)
        elif kind == "mergeCell":
            found.merged.setdefault(name, []).append(attributes.get("ref", ""))
        group = kind if kind == "row" else "cells" if kind in _CELL_TAGS else "others"
        counts[group] += 1
        if counts[group] > most[group]:
            raise _too_many_rows(limits) if group == "row" else _too_much()

    def refuse_definitions(*_: Any) -> None:
        raise wrong("这个 Excel 文件里有不该有的定义，请在 Excel 或 WPS 里另存为 .xlsx 再上传。")

    parser.StartElementHandler, parser.StartDoctypeDeclHandler = start, refuse_definitions
    try:
        parser.Parse(head)
        while chunk := stream.read(1 << 16):
            parser.Parse(chunk)
    except expat.ExpatError:
        return  # drawings are often so; a part that is needed is found broken by whoever reads it


def _too_much() -> ValidationError:
    return wrong("这个表格的内容太多，请把要用的行复制到一张新表里再上传。")


def _too_many_rows(limits: Limits) -> ValidationError:
    return wrong(f"表格的行太多（连同空行），一次最多 {limits.rows} 行。请把要用的行复制到一张新表里。")


def _spread_merged(merged: list[str], lines: list[list[Cell]], limits: Limits) -> None:
    """Give each row of cells merged downwards the one value that they stand for."""
    left = limits.lines * MOST_COLUMNS
    for column, top, _, bottom in map(range_boundaries, merged):
        below = lines[top:bottom] if column <= MOST_COLUMNS else []
        left -= len(below) + 1
        if left < 0:
            raise _too_much()
        for line in below:
            line[column - 1] = lines[top - 1][column - 1]


def _mark_formulas(data: bytes, title: str, lines: list[list[Cell]]) -> None:
    """Put a mark where a formula has no value, so that its row can say so."""
    sheet = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)[title]
    for number, line in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS, max_row=len(lines) or 1)):
        for column, cell in enumerate(line):
            if cell.data_type == "f" and number < len(lines) and lines[number][column] is None:
                lines[number][column] = FORMULA


def _text(data: bytes, limits: Limits) -> list[list[Cell]]:
    text = _decoded(data)
    if _CONTROL.search(text):
        raise wrong("这不是表格文件，请上传 .xlsx 或 .csv 文件。")
    if re.match(r"\s*<(!doctype|html|table|\?xml)", text, re.IGNORECASE):
        raise wrong("这是网页或 XML 格式的表格，请在 Excel 或 WPS 里打开，另存为 .xlsx 再上传。")
    first = next((line for line in text.splitlines() if line.strip()), "")
    sign = max((",", "\t", ";"), key=first.count)
    lines: list[list[Cell]] = []
    try:
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=sign):
            lines.append(list(line[:MOST_COLUMNS]))
            if len(lines) > limits.lines:
                raise wrong(f"一次最多 {limits.rows} 行，请分成几个文件。")
    except csv.Error as error:
        raise wrong("这个 CSV 文件的引号或分隔不对，请在 Excel 里打开后另存为 .xlsx 再上传。") from error
    return lines


#: How files begin that are no tables, though somebody may choose them.
_OTHERS = {
    b"\x89PNG": "图片", b"\xff\xd8\xff": "图片", b"GIF8": "图片", b"RIFF": "图片", b"BM": "图片", b"%PDF": "PDF 文件",
    b"Rar!": "压缩包", b"7z\xbc\xaf": "压缩包", b"\x1f\x8b": "压缩包",
}  # fmt: skip


def _decoded(data: bytes) -> str:
    for start, what in _OTHERS.items():
        if data.startswith(start) and b"\x00" in data[:4096]:
            raise wrong(f"这是{what}，不是表格。请上传 .xlsx 或 .csv 文件。")
    codes = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for code in codes:
        try:
            return data.decode(code)
        except UnicodeDecodeError:
            continue
    raise wrong("认不出文件的编码，请在 Excel 里另存为“CSV UTF-8”或 .xlsx 再上传。")


# --- headings and rows ------------------------------------------------------------------------------------------------
def _table(lines: list[list[Cell]], known: Collection[str], limits: Limits) -> Table:
    top = _heading_row(lines, set(known))
    if top is None:
        raise wrong("表格里没有内容。")
    headings = list(_headings(lines[top]))
    if not headings:
        raise wrong("表格里没有内容。")
    rows = []
    for number, line in enumerate(lines[top + 1 :], start=top + 2):
        cells = [_clean(cell) for cell in line[: len(headings)]]
        cells += [None] * (len(headings) - len(cells))
        if any(cell is not None for cell in cells):
            rows.append((number, cells))
    if not rows:
        raise wrong("表格里只有表头，没有内容。")
    if len(rows) > limits.rows:
        raise wrong(f"这个文件有 {len(rows)} 行，一次最多 {limits.rows} 行，请分成几个文件。")
    return Table(headings, rows)


def _heading_row(lines: list[list[Cell]], known: set[str]) -> int | None:
    filled = [
        index
        for index, line in enumerate(lines)
        if any(said(cell) for cell in line if not isinstance(cell, Formula))
    ]
    best = max(
        (index for index in filled if index < TITLE_ROWS),
        key=lambda index: (sum(heading(cell) in known for cell in lines[index]), -index),
        default=None,
    )
    if best is not None and sum(heading(cell) in known for cell in lines[best]) >= 2:
        return best
    return filled[0] if filled else None


def heading(cell: Cell) -> str:
    """Return a heading as it is compared: no blanks, no marks of what must be filled in."""
    return re.sub(r"[\s*＊:：]+|[（(](必填|选填)[）)]", "", said(cell))


def _headings(line: list[Cell]) -> Iterator[str]:
    last = max((index for index, cell in enumerate(line) if said(cell)), default=-1)
    seen: set[str] = set()
    for index, cell in enumerate(line[: last + 1], start=1):
        name = heading(cell)[:40] or f"第 {index} 列"
        if name in seen:
            name = f"第 {index} 列 {name}"
        seen.add(name)
        yield name


def _clean(cell: Any) -> Cell:
    if isinstance(cell, str):
        text = _CONTROL.sub("", cell).strip()
        if _EXCEL_ERROR.fullmatch(text):
            return FORMULA
        return text[:LONGEST_CELL] or None
    if cell is None or isinstance(cell, bool | int | float | datetime | date | time | Formula):
        return cell
    return str(cell)[:LONGEST_CELL]


def phone_of(cell: Cell) -> str:
    """Return a phone number without signs and without the country's own; whether it is one, the caller asks."""
    text = re.sub(r"[\s\-—－()（）]", "", plain(said(cell)))
    return re.sub(r"^(\+?86|0086)(?=1)", "", text)


# --- moments -----------------------------------------------------------------------------------------------------------
def day_of(cell: Cell) -> date | None:
    """Return a cell as a day; a month alone (“1985.07”) is its first day. Raises ValueError for what is no day."""
    if cell is None or isinstance(cell, Formula | bool):
        return None
    if isinstance(cell, datetime | date):
        return cell.date() if isinstance(cell, datetime) else cell
    text = said(cell)
    if not text:
        return None
    if isinstance(cell, int | float) and 10_000 < cell < 100_000:
        return from_excel(cell).date()
    if month := re.fullmatch(r"(\d{4})\s*[-./年]\s*(\d{1,2})月?|(\d{4})(\d{2})", text):
        year, number = (part for part in month.groups() if part)
        return date(int(year), int(number), 1)
    return _parsed(text).date()


def moment_of(cell: Cell) -> datetime | None:
    """Return a cell as a moment in local time; a day without a time is its noon, or now where that is still to come.

    Raises ValueError for what is no moment.
    """
    if cell is None or isinstance(cell, Formula | bool):
        return None
    moment: Any = cell
    if isinstance(cell, int | float):
        text = said(cell)
        # 45000 or so is a spreadsheet's day; 20261122 is a date written together.
        moment = from_excel(cell) if abs(cell) < 1_000_000 else _parsed(text)
    elif isinstance(cell, str):
        if not cell.strip():
            return None
        moment = _parsed(cell)
    if isinstance(moment, time):
        raise ValueError("a time without a day")
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if not 2000 <= moment.year <= 2100:
        raise ValueError("not a year of ours")
    if moment.tzinfo is not None:
        return moment
    aware = timezone.make_aware(moment)
    if moment.time() == time():
        return min(aware + timedelta(hours=12), max(aware, timezone.now()))
    return aware


def _parsed(text: str) -> datetime:
    words = re.sub(r"[年月/.](?=\d)", "-", _one_form(text))
    for form in _MOMENTS:
        try:
            return datetime.strptime(words, form)  # noqa: DTZ007 - made aware by the caller
        except ValueError:
            continue
    raise ValueError("not a moment")


def _one_form(text: str) -> str:
    """Return a moment as people write it with the signs of one form: 2026年11月22日14时05分 as 2026年11月22 14:05."""
    words = text.strip().replace("：", ":").replace("T", " ").replace("上午", " ").replace("／", "/")
    words = re.sub(r"(:\d\d)\.\d+$", r"\1", words)
    words = re.sub(r"日\s*", " ", words)
    words = re.sub(r"(\d)\s*[时点]\s*(\d)", r"\1:\2", words)
    words = re.sub(r"(\d)\s*分\s*(\d)", r"\1:\2", words)
    words = re.sub(r"[分秒]$", "", words.strip())
    words = re.sub(r"[时点]$", ":00", words)
    words = re.sub(r"周.|星期.", "", words)
    return re.sub(r"\s+", " ", words).strip()
