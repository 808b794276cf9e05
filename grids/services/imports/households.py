"""Loading households; buildings and doors that are not there yet come along."""

from typing import Any

from governance.importers import Column, Importer, refuse, register
from governance.models import User
from governance.tables import Cell, Limits
from governance.territory import GridLevel
from grids.models import Entrance, Household, HouseholdImport, HouseholdRow
from grids.services.imports.reading import UNWANTED, DoorReader
from grids.services.register import ensure_door, keep_household

DOOR_COLUMNS = (
    Column("compound", "小区", "小区名称；没有小区的不填。", ("小区名称", "院落")),
    Column("building", "楼栋", "必填。例如 3号楼。", ("楼号", "楼栋号", "栋"), True),
    Column("door", "楼门", "必填。例如 1门。", ("单元", "门栋", "楼门号", "单元号"), True),
)
COLUMNS = (
    *DOOR_COLUMNS,
    Column("room", "门牌号", "必填。例如 301。", ("房号", "室", "户号", "房间号"), True),
    Column(
        "grid", "所在网格", "楼栋还没有登记的必填，基础网格的名称或编码；已登记的不用填。", ("网格", "网格名称", "网格编码")
    ),
    Column("use", "住房情况", "自住、出租、集体居住、空置或其他；不填就是自住。", ("房屋用途", "居住情况")),
    Column("note", "备注", "方便走访的提示，例如“下午在家”。不要写个人的敏感情况。", ("说明",)),
)  # fmt: skip


class Reader(DoorReader):
    def __init__(self, headings: list[str], mapping: Any, by: User) -> None:
        super().__init__(COLUMNS, headings, mapping, by, "grids.add_household")

    def number(self, cells: list[Cell]) -> str:
        return "".join((*self.address(cells), self.text(cells, "room")))

    def read(self, line: int, cells: list[Cell]) -> dict[str, Any]:
        wrong = self.formulas(cells)
        compound = self.short(cells, "compound", wrong, 60)
        building = self.short(cells, "building", wrong, 60)
        door = self.short(cells, "door", wrong, 30)
        room = self.short(cells, "room", wrong, 20)
        for key in ("building", "door", "room"):
            if not self.text(cells, key):
                wrong.append(f"没有填写{self.labels[key]}。")
        grid = self.grid(cells, "grid", wrong)
        if grid and len(grid) < GridLevel.BASE:
            wrong.append("所在网格要填基础网格。")
        there = self.door(cells, wrong, grid)
        if there is None and not grid and not wrong:
            wrong.append("这个楼门还没有登记，请填所在网格，会一起登记。")
        row = {
            "entrance": there, "compound": compound, "building": building, "door": door, "room": room, "grid": grid,
            "use": self.choice(cells, "use", wrong, Household.Use.choices, Household.Use.OWN),
            "note": self.short(cells, "note", wrong, 200),
        }  # fmt: skip
        # Two grids may each have a building of one name.
        key = f"{there or grid} {self.number(cells)}"
        if key in self.seen:
            wrong.append(f"和第 {self.seen[key]} 行重复。")
        refuse(wrong)
        self.seen[key] = line
        return row


class HouseholdImporter(Importer):
    batch, permission, columns, noun = HouseholdImport, "grids.add_household", COLUMNS, "住户"
    limits = Limits(50_000, 16)
    unwanted = UNWANTED
    example = {
        "compound": "（示例）和苑家园", "building": "3号楼", "door": "1门", "room": "301", "grid": "和苑家园第1网格",
        "use": "自住", "note": "下午在家",
    }  # fmt: skip

    def reader(self, headings: list[str], mapping: Any, by: User) -> Reader:
        return Reader(headings, mapping, by)

    def known(self, batch: HouseholdImport, rows: list[dict[str, Any]]) -> int:
        doors = {row["entrance"] for row in rows} - {None}
        there = set(Household.objects.current().filter(entrance__in=doors).values_list("entrance", "room"))
        return sum((row["entrance"], row["room"]) in there for row in rows)

    def take(self, batch: HouseholdImport, row: dict[str, Any]) -> tuple[str, Household]:
        if row["entrance"] is not None:
            door = Entrance.objects.select_related("building").get(pk=row["entrance"])
        else:
            door = ensure_door(row["grid"], row["compound"], row["building"], row["door"], by=batch.by)
        there = Household.objects.current().filter(entrance=door, room=row["room"]).first()
        if there is not None:
            return HouseholdRow.Outcome.REPEATED, there
        household = Household(entrance=door, room=row["room"], use=row["use"], note=row["note"])
        return HouseholdRow.Outcome.NEW, keep_household(household, by=batch.by)


HOUSEHOLDS = register(HouseholdImporter())
