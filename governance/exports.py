"""Tables that leave the portal as Excel files: what a cell may hold, and how many rows.

Personal columns come masked from whoever asks for the table; every export is a line in the access log.
"""

import io
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from governance import audit, parameters
from governance.models import AccessEvent

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

#: (heading, width in characters, what a row says there)
Column = tuple[str, int, Callable[[Any], Any]]

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
#: What makes a spreadsheet take a text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_LONGEST = 32_000


def safe(value: Any) -> Any:
    """Return a value that a cell can hold and that no spreadsheet program runs.

    A text that would begin a formula gets an apostrophe in front; times become local; control characters go.
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return timezone.localtime(value).replace(tzinfo=None) if timezone.is_aware(value) else value
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int | float | date):
        return value
    text = _CONTROL.sub("", str(value))[:_LONGEST]
    return f"'{text}" if text.startswith(_FORMULA) else text


def workbook(
    title: str, columns: list[Column], rows: Iterable[Any], guide: Iterable[tuple[str, str]] = ()
) -> bytes:
    """Return an Excel file of one sheet with a bold first line; ``guide``: a second sheet that says of each column what
    belongs there."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", "", title)[:31] or "表")
    sheet.freeze_panes = "A2"
    for index, (_, width, _) in enumerate(columns):
        sheet.column_dimensions[get_column_letter(index + 1)].width = width
    heads = []
    for heading, _, _ in columns:
        cell = WriteOnlyCell(sheet, value=heading)
        cell.font = Font(bold=True)
        heads.append(cell)
    sheet.append(heads)
    for row in rows:
        cells = []
        for _, _, say in columns:
            cell = WriteOnlyCell(sheet, value=safe(say(row)))
            if isinstance(cell.value, str):
                cell.data_type = "s"  # a text stays a text, whatever it begins with
            elif isinstance(cell.value, datetime):
                cell.number_format = "yyyy-mm-dd hh:mm"
            cells.append(cell)
        sheet.append(cells)
    if guide:
        _explain(book.create_sheet("填写说明"), guide)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _explain(sheet: Any, guide: Iterable[tuple[str, str]]) -> None:
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 18, 80
    for index, line in enumerate([("列", "怎样填写"), *guide]):
        cells = []
        for words in line:
            cell = WriteOnlyCell(sheet, value=safe(words))
            cell.font, cell.alignment = Font(bold=index == 0), Alignment(wrap_text=True, vertical="top")
            cells.append(cell)
        sheet.append(cells)


def export(
    rows: models.QuerySet,
    columns: list[Column],
    *,
    by: Any,
    reason: str = "",
    request: HttpRequest | None = None,
    besides: Callable[[list[Any]], None] | None = None,
) -> HttpResponse:
    """Return the rows as a file to keep, and log it. ``besides`` fetches at once what the columns read besides the rows.

    Raises ValidationError when there are more rows than the parameter ``exports.most_rows`` allows, or none.
    """
    most = parameters.value("exports.most_rows")
    found = list(rows[: most + 1])
    if len(found) > most:
        raise ValidationError(f"超过一次导出的上限（{most:,} 行），请先用筛选缩小范围。", code="too_many")
    if not found:
        raise ValidationError("没有可以导出的记录。", code="empty")
    if besides is not None:
        besides(found)
    name = str(rows.model._meta.verbose_name)
    data = workbook(name, columns, found)
    audit.record(
        AccessEvent.Kind.EXPORT, by, f"导出{name} {len(found)} 行（脱敏）", reason=reason, request=request
    )
    filename = f"{name}-{timezone.localtime():%Y%m%d-%H%M}.xlsx"
    return as_file(filename, data)


def as_file(filename: str, data: bytes, kind: str = XLSX) -> HttpResponse:
    """Return a file to keep, an Excel file if nothing else is said, under a name that may be Chinese."""
    response = HttpResponse(data, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(True, filename)
    response["Cache-Control"] = "no-store"
    return response
