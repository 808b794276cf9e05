"""Loading premises: shops, firms, the nine kinds of small ones, bodies with a seat in the grid."""

from typing import Any

from governance.importers import Column, Importer, refuse, register
from governance.models import User
from governance.models.people import TELEPHONE
from governance.tables import Cell, Limits
from governance.territory import GridLevel
from grids.models import Grid, Premises, PremisesImport, PremisesRow
from grids.services.imports.reading import UNWANTED, GridReader
from grids.services.register import keep_premises

COLUMNS = (
    Column("name", "名称", "必填。招牌或执照上的名称。", ("单位名称", "店名", "企业名称", "场所名称"), True),
    Column("kind", "类别", "商户、企业、社会组织、机关事业单位、学校幼儿园、医疗机构、物业企业、业主委员会或其他；不填就是商户。", ("单位类别",)),
    Column("small", "九小场所", "是九小场所的写哪一类，例如 小餐饮；不是的不填。", ("九小类别",)),
    Column("grid", "所在网格", "必填。网格名称或编码。", ("网格", "网格名称", "网格编码"), True),
    Column("address", "地址", "不填也可以。", ("经营地址", "详细地址")),
    Column("contact_name", "联系人", "不填也可以。", ("负责人", "经营者")),
    Column("contact_phone", "联系电话", "不填也可以。", ("电话", "手机号")),
    Column("staff_count", "从业人数", "整数，不填也可以。", ("职工人数", "人数")),
)  # fmt: skip


class Reader(GridReader):
    def __init__(self, headings: list[str], mapping: Any, by: User) -> None:
        super().__init__(COLUMNS, headings, mapping, by, "grids.add_premises")

    def number(self, cells: list[Cell]) -> str:
        return self.text(cells, "name")[:100]

    def read(self, line: int, cells: list[Cell]) -> dict[str, Any]:
        wrong = self.formulas(cells)
        grid = self.grid(cells, "grid", wrong)
        for key in ("name", "grid"):
            if not self.text(cells, key):
                wrong.append(f"没有填写{self.labels[key]}。")
        if grid and len(grid) < GridLevel.COMMUNITY:
            wrong.append("所在网格请填社区或基础网格。")
        phone = self.short(cells, "contact_phone", wrong, 30)
        if phone and not TELEPHONE.regex.match(phone):
            wrong.append("联系电话请写成 022-27271234 或 11 位手机号码。")
        row = {
            "name": self.short(cells, "name", wrong, 80),
            "kind": self.choice(cells, "kind", wrong, Premises.Kind.choices, Premises.Kind.SHOP),
            "small": self.choice(cells, "small", wrong, [each for each in Premises.Small.choices if each[0]]),
            "grid": grid,
            "address": self.short(cells, "address", wrong, 120),
            "contact_name": self.short(cells, "contact_name", wrong, 40),
            "contact_phone": phone,
            "staff_count": self.number_in(cells, "staff_count", wrong),
        }
        key = f"{grid}/{row['name']}/{row['address']}"
        if key in self.seen:
            wrong.append(f"和第 {self.seen[key]} 行重复。")
        refuse(wrong)
        self.seen[key] = line
        return row

    def pass_by(self, line: int, cells: list[Cell]) -> None:
        key = f"{self.grid(cells, 'grid', [])}/{self.text(cells, 'name')}/{self.text(cells, 'address')}"
        self.seen.setdefault(key, line)


class PremisesImporter(Importer):
    batch, permission, columns, noun = PremisesImport, "grids.add_premises", COLUMNS, "场所"
    limits = Limits(50_000, 16)
    unwanted = UNWANTED
    example = {
        "name": "（示例）某某便利店", "kind": "商户", "small": "小商店", "grid": "和苑家园第1网格", "address": "和苑西路 1 号",
        "contact_name": "钱某", "contact_phone": "", "staff_count": 3,
    }  # fmt: skip

    def reader(self, headings: list[str], mapping: Any, by: User) -> Reader:
        return Reader(headings, mapping, by)

    def known(self, batch: PremisesImport, rows: list[dict[str, Any]]) -> int:
        there = set(
            Premises.objects.current()
            .filter(grid__in={row["grid"] for row in rows}, name__in={row["name"] for row in rows})
            .values_list("grid", "name", "address")
        )
        return sum((row["grid"], row["name"], row["address"]) in there for row in rows)

    def take(self, batch: PremisesImport, row: dict[str, Any]) -> tuple[str, Premises]:
        there = (
            Premises.objects.current()
            .filter(grid=row["grid"], name=row["name"], address=row["address"])
            .first()
        )
        if there is not None:
            return PremisesRow.Outcome.REPEATED, there
        fields = {name: value for name, value in row.items() if name != "grid"}
        premises = Premises(grid=Grid.objects.defer("boundary").get(pk=row["grid"]), **fields)
        return PremisesRow.Outcome.NEW, keep_premises(premises, by=batch.by)


PREMISES = register(PremisesImporter())
