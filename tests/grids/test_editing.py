"""Drawing at the desk: the map and its check, the draft that is kept, what it would take along, and the map of a past day."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance.models import Post
from grids import geometry, services
from grids.models import Boundary, BoundaryDraft, Grid
from tests import factories
from tests.cast import BACKEND
from tests.grids.test_redraw import (
    BASE,
    COMMUNITY,
    FOURTH,
    SECOND,
    THIRD,
    both,
    box,
    draw,
    halves,
    secretary,
    spot,
)

__all__ = ["secretary"]

pytestmark = pytest.mark.django_db


def enter(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    client.get(reverse("privacy"))
    return client


def url(page: str, *args) -> str:
    return reverse(f"admin:grids_{page}", args=args)


def test_what_moves_is_seen_before_and_workers_are_chosen(secretary):
    worker = factories.make_staff("grid_worker", BASE)
    factories.make_entrance(**spot(0.1))
    lost = factories.make_entrance()
    draft = draw({}, secretary, halves())
    client = enter(secretary)
    page = client.get(url("boundarydraft_change", draft.pk))
    text = page.content.decode()
    for words in (
        "启用时随之移交",
        "1 栋，1 个楼门",
        "1 个，今天到期",
        "1 栋楼没有位置",
        str(lost.building),
        "新网格由谁负责",
        THIRD,
    ):
        assert words in text
    post = Post.objects.get(user=worker)
    answer = client.post(
        url("boundarydraft_apply", draft.pk), {f"stay_{FOURTH}": [post.pk, "x", "9" * 30], f"stay_{SECOND}": post.pk}, follow=True
    )  # fmt: skip
    text = answer.content.decode()
    assert (
        "1 个网格停用，2 个新网格" in text
        and "“甲网格”还没有网格员" in text
        and "“乙网格”还没有网格员" not in text
    )
    assert "还没有网格员的网格" in text
    assert (
        Post.objects.filter(grid=FOURTH, user=worker).exists()
        and not Post.objects.filter(grid=SECOND).exists()
    )
    assert client.get(url("boundarydraft_change", draft.pk)).status_code == 200
    assert client.get(url("boundarydraft_changelist")).status_code == 200


def send(client, page, sent):
    return client.post(url(f"grid_boundaries_{page}"), sent, content_type="application/json")


def test_the_map_is_checked_while_it_is_drawn(secretary):
    client = enter(secretary)
    assert send(client, "check", {"in": COMMUNITY, "shapes": {}, "changes": []}).json() == {
        "faults": [],
        "more": 0,
    }
    wide = geometry.to_geojson(box(0, 0.6))
    found = send(client, "check", {"in": COMMUNITY, "shapes": {BASE: wide}, "changes": []}).json()["faults"]
    assert [(each["words"], each["names"], each["stops"]) for each in found] == [
        ("互相重叠", "网格001、网格002", True)
    ]
    assert found[0]["shape"]["type"] == "Polygon" and found[0]["area"] > 1000
    bow = {
        "type": "Polygon",
        "coordinates": [[[117.1, 39.15], [117.11, 39.16], [117.11, 39.15], [117.1, 39.16], [117.1, 39.15]]],
    }
    found = send(client, "check", {"in": COMMUNITY, "shapes": {BASE: bow}, "changes": []}).json()["faults"]
    assert "自相交" in found[0]["words"] and found[0]["names"] == "网格001"
    parts = [
        {"key": f"{COMMUNITY}~01", "name": "甲", "shape": geometry.to_geojson(box(0, 0.2))},
        {"key": f"{COMMUNITY}~02", "name": "", "shape": geometry.to_geojson(box(0.1, 0.5))},
    ]
    split = {"in": COMMUNITY, "shapes": {}, "changes": [{"old": [BASE], "parts": parts}]}
    assert [each["names"] for each in send(client, "check", split).json()["faults"]] == ["甲、新网格"]
    assert "请写新网格的名称" in send(client, "keep", split).json()["errors"][0]
    parts[1] |= {"name": "乙", "shape": geometry.to_geojson(box(0.2, 0.5))}
    assert send(client, "check", split).json()["faults"] == []
    merge = {
        "in": COMMUNITY,
        "shapes": {},
        "changes": [{"old": [BASE, SECOND], "parts": [{"key": f"{COMMUNITY}~01", "name": "合"}]}],
    }
    assert send(client, "check", merge).json()["faults"] == []
    assert not BoundaryDraft.objects.exists()
    answer = send(client, "keep", split).json()
    assert answer["url"] == url("boundarydraft_change", BoundaryDraft.objects.get().pk)
    assert BoundaryDraft.objects.get().source == Boundary.Source.DRAWN


@pytest.mark.parametrize(
    "junk",
    [
        "", "x", "[]", "null", "{}", '{"in": 1}', '{"in": "120106001002", "shapes": [], "changes": []}',
        '{"in": "120106001002", "shapes": {"a": 1}, "changes": []}', '{"in": "120106001002", "shapes": {"\\u0000": 1}, "changes": []}',
        '{"in": "120106001002", "shapes": {}, "changes": [{"old": [{}], "parts": []}]}',
        '{"in": "120106001002", "shapes": {}, "changes": [{"old": ["120106001002001"], "parts": [{"key": []}]}]}',
        "[" * 100_000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("page", ["check", "keep"])
def test_what_no_page_sends_is_answered_in_words(secretary, page, junk):
    answer = enter(secretary).post(url(f"grid_boundaries_{page}"), junk, content_type="application/json")
    assert answer.status_code == 400 and "请刷新页面" in answer.json()["errors"][0]


@pytest.mark.parametrize(
    "shape",
    [
        None,
        1,
        {},
        {"type": "Polygon", "coordinates": [[[1e999, 2]]]},
        {"type": "Point", "coordinates": [1, 2]},
    ],
)
def test_what_is_no_area_is_a_fault_and_not_kept(secretary, shape):
    client, sent = enter(secretary), {"in": COMMUNITY, "shapes": {BASE: shape}, "changes": []}
    assert send(client, "check", sent).json()["faults"][0]["stops"]
    assert send(client, "keep", sent).status_code == 400 and not BoundaryDraft.objects.exists()


def test_who_may_not_change_grids_finds_no_map(secretary):
    worker = enter(factories.make_staff("grid_worker", BASE))
    assert worker.get(url("grid_boundaries_edit")).status_code == 404
    far = enter(factories.make_staff("community_secretary", factories.FAR))
    sent = {"in": COMMUNITY, "shapes": {BASE: geometry.to_geojson(box(0, 0.4))}, "changes": []}
    for page in ("check", "keep"):
        assert send(worker, page, sent).status_code == 404
        assert worker.get(url(f"grid_boundaries_{page}")).status_code == 404
        assert enter(secretary).get(url(f"grid_boundaries_{page}")).status_code == 405
    assert "不在您的管理范围" in send(far, "keep", sent).json()["errors"][0]
    assert far.get(url("grid_boundaries_edit"), {"in": COMMUNITY}).context["node"].pk == factories.FAR


def test_the_map_of_a_past_day_is_the_one_of_then(secretary):
    client = enter(secretary)
    long_ago = timezone.now() - timedelta(days=10)
    Grid.objects.update(valid_from=long_ago.date())
    Boundary.objects.update(since=long_ago)
    draft = draw({}, secretary, both())
    services.apply_draft(draft, by=secretary)
    yesterday = timezone.localdate() - timedelta(days=1)
    page = client.get(url("grid_boundaries"), {"in": COMMUNITY, "on": yesterday.isoformat()})
    assert [line["grid"].pk for line in page.context["lines"]] == [BASE, SECOND]
    assert page.context["lines"][0]["area"] == pytest.approx(geometry.square_metres(box(0, 0.5)))
    assert page.context["lines"][0]["row"].until is not None and page.context["faults"] == []
    assert "的地图" in page.content.decode()
    page = client.get(url("grid_boundaries"), {"in": COMMUNITY})
    assert [line["grid"].pk for line in page.context["lines"]] == [THIRD]
    before = client.get(url("grid_boundaries"), {"in": COMMUNITY, "on": "2020-01-01"})
    assert before.context["lines"] == [] and not before.context["whole"]
    for junk in ("x", "9999-99-99", "1000-01-01", "2999-01-01", "\x00"):
        assert client.get(url("grid_boundaries"), {"in": COMMUNITY, "on": junk}).context["day"] is None


def test_the_map_has_what_lies_below_what_is_drawn(territory):
    keeper = enter(factories.make_staff("system_administrator", factories.DISTRICT))
    street, near, near_base = factories.STREET, factories.NEIGHBOUR, factories.NEIGHBOUR_BASE
    outlines = {
        street: box(0, 1),
        COMMUNITY: box(0, 0.5),
        near: box(0.5, 1),
        BASE: box(0, 0.5),
        near_base: box(0.5, 1),
    }
    services.load_outlines(outlines)
    drawn = keeper.get(url("grid_boundaries_edit"), {"in": street}).context["map"]
    assert set(drawn["areas"]) == set(outlines) - {street} and set(drawn["names"]) == {COMMUNITY, near}
    assert set(drawn["areas"][COMMUNITY][0][0]) == set(drawn["areas"][BASE][0][0]), (
        "one line, whosever border it is"
    )
    assert (
        not drawn["redraws"] and keeper.get(url("grid_boundaries_edit"), {"in": COMMUNITY}).context["redraws"]
    )
    assert keeper.get(url("grid_boundaries_edit"), {"in": BASE}).context["node"].pk == COMMUNITY


def test_too_many_below_are_left_to_their_own_map(territory, monkeypatch):
    from grids.admin import editing

    monkeypatch.setattr(editing, "MOST_DRAWN", 3)
    keeper = enter(factories.make_staff("system_administrator", factories.DISTRICT))
    services.load_outlines({factories.STREET: box(0, 1), COMMUNITY: box(0, 0.5), BASE: box(0, 0.5)})
    page = keeper.get(url("grid_boundaries_edit"), {"in": factories.STREET})
    assert page.context["left_out"] is False
    factories.make_grid(SECOND)
    services.load_outlines({BASE: box(0, 0.2), SECOND: box(0.2, 0.5)})
    page = keeper.get(url("grid_boundaries_edit"), {"in": factories.STREET})
    assert page.context["left_out"] and set(page.context["map"]["areas"]) == {COMMUNITY}
    assert "没有全部载入" in page.content.decode()


def test_the_pages_ask_as_often_for_many_as_for_few(secretary):
    factories.make_entrance(**spot(0.1))
    factories.make_staff("grid_worker", BASE)
    client = enter(secretary)
    draft = draw({}, secretary, halves())
    addresses = [
        url("boundarydraft_change", draft.pk), url("grid_boundaries_edit"), url("grid_boundaries") + "?on=2020-01-01", url("grid_boundaries"),
    ]  # fmt: skip

    def asked() -> list[int]:
        counts = []
        for address in addresses:
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            counts.append(len(queries))
        return counts

    few = asked()
    for number in range(20):
        factories.make_entrance(**spot(0.02 * number))
        factories.make_entrance()
        factories.make_order(entrance=factories.make_entrance(**spot(0.3)))
        factories.make_staff("grid_worker", BASE)
    assert asked() == few
