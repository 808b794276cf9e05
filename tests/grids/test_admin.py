"""The clerk's pages of grids, buildings and doors: whose they are, what they refuse, and retiring a grid."""

import pytest
from django.urls import reverse

from grids.models import Building, Entrance, Grid
from tests import factories

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def enter(client, role: str, code: str):
    user = factories.make_staff(role, code)
    client.force_login(user, backend=BACKEND)
    return user


def listing(client, model: str, **query) -> str:
    response = client.get(reverse(f"admin:grids_{model}_changelist"), query)
    assert response.status_code == 200
    return response.content.decode()


def grid_fields(**instead) -> dict:
    return {
        "code": factories.COMMUNITY + "002", "name": "第二网格", "kind": "resident", "household_count": "210",
        "extent": "", "phone": "", "supervision_phone": "", "valid_from": "2026-01-01", **instead,
    }  # fmt: skip


@pytest.fixture
def clerk(client, territory):
    """The system administrator of the district, who keeps the grid data."""
    return enter(client, "system_administrator", factories.DISTRICT)


# --- lists -----------------------------------------------------------------------------------------------------------
def test_a_clerks_lists_are_of_her_own_jurisdiction(client, territory):
    here, elsewhere = factories.make_entrance(), factories.make_entrance(factories.FAR_BASE)
    enter(client, "community_secretary", factories.COMMUNITY)
    grids = listing(client, "grid")
    assert factories.BASE in grids and factories.FAR_BASE not in grids and factories.NEIGHBOUR not in grids
    for model, mine, other in (
        ("building", here.building, elsewhere.building),
        ("entrance", here, elsewhere),
    ):
        text = listing(client, model)
        assert str(mine.name) in text
        assert reverse(f"admin:grids_{model}_change", args=[mine.pk]) in text
        assert reverse(f"admin:grids_{model}_change", args=[other.pk]) not in text


def test_lists_are_searched_and_filtered(client, clerk):
    text = listing(client, "grid", level="15", in_force="yes", q=factories.STREET)
    assert factories.BASE in text and factories.FAR_BASE not in text
    assert factories.BASE not in listing(client, "grid", in_force="no")


@pytest.mark.parametrize(
    "query",
    [{"level": "x"}, {"in_force": "\0"}, {"q": "\0" * 9}, {"p": "999999"}, {"grid__phone__startswith": "1"}],
)
def test_hostile_queries_are_answered(client, clerk, query):
    assert client.get(reverse("admin:grids_grid_changelist"), query, follow=True).status_code in (200, 404)


def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(client, clerk, django_assert_max_num_queries):
    for model in ("grid", "building", "entrance"):
        factories.make_entrance()
        with django_assert_max_num_queries(30) as few:
            listing(client, model)
        for _ in range(15):
            factories.make_entrance()
        for serial in range(10, 30):
            factories.make_grid(f"{factories.COMMUNITY}{serial:03d}")
        with django_assert_max_num_queries(len(few)):
            listing(client, model)


# --- grids -----------------------------------------------------------------------------------------------------------
def test_a_new_grid_hangs_below_the_parent_that_its_code_names(client, clerk):
    response = client.post(reverse("admin:grids_grid_add"), grid_fields())
    assert response.status_code == 302
    grid = Grid.objects.get(code=factories.COMMUNITY + "002")
    assert grid.parent_id == factories.COMMUNITY
    assert grid.history.get().history_user == clerk


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"code": "120106001077001"}, "上级网格 120106001077 不存在或已停用"),
        ({"code": "1201"}, "网格编码是 6、9、12 或 15 位数字"),
        ({"code": factories.BASE}, "已存在"),
        ({"name": ""}, "请填写这一项"),
        ({"name": "长" * 61}, "60"),
        ({"household_count": "-1"}, "0"),
    ],
)
def test_a_bad_grid_is_refused_at_the_field_and_nothing_typed_is_lost(client, clerk, fields, words):
    response = client.post(reverse("admin:grids_grid_add"), grid_fields(phone="022-27270001") | fields)
    assert response.status_code == 200
    text = response.content.decode()
    assert words in text and "022-27270001" in text
    assert not Grid.objects.filter(code=factories.COMMUNITY + "002").exists()


def test_the_form_says_what_an_empty_phone_comes_to(client, clerk):
    text = client.get(reverse("admin:grids_grid_change", args=[factories.BASE])).content.decode()
    assert "留空则用上级网格的。" in text and "上级都没有时用 12345" in text
    assert "修改网格" in text and "修改 网格" not in text


def test_a_secretary_changes_her_own_grids_only_and_never_a_code(client, territory):
    enter(client, "community_secretary", factories.COMMUNITY)
    own, foreign = (
        reverse("admin:grids_grid_change", args=[code]) for code in (factories.BASE, factories.FAR_BASE)
    )
    assert client.post(own, grid_fields(name="新名称", code="120106001002999")).status_code == 302
    assert Grid.objects.get(code=factories.BASE).name == "新名称"
    assert not Grid.objects.filter(code="120106001002999").exists()
    assert client.post(foreign, grid_fields(name="新名称")).status_code in (403, 404)
    assert client.get(reverse("admin:grids_grid_add")).status_code in (403, 404)
    assert Grid.objects.get(code=factories.FAR_BASE).name != "新名称"


def test_a_grid_is_never_deleted(client, clerk):
    assert client.post(
        reverse("admin:grids_grid_delete", args=[factories.BASE]), {"post": "yes"}
    ).status_code in (403, 404)
    assert Grid.objects.filter(code=factories.BASE).exists()


def test_a_grid_is_retired_on_a_page_of_its_own(client, clerk):
    heir = factories.make_grid(factories.COMMUNITY + "002")
    entrance = factories.make_entrance()
    address = reverse("admin:grids_grid_retire", args=[factories.BASE])
    assert address in client.get(reverse("admin:grids_grid_change", args=[factories.BASE])).content.decode()
    text = client.get(address).content.decode()
    assert heir.code in text and factories.FAR_BASE not in text
    refused = client.post(address, {"successors": [heir.code], "reason": "合"}).content.decode()
    assert "请写明停用理由" in refused
    assert "请选择承接网格" in client.post(address, {"reason": "两个网格合并"}).content.decode()
    assert client.post(address, {"successors": [heir.code], "reason": "两个网格合并"}).status_code == 302
    assert Grid.objects.get(code=factories.BASE).is_retired
    assert Entrance.objects.get(pk=entrance.pk).grid == heir
    page = client.get(reverse("admin:grids_grid_change", args=[factories.BASE])).content.decode()
    assert heir.code in page and address not in page
    assert (
        "停用" in client.post(address, {"successors": [heir.code], "reason": "两个网格合并"}).content.decode()
    )


def test_retiring_is_out_of_reach_for_others(client, territory):
    enter(client, "community_secretary", factories.FAR)
    address = reverse("admin:grids_grid_retire", args=[factories.BASE])
    assert client.get(address).status_code == 404
    assert (
        client.post(address, {"successors": [factories.NEIGHBOUR_BASE], "reason": "两个网格合并"}).status_code
        == 404
    )
    assert client.get(reverse("admin:grids_grid_retire", args=["999999"])).status_code == 404


# --- buildings and doors ---------------------------------------------------------------------------------------------
def test_a_building_stands_in_a_base_grid_within_reach(client, territory):
    enter(client, "community_secretary", factories.COMMUNITY)
    address = reverse("admin:grids_building_add")
    for wrong in (factories.COMMUNITY, factories.FAR_BASE, "x", ""):
        assert client.post(address, {"compound": "和苑里", "name": "1号楼", "grid": wrong}).status_code == 200
    assert not Building.objects.exists()
    assert (
        client.post(address, {"compound": "和苑里", "name": "1号楼", "grid": factories.BASE}).status_code
        == 302
    )
    assert Building.objects.get().grid_id == factories.BASE
    again = client.post(address, {"compound": "和苑里", "name": "1号楼", "grid": factories.BASE})
    assert "这个网格里已有同名楼栋" in again.content.decode()


def test_a_moved_building_takes_its_doors_along(client, territory):
    enter(client, "community_secretary", factories.COMMUNITY)
    entrance, there = factories.make_entrance(), factories.make_grid(factories.COMMUNITY + "002")
    address = reverse("admin:grids_building_change", args=[entrance.building_id])
    assert (
        client.post(address, {"compound": "和苑里", "name": "1号楼", "grid": there.code}).status_code == 302
    )
    assert Entrance.objects.get(pk=entrance.pk).grid == there


def test_a_door_stands_where_its_building_stands(client, territory):
    enter(client, "community_secretary", factories.COMMUNITY)
    here, elsewhere = factories.make_entrance(), factories.make_entrance(factories.FAR_BASE)
    address = reverse("admin:grids_entrance_add")
    fields = {
        "building": here.building_id,
        "name": "2门",
        "household_count": "",
        "longitude": "",
        "latitude": "",
    }
    assert client.post(address, fields | {"building": elsewhere.building_id}).status_code == 200
    assert "要一起填写" in client.post(address, fields | {"longitude": "117.1"}).content.decode()
    assert (
        "-180 到 180"
        in client.post(address, fields | {"longitude": "500", "latitude": "39"}).content.decode()
    )
    assert client.post(address, fields | {"longitude": "nan", "latitude": "39"}).status_code == 200
    assert Entrance.objects.count() == 2
    assert client.post(address, fields).status_code == 302
    assert Entrance.objects.get(name="2门").grid_id == factories.BASE


def test_choices_are_narrowed_to_the_clerks_reach(client, territory):
    enter(client, "community_secretary", factories.COMMUNITY)
    here, elsewhere = factories.make_entrance(), factories.make_entrance(factories.FAR_BASE)
    asked = {"app_label": "grids", "model_name": "entrance", "field_name": "building", "term": "号楼"}
    found = [row["id"] for row in client.get(reverse("admin:autocomplete"), asked).json()["results"]]
    assert found == [str(here.building_id)] and str(elsewhere.building_id) not in found
    asked = {"app_label": "grids", "model_name": "building", "field_name": "grid", "term": "120106"}
    found = [row["id"] for row in client.get(reverse("admin:autocomplete"), asked).json()["results"]]
    assert found == [factories.BASE]
