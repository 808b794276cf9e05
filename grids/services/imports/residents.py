"""Loading residents into households that are there. Identity numbers are not taken in."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from governance import masks
from governance.importers import BadRow, Column, Importer, refuse, register
from governance.models import User
from governance.models.people import PHONE
from governance.tables import Cell, Limits, phone_of
from grids.models import Household, Resident, ResidentImport, ResidentRow
from grids.services.imports.households import DOOR_COLUMNS
from grids.services.imports.reading import UNWANTED, DoorReader
from grids.services.register import check_resident, keep_resident

COLUMNS = (
    *DOOR_COLUMNS,
    Column("room", "门牌号", "必填。这一户要先登记好。", ("房号", "室", "户号", "房间号"), True),
    Column("name", "姓名", "必填。", ("居民姓名",), True),
    Column("phone", "手机号", "11 位手机号码，没有就不填。", ("联系电话", "手机", "电话")),
    Column("born_on", "出生日期", "例如 1950-07-01；只知道年月的写 1950.07。", ("出生年月", "生日")),
    Column("relation", "与户主关系", "户主、配偶、子女、父母、孙辈、租户或其他。", ("关系",)),
    Column("standing", "户籍", "户籍在本社区或户籍在外，不知道的不填。", ("户籍情况", "户籍状况")),
    Column("ground", "登记依据", "本人同意、监护人同意或履行法定职责；不填就是本人同意。", ("依据",)),
    Column("informed_on", "告知日期", "哪天告知了登记的用途；不填就是今天。", ("告知时间",)),
)  # fmt: skip
NO_HOUSEHOLD = "这一户还没有登记，请先导入住户。"


class Reader(DoorReader):
    def __init__(self, headings: list[str], mapping: Any, by: User) -> None:
        super().__init__(COLUMNS, headings, mapping, by, "grids.add_resident")

    def number(self, cells: list[Cell]) -> str:
        return (
            f"{''.join(self.address(cells))}{self.text(cells, 'room')} {masks.name(self.text(cells, 'name'))}"
        )

    def key(self, cells: list[Cell]) -> str:
        return "/".join(
            (
                *self.address(cells),
                self.text(cells, "room"),
                self.text(cells, "name"),
                phone_of(self.cell(cells, "phone")),
            )
        )

    def read(self, line: int, cells: list[Cell]) -> dict[str, Any]:
        wrong, name = self.formulas(cells), self.text(cells, "name")
        for key in ("building", "door", "room", "name"):
            if not self.text(cells, key):
                wrong.append(f"没有填写{self.labels[key]}。")
        if len(name) > 40:
            wrong.append("姓名太长，不超过 40 个字。")
        door = self.door(cells, wrong)
        if door is None and not wrong:
            wrong.append("没有这个楼门，或者不在您的管辖范围内。")
        phone = phone_of(self.cell(cells, "phone"))
        if phone and not PHONE.regex.match(phone):
            wrong.append("手机号不是 11 位手机号码，请改正或不填。")
        row = {
            "entrance": door, "room": self.short(cells, "room", wrong, 20), "name": name[:40], "phone": phone[:11],
            "born_on": self.day(cells, "born_on", wrong),
            "relation": self.choice(cells, "relation", wrong, Resident.Relation.choices, Resident.Relation.OTHER),
            "standing": self.choice(cells, "standing", wrong, Resident.Standing.choices),
            "ground": self.choice(cells, "ground", wrong, Resident.Ground.choices, Resident.Ground.CONSENT),
            "informed_on": self.day(cells, "informed_on", wrong) or timezone.localdate(),
        }  # fmt: skip
        if not wrong:
            try:
                check_resident(as_resident(row))
            except ValidationError as refusal:
                wrong += refusal.messages
        key = self.key(cells)
        if key in self.seen:
            wrong.append(f"和第 {self.seen[key]} 行重复。")
        refuse(wrong)
        self.seen[key] = line
        return row

    def pass_by(self, line: int, cells: list[Cell]) -> None:
        self.seen.setdefault(self.key(cells), line)


def as_resident(row: dict[str, Any]) -> Resident:
    """Return a row as a resident, not saved and without a household."""
    return Resident(**{name: value for name, value in row.items() if name not in ("entrance", "room")})


class ResidentImporter(Importer):
    batch, permission, columns, noun = ResidentImport, "grids.add_resident", COLUMNS, "居民"
    limits = Limits(50_000, 16)
    unwanted = UNWANTED
    example = {
        "compound": "（示例）和苑家园", "building": "3号楼", "door": "1门", "room": "301", "name": "赵某", "phone": "",
        "born_on": "1950-07-01", "relation": "户主", "standing": "户籍在本社区", "ground": "本人同意", "informed_on": "2026-03-01",
    }  # fmt: skip

    def reader(self, headings: list[str], mapping: Any, by: User) -> Reader:
        return Reader(headings, mapping, by)

    def homes(self, rows: list[dict[str, Any]]) -> dict[tuple[int, str], int]:
        """Return the households of these rows: (door, room) -> key."""
        found = Household.objects.current().filter(entrance__in={row["entrance"] for row in rows})
        return {(door, room): key for key, door, room in found.values_list("pk", "entrance", "room")}

    def known(self, batch: ResidentImport, rows: list[dict[str, Any]]) -> int:
        homes = self.homes(rows)
        there = set(
            Resident.objects.current()
            .filter(household__in=homes.values(), name__in={row["name"] for row in rows})
            .values_list("household", "name", "phone")
        )
        return sum(
            (homes.get((row["entrance"], row["room"])), row["name"], row["phone"]) in there for row in rows
        )

    def clashes(self, batch: ResidentImport, rows: list[dict[str, Any]]) -> dict[int, str]:
        """A household must be there."""
        homes = self.homes(rows)
        return {
            at: NO_HOUSEHOLD for at, row in enumerate(rows) if (row["entrance"], row["room"]) not in homes
        }

    def take(self, batch: ResidentImport, row: dict[str, Any]) -> tuple[str, Resident]:
        homes = Household.objects.current().filter(entrance=row["entrance"], room=row["room"])
        home = homes.first()
        if home is None:
            raise BadRow([NO_HOUSEHOLD])
        there = home.residents.current().filter(name=row["name"], phone=row["phone"]).first()
        if there is not None:
            return ResidentRow.Outcome.REPEATED, there
        resident = as_resident(row)
        resident.household = home
        return ResidentRow.Outcome.NEW, keep_resident(resident, by=batch.by)


RESIDENTS = register(ResidentImporter())
