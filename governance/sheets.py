"""A Word document in the manner of official papers: A4, Chinese fonts, a fixed distance between lines, page numbers in the
footer, places for signatures and seals.

The distance between lines is fixed and a row of a table is never divided, so that the number of pages can be counted while
writing. In the document itself page numbers are fields, which the word processor fills in.
"""

import io
import math
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from docx import Document
from docx.enum.section import WD_SECTION
from docx.enum.table import WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#: What Word finds on a Chinese machine: body, headings, titles.
BODY, HEAD, TITLE = "仿宋", "黑体", "宋体"
_MARGIN_TOP, _MARGIN_SIDE = 25, 27
#: Points of the text's height and width on a page.
HEIGHT = (297 - 2 * _MARGIN_TOP) / 25.4 * 72
WIDTH = (210 - 2 * _MARGIN_SIDE) / 25.4 * 72
_SIZE, _LINE = 14, 26
_CELL, _CELL_LINE, _CELL_PADDING = 12, 20, 3
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_FIXED = (1980, 1, 1, 0, 0, 0)

CENTRE, RIGHT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT


def plain(value: Any) -> str:
    """Return a text that XML can hold."""
    return _CONTROL.sub("", str(value if value is not None else "")).replace("\r\n", "\n")


def ems(text: str) -> float:
    """Return how wide a text is, in widths of a Chinese character."""
    return sum(1 if unicodedata.east_asian_width(sign) in "WFA" else 0.5 for sign in text)


def lines(text: str, width: float) -> int:
    """Return on how many lines a text stands; ``width`` in Chinese characters."""
    return sum(max(1, math.ceil(ems(part) / max(1, math.floor(width)))) for part in text.split("\n"))


def day(value: Any) -> str:
    """Return a day as papers write it, or a blank to fill in by hand."""
    if not value:
        return "　　　　年　　月　　日"
    local = timezone.localtime(value) if isinstance(value, datetime) else value
    return f"{local.year}年{local.month}月{local.day}日"


def moment(value: Any) -> str:
    """Return a day and time as papers write it."""
    return f"{day(value)}{timezone.localtime(value):%H时%M分}" if value else ""


class Sheet:
    """One document, or several bound in one volume.

    ``starts`` maps what was begun to the page it begins on, ``pages`` is how many there are.
    """

    def __init__(self, header: str = "", *, numbered: str = "第 {page} 页　共 {pages} 页") -> None:
        self.document = Document()
        self.starts: dict[str, int] = {}
        self.pages = 1
        self._y = 0.0
        self._first, self._turning = True, False
        self._marks, self._mark = 0, ""
        self._dress()
        self._page(self.document.sections[0], header, numbered)

    # --- the page -------------------------------------------------------------------------------------------------------
    def _dress(self) -> None:
        style = self.document.styles["Normal"]
        style.font.size = Pt(_SIZE)
        _font(style.element.get_or_add_rPr(), BODY)
        form = style.paragraph_format
        form.space_before = form.space_after = Pt(0)
        form.widow_control = False
        form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(_LINE)

    def _page(self, section: Any, header: str, numbered: str) -> None:
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin = section.bottom_margin = Mm(_MARGIN_TOP)
        section.left_margin = section.right_margin = Mm(_MARGIN_SIDE)
        section.header_distance = section.footer_distance = Mm(12)
        section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False
        if header:
            line = section.header.paragraphs[0]
            line.alignment = RIGHT
            _run(line, header, 10, BODY)
        line = section.footer.paragraphs[0]
        line.alignment = CENTRE
        for part in re.split(r"(\{page\}|\{pages\})", numbered):
            if part == "{page}":
                _field(line, "PAGE", "1", 10)
            elif part == "{pages}":
                _field(line, "NUMPAGES", "1", 10)
            elif part:
                _run(line, part, 10, BODY)

    def section(self, header: str, *, numbered: str, restart: bool = False) -> None:
        """Begin a part with its own header and footer; ``restart``: its pages are counted from one."""
        section = self.document.add_section(WD_SECTION.NEW_PAGE)
        for part in (section.header, section.footer):
            part.is_linked_to_previous = False
        self._page(section, header, numbered)
        numbering = section._sectPr.find(qn("w:pgNumType"))
        if numbering is not None:
            section._sectPr.remove(numbering)
        if restart:
            numbering = OxmlElement("w:pgNumType")
            numbering.set(qn("w:start"), "1")
            section._sectPr.append(numbering)
            self.pages = 0
        self.pages, self._y, self._first = self.pages + 1, 0.0, True

    def begin(self, key: str = "") -> None:
        """Begin a document on a page of its own; in a volume the contents list refers to it by ``key``."""
        if not self._first:
            self.turn()
        self._first = False
        if key:
            self.starts[key] = self.pages
            self._mark = key

    def turn(self) -> None:
        """Go on to the next page, which begins with what is written next (not with a table)."""
        self._turning = True
        self.pages, self._y = self.pages + 1, 0.0

    def _line(self) -> Any:
        line = self.document.add_paragraph()
        if self._turning:
            line.paragraph_format.page_break_before, self._turning = True, False
        return line

    def _take(self, height: float, times: int = 1) -> None:
        self._first = False
        for _ in range(times):
            if self._y + height > HEIGHT + 0.5:
                self.pages, self._y = self.pages + 1, 0.0
            self._y += height

    # --- words ----------------------------------------------------------------------------------------------------------
    def title(self, text: str, number: str = "") -> None:
        """Write a document's title, and its number under it."""
        line = self._line()
        line.alignment = CENTRE
        line.paragraph_format.line_spacing = Pt(40)
        run = _run(line, text, 22, TITLE)
        run.bold = True
        self._bookmark(line)
        self._take(40, lines(text, WIDTH / 22))
        self.text(number, align=CENTRE, indent=False)

    def _bookmark(self, line: Any) -> None:
        key, self._mark = self._mark, ""
        if not key:
            return
        self._marks += 1
        start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
        for each in (start, end):
            each.set(qn("w:id"), str(self._marks))
        start.set(qn("w:name"), bookmark(key))
        line._p.insert(1, start)
        line._p.append(end)

    def heading(self, text: str) -> None:
        """Write the heading of a part."""
        line = self._line()
        line.paragraph_format.first_line_indent = Pt(_SIZE * 2)
        _run(line, text, _SIZE, HEAD)
        self._take(_LINE, lines("　　" + text, WIDTH / _SIZE))

    def text(
        self, text: Any, *, align: Any = None, indent: bool = True, size: int = _SIZE, joined: bool = False
    ) -> None:
        """Write paragraphs, one for each line of the text. ``joined``: on the same page as what follows."""
        for part in plain(text).split("\n"):
            line = self._line()
            line.paragraph_format.keep_with_next = joined or None
            if align is not None:
                line.alignment = align
            if indent:
                line.paragraph_format.first_line_indent = Pt(size * 2)
            _run(line, part, size, BODY)
            self._take(_LINE, lines(("　　" if indent else "") + part, WIDTH / size))

    def said(self, label: str, value: Any) -> None:
        """Write ``label：value``, the label in bold letters."""
        parts = plain(value).split("\n")
        line = self._line()
        _run(line, f"{label}：", _SIZE, HEAD)
        _run(line, parts[0], _SIZE, BODY)
        self._take(_LINE, lines(f"{label}：{parts[0]}", WIDTH / _SIZE))
        for part in parts[1:]:
            self.text(part)

    def gap(self, times: int = 1) -> None:
        """Leave lines free."""
        for _ in range(times):
            self.text("", indent=False)

    # --- tables ---------------------------------------------------------------------------------------------------------
    def table(
        self, rows: Iterable[Sequence[Any]], widths: Sequence[int], *, head: bool = True, tall: int = 0
    ) -> None:
        """Write a table; ``widths`` are shares of the page. ``head``: the first line is a heading, repeated on every page, else
        the first column holds the labels. ``tall``: the least height of a row in points."""
        rows = [[plain(cell) if not isinstance(cell, Refer) else cell for cell in row] for row in rows]
        points = [share / sum(widths) * WIDTH for share in widths]
        table = self.document.add_table(rows=0, cols=len(widths), style="Table Grid")
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        for column, width in zip(table.columns, points, strict=True):
            column.width = Pt(width)
        for index, row in enumerate(rows):
            most = max(
                lines(cell.shown if isinstance(cell, Refer) else cell, (width - 11) / _CELL)
                for cell, width in zip(row, points, strict=True)
            )
            height = max(most * _CELL_LINE + 2 * _CELL_PADDING, tall)
            line = table.add_row()
            line.height, line.height_rule = Pt(height), WD_ROW_HEIGHT_RULE.AT_LEAST
            properties = line._tr.get_or_add_trPr()
            properties.append(OxmlElement("w:cantSplit"))
            if head and index == 0:
                properties.append(OxmlElement("w:tblHeader"))
            for place, (cell, value, width) in enumerate(zip(line.cells, row, points, strict=True)):
                cell.width = Pt(width)
                bold = index == 0 if head else place % 2 == 0 and len(row) > 1
                self._fill(cell, value, HEAD if bold else BODY)
            self._take(height)

    def _fill(self, cell: Any, value: Any, font: str) -> None:
        cell.vertical_alignment = 1
        line = cell.paragraphs[0]
        for number, part in enumerate([value] if isinstance(value, Refer) else value.split("\n")):
            line = line if number == 0 else cell.add_paragraph()
            line.paragraph_format.line_spacing = Pt(_CELL_LINE)
            if isinstance(part, Refer):
                _field(line, f"PAGEREF {bookmark(part.key)}", part.shown, _CELL)
            else:
                _run(line, part, _CELL, font)

    # --- signing ---------------------------------------------------------------------------------------------------------
    def signed(self, *whose: str) -> None:
        """Leave a place for each signature and its date."""
        self.gap()
        for who in whose:
            self._together(f"{who}：")
            self.text(f"{who}：", indent=False, joined=True)
            self.text(day(None), align=RIGHT, indent=False)

    def sealed(self, body: str, on: Any = None) -> None:
        """Leave the place for a seal."""
        self.gap()
        self._together(f"{body}（印章）")
        self.text(f"{body}（印章）", align=RIGHT, indent=False, joined=True)
        self.text(day(on), align=RIGHT, indent=False)

    def _together(self, text: str) -> None:
        """Count what follows to the next page when it and one line more do not fit on this one."""
        height = _LINE * (lines(text, WIDTH / _SIZE) + 1)
        if self._y + height > HEIGHT + 0.5:
            self.pages, self._y = self.pages + 1, 0.0

    # --- pictures ----------------------------------------------------------------------------------------------------------
    def picture(self, stored: bytes, caption: str, size: tuple[int, int]) -> None:
        """Put a picture on a page, as large as fits under its caption."""
        self.text(caption, indent=False)
        room = HEIGHT - self._y - 14
        scale = min(WIDTH / size[0], room / size[1])
        line = self._line()
        line.alignment = CENTRE
        line.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        line.add_run().add_picture(io.BytesIO(stored), width=Pt(size[0] * scale), height=Pt(size[1] * scale))
        self._y = HEIGHT

    # --- the end ------------------------------------------------------------------------------------------------------------
    def to_bytes(self, title: str, at: datetime) -> bytes:
        """Return the file. The same content gives the same bytes: the only dates in it are ``at``."""
        about = self.document.core_properties
        about.title, about.author, about.comments, about.last_modified_by = title[:200], "", "", ""
        about.created = about.modified = timezone.localtime(at).replace(tzinfo=None, microsecond=0)
        about.revision, about.language = 1, "zh-CN"
        raw = io.BytesIO()
        self.document.save(raw)
        out = io.BytesIO()
        with zipfile.ZipFile(raw) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            for name in sorted(old.namelist(), key=lambda each: (each != "[Content_Types].xml", each)):
                info = zipfile.ZipInfo(name, _FIXED)
                info.compress_type = zipfile.ZIP_DEFLATED
                new.writestr(info, old.read(name))
        return out.getvalue()


class Refer:
    """In a contents list: the page on which something begins, kept right by the word processor."""

    def __init__(self, key: str, shown: str) -> None:
        self.key, self.shown = key, shown


def bookmark(key: str) -> str:
    """Return the name under which a volume marks the beginning of a document."""
    return f"paper_{key}"


def _font(properties: Any, name: str) -> None:
    fonts = properties.get_or_add_rFonts()
    for which in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(which), name)


def _run(line: Any, text: str, size: int, font: str) -> Any:
    run = line.add_run(text)
    run.font.size = Pt(size)
    _font(run._r.get_or_add_rPr(), font)
    return run


def _field(line: Any, code: str, shown: str, size: int) -> None:
    """Write a field that the word processor fills in, holding ``shown`` until it does."""
    for kind in ("begin", "instr", "separate", "text", "end"):
        run = _run(line, shown if kind == "text" else "", size, BODY)
        if kind == "instr":
            part = OxmlElement("w:instrText")
            part.set(qn("xml:space"), "preserve")
            part.text = f" {code} "
            run._r.append(part)
        elif kind != "text":
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
            run._r.append(part)
