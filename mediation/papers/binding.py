"""How a file is bound: its cover and contents list, its back cover, and the whole in one volume with pages numbered through."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from governance.sheets import CENTRE, Refer, Sheet, day
from mediation.models import Disputant
from mediation.papers.case import Case, stored

SIDE = Disputant.Side
PLAIN, THROUGH = "", "第 {page} 页"


@dataclass(frozen=True)
class Line:
    """One line of the contents list. ``key`` is the form's or the picture's kind."""

    key: str
    label: str
    first: int
    last: int

    @property
    def pages(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}—{self.last}"


def name_of(case: Case) -> str:
    """Return what a file is called (卷名)."""
    sides = [
        "、".join(party.name for party in case.of_side(side)) for side in (SIDE.APPLICANT, SIDE.RESPONDENT)
    ]
    return f"{'与'.join(side for side in sides if side)}{case.dispute.get_category_display()}纠纷"


def cover(sheet: Sheet, case: Case, contents: list[Line], *, refer: bool = False) -> None:
    """The cover, and the contents list on a page of its own. ``refer``: its page numbers are fields of the same volume."""
    dispute, binding = case.dispute, case.binding
    sheet.gap(3)
    sheet.text(case.body, align=CENTRE, indent=False, size=18)
    sheet.title("人民调解卷宗")
    sheet.gap(2)
    rows = [
        ("卷名", name_of(case)),
        ("卷号", case.number),
        ("人民调解员", case.mediators),
        ("调解日期", f"{day(dispute.accepted_at or dispute.opened_at)}至{day(dispute.ended_at)}"),
        ("立卷人", binding.by if binding else ""),
        ("立卷时间", day(binding.at) if binding else day(None)),
        ("保管期限", f"{binding.retention}（至{day(binding.keep_until)}）" if binding else ""),
        ("备注", "涉及未成年人，注意保密" if dispute.has_minor else ""),
    ]
    sheet.table(rows, (26, 74), head=False, tall=40)
    sheet.begin()
    sheet.title("卷内目录", case.number)
    sheet.table(
        [
            ("序号", "文书或材料名称", "页号", "备注"),
            *(
                (index, line.label, Refer(line.key, line.pages) if refer else line.pages, "")
                for index, line in enumerate(contents, 1)
            ),
        ],
        (12, 52, 16, 20),
    )


def back(sheet: Sheet, case: Case, pages: int) -> None:
    """The back cover (卷宗封底), with how many pages there are and who checked them."""
    sheet.title("卷宗封底", case.number)
    sheet.gap(4)
    sheet.text(f"本卷宗共 {pages} 页（封面、目录和封底不计）。")
    sheet.text("卷内文书、材料已按顺序排列，编写页号。")
    binding = case.binding
    sheet.signed(f"立卷人（签名）{binding.by if binding else ''}", "检查人（签名）", "负责人（签名）")
    sheet.sealed(case.body, binding.at if binding else None)


def pictures(sheet: Sheet, case: Case, kind: str, label: str) -> None:
    """The scans and pictures of a kind, each on a page of its own."""
    for index, photo in enumerate(case.photos_of(kind), 1):
        if index > 1:
            sheet.begin()
        if index == 1:
            sheet.title(label, case.number)
        caption = f"{label}{index}　{photo.words}　{day(photo.uploaded_at)}收存"
        content = stored(photo.image.name)
        if content is None:
            sheet.text(f"{caption}（文件缺失）", indent=False)
        else:
            sheet.picture(content, caption, (photo.width, photo.height))


def lay(case: Case, parts: list[Any], sheet: Sheet) -> list[Line]:
    """Write the parts one after the other; return the contents list with the pages on which each stands."""
    lines = []
    for part in parts:
        sheet.begin(part.key)
        part.put(sheet, case)
        lines.append(Line(part.key, part.label, sheet.starts[part.key], sheet.pages))
    return lines


def contents(case: Case, parts: list[Any]) -> list[Line]:
    """Return the contents list of a file, with its page numbers."""
    if case.listed is None:
        case.listed = lay(case, parts, Sheet(case.number, numbered=THROUGH))
    return case.listed


def volume(case: Case, parts: list[Any]) -> tuple[Sheet, int]:
    """Return the whole file in one volume, and how many numbered pages it has."""
    listed = contents(case, parts)
    sheet = Sheet(case.number, numbered=PLAIN)
    cover(sheet, case, listed, refer=True)
    if parts:
        sheet.section(case.number, numbered=THROUGH, restart=True)
        lay(case, parts, sheet)
    pages = listed[-1].last if listed else 0
    sheet.section(case.number, numbered=PLAIN)
    back(sheet, case, pages)
    return sheet, pages


def born(case: Case) -> datetime:
    """Return the date that stands in the documents' own properties."""
    return case.binding.at if case.binding else case.dispute.opened_at
