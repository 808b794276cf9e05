"""Reading a catalogue of classes from a table, all of it or nothing, with every mistake told at its row."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from governance import exports
from governance.models import Unit
from governance.tables import Table, said
from incidents.models import Door, LimitUnit, MajorClass, MinorClass, Receipt

DEFAULT = Path(__file__).resolve().parent.parent / "data" / "classes.csv"
#: Headings as they may stand in a table, and the column each means.
COLUMNS = {
    "大类编号": "major_code",
    "大类": "major",
    "小类编号": "code",
    "小类": "name",
    "接收": "receipt",
    "时限": "limit",
    "时限单位": "limit_unit",
    "办结须有照片": "needs_photo",
    "通常由谁办": "door",
    "默认承办部门": "unit",
    "可公开": "is_public",
    "关键词": "keywords",
}
NEEDED = ("major_code", "major", "code", "name", "receipt", "limit", "limit_unit", "door")
LABELS = {column: heading for heading, column in COLUMNS.items()}
YES = {"1", "是", "true", "True", "TRUE"}


class CatalogueError(Exception):
    """The table is refused; ``reasons`` holds a Chinese sentence for each mistake, with its row."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("\n".join(reasons))


def read_default() -> list[dict[str, str]]:
    """Return the rows of the catalogue that ships with the portal."""
    with DEFAULT.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True)
class Changes:
    """What a table does to the catalogue: classes as (number, name), a changed one with (column, before, after)."""

    new: list[tuple[str, str]] = field(default_factory=list)
    changed: list[tuple[str, str, list[tuple[str, str, str]]]] = field(default_factory=list)
    gone: list[tuple[str, str]] = field(default_factory=list)
    same: int = 0
    #: What will be left out of a row, in words.
    notes: list[str] = field(default_factory=list)

    @property
    def in_use(self) -> int:
        """How many minor classes are in use afterwards."""
        return len(self.new) + len(self.changed) + self.same


@dataclass(frozen=True)
class _Wanted:
    """A catalogue as a table says it: major number -> name, minor number -> columns with their values."""

    majors: dict[str, str]
    minors: dict[str, dict[str, Any]]
    notes: list[str]


@transaction.atomic
def load_catalogue(
    rows: Iterable[Mapping[str, object]], lines: Sequence[int] | None = None
) -> tuple[int, int]:
    """Make the catalogue what the table says. Returns how many minor classes are now in use, and how many went out of use.

    Each row is a mapping of headings, Chinese or as in the shipped file, to cells; ``lines``: the numbers of the rows in their
    file. Classes that the table does not name are no longer offered; they stay, for what was reported under them.
    Raises CatalogueError with every mistake found; then nothing is changed.
    """
    wanted = _read(rows, lines)
    changes = _compare(wanted)
    majors = {}
    _make_way(MajorClass, wanted.majors)
    for order, (code, name) in enumerate(wanted.majors.items(), start=1):
        majors[code], _ = MajorClass.objects.update_or_create(
            code=code, defaults={"name": name, "order": order}
        )
    known = {minor.code: minor for minor in MinorClass.objects.select_for_update(of=("self",))}
    _make_way(MinorClass, {code: values["name"] for code, values in wanted.minors.items()})
    for order, (code, values) in enumerate(wanted.minors.items(), start=1):
        minor = known.get(code) or MinorClass(code=code)
        new = {**values, "major": majors[values["major"]], "is_active": True, "order": order}
        if minor.pk and all(getattr(minor, name) == value for name, value in new.items()):
            continue
        for name, value in new.items():
            setattr(minor, name, value)
        minor.save()
    for minor in known.values():
        if minor.is_active and minor.code not in wanted.minors:
            minor.is_active = False
            minor.save(update_fields=["is_active"])
    return len(wanted.minors), len(changes.gone)


def compare_catalogue(rows: Iterable[Mapping[str, object]], lines: Sequence[int] | None = None) -> Changes:
    """Return what ``load_catalogue`` would do with the table. Raises CatalogueError as it does; nothing is changed."""
    return _compare(_read(rows, lines))


def _make_way(model: type[Model], names: Mapping[str, str]) -> None:
    """Free the names that go from one row to another, so that two rows can change theirs; histories keep the final ones."""
    taken = dict(model.objects.values_list("name", "code"))
    moving = [code for code, name in names.items() if taken.get(name, code) != code]
    for code in {taken[names[code]] for code in moving}:
        model.objects.filter(code=code).update(name=f"\u2026{code}")


def _read(rows: Iterable[Mapping[str, object]], lines: Sequence[int] | None) -> _Wanted:
    """Return what the table says. Raises CatalogueError with every mistake."""
    units = {unit.code: unit for unit in Unit.objects.filter(is_active=True)}
    units |= {unit.name: unit for unit in units.values()}
    cells_of, majors, reasons, notes = {}, {}, [], []
    for at, raw in enumerate(rows):
        number = lines[at] if lines is not None else at + 2
        cells = {
            COLUMNS.get(str(k).strip(), str(k).strip()): str(v if v is not None else "").strip()
            for k, v in raw.items()
        }
        wrong = [f"第 {number} 行：{sentence}" for sentence in _mistakes(cells, cells_of, majors)]
        reasons += wrong
        if not wrong:
            majors[cells["major_code"]] = cells["major"]
            cells_of[cells["code"]] = cells | {"line": number}
        unit = cells.get("unit", "")
        if unit and unit not in units:
            notes.append(f"第 {number} 行：没有“{unit[:20]}”这个单位，默认承办部门将留空。")
    if not cells_of and not reasons:
        reasons.append("表格里没有内容。")
    reasons += _names_of_others(cells_of, majors)
    if reasons:
        raise CatalogueError(reasons)
    minors = {
        code: {
            "name": cells["name"],
            "major": cells["major_code"],
            "receipt": _value(Receipt, cells["receipt"]),
            "limit": int(cells["limit"]),
            "limit_unit": _value(LimitUnit, cells["limit_unit"]),
            "needs_photo": cells.get("needs_photo", "1") in YES,
            "door": _value(Door, cells["door"]),
            "unit": units.get(cells.get("unit", "")),
            "is_public": cells.get("is_public", "0") in YES,
            "keywords": cells.get("keywords", "")[:200],
        }
        for code, cells in cells_of.items()
    }
    return _Wanted(majors, minors, notes)


def _names_of_others(cells_of: Mapping[str, Mapping[str, Any]], majors: Mapping[str, str]) -> list[str]:
    """Return the mistakes of names that belong to classes which the table does not name, and which keep them."""
    kept = dict(MinorClass.objects.exclude(code__in=cells_of).values_list("name", "code"))
    found = [
        f"第 {cells['line']} 行：“{cells['name']}”是小类 {kept[cells['name']]} 的名称，请沿用那个编号或换个名称。"
        for cells in cells_of.values()
        if cells["name"] in kept
    ]
    others = dict(MajorClass.objects.exclude(code__in=majors).values_list("name", "code"))
    return found + [
        f"大类“{name}”已用于编号 {others[name]}，请沿用那个编号或换个名称。"
        for name in majors.values()
        if name in others
    ]


def _compare(wanted: _Wanted) -> Changes:
    changes = Changes(notes=wanted.notes)
    known = {minor.code: minor for minor in MinorClass.objects.select_related("major", "unit")}
    same = 0
    for code, values in wanted.minors.items():
        minor = known.get(code)
        if minor is None:
            changes.new.append((code, values["name"]))
            continue
        told = [] if minor.is_active else [("状态", "停用", "启用")]
        for name, value in values.items():
            before = minor.major.code if name == "major" else getattr(minor, name)
            if before != value:
                told.append((LABELS[name], _told(minor, name, before), _told(minor, name, value)))
        if wanted.majors[values["major"]] != minor.major.name and values["major"] == minor.major.code:
            told.append((LABELS["major"], minor.major.name, wanted.majors[values["major"]]))
        if told:
            changes.changed.append((code, values["name"], told))
        else:
            same += 1
    gone = [(m.code, m.name) for m in known.values() if m.is_active and m.code not in wanted.minors]
    return replace(changes, gone=gone, same=same)


def _told(minor: MinorClass, name: str, value: Any) -> str:
    """Return a column's value as the table writes it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    choices = dict(minor._meta.get_field(name).flatchoices)
    return str(choices.get(value, "" if value is None else value)) or "（空）"


# --- as a table -----------------------------------------------------------------------------------------------------
#: (heading, width, how it is filled in, what a class says there)
SHEET: tuple[tuple[str, int, str, Callable[[MinorClass], Any]], ...] = (
    ("大类编号", 10, "必填。不超过 4 位，例如：01。请把这一列设为文本。", lambda minor: minor.major.code),
    ("大类", 14, "必填。同一编号的大类名称要一样。", lambda minor: minor.major.name),
    ("小类编号", 10, "必填。以大类编号开头，不超过 8 位，不能重复，例如：0101。", lambda minor: minor.code),
    ("小类", 18, "必填。居民和工作人员看到的名称，不超过 30 字，不能重复。", lambda minor: minor.name),
    (
        "接收",
        14,
        f"必填。填{'、'.join(Receipt.labels)}之一，决定派遣后多久须接收。",
        lambda minor: minor.get_receipt_display(),
    ),
    ("时限", 8, "必填。1 到 400 的整数，处置须在多久内完成。", lambda minor: minor.limit),
    (
        "时限单位",
        18,
        f"必填。填{'、'.join(LimitUnit.labels)}之一。",
        lambda minor: minor.get_limit_unit_display(),
    ),
    ("办结须有照片", 14, "填是或否；空着当作否。", lambda minor: minor.needs_photo),
    ("通常由谁办", 12, f"必填。填{'、'.join(Door.labels)}之一。", lambda minor: minor.get_door_display()),
    ("默认承办部门", 18, "可不填。填单位的名称或编号。", lambda minor: minor.unit.name if minor.unit else ""),
    ("可公开", 8, "填是或否。涉及个人和家庭的填否。", lambda minor: minor.is_public),
    ("关键词", 40, "可不填。居民常用的说法，用空格隔开。", lambda minor: minor.keywords),
)


def catalogue_table(minors: Iterable[MinorClass]) -> bytes:
    """Return minor classes as an Excel file in the columns that can be loaded again, with what belongs in each."""
    columns = [(heading, width, say) for heading, width, _, say in SHEET]
    return exports.workbook("事件目录", columns, minors, [(heading, how) for heading, _, how, _ in SHEET])


def template() -> bytes:
    """Return a table of one example to fill in."""
    example = MinorClass(
        code="0101", name="暴露垃圾", major=MajorClass(code="01", name="市容环境"), limit=4,
        limit_unit=LimitUnit.HOUR, is_public=True, keywords="垃圾 没人清 脏",
    )  # fmt: skip
    return catalogue_table([example])


def rows_of(table: Table) -> tuple[list[dict[str, str]], list[int]]:
    """Return an uploaded table as ``load_catalogue`` takes it. Raises CatalogueError for columns that are missing.

    Numbers that a spreadsheet took the zeros from get them back.
    """
    found = {COLUMNS.get(name, name) for name in table.headings}
    if missing := [LABELS.get(name, name) for name in NEEDED if name not in found]:
        raise CatalogueError([f"表格里没有这些列：{'、'.join(missing)}。请下载模板，照第一行的列名填写。"])
    rows = []
    for _, cells in table.rows:
        row = {name: said(cell) for name, cell in zip(table.headings, cells, strict=True)}
        for name, cell in zip(table.headings, cells, strict=True):
            if isinstance(cell, int | float) and not isinstance(cell, bool):
                width = {"major_code": 2, "code": 4}.get(COLUMNS.get(name, name), 0)
                row[name] = row[name].zfill(width)
        rows.append(row)
    return rows, [line for line, _ in table.rows]


def _value(choices, text: str) -> str | None:
    """Return the choice that a cell names, by its value or its Chinese word."""
    return next((value for value, label in choices.choices if text in (value, label)), None)


def _mistakes(cells: Mapping[str, str], wanted: Mapping, majors: Mapping) -> list[str]:
    if missing := [name for name in NEEDED if not cells.get(name)]:
        return [f"没有填写{'、'.join(LABELS[name] for name in missing)}。"]
    found = []
    if (
        not cells["code"].startswith(cells["major_code"])
        or not cells["code"].isascii()
        or len(cells["code"]) > 8
    ):
        found.append(
            f"小类编号“{cells['code'][:20]}”要以大类编号“{cells['major_code'][:10]}”开头，不超过 8 位。"
        )
    if cells["code"] in wanted:
        found.append(f"小类编号“{cells['code'][:20]}”重复。")
    if any(cells["name"] == other["name"] for other in wanted.values()):
        found.append(f"小类“{cells['name'][:30]}”重复。")
    if len(cells["name"]) > 30 or len(cells["major"]) > 30 or len(cells["major_code"]) > 4:
        found.append("名称不超过 30 字，大类编号不超过 4 位。")
    if majors.get(cells["major_code"], cells["major"]) != cells["major"]:
        found.append(f"大类编号“{cells['major_code'][:10]}”前后名称不一致。")
    if (
        not cells["limit"].isascii()
        or not cells["limit"].isdigit()
        or not 1 <= int(cells["limit"][:6]) <= 400
    ):
        found.append("时限要填 1 到 400 的整数。")
    for name, choices in (("receipt", Receipt), ("limit_unit", LimitUnit), ("door", Door)):
        if _value(choices, cells[name]) is None:
            words = "、".join(label for _, label in choices.choices)
            found.append(f"“{cells[name][:20]}”不认识，请填{words}之一。")
    return found


def check_sos_class(code: str) -> None:
    """Refuse a class that alarms of people at home cannot be opened as. Raises ValidationError."""
    minor = MinorClass.objects.filter(code=code, is_active=True).first()
    if minor is None:
        raise ValidationError("没有这个编号的事件小类，或者已经停用。请填“事件小类”里的编号。")
    if minor.is_public:
        raise ValidationError(f"“{minor}”是可公开的小类，求助涉及家庭，请填不公开的小类。")
