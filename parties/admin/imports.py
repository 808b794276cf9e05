"""Loading tables of the party organisation at the desk: their words, and how the first rows are shown."""

from typing import Any

from django.contrib import admin

from governance import masks
from governance.admin.imports import TableImportAdmin
from governance.templatetags import ui
from grids.models import Grid
from parties.models import (
    CoveredUnit,
    CoveredUnitImport,
    Member,
    MemberImport,
    Organisation,
    OrganisationImport,
    PartyOrgType,
)


def names(model: Any, keys: set[Any]) -> dict[Any, str]:
    """Return the names of rows by their keys."""
    return dict(model.objects.filter(pk__in=keys - {None, ""}).values_list("pk", "name"))


@admin.register(OrganisationImport)
class OrganisationImportAdmin(TableImportAdmin):
    upload_hint = "上传党组织的表格。先核对，看清每一行会怎样，再开始导入。"
    upload_notes = (
        "上级要写在下级的前面；上级已经在系统里的直接写它的全称。",
        "同一上级下同名的只登记一次，重复上传不会多出党组织。",
    )
    preview_headings = ("类别", "上级党组织", "所在网格", "成立日期")
    personal = "联系电话"

    def preview(self, rows: list[dict[str, Any]]) -> list[list[Any]]:
        grids = names(Grid, {row["grid"] for row in rows})
        return [
            [
                PartyOrgType(row["kind"]).label, row["above"], grids.get(row["grid"], row["grid"]),
                ui.cn_date(row["established_on"]),
            ]
            for row in rows
        ]  # fmt: skip


@admin.register(MemberImport)
class MemberImportAdmin(TableImportAdmin):
    upload_hint = "上传党员名册的表格。先核对，看清每一行会怎样，再开始导入。"
    upload_notes = (
        "党支部、党小组要先登记好；表里写全称。",
        "已在别的党组织名册上的不会导入，请办组织关系转接。",
    )
    preview_headings = ("手机号", "党组织", "党员类别", "入党日期")

    def preview(self, rows: list[dict[str, Any]]) -> list[list[Any]]:
        called, stages = (
            names(Organisation, {row["organisation"] for row in rows}),
            dict(Member.Stage.choices),
        )
        return [
            [
                masks.phone(row["phone"]), called.get(row["organisation"], ""), stages[row["stage"]],
                ui.cn_date(row["joined_on"]) if row["joined_on"] else "",
            ]
            for row in rows
        ]  # fmt: skip


@admin.register(CoveredUnitImport)
class CoveredUnitImportAdmin(TableImportAdmin):
    upload_hint = "上传非公企业、社会组织和商户的表格。先核对，看清每一行会怎样，再开始导入。"
    upload_notes = ("同一网格里同名的只登记一次。", "还没有落实兜底的，兜底党组织不填。")
    preview_headings = ("类别", "所在网格", "兜底党组织")
    personal = "地址"

    def preview(self, rows: list[dict[str, Any]]) -> list[list[Any]]:
        grids = names(Grid, {row["grid"] for row in rows})
        called = names(Organisation, {row["organisation"] for row in rows})
        kinds = dict(CoveredUnit.Kind.choices)
        return [
            [kinds[row["kind"]], grids.get(row["grid"], ""), called.get(row["organisation"], "没有落实")]
            for row in rows
        ]  # fmt: skip
