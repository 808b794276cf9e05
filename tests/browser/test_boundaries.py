"""Outlines are drawn on the map: a border of two grids moves as one, what does not fit is seen at once, and the draft is put in force."""

import base64
from math import cos, radians

import pytest
import shapely
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from governance import csp
from grids import services
from grids.models import Grid
from tests import factories
from tests.browser.visitor import DESK
from tests.cast import BACKEND

pytestmark = pytest.mark.django_db(transaction=True)
COMMUNITY, BASE, SECOND = factories.COMMUNITY, factories.BASE, factories.COMMUNITY + "002"
WHOLE = shapely.box(117.10, 39.15, 117.12, 39.16)
#: With a corner in the middle of the border between the two.
WEST = shapely.Polygon([(117.10, 39.15), (117.11, 39.15), (117.11, 39.155), (117.11, 39.16), (117.10, 39.16)])
EAST = shapely.box(117.11, 39.15, 117.12, 39.16)
TILES = "https://{s}.tiles.example/{z}/{x}/{y}.png"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGN49+E1AAWZAspCCbCnAAAAAElFTkSuQmCC"
)


@pytest.fixture
def clerk(visit, settings):
    """The secretary of a community with two base grids, at a desk whose maps have a base layer."""
    settings.MAP_TILES, settings.MAP_ATTRIBUTION = TILES, "示例底图 审图号：GS(2026)0000号"
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": csp.with_tiles(TILES)}
    factories.make_territory()
    factories.make_grid(SECOND)
    services.load_outlines({COMMUNITY: WHOLE, BASE: WEST, SECOND: EAST})
    client = Client()
    client.force_login(factories.make_staff("community_secretary", COMMUNITY), backend=BACKEND)
    clerk = visit(DESK)
    clerk.asked = []

    def tile(route):
        clerk.asked.append(route.request.url)
        route.fulfill(body=PIXEL, content_type="image/png")

    clerk.context.route("https://*.tiles.example/**", tile)
    clerk.enter(client)
    clerk.open(reverse("privacy"))
    return clerk


def middle(locator) -> tuple[float, float]:
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(clerk, start, end) -> None:
    mouse = clerk.page.mouse
    mouse.move(*start)
    mouse.down()
    mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
    mouse.move(*end, steps=4)
    mouse.up()


def corners(clerk) -> list[tuple[float, float]]:
    """Return where the corners are that can be dragged, from the north."""
    return sorted((middle(mark) for mark in clerk.page.locator(".gd-node").all()), key=lambda spot: spot[1])


def point_at(clerk, before: dict[str, float], *spots: tuple[float, float]) -> None:
    """Click where these spots of the map are now; the page may have moved since the map stood at ``before``."""
    for x, y in spots:
        now = clerk.page.locator("#edit-map").bounding_box()
        clerk.page.mouse.click(x + now["x"] - before["x"], y + now["y"] - before["y"])


def sizes() -> dict[str, float]:
    return {
        grid.pk: shapely.geometry.shape(grid.boundary).area for grid in Grid.objects.filter(parent=COMMUNITY)
    }


def test_a_border_moves_as_one_and_what_does_not_fit_is_seen_at_once(clerk):
    clerk.open(reverse("admin:grids_grid_boundaries"))
    clerk.follow("在地图上画")
    fits = clerk.page.locator("#checked")
    expect(fits).to_have_text("没有重叠、越界和空隙。")
    clerk.reads("示例底图 审图号：GS(2026)0000号")
    expect(clerk.page.locator(".gd-node")).to_have_count(3)
    # Only one grid: what it leaves is a gap, and shown so; put back on the other's corner, it is none.
    clerk.page.get_by_label("共用的边一起动").uncheck()
    clerk.page.get_by_label("选网格001").check()
    spot = corners(clerk)[1]
    drag(clerk, spot, (spot[0] - 150, spot[1]))
    expect(fits).to_have_text("1 处，点一行在地图上看")
    clerk.reads("有一块没有下级网格")
    drag(clerk, min(corners(clerk)), (spot[0] + 3, spot[1] + 2))
    expect(fits).to_have_text("没有重叠、越界和空隙。")
    # Both: the border bends, and its upper end slides along the community's outline.
    clerk.page.get_by_label("选网格001").uncheck()
    clerk.page.get_by_label("共用的边一起动").check()
    spot = corners(clerk)[1]
    drag(clerk, spot, (spot[0] + 100, spot[1]))
    top = corners(clerk)[0]
    drag(clerk, top, (top[0] + 60, top[1] + 25))
    expect(fits).to_have_text("没有重叠、越界和空隙。")
    clerk.press("保存为方案")
    clerk.reads("待启用", "在地图上画")
    clerk.press("启用，2 个网格会变")
    clerk.reads("2 个网格的边界有变化")
    after = sizes()
    # A name is words, whatever is in it.
    Grid.objects.filter(pk=SECOND).update(name="<b>东</b>网格")
    clerk.page.reload()
    expect(clerk.page.locator(".gd-name")).to_have_text(["网格001", "<b>东</b>网格"])
    assert after[BASE] > WEST.area * 1.05 and after[BASE] + after[SECOND] == pytest.approx(
        WHOLE.area, rel=1e-6
    )
    assert clerk.asked and not clerk.complaints


def test_a_grid_is_divided_by_a_line_and_two_are_merged(clerk):
    clerk.open(reverse("admin:grids_grid_boundaries_edit") + f"?in={COMMUNITY}")
    expect(clerk.page.locator(".gd-node")).to_have_count(3)
    north, _, south = corners(clerk)
    box = clerk.page.locator("#edit-map").bounding_box()
    clerk.page.get_by_label("选网格001").check()
    clerk.press("拆分")
    point_at(clerk, box, (north[0] - 100, north[1]), (south[0] - 140, south[1]))
    names = clerk.page.get_by_label("新网格的名称")
    expect(names).to_have_count(2)
    clerk.press("保存为方案")
    clerk.reads("请写新网格的名称")
    names.nth(0).fill("第一网格甲")
    names.nth(1).fill("第一网格乙")
    expect(clerk.page.locator("#checked")).to_have_text("没有重叠、越界和空隙。")
    clerk.press("保存为方案")
    clerk.reads("启用，停用 1 个网格，新增 2 个", "第一网格甲")
    clerk.press("启用，停用 1 个网格，新增 2 个")
    clerk.reads("1 个网格停用，2 个新网格", "还没有网格员")
    after = sizes()
    assert after[COMMUNITY + "003"] + after[COMMUNITY + "004"] == pytest.approx(WEST.area, rel=1e-6)
    clerk.open(reverse("admin:grids_grid_boundaries_edit") + f"?in={COMMUNITY}")
    clerk.page.get_by_label("选第一网格甲").check()
    clerk.page.get_by_label("选第一网格乙").check()
    clerk.press("合并")
    clerk.page.get_by_label("新网格的名称").fill("第五网格")
    clerk.press("保存为方案")
    clerk.press("启用，停用 2 个网格，新增 1 个")
    clerk.reads("2 个网格停用，1 个新网格")
    assert sizes()[COMMUNITY + "005"] == pytest.approx(WEST.area, rel=1e-6)
    assert not [each for each in clerk.complaints if "400" not in each]


def test_a_grid_without_an_outline_is_drawn_beside_the_others(clerk):
    Grid.objects.filter(pk=SECOND).update(boundary=None)
    clerk.open(reverse("admin:grids_grid_boundaries_edit") + f"?in={COMMUNITY}")
    expect(clerk.page.locator("#checked")).to_have_text("1 处，点一行在地图上看")
    north, halfway, south = corners(clerk)
    box = clerk.page.locator("#edit-map").bounding_box()
    # As many degrees as the community is high, it is wide on either side of the middle.
    east = north[0] + (south[1] - north[1]) * cos(radians(39.155))
    assert north[0] == pytest.approx(box["x"] + box["width"] / 2, abs=3)
    clerk.page.get_by_label("选网格002").check()
    clerk.press("画边界")
    point_at(clerk, box, north, (east, north[1]), (east, south[1]), south, halfway, north)
    expect(clerk.page.locator("#checked")).to_have_text("没有重叠、越界和空隙。")
    clerk.press("保存为方案")
    clerk.press("启用，1 个网格会变")
    clerk.reads("1 个网格的边界有变化")
    assert sizes()[SECOND] == pytest.approx(EAST.area, rel=1e-6)
    assert not clerk.complaints


#: A square ring of eight corners with two holes, an island, and a neighbour that shares an edge with the ring.
STATE = """() => ({
    points: [[0, 0], [4, 0], [8, 0], [8, 4], [8, 8], [4, 8], [0, 8], [0, 4],
             [1, 1], [2, 1], [2, 2], [1, 2], [6, 6], [7, 6], [7, 7], [6, 7],
             [20, 0], [21, 0], [21, 1], [12, 4], [12, 8]],
    areas: {
        ring: [[[0, 1, 2, 3, 4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15]], [[16, 17, 18]]],
        beside: [[[3, 19, 20, 4]]],
    },
    around: [], touched: [],
})"""


def test_shapes_are_divided_joined_and_left_out_of_as_they_should_be(desk):
    page = desk.page
    page.add_script_tag(path=str(settings.BASE_DIR / "static" / "portal" / "boundary_shapes.js"))

    def run(script):
        return page.evaluate("() => { const state = (" + STATE + ")(); return (" + script + ")(state); }")

    one, other = run("(state) => Shapes.divide(state, 'ring', [1, 5])")
    assert one == [[[1, 2, 3, 4, 5], [12, 13, 14, 15]], [[16, 17, 18]]] and other == [
        [[5, 6, 7, 0, 1], [8, 9, 10, 11]]
    ]
    sizes = "(state) => { const whole = Shapes.area(state, 'ring'); [state.areas.a, state.areas.b] = Shapes.divide(state, 'ring', [5, 1]);"
    whole, parts = run(sizes + " return [whole, Shapes.area(state, 'a') + Shapes.area(state, 'b')]; }")
    assert parts == pytest.approx(whole, rel=2e-3)
    for path in ("[1, 1]", "[1, 2]", "[1, 8]", "[16, 1]"):
        assert run(f"(state) => Shapes.divide(state, 'ring', {path})") is None, path
    # A new corner on a shared edge is one of both, unless it is for one alone.
    both = "(state) => { Shapes.insert(state, 4, 3, 99, ALONE); return Shapes.holders(state, 99); }"
    assert run(both.replace("ALONE", "null")) == ["ring", "beside"] and run(
        both.replace("ALONE", "'beside'")
    ) == ["beside"]
    # A corner where borders meet stays, and so does one of a triangle; any other goes, from all that have it.
    assert [run(f"(state) => Shapes.remove(state, {point})") for point in (3, 16, 1, 19)] == [
        False,
        False,
        True,
        True,
    ]
    gone = run("(state) => { Shapes.remove(state, 19); return [state.areas.beside, state.touched]; }")
    assert gone == [[[[3, 20, 4]]], ["beside"]]
    # What would enclose nothing is left as it is.
    same = "(state) => [Shapes.replace(Shapes.each(state.areas.ring).slice(-1), 16, 17), state.areas.ring[1]]"
    assert run(same) == [False, [[16, 17, 18]]]
    joined = "(state) => [Shapes.replace([state.areas.beside[0][0]], 19, 3), state.areas.beside]"
    assert run(joined) == [True, [[[3, 20, 4]]]]
