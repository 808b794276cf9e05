"""Loading firms, social organisations and shops that branches look after."""

from typing import Any

from governance.importers import Column, Importer, refuse, register
from governance.models import User
from governance.tables import Cell, Limits
from governance.territory import GridLevel
from grids.models import Grid
from parties.models import CoveredUnit, CoveredUnitImport, CoveredUnitRow, Organisation, PartyOrgType
from parties.services.coverage import keep_covered
from parties.services.imports.reading import PartyReader

COLUMNS = (
    Column("name", "名称", "必填。营业执照或登记证上的名称。", ("单位名称", "企业名称", "店名"), True),
    Column("kind", "类别", "必填。非公企业、社会组织或商户。", ("单位类别",), True),
    Column("grid", "所在网格", "必填。网格名称或编码。", ("网格", "网格名称", "网格编码"), True),
    Column("address", "地址", "不填也可以。", ("经营地址", "详细地址")),
    Column("staff_count", "从业人数", "整数，不填也可以。", ("职工人数",)),
    Column("member_count", "党员人数", "整数，不填也可以。", ("党员数",)),
    Column("organisation", "兜底党组织", "负责兜底的党支部全称；还没有落实的不填。", ("兜底党支部", "联系党支部")),
    Column("instructor", "党建指导员", "不填也可以。", ("指导员",)),
)  # fmt: skip


class Reader(PartyReader):
    def __init__(self, headings: list[str], mapping: Any, by: User) -> None:
        super().__init__(COLUMNS, headings, mapping, by, "parties.add_coveredunit")

    def read(self, line: int, cells: list[Cell]) -> dict[str, Any]:
        wrong = self.formulas(cells)
        name = self.short(cells, "name", wrong, 80)
        kind = self.choice(cells, "kind", wrong, CoveredUnit.Kind.choices)
        grid = self.grid(cells, "grid", wrong)
        for key in ("name", "kind", "grid"):
            if not self.text(cells, key):
                wrong.append(f"没有填写{self.labels[key]}。")
        if grid and len(grid) < GridLevel.COMMUNITY:
            wrong.append("所在网格请填社区或基础网格。")
        branches = set(PartyOrgType.values) - {PartyOrgType.GROUP}
        row = {
            "name": name, "kind": kind, "grid": grid,
            "address": self.short(cells, "address", wrong, 120),
            "staff_count": self.number_in(cells, "staff_count", wrong),
            "member_count": self.number_in(cells, "member_count", wrong),
            "organisation": self.organisation(cells, "organisation", wrong, branches, grid),
            "instructor": self.short(cells, "instructor", wrong, 40),
        }  # fmt: skip
        number = f"{grid}/{name}"
        if number in self.seen:
            wrong.append(f"和第 {self.seen[number]} 行重复。")
        refuse(wrong)
        self.seen[number] = line
        return row

    def pass_by(self, line: int, cells: list[Cell]) -> None:
        self.seen.setdefault(f"{self.grid(cells, 'grid', [])}/{self.text(cells, 'name')}", line)


class CoveredImporter(Importer):
    batch, permission, columns, noun = CoveredUnitImport, "parties.add_coveredunit", COLUMNS, "兜底单位"
    limits = Limits(50_000, 16)
    example = {
        "name": "（示例）某某便利店", "kind": "商户", "grid": "和苑家园社区第1网格", "address": "和苑西路 1 号", "staff_count": 3,
        "member_count": 0, "organisation": "和苑家园社区第1网格党支部", "instructor": "",
    }  # fmt: skip

    def reader(self, headings: list[str], mapping: Any, by: User) -> Reader:
        return Reader(headings, mapping, by)

    def known(self, batch: CoveredUnitImport, rows: list[dict[str, Any]]) -> int:
        there = set(
            CoveredUnit.objects.current()
            .filter(grid__in={row["grid"] for row in rows}, name__in={row["name"] for row in rows})
            .values_list("grid", "name")
        )
        return sum((row["grid"], row["name"]) in there for row in rows)

    def take(self, batch: CoveredUnitImport, row: dict[str, Any]) -> tuple[str, CoveredUnit]:
        there = CoveredUnit.objects.current().filter(grid=row["grid"], name=row["name"]).first()
        if there is not None:
            return CoveredUnitRow.Outcome.REPEATED, there
        fields = {name: value for name, value in row.items() if name not in ("grid", "organisation")}
        chosen = Organisation.objects.get(pk=row["organisation"]) if row["organisation"] else None
        covered = CoveredUnit(grid=Grid.objects.get(pk=row["grid"]), organisation=chosen, **fields)
        return CoveredUnitRow.Outcome.NEW, keep_covered(covered, by=batch.by)


COVERED = register(CoveredImporter())
