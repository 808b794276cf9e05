"""What the rows of tables have in common that name a grid: grids within reach, by code or name."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from governance.importers import Column, RowReader, reach_of
from governance.models import User
from governance.permissions import rule_of
from governance.tables import Cell
from grids.models import Entrance, Grid

#: What no table of the register is kept with.
UNWANTED = ("身份证", "证件", "公民身份", "社保号", "银行卡", "宗教", "病史", "疾病")


class GridReader(RowReader):
    """Looks grids up within the reach of whoever loads the file (``permission``). They are read once."""

    def __init__(
        self, columns: Iterable[Column], headings: list[str], mapping: Any, by: User, permission: str
    ) -> None:
        super().__init__(columns, headings, mapping)
        self.nodes = [(code, None) for code in reach_of(by, permission)]
        self.grids: dict[str, list[str]] = defaultdict(list)
        reached = self.reached(Grid.objects.current(), Grid)
        for code, name in reached.values_list("code", "name"):
            self.grids[name].append(code)
            self.grids[code].append(code)

    def reached(self, rows: Any, model: type) -> Any:
        """Return those of the rows that lie within the reach."""
        if ("", None) in self.nodes:
            return rows
        return rows.filter(rule_of(model).nodes_q(self.nodes)) if self.nodes else rows.none()

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


class DoorReader(GridReader):
    """Looks up doors besides, by compound, building and door."""

    def __init__(
        self, columns: Iterable[Column], headings: list[str], mapping: Any, by: User, permission: str
    ) -> None:
        super().__init__(columns, headings, mapping, by, permission)
        self.doors: dict[tuple[str, str, str], list[tuple[int, str]]] = defaultdict(list)
        rows = self.reached(Entrance.objects.filter(grid__valid_until=None), Entrance)
        for key, grid, compound, building, door in rows.values_list(
            "pk", "grid", "building__compound", "building__name", "name"
        ):
            self.doors[compound, building, door].append((key, grid))
            if compound:
                # Where a compound is not written, the building's name alone may do.
                self.doors["", building, door].append((key, grid))

    def address(self, cells: list[Cell]) -> tuple[str, str, str]:
        """Return compound, building and door as they are written."""
        return self.text(cells, "compound"), self.text(cells, "building"), self.text(cells, "door")

    def door(self, cells: list[Cell], wrong: list[str], within: str = "") -> int | None:
        """Return the key of the door that the columns name; None for one that is not there. ``within``: the grid in which it lies,
        where several have the name. What cannot be told is said in ``wrong``."""
        found = [each for each in self.doors.get(self.address(cells), ()) if each[1].startswith(within)]
        if len({key for key, _ in found}) > 1:
            wrong.append(f"有 {len(found)} 个“{''.join(self.address(cells))}”，请写明小区。")
        return found[0][0] if found else None
