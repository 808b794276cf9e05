"""What the rows of the party organisation's tables have in common: organisations and grids by name, days, words of a list."""

from collections import defaultdict
from datetime import date
from typing import Any

from governance.importers import BadRow, Column, RowReader, reach_of
from governance.models import User
from governance.permissions import rule_of
from governance.tables import Cell, day_of
from grids.models import Grid
from parties.models import Organisation


class PartyReader(RowReader):
    """Looks names up within the reach of whoever loads the file. What is looked up is read once."""

    def __init__(
        self,
        columns: tuple[Column, ...],
        headings: list[str],
        mapping: Any,
        by: User,
        permission: str,
        action: str = "view",
    ) -> None:
        super().__init__(columns, headings, mapping)
        self.organisations: dict[str, list[tuple[int, int, int | None, str]]] = defaultdict(list)
        rows = Organisation.objects.restrict(by, action).in_force().order_by("pk")
        for key, name, kind, parent, grid in rows.values_list("pk", "name", "kind", "parent", "grid"):
            self.organisations[name].append((key, kind, parent, grid))
        self.grids: dict[str, list[str]] = defaultdict(list)
        nodes = [(code, None) for code in reach_of(by, permission)]
        reached = Grid.objects.current()
        if ("", None) not in nodes:
            reached = reached.filter(rule_of(Grid).nodes_q(nodes)) if nodes else reached.none()
        for code, name in reached.values_list("code", "name"):
            self.grids[name].append(code)
            self.grids[code].append(code)

    def number(self, cells: list[Cell]) -> str:
        return self.text(cells, "name")[:100]

    def organisation(
        self, cells: list[Cell], key: str, wrong: list[str], kinds: Any = None, within: str = ""
    ) -> int | None:
        """Return the key of the organisation that a column names; None for an empty one and for one that cannot be told, which
        is said in ``wrong``. ``within``: the grid in or above which it stands, where several have the name."""
        name = self.text(cells, key)
        if not name:
            return None
        found = [each for each in self.organisations.get(name, ()) if kinds is None or each[1] in kinds]
        if len(found) > 1 and within:
            found = [each for each in found if within.startswith(each[3])] or found
        if len(found) == 1:
            return found[0][0]
        label = self.labels[key]
        wrong.append(
            f"有 {len(found)} 个叫“{name}”的{label}，请改成不重复的名称。" if found
            else f"没有叫“{name}”的{label}，或者不在您的管理范围内。"
        )  # fmt: skip
        return None

    def grid(self, cells: list[Cell], key: str, wrong: list[str]) -> str:
        """Return the code of the grid that a column names by code or name; empty as ``organisation`` does."""
        name = self.text(cells, key)
        found = self.grids.get(name, [])
        if not name or len(found) == 1:
            return found[0] if found else ""
        wrong.append(
            f"有 {len(found)} 个叫“{name}”的网格，请改填网格编码。" if found
            else f"没有叫“{name}”的网格，或者不在您的管辖范围内，也可以填网格编码。"
        )  # fmt: skip
        return ""

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


def refuse(wrong: list[str]) -> None:
    """Raise BadRow when anything is wrong."""
    if wrong:
        raise BadRow(wrong)
