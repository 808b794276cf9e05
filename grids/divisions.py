"""Reads a division file (columns code, name, level) and decides whether it is fit to be loaded.

A file is taken as a whole or refused as a whole: the reader collects every fault with its line number, so that a clerk
can mend all of them in one go. Nothing here touches the database.
"""

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from governance.territory import GridLevel, parent_code

#: What the level column says, and the level it names. `base` is for a district that keeps its base grids in such a file.
LEVELS = {
    "district": GridLevel.DISTRICT,
    "street": GridLevel.STREET,
    "community": GridLevel.COMMUNITY,
    "base": GridLevel.BASE,
}
COLUMNS = ("code", "name", "level")
MAX_NAME = 60
#: A province's list of villages is below 5 MB; more than this is not a division file.
MAX_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True)
class Row:
    """One grid of the file; ``line`` is the line it began on, the header being line 1."""

    line: int
    code: str
    name: str
    level: GridLevel


class DivisionFileError(Exception):
    """The file is refused. ``errors`` holds (line number, Chinese reason), in the order of the lines."""

    def __init__(self, errors: list[tuple[int, str]]) -> None:
        self.errors = sorted(errors)
        super().__init__("\n".join(f"第 {line} 行：{reason}" for line, reason in self.errors))


def read_divisions(content: bytes) -> list[Row]:
    """Return the file's grids, sorted by code, so that a parent comes before its children.

    ``content`` is the raw file: UTF-8 (a byte order mark is fine), comma separated, with a header that names the columns
    code, name and level in any order; further columns and blank lines are passed over. Every code must have its level's
    number of digits and its parent in the same file. Raises DivisionFileError with every fault found.
    """
    records = _records(_decode(content))
    line, header = next(records, (1, []))
    positions = _positions(line, header)
    rows: list[Row] = []
    errors: list[tuple[int, str]] = []
    seen: dict[str, int] = {}
    try:
        for line, cells in records:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                errors.append((line, f"这一行有 {len(cells)} 列，表头有 {len(header)} 列。"))
                continue
            code, name, level = (cells[positions[column]].strip() for column in COLUMNS)
            faults = [*_code_faults(code, level), *_name_faults(name)]
            if code in seen:
                faults.append(f"编码 {_shown(code)} 与第 {seen[code]} 行重复。")
            elif code:
                seen[code] = line
            errors += [(line, fault) for fault in faults]
            if not faults:
                rows.append(Row(line, code, name, LEVELS[level]))
    except DivisionFileError as broken:
        errors += broken.errors
    for row in rows:
        parent = parent_code(row.code)
        if parent is not None and parent not in seen:
            errors.append((row.line, f"{row.code}“{row.name}”的上级 {parent} 不在文件中。"))
    if not rows and not errors:
        errors.append((1, "文件里只有表头，没有任何区划。"))
    if errors:
        raise DivisionFileError(errors)
    return sorted(rows, key=lambda row: row.code)


def _decode(content: bytes) -> str:
    if not content.strip():
        raise DivisionFileError([(1, "文件是空的。")])
    if len(content) > MAX_BYTES:
        raise DivisionFileError([(1, f"文件超过 {MAX_BYTES // 1024 // 1024} MB，不像是区划文件。")])
    if content.startswith(b"PK\x03\x04"):
        raise DivisionFileError(
            [(1, "这是 Excel 或压缩文件。请在 Excel 中另存为“CSV UTF-8（逗号分隔）”后再导入。")]
        )
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DivisionFileError([(1, "文件是 UTF-16 编码。请另存为 UTF-8 编码后再导入。")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = wrong.object[: wrong.start].count(b"\n") + 1
        raise DivisionFileError([(line, _encoding_reason(content))]) from None
    nul = text.find("\0")
    if nul >= 0:
        raise DivisionFileError([(text.count("\n", 0, nul) + 1, "这一行含有空字符（NUL），文件可能已损坏。")])
    if not text.strip():
        raise DivisionFileError([(1, "文件是空的。")])
    return text


def _encoding_reason(content: bytes) -> str:
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        return "文件不是 UTF-8 编码，可能已损坏。请重新另存为 UTF-8 编码的 CSV。"
    return "文件看起来是 GBK 编码，不是 UTF-8。请在 Excel 中另存为“CSV UTF-8（逗号分隔）”后再导入。"


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (first line, cells) of each record; a cell in quotes may run over several lines."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise DivisionFileError(
                [(line, "从这一行起无法按 CSV 读取：引号没有成对，或某一格过长。")]
            ) from None


def _positions(line: int, header: list[str]) -> dict[str, int]:
    names = [cell.strip().lower() for cell in header]
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise DivisionFileError(
            [(line, f"表头缺少列：{'、'.join(missing)}。第一行必须写明 code,name,level。")]
        )
    twice = [column for column in COLUMNS if names.count(column) > 1]
    if twice:
        raise DivisionFileError([(line, f"表头里的列重复：{'、'.join(twice)}。")])
    return {column: names.index(column) for column in COLUMNS}


def _code_faults(code: str, level: str) -> list[str]:
    faults = []
    known = LEVELS.get(level)
    if known is None:
        faults.append(
            f"不认识的层级“{_shown(level)}”，只能是 {'、'.join(LEVELS)}。" if level else "没有填写层级。"
        )
    if not code:
        faults.append("没有填写编码。")
    elif not (code.isascii() and code.isdigit()):
        hint = (
            "Excel 把编码变成了科学计数，请把这一列设为文本。"
            if "E+" in code.upper()
            else "编码只能是半角数字。"
        )
        faults.append(f"编码“{_shown(code)}”不对：{hint}")
    elif known is not None and len(code) != known:
        faults.append(f"{level} 的编码应为 {int(known)} 位，这里的“{_shown(code)}”是 {len(code)} 位。")
    return faults


def _name_faults(name: str) -> list[str]:
    if not name:
        return ["没有填写名称。"]
    faults = []
    if len(name) > MAX_NAME:
        faults.append(f"名称有 {len(name)} 个字，最多 {MAX_NAME} 个字。")
    if "\ufffd" in name:
        faults.append("名称里有乱码，文件可能转换过编码。")
    # Control and format signs (line breaks, zero width, right-to-left marks) would let two names look the same.
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp") for sign in name):
        faults.append("名称里有换行或看不见的控制字符。")
    return faults


def _shown(text: str) -> str:
    """Return hostile text short and printable, for a sentence."""
    cut = text if len(text) <= 20 else text[:20] + "…"
    return "".join(sign if sign.isprintable() else "�" for sign in cut)
