"""Tables of the party organisation, loaded at once: wrong rows say how to be mended, a second load doubles nothing."""

import io
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from governance import imports as driver
from governance.tables import day_of
from parties.models import CoveredUnit, Member, MemberImport, Organisation
from parties.services.imports import COVERED, MEMBERS, ORGANISATIONS
from tests import factories, party
from tests.cast import BACKEND
from tests.loading import book, load
from tests.standing import standing

pytestmark = pytest.mark.django_db


@standing
def secretary(territory):
    party.make_committee(by=party.make_officer())
    return factories.make_staff("community_secretary", factories.COMMUNITY)


TREE = ("党组织名称", "类别", "上级组织", "网格", "支部类型", "成立时间", "本届起", "本届至", "主题党日")


def test_a_tree_is_set_up_from_the_top_in_one_file(secretary):
    top = Organisation.objects.get(kind=2).name
    lines = [
        TREE,
        ("一支部", "党支部", top, factories.BASE, "", "2021.06", "2022-01-01", "2027-01-01", 10),
        ("一组", "党小组", "一支部", "", "", date(2022, 3, 1), "", "", ""),
        ("孤组", "党小组", "没有的支部", "", "", "", "", "", ""),
        ("倒挂", "党委", "一支部", "", "", "", "", "", ""),
        ("远支部", "党支部", top, factories.FAR_BASE, "", "", "", "", ""),
        ("一支部", "党支部", top, factories.BASE, "", "", "", "", 31),
    ]
    batch, refused = load(ORGANISATIONS, secretary, *lines)
    assert batch.new == 2, refused
    branch, group = Organisation.objects.get(name="一支部"), Organisation.objects.get(name="一组")
    assert group.parent == branch and branch.established_on == date(2021, 6, 1) and branch.theme_day == 10
    assert branch.form == "grid" and branch.term_until == date(2027, 1, 1)
    assert "没有叫“没有的支部”的上级党组织" in refused[4]
    assert "下面不能设党委" in refused[5] and "不在您的管辖范围内" in refused[6]
    assert "和第 2 行重复" in refused[7] and "请填整数" in refused[7]
    again, refused = load(ORGANISATIONS, secretary, *lines[:3])
    assert (again.new, again.repeated, refused) == (0, 2, {})


ROLL = ("姓名", "所在党支部", "党小组", "联系电话", "人员类别", "入党时间", "转正时间")


def test_a_roll_is_loaded_row_by_row(secretary):
    branch = party.make_branch(by=party.make_officer(), name="一支部")
    group = party.make_group(branch)
    far = party.make_branch(factories.FAR_BASE, name="远支部")
    lines = [
        ROLL,
        ("甲某", "一支部", group.name, "138 1234 5678", "正式党员", "1985.07", "1986年7月1日"),
        ("乙某", "一支部", "", "", "预备党员", "2026-01-01", ""),
        ("丙某", far.name, "", "", "", "", ""),
        ("", "一支部", "没有的组", "12", "积极分子", "不知道", ""),
        ("甲某", "一支部", group.name, "13812345678", "", "", ""),
    ]
    batch, refused = load(MEMBERS, secretary, *lines)
    assert batch.new == 2
    first = Member.objects.get(name="甲某")
    assert first.group == group and first.phone == "13812345678" and first.joined_on == date(1985, 7, 1)
    assert first.full_on == date(1986, 7, 1) and Member.objects.get(name="乙某").stage == "probationary"
    assert "不在您的管理范围内" in refused[4]
    for words in ("没有填写姓名", "没有叫“没有的组”的党小组", "11 位", "里没有“积极分子”", "不是日期"):
        assert words in refused[5]
    assert "和第 2 行重复" in refused[6]
    assert not batch.rows.filter(name__contains="甲某").exists(), "results name nobody in clear"
    again, _ = load(MEMBERS, secretary, *lines[:3])
    assert (again.new, again.repeated) == (0, 2)


def test_looking_over_promises_nothing_that_loading_refuses(secretary):
    branch = party.make_branch(by=party.make_officer(), name="一支部")
    there = party.make_member(party.make_branch(factories.FAR_BASE), phone="13812345678")
    lines = [ROLL, (there.name, branch.name, "", there.phone), ("乙某", branch.name, "", "")]
    batch, refused = load(MEMBERS, secretary, *lines)
    assert batch.new == 1 and "请办组织关系转接" in refused[2]
    told = driver.check(driver.open_import(MEMBERS, secretary, file_name="表.xlsx", data=book(*lines)))
    assert (told.wrong, told.repeated, told.good) == (1, 1, 0) and told.problems[0][0] == 2


def test_the_example_of_our_own_template_is_no_row(secretary):
    branch = party.make_branch(by=party.make_officer(), name="一支部")
    empty = driver.template(MEMBERS)
    with pytest.raises(ValidationError, match="只有（示例）那一行"):
        driver.open_import(MEMBERS, secretary, file_name="表.xlsx", data=empty)
    filled = load_workbook(io.BytesIO(empty))
    filled.worksheets[0].append(["甲某", branch.name])
    out = io.BytesIO()
    filled.save(out)
    batch = driver.open_import(MEMBERS, secretary, file_name="表.xlsx", data=out.getvalue())
    assert batch.total == 1 and driver.check(batch).good == 1


def test_what_branches_look_after_is_loaded(secretary):
    branch = party.make_branch(by=party.make_officer(), name="一支部")
    lines = [
        ("单位名称", "类别", "网格", "从业人数", "兜底党组织"),
        ("某便利店", "商户", factories.BASE, 3, branch.name),
        ("某公司", "非公企业", factories.BASE, "很多", ""),
        ("某协会", "社会组织", factories.BASE, "", ""),
    ]
    batch, refused = load(COVERED, secretary, *lines)
    assert batch.new == 2 and "请填整数" in refused[3]
    assert CoveredUnit.objects.get(name="某便利店").organisation == branch
    assert CoveredUnit.objects.uncovered().get().name == "某协会"


def test_the_pages_from_upload_to_the_mended_rows(secretary, client):
    branch = party.make_branch(by=party.make_officer(), name="一支部")
    client.force_login(secretary, backend=BACKEND)
    add = reverse("admin:parties_memberimport_add")
    assert "党支部、党小组要先登记好" in client.get(add).content.decode()
    data = book(ROLL, ("甲某某", branch.name, "", "", "", "", ""), ("乙某", "没有的支部", "", "", "", "", ""))
    answer = client.post(add, {"file": SimpleUploadedFile("名册.xlsx", data)}, follow=True)
    html = answer.content.decode()
    assert "甲**" in html and "甲某某" not in html and "没有叫“没有的支部”" in html
    batch = MemberImport.objects.get()
    client.post(reverse("admin:parties_memberimport_run", args=[batch.pk]))
    driver.go_on(batch)
    refused = client.post(reverse("admin:parties_memberimport_refused", args=[batch.pk]))
    sheet = load_workbook(io.BytesIO(refused.content)).active
    assert [cell.value for cell in sheet[2]][:2] == ["乙某", "没有的支部"]
    template = client.get(reverse("admin:parties_memberimport_template"))
    assert template.status_code == 200
    # A branch's secretary enters her few members by hand.
    client.force_login(party.make_secretary(branch), backend=BACKEND)
    assert client.get(add).status_code in (403, 404)


@pytest.mark.parametrize(
    ("cell", "day"),
    [("1985.07", date(1985, 7, 1)), ("198507", date(1985, 7, 1)), ("1985-07-03", date(1985, 7, 3)), ("", None),
     (31229, date(1985, 7, 1)), (date(1985, 7, 1), date(1985, 7, 1)), ("1985年7月3日", date(1985, 7, 3))],
)  # fmt: skip
def test_days_as_people_write_them(cell, day):
    assert day_of(cell) == day


@pytest.mark.parametrize("cell", ["不知道", "1985.13", "1985-02-30", 99.5])
def test_what_is_no_day(cell):
    with pytest.raises(ValueError):
        day_of(cell)
