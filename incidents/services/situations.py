"""Reading the list of whistle situations from a table, all of it or nothing, with every mistake told at its row."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from django.db import transaction

from governance.models import Unit
from incidents.models import Aspect, Colour, WhistleSituation
from incidents.services.catalogue import CatalogueError

DEFAULT = Path(__file__).resolve().parent.parent / "data" / "situations.csv"
#: Headings as they may stand in a table, and the column each means.
COLUMNS = {"方面": "aspect", "编号": "code", "情形": "name", "响应": "colour", "牵头部门": "lead"}
NEEDED = ("aspect", "code", "name", "colour")


def read_default() -> list[dict[str, str]]:
    """Return the rows of the list that ships with the portal."""
    with DEFAULT.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@transaction.atomic
def load_situations(rows: Iterable[Mapping[str, object]]) -> tuple[int, int]:
    """Make the list what the table says. Returns how many situations are now in use, and how many went out of use.

    Each row is a mapping of headings, Chinese or as in the shipped file, to cells; a leading department is named by its code or
    its name, and left open where the district has none of that name. Situations that the table does not name are no longer
    offered; they stay, for what was blown under them. Raises CatalogueError with every mistake found; then nothing is changed.
    """
    units = {unit.code: unit for unit in Unit.objects.filter(is_active=True, kind=Unit.Kind.DEPARTMENT)}
    units |= {unit.name: unit for unit in units.values()}
    wanted: dict[str, dict[str, str]] = {}
    reasons: list[str] = []
    for number, raw in enumerate(rows, start=2):
        cells = {
            COLUMNS.get(str(k).strip(), str(k).strip()): str(v if v is not None else "").strip()
            for k, v in raw.items()
        }
        wrong = [f"第 {number} 行：{sentence}" for sentence in _mistakes(cells, wanted)]
        reasons += wrong
        if not wrong:
            wanted[cells["code"]] = cells
    if not wanted and not reasons:
        reasons.append("表格里没有内容。")
    if reasons:
        raise CatalogueError(reasons)
    for order, (code, cells) in enumerate(wanted.items(), start=1):
        # A name may have moved from one code to another.
        for other in WhistleSituation.objects.filter(name=cells["name"]).exclude(code=code):
            other.name, other.is_active = f"{other.name[:30]}（{other.code}）", False
            other.save()
        WhistleSituation.objects.update_or_create(
            code=code,
            defaults={
                "aspect": _value(Aspect, cells["aspect"]),
                "name": cells["name"],
                "colour": _value(Colour, cells["colour"]),
                "lead": units.get(cells.get("lead", "")),
                "is_active": True,
                "order": order,
            },
        )
    gone = WhistleSituation.objects.filter(is_active=True).exclude(code__in=wanted)
    for situation in gone:
        situation.is_active = False
        situation.save(update_fields=["is_active"])
    return len(wanted), len(gone)


def _value(choices, text: str) -> str | None:
    """Return the choice that a cell names, by its value or its Chinese word."""
    return next((value for value, label in choices.choices if text in (value, label, label[:1])), None)


def _mistakes(cells: Mapping[str, str], wanted: Mapping) -> list[str]:
    if missing := [name for name in NEEDED if not cells.get(name)]:
        words = {column: heading for heading, column in COLUMNS.items()}
        return [f"没有填写{'、'.join(words[name] for name in missing)}。"]
    found = []
    if len(cells["code"]) > 8 or not cells["code"].isascii():
        found.append(f"编号“{cells['code'][:20]}”要用 8 位以内的字母和数字。")
    if cells["code"] in wanted:
        found.append(f"编号“{cells['code'][:20]}”重复。")
    if len(cells["name"]) > 40:
        found.append("情形不超过 40 字。")
    if any(cells["name"] == other["name"] for other in wanted.values()):
        found.append(f"情形“{cells['name'][:40]}”重复。")
    for name, choices in (("aspect", Aspect), ("colour", Colour)):
        if _value(choices, cells[name]) is None:
            words = "、".join(label for _, label in choices.choices)
            found.append(f"“{cells[name][:20]}”不认识，请填{words}之一。")
    return found
