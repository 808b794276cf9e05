"""Reading a catalogue of classes from a table, all of it or nothing, with every mistake told at its row."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from django.db import transaction

from governance.models import Unit
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


@transaction.atomic
def load_catalogue(rows: Iterable[Mapping[str, object]]) -> tuple[int, int]:
    """Make the catalogue what the table says. Returns how many minor classes are now in use, and how many went out of use.

    Each row is a mapping of headings, Chinese or as in the shipped file, to cells. Classes that the table does not name are no
    longer offered; they stay, for what was reported under them. Raises CatalogueError with every mistake found; then
    nothing is changed.
    """
    units = {unit.code: unit for unit in Unit.objects.filter(is_active=True)}
    units |= {unit.name: unit for unit in units.values()}
    wanted, majors, reasons = {}, {}, []
    for number, raw in enumerate(rows, start=2):
        cells = {
            COLUMNS.get(str(k).strip(), str(k).strip()): str(v if v is not None else "").strip()
            for k, v in raw.items()
        }
        wrong = [f"第 {number} 行：{sentence}" for sentence in _mistakes(cells, wanted, majors)]
        reasons += wrong
        if not wrong:
            majors[cells["major_code"]] = cells["major"]
            wanted[cells["code"]] = cells
    if not wanted and not reasons:
        reasons.append("表格里没有内容。")
    if reasons:
        raise CatalogueError(reasons)
    kept = {}
    for order, (code, name) in enumerate(majors.items(), start=1):
        kept[code], _ = MajorClass.objects.update_or_create(
            code=code, defaults={"name": name, "order": order}
        )
    for order, (code, cells) in enumerate(wanted.items(), start=1):
        MinorClass.objects.update_or_create(
            code=code,
            defaults={
                "name": cells["name"],
                "major": kept[cells["major_code"]],
                "receipt": _value(Receipt, cells["receipt"]),
                "limit": int(cells["limit"]),
                "limit_unit": _value(LimitUnit, cells["limit_unit"]),
                "needs_photo": cells.get("needs_photo", "1") in YES,
                "door": _value(Door, cells["door"]),
                "unit": units.get(cells.get("unit", "")),
                "is_public": cells.get("is_public", "0") in YES,
                "keywords": cells.get("keywords", "")[:200],
                "is_active": True,
                "order": order,
            },
        )
    gone = MinorClass.objects.filter(is_active=True).exclude(code__in=wanted)
    for minor in gone:
        minor.is_active = False
        minor.save(update_fields=["is_active"])
    return len(wanted), len(gone)


def _value(choices, text: str) -> str | None:
    """Return the choice that a cell names, by its value or its Chinese word."""
    return next((value for value, label in choices.choices if text in (value, label)), None)


def _mistakes(cells: Mapping[str, str], wanted: Mapping, majors: Mapping) -> list[str]:
    if missing := [name for name in NEEDED if not cells.get(name)]:
        words = {column: heading for heading, column in COLUMNS.items()}
        return [f"没有填写{'、'.join(words[name] for name in missing)}。"]
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
