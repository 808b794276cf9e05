"""Places on a map: what the picker below a form is given and answered, and which points of the rounds are drawn for whom."""

import json
from datetime import timedelta

import pytest
import shapely
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance import parameters
from governance.appointments import appoint
from governance.models import User
from grids import services
from grids.admin.points import MOST_DRAWN
from grids.models import Entrance, Facility, Grid, Household, PatrolPoint
from tests import factories
from tests.patrols import make_point, make_premises, make_ticks, tick
from tests.register import make_household
from tests.standing import standing

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
BASE, SECOND = factories.BASE, factories.COMMUNITY + "002"
INSIDE, BESIDE, OUTSIDE = (
    {"longitude": 117.105, "latitude": 39.155},
    {"longitude": 117.115, "latitude": 39.155},
    {"longitude": 118, "latitude": 39.155},
)
MODELS = ("patrolpoint", "premises", "facility", "entrance")


@standing
def outlined(territory):
    """Two base grids beside each other in a community, and one far away, all with outlines."""
    factories.make_grid(SECOND)
    Grid.objects.filter(pk=BASE).update(name="和苑社区第一网格")
    Grid.objects.filter(pk=SECOND).update(name="和苑社区第三网格")
    services.load_outlines(
        {
            factories.COMMUNITY: shapely.box(117.10, 39.15, 117.12, 39.16),
            BASE: shapely.box(117.10, 39.15, 117.11, 39.16),
            SECOND: shapely.box(117.11, 39.15, 117.12, 39.16),
            factories.FAR_BASE: shapely.box(117.20, 39.15, 117.21, 39.16),
        }
    )


def client_of(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def address(model: str, page: str = "point", *args) -> str:
    return reverse(f"admin:grids_{model}_{page}", args=args)


def drawn(page) -> list[str]:
    return [area["code"] for area in page.context["point"]["map"]["areas"]]


# --- the picker -------------------------------------------------------------------------------------------------------
def test_a_point_is_said_to_lie_in_its_grid_or_where_it_lies_instead(outlined):
    client = client_of(factories.make_staff("community_secretary", factories.COMMUNITY))
    for given, fits, words in (
        (INSIDE, True, "这个点在和苑社区第一网格内。"),
        ({"longitude": 117.11, "latitude": 39.155}, True, "这个点在和苑社区第一网格内。"),
        (BESIDE, False, "这个点不在和苑社区第一网格内，在第三网格。"),
        (OUTSIDE, False, "这个点不在和苑社区第一网格内，也不在别的网格内。"),
    ):
        answer = client.get(address("patrolpoint"), {"of": BASE, **given}).json()
        assert (answer["fits"], answer["said"]) == (fits, words)
    # Before a grid is chosen, and of a community.
    assert client.get(address("premises"), BESIDE).json()["said"] == "这个点在和苑社区第三网格。"
    assert client.get(address("premises"), OUTSIDE).json()["said"] == "这个点不在任何网格的边界内。"
    assert client.get(address("facility"), {"of": factories.COMMUNITY, **BESIDE}).json()["fits"] is True
    assert client.get(address("facility"), {"of": factories.COMMUNITY, **OUTSIDE}).json()["fits"] is False
    Grid.objects.filter(pk=BASE).update(boundary=None)
    answer = client.get(address("patrolpoint"), {"of": BASE, **OUTSIDE}).json()
    assert answer == {"fits": None, "said": "和苑社区第一网格还没有边界，看不出这个点在不在里面。"}


def test_what_is_no_place_is_answered_without_one(outlined):
    client = client_of(factories.make_staff("community_secretary", factories.COMMUNITY))
    for wrong in ({}, {"longitude": "nan", "latitude": "1"}, {"longitude": "1e999", "latitude": "1"}, {"longitude": "117"},
                  {"longitude": "x\x00", "latitude": ""}, {"longitude": "117", "latitude": "91"}):  # fmt: skip
        assert client.get(address("patrolpoint"), {"of": BASE, **wrong}).json() == {}
    for wrong in (
        {"of": "\x00"},
        {"of": "9" * 40},
        {"of": "120106"},
        {"row": "x"},
        {"row": "9" * 40},
        {"row": "\x00"},
        {"of": "１" * 15},
    ):
        assert client.get(address("patrolpoint"), wrong).status_code == 404, wrong
    assert client.get(address("entrance"), {"of": "9" * 40}).status_code == 404
    assert client.post(address("patrolpoint")).status_code == 405


@pytest.mark.parametrize("model", MODELS)
def test_a_worker_of_another_grid_learns_nothing(outlined, model):
    door = factories.make_entrance()
    rows = {
        "patrolpoint": lambda: make_point().pk,
        "premises": lambda: make_premises().pk,
        "facility": lambda: Facility.objects.create(grid_id=BASE, name="充电棚", kind="charging").pk,
        "entrance": lambda: door.pk,
    }
    row, of = rows[model](), door.building_id if model == "entrance" else BASE
    for role, code, status in (
        ("community_secretary", factories.COMMUNITY, 200),
        ("community_secretary", factories.FAR, 404),
        ("grid_worker", SECOND, 404),
    ):
        client = client_of(factories.make_staff(role, code))
        for asked in ({"of": of}, {"row": row}):
            answer = client.get(address(model), {"areas": "1", **asked, **INSIDE})
            assert answer.status_code == status, (role, code, asked)
    assert client_of(factories.make_user()).get(address(model)).status_code in (302, 404)
    assert Client().get(address(model)).status_code == 302
    # Whoever only looks at such rows has nothing to set.
    looks = client_of(factories.make_staff("street_officer", factories.STREET))
    assert looks.get(address(model)).status_code == 404


def test_the_outlines_are_those_that_one_may_choose(outlined):
    point = make_point()
    clerk = client_of(factories.make_staff("community_secretary", factories.COMMUNITY))
    change = address("patrolpoint", "change", point.pk)
    page = clerk.get(change)
    assert drawn(page) == [BASE, SECOND] and page.context["point"]["map"]["areas"][0]["chosen"]
    assert drawn(clerk.get(address("patrolpoint", "add"))) == [BASE, SECOND]
    worker = client_of(factories.make_staff("grid_worker", BASE))
    assert drawn(worker.get(change)) == [BASE]
    # Whoever may only look sees the point in its grid, and nothing to press.
    PatrolPoint.objects.filter(pk=point.pk).update(**INSIDE)
    page = client_of(factories.make_staff("street_officer", factories.STREET)).get(change)
    told = page.context["point"]
    assert drawn(page) == [BASE] and not told["edits"] and told["map"]["ask"] == ""
    assert told["map"]["at"] == (117.105, 39.155) and "放在地图正中" not in page.content.decode()
    answer = clerk.get(address("patrolpoint"), {"areas": "1", "of": SECOND}).json()
    assert [(area["code"], area["chosen"]) for area in answer["areas"]] == [(SECOND, True), (BASE, False)]


def test_too_many_outlines_are_the_one_around_them(outlined):
    square = shapely.geometry.mapping(shapely.box(117.10, 39.15, 117.11, 39.16))
    Grid.objects.bulk_create(
        Grid(code=f"{factories.NEIGHBOUR}{number:03}", parent_id=factories.NEIGHBOUR, name=f"第{number}网格", boundary=square)
        for number in range(2, MOST_DRAWN + 3)
    )  # fmt: skip
    Grid.objects.filter(pk=factories.STREET).update(boundary=square)
    client = client_of(factories.make_staff("community_secretary", factories.COMMUNITY))
    assert drawn(client.get(address("premises", "add"))) == [BASE, SECOND]
    both = factories.make_staff("community_secretary", factories.COMMUNITY)
    appoint(both, "community_secretary", factories.NEIGHBOUR, by=None)
    assert drawn(client_of(User.objects.get(pk=both.pk)).get(address("premises", "add"))) == [
        factories.STREET
    ]


def test_what_lies_elsewhere_is_kept_and_said_without_a_script_too(outlined):
    client = client_of(factories.make_staff("community_secretary", factories.COMMUNITY))
    given = {"name": "充电棚", "grid": BASE, "kind": "charging", "since": str(timezone.localdate())}
    page = client.post(address("facility", "add"), {**given, **BESIDE}, follow=True)
    assert "这个点不在和苑社区第一网格内，在第三网格。请核对经纬度和网格。" in page.content.decode()
    row = Facility.objects.get()
    change = address("facility", "change", row.pk)
    page = client.post(change, {**given, **INSIDE}, follow=True)
    assert "请核对经纬度" not in page.content.decode()
    door = factories.make_entrance()
    page = client.post(address("entrance", "change", door.pk), {"name": "1门", **BESIDE}, follow=True)
    assert "在第三网格" in page.content.decode() and Entrance.objects.get(pk=door.pk).longitude == 117.115
    # What is refused keeps what was typed and the grid that was chosen.
    page = client.post(address("facility", "add"), {**given, **INSIDE, "name": ""})
    assert drawn(page) == [BASE, SECOND] and page.context["point"]["map"]["areas"][0]["chosen"]
    for wrong in ("\x00", "9" * 40, factories.FAR_BASE):
        page = client.post(address("facility", "add"), {**given, **INSIDE, "grid": wrong})
        assert page.status_code == 200 and drawn(page) == [BASE, SECOND]


def test_the_map_takes_as_many_statements_for_many_grids_as_for_one(outlined):
    client = client_of(factories.make_staff("community_secretary", factories.COMMUNITY))
    pages = [address("patrolpoint", "change", make_point().pk), address("facility", "add")]
    asked = [f"{address('patrolpoint')}?of={BASE}&areas=1&longitude=117.115&latitude=39.155"]

    def count(url: str) -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as found:
            assert client.get(url).status_code == 200
        return len(found)

    few = [count(url) for url in pages + asked]
    square = json.loads(json.dumps(shapely.geometry.mapping(shapely.box(117.10, 39.15, 117.11, 39.16))))
    for number in range(3, 20):
        factories.make_grid(f"{factories.COMMUNITY}{number:03}", boundary=square)
    assert [count(url) for url in pages + asked] == few


# --- the points of the rounds -----------------------------------------------------------------------------------------
COVERAGE = "admin:grids_patrolpoint_coverage"


def marks(page) -> dict[str, tuple[str, str]]:
    return {each["name"]: (each["kind"], each["mark"]) for each in page.context["points"]["data"]["points"]}


def tells(text: str, name: str) -> bool:
    """Say whether a page has a name, in words or in what its script reads."""
    return name in text or json.dumps(name).strip('"') in text


def test_each_point_is_drawn_by_how_long_ago_somebody_looked(outlined):
    worker, clerk = (
        factories.make_staff("grid_worker", BASE),
        factories.make_staff("community_secretary", factories.COMMUNITY),
    )
    for name, every, ago in (("久", 3, 9), ("到", 3, 4), ("早", 7, 2), ("今", 1, 0)):
        make_ticks(make_point(name=name, every=every, days=30, **INSIDE), ago, by=worker)
    make_point(name="新", **INSIDE)
    make_point(name="停", days=9, until=timezone.localdate() - timedelta(days=1), **INSIDE)
    make_point(name="哪", days=9)
    page = client_of(clerk).get(reverse(COVERAGE))
    assert marks(page) == {
        "久": ("neglected", "9"), "到": ("due", "4"), "早": ("later", "2"), "今": ("today", "✓"), "新": ("due", "未"),
    }  # fmt: skip
    assert page.context["points"]["lacking"] == 1
    listed = client_of(clerk).get(page.context["points"]["lacking_url"])
    assert [row.name for row in listed.context["cl"].result_list] == ["哪"]
    # How a point stands is one thing for the map, the list and its filters.
    rows = PatrolPoint.objects.all()
    assert {row.name for row in rows if row.standing() == "neglected"} == {
        row.name for row in rows.neglected() if row.looked_on != timezone.localdate()
    }
    assert {row.name for row in rows if row.standing() in ("due", "neglected")} == {
        row.name for row in rows.due()
    }
    assert not tells(page.content.decode(), worker.name)
    # A street's page has no map of thousands of points.
    street = client_of(factories.make_staff("street_officer", factories.STREET))
    assert street.get(reverse(COVERAGE)).context["points"] is None
    assert len(marks(street.get(f"{reverse(COVERAGE)}?in={BASE}"))) == 5


def test_a_point_stands_where_what_it_is_in_stands(outlined):
    shop = make_premises(**INSIDE)
    door = factories.make_entrance(**BESIDE)
    shed = Facility.objects.create(grid_id=BASE, name="充电棚", kind="charging", **OUTSIDE)
    own = {"longitude": 117.101, "latitude": 39.151}
    rows = [
        (make_point(premises=shop), INSIDE), (make_point(entrance=door), BESIDE), (make_point(facility=shed), OUTSIDE),
        (make_point(premises=shop, **own), own), (make_point(), {"longitude": None, "latitude": None}),
    ]  # fmt: skip
    found = PatrolPoint.objects.with_spot().in_bulk()
    for row, place in rows:
        assert (found[row.pk].x, found[row.pk].y) == (place["longitude"], place["latitude"])
    assert (
        PatrolPoint.objects.off_the_map().get() == rows[-1][0]
        and PatrolPoint.objects.on_the_map().count() == 4
    )


def test_nobody_sees_points_of_other_grids_on_a_map(outlined):
    make_point(name="一号车棚", **INSIDE)
    make_point(SECOND, name="东门岗亭", **BESIDE)
    worker = factories.make_staff("grid_worker", SECOND)
    for url in (
        reverse(COVERAGE),
        f"{reverse(COVERAGE)}?in={BASE}",
        reverse("my_patrol"),
        address("patrolpoint", "changelist") + "?spot=none",
    ):
        text = client_of(worker).get(url).content.decode()
        assert not tells(text, "一号车棚") and "117.105" not in text, url
    assert tells(client_of(worker).get(reverse(COVERAGE)).content.decode(), "东门岗亭")
    assert client_of(worker).get(f"{reverse('my_patrol')}?in={BASE}").status_code == 404
    far = client_of(factories.make_staff("community_secretary", factories.FAR))
    assert not tells(far.get(f"{reverse(COVERAGE)}?in={BASE}").content.decode(), "一号车棚")
    assert client_of(factories.make_user()).get(reverse("my_patrol")).status_code == 404


def test_the_map_on_the_phone_has_todays_points(outlined):
    worker = factories.make_staff("grid_worker", BASE)
    client = client_of(worker)
    first = make_point(name="甲", order=1)
    assert client.get(reverse("my_patrol")).context["map"] is None
    second, done = make_point(name="乙", order=2, **INSIDE), make_point(name="丙", order=3, **BESIDE)
    later = make_point(name="丁", every=7, days=9, **INSIDE)
    tick(done, by=worker)
    make_ticks(later, 2, by=worker)
    told = client.get(reverse("my_patrol")).context["map"]
    assert [(each["mark"], each["url"]) for each in told["data"]["points"]] == [
        ("2", f"#point-{second.pk}"),
        ("✓", f"#point-{done.pk}"),
    ]
    assert told["lacking"] == 1 and [area["code"] for area in told["data"]["areas"]] == [BASE]
    assert first.name in client.get(reverse("my_patrol")).content.decode()


def test_the_maps_of_points_take_as_many_statements_for_many_points_as_for_one(outlined, monkeypatch):
    # On a busy machine the test outlasts a reading of the parameters.
    monkeypatch.setattr(parameters, "_SECONDS", 3600)
    parameters.forget()
    worker = factories.make_staff("grid_worker", BASE)
    clerk = client_of(factories.make_staff("community_secretary", factories.COMMUNITY))
    pages = [(clerk, reverse(COVERAGE)), (client_of(worker), reverse("my_patrol"))]

    def fill(times: int) -> None:
        for _ in range(times):
            make_point(by=worker, premises=make_premises(**INSIDE))
            tick(make_point(by=worker, **INSIDE), by=worker)
            make_point(by=worker)

    def count(client: Client, url: str) -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as found:
            assert client.get(url).status_code == 200
        return len(found)

    fill(1)
    few = [count(*page) for page in pages]
    fill(8)
    assert [count(*page) for page in pages] == few


# --- the visits -------------------------------------------------------------------------------------------------------
def test_the_map_of_the_visits_has_the_doors_with_somebody_due(outlined, monkeypatch):
    monkeypatch.setattr(parameters, "_SECONDS", 3600)
    parameters.forget()
    worker = factories.make_staff("grid_worker", BASE)
    client, door = client_of(worker), factories.make_entrance(**INSIDE)
    make_household(factories.make_entrance(), by=worker)
    assert client.get(reverse("visits")).context["map"] is None
    first, second = make_household(door, by=worker), make_household(door, by=worker)
    told = client.get(reverse("visits")).context["map"]
    assert told["lacking"] == 1 and [(each["mark"], each["url"]) for each in told["data"]["points"]] == [
        ("2", reverse("visit_door", args=[door.pk]))
    ]
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("visits"))
    for _ in range(9):
        make_household(factories.make_entrance(**INSIDE), by=worker)
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("visits"))
    assert len(many) == len(few)
    Household.objects.filter(pk__in=[first.pk, second.pk]).update(visited_on=timezone.localdate())
    assert len(client.get(reverse("visits")).context["map"]["data"]["points"]) == 9
    beside = client_of(factories.make_staff("grid_worker", SECOND)).get(f"{reverse('visits')}?in={BASE}")
    assert beside.context["map"] is None and "117.105" not in beside.content.decode()
