"""Reading a table that somebody uploads, Excel or CSV, as rows of plain cells. What the file is, its content says, not its
name; whatever is in it, the answer is rows or a sentence that says how to mend it. Nothing here knows what the columns mean."""

import csv
import io
import re
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.core.exceptions import ValidationError
from openpyxl import load_workbook

MOST_BYTES = 8 * 1024 * 1024
MOST_ROWS = 5_000
MOST_COLUMNS = 60
#: Of a workbook once it is unpacked: bytes, and rows with those that only carry a format.
MOST_UNPACKED, MOST_ROW_MARKS = 60 * 1024 * 1024, 30_000
#: The heading stands among the first so many rows; above it people write titles.
TITLE_ROWS = 10
LONGEST_CELL = 4_000

_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_EXCEL_ERROR = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!)")
#: What an export of ours puts before a text that a spreadsheet would run.
_GUARDED = re.compile(r"'[=+\-@]")


class Formula:
    """A cell that holds a formula without a result, or with an error for one."""


FORMULA = Formula()
Cell = str | int | float | bool | datetime | date | time | Formula | None


@dataclass(frozen=True)
class Table:
    """The headings, and the rows below with the numbers that the spreadsheet shows. Every row is as long as the headings."""

    headings: list[str]
    rows: list[tuple[int, list[Cell]]]


def wrong(sentence: str) -> ValidationError:
    """Return the refusal of a file."""
    return ValidationError({"file": sentence})


def read_table(data: bytes, known: Collection[str] = ()) -> Table:
    """Return the table in a file's bytes. ``known``: headings by which the row of headings is found below a title.

    Raises ValidationError at the field ``file``.
    """
    if len(data) > MOST_BYTES:
        raise wrong(f"文件太大了，不超过 {MOST_BYTES // 1024 // 1024} MB。请分成几个文件。")
    if not data.strip():
        raise wrong("文件是空的。")
    if data.startswith(_OLD_EXCEL):
        raise wrong("这是旧版 .xls 或加了密码的表格，请在 Excel 或 WPS 里另存为不加密的 .xlsx 再上传。")
    lines = _excel(data) if data.startswith(b"PK\x03\x04") else _text(data)
    return _table(lines, known)


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


# --- the two kinds of file --------------------------------------------------------------------------------------------
def _excel(data: bytes) -> list[list[Cell]]:
    broken = wrong("这个 Excel 文件打不开，请在 Excel 或 WPS 里另存为 .xlsx 再上传。")
    try:
        formulas = _look_over(data)
        # Values as they were last computed; nothing is computed and nothing outside is followed.
        book = load_workbook(io.BytesIO(data), data_only=True, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
        sheet = next((s for s in sheets if s.max_row > 1 or s.max_column > 1), sheets[0])
        lines = [list(line) for line in sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True)]
        if formulas:
            _mark_formulas(data, sheet.title, lines)
        for merged in sheet.merged_cells.ranges:
            # Cells merged downwards stand for one value in each of their rows.
            column = merged.min_col - 1
            if merged.max_row > merged.min_row and column < MOST_COLUMNS:
                for line in lines[merged.min_row : merged.max_row]:
                    line[column] = lines[merged.min_row - 1][column]
        return lines
    except ValidationError:
        raise
    except Exception as error:  # what a broken or crafted file makes the reader raise is anything
        raise broken from error


def _look_over(data: bytes) -> bool:
    """Refuse a workbook that would be too large once unpacked, before it is. Returns whether it holds formulas."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        if not any(part.filename == "xl/workbook.xml" for part in parts):
            raise wrong("这不是 Excel 表格，请上传 .xlsx 或 .csv 文件。")
        if sum(part.file_size for part in parts) > MOST_UNPACKED:
            raise wrong("这个表格的内容太多，请把要用的行复制到一张新表里再上传。")
        formulas, marks = False, 0
        for part in parts:
            if not part.filename.startswith("xl/worksheets/") or not part.filename.endswith(".xml"):
                continue
            with archive.open(part) as stream:
                while chunk := stream.read(1 << 20):
                    marks += chunk.count(b"<row")
                    formulas = formulas or b"<f>" in chunk or b"<f " in chunk
        if marks > MOST_ROW_MARKS:
            raise wrong(f"表格的行太多（连同空行），一次最多 {MOST_ROWS} 行。请把要用的行复制到一张新表里。")
        return formulas


def _mark_formulas(data: bytes, title: str, lines: list[list[Cell]]) -> None:
    """Put a mark where a formula has no value, so that its row can say so."""
    sheet = load_workbook(io.BytesIO(data), keep_links=False)[title]
    for number, line in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS)):
        for column, cell in enumerate(line):
            if cell.data_type == "f" and number < len(lines) and lines[number][column] is None:
                lines[number][column] = FORMULA


def _text(data: bytes) -> list[list[Cell]]:
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
            if len(lines) > MOST_ROW_MARKS:
                raise wrong(f"一次最多 {MOST_ROWS} 行，请分成几个文件。")
    except csv.Error as error:
        raise wrong("这个 CSV 文件的引号或分隔不对，请在 Excel 里打开后另存为 .xlsx 再上传。") from error
    return lines


def _decoded(data: bytes) -> str:
    codes = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for code in codes:
        try:
            return data.decode(code)
        except UnicodeDecodeError:
            continue
    raise wrong("认不出文件的编码，请在 Excel 里另存为“CSV UTF-8”或 .xlsx 再上传。")


# --- headings and rows ------------------------------------------------------------------------------------------------
def _table(lines: list[list[Cell]], known: Collection[str]) -> Table:
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
    if len(rows) > MOST_ROWS:
        raise wrong(f"这个文件有 {len(rows)} 行，一次最多 {MOST_ROWS} 行，请分成几个文件。")
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
