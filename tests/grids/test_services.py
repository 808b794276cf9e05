"""Loading divisions and outlines, making up base grids, retiring a grid, renewing a door's code."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import shapely
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from shapely.geometry import mapping

import grids
from grids import geometry, services
from grids.boundary_files import OutlineFileError, read_outlines
from grids.coordinates import gcj02
from grids.divisions import DivisionFileError, read_divisions
from grids.models import Building, Entrance, Grid
from tests import factories
from tests.grids.test_divisions import HONGQIAO, rural_file
from tests.standing import standing
from volunteers.flow import ORDERS
from volunteers.models import Order

DATA = Path(grids.__file__).parent / "data"
OUTLINE = DATA / "outline_120106_hongqiao.geojson"
SMALL = "code,name,level\n120106,红桥区,district\n120106001,西于庄街道,street\n120106001002,增产里社区,community\n"

pytestmark = pytest.mark.django_db


def load(text: str, **options) -> services.Report:
    return services.load_divisions(read_divisions(text.encode()), **options)


def figures(report: services.Report) -> tuple[int, int, int, int]:
    return report.unchanged, len(report.new), len(report.renamed), len(report.missing)


# --- divisions -------------------------------------------------------------------------------------------------------
def test_loading_the_district_twice_changes_nothing_the_second_time():
    rows = read_divisions(HONGQIAO.read_bytes())
    assert figures(services.load_divisions(rows)) == (0, 124, 0, 0)
    marks = Grid.history.count()
    assert figures(services.load_divisions(rows)) == (124, 0, 0, 0)
    assert Grid.history.count() == marks == 124
    grid = Grid.objects.get(code="120106001002")
    assert (grid.parent_id, grid.level, grid.street_code) == ("120106001", 12, "120106001")


def test_a_rural_district_is_loaded_in_a_few_queries():
    rows = read_divisions(rural_file())
    with CaptureQueriesContext(
        connection,
    ) as queries:
        report = services.load_divisions(rows)
    assert figures(report) == (0, 1012, 0, 0)
    assert len(queries) < 25


def test_a_changed_file_renames_and_adds_and_only_tells_what_is_missing():
    load(SMALL)
    clerk = factories.make_user("某管理员")
    report = load(
        "code,name,level\n120106,红桥区,district\n120106001,西于庄街,street\n120106003,咸阳北路街道,street\n"
        "120106003001,甲社区,community\n",
        by=clerk,
    )
    assert report.unchanged == 1
    assert [row.code for row in report.new] == ["120106003", "120106003001"]
    assert report.renamed == [("120106001", "西于庄街道", "西于庄街")]
    assert report.missing == [("120106001002", "增产里社区")]
    assert Grid.objects.get(code="120106001002").valid_until is None
    renamed = Grid.history.filter(code="120106001").latest()
    assert (renamed.name, renamed.history_type, renamed.history_user) == ("西于庄街", "~", clerk)


def test_what_the_file_does_not_speak_of_is_not_missed():
    factories.make_grid("120106001002001")
    factories.make_grid("120102001")
    report = load("code,name,level\n120106,红桥区,district\n120106001,网格001,street\n")
    assert report.missing == []  # neither communities and base grids nor another district
    report = load(
        "code,name,level\n120106,红桥区,district\n120106001,网格001,street\n120106001009,甲社区,community\n"
    )
    assert report.missing == [("120106001002", "网格002")]


def test_a_retired_code_is_refused_with_its_line_and_nothing_is_written():
    load(SMALL)
    Grid.objects.filter(code="120106001002").update(valid_until=timezone.localdate())
    with pytest.raises(DivisionFileError) as refused:
        load(SMALL + "120106003,咸阳北路街道,street\n")
    assert [line for line, _ in refused.value.errors] == [4]
    assert "停用的编码不能再用" in refused.value.errors[0][1]
    assert not Grid.objects.filter(code="120106003").exists()


@pytest.mark.django_db(transaction=True)
def test_loads_of_one_file_at_the_same_time_wait_for_each_other():
    rows, start = read_divisions(HONGQIAO.read_bytes()), Barrier(4)

    def load_at_once(_: int) -> tuple[int, int, int, int]:
        start.wait()
        try:
            return figures(services.load_divisions(rows))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as clerks:
        assert sorted(clerks.map(load_at_once, range(4))) == [(0, 124, 0, 0), *[(124, 0, 0, 0)] * 3]
    assert Grid.objects.count() == Grid.history.count() == 124


# --- the command -----------------------------------------------------------------------------------------------------
def test_the_command_reports_in_chinese(capsys):
    call_command("load_divisions", HONGQIAO, outline=OUTLINE)
    assert "已导入：不变 0，新增 124，更名 0，文件中没有 0，边界 1。" in capsys.readouterr().out
    assert Grid.objects.get(code="120106").boundary["type"] == "MultiPolygon"
    call_command("load_divisions", HONGQIAO)
    assert "不变 124，新增 0" in capsys.readouterr().out


def test_a_dry_run_writes_nothing(capsys):
    call_command("load_divisions", HONGQIAO, outline=OUTLINE, dry_run=True)
    assert "试运行，未写入：不变 0，新增 124" in capsys.readouterr().out
    assert not Grid.objects.exists()


def test_a_bad_file_is_refused_by_the_command_with_line_numbers(tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text(SMALL + "120106009001,甲社区,community\n", "utf-8")
    with pytest.raises(CommandError, match="有 1 处错误，整份未导入：\n第 5 行：.*上级 120106009 不在文件中"):
        call_command("load_divisions", bad)
    with pytest.raises(CommandError, match="无法读取文件"):
        call_command("load_divisions", tmp_path / "none.csv")
    assert not Grid.objects.exists()


def test_a_bad_outline_takes_the_divisions_back_with_it(tmp_path):
    bad = tmp_path / "bad.geojson"
    far = {"properties": {"code": "999999"}, "geometry": mapping(shapely.box(117, 39, 118, 40))}
    bad.write_text(json.dumps({"features": [far]}))
    with pytest.raises(CommandError, match="没有一个编码与网格相符"):
        call_command("load_divisions", HONGQIAO, outline=bad)
    assert not Grid.objects.exists()


# --- outlines --------------------------------------------------------------------------------------------------------
def test_outlines_that_do_not_fit_are_refused_and_others_passed_over():
    factories.make_territory()
    district, west = shapely.box(117, 39, 117.2, 39.1), shapely.box(117, 39, 117.1, 39.1)
    assert services.load_outlines({"120106": district, "120102": shapely.box(118, 39, 119, 40)}) == 1
    assert services.load_outlines({factories.STREET: west}) == 1
    for wrong, words in (
        (shapely.box(117.05, 39, 117.2, 39.1), "重叠"),
        (shapely.box(117.1, 39, 117.3, 39.1), "超出上级范围"),
    ):
        with pytest.raises(OutlineFileError, match=words):
            services.load_outlines({factories.OTHER_STREET: wrong})
    assert Grid.objects.get(code=factories.OTHER_STREET).boundary is None
    assert [misfit.kind for misfit in services.boundary_misfits("120106")] == ["gap"]
    assert services.load_outlines({factories.OTHER_STREET: shapely.box(117.1, 39, 117.2, 39.1)}) == 1
    assert services.boundary_misfits("120106") == []


def test_a_boundary_leaves_nothing_below_it_out():
    factories.make_territory()
    whole, half = shapely.box(117, 39, 117.2, 39.1), shapely.box(117, 39, 117.1, 39.1)
    services.load_outlines({"120106": whole, factories.STREET: whole})
    with pytest.raises(OutlineFileError, match="超出上级范围"):
        services.load_outlines({"120106": half})
    assert services.load_outlines({"120106": half, factories.STREET: half}) == 2


def test_the_command_takes_a_table_of_another_system(tmp_path, capsys):
    there = shapely.transform(shapely.box(117, 39, 117.2, 39.1), gcj02)
    outline = tmp_path / "outline.csv"
    outline.write_text(f'编码,WKT\n120106,"{there.wkt}"\n', "gb18030")
    call_command("load_divisions", HONGQIAO, outline=outline, system="gcj02")
    assert "边界 1" in capsys.readouterr().out
    west, south, east, north = geometry.to_polygon(Grid.objects.get(code="120106").boundary).bounds
    assert (west, south, east, north) == pytest.approx((117, 39, 117.2, 39.1), abs=1e-8)


# --- made-up grids ---------------------------------------------------------------------------------------------------
@pytest.fixture
def hongqiao():
    services.load_divisions(read_divisions(HONGQIAO.read_bytes()))
    services.load_outlines(read_outlines(OUTLINE.read_bytes()))


def test_the_demo_district_gets_990_base_grids_that_say_they_are_made_up(hongqiao):
    with CaptureQueriesContext(connection) as queries:
        assert services.make_up_base_grids("120106", 990, dedicated=247) == 990
    assert len(queries) < 40
    base = Grid.objects.of_level(15)
    assert base.filter(boundary_made_up=True).count() == base.count() == 990
    assert base.filter(kind="dedicated").count() == 247
    assert Grid.objects.filter(boundary=None).count() == 0
    assert not Grid.objects.get(code="120106").boundary_made_up
    assert Grid.objects.filter(boundary_made_up=True).exclude(level=15).count() == 9 + 114
    assert services.boundary_misfits("120106") == []
    for grid in base.order_by("?")[:5]:
        inside = shapely.geometry.shape(grid.boundary).representative_point()
        assert geometry.locate(inside.x, inside.y) == grid.code
        assert grid.extent.startswith("（演示虚构）")
    assert geometry.locate(117.3, 39.3) is None


def test_made_up_grids_are_made_once_and_never_among_real_ones(hongqiao):
    assert services.make_up_base_grids("120106", 120) == 120
    assert services.make_up_base_grids("120106", 120) == 0
    factories.make_grid("120106001002900")
    with pytest.raises(ValidationError, match="真实的基础网格"):
        services.make_up_base_grids("120106", 120)


def test_made_up_grids_need_an_outline():
    load(SMALL)
    with pytest.raises(ValidationError, match="先导入"):
        services.make_up_base_grids("120106", 5)


def test_locate_asks_no_query_for_each_point_and_sees_a_change_at_once(hongqiao):
    services.make_up_base_grids("120106", 300)
    grid = Grid.objects.of_level(15).first()
    inside = shapely.geometry.shape(grid.boundary).representative_point()
    assert geometry.locate(inside.x, inside.y) == grid.code
    with CaptureQueriesContext(connection) as queries:
        for _ in range(20):
            geometry.locate(inside.x, inside.y)
    assert len(queries) == 0
    keeper = factories.make_staff("system_administrator", "120106")
    heir = Grid.objects.of_level(15).children_of(grid.parent_id).exclude(code=grid.code).first()
    services.retire_grid(grid, [heir], by=keeper, reason="两个网格合并")
    assert geometry.locate(inside.x, inside.y) is None


def test_locate_notices_what_another_process_changed(hongqiao, monkeypatch):
    services.make_up_base_grids("120106", 120)
    grid = Grid.objects.of_level(15).first()
    inside = shapely.geometry.shape(grid.boundary).representative_point()
    assert geometry.locate(inside.x, inside.y) == grid.code
    # Another process: the rows and the stamp change, this one's memory does not.
    Grid.objects.filter(code=grid.code).update(boundary=None)
    geometry.cache.set(geometry._STAMP, "another", timeout=None)
    assert geometry.locate(inside.x, inside.y) == grid.code
    monkeypatch.setattr(geometry, "_ask_again_at", 0.0)
    assert geometry.locate(inside.x, inside.y) is None


# --- retirement ------------------------------------------------------------------------------------------------------
@standing
def keeper(territory):
    return factories.make_staff("system_administrator", "120106")


def grid_of(code: str) -> Grid:
    return Grid.objects.get(code=code)


def test_a_retired_grid_leaves_its_doors_to_its_only_successor(keeper):
    entrance, heir = factories.make_entrance(), factories.make_grid(factories.COMMUNITY + "002")
    result = services.retire_grid(grid_of(factories.BASE), [heir], by=keeper, reason="与第二网格合并")
    assert result == services.Retirement(moved=1, matters=0, left=0)
    grid = grid_of(factories.BASE)
    assert grid.valid_until == timezone.localdate() and list(grid.successors.all()) == [heir]
    assert (
        Entrance.objects.get(pk=entrance.pk).grid
        == Building.objects.get(pk=entrance.building_id).grid
        == heir
    )
    mark = Grid.history.filter(code=grid.code).latest()
    assert mark.history_user == keeper and "与第二网格合并" in mark.history_change_reason
    assert Building.history.filter(id=entrance.building_id).latest().grid_id == heir.code


def test_with_several_successors_the_doors_wait_for_the_clerk(keeper):
    entrance = factories.make_entrance()
    heirs = [factories.make_grid(factories.COMMUNITY + serial) for serial in ("002", "003")]
    assert services.retire_grid(grid_of(factories.BASE), heirs, by=keeper, reason="一分为二了").left == 1
    assert Entrance.objects.get(pk=entrance.pk).grid_id == factories.BASE
    assert set(grid_of(factories.BASE).successors.all()) == set(heirs)


def test_open_matters_move_to_the_successor_and_finished_ones_stay(keeper):
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    waiting, finished, elsewhere = (
        factories.make_order(),
        factories.make_order(),
        factories.make_order(factories.NEIGHBOUR_BASE),
    )
    ORDERS.run(finished, "cancel", by=secretary, note="居民已自行解决")
    heir = factories.make_grid(factories.COMMUNITY + "002")
    result = services.retire_grid(grid_of(factories.BASE), [heir], by=keeper, reason="与第二网格合并")
    # The volunteers' registrations of this grid, if any were open, would count too.
    assert result.matters == 1
    moved = Order.objects.get(pk=waiting.pk)
    assert (moved.grid_id, moved.status, moved.version) == (heir.code, waiting.status, waiting.version + 1)
    step = moved.steps.last()
    assert (step.seq, step.label, step.actor, step.to_status) == (
        moved.version,
        "网格调整",
        keeper,
        moved.status,
    )
    assert Order.objects.get(pk=finished.pk).grid_id == factories.BASE
    assert Order.objects.get(pk=elsewhere.pk).grid_id == factories.NEIGHBOUR_BASE
    # What comes next in its flow still works.
    ORDERS.run(moved, "cancel", by=secretary, note="居民已自行解决", version=moved.version)


def test_matters_follow_a_building_that_is_placed_anew(keeper):
    entrance = factories.make_entrance()
    order = factories.make_order(entrance=entrance)
    heir = factories.make_grid(factories.COMMUNITY + "002")
    building = entrance.building
    building.grid = heir
    services.save_building(building, by=keeper)
    assert Order.objects.get(pk=order.pk).grid == Entrance.objects.get(pk=entrance.pk).grid == heir


def test_what_does_not_fit_is_refused(keeper):
    heir = factories.make_grid(factories.COMMUNITY + "002")
    base, community = grid_of(factories.BASE), grid_of(factories.COMMUNITY)
    for grid, heirs, reason, words in (
        (base, [], "合并网格", "请选择承接网格"),
        (base, [base], "合并网格", "不能是它自己"),
        (base, [community], "合并网格", "不是同一层级"),
        (base, [heir], " 合 ", "停用理由"),
        (community, [grid_of(factories.NEIGHBOUR)], "合并社区", "还有下级网格"),
    ):
        with pytest.raises(ValidationError, match=words):
            services.retire_grid(grid, heirs, by=keeper, reason=reason)
    services.retire_grid(base, [heir], by=keeper, reason="合并网格")
    with pytest.raises(ValidationError, match="停用"):
        services.retire_grid(base, [heir], by=keeper, reason="合并网格")
    with pytest.raises(ValidationError, match="仍在使用"):
        services.retire_grid(heir, [base], by=keeper, reason="合并网格")


def test_retiring_needs_the_change_permission_on_both_sides(keeper):
    heir, foreign = factories.make_grid(factories.COMMUNITY + "002"), grid_of(factories.FAR_BASE)
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    stranger = factories.make_staff("community_secretary", factories.FAR)
    for by, heirs in ((stranger, [heir]), (secretary, [foreign]), (factories.make_user(), [heir])):
        with pytest.raises(PermissionDenied):
            services.retire_grid(grid_of(factories.BASE), heirs, by=by, reason="合并网格")
    assert grid_of(factories.BASE).valid_until is None
    services.retire_grid(grid_of(factories.BASE), [heir], by=secretary, reason="合并网格")


def test_a_door_gets_a_new_code_from_those_who_keep_it(keeper):
    entrance = factories.make_entrance()
    with pytest.raises(PermissionDenied):
        services.renew_token(entrance, by=factories.make_staff("grid_worker", factories.FAR_BASE))
    renewed = services.renew_token(entrance, by=factories.make_staff("grid_worker", factories.BASE))
    assert renewed.token != entrance.token
    assert Entrance.objects.get(pk=entrance.pk).token == renewed.token
