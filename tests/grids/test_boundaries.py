"""Outlines at the desk: a file is looked over as a draft, put in force or dropped; what was before is kept; what does not fit is shown."""

import json
from datetime import timedelta

import pytest
import shapely
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from shapely.geometry import mapping

from governance.flow import tick
from grids import geometry, services
from grids.boundary_files import OutlineFileError
from grids.drawing import labels
from grids.models import Boundary, BoundaryDraft, Grid
from grids.services.boundaries import KEEP_DRAFTS
from tests import factories
from tests.cast import BACKEND
from tests.standing import standing

pytestmark = pytest.mark.django_db
COMMUNITY, BASE, SECOND = factories.COMMUNITY, factories.BASE, factories.COMMUNITY + "002"
WHOLE = shapely.box(117.10, 39.15, 117.12, 39.16)
WEST, EAST = shapely.box(117.10, 39.15, 117.11, 39.16), shapely.box(117.11, 39.15, 117.12, 39.16)


@standing
def secretary(territory):
    """A community with its outline and two base grids below it, and who keeps them."""
    factories.make_grid(SECOND)
    services.load_outlines({COMMUNITY: WHOLE})
    return factories.make_staff("community_secretary", COMMUNITY)


def draft_of(outlines, by):
    return services.open_draft(outlines, by=by, source="file", file_name="边界.geojson")


def enter(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def url(page: str, *args) -> str:
    return reverse(f"admin:grids_{page}", args=args)


def upload(outlines, name="边界.geojson") -> SimpleUploadedFile:
    features = [
        {"type": "Feature", "properties": {"code": code}, "geometry": mapping(polygon)} for code, polygon in outlines.items()
    ]  # fmt: skip
    return SimpleUploadedFile(name, json.dumps({"type": "FeatureCollection", "features": features}).encode())


def test_a_draft_changes_nothing_until_it_is_put_in_force_and_the_one_before_is_kept(secretary):
    draft = draft_of({BASE: WEST, SECOND: EAST, "120102001001001": EAST}, secretary)
    assert (draft.grid_id, sorted(draft.shapes), draft.passed_over) == (COMMUNITY, [BASE, SECOND], 1)
    assert Grid.objects.get(pk=BASE).boundary is None
    assert services.apply_draft(draft, by=secretary) == 2 and services.apply_draft(draft, by=secretary) == 0
    inside = WEST.representative_point()
    assert geometry.locate(inside.x, inside.y) == BASE
    first = Boundary.objects.get(grid=BASE)
    assert first.area == pytest.approx(geometry.square_metres(WEST)) and first.by == secretary
    half = shapely.box(117.10, 39.15, 117.105, 39.16)
    services.apply_draft(draft_of({BASE: half, SECOND: EAST}, secretary), by=secretary)
    first.refresh_from_db()
    now = Boundary.objects.get(grid=BASE, until=None)
    assert first.until == now.since and geometry.to_polygon(now.shape).equals(half)
    assert Boundary.objects.filter(grid=SECOND).count() == 1, "what is as it was stays"
    assert Grid.objects.get(pk=BASE).boundary == now.shape


@pytest.mark.parametrize(
    ("outlines", "words"),
    [
        ({BASE: WEST, SECOND: WHOLE}, "互相重叠"),
        ({BASE: shapely.box(117.0, 39.15, 117.11, 39.16)}, "超出上级范围"),
        ({COMMUNITY: WEST, SECOND: EAST}, "超出上级范围"),
    ],
)
def test_what_does_not_fit_is_not_put_in_force(secretary, outlines, words):
    draft = draft_of(outlines, secretary)
    with pytest.raises(ValidationError, match=words):
        services.apply_draft(draft, by=secretary)
    page = enter(secretary).get(url("boundarydraft_change", draft.pk)).content.decode()
    assert words in page and "有重叠或者越界" in page and "启用，" not in page
    answer = enter(secretary).post(url("boundarydraft_apply", draft.pk), follow=True)
    assert "还不能启用" in answer.content.decode()
    assert Boundary.objects.exclude(grid=COMMUNITY).count() == 0
    assert BoundaryDraft.objects.get().is_open


def test_nobody_draws_elsewhere(secretary):
    far = factories.make_staff("community_secretary", factories.FAR)
    with pytest.raises(OutlineFileError, match="不在您的管理范围"):
        draft_of({BASE: WEST}, far)
    draft = draft_of({BASE: WEST}, secretary)
    with pytest.raises(PermissionDenied):
        services.apply_draft(draft, by=far)
    with pytest.raises(PermissionDenied):
        services.drop_draft(draft, by=far)
    for page in ("change", "apply", "drop"):
        assert enter(far).post(url(f"boundarydraft_{page}", draft.pk)).status_code == 404
    worker = enter(factories.make_staff("grid_worker", BASE))
    for page in (url("grid_boundaries"), url("grid_boundaries_load"), url("boundarydraft_change", draft.pk)):
        assert worker.get(page).status_code == 404
    # What lies where is no secret, on no day; what is being drawn is.
    assert Boundary.objects.restrict(far).filter(grid=COMMUNITY).exists()
    assert not BoundaryDraft.objects.restrict(far).exists()


def test_a_file_goes_from_the_upload_to_the_map(secretary):
    client, load = enter(secretary), url("grid_boundaries_load")
    client.get(reverse("privacy"))
    for given, words in (
        ({}, "请选择边界文件"),
        ({"file": SimpleUploadedFile("a.geojson", b"")}, "文件是空的"),
        ({"file": SimpleUploadedFile("a.png", b"\x89PNG\x00"), "system": "wgs84"}, "这不是边界文件"),
        ({"file": upload({"999999": WEST}), "system": "wgs84"}, "没有一个编码与网格相符"),
        ({"file": upload({BASE: WEST}), "system": "mars"}, "请选择坐标系"),
    ):
        assert words in client.post(load, given).content.decode()
    answer = client.post(load, {"file": upload({BASE: WEST}), "system": "wgs84"})
    draft = BoundaryDraft.objects.get()
    assert answer["Location"] == url("boundarydraft_change", draft.pk)
    page = client.get(answer["Location"])
    assert [(line["grid"].pk, line["same"]) for line in page.context["lines"]] == [(BASE, False)]
    assert [fault["words"] for fault in page.context["faults"]] == ["有一块没有下级网格"]
    assert page.context["map"]["areas"][0]["kind"] == "new" and len(page.context["map"]["faults"]) == 1
    overview = client.get(url("grid_boundaries")).content.decode()
    assert "还没启用的方案" in overview and "边界.geojson" in overview
    assert (
        "1 个网格的边界有变化"
        in client.post(url("boundarydraft_apply", draft.pk), follow=True).content.decode()
    )
    page = client.get(url("grid_boundaries"), {"in": COMMUNITY})
    assert page.context["lacking"] == 1 and [each["area"] for each in page.context["faults"]] == [
        pytest.approx(geometry.square_metres(EAST))
    ]
    assert "在用" in page.content.decode()
    assert client.get(url("boundarydraft_change", draft.pk)).status_code == 200


def test_a_draft_is_dropped_by_hand_or_by_time(secretary):
    client, draft = enter(secretary), draft_of({BASE: WEST}, secretary)
    assert "找不回来" in client.get(url("boundarydraft_drop", draft.pk)).content.decode()
    assert BoundaryDraft.objects.exists()
    dropped = client.post(url("boundarydraft_drop", draft.pk), follow=True)
    assert dropped.status_code == 200 and "没有改动" in dropped.content.decode()
    assert not BoundaryDraft.objects.exists()
    old = draft_of({BASE: WEST}, secretary)
    BoundaryDraft.objects.update(created_at=timezone.now() - KEEP_DRAFTS)
    kept = draft_of({SECOND: EAST}, secretary)
    services.apply_draft(kept, by=secretary)
    tick(timezone.now())
    assert list(BoundaryDraft.objects.all()) == [kept] and old != kept


@pytest.mark.parametrize("node", ["x", "120102", factories.FAR, BASE, "12010600100"])
def test_a_node_elsewhere_is_the_top_of_ones_own(secretary, node):
    page = enter(secretary).get(url("grid_boundaries"), {"in": node})
    assert page.status_code == 200 and page.context["places"][-1][1] == Grid.objects.get(pk=COMMUNITY).name


def test_the_page_asks_as_often_for_many_as_for_few(secretary):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    services.apply_draft(draft_of({BASE: WEST}, secretary), by=secretary)
    client = enter(secretary)
    client.get(url("grid_boundaries"))
    with CaptureQueriesContext(connection) as few:
        client.get(url("grid_boundaries"))
    strips = {}
    for number in range(3, 20):
        code = f"{COMMUNITY}{number:03d}"
        factories.make_grid(code)
        west = 117.11 + (number - 3) * 0.0005
        strips[code] = shapely.box(west, 39.15, west + 0.0005, 39.16)
    services.apply_draft(draft_of(strips, secretary), by=secretary)
    with CaptureQueriesContext(connection) as many:
        client.get(url("grid_boundaries"))
    assert len(many) == len(few)


def test_a_map_writes_only_what_tells_its_grids_apart():
    assert labels(["和苑社区第1网格", "和苑社区第10网格"]) == ["第1网格", "第10网格"]
    assert labels(["和苑社区", "全和园社区"]) == ["和苑社区", "全和园社区"]
    assert labels(["和苑社区第1网格"]) == ["和苑社区第1网格"] and labels([]) == []


def test_a_street_looks_at_the_map_of_any_day_and_draws_nothing(secretary):
    street, far = (
        factories.make_staff("street_officer", code) for code in (factories.STREET, factories.FAR[:9])
    )
    services.load_outlines({BASE: WHOLE})
    client = enter(street)
    page = client.get(url("grid_boundaries") + f"?in={COMMUNITY}").content.decode()
    assert "网格001" in page and "在地图上画" not in page and "导入边界" not in page
    yesterday = timezone.localdate() - timedelta(days=1)
    assert client.get(url("grid_boundaries") + f"?in={COMMUNITY}&on={yesterday}").status_code == 200
    for name in ("grid_boundaries_edit", "grid_boundaries_load"):
        assert client.get(url(name)).status_code == 404
    # Another street's map begins at that street.
    assert BASE not in enter(far).get(url("grid_boundaries") + f"?in={COMMUNITY}").content.decode()
