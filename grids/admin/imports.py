"""Loading tables of the grid's register at the desk: their words, and how the first rows are shown."""

from typing import Any

from django.contrib import admin

from governance import masks
from governance.admin.imports import TableImportAdmin
from governance.templatetags import ui
from grids.models import (
    Entrance,
    Grid,
    Household,
    HouseholdImport,
    Premises,
    PremisesImport,
    Resident,
    ResidentImport,
)


@admin.register(HouseholdImport)
class HouseholdImportAdmin(TableImportAdmin):
    upload_hint = "上传住户的表格。先核对，看清每一行会怎样，再开始导入。"
    upload_notes = (
        "楼栋、楼门还没有登记的，填上所在网格，会一起登记。",
        "同一楼门里同一门牌号只登记一次，重复上传不会多出住户。",
    )
    preview_headings = ("楼门", "网格", "住房情况")
    personal = "备注"

    def preview(self, rows: list[dict[str, Any]]) -> list[list[Any]]:
        doors = Entrance.objects.select_related("building", "grid").defer("grid__boundary")
        there = doors.in_bulk({row["entrance"] for row in rows} - {None})
        grids = dict(Grid.objects.filter(pk__in={row["grid"] for row in rows}).values_list("pk", "name"))
        uses = dict(Household.Use.choices)
        return [
            [
                str(there[row["entrance"]]) if row["entrance"] in there else f"{row['compound']}{row['building']}{row['door']}（新登记）",
                there[row["entrance"]].grid.name if row["entrance"] in there else grids.get(row["grid"], ""),
                uses[row["use"]],
            ]
            for row in rows
        ]  # fmt: skip


@admin.register(ResidentImport)
class ResidentImportAdmin(TableImportAdmin):
    upload_hint = "上传居民的表格。先核对，看清每一行会怎样，再开始导入。"
    upload_notes = (
        "住户要先登记好。只登记工作需要的：不收身份证号，表里有这一列也不会导入。",
        "健康、残疾、收入等情况不能批量导入，要本人同意后逐个登记为关爱需求。",
    )
    preview_headings = ("手机号", "出生年份", "与户主关系", "登记依据")

    def preview(self, rows: list[dict[str, Any]]) -> list[list[Any]]:
        relations, grounds = dict(Resident.Relation.choices), dict(Resident.Ground.choices)
        return [
            [
                masks.phone(row["phone"]), f"{row['born_on'].year} 年" if row["born_on"] else "", relations[row["relation"]],
                grounds[row["ground"]],
            ]
            for row in rows
        ]  # fmt: skip

    def made_title(self, made: Resident) -> str:
        return masks.name(made.name)


@admin.register(PremisesImport)
class PremisesImportAdmin(TableImportAdmin):
    upload_hint = "上传商户、企业和组织的表格。先核对，看清每一行会怎样，再开始导入。"
    upload_notes = ("同一网格里同名、同地址的只登记一次。",)
    preview_headings = ("类别", "九小场所", "所在网格", "联系电话")
    personal = "联系人和电话"

    def preview(self, rows: list[dict[str, Any]]) -> list[list[Any]]:
        grids = dict(Grid.objects.filter(pk__in={row["grid"] for row in rows}).values_list("pk", "name"))
        kinds, small = dict(Premises.Kind.choices), dict(Premises.Small.choices)
        return [
            [
                ui.chip(kinds[row["kind"]]), small[row["small"]] if row["small"] else "", grids.get(row["grid"], ""),
                masks.phone(row["contact_phone"]),
            ]
            for row in rows
        ]  # fmt: skip
