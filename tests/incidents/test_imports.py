"""Loading a hotline's file: read whatever people make of it, tell each wrong row how to mend it, load each ticket once, and go
on after a crash."""

import csv
import io
import zipfile
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from governance.flow import tick
from governance.importers import BadRow
from governance.imports import MOST_ATTEMPTS, go_on, start
from governance.models import AccessEvent, ImportState, Intake, Notice, TextMessage
from governance.tables import FORMULA, moment_of, read_table
from incidents.models import ImportRow, Incident, IncidentImport
from incidents.services import imports, tickets
from incidents.services.places import Places, Unknown
from tests import factories
from tests.governance.test_health import work_off_the_queue
from tests.standing import standing

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
HEADINGS = [
    "工单编号",
    "诉求类别",
    "属地",
    "发生地址",
    "诉求内容",
    "来电人",
    "联系电话",
    "来电时间",
    "紧急程度",
]


def url(name: str, *args) -> str:
    return reverse(f"admin:incidents_incidentimport_{name}", args=args)


def book(*lines, headings=HEADINGS, title="") -> bytes:
    """Return an Excel file as a hotline writes it."""
    out, made = io.BytesIO(), Workbook()
    sheet = made.active
    if title:
        sheet.append([title])
        sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(headings))
    sheet.append(headings)
    for line in lines:
        sheet.append(list(line))
    made.save(out)
    return out.getvalue()


@standing
def minor(territory):
    return factories.make_minor(name="暴露垃圾", keywords="垃圾 没人清")


@standing
def operator(minor):
    return factories.make_staff("seat_operator", factories.DISTRICT)


@pytest.fixture
def desk(client, operator):
    client.force_login(operator, backend=BACKEND)
    return client


def row(
    number,
    minor="暴露垃圾",
    place=factories.COMMUNITY,
    address="",
    words="没人清",
    name="",
    phone="",
    at=None,
    urgent="",
):
    return [number, minor, place, address, words, name, phone, at, urgent]


def upload(client, data: bytes, name: str = "工单.xlsx"):
    answer = client.post(url("add"), {"source": "hotline", "file": SimpleUploadedFile(name, data)})
    return answer, IncidentImport.objects.order_by("-pk").first()


def load(client, data: bytes) -> IncidentImport:
    _, batch = upload(client, data)
    client.post(url("run", batch.pk))
    work_off_the_queue()
    batch.refresh_from_db()
    return batch


# --- the round --------------------------------------------------------------------------------------------------------
def test_a_file_with_mistakes_is_loaded_mended_and_sent_again(desk, operator, secretary):
    resident = factories.make_user("李奶奶")
    yesterday = timezone.localtime().replace(microsecond=0) - timedelta(days=1)
    far = factories.make_staff("community_secretary", factories.FAR)
    data = book(
        row("A1", phone=13812345678, name="王建国", at=yesterday.replace(tzinfo=None)),
        row(20261122000002, place="网格002", at=f"{yesterday:%Y年%m月%d日 %H时%M分}", phone=resident.phone),
        row("A3", minor="没有的类"),
        row("A4", phone="022-12345678"),
        [],
        row("A1"),
        row("A6", place=factories.FAR, urgent="特急"),
        title="12345 工单明细",
    )  # fmt: skip
    answer, batch = upload(desk, data)
    assert answer.status_code == 302 and batch.total == 6 and batch.status == ImportState.DRAFT
    page = desk.get(url("change", batch.pk)).content.decode()
    assert "可以导入 3 行" in page and "不导入 3 行" in page
    assert "第 5 行" in page and "事件目录里没有小类“没有的类”，看内容像“暴露垃圾”" in page
    assert "第 8 行" in page and "工单编号和第 3 行相同" in page
    assert "13812345678" not in page and "王建国" not in page and "138 **** 5678" in page
    assert not Incident.objects.exists()

    desk.post(url("run", batch.pk))
    assert IncidentImport.objects.get().status == ImportState.QUEUED and not Incident.objects.exists()
    assert "正在排队" in desk.get(url("change", batch.pk)).content.decode()
    work_off_the_queue()
    batch.refresh_from_db()
    assert batch.status == ImportState.DONE and not batch.file
    assert [r.outcome for r in batch.rows.order_by("line")] == [
        "new",
        "new",
        "refused",
        "refused",
        "refused",
        "new",
    ]
    first = Incident.objects.get(applicant_phone="13812345678")
    assert (first.channel, first.placed_by, first.grid_id) == ("hotline", operator, factories.COMMUNITY)
    assert first.captured_at == yesterday
    assert Incident.objects.restrict(resident).count() == 1
    # Many are told of in one line; what is urgent by itself. Nobody gets five thousand text messages.
    assert [n.title for n in secretary.notices.all()] == ["12345 热线转来 2 件，待受理"]
    assert "暴露垃圾" in far.notices.get().title and not TextMessage.objects.exists()
    assert operator.notices.get().url == url("change", batch.pk)

    page = desk.get(url("change", batch.pk)).content.decode()
    assert "新登记 3" in page and "不是 11 位手机号" in page and "022-12345678" not in page
    out = desk.post(url("refused", batch.pk))
    assert AccessEvent.objects.filter(kind="export", actor=operator).count() == 1
    sheet = load_workbook(io.BytesIO(out.content)).active
    heads, *lines = [list(line) for line in sheet.iter_rows(values_only=True)]
    assert heads == [*HEADINGS, "原因"] and len(lines) == 3
    assert lines[1][6] == "022-12345678" and "固定电话请留空" in lines[1][-1]
    lines[0][1], lines[1][6], lines[2][0] = "暴露垃圾", "", "A5"
    mended = load(desk, book(*lines, headings=heads))
    assert mended.rows.filter(outcome="new").count() == 3 and Incident.objects.count() == 6
    # The first file once more changes nothing.
    again = load(desk, data)
    assert sorted(again.rows.values_list("outcome", flat=True)) == ["refused"] * 3 + ["repeated"] * 3
    assert Incident.objects.count() == 6


def test_a_run_that_broke_off_goes_on_and_repeats_nothing(desk, operator, monkeypatch):
    _, batch = upload(desk, book(*(row(f"T{n}") for n in range(6))))
    start(batch, operator)
    report, calls = imports.report_incident, []

    def dies(**given):
        calls.append(given)
        if len(calls) == 4:
            raise OperationalError("the machine went away")
        return report(**given)

    monkeypatch.setattr(imports, "report_incident", dies)
    with pytest.raises(OperationalError):
        go_on(batch)
    assert (Incident.objects.count(), ImportRow.objects.count()) == (3, 3)
    monkeypatch.setattr(imports, "report_incident", report)
    IncidentImport.objects.update(touched_at=timezone.now() - timedelta(minutes=5))
    assert "好像停住了" in desk.get(url("progress", batch.pk)).content.decode()
    tick()
    work_off_the_queue()
    assert Incident.objects.count() == 6
    assert list(batch.rows.values_list("outcome", flat=True)) == ["new"] * 6
    assert IncidentImport.objects.get().status == ImportState.DONE
    tick()
    go_on(batch)
    assert Notice.objects.filter(recipient=operator).count() == 1


def test_one_slice_after_another_and_one_bad_row_stops_nobody(desk, operator, monkeypatch):
    _, batch = upload(desk, book(*(row(f"T{n}") for n in range(3))))
    start(batch, operator)
    report = imports.report_incident

    def stumbles(**given):
        if given["source_id"] == "T1":
            raise RuntimeError("a bug")
        return report(**given)

    monkeypatch.setattr(imports, "report_incident", stumbles)
    assert go_on(batch, seconds=-1) == ImportState.RUNNING and not ImportRow.objects.exists()
    work_off_the_queue()
    assert list(batch.rows.values_list("outcome", flat=True)) == ["new", "refused", "new"]
    assert "系统没能登记" in batch.rows.get(outcome="refused").words


def test_what_breaks_off_every_time_is_given_up_and_can_be_started_again(desk, operator):
    _, batch = upload(desk, book(row("T1")))
    start(batch, operator)
    for _ in range(MOST_ATTEMPTS + 1):
        IncidentImport.objects.update(touched_at=timezone.now() - timedelta(minutes=5))
        tick()
    assert IncidentImport.objects.get().status == ImportState.FAILED
    assert "继续导入" in desk.get(url("change", batch.pk)).content.decode()
    desk.post(url("run", batch.pk))
    work_off_the_queue()
    assert Incident.objects.count() == 1


def test_what_was_left_is_forgotten_in_time(desk, operator):
    _, draft = upload(desk, book(row("T1")))
    path = draft.file.path
    done = load(desk, book(row("T2", minor="x")))
    assert ImportRow.objects.exclude(cells="").count() == 1 and "x" not in done.rows.get().cells.split(",")
    IncidentImport.objects.filter(pk=draft.pk).update(created_at=timezone.now() - timedelta(days=8))
    IncidentImport.objects.filter(pk=done.pk).update(finished_at=timezone.now() - timedelta(days=31))
    tick()
    assert (
        not IncidentImport.objects.filter(pk=draft.pk).exists()
        and not ImportRow.objects.exclude(cells="").exists()
    )
    assert path
    assert "没有可以下载的行" in desk.post(url("refused", done.pk), follow=True).content.decode()


# --- who ----------------------------------------------------------------------------------------------------------------
def test_each_page_is_for_those_who_may(client, desk, operator, secretary):
    _, batch = upload(desk, book(row("T1"), row("T2", minor="x")))
    pages = [url("add"), url("template"), url("change", batch.pk), url("progress", batch.pk), url("columns", batch.pk),
             url("run", batch.pk), url("refused", batch.pk), url("discard", batch.pk)]  # fmt: skip
    colleague = factories.make_staff("seat_operator", factories.DISTRICT)
    street = factories.make_staff("street_officer", factories.STREET)
    for person in (secretary, street):
        client.force_login(person, backend=BACKEND)
        may = person == street
        for address in pages:
            own = may and address in pages[:2]
            assert client.get(address).status_code == (200 if own else 404), address
            if address not in pages[:2]:
                assert client.post(address).status_code == 404, address
    # A colleague of the same post sees how it goes; the rest is the importer's.
    client.force_login(colleague, backend=BACKEND)
    assert client.get(pages[2]).status_code == 200 and client.post(url("run", batch.pk)).status_code == 404
    client.force_login(operator, backend=BACKEND)
    client.post(url("run", batch.pk))
    work_off_the_queue()
    client.force_login(colleague, backend=BACKEND)
    assert (
        client.get(pages[2]).status_code == 200 and client.post(url("refused", batch.pk)).status_code == 404
    )


def test_a_street_loads_its_own_communities_alone(client, minor):
    street = factories.make_staff("street_officer", factories.STREET)
    client.force_login(street, backend=BACKEND)
    batch = load(client, book(row("T1"), row("T2", place=factories.FAR)))
    assert batch.grid_id == factories.STREET
    assert list(batch.rows.values_list("outcome", flat=True)) == ["new", "refused"]
    assert "不在您的管辖范围内" in batch.rows.get(outcome="refused").words
    assert Intake.objects.count() == 1


def test_columns_are_chosen_and_remembered(desk):
    strange = ["号", "甲", "乙", "丙"]
    _, batch = upload(desk, book(["T1", "暴露垃圾", factories.COMMUNITY, "没人清"], headings=strange))
    page = desk.get(url("change", batch.pk)).content.decode()
    assert "没有认出这些列：工单编号、小类、诉求内容" in page
    wrong = desk.post(url("columns", batch.pk), {"ticket": "号", "minor": "甲", "description": "甲"})
    assert "“甲”选了两次" in wrong.content.decode() and "社区和地址至少要选一列" in wrong.content.decode()
    assert "请选择哪一列是小类" in desk.post(url("run", batch.pk), follow=True).content.decode()
    mapping = {"ticket": "号", "minor": "甲", "community": "乙", "description": "丙"}
    assert "可以导入 1 行" in desk.post(url("columns", batch.pk), mapping, follow=True).content.decode()
    _, second = upload(desk, book(["T2", "暴露垃圾", factories.COMMUNITY, "没人清"], headings=strange))
    assert second.mapping == mapping
    desk.post(url("discard", second.pk))
    assert not IncidentImport.objects.filter(pk=second.pk).exists()


# --- files --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_the_codes_that_are_about(desk, code):
    out = io.StringIO()
    csv.writer(out).writerows(
        [HEADINGS, row("津-1", words="“垃圾”,\n没人清"), row("津-2", phone="+86 138-1234-5678")]
    )
    batch = load(desk, out.getvalue().encode(code))
    assert list(batch.rows.values_list("ticket", "outcome")) == [("津-1", "new"), ("津-2", "new")]
    assert Incident.objects.filter(applicant_phone="13812345678").exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "请选择要上传的表格|文件是空的"),
        (b"%PDF-1.7\x00\x01", "这是PDF 文件，不是表格"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "这是图片，不是表格"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "旧版 .xls"),
        (b"PK\x03\x04" + b"\0" * 100, "打不开"),
        (b"<html><table>", "另存为 .xlsx"),
        ("工单编号,诉求内容".encode(), "只有表头"),
        (b"\n\n", "文件是空的"),
        (("工单编号\n" + "1\n" * 5001).encode(), "一次最多 5000 行"),
    ],
)
def test_a_file_that_cannot_be_is_refused_in_words(desk, data, words):
    answer, batch = upload(desk, data, "工单.xlsx")
    assert answer.status_code == 200 and batch is None
    assert any(each in answer.content.decode() for each in words.split("|")), answer.content.decode()


def test_a_bomb_is_refused_before_it_is_unpacked():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"<row/>" * 12_000_000)
    with pytest.raises(ValidationError, match="内容太多"):
        read_table(out.getvalue())


def crafted(sheet: str, **parts: str) -> bytes:
    """Return a workbook whose sheet has these rows, kept in a part of another name; ``parts`` come in by the way."""
    made, out, again = Workbook(), io.BytesIO(), io.BytesIO()
    made.active.append(["X"])
    made.save(out)
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            text = old.read(part).decode()
            if part == "xl/worksheets/sheet1.xml":
                part, text = "xl/other/data.bin", sheet  # noqa: PLW2901
            new.writestr(part, text.replace("worksheets/sheet1.xml", "other/data.bin"))
        for part, text in parts.items():
            new.writestr(part, text)
    return again.getvalue()


NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
ROWS = "".join(
    f'<z:row r="{n}">'
    + "".join(
        f'<z:c r="{c}{n}" t="inlineStr"><z:is><z:t>{w}</z:t></z:is></z:c>' for c, w in (("A", a), ("B", b))
    )
    + "</z:row>"
    for n, a, b in ((1, "工单编号", "诉求内容"), (2, "T1", "垃圾"))
)


def worksheet(rows: str = ROWS, *, before: str = "", after: str = "") -> str:
    return (
        f'<z:worksheet xmlns:z="{NAMESPACE}">{before}<z:sheetData>{rows}</z:sheetData>{after}</z:worksheet>'
    )


def test_a_sheet_is_found_by_what_the_workbook_says_and_not_by_its_name():
    table = read_table(crafted(worksheet()), imports.TICKETS.known_headings)
    assert table.rows == [(2, ["T1", "垃圾"])]


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        (worksheet(ROWS + '<z:row/>' * 30_001), "表格的行太多"),
        (worksheet(ROWS + '<z:row r="1048576"><z:c r="A1048576"><z:v>1</z:v></z:c></z:row>'), "表格的行太多"),
        (worksheet(ROWS + f'<z:row r="3">{"<z:c/>" * 2_000_001}</z:row>'), "内容太多"),
        (worksheet(before="<z:strange/>" * 200_001), "内容太多"),
        (worksheet(after="<z:mergeCell ref='A1:A2'/>" * 200_001), "内容太多"),
        ('<!DOCTYPE z [<!ENTITY a "aaaaaaaa">]>' + worksheet(), "不该有的定义"),
        (worksheet() + "<", "打不开"),
    ],
    ids=["rows", "last row", "cells", "unknown", "merges", "entities", "broken"],
)  # fmt: skip
def test_a_crafted_workbook_is_refused_whatever_its_parts_are_called(sheet, words):
    with pytest.raises(ValidationError, match=words):
        read_table(crafted(sheet), imports.TICKETS.known_headings)


def test_what_only_names_a_thousand_million_cells_costs_nothing():
    after = (
        '<z:mergeCells><z:mergeCell ref="C1:XFD1048576"/></z:mergeCells>'
        '<z:hyperlinks><z:hyperlink ref="A1:XFD1048576" location="a"/></z:hyperlinks>'
    )
    table = read_table(crafted(worksheet(after=after)), imports.TICKETS.known_headings)
    assert table.rows == [(2, ["T1", "垃圾"])]


def test_merged_cells_formulas_and_errors_in_cells():
    made = Workbook()
    sheet = made.active
    for line in (["工单编号", "诉求内容"], ["T1", "垃圾"], ["T2", None], ["=A2&1", "#REF!"], ["'-5", "  "]):
        sheet.append(line)
    sheet.merge_cells("B2:B3")
    out = io.BytesIO()
    made.save(out)
    table = read_table(out.getvalue(), imports.TICKETS.known_headings)
    assert [cells for _, cells in table.rows] == [
        ["T1", "垃圾"],
        ["T2", "垃圾"],
        [FORMULA, FORMULA],
        ["'-5", None],
    ]
    assert [line for line, _ in table.rows] == [2, 3, 4, 5]


# --- rows ---------------------------------------------------------------------------------------------------------------
WRONG = [
    ({"number": ""}, "没有填写工单编号"),
    ({"number": 2.0261122000001e19}, "后几位已经丢失"),
    ({"number": "2.02611E+19"}, "后几位已经丢失"),
    ({"minor": ""}, "没有填写小类"),
    ({"place": "没有社区"}, "没有这个社区"),
    ({"place": "", "address": ""}, "至少要填一样"),
    ({"place": factories.DISTRICT}, "没有这个编码|只写到区"),
    ({"words": ""}, "没有填写诉求内容"),
    ({"words": "长" * 2001}, "缩短到 2000 字以内"),
    ({"name": "长" * 41}, "只填姓名"),
    ({"phone": 1.38e10 + 0.5}, "不是 11 位手机号"),
    ({"at": "昨天下午"}, "写成 2026-11-22 14:05"),
    ({"at": "2020-01-01"}, "最近 90 天以内"),
    ({"urgent": "也许"}, "请填是或否"),
]


def test_a_wrong_row_says_how_to_mend_it(operator):
    reader = tickets.Reader(HEADINGS, imports.TICKETS.guess(HEADINGS), operator)
    for changed, words in WRONG:
        with pytest.raises(BadRow) as bad:
            reader.read(2, row(**{"number": "T1", **changed}))
        assert len(bad.value.reasons) == 1, changed
        assert any(each in str(bad.value) for each in words.split("|")), str(bad.value)


@pytest.mark.parametrize(
    "cell",
    [
        datetime(2026, 11, 22, 14, 5),  # noqa: DTZ001 - a spreadsheet knows no zones
        "2026-11-22 14:05", "2026/11/22 14:05:00", "2026年11月22日 14时05分", "20261122140500",
        "2026.11.22 14:05", "2026-11-22T14:05", 46348.586805555555, 20261122140500, "2026年11月22日14:05",
    ],
)  # fmt: skip
def test_moments_as_people_write_them(cell):
    assert f"{timezone.localtime(moment_of(cell)):%Y-%m-%d %H:%M}" == "2026-11-22 14:05"


def test_places_as_people_name_them(territory):
    from grids.models import Building, Entrance, Grid

    Grid.objects.filter(code=factories.COMMUNITY).update(name="和苑社区")
    Grid.objects.filter(code=factories.NEIGHBOUR).update(name="和苑西里社区")
    Grid.objects.filter(code=factories.FAR).update(name="幸福社区")
    Grid.objects.filter(code=factories.STREET).update(name="西于庄街道")
    made = {}
    for name in ("3号楼", "13号楼"):
        made[name] = Building.objects.create(grid_id=factories.BASE, compound="和苑里", name=name)
    door = Entrance.objects.create(grid_id=factories.BASE, building=made["13号楼"], name="2门")
    places = Places()
    for text in ("和苑社区", "和苑", "和苑居委会", "西于庄街道和苑社区", factories.COMMUNITY):
        assert places.grid(text) == factories.COMMUNITY, text
    assert places.grid("西于庄街道") == factories.STREET
    assert places.address("和苑里13号楼2门501") == (factories.BASE, door.pk)
    assert places.address("和苑里 ３号楼旁边", factories.COMMUNITY) == (factories.BASE, None)
    assert places.address("和苑里附近") == (factories.BASE, None)
    assert places.address("西于庄街道和苑西里社区门口") == (factories.NEIGHBOUR, None)
    assert places.address("不知哪里", factories.COMMUNITY) == (factories.COMMUNITY, None)
    for text in ("不知哪里", "3号楼"):
        with pytest.raises(Unknown):
            places.address(text)
    Grid.objects.filter(code=factories.FAR).update(name="和苑社区")
    with pytest.raises(Unknown, match="同名"):
        Places().grid("和苑社区")
    assert Places().grid("西于庄街道和苑社区") == factories.COMMUNITY
