"""What a scanned code opens, what the public notice tells and keeps to itself, and who may print a door's code."""

import re

import pytest
import segno
import shapely
from django.urls import reverse
from django.utils import timezone

from governance.appointments import appoint
from grids import qr, services
from grids.models import Entrance, Grid
from tests import factories
from tests.standing import standing

pytestmark = pytest.mark.django_db


@standing
def entrance(territory) -> Entrance:
    return factories.make_entrance()


def page(client, name: str, *args) -> str:
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200
    return response.content.decode()


# --- scanning --------------------------------------------------------------------------------------------------------
def test_scanning_a_door_opens_the_home_page_placed_there(client, entrance):
    response = client.get(f"/d/{entrance.token}/")
    assert (response.status_code, response.url) == (302, reverse("home"))
    assert client.session["entrance"] == entrance.pk


def test_scanning_a_notice_places_in_the_grid_and_the_later_scan_counts(client, entrance):
    client.get(f"/d/{entrance.token}/")
    assert client.get(f"/g/{factories.FAR_BASE}/").url == reverse("home")
    assert client.session["grid"] == factories.FAR_BASE and "entrance" not in client.session
    client.get(f"/d/{entrance.token}/")
    assert client.session["entrance"] == entrance.pk and "grid" not in client.session


def test_an_unknown_or_renewed_code_says_so_kindly(client, entrance):
    services.renew_token(entrance, by=factories.make_staff("grid_worker", factories.BASE))
    for address in (f"/d/{entrance.token}/", "/d/nobody/", "/g/999999/"):
        response = client.get(address)
        assert response.status_code == 404
        assert "这个二维码已经失效" in response.content.decode()
    assert "entrance" not in client.session


@pytest.mark.parametrize("path", ["/d/%00/", "/d/%3Cscript%3E/", "/g/12010６/", "/d/" + "a" * 500 + "/"])
def test_hostile_codes_are_not_found(client, territory, path):
    assert client.get(path).status_code == 404


def test_the_code_of_a_retired_grid_leads_to_its_only_successor(client, territory):
    heir = factories.make_grid(factories.COMMUNITY + "002")
    keeper = factories.make_staff("system_administrator", factories.DISTRICT)
    services.retire_grid(Grid.objects.get(code=factories.BASE), [heir], by=keeper, reason="与第二网格合并")
    client.get(f"/g/{factories.BASE}/")
    assert client.session["grid"] == heir.code
    assert "停用" in page(client, "grid_notice", factories.BASE)


# --- the codes -------------------------------------------------------------------------------------------------------
def test_a_doors_code_carries_the_address_of_the_site_whatever_the_request(entrance, settings):
    settings.SITE_URL = "https://portal.example/"
    address = f"https://portal.example/d/{entrance.token}/"
    assert qr.entrance_url(entrance) == address
    path = re.compile(r' d="([^"]+)"')
    drawn = path.findall(qr.entrance_qr_svg(entrance))
    assert drawn[-1] == path.findall(segno.make_qr(address, error="q").svg_inline(border=4))[-1]
    other = factories.make_entrance()
    assert path.findall(qr.entrance_qr_svg(other))[-1] != drawn[-1]


def test_a_hostile_building_name_cannot_break_out_of_the_drawing(entrance):
    entrance.building.name = '"><script>alert(1)</script>'
    assert "<script>" not in qr.entrance_qr_svg(entrance)


# --- choosing a place ------------------------------------------------------------------------------------------------
def test_choosing_begins_at_ones_own_community_with_a_way_up(client, entrance):
    def here(query: str = "") -> str:
        return client.get(reverse("choose_place") + query).context["here"].code

    assert here() == factories.DISTRICT
    client.get(f"/d/{entrance.token}/")
    assert here() == factories.COMMUNITY and here("?within=") == factories.DISTRICT
    text = page(client, "choose_place")
    assert f"?within={factories.STREET}&amp;" in text and f"?within={factories.DISTRICT}&amp;" in text
    assert "换别的街道" in text
    assert here(f"?within={factories.OTHER_STREET}") == factories.OTHER_STREET


# --- the public notice -----------------------------------------------------------------------------------------------
def test_the_notice_names_the_grid_worker_and_the_work_phone_but_no_private_one(client, territory):
    worker = factories.make_user("卫大姐", staff=True)
    appoint(worker, "grid_worker", factories.BASE, by=None)
    Grid.objects.filter(code=factories.BASE).update(phone="022-27270001", extent="东至光荣道")
    Grid.objects.filter(code=factories.STREET).update(supervision_phone="022-27279999")
    text = page(client, "grid_notice", factories.BASE)
    for words in (
        "卫大姐",
        "022-27270001",
        "022-27279999",
        "东至光荣道",
        factories.BASE,
        "网格员做什么",
        "<svg",
    ):
        assert words in text
    assert worker.phone not in text


def test_a_worker_whose_term_is_over_or_who_works_elsewhere_is_not_posted(client, territory):
    former = factories.make_user("卸任者", staff=True)
    yesterday = timezone.localdate() - timezone.timedelta(days=1)
    appoint(former, "grid_worker", factories.BASE, by=None, since=yesterday, until=yesterday)
    appoint(factories.make_user("隔壁者", staff=True), "grid_worker", factories.NEIGHBOUR_BASE, by=None)
    appoint(factories.make_user("书记者", staff=True), "community_secretary", factories.COMMUNITY, by=None)
    text = page(client, "grid_notice", factories.BASE)
    assert "暂缺，请联系社区" in text and "12345" in text
    assert not any(name in text for name in ("卸任者", "隔壁者", "书记者"))


def test_the_notice_of_a_community_lists_its_grids_in_a_fixed_number_of_queries(
    client, territory, django_assert_max_num_queries
):
    def visit(limit: int) -> str:
        with django_assert_max_num_queries(limit):
            return page(client, "grid_notice", factories.COMMUNITY)

    visit(12)
    for serial in range(2, 30):
        factories.make_grid(f"{factories.COMMUNITY}{serial:03d}")
    appoint(factories.make_user("卫大姐", staff=True), "grid_worker", factories.BASE, by=None)
    text = visit(12)
    assert text.count("/sheet/") >= 29 and "卫大姐" in text


# --- printing doors --------------------------------------------------------------------------------------------------
def test_only_those_who_keep_a_door_see_and_renew_its_printed_code(client, entrance):
    token = entrance.token
    for outsider in (
        None,
        factories.make_user(),
        factories.make_staff("community_secretary", factories.NEIGHBOUR),
        factories.make_staff("community_worker", factories.COMMUNITY),
    ):
        if outsider is not None:
            client.force_login(outsider, backend="allauth.account.auth_backends.AuthenticationBackend")
        assert client.get(reverse("entrance_qr", args=[entrance.pk])).status_code == 404
        assert client.post(reverse("renew_entrance", args=[entrance.pk])).status_code == 404
        assert token not in page(client, "grid_notice", factories.BASE)
    client.force_login(
        factories.make_staff("community_secretary", factories.COMMUNITY),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    assert token in page(client, "entrance_qr", entrance.pk)
    assert reverse("entrance_qr", args=[entrance.pk]) in page(client, "grid_notice", factories.BASE)
    assert client.get(reverse("renew_entrance", args=[entrance.pk])).status_code == 405
    assert client.post(reverse("renew_entrance", args=[entrance.pk])).url == reverse(
        "entrance_qr", args=[entrance.pk]
    )
    assert token not in page(client, "entrance_qr", entrance.pk)


def test_a_door_that_no_database_could_hold_is_not_found(client, territory):
    client.force_login(
        factories.make_staff("community_secretary", factories.COMMUNITY),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    assert client.get(f"/grids/entrances/{10**30}/qr/").status_code == 404


# --- outlines --------------------------------------------------------------------------------------------------------
def test_outlines_of_the_grids_below_are_public_and_say_what_is_made_up(client, territory):
    services.load_outlines({factories.DISTRICT: shapely.box(117, 39, 117.2, 39.1)})
    Grid.objects.filter(level=15).delete()
    services.make_up_base_grids(factories.DISTRICT, 30)
    data = client.get(reverse("grid_outlines", args=[factories.DISTRICT])).json()
    assert [each["properties"]["code"] for each in data["features"]] == [
        factories.STREET,
        factories.OTHER_STREET,
    ]
    assert all(each["properties"]["made_up"] for each in data["features"])
    drawn = [shapely.geometry.shape(each["geometry"]) for each in data["features"]]
    assert shapely.union_all(drawn).area == pytest.approx(0.02, rel=1e-3)
    assert client.get(reverse("grid_outlines", args=["999999"])).status_code == 404
    assert client.get(reverse("grid_outlines", args=[factories.BASE])).json()["features"] == []
