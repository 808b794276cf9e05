"""Tables of the register, loaded at once: doors come along, households first, nobody's identity number is kept."""

from datetime import date

import pytest
from django.urls import reverse

from governance import imports as driver
from grids.models import Building, Entrance, Household, HouseholdImport, Premises, Resident, ResidentImport
from grids.services.imports import HOUSEHOLDS, PREMISES, RESIDENTS
from tests import factories
from tests.cast import BACKEND
from tests.loading import book, load
from tests.register import make_household

pytestmark = pytest.mark.django_db

HOMES = ("小区名称", "楼号", "单元", "房号", "网格编码", "居住情况", "备注")
PEOPLE = (
    "小区",
    "楼栋",
    "楼门",
    "门牌号",
    "姓名",
    "手机号",
    "身份证号码",
    "出生日期",
    "与户主关系",
    "登记依据",
)


def test_two_grids_may_each_have_a_building_of_one_name(secretary):
    codes = [factories.BASE, factories.make_grid(factories.COMMUNITY + "002").code]
    lines = [HOMES, *(("", "1号楼", "1门", "101", code, "", "") for code in codes)]
    batch, refused = load(HOUSEHOLDS, secretary, *lines, lines[1])
    assert batch.new == 2 and "和第 2 行重复" in refused[4]
    assert sorted(Household.objects.values_list("grid", flat=True)) == codes
    again, refused = load(HOUSEHOLDS, secretary, *lines)
    assert (again.repeated, refused) == (2, {})


def test_households_bring_their_buildings_and_doors(secretary):
    lines = [
        HOMES,
        ("和苑里", "9号楼", "1门", 301, factories.BASE, "", "下午在家"),
        ("和苑里", "9号楼", "1门", 302, factories.BASE, "出租", ""),
        ("和苑里", "9号楼", "2门", "101", "网格001", "", ""),
        ("和苑里", "9号楼", "1门", "301", factories.BASE, "", ""),
        ("和苑里", "8号楼", "1门", "301", "", "", ""),
        ("和苑里", "8号楼", "1门", "301", factories.FAR_BASE, "", ""),
        ("和苑里", "8号楼", "1门", "302", factories.COMMUNITY, "", ""),
        ("和苑里", "8号楼", "1门", "", factories.BASE, "豪宅", ""),
        ("和苑里", "9号楼", "1门", "303", factories.BASE, "", "身份证120106198805011234"),
    ]
    batch, refused = load(HOUSEHOLDS, secretary, *lines)
    assert batch.new == 4 and Building.objects.get().name == "9号楼" and Entrance.objects.count() == 2
    home = Household.objects.get(room="302")
    assert (home.use, home.grid_id, str(home)) == ("let", factories.BASE, "和苑里9号楼1门302")
    assert "和第 2 行重复" in refused[5] and "请填所在网格" in refused[6]
    assert "不在您的管辖范围内" in refused[7] and "要填基础网格" in refused[8]
    assert "没有填写门牌号" in refused[9] and "没有“豪宅”" in refused[9]
    # The number itself was thrown away as the file came in.
    assert 10 not in refused and Household.objects.get(room="303").note == "身份证"
    again, refused = load(HOUSEHOLDS, secretary, *lines[:3])
    assert (again.new, again.repeated, refused) == (0, 2, {})


def test_residents_come_into_households_and_no_identity_number_is_kept(secretary):
    home = make_household(by=secretary, room="301")
    where = (home.entrance.building.compound, home.entrance.building.name, home.entrance.name)
    lines = [
        PEOPLE,
        (*where, "301", "赵玉兰", "13800001234", "120106195001011234", date(1950, 1, 1), "户主", ""),
        (*where, "301", "赵小宝", "", "120106202001011234", "2020-01-01", "孙辈", ""),
        (*where, "301", "赵小妹", "", "", "2020-01-01", "孙辈", "监护人同意"),
        (*where, "999", "钱二", "", "", "", "", ""),
        (*where, "301", "孙三", "123", "", "不知道", "房东", ""),
        ("", "没有的楼", "1门", "301", "李四", "", "", "", "", ""),
    ]
    batch = driver.open_import(RESIDENTS, secretary, file_name="居民.xlsx", data=book(*lines))
    assert "身份证号码" not in batch.headings
    assert b"120106195001011234" not in batch.file.read()
    driver.discard(batch)
    batch, refused = load(RESIDENTS, secretary, *lines)
    assert batch.new == 2 and Resident.objects.get(name="赵玉兰").born_on == date(1950, 1, 1)
    assert Resident.objects.get(name="赵小妹").ground == "guardian"
    assert "监护人同意" in refused[3] and "还没有登记，请先导入住户" in refused[5]
    assert "11 位手机号码" in refused[6] and "不是日期" in refused[6] and "没有“房东”" in refused[6]
    assert "没有这个楼门" in refused[7]
    table = driver.refused_table(batch, secretary)
    assert b"120106" not in table
    again, refused = load(RESIDENTS, secretary, *lines[:2])
    assert (again.new, again.repeated, refused) == (0, 1, {})


def test_premises_are_loaded_with_their_kinds(secretary):
    lines = [
        ("店名", "类别", "九小场所", "网格编码", "经营地址", "负责人", "电话", "人数"),
        ("兰州拉面", "", "小餐饮", factories.BASE, "和苑西路 1 号", "马师傅", "022-27271234", 3),
        ("安心诊所", "医疗机构", "小医院", factories.COMMUNITY, "", "", "", ""),
        ("远处的店", "", "", factories.FAR_BASE, "", "", "", ""),
        ("坏店", "宫殿", "大餐饮", factories.BASE, "", "", "哪有电话", "很多"),
    ]
    batch, refused = load(PREMISES, secretary, *lines)
    assert batch.new == 2 and Premises.objects.get(name="兰州拉面").small == "eatery"
    assert "不在您的管辖范围内" in refused[4]
    assert (
        "没有“宫殿”" in refused[5]
        and "没有“大餐饮”" in refused[5]
        and "联系电话" in refused[5]
        and "整数" in refused[5]
    )
    again, _ = load(PREMISES, secretary, *lines[:3])
    assert (again.new, again.repeated) == (0, 2)


def test_the_desk_takes_a_file_and_shows_masked_rows_alone(secretary, client):
    home = make_household(by=secretary, room="301")
    where = (home.entrance.building.compound, home.entrance.building.name, home.entrance.name)
    client.force_login(secretary, backend=BACKEND)
    assert client.get(reverse("admin:grids_residentimport_template")).status_code == 200
    from django.core.files.uploadedfile import SimpleUploadedFile

    data = book(PEOPLE, (*where, "301", "赵玉兰", "13800001234", "", "1950-01-01", "户主", ""))
    page = client.post(
        reverse("admin:grids_residentimport_add"),
        {"file": SimpleUploadedFile("居民.xlsx", data)},
        follow=True,
    )
    shown = page.content.decode()
    assert "1950 年" in shown and "赵玉兰" not in shown and "13800001234" not in shown
    stranger = factories.make_staff("community_secretary", factories.NEIGHBOUR)
    client.force_login(stranger, backend=BACKEND)
    batch = ResidentImport.objects.get()
    assert client.get(reverse("admin:grids_residentimport_change", args=[batch.pk])).status_code == 404
    assert not HouseholdImport.objects.restrict(stranger).exists()
