"""What every table that is loaded shares: how much a file may hold, how it waits, and what a kind of table may add."""

from datetime import date, datetime, time

import pytest
from django.core.exceptions import ValidationError
from django.db import models
from django.test.utils import isolate_apps

from governance.admin.imports import TableForm
from governance.importers import Column, Importer, RowReader
from governance.models.imports import TableImport, TableRow, import_verbs, outcome_told
from governance.tables import FORMULA, Limits, Table, packed, read_table, unpacked


def test_a_kind_of_table_says_how_much_it_may_hold():
    data = ("编号\n" + "1\n" * 21).encode()
    assert len(read_table(data, limits=Limits(rows=21)).rows) == 21
    with pytest.raises(ValidationError, match="一次最多 20 行"):
        read_table(data, limits=Limits(rows=20))
    with pytest.raises(ValidationError, match="不超过 1 MB"):
        read_table(b"1" * (1 << 20) + b"1", limits=Limits(megabytes=1))
    form = TableForm(limits=Limits(50_000, 16))
    assert form.fields["file"].help_text == ".xlsx 或 .csv，不超过 16 MB、50000 行。"


def test_a_table_that_waited_is_as_it_was_read():
    moment = datetime(2026, 1, 2, 3, 4)  # noqa: DTZ001 - a spreadsheet knows no zones
    cells = ["字", "", 1, 1.5, 10**17, True, None, FORMULA, date(2026, 1, 2), time(8, 5), moment]
    table = Table([f"列{n}" for n in range(len(cells))], [(2, cells), (7, cells)])
    kept = unpacked(packed(table))
    assert kept == table and kept.rows[0][1][7] is FORMULA
    assert [type(cell) for cell in kept.rows[0][1]] == [type(cell) for cell in cells]
    for broken in (b"", b"PK\x03\x04", b"\xff\xfe", b"{}", b'[["a"], [[1]]]'):
        with pytest.raises(ValueError):
            unpacked(broken)


def test_what_a_reader_is_given():
    columns = (Column("name", "姓名", "必填。", ("名字",), True), Column("phone", "电话", "可不填。"))

    class Names(Importer):
        pass

    Names.columns = columns
    headings = ["单位名字", "电话"]
    assert Names().guess(headings) == {"phone": "电话"}, "short names are not looked for inside a heading"
    mapping = Names().guess(headings, {"name": "单位名字"})
    reader = RowReader(columns, headings, mapping)
    assert reader.text([" 王 ", FORMULA], "name") == "王" and reader.cell(["王", 1], "street") is None
    assert "“电话”是没有算出结果的公式" in reader.formulas(["王", FORMULA])[0]


@isolate_apps("governance")
def test_a_kind_whose_rows_change_what_was_there_counts_them():
    class ThingImport(TableImport):
        updated = models.PositiveIntegerField("已更新", default=0)

        class Meta(TableImport.Meta):
            app_label = "governance"
            permissions = import_verbs("thingimport")

    class ThingRow(TableRow):
        class Outcome(models.TextChoices):
            NEW = "new", "新增"
            UPDATED = "updated", "已更新"
            REFUSED = "refused", "未导入"

        made, called = "unit", "code"
        batch = models.ForeignKey(ThingImport, models.CASCADE, related_name="rows", db_index=False)
        code = models.CharField("编号", max_length=100, blank=True)
        unit = models.ForeignKey("governance.Unit", models.PROTECT, null=True, related_name="+")
        outcome = models.CharField("结果", max_length=8, choices=Outcome.choices)

        class Meta(TableRow.Meta):
            app_label = "governance"
            constraints = [*TableRow.Meta.constraints, outcome_told("unit", "单位", ("new", "updated"))]

    batch = ThingImport(grid_id="1", by_id=1, new=1, updated=2, refused=3)
    assert batch.counts == [("new", "新增", 1), ("updated", "已更新", 2), ("refused", "未导入", 3)]
    assert {each.name for each in ThingRow._meta.constraints} == {"thingrow_once", "thingrow_outcome_told"}
    assert "thingimport_open" in {each.name for each in ThingImport._meta.indexes}
    assert ThingRow(batch_id=1, unit_id=1, code="A1").title == "A1" and batch.origin_text == ""
