"""Loading organisations: a row may stand below one that an earlier row sets up."""

from typing import Any

from django.utils import timezone

from governance.flow import NotYours, Refused
from governance.importers import BadRow, Column, Importer, refuse, register
from governance.models import User
from governance.tables import Cell, Limits
from grids.models import Grid
from parties.models import BranchForm, Organisation, OrganisationImport, OrganisationRow, PartyOrgType
from parties.services.imports.reading import PartyReader
from parties.services.organisations import keep, set_up

COLUMNS = (
    Column("name", "名称", "必填。党组织的全称，例如“和苑家园社区第1网格党支部”。", ("党组织名称", "组织名称"), True),
    Column("kind", "类别", "必填。党委、党总支、党支部或党小组。", ("党组织类别", "组织类别"), True),
    Column("parent", "上级党组织", "必填。上级的全称；可以是这个表里前面的行。", ("上级组织", "所属党组织"), True),
    Column("grid", "所在网格", "网格名称或编码；不填就和上级一样。", ("网格", "网格名称", "网格编码")),
    Column("form", "支部类型", "党支部填写：网格党支部、两新组织党支部、机关企事业单位党支部、离退休干部党支部、联合党支部、临时党支部。不填就是网格党支部。"),
    Column("established_on", "成立日期", "例如 2021-06-18；不填就是今天。", ("成立时间", "建立日期")),
    Column("document", "批复文号", "没有就不填。", ("文号",)),
    Column("term_from", "本届起", "本届任期开始的日期。", ("届期起", "换届时间")),
    Column("term_until", "本届至", "本届任期结束的日期，和“本届起”一起填。", ("届期止", "届满时间")),
    Column("theme_day", "主题党日", "每月固定在几号，1 到 28。"),
    Column("address", "活动场所", "不填也可以。", ("地址",)),
    Column("phone", "联系电话", "不填也可以。", ("电话",)),
)  # fmt: skip


class Reader(PartyReader):
    def __init__(self, headings: list[str], mapping: Any, by: User) -> None:
        super().__init__(COLUMNS, headings, mapping, by, "parties.add_organisation", "change")
        #: Set up by earlier rows: name to kind and grid.
        self.earlier: dict[str, tuple[int, str]] = {}
        self.places = {
            key: (kind, grid) for rows in self.organisations.values() for key, kind, _, grid in rows
        }

    def read(self, line: int, cells: list[Cell]) -> dict[str, Any]:
        wrong, name = self.formulas(cells), self.short(cells, "name", [], 60)
        if len(self.text(cells, "name")) > 60:
            wrong.append("名称太长，不超过 60 个字。")
        if not name:
            wrong.append("没有填写名称。")
        kind = self.choice(cells, "kind", wrong, PartyOrgType.choices, None)
        if kind is None and not self.text(cells, "kind"):
            wrong.append("没有填写类别。")
        above = self.text(cells, "parent")
        parent, standing = None, None
        if not above:
            wrong.append("没有填写上级党组织。")
        elif above in self.earlier:
            standing = self.earlier[above]
        elif (parent := self.organisation(cells, "parent", wrong)) is not None:
            standing = self.places[parent]
        grid = self.grid(cells, "grid", wrong) or (standing[1] if standing else "")
        form = self.choice(cells, "form", wrong, BranchForm.choices)
        if kind == PartyOrgType.BRANCH:
            form = form or BranchForm.GRID
        elif form:
            wrong.append("不是党支部的，不填支部类型。")
        if standing and kind is not None and kind <= standing[0]:
            wrong.append(
                f"“{above}”是{PartyOrgType(standing[0]).label}，下面不能设{PartyOrgType(kind).label}。"
            )
        if standing and grid and not grid.startswith(standing[1]):
            wrong.append(f"所在网格不在上级“{above}”的范围里。")
        row = {
            "name": name, "kind": kind, "parent": parent, "above": above, "grid": grid, "form": form,
            "established_on": self.day(cells, "established_on", wrong) or timezone.localdate(),
            "document": self.short(cells, "document", wrong, 60),
            "term_from": self.day(cells, "term_from", wrong),
            "term_until": self.day(cells, "term_until", wrong),
            "theme_day": self.number_in(cells, "theme_day", wrong, 28),
            "address": self.short(cells, "address", wrong, 120),
            "phone": self.short(cells, "phone", wrong, 30),
        }  # fmt: skip
        since, until = row["term_from"], row["term_until"]
        if (since is None) != (until is None) or (since and until <= since):
            wrong.append("“本届起”和“本届至”要一起填，截止日期要晚于开始日期。")
        if row["established_on"] > timezone.localdate():
            wrong.append("成立日期不能晚于今天。")
        number = f"{above}/{name}"
        if number in self.seen:
            wrong.append(f"和第 {self.seen[number]} 行重复。")
        refuse(wrong)
        self.pass_by(line, cells)
        return row

    def pass_by(self, line: int, cells: list[Cell]) -> None:
        name, above = self.text(cells, "name"), self.text(cells, "parent")
        self.seen.setdefault(f"{above}/{name}", line)
        standing = self.earlier.get(above)
        if standing is None and len(self.organisations.get(above, ())) == 1:
            standing = self.organisations[above][0][1::2]
        kind = self.choice(cells, "kind", [], PartyOrgType.choices, None)
        if standing and kind is not None:
            grid = self.grid(cells, "grid", []) or standing[1]
            self.earlier.setdefault(name, (kind, grid))


def find(row: dict[str, Any], by: User) -> Organisation | None:
    """Return the organisation that a row names already has, below the same superior."""
    rows = Organisation.objects.restrict(by).in_force().filter(name=row["name"])
    parent = {"parent": row["parent"]} if row["parent"] else {"parent__name": row["above"]}
    return rows.filter(**parent).first()


class OrganisationImporter(Importer):
    batch, permission, columns, noun = OrganisationImport, "parties.add_organisation", COLUMNS, "党组织"
    limits = Limits(10_000, 8)
    example = {
        "name": "和苑家园社区第1网格党支部", "kind": "党支部", "parent": "和苑家园社区党委", "grid": "和苑家园社区第1网格",
        "form": "网格党支部", "established_on": "2021-06-18", "document": "", "term_from": "2022-01-10",
        "term_until": "2027-01-09", "theme_day": 10, "address": "社区党群服务中心", "phone": "",
    }  # fmt: skip

    def reader(self, headings: list[str], mapping: Any, by: User) -> Reader:
        return Reader(headings, mapping, by)

    def known(self, batch: OrganisationImport, rows: list[dict[str, Any]]) -> int:
        names = (
            Organisation.objects.restrict(batch.by).in_force().filter(name__in={row["name"] for row in rows})
        )
        there = set(names.values_list("name", "parent__name"))
        return sum((row["name"], row["above"]) in there for row in rows)

    def take(self, batch: OrganisationImport, row: dict[str, Any]) -> tuple[str, Organisation]:
        if (there := find(row, batch.by)) is not None:
            return OrganisationRow.Outcome.REPEATED, there
        parent = Organisation.objects.restrict(batch.by, "change").in_force().select_related("grid")
        parent = parent.filter(**{"pk": row["parent"]} if row["parent"] else {"name": row["above"]}).first()
        if parent is None:
            raise BadRow([f"上级“{row['above']}”没有导入成功，请先改好那一行。"])
        fields = ("name", "kind", "form", "established_on", "document", "address", "phone", "theme_day")
        try:
            made = set_up(
                by=batch.by, parent=parent, grid=Grid.objects.get(pk=row["grid"] or parent.grid_id),
                **{name: row[name] for name in fields},
            )  # fmt: skip
            if row["term_until"]:
                made.term_from, made.term_until = row["term_from"], row["term_until"]
                keep(made, by=batch.by)
        except NotYours:
            raise Refused("您不能在这个上级下面设立党组织。") from None
        return OrganisationRow.Outcome.NEW, made


ORGANISATIONS = register(OrganisationImporter())
