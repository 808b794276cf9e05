"""What the reader of division files takes and what it refuses, with the line and the reason."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import grids
from governance.territory import GridLevel
from grids.divisions import DivisionFileError, read_divisions

HONGQIAO = Path(grids.__file__).parent / "data" / "divisions_120106_hongqiao.csv"
GOOD = """code,name,level
120106,红桥区,district
120106001,西于庄街道,street
120106001002,增产里社区居委会,community
"""


def refusal(content: str | bytes) -> list[tuple[int, str]]:
    with pytest.raises(DivisionFileError) as refused:
        read_divisions(content.encode() if isinstance(content, str) else content)
    return refused.value.errors


def rural_file(streets: int = 28, villages: int = 983) -> bytes:
    """Return a file of the shape of a rural district: gaps in the codes, long names, children before their parents."""
    lines = ["120119,蓟州区,district"]
    lines += [f"120119{100 + 3 * street:03d},第{street}镇,street" for street in range(streets)]
    for village in range(villages):
        lines.append(
            f"120119{100 + 3 * (village % streets):03d}{200 + village // streets * 2:03d},第{village}村村委会,community"
        )
    return "\n".join(["code,name,level", *reversed(lines)]).encode()


def test_the_districts_own_file_is_read_whole():
    rows = read_divisions(HONGQIAO.read_bytes())
    assert [sum(row.level == level for row in rows) for level in (6, 9, 12)] == [1, 9, 114]
    assert rows[0].name == "红桥区" and rows[0].line == 2


def test_a_rural_file_in_any_order_comes_out_parents_first():
    rows = read_divisions(rural_file())
    assert len(rows) == 1 + 28 + 983
    seen = set()
    for row in rows:
        assert row.level is GridLevel.DISTRICT or row.code[:-3] in seen
        seen.add(row.code)


def test_a_city_file_with_several_districts_and_base_grids_is_read():
    rows = read_divisions((GOOD + "120106001002001,第一网格,base\n120102,河东区,district\n").encode())
    assert [row.code for row in rows] == ["120102", "120106", "120106001", "120106001002", "120106001002001"]


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode("utf-8-sig"),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\n\n").encode(),
        (GOOD + ",,\n , ,\n").encode(),
        b"level,note,name,CODE\n" + "district,一,红桥区,120106\n".encode(),
        'code,name,level\n120106,"红桥区",district\n'.encode(),
    ],
)
def test_byte_order_mark_line_ends_blank_lines_and_further_columns_do_not_matter(content):
    assert read_divisions(content)[0].name == "红桥区"


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("", 1, "空的"),
        (" \n\n", 1, "空的"),
        ("code,name,level\n", 1, "只有表头"),
        ("120106,红桥区,district\n", 1, "表头缺少列：code、name、level"),
        ("code,level\n120106,district\n", 1, "表头缺少列：name"),
        ("code,code,name,level\n1,1,a,street\n", 1, "表头里的列重复：code"),
        (GOOD + "120106002,丁字沽街道,town\n", 5, "不认识的层级“town”"),
        (GOOD + "120106002,丁字沽街道,\n", 5, "没有填写层级"),
        (GOOD + "12010600,丁字沽街道,street\n", 5, "应为 9 位，这里的“12010600”是 8 位"),
        (GOOD + "120106002,丁字沽街道,community\n", 5, "应为 12 位"),
        (GOOD + "12010600a,丁字沽街道,street\n", 5, "半角数字"),
        (GOOD + "１２０１０６００２,丁字沽街道,street\n", 5, "半角数字"),
        (GOOD + "1.20106E+11,丁字沽街道,community\n", 5, "科学计数"),
        (GOOD + ",丁字沽街道,street\n", 5, "没有填写编码"),
        (GOOD + "120106009001,甲社区,community\n", 5, "上级 120106009 不在文件中"),
        (GOOD + "120107009,甲街道,street\n", 5, "上级 120107 不在文件中"),
        (GOOD + "\n120106001,西于庄街道,street\n", 6, "与第 3 行重复"),
        (GOOD + "120106002,,street\n", 5, "没有填写名称"),
        (GOOD + f"120106002,{'长' * 61},street\n", 5, "名称有 61 个字"),
        (GOOD + "120106002,丁\u202e字,street\n", 5, "控制字符"),
        (GOOD + '120106002,"丁\n字",street\n', 5, "换行"),
        (GOOD + "120106002,丁\ufffd字,street\n", 5, "乱码"),
        (GOOD + "120106002,丁\0字,street\n", 5, "NUL"),
        (GOOD + "120106002,丁字沽街道\n", 5, "有 2 列，表头有 3 列"),
        (GOOD + '120106002,"丁字沽街道,street\n', 5, "引号没有成对"),
        (GOOD + f"120106002,{'长' * 200_000},street\n", 5, "某一格过长"),
    ],
)
def test_a_fault_is_told_with_its_line(content, line, words):
    errors = refusal(content)
    assert [found for found, _ in errors] == [line]
    assert words in errors[0][1]


def test_other_encodings_are_named():
    assert refusal(GOOD.encode("gbk"))[0][1].startswith("文件看起来是 GBK 编码")
    assert (
        refusal(b"code,name,level\n120106,a,district\n" + "120106001,西于庄,street".encode("gbk"))[0][0] == 3
    )
    assert "UTF-16" in refusal(GOOD.encode("utf-16"))[0][1]
    assert "Excel" in refusal(b"PK\x03\x04rest of a workbook")[0][1]
    assert refusal(b"code,name,level\n120106,\xff\xff,district\n") == [
        (2, "文件不是 UTF-8 编码，可能已损坏。请重新另存为 UTF-8 编码的 CSV。")
    ]


def test_a_huge_file_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr("grids.divisions.MAX_BYTES", 20)
    assert "超过" in refusal(GOOD)[0][1]


def test_all_faults_are_told_at_once_in_the_order_of_the_lines():
    errors = refusal(GOOD + "120106009001,甲社区,community\n12,乙,street\n120106001,丙,street\n")
    assert [line for line, _ in errors] == [5, 6, 7]


def test_a_child_of_a_misnamed_parent_is_not_called_an_orphan():
    errors = refusal(GOOD + "120106002,,street\n120106002001,甲社区,community\n")
    assert errors == [(5, "没有填写名称。")]


def test_hostile_text_is_shown_short_and_harmless():
    reason = refusal(GOOD + f"{'9' * 5000},\u200b\u202e,<script>alert(1)</script>{'x' * 5000}\n")[0][1]
    assert len(reason) < 100 and "\u202e" not in reason


@given(st.binary(max_size=400))
def test_random_bytes_never_raise_anything_else(content):
    for prefix in (b"", b"code,name,level\n"):
        try:
            read_divisions(prefix + content)
        except DivisionFileError as refused:
            assert refused.errors


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["120106", "120106001", "120106001002", "12", "", "1201x6", "120106001002003"]),
            st.text(max_size=70),
            st.sampled_from(["district", "street", "community", "base", "town", ""]),
        ),
        max_size=6,
    )
)
def test_what_is_taken_is_a_tree_and_what_is_refused_has_lines_of_the_file(cells):
    file = io.StringIO()
    csv.writer(file).writerows([("code", "name", "level"), *cells])
    content = file.getvalue().encode("utf-8", "surrogatepass")
    try:
        rows = read_divisions(content)
    except DivisionFileError as refused:
        assert all(1 <= line <= content.count(b"\n") + content.count(b"\r") + 1 for line, _ in refused.errors)
    else:
        codes = [row.code for row in rows]
        assert len(set(codes)) == len(codes) > 0
        assert all(len(code) == 6 or code[:-3] in codes for code in codes)
        assert all(0 < len(row.name) <= 60 and len(row.code) == row.level for row in rows)
